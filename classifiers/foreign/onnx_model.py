"""Sequence classifiers of Hugging Face as ONNX: an exported network (`optimum-cli export onnx`) with its tokenizer.json.

A document is cut after as many tokens as the model takes, as the scorers' own scripts do; a network that reads 512 tokens says
nothing of the rest. On processor cores documents go through the network one by one: on one core a batch saves nothing and
pays for its padding, and a document's number must not depend on its neighbours. On a graphics card they go in batches of about
one length.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.files import ModelFile
from algok.classifiers.foreign.libraries import library
from algok.classifiers.linear import sigmoid, softmax
from algok.errors import ModelError

_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_LONGEST = 512  # tokens, where no file of the model says how many it takes
_BATCH = 32  # documents at once on a graphics card


class OnnxModel:
    """A loaded network. `config.json` names the labels and says what the numbers are: one number is a score on the model's own
    scale; `problem_type: multi_label_classification` makes every label a question of its own; else one of them holds."""

    def __init__(self, file: ModelFile, gpus: float = 0):
        self._path, config = file.path, _json(file, "config")
        self._tokenizer = _tokenizer(file, config)
        self._session = _session(file, gpus)
        self._types = {
            given.name: np.int32 if "int32" in given.type else np.int64 for given in self._session.get_inputs()
        }
        if strange := sorted(set(self._types) - _INPUTS):
            raise ModelError(
                f"{file.path}: wants the input {', '.join(strange)}; known are {', '.join(sorted(_INPUTS))}"
            )
        outputs = [given.name for given in self._session.get_outputs()]
        self._output = "logits" if "logits" in outputs else outputs[0]
        self._batch = _BATCH if gpus else 1
        self.exclusive = config.get("problem_type") != "multi_label_classification"
        width = self._logits([self._encode(["가"])[0]]).shape[1]
        self.labels: tuple[str, ...] = _labels(file, config, width) if width > 1 or not self.exclusive else ()

    def outputs(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × labels: probabilities; documents × 1: scores as the network gives them."""
        encoded = self._encode(texts.to_pylist())
        out = np.zeros((len(encoded), max(1, len(self.labels))), np.float32)
        for rows in self._batches(encoded):
            out[rows] = self._logits([encoded[row] for row in rows])
        if not self.labels:
            return out
        return (softmax(out) if self.exclusive else sigmoid(out)).astype(np.float32)

    def best(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """The likeliest label of every text."""
        p = self.outputs(texts)
        columns = p.argmax(axis=1)
        return columns, p[np.arange(len(p)), columns]

    def _encode(self, texts: list[str]) -> list[Any]:
        return self._tokenizer.encode_batch_fast(texts, add_special_tokens=True)

    def _batches(self, encoded: list[Any]) -> Iterator[list[int]]:
        """Rows that go through the network together, of about one length."""
        order = (
            sorted(range(len(encoded)), key=lambda row: len(encoded[row].ids))
            if self._batch > 1
            else range(len(encoded))
        )
        for first in range(0, len(encoded), self._batch):
            yield list(order[first : first + self._batch])

    def _logits(self, encoded: list[Any]) -> np.ndarray:
        """float32, documents × numbers of the network."""
        longest = max(1, *(len(text.ids) for text in encoded))
        given = {name: np.zeros((len(encoded), longest), self._types.get(name, np.int64)) for name in _INPUTS}
        for row, text in enumerate(encoded):
            given["input_ids"][row, : len(text.ids)] = text.ids
            given["attention_mask"][row, : len(text.ids)] = 1
            given["token_type_ids"][row, : len(text.ids)] = text.type_ids
        (found,) = self._session.run([self._output], {name: given[name] for name in self._types})
        if found.ndim != 2 or len(found) != len(encoded):
            raise ModelError(f"{self._path}: gives numbers of shape {found.shape}, expected documents × labels")
        return found.astype(np.float32)


def _session(file: ModelFile, gpus: float) -> Any:
    onnxruntime = library("onnxruntime", "onnx", file.path)
    providers = ["CUDAExecutionProvider" if gpus else "CPUExecutionProvider"]
    if providers[0] not in onnxruntime.get_available_providers():
        raise ModelError(
            f"{file.path}: this machine's onnxruntime knows no graphics card; install onnxruntime-gpu, or leave gpus at 0"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # a task has a core
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(file.path), options, providers=providers)


def _tokenizer(file: ModelFile, config: dict[str, Any]) -> Any:
    tokenizers = library("tokenizers", "onnx", file.path)
    path = file.find("tokenizer")
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise ModelError(f"{path}: not a Hugging Face tokenizer.json: {error}") from None
    said = [
        (tokenizer.truncation or {}).get("max_length"),
        _json(file, "settings").get("model_max_length"),
        _positions(config),
    ]
    lengths = [int(length) for length in said if isinstance(length, int | float) and 0 < length < 10**6]
    tokenizer.enable_truncation(min(lengths, default=_LONGEST))
    tokenizer.no_padding()
    return tokenizer


def _positions(config: dict[str, Any]) -> int | None:
    """How many tokens the network has places for; RoBERTa and its kind number them from behind the padding on."""
    places = config.get("max_position_embeddings")
    if not isinstance(places, int):
        return None
    return places - 2 if any(kind in str(config.get("model_type")) for kind in ("roberta", "camembert")) else places


def _labels(file: ModelFile, config: dict[str, Any], width: int) -> tuple[str, ...]:
    """The names in the order of the numbers; the numbers themselves where there is no config.json."""
    named = config.get("id2label") or {str(number): str(number) for number in range(width)}
    if not isinstance(named, dict) or set(map(str, named)) != set(map(str, range(width))):
        raise ModelError(f"{file.find('config')}: 'id2label' must name the {width} numbers that the network gives")
    return tuple(str(named[str(number)]) for number in range(width))


def _json(file: ModelFile, role: str) -> dict[str, Any]:
    path = file.find(role)
    if path is None:
        return {}
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ModelError(f"{path}: not a JSON object")
    return found
