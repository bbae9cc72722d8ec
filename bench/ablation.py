"""What curation and mixing do for a language model: n-gram models on equal tokens, by bits per character of texts kept apart.

    python bench/ablation.py [--data ../shared/data] [--documents 2500] [--part 0.45] [--draws 3] [--orders 3 5]

One random sample of crawled pages and of blog and news chunks becomes four training sets of equally many tokens: `raw`, the
extracted texts as they are; `fineweb2`, what FineWeb-2's Korean filters keep of them (the step of that name, which computes what
datatrove computes); `kept`, what the web recipe keeps; and `mixed`, the kept documents balanced over domains with more of the
better. The sets have `--part` of the tokens of `kept` (or what the smallest has, if that is less), and no document comes twice in
any of them, so it is the choice that is compared and not repetition. Each set is drawn `--draws` times, with other seeds; printed
are the mean and the largest distance from it. KenLM's lmplz (modified Kneser-Ney, nothing pruned) makes the models over pieces of
the shipped tokenizer, whose every piece is known to each model. Lower is better; the texts that are measured are in none of the
sets.
"""

import argparse
import hashlib
import math
import tempfile
import time
from pathlib import Path

import kenlm
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import Tokenizer, load_tokenizer
from algok.classifiers.training.lmplz import lmplz
from algok.classifiers.training.ngram_lm import estimate
from algok.mixing.mix import execute as execute_mix
from algok.mixing.recipe import validate
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import Recipe, load_recipe, recipe_from_text
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run

RAW = ["warc/*.warc.gz", "noisy/dps_web_sample.jsonl.zst"]
SOURCES = ("web", "blog")
HELD_OUT = {
    "encyclopedia": ["documents/namu/namuwikitext_20200302.train.sample"],
    "news": ["domain/wikinews_ko.jsonl.zst"],
    "law": ["domain/law_articles.jsonl.zst"],
    "literature": ["domain/fairytales.jsonl.zst", "clean/ud_kaist.jsonl.zst"],
    "dialogue": ["domain/chatbot_dialogues.jsonl.zst"],
}
MOST_CHARACTERS = 150_000  # of each kind of text that is measured
BALANCED = {
    "bins": {"level": {"signal": "quality.level", "quantiles": 10}},
    "prior": {"natural": 0.5, "uniform": 0.5, "over": "domain.major"},
    "curve": {"bins": "level", "throwaway": 0.2, "power": 1, "max": 1},
}


def run(recipe: Recipe, output: Path) -> Path:
    execute(recipe, str(output), make_executor("local", 0), SilentProgress())
    return output


def sample(data: Path, folder: Path, count: int) -> list[dict]:
    """The inputs of a recipe: a random sample of the raw documents, a file per source."""
    text = "\n".join(f"- {{path: '{data / name}', source: {source}}}" for name, source in zip(RAW, SOURCES))
    raw = run(recipe_from_text(f"inputs:\n{text}\nsteps: {{tokens: {{}}}}\n"), folder / "extracted")
    table = Run.open(str(raw)).kept().to_table(columns=["id", "text", "url", "source"])
    order = sorted(range(len(table)), key=lambda k: hashlib.sha256(table["id"][k].as_py().encode()).digest())
    chosen = table.take(order[:count])
    inputs = []
    for source in sorted(set(chosen["source"].to_pylist())):
        own = chosen.filter(pc.equal(chosen["source"], source))
        pq.write_table(own, folder / f"{source}.parquet", row_group_size=500)
        inputs.append({"path": str(folder / f"{source}.parquet"), "source": source})
        print(f"{source}: {len(own):,} documents, {pc.sum(pc.utf8_length(own['text'])).as_py() / 1e6:.1f} M characters")
    return inputs


def training_sets(inputs: list[dict], folder: Path) -> dict[str, Path]:
    """The finished run behind each training set."""
    steps = {"raw": "{tokens: {}}", "fineweb2": "{fineweb2: {}, tokens: {}}"}
    lines = "\n".join(f"- {orjson.dumps(one).decode()}" for one in inputs)
    runs = {n: run(recipe_from_text(f"inputs:\n{lines}\nsteps: {s}\n"), folder / n) for n, s in steps.items()}
    runs["kept"] = runs["mixed"] = run(load_recipe("web", inputs=inputs), folder / "kept")
    return runs


def mixed(name: str, source: Path, folder: Path, tokens: int, seed: int) -> list[str]:
    """The texts of a training set: a random part of a run, or the balanced mix of it."""
    stage: dict = {"name": "all", "tokens": tokens}
    data: dict = {"corpora": {"web": {"run": str(source)}}, "stages": [stage], "max_epochs": {"default": 1}}
    data["seed"] = seed
    if name == "mixed":
        data["bins"] = BALANCED["bins"]
        stage |= {key: BALANCED[key] for key in ("prior", "curve")}
    plain = RecipeText(data)
    output = folder / f"mix-{name}-{seed}"
    execute_mix(validate(plain), plain, str(output), make_executor("local", 0), SilentProgress())
    return ds.dataset(output / "parquet").to_table(columns=["text"])["text"].to_pylist()


def model(texts: list[str], tokenizer: Tokenizer, order: int, folder: Path) -> kenlm.Model:
    """The n-gram model of some texts; every piece stands once on a line of its own, so that none is unknown."""
    ids, offsets = tokenizer.ids(pa.array(texts, pa.large_string()))
    documents = [*np.split(ids, offsets[1:-1]), *np.arange(tokenizer.size, dtype=np.int32)[:, None]]
    estimate(documents, folder / "model.arpa", lmplz(), order=order, prune=(0,) * order)
    return kenlm.Model(str(folder / "model.arpa"))


def measured_texts(data: Path) -> dict[str, list[str]]:
    found = {}
    for kind, names in HELD_OUT.items():
        texts, size = [], 0
        for text in (text for name in names for text in read(data / name)):
            if size < MOST_CHARACTERS:
                texts.append(text)
                size += len(text)
        found[kind] = texts
    return found


def read(path: Path) -> list[str]:
    if path.suffix == ".sample":
        return [part for part in path.read_text(encoding="utf-8").split("\n\n") if len(part) > 50]
    with pa.input_stream(str(path), compression="detect") as stream:
        return [orjson.loads(line)["text"] for line in stream.read().splitlines()]


def bits_per_character(made: kenlm.Model, texts: list[str], tokenizer: Tokenizer) -> float:
    ids, offsets = tokenizer.ids(pa.array(texts, pa.large_string()))
    logs = sum(made.score(" ".join(map(str, own.tolist()))) for own in np.split(ids, offsets[1:-1]))
    return -logs * math.log2(10) / sum(map(len, texts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--documents", type=int, default=2500)
    parser.add_argument("--part", type=float, default=0.45, help="Of the kept tokens, in each set.")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--orders", type=int, nargs="+", default=[3, 5])
    options = parser.parse_args()
    begin = time.monotonic()
    lmplz()  # if it cannot be had, that is known before anything is computed
    tokenizer = load_tokenizer(open_model("tokenizer", "tokenizer"))
    held_out = measured_texts(options.data.resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = training_sets(sample(options.data.resolve(), folder, options.documents), folder)
        have = {kind: Run.open(str(run)).summary.account.kept for kind, run in runs.items()}
        sizes = {kind: _tokens(run) for kind, run in runs.items()}
        tokens = int(min(sizes["kept"] * options.part, *(size * 0.98 for size in sizes.values())))
        print(f"{tokens:,} tokens of each: " + ", ".join(f"{k} has {have[k]:,} documents, {sizes[k]:,}" for k in runs))
        print(f"{time.monotonic() - begin:.0f} s so far")
        print("set      order  " + "  ".join(f"{kind:>14}" for kind in held_out))
        for kind, source in runs.items():
            sets = [mixed(kind, source, folder, tokens, seed) for seed in range(options.draws)]
            for order in options.orders:
                made = (model(texts, tokenizer, order, folder) for texts in sets)
                bits = [[bits_per_character(one, own, tokenizer) for own in held_out.values()] for one in made]
                print(f"{kind:<8} {order:>5}  " + "  ".join(map(shown, np.array(bits).T)), flush=True)
    print(f"{time.monotonic() - begin:.0f} s in all")


def shown(bits: np.ndarray) -> str:
    """The mean of some draws and the largest distance from it."""
    return f"{bits.mean():>8.3f} ±{abs(bits - bits.mean()).max():.3f}"


def _tokens(run: Path) -> int:
    counts = Run.open(str(run)).kept().to_table(columns=["tokens.count"])["tokens.count"]
    return pc.sum(counts).as_py() + len(counts)


if __name__ == "__main__":
    main()
