"""Character repair against ftfy: what comes back exactly, what clean text suffers, how fast.

    python bench/repair.py accuracy   broken rows with the true text, per kind of damage
    python bench/repair.py clean      which clean documents are changed, and in what way
    python bench/repair.py made       damage made here on clean paragraphs: exact, left, partly, worse; word borders
    python bench/repair.py speed      detector, whole step and ftfy, MB/s of UTF-8 text on one core, best of three

Exact means equal to the true text once invisible characters are out and white space is left aside on both sides: the
step also normalises what the true texts still hold (no-break spaces) and spaces reviews written without any.
"""

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import ftfy
import numpy as np
import pyarrow as pa

from algok.filters.repair.step import KINDS, Repair, repair_text
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


def _misread(text: str) -> str:
    """UTF-8 read as Latin-1."""
    return text.encode().decode("latin-1")


def _some(text: str, separator: str, damage: Callable[[str], str], chance: random.Random) -> str:
    """Half of the parts damaged, at least one."""
    parts = text.split(separator)
    hit = set(chance.sample(range(len(parts)), (len(parts) + 1) // 2))
    return separator.join(damage(part) if row in hit else part for row, part in enumerate(parts))


def _escape(text: str) -> str:
    return json.dumps(text)[1:-1].replace('\\"', '"')


def _escape_lines(text: str) -> str:
    return "\n".join(map(_escape, text.split("\n")))


def _surrogates(text: str) -> str:
    """Emoji beyond the basic plane as entities of their two surrogates, as old JavaScript wrote them."""
    raw = text.encode("utf-16-be")
    units = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
    return "".join(f"&#{unit};" if 0xD800 <= unit < 0xE000 else chr(unit) for unit in units)


def _cp949_percent(text: str) -> str:
    return " ".join(quote(word.encode("cp949", "xmlcharrefreplace")) for word in text.split(" "))


SMILE = " 😀"
MADE: dict[str, Callable[[str, random.Random], str]] = {
    "percent-encoded words": lambda text, _: " ".join(quote(word, safe="") for word in text.split(" ")),
    "percent-encoded, %20 for spaces": lambda text, _: quote(text, safe="\n"),
    "percent-encoded CP949": lambda text, _: "\n".join(map(_cp949_percent, text.split("\n"))),
    "\\u escapes": lambda text, _: _escape_lines(text),
    "\\u escapes, half of the words": lambda text, chance: _some(text, " ", _escape_lines, chance),
    "UTF-8 as Latin-1, half of the lines": lambda text, chance: _some(text, "\n", _misread, chance),
    "UTF-8 as Latin-1, half of the words": lambda text, chance: _some(text, " ", _misread, chance),
    "UTF-8 as Latin-1, words stripped": lambda text, _: re.sub(r"\S+", lambda word: _misread(word[0]).strip(), text),
    "entities of surrogates": lambda text, _: _surrogates(text + SMILE),
    "every space lost": lambda text, _: text.replace(" ", ""),
    "a space between all syllables": lambda text, _: re.sub("(?<=[가-힣])(?=[가-힣])", " ", text),
}


def paragraphs(data: Path, number: int = 150) -> list[str]:
    """Three lines of news or book reviews each, half of them Hangul or more, with spaces as usual, and no damage of their own."""
    names = ("domain/wikinews_ko", "domain/book_reviews_nanet")
    lines = [line.strip() for name in names for row in rows(data, name) for line in row["text"].split("\n")]
    lines = [line for line in lines if 20 <= len(line) <= 200 and len(re.findall("[가-힣]", line)) * 2 > len(line)]
    lines = [line for line in dict.fromkeys(lines) if line[-1] == "." and repair_text(line) == line]
    chosen = random.Random(0).sample(lines, 3 * number)
    return ["\n".join(chosen[row : row + 3]) for row in range(0, len(chosen), 3)]


def _borders(text: str) -> tuple[str, set[int]]:
    """The letters, and after how many of them a word ends."""
    words = [len(word) for word in text.split()]
    return "".join(text.split()), {sum(words[: row + 1]) for row in range(len(words))}


def word_f1(ours: list[str], gold: list[str]) -> float:
    """F1 of eojeol: a word counts if both of its borders are right and nothing between."""
    right = mine = true = 0
    for a, b in zip(ours, gold, strict=True):
        (letters, ends), (true_letters, true_ends) = _borders(a), _borders(b)
        spans, true_spans = (set(zip([0, *sorted(at)], sorted(at), strict=False)) for at in (ends, true_ends))
        mine, true = mine + len(spans), true + len(true_spans)
        right += len(spans & true_spans) if letters == true_letters else 0
    return 2 * right / max(mine + true, 1)


def made(data: Path) -> None:
    gold = paragraphs(data)
    print(
        f"{'damage made':38}{'rows':>6}{'exact':>7}{'left':>6}{'partly':>8}{'worse':>7}{'eojeol F1':>11}{'before':>8}"
    )
    for name, damage_of in MADE.items():
        chance = random.Random(1)
        broken = [damage_of(text, chance) for text in gold]
        texts = [text for part in batches(broken) for text in Repair().edit(part).text.to_pylist()]
        true = [text + SMILE if "surrogates" in name else text for text in gold]
        counts = Counter(_outcome(*row) for row in zip(broken, texts, true, strict=True))
        print(
            f"{name:38}{len(gold):6}{counts['exact']:7}{counts['left']:6}{counts['partly']:8}{counts['worse']:7}"
            f"{word_f1(texts, true):11.3f}{word_f1(broken, true):8.3f}",
            flush=True,
        )


def _outcome(broken: str, ours: str, gold: str) -> str:
    """How a row came out. Worse: fewer syllables of the true text than before, of those that stand in common order."""
    if ours == gold:
        return "exact"
    if ours == broken:
        return "left"
    common = [sum((Counter(re.findall("[가-힣]", text)) & Counter(gold)).values()) for text in (broken, ours)]
    return "worse" if common[1] < common[0] else "partly"


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
    parser.add_argument("what", choices=("accuracy", "made", "clean", "speed"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    {"accuracy": accuracy, "made": made, "clean": clean, "speed": speed}[options.what](options.data)


if __name__ == "__main__":
    main()
