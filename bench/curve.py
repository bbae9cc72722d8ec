"""How near the copies of each document come to its own place on a quality curve, by the number of quantiles.

    python bench/curve.py [--documents 100000]

Documents of log-normal lengths whose rank is known are mixed for 0.75 of their tokens with `throwaway: 0.4, power: 2`, and the
ledger is compared with e, the exposure C · y² of every document by its own rank.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import FILE
from mixing import driver_of

NEIGHBOURS = 1000
CURVE = {"bins": "level", "throwaway": 0.4, "power": 2, "max": 7}


def write_corpus(folder: Path, tokens: np.ndarray) -> None:
    count = len(tokens)
    signal = np.exp2(8 * np.arange(count) / count).astype(np.float32)  # ranks go with numbers; 1,024 values of 16 bits
    columns = {"id": [str(k) for k in range(count)], "text": pa.repeat(pa.scalar("가"), count), "quality.level": signal}
    pq.write_table(pa.table({**columns, "n": tokens - 1}), folder / "all.parquet")  # and one for the end of text


def copies(tokens: np.ndarray, budget: int, quantiles: int, smooth: bool) -> np.ndarray:
    """The copies of each document, from the ledger of a mix."""
    counted_by = str(open_model("tokenizer", "tokenizer").path(FILE))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "corpus").mkdir()
        write_corpus(folder / "corpus", tokens)
        corpus = {"path": str(folder / "corpus"), "columns": {"tokens": "n"}, "counted_by": counted_by}
        bins = {"level": {"signal": "quality.level", "quantiles": quantiles, "smooth": smooth}}
        stage = {"name": "all", "tokens": budget, "curve": CURVE}
        driver = driver_of(
            {"corpora": {"web": corpus}, "stages": [stage], "bins": bins, "max_epochs": {"default": 9}}, folder
        )
        for step in (driver.measure, driver.plan, driver.pick, driver.order, driver.place, driver.write):
            step()
        ledgers = (folder / "mix" / "order").glob("*.parquet")
        found = Counter(key for path in ledgers for key in pq.read_table(path)["id"].to_pylist())
    return np.array([found[str(k)] for k in range(len(tokens))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    count = parser.parse_args().documents // NEIGHBOURS * NEIGHBOURS
    tokens = np.clip(np.random.default_rng(0).lognormal(5, 1, count), 2, 5000).astype(int)
    budget = int(tokens.sum() * 0.75)
    above = (np.cumsum(tokens) - tokens / 2) / tokens.sum() - CURVE["throwaway"]
    exposure = np.maximum(above, 0) ** CURVE["power"]
    exposure *= budget / (exposure * tokens).sum()
    print(f"{count:,} documents, {budget:,} tokens, largest e {exposure.max():.2f}")
    weights = tokens.reshape(-1, NEIGHBOURS)
    for quantiles, smooth in ((20, False), (20, True), (50, False), (100, False)):
        taken = copies(tokens, budget, quantiles, smooth)
        far = np.sort(abs(((taken - exposure).reshape(weights.shape) * weights).sum(axis=1) / weights.sum(axis=1)))
        beside = ((taken < np.floor(exposure)) | (taken > np.ceil(exposure))).mean()
        kind = f"{quantiles} quantiles{', smooth' if smooth else ''}"
        print(
            f"{kind:<22} mean of {NEIGHBOURS} neighbours off by {far[-1]:.3f} at most,"
            f" {far[-len(far) // 20]:.3f} in 95 of 100; {beside:.3%} of the documents neither rounded down nor up;"
            f" budget missed by {(taken * tokens).sum() - budget:,}",
            flush=True,
        )


if __name__ == "__main__":
    main()
