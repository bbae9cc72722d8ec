"""Small foreign corpora on disk, and mixes over them."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from conftest import prose

from algok.mixing.mix import execute
from algok.mixing.recipe import Mix, validate
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe_source import RecipeText

SOURCES = ("law", "news", "web")


def documents(count: int, name: str = "d") -> list[dict]:
    """Documents of different lengths, of three sources in unequal parts."""
    return [
        {
            "id": f"{name}{number}",
            "text": prose(number)[: 40 + number * 37 % 500],
            "source": SOURCES[0 if number % 10 == 0 else 1 if number % 3 == 0 else 2],
            "quality.level": float(number * 7 % 50) / 10,
            "provenance": "organic",
        }
        for number in range(count)
    ]


def write_corpus(folder: Path, rows: list[dict], files: int = 3) -> Path:
    """The rows in some Parquet files of several row groups."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        pq.write_table(pa.Table.from_pylist(rows[number::files]), folder / f"part{number}.parquet", row_group_size=17)
    return folder


STAGES = [
    {"name": "first", "tokens": 6000, "shares": {"source=law": ">= 0.2"}},
    {
        "name": "second",
        "tokens": 3000,
        "select": {"signal": "quality.level", "top": 0.5, "within": "source"},
        "order": {"signal": "quality.level", "strength": 0.4},
        "replay": {"of": "first", "share": 0.2},
    },
]


def mix_of(corpora: dict[str, Path], places: dict | None = None, **keys) -> tuple[Mix, RecipeText]:
    """A mix of folders; `places` has corpora that need more keys than a path."""
    data = {
        "corpora": {name: {"path": str(path)} for name, path in corpora.items()} | (places or {}),
        "stages": STAGES,
        "shards": 2,
        "split_bytes": 1024,
    }
    source = RecipeText({**data, **keys})
    return validate(source), source


def run_mix(corpora: dict[str, Path], output: Path, executor=None, **keys):
    mix, source = mix_of(corpora, **keys)
    executor = executor or make_executor("local", 0)
    try:
        return execute(mix, source, str(output), executor, SilentProgress())
    finally:
        executor.close()


def bytes_of(output: Path) -> dict[str, str]:
    """Name -> SHA-256 of everything that must be the same for the same documents and mix."""
    kept = [path for path in sorted(output.rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in kept
        if path.parts[len(output.parts)] not in ("done", "run.lock", "mix.json", "mix.yaml")
    }
