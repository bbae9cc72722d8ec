"""What a new part costs beside a finished run, at ten and a hundred times as many earlier documents.

    python bench/incremental.py                 without models: repair, dedup, heuristics, lines
    python bench/incremental.py --recipe web    the whole recipe

Documents are the texts of ../shared/data/{domain,clean,noisy}, cut at line breaks into pieces of about --bytes bytes and mixed; a
part of them is new. In this process, one core, after a run that compiles: processor seconds of the new part alone, against the
finished run (`--against`), against its kept/ (a recipe's `against`, which reads all of it), and of one run over both. Then what
the finished run keeps for it, in bytes per document that dedup saw.
"""

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import Recipe, load_recipe, validate
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEFT_OUT = {"nsmc_raw_reviews", "spam_short"}  # of a line each
PLAIN = {"repair": {}, "dedup": {"keep": "first"}, "heuristics": {}, "lines": {}}
SHARD = 2000  # documents in a file
SHORT, REPEATS = ("new alone", "--against"), 3  # these runs are repeated, and the shortest time counts


def pieces(size: int) -> Iterator[dict]:
    """Documents of about so many bytes; those of one text have one host."""
    for path in sorted(DATA.glob("[cdn]*/*.jsonl.zst")):
        if path.parent.name not in ("domain", "clean", "noisy") or path.name.partition(".")[0] in LEFT_OUT:
            continue
        with pa.input_stream(str(path), compression="zstd") as file:
            for line in file.read().splitlines():
                record = orjson.loads(line)
                for number, text in enumerate(_cut(record["text"], size)):
                    yield {"text": text, "url": f"https://{path.name.partition('.')[0]}.kr/{record['id']}/{number}"}


def _cut(text: str, size: int) -> Iterator[str]:
    lines, length = [], 0
    for line in text.split("\n"):
        lines.append(line)
        length += len(line.encode())
        if length >= size:
            yield "\n".join(lines)
            lines, length = [], 0
    if length >= size / 2:
        yield "\n".join(lines)


def write(folder: Path, name: str, documents: list[dict]) -> Path:
    target = folder / name
    target.mkdir()
    for start in range(0, len(documents), SHARD):
        rows = map(orjson.dumps, documents[start : start + SHARD])
        (target / f"{name}{start // SHARD:04d}.jsonl").write_bytes(b"\n".join(rows) + b"\n")
    return target


def recipe(name: str, inputs: list[Path], **head) -> Recipe:
    paths = [{"path": str(path)} for path in inputs]
    if name == "plain":
        return validate(RecipeText({"inputs": paths, "steps": PLAIN, **head}))
    return load_recipe(name, ["steps.dedup.keep=first"], inputs=paths, **head)


def timed(recipe: Recipe, output: Path) -> float:
    """Processor seconds of a run in this process."""
    shutil.rmtree(output, ignore_errors=True)
    began = time.process_time()
    execute(recipe, str(output), make_executor("local", 0), SilentProgress())
    return time.process_time() - began


def measure(name: str, documents: list[dict], ratio: int, folder: Path) -> None:
    cut = len(documents) // (ratio + 1)
    new, old = (write(folder, kind, part) for kind, part in (("new", documents[:cut]), ("old", documents[cut:])))
    timed(recipe(name, [new]), folder / "warm")
    earlier = timed(recipe(name, [old], keep=["sketches"]), folder / "earlier")
    runs = {
        "new alone": recipe(name, [new]),
        "--against": recipe(name, [new], against_runs=[str(folder / "earlier")]),
        "against: kept/": recipe(name, [new], against=[{"path": str(folder / "earlier" / "kept")}]),
        "both": recipe(name, [old, new]),
    }
    seconds = {
        title: min(timed(given, folder / title[:4]) for _ in range(REPEATS if title in SHORT else 1))
        for title, given in runs.items()
    }
    kept = [Run.open(str(folder / title)).summary.account.kept for title in ("new ", "--ag")]
    print(
        f"{ratio}:1, {len(documents) - cut:,} earlier documents in {earlier:.1f} s, {cut:,} new, kept alone and against: {kept}"
    )
    alike, told = _compared(folder / "--ag", folder / "both", folder / "new")
    print(
        f"  of {told:,} new documents {told - alike:,} are decided, edited or told otherwise than in the one run over both"
    )
    for title, spent in seconds.items():
        print(f"  {title:15} {spent:6.2f} s  {spent / seconds['new alone']:5.2f} ×")
    for table in sorted(path for path in (folder / "earlier" / "work").glob("c*/*") if path.is_dir()):
        size = sum(file.stat().st_size for file in table.rglob("*.arrow"))
        print(f"  kept: {table.parent.name}/{table.name:10} {size / (len(documents) - cut):6.0f} bytes per document")
    for title in ("new", "old", "earlier", *(title[:4] for title in runs)):
        shutil.rmtree(folder / title)


def _compared(against: Path, both: Path, new: Path) -> tuple[int, int]:
    """How many of the new documents have the same row in both runs, kept or dropped, and how many there are."""
    rows = []
    for run in (against, both):
        told: dict[str, dict] = {}
        for output in ("kept", "dropped"):
            table = ds.dataset(str(run / output)).to_table(
                filter=pc.field("file").isin([path.name for path in new.iterdir()])
            )
            told |= {row["id"]: row for row in table.to_pylist()}
        rows.append(told)
    assert rows[0].keys() == rows[1].keys()
    return sum(row == rows[1][key] for key, row in rows[0].items()), len(rows[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="plain")
    parser.add_argument("--bytes", type=int, default=1200)
    parser.add_argument("--documents", type=int, default=1 << 60, help="at most so many")
    given = parser.parse_args()
    documents = list(pieces(given.bytes))
    random.Random(7).shuffle(documents)
    documents = documents[: given.documents]
    print(
        f"{len(documents):,} documents of {sum(len(d['text'].encode()) for d in documents) / len(documents):.0f} bytes"
    )
    with tempfile.TemporaryDirectory() as folder:
        for ratio in (10, 100):
            measure(given.recipe, documents, ratio, Path(folder))


if __name__ == "__main__":
    main()
