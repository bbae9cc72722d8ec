"""How well tokenizers fit Korean texts: what a token holds, what an eojeol costs, how often characters fall apart into bytes."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import field_of, read_rows
from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import hugging_face_tokenizer, load_tokenizer
from algok.errors import InputError, ModelError

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_ROWS = 256  # texts that are encoded at once


@dataclass(frozen=True)
class Encoder:
    """A tokenizer of any kind. `encode`: ids of every text; `in_bytes`: whether a token of the vocabulary (bool) is no whole
    characters; `before`: what stands before a word within a text."""

    name: str
    encode: Callable[[list[str]], list[np.ndarray]]
    in_bytes: np.ndarray
    before: str = ""


@dataclass(frozen=True)
class TokenizerFigures:
    """Of texts by one tokenizer; no token ends a text.

    An eojeol is what white space separates; `single`: the share of eojeol that are one token, running and of different ones;
    `in_bytes`: the share of tokens that are no whole characters; `parity`: tokens of the texts for one of their translations.
    """

    tokenizer: str
    vocabulary: int
    tokens: int
    characters_per_token: float
    bytes_per_token: float
    tokens_per_eojeol: float
    single_running: float
    single_of_types: float
    in_bytes: float
    parity: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate_tokenizers(
    tokenizers: Sequence[str], files: Iterable[Path], parallel: str | None = None
) -> list[TokenizerFigures]:
    """The figures of each tokenizer: a model of kind tokenizer, a SentencePiece `.model` or a Hugging Face `tokenizer.json`.

    `parallel` names the field that has a row's translation; only rows that have it count for parity. Raises InputError for a
    row without a text or if there is none, ModelError.
    """
    encoders = [open_encoder(name) for name in tokenizers]
    texts, pairs = _read(list(files), parallel)
    return [_figures(encoder, texts, pairs) for encoder in encoders]


def open_encoder(name: str) -> Encoder:
    """Raises ModelError."""
    path = Path(name)
    if path.suffix == ".json":
        return _hugging_face(path)
    if path.suffix == ".model":
        return _sentencepiece(path)
    model = open_model(name, "tokenizer")
    loaded = load_tokenizer(model)

    def encode(texts: list[str]) -> list[np.ndarray]:
        ids, offsets = loaded.ids(pa.array(texts, pa.large_string()))
        return np.split(ids, offsets[1:-1])

    return Encoder(model.label, encode, np.array([bool(_BYTE.fullmatch(text)) for text in loaded.texts]))


def _sentencepiece(path: Path) -> Encoder:
    import sentencepiece

    try:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"tokenizer '{path}': not a SentencePiece model: {error}") from None

    def encode(texts: list[str]) -> list[np.ndarray]:
        return [np.array(ids, np.int64) for ids in processor.encode(texts, num_threads=1)]

    return Encoder(path.name, encode, np.array(processor.is_byte(list(range(processor.vocab_size())))))


def _hugging_face(path: Path) -> Encoder:
    if not path.is_file():
        raise ModelError(f"tokenizer '{path}': there is no such file")
    tokenizer = hugging_face_tokenizer(path)

    def encode(texts: list[str]) -> list[np.ndarray]:
        return [np.array(item.ids, np.int64) for item in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    size = tokenizer.get_vocab_size()
    names = [tokenizer.id_to_token(number) or "" for number in range(size)]
    by_bytes = sum(name.startswith("Ġ") for name in names) > 0  # a space, as GPT-2's table of bytes writes it
    in_bytes = [not _whole(name) if by_bytes else bool(_BYTE.fullmatch(name)) for name in names]
    return Encoder(path.name, encode, np.array(in_bytes), " " if by_bytes else "")


@cache
def _byte_of() -> dict[str, int]:
    """The byte that each letter of a byte-level vocabulary stands for, after GPT-2's `bytes_to_unicode`."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + k): byte for k, byte in enumerate(hidden)}


def _whole(token: str) -> bool:
    """Whether a token of a byte-level vocabulary is whole characters; a special token, written plainly, is."""
    if any(letter not in _byte_of() for letter in token):
        return True
    try:
        bytes(_byte_of()[letter] for letter in token).decode()
    except UnicodeDecodeError:
        return False
    return True


def _read(files: list[Path], parallel: str | None) -> tuple[list[str], list[tuple[str, str]]]:
    texts, pairs = [], []
    for path in files:
        for number, row in enumerate(read_rows(path), 1):
            text = row.get("text")
            if not isinstance(text, str):
                raise InputError(f"{path}: row {number} has no string 'text'")
            if not text.strip():
                continue
            texts.append(text)
            other = field_of(row, parallel) if parallel else None
            if isinstance(other, str) and other.strip():
                pairs.append((text, other))
    if not texts:
        raise InputError(f"{', '.join(map(str, files))}: no text to measure tokenizers on")
    if parallel and not pairs:
        raise InputError(f"{', '.join(map(str, files))}: no row has a translation in '{parallel}'")
    return texts, pairs


def _figures(encoder: Encoder, texts: list[str], pairs: list[tuple[str, str]]) -> TokenizerFigures:
    counts = np.zeros(len(encoder.in_bytes), np.int64)
    for ids in _encoded(encoder, texts):
        counts += np.bincount(ids, minlength=len(counts))
    tokens = int(counts.sum())
    words = Counter(word for text in texts for word in text.split())
    single = np.array([len(ids) == 1 for ids in _encoded(encoder, [encoder.before + word for word in words])])
    running = np.array(list(words.values()))
    return TokenizerFigures(
        encoder.name,
        len(counts),
        tokens,
        sum(map(len, texts)) / max(1, tokens),
        sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / max(1, tokens),
        tokens / int(running.sum()),
        float(running[single].sum() / running.sum()),
        float(single.mean()),
        float(counts[encoder.in_bytes].sum() / max(1, tokens)),
        _parity(encoder, pairs),
    )


def _encoded(encoder: Encoder, texts: list[str]) -> Iterable[np.ndarray]:
    for start in range(0, len(texts), _ROWS):
        yield from encoder.encode(texts[start : start + _ROWS])


def _parity(encoder: Encoder, pairs: list[tuple[str, str]]) -> float | None:
    if not pairs:
        return None
    here, there = (sum(map(len, _encoded(encoder, list(side)))) for side in zip(*pairs))
    return here / max(1, there)
