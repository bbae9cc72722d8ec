"""Model files: told by their contents, refused by kind, and their digest is that of their bytes."""

import pickle
import shutil

import pytest

from algok.classifiers.foreign.files import ModelFile, find_file, names_file
from algok.errors import ModelError

FASTTEXT = b"\xba\x16\x4f\x2f" + bytes(60)
KENLM = b"mmap lm http://kheafield.com/code format version 5\n\0"


@pytest.mark.parametrize(
    ("name", "content", "kind", "format"),
    [
        ("a.bin", FASTTEXT, "quality", "fasttext"),
        ("a.ftz", FASTTEXT, "language", "fasttext"),
        ("a", FASTTEXT, "style", "fasttext"),
        ("ko.arpa.bin", KENLM, "perplexity", "kenlm"),
        ("ko.arpa", b"\n\\data\\\nngram 1=3\n", "perplexity", "kenlm"),
        ("a.skops", b"PK\x03\x04...", "domain", "skops"),
        ("a.onnx", b"\x08\x07", "toxicity", "onnx"),
    ],
)
def test_a_file_is_told_by_what_it_holds(tmp_path, name, content, kind, format):
    (tmp_path / name).write_bytes(content)
    for beside in ("ko.sp.model", "tokenizer.json"):
        (tmp_path / beside).write_bytes(b"{}")
    assert names_file(str(tmp_path / name))
    assert find_file(str(tmp_path / name), kind).format == format


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    [
        ("a.bin", FASTTEXT, "perplexity", "is a file of fasttext, but a model of kind 'perplexity' is needed"),
        ("a.bin", KENLM, "quality", "kenlm"),
        ("a.bin", b"nothing", "quality", "not a model file of fastText"),
        ("a.bin", b"", "quality", "not a model file of fastText"),
        ("a.bin", FASTTEXT, "tokenizer", "model folders only"),
        ("a.pkl", pickle.dumps(1), "quality", "algok loads none.*skops.io.dump"),
        ("a.onnx", b"\x08\x07", "quality", "needs the tokenizer.json"),
        ("ko.arpa.bin", KENLM, "perplexity", "ko.sp.model or ko.model"),
    ],
)
def test_what_is_refused_and_why(tmp_path, name, content, kind, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=message):
        find_file(str(tmp_path / name), kind)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    assert names_file("model.bin") and not names_file("quality") and not names_file(str(tmp_path))
    with pytest.raises(ModelError, match="no such file"):
        find_file(str(tmp_path / "model.bin"), "quality")


def test_the_digest_is_of_the_bytes_of_all_files_and_not_of_their_names(tmp_path):
    for folder in ("a", "b/onnx"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "a/x.onnx").write_bytes(b"net")
    (tmp_path / "b/onnx/model.onnx").write_bytes(b"net")
    for folder in ("a", "b"):
        (tmp_path / folder / "tokenizer.json").write_bytes(b"{}")
        (tmp_path / folder / "config.json").write_bytes(b"[]")
    first, second = (find_file(str(tmp_path / path), "quality") for path in ("a/x.onnx", "b/onnx/model.onnx"))
    assert first.digest == second.digest and first.label == "x.onnx"
    (tmp_path / "b/config.json").write_bytes(b"[1]")
    assert find_file(str(second.path), "quality").digest != first.digest
    (tmp_path / "a/x.onnx_data").write_bytes(b"weights")
    with_weights = find_file(str(first.path), "quality")
    assert with_weights.find("weights") == tmp_path / "a/x.onnx_data" and with_weights.digest != first.digest


def test_a_changed_file_has_another_digest_in_the_same_process(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(FASTTEXT)
    before = ModelFile(path, "fasttext").digest
    path.write_bytes(FASTTEXT + b"\0")
    after = ModelFile(path, "fasttext").digest
    shutil.copy(path, tmp_path / "b.bin")
    assert before != after == ModelFile(tmp_path / "b.bin", "fasttext").digest
