"""`make demo`: curates the carried corpus, then shows the table per step, one dropped document, and where the result is."""

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.dataset as ds

DEMO = Path(__file__).resolve().parent
OUTPUT = Path("runs/demo")


def algok(*arguments: str) -> None:
    print(f"\n$ algok {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", "algok", *arguments], check=True)


def main() -> None:
    shutil.rmtree(OUTPUT, ignore_errors=True)
    recipe = DEMO.joinpath("recipe.yaml").relative_to(Path.cwd())
    algok("run", str(recipe))
    dropped = ds.dataset(OUTPUT / "dropped", format="parquet").to_table(columns=["id", "verdict.step"])
    by_dedup = [row["id"] for row in dropped.to_pylist() if row["verdict.step"] == "dedup"]
    algok("explain", str(OUTPUT), by_dedup[0])
    algok("verify", str(OUTPUT))
    print(
        f"\nOutput: {OUTPUT}/ – kept/ and dropped/ are Parquet, README.md is the data card. Try: algok stats {OUTPUT}"
    )


if __name__ == "__main__":
    main()
