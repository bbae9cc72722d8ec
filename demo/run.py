"""`make demo`: curates the carried corpus, then shows the table per step and one dropped document, and writes the report."""

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.dataset as ds

from algok.cli.shared import print_table

DEMO = Path(__file__).resolve().parent
OUTPUT = Path("runs/demo")
REPORT = Path("runs/demo.html")


def algok(*arguments: str) -> None:
    print(f"\n$ algok {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", "algok", *arguments], check=True)


def show_columns() -> None:
    """What the models and the tagger say of every fourth kept document."""
    columns = {
        "url": "document",
        "quality.level": "quality",
        "perplexity.bits_per_char": "bits/char",
        "toxicity.max": "toxicity",
        "language.label": "language",
        "domain.sub": "domain",
        "domain.confidence": "sure",
        "style.label": "style",
        "tokens.count": "tokens",
        "pii.masked": "masked",
    }
    kept = ds.dataset(OUTPUT / "kept", format="parquet").to_table(columns=[*columns, "text"]).to_pylist()
    rows = [
        [(row["url"] or "").removeprefix("https://"), *(row[name] for name in list(columns)[1:])]
        for number, row in enumerate(kept)
        if number % 4 == 0 or row["pii.masked"]
    ]
    print("\nSome columns of the kept documents:\n")
    print_table(list(columns.values()), rows)
    print("\nWhere personal data stood:\n")
    for row in kept:
        for line in row["text"].split("\n") if row["pii.masked"] else ():
            if "<" in line:
                print(f"  {line}")


def main() -> None:
    shutil.rmtree(OUTPUT, ignore_errors=True)
    recipe = DEMO.joinpath("recipe.yaml").relative_to(Path.cwd())
    algok("run", str(recipe))
    dropped = ds.dataset(OUTPUT / "dropped", format="parquet").to_table(columns=["id", "verdict.step"])
    by_dedup = [row["id"] for row in dropped.to_pylist() if row["verdict.step"] == "dedup"]
    algok("explain", str(OUTPUT), by_dedup[0])
    algok("verify", str(OUTPUT))
    algok("report", str(OUTPUT), "-o", str(REPORT))
    show_columns()
    print(
        f"\nOutput: {OUTPUT}/ – kept/ and dropped/ are Parquet, README.md is the data card. Open {REPORT} in a browser to look "
        f"at it all. Try: algok stats {OUTPUT}"
    )


if __name__ == "__main__":
    main()
