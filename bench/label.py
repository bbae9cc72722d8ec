"""What labelling the documents that a model is least sure of is worth, beside as many drawn by chance.

    python bench/label.py [--data ../shared/data] [--first 60] [--more 100] [--times 5]

A quality model learns from `first` labelled documents of the development hosts. It then goes over the others in a run, the choice
of `algok label` names `more` of them, and readers' labels are looked up instead of keys pressed; a second model learns from both.
Its rival gets as many drawn by chance. Measured on the held-out hosts without the gambling texts (one source, of another kind):
AUC of keep, mean over `times` draws of the first documents.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "train_models"))

from quality import labelled

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.metrics import auc
from algok.classifiers.quality import QualityModel
from algok.classifiers.split import held_out
from algok.classifiers.store import open_model
from algok.classifiers.training.quality import train_quality
from algok.evaluation.informative import choose
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run


def measured(examples: Examples, test: Examples, folder: Path) -> float:
    train_quality(examples, folder)
    keep, _ = QualityModel(open_model(str(folder), "quality")).probabilities(pa.array(test.texts, pa.large_string()))
    return auc(np.array([label[0] == 1 for label in test.labels]), keep) or 0.0


def chosen(pool: Examples, model: Path, number: int, folder: Path) -> list[int]:
    """Rows of the pool that `algok label` would show first, by a run whose quality step has this model."""
    rows = [
        {"text": text, "url": f"https://{group}/{row}"}
        for row, (text, group) in enumerate(zip(pool.texts, pool.groups))
    ]
    (folder / "pool.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    (folder / "recipe.yaml").write_text(f"mode: annotate\nsteps: {{quality: {{model: {model}}}}}\n", "utf-8")
    recipe = load_recipe(str(folder / "recipe.yaml"), inputs=[{"path": str(folder / "pool.jsonl")}])
    execute(recipe, str(folder / "run"), make_executor("local", 0), SilentProgress())
    run = Run.open(str(folder / "run"))
    urls = dict(zip(*(run.kept().to_table(columns=["id", "url"]).column(name).to_pylist() for name in ("id", "url"))))
    return [int(urls[one.id].rpartition("/")[2]) for one in choose(run, number, ("keep",))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--first", type=int, default=60)
    parser.add_argument("--more", type=int, default=100)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    every = labelled(options.data)
    dev = every.take(row for row, group in enumerate(every.groups) if not held_out(group))
    test = every.take(row for row, group in enumerate(every.groups) if held_out(group) and "gambling" not in group)
    found = []
    for seed in range(options.times):
        order = np.random.default_rng(seed).permutation(len(dev))
        first, pool = dev.take(order[: options.first]), dev.take(order[options.first :])
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            before = measured(first, test, folder / "first")
            rows = chosen(pool, folder / "first", options.more, folder)
            unsure = measured(first + pool.take(rows), test, folder / "unsure")
            chance = measured(first + pool.take(range(len(rows))), test, folder / "chance")
        found.append((before, unsure, chance))
        print(
            f"draw {seed}: first {before:.3f}, and {len(rows)} unsure {unsure:.3f}, by chance {chance:.3f}", flush=True
        )
    mean = np.mean(found, axis=0)
    print(
        f"mean: first {mean[0]:.3f}, unsure {mean[1]:.3f}, by chance {mean[2]:.3f}; all {len(dev)} documents: ", end=""
    )
    with tempfile.TemporaryDirectory() as scratch:
        print(f"{measured(dev, test, Path(scratch) / 'all'):.3f}")


if __name__ == "__main__":
    main()
