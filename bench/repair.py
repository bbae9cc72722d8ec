"""Character repair against ftfy: what comes back exactly, what clean text suffers, how fast.

    python bench/repair.py accuracy   broken rows with the true text, per kind of damage
    python bench/repair.py clean      which clean documents are changed, and in what way
    python bench/repair.py speed      detector, whole step and ftfy, MB/s of UTF-8 text on one core, best of three

Exact means equal to the true text once invisible characters are out and white space is left aside on both sides: the
step also normalises what the true texts still hold (no-break spaces) and spaces reviews written without any.
"""

import argparse
import json
import re
import time
from collections import Counter
from pathlib import Path

import ftfy
import numpy as np
import pyarrow as pa

from algok.filters.repair.step import KINDS, Repair
from algok.kernels import damage
from algok.kernels.buffers import string_buffers

ROWS = 4096  # documents per batch, as the engine's


def rows(data: Path, name: str) -> list[dict]:
    with pa.input_stream(str(data / f"{name}.jsonl.zst"), compression="zstd") as stream:
        return [json.loads(line) for line in stream.read().splitlines()]


def batches(texts: list[str]) -> list[pa.RecordBatch]:
    return [
        pa.record_batch({"text": pa.array(texts[i : i + ROWS], pa.large_string())}) for i in range(0, len(texts), ROWS)
    ]


def essence(text: str) -> str:
    return re.sub("[\\s\u200b\ufeff\xad]", "", text)


def accuracy(data: Path) -> None:
    items = []
    for name in ("chars/mojibake_synthetic_pairs", "chars/mojibake_real", "chars/nfd_real"):
        for row in rows(data, name):
            kind = row["meta"].get("type", "nfd")
            items.append((f"{kind} ({'made' if 'synthetic' in name else 'real'})", row["text"], row["meta"]["gold"]))
    step = Repair()
    count, exact, byte_exact, rival, rival_bytes = (Counter() for _ in range(5))
    lost, wrong, aligned = Counter(), Counter(), Counter()
    for kind, text, gold in items:
        count[kind] += 1
        if gold is None:
            continue
        ours = step.edit(pa.record_batch({"text": pa.array([text], pa.large_string())})).text[0].as_py()
        theirs = ftfy.fix_text(text)
        exact[kind] += essence(ours) == essence(gold)
        byte_exact[kind] += ours == gold
        rival[kind] += essence(theirs) == essence(gold)
        rival_bytes[kind] += theirs == gold
        a, b = essence(ours), essence(gold)
        if len(a) == len(b):
            aligned[kind] += len(b)
            lost[kind] += a.count("\ufffd")
            wrong[kind] += sum(x != y and x != "\ufffd" for x, y in zip(a, b))
    print(f"{'kind':32}{'rows':>6}{'algok':>8}{'ftfy':>8}{'algok=':>8}{'ftfy=':>8}{'lost %':>8}{'wrong %':>8}")
    for kind in count:
        n = max(aligned[kind], 1)
        print(
            f"{kind:32}{count[kind]:6}{exact[kind]:8}{rival[kind]:8}{byte_exact[kind]:8}{rival_bytes[kind]:8}"
            f"{100 * lost[kind] / n:8.2f}{100 * wrong[kind] / n:8.2f}"
        )
    print(
        "algok=, ftfy=: equal byte for byte. lost, wrong: characters of algok's rows that are as long as the true text."
    )


def clean(data: Path) -> None:
    print(f"{'set':36}{'documents':>10}{'changed':>9}  by kind")
    for folder in ("clean", "domain"):
        for path in sorted((data / folder).glob("*.jsonl.zst")):
            name = f"{folder}/{path.name[:-10]}"
            texts = [row["text"] for row in rows(data, name)]
            kinds: Counter[str] = Counter()
            changed = 0
            for batch in batches(texts):
                edited = Repair().edit(batch)
                changed += int((np.asarray(edited.signals["edits"]) > 0).sum())
                kinds.update({k: int((np.asarray(edited.signals[k]) > 0).sum()) for k in KINDS})
            shown = ", ".join(f"{k} {n}" for k, n in kinds.items() if n)
            print(f"{name:36}{len(texts):10}{changed:9}  {shown}")


def best_of_three(run) -> float:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def speed(data: Path) -> None:
    print(f"{'text':28}{'MB':>7}{'flagged':>9}{'detector':>10}{'step':>9}{'ftfy':>8}   MB/s")
    step = Repair()
    for name in ("domain/bible_krv", "clean/python_docs_ko", "noisy/dps_web_sample", "noisy/ms_cpp_docs_ko"):
        texts = [row["text"] for row in rows(data, name)]
        parts = batches(texts)
        buffers = [string_buffers(part.column("text")) for part in parts]
        size = sum(len(text.encode()) for text in texts) / 1e6
        flagged = sum(int((damage.scan(*b)[0] != 0).sum()) for b in buffers)
        for part in parts:
            step.edit(part)
        detector = best_of_three(lambda: [damage.scan(*b) for b in buffers])  # noqa: B023
        whole = best_of_three(lambda: [step.edit(part) for part in parts])  # noqa: B023
        some = texts[: max(1, len(texts) // max(1, int(size)))]
        rival = best_of_three(lambda: [ftfy.fix_text(text) for text in some])  # noqa: B023
        rival_size = sum(len(text.encode()) for text in some) / 1e6
        print(
            f"{name:28}{size:7.1f}{flagged / len(texts):9.1%}{size / detector:10.0f}{size / whole:9.0f}"
            f"{rival_size / rival:8.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("accuracy", "clean", "speed"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    {"accuracy": accuracy, "clean": clean, "speed": speed}[options.what](options.data)


if __name__ == "__main__":
    main()
