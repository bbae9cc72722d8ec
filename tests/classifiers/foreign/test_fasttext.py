"""fastText files: the library's own answers, folded lines, and files that the library would not survive."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from foreign_models import examples, lines, train_fasttext
from hypothesis import given
from hypothesis import strategies as st

from algok.classifiers.foreign.classifier import load_classifier
from algok.classifiers.foreign.fasttext_file import check_fasttext
from algok.classifiers.foreign.fasttext_model import folded
from algok.classifiers.foreign.files import ModelFile, find_file
from algok.errors import ModelError

fasttext = pytest.importorskip("fasttext", reason="needs the extra fasttext")
KINDS = {"softmax.bin": "softmax", "tree.bin": "hs", "each.bin": "ova", "small.ftz": "softmax"}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fasttext")
    return {name: train_fasttext(folder / name, examples(), loss=loss) for name, loss in KINDS.items()}


@pytest.mark.parametrize("name", KINDS)
def test_answers_are_those_of_the_library(models, name):
    own, library = load_classifier(find_file(str(models[name]), "quality")), fasttext.load_model(str(models[name]))
    texts = lines()
    found = own.outputs(pa.array(texts, pa.large_string()))
    columns, values = own.best(pa.array(texts, pa.large_string()))
    assert own.labels == tuple(library.labels) and own.exclusive == (KINDS[name] != "ova")
    for row, text in enumerate(texts):
        labels, probabilities = library.predict(text.replace("\n", " "), k=-1)
        said = dict(zip(labels, np.minimum(probabilities, 1), strict=True))
        assert found[row].tolist() == pytest.approx([said.get(label, 0) for label in own.labels], abs=1e-6)
        assert own.labels[columns[row]] == labels[0] and values[row] == pytest.approx(said[labels[0]], abs=1e-6)


def test_a_quantised_matrix_of_answers_is_walked_too(tmp_path):
    many = [(f"{text} {number}", f"l{number % 300}") for number, (text, _) in enumerate(examples() * 5)]
    path = train_fasttext(tmp_path / "many.bin", many, epoch=1)
    model = fasttext.load_model(str(path))
    train = tmp_path / "again.txt"
    train.write_text("\n".join(f"__label__{label} {text}".replace("\n", " ") for text, label in many), "utf-8")
    model.quantize(input=str(train), qout=True, qnorm=True, cutoff=500, retrain=False)
    model.save_model(str(tmp_path / "many.ftz"))
    assert check_fasttext(tmp_path / "many.ftz").labels == 300
    assert load_classifier(find_file(str(tmp_path / "many.ftz"), "style")).outputs(pa.array(["글"])).shape == (1, 300)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_a_folded_text_is_one_line_with_the_same_words(texts):
    given = pa.array(texts, pa.large_string())
    assert folded(given) == [text.replace("\n", " ") for text in texts]


@pytest.mark.parametrize("name", ["softmax.bin", "small.ftz"])
def test_a_file_cut_short_anywhere_is_refused(models, name, tmp_path):
    data, cut = models[name].read_bytes(), tmp_path / name
    for size in [*range(4, len(data), len(data) // 150), len(data) - 1]:
        cut.write_bytes(data[:size])
        with pytest.raises(ModelError, match=name):
            check_fasttext(cut)
    cut.write_bytes(data + b"\0")
    with pytest.raises(ModelError, match="does not end"):
        check_fasttext(cut)


@pytest.mark.parametrize("name", ["softmax.bin", "tree.bin", "small.ftz"])
def test_damaged_numbers_are_refused_or_harmless(models, name, tmp_path):
    """What the walk lets through, the library lives with: it would not come back from what is refused."""
    data, generator = models[name].read_bytes(), np.random.default_rng(5)
    head, let_through = 92, []
    for number, place in enumerate([*range(head), *generator.integers(head, len(data), 60)]):
        broken = bytearray(data)
        broken[place] ^= int(generator.integers(1, 256))
        path = tmp_path / f"{number}.bin"
        path.write_bytes(bytes(broken))
        try:
            check_fasttext(path)
            let_through.append(path)
        except ModelError:
            path.unlink()
    assert 40 < len(let_through) < head + 40
    script = (
        "import sys, fasttext\nfor path in sys.argv[1:]:\n  try: fasttext.load_model(path).predict(['좋은 글'], k=-1)\n"
        "  except (RuntimeError, ValueError, UnicodeDecodeError): pass"
    )
    ran = subprocess.run([sys.executable, "-c", script, *map(str, let_through)], capture_output=True, timeout=300)
    assert ran.returncode == 0, ran.stderr.decode()[-500:]


def test_word_vectors_are_no_classifier(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("\n".join(text for text, _ in examples()), "utf-8")
    fasttext.train_unsupervised(str(text), dim=4, epoch=1, bucket=100, thread=1, verbose=0).save_model(
        f"{tmp_path}/v.bin"
    )
    with pytest.raises(ModelError, match="word vectors"):
        load_classifier(find_file(str(tmp_path / "v.bin"), "quality"))


def test_without_the_library_the_error_names_the_extra(models, monkeypatch):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(ModelError, match=r"pip install 'algok\[fasttext\]'"):
        load_classifier(ModelFile(models["softmax.bin"], "fasttext"))
