"""Training of perplexity models: a clean and a noisy n-gram model over the pieces of a tokenizer."""

import hashlib
import random
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.classifiers.metrics import auc
from algok.classifiers.perplexity import LEAST_PIECES, PerplexityModel
from algok.classifiers.store import DataSet, Manifest, open_model, write_model
from algok.classifiers.tokenizer import FILE, load_tokenizer
from algok.classifiers.training.lmplz import lmplz
from algok.classifiers.training.ngram_lm import Arpa, estimate, pack, read_arpa
from algok.classifiers.training.prose_damage import KINDS, damaged
from algok.errors import ModelError


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


def _measured(model: PerplexityModel, texts: Sequence[str], seed: int) -> dict[str, dict[str, float | None]]:
    """AUC of `coherence` between the texts and the texts damaged, by kind of damage."""
    if not texts:
        return {}
    real = model.scores(pa.array(texts, pa.large_string()))["coherence"]
    measured = {}
    for kind in KINDS:
        chance = random.Random(seed)
        broken = model.scores(pa.array([kind(text, chance) for text in texts], pa.large_string()))["coherence"]
        measured[kind.__name__] = _how_often_above(real, broken)
    return {"AUC of coherence on held-out prose": measured}


def _how_often_above(real: np.ndarray, broken: np.ndarray) -> float | None:
    """AUC of real against broken over the texts that are long enough to have a score."""
    scores = np.concatenate([real, broken])
    known = ~np.isnan(scores)
    area = auc((np.arange(len(scores)) < len(real))[known], scores[known])
    return None if area is None else round(area, 4)
