"""Figures of tokenizers, on texts whose figures can be counted by hand."""

import json

import pyarrow as pa
import pytest
from click.testing import CliRunner
from conftest import prose, write_jsonl

from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import FILE, load_tokenizer
from algok.cli import cli
from algok.errors import InputError, ModelError
from algok.evaluation.tokenizers import evaluate_tokenizers


def words(folder, entries: list[str]):
    """A tokenizer of whole words, for others [UNK]."""
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {word: number for number, word in enumerate(["[UNK]", *entries])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [tokenizers.pre_tokenizers.WhitespaceSplit(), tokenizers.pre_tokenizers.Punctuation()]
    )
    made.save(str(folder / "words.json"))
    return str(folder / "words.json")


def byte_level(folder, texts: list[str], vocabulary: int):
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(texts, trainer)
    made.save(str(folder / f"bytes{vocabulary}.json"))
    return str(folder / f"bytes{vocabulary}.json")


def test_figures_are_those_counted_by_hand(tmp_path):
    file = write_jsonl(tmp_path / "a.jsonl", [{"text": "가나 다, 가나"}, {"text": "  "}])
    (found,) = evaluate_tokenizers([words(tmp_path, ["가나", "다", ","])], [file])
    assert (found.vocabulary, found.tokens) == (4, 4)
    assert found.characters_per_token == 8 / 4 and found.bytes_per_token == 18 / 4
    assert found.tokens_per_eojeol == 4 / 3
    assert found.single_running == 2 / 3 and found.single_of_types == 1 / 2
    assert found.in_bytes == 0 and found.parity is None


def test_parity_is_of_the_rows_that_have_a_translation(tmp_path):
    rows = [{"text": "가나 다", "meta": {"en": "가나"}}, {"text": "다 다 다 다"}]
    file = write_jsonl(tmp_path / "a.jsonl", rows)
    (found,) = evaluate_tokenizers([words(tmp_path, ["가나", "다"])], [file], "meta.en")
    assert found.parity == 2


def test_characters_in_pieces_are_seen_in_a_byte_level_vocabulary(tmp_path):
    file = write_jsonl(tmp_path / "a.jsonl", [{"text": "가 a"}])
    (alone,) = evaluate_tokenizers([byte_level(tmp_path, ["a"], 256)], [file])
    assert alone.tokens == 5 and alone.in_bytes == 3 / 5  # the three bytes of 가; the space and a are whole
    (learnt,) = evaluate_tokenizers([byte_level(tmp_path, ["가 가 가 가 나"] * 9, 262)], [file])
    assert learnt.in_bytes < alone.in_bytes


def test_the_shipped_model_has_the_same_figures_as_its_file_but_for_white_space(tmp_path):
    texts = [prose(k) for k in range(5)] + ["힣뷁 龘"]
    file = write_jsonl(tmp_path / "a.jsonl", [{"text": text} for text in texts])
    model = open_model("tokenizer", "tokenizer")
    ours, plain = evaluate_tokenizers(["tokenizer", str(model.path(FILE))], [file])
    assert ours.vocabulary == plain.vocabulary == load_tokenizer(model).size
    assert 0 < ours.in_bytes < 0.1 and ours.single_of_types >= plain.single_of_types
    counted = sum(len(load_tokenizer(model).ids(pa.array([text]))[0]) for text in texts)
    assert ours.tokens == counted <= plain.tokens


def test_what_cannot_be_measured_is_said(tmp_path):
    file = write_jsonl(tmp_path / "a.jsonl", [{"text": "가"}, {"no": 1}])
    with pytest.raises(InputError, match="row 2 has no string 'text'"):
        evaluate_tokenizers(["tokenizer"], [file])
    empty = write_jsonl(tmp_path / "b.jsonl", [{"text": " "}])
    with pytest.raises(InputError, match="no text to measure"):
        evaluate_tokenizers(["tokenizer"], [empty])
    good = write_jsonl(tmp_path / "c.jsonl", [{"text": "가"}])
    with pytest.raises(InputError, match="no row has a translation in 'en'"):
        evaluate_tokenizers(["tokenizer"], [good], "en")
    (tmp_path / "broken.json").write_text("{}")
    (tmp_path / "broken.model").write_text("x")
    for name in ("broken.json", "broken.model", "absent.json"):
        with pytest.raises(ModelError, match=name):
            evaluate_tokenizers([str(tmp_path / name)], [good])


def test_the_command_shows_a_row_for_each(tmp_path):
    file = write_jsonl(tmp_path / "a.jsonl", [{"text": prose(1)}])
    arguments = ["evaluate", "--tokenizer", "tokenizer", "--tokenizer", words(tmp_path, ["가"]), str(file)]
    shown = CliRunner().invoke(cli, arguments)
    assert shown.exit_code == 0 and "tokens per eojeol" in shown.stdout and "words.json" in shown.stdout
    report = json.loads(CliRunner().invoke(cli, [*arguments, "--json"]).stdout)
    assert [one["tokenizer"] for one in report["tokenizers"]][1] == "words.json"
