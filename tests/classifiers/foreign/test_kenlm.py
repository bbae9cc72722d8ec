"""KenLM files with their SentencePiece models: CCNet's numbers, and files that are none."""

import shutil
import sys
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import outputs, prose, write_jsonl
from foreign_models import kenlm_pair, lines

from algok.classifiers.foreign.ccnet import composes, normalized
from algok.classifiers.foreign.files import find_file
from algok.classifiers.foreign.kenlm_pair import KenlmPair
from algok.classifiers.perplexity import LEAST_PIECES
from algok.errors import ModelError
from algok.filters.perplexity import Perplexity, PerplexityOptions
from algok.pipelines.executors import make_executor
from algok.pipelines.plan import Plan
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute
from algok.testing import apply_step, check_step, documents

kenlm = pytest.importorskip("kenlm", reason="needs the extra kenlm")
# Three pieces, made with KenLM's build_binary from TINY: what it writes needs the tool, which is no Python package.
BINARY = Path(__file__).with_name("tiny.arpa.bin")
TINY = """\\data\\
ngram 1=6
ngram 2=3

\\1-grams:
-1.5\t<unk>\t0
-99\t<s>\t-0.25
-1\t</s>\t0
-0.5\t▁가\t-0.125
-0.75\t나\t0
-0.9\t▁\t0

\\2-grams:
-0.1\t<s> ▁가
-0.2\t▁가 나
-0.3\t나 </s>

\\end\\
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return kenlm_pair(tmp_path_factory.mktemp("kenlm"))


def as_ccnet(pair: Path, text: str) -> float:
    """Perplexity by CCNet's formula, from the libraries themselves."""
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(pair.with_name("ko.sp.model")))
    line = " ".join(processor.encode_as_pieces(normalized(text)))
    return 10.0 ** (-kenlm.Model(str(pair)).score(line) / (len(line.split()) + 1))


def test_perplexity_is_ccnet_s(pair):
    texts = lines()
    (edited,) = apply_step(Perplexity(PerplexityOptions(model=str(pair))), [documents(texts)])
    found = edited.signals["perplexity"].to_pylist()
    _, pieces, _ = KenlmPair(find_file(str(pair), "perplexity"), "ccnet").log_probs(pa.array(texts, pa.large_string()))
    assert sum(value is not None for value in found) > 20
    for text, value, count in zip(texts, found, pieces, strict=True):
        assert (value is None) == (count < LEAST_PIECES)
        assert value is None or value == pytest.approx(as_ccnet(pair, text), rel=1e-5)


def test_bits_are_of_characters_and_the_rest_is_null(pair):
    text = prose(1)
    (edited,) = apply_step(Perplexity(PerplexityOptions(model=str(pair))), [documents([text])])
    row = {name: column[0].as_py() for name, column in edited.signals.items()}
    total, _, characters = KenlmPair(find_file(str(pair), "perplexity"), "ccnet").log_probs(pa.array([text]))
    composed = unicodedata.normalize("NFC", normalized(text))
    assert characters[0] == len(composed) + 1  # the space that SentencePiece puts before the first word
    assert row["bits_per_char"] == pytest.approx(-total[0] * 3.321928 / len(composed), rel=1e-5)
    assert {name for name, value in row.items() if value is None} == {
        "noise", "worst_noise", "noisy_ratio", "context_gain", "coherence", "bucket",
    }  # fmt: skip


def test_a_step_with_such_a_model_keeps_the_contract(pair):
    check_step(Perplexity, PerplexityOptions(model=str(pair)), texts=lines())
    check_step(Perplexity, PerplexityOptions(model=str(pair), normalize="none"), texts=lines())


def test_whole_syllables_are_cut_as_letters_are(pair):
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(pair.with_name("ko.sp.model")))
    assert composes(processor.normalize) and not composes(lambda text: text)
    for text in lines():
        assert processor.encode(normalized(text, syllables=True)) == processor.encode(normalized(text))


def test_without_normalising_the_text_goes_as_it_is(pair):
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(pair.with_name("ko.sp.model")))
    text = "Café 2,024년의 “봄”"
    total, pieces, _ = KenlmPair(find_file(str(pair), "perplexity"), "none").log_probs(pa.array([text]))
    line = " ".join(processor.encode_as_pieces(text))
    assert total[0] == pytest.approx(kenlm.Model(str(pair)).score(line)) and pieces[0] == len(line.split())


def test_a_binary_file_scores_as_its_arpa_file(tmp_path, pair):
    shutil.copy(BINARY, tmp_path / "ko.arpa.bin")
    (tmp_path / "ko.arpa").write_text(TINY, "utf-8")
    shutil.copy(pair.with_name("ko.sp.model"), tmp_path / "ko.sp.model")
    texts = pa.array(["가나", "가", "", "나나가"], pa.large_string())
    found = [
        KenlmPair(find_file(str(tmp_path / name), "perplexity"), "none").log_probs(texts)[0].tolist()
        for name in ("ko.arpa.bin", "ko.arpa")
    ]
    assert found[0] == pytest.approx(found[1]) and len(set(found[0])) > 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ko.arpa", b"\\data\\\nngram 1=4\n\n\\1-grams:\n-1\t<unk>\n"),
        ("ko.arpa", b"\\data\\\n"),
        ("ko.arpa.bin", b"mmap lm http://kheafield.com/code format version 5\n\0" + bytes(200)),
        ("ko.arpa.bin", None),
    ],
)
def test_a_damaged_file_is_refused_before_any_data_is_read(tmp_path, pair, name, content):
    (tmp_path / name).write_bytes(BINARY.read_bytes()[:-40] if content is None else content)
    shutil.copy(pair.with_name("ko.sp.model"), tmp_path / "ko.sp.model")
    recipe = recipe_from_text(
        f"inputs: [{{path: {tmp_path}/missing}}]\nsteps: {{perplexity: {{model: {tmp_path / name}}}}}"
    )
    with pytest.raises(ModelError, match=name):
        Plan.make(recipe)


def test_a_tokenizer_that_is_none_is_refused(tmp_path, pair):
    shutil.copy(pair, tmp_path / "ko.arpa")
    (tmp_path / "ko.sp.model").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"ko.sp.model: not a SentencePiece model"):
        Perplexity(PerplexityOptions(model=str(tmp_path / "ko.arpa")))


def test_without_the_library_the_error_names_the_extra(pair, monkeypatch):
    monkeypatch.setitem(sys.modules, "kenlm", None)
    with pytest.raises(ModelError, match=r"pip install 'algok\[kenlm\]'"):
        Perplexity(PerplexityOptions(model=str(pair)))


@pytest.fixture(scope="module")
def finished(pair, tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    rows = [{"text": prose(row) if row % 3 else "ㅋㅋㅋ 최저가 할인 " * (row + 5)} for row in range(60)]
    write_jsonl(root / "in.jsonl", rows)
    steps = f"steps: {{perplexity: {{model: {pair}, perplexity: {{max: 60}}}}}}"
    recipe = recipe_from_text(f"inputs: [{{path: {root}/in.jsonl}}]\nsplit_bytes: 20000\n{steps}")
    execute(recipe, str(root / "run"), make_executor("local", 0), SilentProgress())
    return recipe, root / "run"


@pytest.mark.parametrize("workers", [2])
def test_worker_processes_give_the_same_bytes(finished, tmp_path, workers):
    execute(finished[0], str(tmp_path / "run"), make_executor("local", workers), SilentProgress())
    assert outputs(tmp_path / "run") == outputs(finished[1])


def test_ray_gives_the_same_bytes(finished, tmp_path, ray_session):
    execute(finished[0], str(tmp_path / "run"), make_executor("ray", 2), SilentProgress())
    assert outputs(tmp_path / "run") == outputs(finished[1])
