"""The tokenizer of the training, as counts, ids and the files that loaders read need it."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import FILE, hugging_face_tokenizer, load_tokenizer
from algok.errors import ModelError
from algok.mixing.recipe import TokenizerOptions

Encode = Callable[[pa.Array], tuple[np.ndarray, np.ndarray]]  # texts -> flat ids (int32) and n + 1 offsets (int64)
_LIKELY_ENDS = ("</s>", "<|endoftext|>", "<|end_of_text|>", "<eos>", "[EOS]", "<|eos|>")


class TrainingTokenizer:
    """Ids of texts, each followed by the end of text."""

    def __init__(self, name: str, digest: str, size: int, end: int, encode: Encode):
        self.name, self.digest, self.size, self.end, self._encode = name, digest, size, end, encode

    def ids(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Flat ids (int32) and n + 1 offsets (int64); every document ends with the end of text."""
        flat, offsets = self._encode(texts)
        ends = offsets[1:] + np.arange(1, len(offsets))
        with_ends = np.full(len(flat) + len(ends), self.end, np.int32)
        inside = np.ones(len(with_ends), bool)
        inside[ends - 1] = False
        with_ends[inside] = flat
        return with_ends, np.concatenate([[0], ends])

    def counts(self, texts: pa.Array) -> np.ndarray:
        """Tokens of every document with its end of text."""
        return np.diff(self._encode(texts)[1]) + 1

    @property
    def width(self) -> np.dtype:
        """The smallest unsigned type that holds every id."""
        return np.dtype(np.uint16 if self.size <= 1 << 16 else np.uint32)


@cache
def open_tokenizer(model: str, file: str | None, end_of_text: str | None) -> TrainingTokenizer:
    """The tokenizer that a mix names, once per process. Raises ModelError."""
    if file is None:
        found = open_model(model, "tokenizer")
        return _sentencepiece(found.path(FILE), end_of_text, load_tokenizer(found).ids, found.label)
    path = Path(file)
    if not path.is_file():
        raise ModelError(f"tokenizer '{path}': there is no such file")
    return _hugging_face(path, end_of_text) if path.suffix == ".json" else _sentencepiece(path, end_of_text)


def of_options(options: TokenizerOptions) -> TrainingTokenizer:
    return open_tokenizer(options.model, options.file, options.end_of_text)


def file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sentencepiece(
    path: Path, end_of_text: str | None, encode: Encode | None = None, name: str = ""
) -> TrainingTokenizer:
    import sentencepiece

    try:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"tokenizer '{path}': not a SentencePiece model: {error}") from None
    end = processor.piece_to_id(end_of_text) if end_of_text else processor.eos_id()
    if end < 0 or (end_of_text and processor.id_to_piece(end) != end_of_text):
        raise ModelError(_no_end(path, end_of_text))
    flat = encode or (lambda texts: _flat(processor.encode(texts.to_pylist(), num_threads=1)))
    return TrainingTokenizer(name or path.name, file_digest(path), processor.vocab_size(), end, flat)


def _hugging_face(path: Path, end_of_text: str | None) -> TrainingTokenizer:
    tokenizer = hugging_face_tokenizer(path)
    names = (end_of_text,) if end_of_text else _LIKELY_ENDS
    end = next((found for name in names if (found := tokenizer.token_to_id(name)) is not None), None)
    if end is None:
        raise ModelError(_no_end(path, end_of_text))

    def encode(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        return _flat([item.ids for item in tokenizer.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)])

    return TrainingTokenizer(path.name, file_digest(path), tokenizer.get_vocab_size(), end, encode)


def _no_end(path: Path, end_of_text: str | None) -> str:
    said = (
        f"has no token '{end_of_text}'" if end_of_text else "declares no end of text; name one as tokenizer.end_of_text"
    )
    return f"tokenizer '{path}': {said}"


def _flat(encoded: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(ids) for ids in encoded], out=offsets[1:])
    return np.fromiter((number for ids in encoded for number in ids), np.int32, int(offsets[-1])), offsets
