"""The perplexity model: a clean and a noisy n-gram model over the pieces of one tokenizer, and their training."""

import hashlib
import random
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.classifiers.ngram_lm import Arpa, estimate, pack, read_arpa
from algok.classifiers.prose_damage import KINDS, damaged
from algok.classifiers.store import DataSet, Manifest, Model, open_model, write_model
from algok.classifiers.tokenizer import Tokenizer, load_tokenizer
from algok.classifiers.training.lmplz import lmplz
from algok.classifiers.training.tokenizer import FILE
from algok.errors import ModelError
from algok.kernels.ngram_lm import SUMS, Tables, log_probs, sum_up

# Documents of fewer pieces say too little about themselves: their scores are null.
LEAST_PIECES = 20
_BITS = np.log2(10)  # bits of a unit of log10


class PerplexityModel:
    """Scores batches. The arrays of the model folder are memory-mapped."""

    def __init__(self, model: Model):
        self.tokenizer = load_tokenizer(model)
        try:
            order = int(model.parameters["order"])
            self.head, self.tail = map(float, model.parameters["buckets"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{model.folder}: its parameters lack order or buckets ({error})") from None
        self.tables = Tables(order, model.array("unigrams.npy"), model.array("slots.npy"), model.array("codes.npy"))
        self._describe(model.folder)

    @classmethod
    def of(cls, tokenizer: Tokenizer, tables: Tables) -> "PerplexityModel":
        """One that lies in memory, without buckets: for training."""
        made = cls.__new__(cls)
        made.tokenizer, made.tables, made.head, made.tail = tokenizer, tables, np.inf, np.inf
        made._describe("this model")
        return made

    def _describe(self, where: Path | str) -> None:
        if len(self.tables.unigrams) != self.tokenizer.size + 1:
            raise ModelError(f"{where}: its language models and its tokenizer are of different sizes")
        self._alone = np.ascontiguousarray(self.tables.unigrams[:, 0])
        self._characters = np.array([_characters(text) for text in self.tokenizer.texts], np.uint8)

    def scores(self, texts: pa.Array) -> dict[str, np.ndarray]:
        """Per document: `pieces` (int64), and float64 scores, NaN for documents of fewer than LEAST_PIECES pieces.

        `bits_per_char` and `perplexity` in the clean model; `noise`: bits per piece that the noisy model explains the
        document better than the clean one; `worst_noise`: the same of the worst window; `noisy_ratio`: share of
        windows in which the noisy model is better; `context_gain`: bits by which the eojeol before makes the first
        piece of an eojeol more probable (clean model); NaN for a single eojeol; `coherence`: context_gain (0 for a
        single eojeol) - noise, low for shuffled, stuffed, wrongly decoded and unspaced text alike.
        """
        ids, offsets = self.tokenizer.ids(texts)
        first, second = log_probs(ids, offsets, self.tables)
        sums = sum_up(ids, offsets, first, second, self._alone, self._characters, self.tokenizer.pieces.starts)
        column = dict(zip(SUMS, sums.T, strict=True))
        pieces = np.diff(offsets)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = {
                "bits_per_char": -column["first"] * _BITS / (column["characters"] - 1),
                "perplexity": 10 ** np.minimum(-column["first"] / pieces, 30),
                "noise": (column["second"] - column["first"]) * _BITS / pieces,
                "worst_noise": column["worst"] * _BITS,
                "noisy_ratio": column["noisy"] / column["windows"],
                "context_gain": column["gain"] * _BITS / column["begun"],
            }
        # One eojeol only has no context; what it lacks counts as no gain.
        scores["coherence"] = np.nan_to_num(scores["context_gain"]) - scores["noise"]
        for score in scores.values():
            score[pieces < LEAST_PIECES] = np.nan
        return {"pieces": pieces} | scores

    def bucket(self, bits_per_char: np.ndarray) -> np.ndarray:
        """0 head, 1 middle, 2 tail: thirds of real text by bits per character."""
        return (bits_per_char > self.head).astype(np.int8) + (bits_per_char > self.tail)


def _characters(piece: str) -> int:
    """Characters of a piece with the space before it; of a byte piece, 1 for a byte that begins a character."""
    if len(piece) == 6 and piece.startswith("<0x"):
        return 0 if 0x80 <= int(piece[3:5], 16) < 0xC0 else 1
    return len(piece)


def train_perplexity(
    clean: Sequence[str],
    noisy: Sequence[str],
    typical: Sequence[str],
    folder: Path,
    *,
    held_out: Sequence[str] = (),
    tokenizer: str = "tokenizer",
    name: str = "perplexity",
    version: int = 1,
    order: int = 3,
    prune: Sequence[int] = (0, 2, 4),
    noisy_prune: Sequence[int] = (0, 2, 3),
    seed: int = 1,
    description: str = "",
    data: list[DataSet] | None = None,
    created: date | None = None,
) -> Manifest:
    """Trains both models and writes a model folder of kind perplexity.

    The clean model learns `clean`; the noisy one learns `noisy` (may be empty) and the clean texts damaged (shuffled,
    stuffed with keywords, without spaces, wrongly decoded). `typical`: texts such as will be scored; thirds of them by
    bits per character make the buckets. `held_out`: prose in none of them, to measure how well `coherence` tells it
    from the same prose damaged (AUC by kind of damage, in the card). `tokenizer`: a model of kind tokenizer, which is
    copied into the folder. N-grams seen as often as `prune` says or less, by length, are left out of the clean model,
    and `noisy_prune` of the noisy one; the last number holds for longer ones. Needs `lmplz` (see lmplz.py).
    Deterministic for texts, order and seed. Raises ModelError.
    """
    source = open_model(tokenizer, "tokenizer")
    pieces = load_tokenizer(source)
    trainer = lmplz()
    with tempfile.TemporaryDirectory(prefix="algok-perplexity-") as scratch:
        models: list[Arpa] = []
        kinds = (("clean", clean, prune), ("noisy", [*noisy, *damaged(clean, seed)], noisy_prune))
        for kind, texts, least in kinds:
            arpa = Path(scratch) / f"{kind}.arpa"
            ids, offsets = pieces.ids(pa.array(texts, pa.large_string()))
            estimate(np.split(ids, offsets[1:-1]), arpa, trainer, order=order, prune=least[:order])
            models.append(read_arpa(arpa, pieces.size))
    tables = pack(*models)
    made = PerplexityModel.of(pieces, tables)
    bits = made.scores(pa.array(typical, pa.large_string()))["bits_per_char"]
    if np.isnan(bits).all():
        raise ModelError(f"no text of {LEAST_PIECES} pieces or more to take the buckets from")
    serialized = source.path(FILE).read_bytes()
    return write_model(
        folder,
        {
            "slots.npy": tables.slots,
            "unigrams.npy": tables.unigrams,
            "codes.npy": tables.codes,
            FILE: serialized,
        },
        kind="perplexity",
        name=name,
        version=version,
        description=description or "A clean and a noisy n-gram model over SentencePiece pieces.",
        parameters={
            "order": order,
            "prune": list(prune),
            "noisy prune": list(noisy_prune),
            "seed": seed,
            "tokenizer": hashlib.sha256(serialized).hexdigest(),
            "buckets": [round(float(b), 4) for b in np.nanquantile(bits, (1 / 3, 2 / 3))],
        },
        data=data or [],
        metrics={"n-grams": [len(values) for model in models for values in model.values]}
        | _measured(made, held_out, seed),
        created=created,
    )


def _measured(model: PerplexityModel, texts: Sequence[str], seed: int) -> dict[str, dict[str, float]]:
    """AUC of `coherence` between the texts and the texts damaged, by kind of damage."""
    if not texts:
        return {}
    real = model.scores(pa.array(texts, pa.large_string()))["coherence"]
    measured = {}
    for kind in KINDS:
        chance = random.Random(seed)
        broken = model.scores(pa.array([kind(text, chance) for text in texts], pa.large_string()))["coherence"]
        measured[kind.__name__] = round(_auc(broken, real), 4)
    return {"AUC of coherence on held-out prose": measured}


def _auc(low: np.ndarray, high: np.ndarray) -> float:
    """Probability that one of `high` is above one of `low`, ties half; NaN are left out."""
    low, high = low[~np.isnan(low)], high[~np.isnan(high)]
    values, inverse = np.unique(np.concatenate([low, high]), return_inverse=True)
    count = np.bincount(inverse[: len(low)], minlength=len(values))
    below = np.cumsum(count) - count / 2
    return float(below[inverse[len(low) :]].mean() / len(low)) if len(low) and len(high) else float("nan")
