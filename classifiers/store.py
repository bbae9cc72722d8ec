"""Model folders: found by name and version or by path, checked before use, written with their card.

A model folder holds `model.json` (the manifest), `README.md` (the card, made from the manifest) and the files that the
manifest names with their SHA-256. The models that come with algok are `models/<name>-<version>/` beside this file.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import orjson
from numpy.typing import DTypeLike
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from algok.classifiers.card import render
from algok.classifiers.foreign.files import ModelFile, find_file, names_file
from algok.errors import ModelError

SHIPPED = Path(__file__).parent / "models"

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


class DataSet(BaseModel):
    """A set that a model learned from or was measured on: how much of it, under which licence, and what for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    license: str
    documents: int
    megabytes: float
    use: str = "train"


class Manifest(BaseModel):
    """model.json. `parameters` are what inference and a repeated training need; `metrics` what was measured, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str
    name: str = Field(pattern=r"^[a-z0-9_]+$")
    version: int = Field(ge=1)
    created: date
    description: str
    parameters: dict[str, Any]
    data: list[DataSet]
    metrics: dict[str, Any]
    files: dict[FileName, str]  # name -> SHA-256

    @property
    def digest(self) -> str:
        """SHA-256 over what decides results: kind, parameters and files; not dates, metrics or descriptions."""
        decisive = {"kind": self.kind, "parameters": self.parameters, "files": self.files}
        return hashlib.sha256(orjson.dumps(decisive, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Model:
    """A model folder whose manifest was read. Files are read on demand and compared with their digest once."""

    def __init__(self, folder: Path, manifest: Manifest):
        self.folder, self.manifest = folder, manifest

    @property
    def parameters(self) -> dict[str, Any]:
        return self.manifest.parameters

    @property
    def label(self) -> str:
        """`name@version`."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def data(self) -> list[DataSet]:
        """What it learned from and was measured on."""
        return self.manifest.data

    def path(self, name: str) -> Path:
        """A file of the model, after its digest was compared. Raises ModelError."""
        if name not in self._verified:
            raise ModelError(f"{self.folder}: the model has no file '{name}'")
        return self.folder / name

    def array(
        self, name: str, dtype: DTypeLike | None = None, shape: tuple[int | None, ...] | None = None
    ) -> np.ndarray:
        """A `.npy` file as a read-only, memory-mapped array: the workers of a machine share its pages.

        Raises ModelError unless it is of this type and shape (None: of any length) with finite numbers only: a kernel that
        gets another array reads beyond its end.
        """
        path = self.path(name)
        try:
            array = np.lib.format.open_memmap(path, mode="r")
        except (OSError, EOFError, ValueError, TypeError, SyntaxError, OverflowError, MemoryError) as error:
            raise ModelError(f"{path}: not an array: {str(error).splitlines()[0]}") from None
        if dtype is not None and array.dtype != dtype:
            raise ModelError(f"{path}: its numbers are {array.dtype}, expected {np.dtype(dtype)}")
        if shape is not None and not _fits(array.shape, shape):
            raise ModelError(f"{path}: its shape is {array.shape}, expected {_shape_text(shape)}")
        if not array.flags.c_contiguous:
            raise ModelError(f"{path}: its rows do not follow each other (Fortran order); save it in C order")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelError(f"{path}: holds numbers that are not finite (NaN or infinity)")
        return array

    def parameter(self, name: str) -> Any:
        """Raises ModelError where the manifest lacks it."""
        if name not in self.parameters:
            raise ModelError(f"{self.folder}/model.json: the parameter '{name}' is missing; train the model again")
        return self.parameters[name]

    def numbers(self, name: str, shape: tuple[int, ...] = ()) -> np.ndarray:
        """A parameter of finite numbers as float64. Raises ModelError for one of another kind or shape."""
        given = self.parameter(name)
        try:
            numbers = np.array(given, np.float64)
        except (ValueError, TypeError, OverflowError):
            numbers = np.array(np.nan)
        if numbers.shape != shape or not np.isfinite(numbers).all() or isinstance(given, str | bool):
            what = f"finite numbers of shape {shape}" if shape else "a finite number"
            raise ModelError(f"{self.folder}/model.json: the parameter '{name}' must be {what}")
        return numbers

    def text(self, name: str) -> str:
        """A file of UTF-8 text. Raises ModelError."""
        path = self.path(name)
        try:
            return path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise ModelError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from None

    def verify(self) -> None:
        """Compares every file with its digest. Raises ModelError for a missing or damaged one."""
        _ = self._verified

    @cached_property
    def _verified(self) -> frozenset[str]:
        for name, digest in self.manifest.files.items():
            path = self.folder / name
            if not path.is_file():
                raise ModelError(f"{path}: is missing; restore the model folder {self.folder}")
            _check_inside(path, self.folder)
            if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                raise ModelError(f"{path}: is damaged (its SHA-256 is not the one in model.json); restore the file")
        return frozenset(self.manifest.files)


def open_model(reference: str, kind: str) -> Model:
    """The model of a reference: `name` (newest shipped version), `name@version`, or the path of a model folder.

    Raises ModelError if there is none, if it is damaged, or if it is of another kind than `kind`.
    """
    folder = find_folder(reference)
    manifest = read_manifest(folder)
    if manifest.kind != kind:
        raise ModelError(f"{folder}: is a model of kind '{manifest.kind}', but '{kind}' is needed here")
    model = Model(folder, manifest)
    model.verify()
    return model


def open_reference(reference: str, kind: str) -> Model | ModelFile:
    """What a recipe's `model` names: a model folder (see `open_model`), or a file of another library, by its path.

    Raises ModelError.
    """
    return find_file(reference, kind) if names_file(reference) else open_model(reference, kind)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model folder. Raises ModelError."""
    path = folder / "model.json"
    _check_inside(path, folder)
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
        _ = manifest.digest
        return manifest
    except FileNotFoundError:
        raise ModelError(f"{folder}: not a model folder, it has no model.json") from None
    except (OSError, TypeError, ValidationError) as error:  # TypeError: a number that no digest holds
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        what = f"{'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}" if first else str(error)
        raise ModelError(f"{path}: not a model manifest: {what}") from None


def shipped() -> list[Path]:
    """The folders of the models that come with algok, by name and version."""
    found = [folder for folder in SHIPPED.glob("*-*") if (folder / "model.json").is_file()]
    return sorted(found, key=_name_version)


def write_model(
    folder: Path,
    files: Mapping[str, np.ndarray | bytes],
    *,
    kind: str,
    name: str,
    version: int = 1,
    description: str,
    parameters: dict[str, Any],
    data: list[DataSet],
    metrics: dict[str, Any],
    created: date | None = None,
) -> Manifest:
    """Writes a model folder: the files (arrays as `.npy`), the manifest and the card. The folder must be new or empty.

    Raises ModelError if it is neither.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ModelError(f"{folder}: is not empty; choose a new folder for the model")
    folder.mkdir(parents=True, exist_ok=True)
    digests = {}
    for file, content in files.items():
        payload = content if isinstance(content, bytes) else _npy(content)
        (folder / file).write_bytes(payload)
        digests[file] = hashlib.sha256(payload).hexdigest()
    manifest = Manifest(
        kind=kind,
        name=name,
        version=version,
        created=created or date.today(),
        description=description,
        parameters=parameters,
        data=data,
        metrics=metrics,
        files=digests,
    )
    (folder / "README.md").write_text(render(manifest), encoding="utf-8")
    dumped = orjson.dumps(manifest.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    (folder / "model.json").write_bytes(dumped + b"\n")
    return manifest


def _npy(array: np.ndarray) -> bytes:
    buffer = BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def find_folder(reference: str) -> Path:
    """The folder of a reference (see `open_model`). Raises ModelError."""
    if "/" in reference or reference.startswith("."):
        folder = Path(reference).expanduser()
        if not folder.is_dir():
            raise ModelError(f"model '{reference}': there is no such folder")
        return folder
    name, _, version = reference.partition("@")
    folders = [folder for folder in shipped() if _name_version(folder)[0] == name]
    if version:
        folders = [folder for folder in folders if str(_name_version(folder)[1]) == version]
    if not folders:
        known = ", ".join(f"{name}@{version}" for name, version in map(_name_version, shipped()))
        raise ModelError(f"unknown model '{reference}'; known: {known or 'none'}, or the path of a model folder")
    return folders[-1]


def _check_inside(path: Path, folder: Path) -> None:
    """A model is what lies in its folder: a link elsewhere could name any file of the machine, and change at any time."""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ModelError(f"{path}: is a symbolic link out of the model's folder; copy the file into it")


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(b in (None, a) for a, b in zip(shape, wanted, strict=True))


def _shape_text(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if length is None else str(length) for length in shape)})"


def _name_version(folder: Path) -> tuple[str, int]:
    name, _, version = folder.name.rpartition("-")
    return name, int(version) if version.isdigit() else 0
