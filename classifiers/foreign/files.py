"""Model files of other libraries: which library made a file, what belongs to it, and its digest."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import orjson

from algok.errors import ModelError

# What a file begins with, whatever it is called: fastText and KenLM both write `.bin`.
_FASTTEXT = (793712314).to_bytes(4, "little")
_KENLM = b"mmap lm http://kheafield.com/code"
_ARPA = re.compile(rb"\s*\\data\\")
_ZIP = b"PK\x03\x04"
_SUFFIXES = (".bin", ".ftz", ".arpa", ".onnx", ".skops")
_PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth")
_KNOWN = "fastText (.bin, .ftz), KenLM (.bin, .arpa), ONNX (.onnx) or skops (.skops)"

# Which files a kind of model may be.
_CLASSIFIERS = ("fasttext", "onnx", "skops")
FORMATS = {
    "language": _CLASSIFIERS,
    "quality": _CLASSIFIERS,
    "toxicity": _CLASSIFIERS,
    "domain": _CLASSIFIERS,
    "style": _CLASSIFIERS,
    "perplexity": ("kenlm",),
}


@dataclass(frozen=True)
class ModelFile:
    """A model file, and the files that belong to it by what they are: `tokenizer`, `settings` of it, `config`, `weights`."""

    path: Path
    format: str
    beside: tuple[tuple[str, Path], ...] = ()

    @property
    def label(self) -> str:
        """How run.json and tables call it: the name of the file."""
        return self.path.name

    @property
    def data(self) -> list:
        """No card says what it learned from."""
        return []

    @property
    def digest(self) -> str:
        """SHA-256 over what decides results: the format and the bytes of every file, whatever the files are called."""
        files = {role: _sha256(path) for role, path in (("model", self.path), *self.beside)}
        decisive = {"format": self.format, "files": files}
        return hashlib.sha256(orjson.dumps(decisive, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def find(self, role: str) -> Path | None:
        """The file of a role, where there is one."""
        return dict(self.beside).get(role)


def names_file(reference: str) -> bool:
    """Whether a reference is meant as a model file: it ends like one, or there is a file of this name.

    >>> names_file("models/lid.176.ftz"), names_file("quality@1")
    (True, False)
    """
    path = Path(reference).expanduser()
    return path.suffix.lower() in (*_SUFFIXES, *_PICKLES) or path.is_file()


def find_file(reference: str, kind: str) -> ModelFile:
    """The model file of a reference. Raises ModelError where there is none, or where it is none that this kind takes."""
    path = Path(reference).expanduser()
    if not path.is_file():
        raise ModelError(f"model '{reference}': there is no such file")
    format = _format(path)
    if format not in FORMATS.get(kind, ()):
        takes = ", ".join(FORMATS.get(kind, ())) or "model folders only"
        raise ModelError(f"{path}: is a file of {format}, but a model of kind '{kind}' is needed here ({takes})")
    return ModelFile(path, format, tuple(_beside(path, format).items()))


def _format(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _PICKLES:
        raise ModelError(
            f"{path}: loading a pickle runs whatever code is in it, so algok loads none; save a scikit-learn pipeline with "
            "skops.io.dump(pipeline, 'model.skops'), a network as ONNX"
        )
    with path.open("rb") as file:
        head = file.read(256)
    if head.startswith(_FASTTEXT):
        return "fasttext"
    if head.startswith(_KENLM) or _ARPA.match(head):
        return "kenlm"
    if head.startswith(_ZIP) and suffix == ".skops":
        return "skops"
    if suffix == ".onnx":
        return "onnx"
    raise ModelError(f"{path}: not a model file of {_KNOWN}")


def _beside(path: Path, format: str) -> dict[str, Path]:
    """What belongs to a model file, by role."""
    if format == "onnx":
        return _beside_onnx(path)
    if format == "kenlm":
        return {"tokenizer": _pieces(path)}
    return {}


def _beside_onnx(path: Path) -> dict[str, Path]:
    """The tokenizer, the configuration and the weights of an exported network: in its folder, or above a folder `onnx`, as on
    the Hugging Face hub."""
    folders = [path.parent, *([path.parent.parent] if path.parent.name == "onnx" else [])]
    found = {}
    for role, name in (
        ("tokenizer", "tokenizer.json"),
        ("settings", "tokenizer_config.json"),
        ("config", "config.json"),
    ):
        places = [folder / name for folder in folders]
        if place := next((place for place in places if place.is_file()), None):
            found[role] = place
    if "tokenizer" not in found:
        raise ModelError(f"{path}: needs the tokenizer.json of the model in the same folder")
    for ending in ("_data", ".data"):  # weights above 2 GB lie in a file of their own
        if (weights := path.with_name(path.name + ending)).is_file():
            found["weights"] = weights
    return found


def _pieces(path: Path) -> Path:
    """The SentencePiece model of a KenLM file: `ko.sp.model` (as CCNet calls it) or `ko.model` beside `ko.arpa.bin`."""
    stem = path.name.removesuffix(".bin").removesuffix(".arpa")
    places = [path.with_name(f"{stem}{ending}") for ending in (".sp.model", ".model")]
    for place in places:
        if place.is_file():
            return place
    raise ModelError(f"{path}: needs its SentencePiece model beside it: {' or '.join(place.name for place in places)}")


def _sha256(path: Path) -> str:
    stat = path.stat()
    return _hashed(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)  # a process asks for the digest of a model of gigabytes more than once
def _hashed(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
