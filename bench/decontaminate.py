"""Decontamination: planted exam questions found again, neutral documents hit, speed.

    python bench/decontaminate.py [--data ../shared/data] [--items FILE] [--part all|recall|neutral|units|speed]

Items: CLIcK, in the fields of its distribution. dev and test are halves by the SHA-256 of the item's id; the constants were
chosen on dev and on the neutral sets of DEV, and every other figure is of test and of the other sets. An item is planted
in the middle of a neutral document, and found if the document has a hit and that very item is the evidence.

exact      the text, options numbered ① to ⑤
spacing    a space lost in ten, a space put in behind three characters in a hundred
joined     no white space at all
numbering  options counted as 1) (1) 1. A. or 가., by chance
endings    of the particles and endings that Kiwi finds 40 %, or all, are put in place of others of their kind
question   the question alone, without paragraph and options
"""

import argparse
import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from kiwipiepy import Kiwi

from algok.classifiers.contamination import ContaminationIndex
from algok.classifiers.labelled_rows import read_rows
from algok.classifiers.store import open_model
from algok.classifiers.training import contamination
from algok.classifiers.training.benchmarks import Item
from algok.kernels.contamination import FUNCTIONAL, Tables

# Looked at while the constants were chosen.
DEV = (
    *(
        "petitions",
        "law_statutes",
        "wikinews_ko",
        "book_reviews_nanet",
        "unesco_reports",
        "dps_web_sample",
        "domain_texts",
    ),
    *("ms_dynamics_docs_ko", "chatbot_dialogues", "fairytales", "ms_cpp_docs_ko", "nsmc_raw_reviews"),
)
# Damaged text, lists of words, generated sentences, and the items themselves are no neutral documents.
LEFT_OUT = ("chars", "benchmarks", "pii", "pairs", "documents", "warc")
FIVE_OPTIONS = "CSAT"
STYLES = ("1) 2) 3) 4) 5)", "(1) (2) (3) (4) (5)", "1. 2. 3. 4. 5.", "A. B. C. D. E.", "가. 나. 다. 라. 마.")
# Particles and connective endings -> others that stand in the same place.
OTHERS = {
    ("이", "JKS"): ("은", "JX"), ("가", "JKS"): ("는", "JX"), ("은", "JX"): ("이", "JKS"), ("는", "JX"): ("이", "JKS"),
    ("을", "JKO"): ("은", "JX"), ("를", "JKO"): ("는", "JX"), ("에", "JKB"): ("에서", "JKB"), ("에서", "JKB"): ("에", "JKB"),
    ("으로", "JKB"): ("에서", "JKB"), ("로", "JKB"): ("에서", "JKB"), ("와", "JC"): ("하고", "JC"), ("과", "JC"): ("하고", "JC"),
    ("의", "JKG"): ("에서의", "JKG"), ("고", "EC"): ("며", "EC"), ("며", "EC"): ("고", "EC"), ("어서", "EC"): ("니", "EC"),
    ("아서", "EC"): ("니", "EC"), ("지만", "EC"): ("으나", "EC"), ("면", "EC"): ("거든", "EC"), ("도록", "EC"): ("게", "EC"),
    ("게", "EC"): ("도록", "EC"),
}  # fmt: skip


def click(path: Path) -> list[Item]:
    """The questions with their options apart, which the shared file has in one text."""
    items = []
    for row in read_rows(path):
        lines = row["text"].split("\n")
        options = 5 if FIVE_OPTIONS in row["meta"]["file"] else 4
        question = [line for line in lines[:-options] if line.rstrip().endswith(("?", "?)", "시오.", "것은", "것은?"))]
        asked = question[-1:] or lines[-options - 1 : -options]
        rest = [line for line in lines[:-options] if line not in asked]
        items.append(Item("click", row["id"], "\n".join(asked), tuple(lines[-options:]), "", "\n".join(rest)))
    return items


def is_test(item: Item) -> bool:
    return hashlib.sha256(item.id.encode()).digest()[0] >= 128


def planted(item: Item, marks: list[str]) -> str:
    """An item as a page shows it."""
    options = [f"{mark} {option}" for mark, option in zip(marks, item.options)]
    return "\n".join(part for part in (item.context, item.question, *options) if part)


def spaced(text: str, rng: random.Random) -> str:
    kept = (char for char in text if not char.isspace() or rng.random() >= 0.1)
    return "".join(char + (" " if not char.isspace() and rng.random() < 0.03 else "") for char in kept)


def rewritten(text: str, kiwi: Kiwi, rng: random.Random, share: float) -> str:
    """Other particles and endings in a share of their places."""
    lines = []
    for line in text.split("\n"):
        parts, end = [], -1
        for token in kiwi.tokenize(line):
            form, tag = token.form, token.tag
            if rng.random() < share:
                form, tag = OTHERS.get((form, tag), (form, tag))
                if tag == "EF":
                    asks = form.endswith(("까", "가", "냐"))
                    form = rng.choice(["습니까", "나요", "을까"] if asks else ["습니다", "어요", "지요", "네"])
            parts.append((form, tag, 0 <= end < token.start))
            end = token.end
        lines.append(kiwi.join(parts) if parts else line)
    return "\n".join(lines)


def variants(kiwi: Kiwi) -> dict[str, Callable[[Item, random.Random], str]]:
    circled = list("①②③④⑤")

    def numbered(item: Item, rng: random.Random) -> str:
        return planted(item, rng.choice(STYLES).split())

    return {
        "exact": lambda item, rng: planted(item, circled),
        "spacing": lambda item, rng: spaced(planted(item, circled), rng),
        "joined": lambda item, rng: "".join(numbered(item, rng).split()),
        "numbering": numbered,
        "endings 40 %": lambda item, rng: rewritten(planted(item, circled), kiwi, rng, 0.4),
        "endings 100 %": lambda item, rng: rewritten(planted(item, circled), kiwi, rng, 1),
        "question": lambda item, rng: item.question,
    }


def built(items: list[Item], background: list[str], folder: str) -> ContaminationIndex:
    contamination.build_index(items, lambda: iter(background), Path(folder), data=[])
    return ContaminationIndex(open_model(folder, contamination.KIND))


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def print_recall(items: list[Item], neutral: list[str], title: str) -> None:
    """The share of items found, by what was done to them and by length."""
    kiwi, rng = Kiwi(), random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        index = built(items, [], f"{folder}/index")
        undecidable = list(read_rows(Path(folder) / "index" / "undecidable.jsonl"))
    lengths = np.array([len("".join(planted(item, [""] * 5).split())) for item in items])
    steps = ((0, 60), (60, 120), (120, 400), (400, 10**9))
    print(f"\n{title}: {len(items)} items, {len(undecidable)} undecidable")
    print(f"{'':14}  all   " + "  ".join(f"{low}–{high if high < 10**9 else ''}".rjust(8) for low, high in steps))
    for name, change in variants(kiwi).items():
        documents = []
        for item in items:
            around = rng.choice(neutral)[:3000]
            documents.append(f"{around[: len(around) // 2]}\n{change(item, rng)}\n{around[len(around) // 2 :]}")
        found = index.find(column(documents))
        own = np.array([e >= 0 and index.tables.items[e] == number for number, e in enumerate(found.entry)])
        hit = own & (found.hits > 0)
        shares = [hit[(lengths >= low) & (lengths < high)].mean() for low, high in steps]
        print(f"{name:14} {hit.mean():.3f}  " + "  ".join(f"{share:8.3f}" for share in shares))


def neutral_sets(data: Path) -> Iterator[tuple[str, list[str]]]:
    for path in sorted(data.glob("*/*.jsonl.zst")):
        if path.parent.name not in LEFT_OUT and "profanity" not in path.name and "spam" not in path.name:
            yield path.name.partition(".")[0], [row["text"] for row in read_rows(path)]


def print_neutral(index: ContaminationIndex, data: Path, title: str) -> None:
    """Documents hit, by set, and the evidence."""
    print(f"\n{title}\n{'set':24} documents    hit  nearest margin")
    for wanted, said in ((True, "looked at while choosing"), (False, "others")):
        total = hits = 0
        for name, texts in neutral_sets(data):
            if (name in DEV) is not wanted:
                continue
            found = index.find(column(texts))
            _, margin = index.coverage(found)
            number = int((found.hits > 0).sum())
            evidence = [item for item in index.named(found)[1] if item]
            print(f"{name:24} {len(texts):9,} {number:6}  {margin.max():6.2f}  {', '.join(evidence[:4])}")
            total, hits = total + len(texts), hits + number
        print(f"{said:24} {total:9,} {hits:6}  {1000 * hits / max(1, total):.3f} in 1,000")


def sentences(data: Path) -> list[Item]:
    """Short sentences as if they were items of a benchmark: what is hardest to tell from text that is nobody's."""
    texts = sorted({line for row in read_rows(data / "pairs" / "kornlu.jsonl.zst") for line in row["text"].split("\n")})
    return [Item("sentences", str(number), text) for number, text in enumerate(texts)]


def units(text: str, finals: bool, functional: bool) -> str:
    """The units of a text, or those of other definitions, as a string."""
    kept = []
    for char in text.lower():
        if "가" <= char <= "힣":
            if not functional or char not in FUNCTIONAL:
                kept.append(char if finals else chr(ord(char) - (ord(char) - 0xAC00) % 28))
        elif char.isalnum() and not "①" <= char <= "⑳":
            kept.append(char)
    return "".join(kept)


def print_units(items: list[Item]) -> None:
    """Why these units: the share of shingles that survive, by how a unit is defined and how long a shingle is."""
    rng, change = random.Random(2), variants(Kiwi())
    plain = [planted(item, [""] * 5) for item in items]
    names = ("spacing", "joined", "endings 40 %", "endings 100 %")
    changed = {name: [change[name](item, rng) for item in items] for name in names}
    print("\nItems of which half of the shingles survive, by the definition of a unit")
    for finals, functional, said in (
        (True, False, "syllables"),
        (False, False, "without finals"),
        (True, True, "without functional syllables"),
        (False, True, "without both"),
    ):
        for size in (5, 6, 8):
            figures = []
            for name in names:
                shares = [_surviving(*pair, finals, functional, size) for pair in zip(plain, changed[name])]
                figures.append(f"{name} {np.mean(np.array(shares) >= 0.5):.3f}")
            print(f"{said:28} {size}  {'  '.join(figures)}", flush=True)


def _surviving(before: str, after: str, finals: bool, functional: bool, size: int) -> float:
    """The share of a text's shingles that another has."""
    parts = [units(text, finals, functional) for text in (before, after)]
    own, others = ({part[k : k + size] for k in range(len(part) - size + 1)} for part in parts)
    return len(own & others) / max(1, len(own))


def padded(tables: Tables, shingles: int) -> Tables:
    """The tables with strange shingles besides, of the first entry, as many as a large index has."""
    strange = np.random.default_rng(1).integers(0, 1 << 64, shingles, np.uint64)
    every, place = np.unique(np.concatenate([tables.shingles, strange]), return_index=True)
    counts = np.concatenate([np.diff(tables.firsts), np.ones(shingles, np.int64)])
    firsts = np.concatenate([[0], np.cumsum(counts)])
    sizes = counts[place]
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    postings = np.concatenate([tables.postings, np.zeros(shingles, np.int32)])
    postings = postings[np.repeat(firsts[place] - ends[:-1], sizes) + np.arange(ends[-1])]
    weights = np.concatenate([tables.weights, np.full(shingles, 1000, np.int32)])[place]
    return Tables.of(
        every, weights, ends, postings, tables.items, tables.totals, tables.needed, tables.asked, tables.gap
    )


def print_speed(index: ContaminationIndex, data: Path) -> None:
    """Megabytes a second of one core, processor time, the best of five."""
    print("\nMB/s of one core (the best of five), by shingles in the index")
    sets = {name: column(texts) for name, texts in neutral_sets(data) if name in DEV[:2] + DEV[5:6] + DEV[-1:]}
    for extra in (0, 1_000_000):
        index.tables = padded(index.tables, extra) if extra else index.tables
        figures = []
        for name, texts in sets.items():
            size = sum(len(text.encode()) for text in texts.to_pylist()) / 1e6
            figures.append(f"{name} {size / fastest(index.find, texts):.0f}")
        print(f"{len(index.tables.shingles):9,}  {'  '.join(figures)}", flush=True)


def fastest(call: Callable[[pa.Array], object], texts: pa.Array) -> float:
    """Processor seconds of the best of five calls."""
    taken = []
    for _ in range(5):
        begun = time.process_time()
        call(texts)
        taken.append(time.process_time() - begun)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[1].parent / "shared" / "data")
    parser.add_argument("--items", type=Path, help="A file like benchmarks/click_half.jsonl.zst [default: that one].")
    parser.add_argument("--part", choices=["all", "recall", "neutral", "units", "speed"], default="all")
    options = parser.parse_args()
    if not options.data.exists():
        sys.exit(f"{options.data}: there is no such folder")
    items = click(options.items or options.data / "benchmarks" / "click_half.jsonl.zst")
    dev, test = [item for item in items if not is_test(item)], [item for item in items if is_test(item)]
    sets = dict(neutral_sets(options.data)) if options.part in ("all", "recall") else {}
    part = options.part
    if part in ("all", "recall"):
        print_recall(dev, sets["wikinews_ko"], "dev items in news")
        around = sets["web_labels"] + sets["book_reviews_acorn"]
        print_recall(test, around, "test items in web pages and reviews")
    if part in ("all", "units"):
        print_units(dev)
    with tempfile.TemporaryDirectory() as folder:
        if part in ("all", "neutral"):
            print_neutral(built(items, [], f"{folder}/items"), options.data, "CLIcK")
            statutes = [row["text"] for row in read_rows(options.data / "domain" / "law_articles.jsonl.zst")]
            with_statutes = built(items, statutes, f"{folder}/statutes")
            undecidable = list(read_rows(Path(folder) / "statutes" / "undecidable.jsonl"))
            print_neutral(
                with_statutes, options.data, f"CLIcK, articles of law as background: {len(undecidable)} undecidable"
            )
            many = built(items + sentences(options.data), [], f"{folder}/many")
            print_neutral(many, options.data, "CLIcK and 14 thousand sentences as if they were items")
        if part in ("all", "speed"):
            print_speed(built(items, [], f"{folder}/speed"), options.data)


if __name__ == "__main__":
    main()
