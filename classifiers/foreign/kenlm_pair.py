"""A language model of KenLM with its SentencePiece model: CCNet's pairs (`ko.arpa.bin` and `ko.sp.model`), or one's own."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.files import ModelFile
from algok.classifiers.foreign.libraries import library
from algok.errors import ModelError

Normalize = Literal["ccnet", "none"]
_PROBE = ["오늘은 도서관에서 빌린 책을 다 읽었다.\n내일은 다른 책을 고를 생각이다.", ""]


class KenlmPair:
    """Scores of documents. A document is one sentence of pieces, with its end counted, as CCNet scores it."""

    def __init__(self, file: ModelFile, normalize: Normalize):
        self._model = _language_model(file)
        self._pieces = _tokenizer(file)
        self._prepare = _as_ccnet(self._pieces) if normalize == "ccnet" else None
        try:
            found = self.log_probs(pa.array(_PROBE, pa.large_string()))
        except Exception as error:  # whatever the libraries raise for files that do not belong together
            raise ModelError(f"{file.path}: cannot be used: {type(error).__name__}") from None
        if not all(np.isfinite(column).all() for column in found):
            raise ModelError(f"{file.path}: gives numbers that are not finite (NaN or infinity)")

    def log_probs(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """log10 probability (float64), pieces and characters (int64) of every text; the space before a word is a character, as
        in our own perplexity models."""
        given = texts.to_pylist()
        if self._prepare:
            given = [self._prepare(text) for text in given]
        pieces = self._pieces.encode(given, out_type=str, num_threads=1)
        total = [self._model.score(" ".join(text), bos=True, eos=True) for text in pieces]
        counts = np.fromiter(map(len, pieces), np.int64, len(pieces))
        characters = np.fromiter((sum(map(characters_of, text)) for text in pieces), np.int64, len(pieces))
        return np.array(total, np.float64), counts, characters


def characters_of(piece: str) -> int:
    """Characters of a piece with the space before it; of a byte piece, 1 for a byte that begins a character."""
    if len(piece) == 6 and piece.startswith("<0x"):
        return 0 if 0x80 <= int(piece[3:5], 16) < 0xC0 else 1
    return len(piece)


def _as_ccnet(pieces: Any) -> Callable[[str], str]:
    """CCNet's normalisation, as quick as this tokenizer allows."""
    from algok.classifiers.foreign.ccnet import composes, normalized  # tables of all of Unicode: 0.4 s

    return partial(normalized, syllables=composes(pieces.normalize))


def _language_model(file: ModelFile) -> Any:
    kenlm = library("kenlm", "kenlm", file.path)
    config = kenlm.Config()
    config.show_progress, config.arpa_complain = False, kenlm.ARPALoadComplain.NONE
    try:
        return kenlm.Model(str(file.path), config)
    except Exception as error:  # the library raises OSError and others
        first = (str(error).splitlines() or [""])[-1][:200]
        raise ModelError(f"{file.path}: not a sound KenLM model: {first}") from None


def _tokenizer(file: ModelFile) -> Any:
    import sentencepiece

    path = file.find("tokenizer")
    try:
        return sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"{path}: not a SentencePiece model: {error}") from None
