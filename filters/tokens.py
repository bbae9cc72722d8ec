"""The number of tokens of a document: what a training budget counts."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import hugging_face_tokenizer, load_tokenizer
from algok.errors import ModelError
from algok.step import Signal, SignalStep, StepOptions

# Texts in a column -> tokens of each.
Counter = Callable[[pa.Array], np.ndarray]


class TokensOptions(StepOptions):
    """`model`: name, name@version or folder of a model of kind tokenizer. `tokenizer`: instead of it, the path of a
    SentencePiece `.model` or a Hugging Face `tokenizer.json` (needs the extra `hf`)."""

    model: str = "tokenizer"
    tokenizer: str | None = None


class Tokens(SignalStep[TokensOptions]):
    """Counts tokens, without special ones such as the beginning or the end of a document.

    The shipped tokenizer counts white space as one space; a tokenizer of one's own gets the text as it is.
    """

    name = "tokens"
    Options = TokensOptions
    models: ClassVar[dict[str, str]] = {"model": "tokenizer"}
    counts_tokens: ClassVar[str] = "count"
    signals = (
        Signal("count", pa.int32(), "count", "tokens, special ones left out"),
        Signal("chars_per_token", pa.float32(), "score", "characters (code points) per token; null without tokens"),
    )

    def __init__(self, options: TokensOptions | None = None):
        super().__init__(options)
        self._count = _own(Path(self.options.tokenizer)) if self.options.tokenizer else _shipped(self.options.model)

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        texts = batch["text"]
        counts = self._count(texts)
        chars = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
        return {
            "count": pa.array(counts, pa.int32()),
            "chars_per_token": pa.array(chars / np.maximum(counts, 1), pa.float32(), mask=counts == 0),
        }


def _shipped(reference: str) -> Counter:
    tokenizer = load_tokenizer(open_model(reference, "tokenizer"))
    return lambda texts: np.diff(tokenizer.ids(texts)[1])


def _own(path: Path) -> Counter:
    if not path.is_file():
        raise ModelError(f"tokenizer '{path}': there is no such file")
    return _hugging_face(path) if path.suffix == ".json" else _sentencepiece(path)


def _sentencepiece(path: Path) -> Counter:
    import sentencepiece

    try:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"tokenizer '{path}': not a SentencePiece model: {error}") from None
    return lambda texts: _lengths(processor.encode(texts.to_pylist(), num_threads=1))


def _hugging_face(path: Path) -> Counter:
    tokenizer = hugging_face_tokenizer(path)
    return lambda texts: _lengths(tokenizer.encode_batch_fast(texts.to_pylist(), add_special_tokens=False))


def _lengths(encoded: list) -> np.ndarray:
    return np.fromiter(map(len, encoded), np.int64, len(encoded))
