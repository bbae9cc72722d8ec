"""The tokenizer of a model folder as `algok.kernels.pieces` takes it, and the ids of batches."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.store import Model
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.pieces import Pieces, compile_pieces, new_cache, segment

FILE = "tokenizer.model"


class Tokenizer:
    """A unigram model that `training/tokenizer.py` trains. `ids` counts white space as `str.split` does.

    Not for two threads at once: they would share its table of eojeol.
    """

    def __init__(self, serialized: bytes, where: Path | str):
        import sentencepiece

        try:
            processor = sentencepiece.SentencePieceProcessor(model_proto=serialized)
        except RuntimeError as error:
            raise ModelError(f"{where}: not a SentencePiece model: {error}") from None
        numbers = list(range(processor.vocab_size()))
        if not numbers:
            raise ModelError(f"{where}: not a SentencePiece model: it has no pieces")
        self.size = len(numbers)
        self.texts: list[str] = processor.id_to_piece(numbers)
        is_byte = np.array(processor.is_byte(numbers))
        special = np.array(processor.is_control(numbers)) | np.array(processor.is_unknown(numbers))
        byte_ids = np.flatnonzero(is_byte)
        if len(byte_ids) != 256:
            raise ModelError(f"{where}: the tokenizer has no byte fallback; train one with algok train tokenizer")
        scores = np.array(processor.get_score(numbers))
        if not np.isfinite(scores).all():
            raise ModelError(f"{where}: holds scores that are not finite (NaN or infinity)")
        ordinary = np.flatnonzero(~is_byte & ~special)
        self.pieces: Pieces = compile_pieces([self.texts[k].encode() for k in ordinary], ordinary, scores, byte_ids)
        self._cache = new_cache()

    def ids(self, texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
        """Piece ids of every text: int32, flat, and n + 1 offsets (int64) into them."""
        data, offsets = string_buffers(texts)
        return segment(data, offsets, self.pieces, self._cache)


_LOADED: dict[str, Tokenizer] = {}


def load_tokenizer(model: Model) -> Tokenizer:
    """The tokenizer of a model folder, loaded once per process, whichever folder it lies in. Raises ModelError."""
    path = model.path(FILE)
    serialized = path.read_bytes()
    digest = hashlib.sha256(serialized).hexdigest()
    if digest not in _LOADED:
        _LOADED[digest] = Tokenizer(serialized, path)
    return _LOADED[digest]


def hugging_face_tokenizer(path: Path) -> Any:
    """The tokenizer of a Hugging Face `tokenizer.json`, which neither cuts nor pads texts. Raises ModelError."""
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise ModelError(f"tokenizer '{path}' needs the package tokenizers: pip install 'algok[hf]'") from None
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise ModelError(f"tokenizer '{path}': not a Hugging Face tokenizer.json: {error}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
