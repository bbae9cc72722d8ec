"""What the rules of the step `trim` take away on real texts, and what they take from texts of other sources.

    python bench/trim.py [--show N]      N excerpts of what went, for each set and kind

Each set is trimmed by the rules of its source (`effect`), and clean sets by the rules of every source (`harm`): nothing of a
manual, a review or a fairy tale surrounds it. Documents are the HWP and PDF files of the shared data, as algok reads them.
Speed is processor time on one core.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson

from algok.filters.trim.step import RULES, trimmed
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError, ExtractLimits
from algok.pipelines.readers.streams import InputStream, blocks

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
EFFECT = {
    "law": ["domain/law_statutes", "domain/law_articles"],
    "news": ["domain/wikinews_ko", "noisy/dps_web_sample", "labels/domain_texts"],
    "book": ["domain/unesco_reports"],
    "government": ["documents/hwp", "documents/pdf"],
    "paper": ["documents/pdf"],
    "dialogue": ["domain/chatbot_dialogues"],
}
CLEAN = [
    "clean/python_docs_ko", "clean/ms_dynamics_docs_ko", "domain/book_reviews_nanet", "domain/fairytales", "domain/petitions",
    "domain/bible_krv",
]  # fmt: skip


def texts(name: str) -> Iterator[str]:
    """The texts of a set, or of the documents in a folder."""
    folder = SHARED / name
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            try:
                yield extract(path.read_bytes(), None, ExtractLimits(bytes=1 << 28), "").text
            except ExtractError:
                continue
        return
    with InputStream(f"{folder}.jsonl.zst") as source:
        for line in b"".join(blocks(source)).splitlines():
            yield orjson.loads(line)["text"]


def measured(name: str, source: str, show: int) -> None:
    """Prints a line for a set under the rules of a source."""
    documents = list(texts(name))
    kinds: Counter[str] = Counter()
    edited = before = after = 0
    shown: dict[str, list[str]] = {}
    start = time.process_time()
    for text in documents:
        new, found = trimmed(text, RULES[source])
        edited += new != text
        before, after = before + len(text), after + len(new)
        for kind, pieces in found.items():
            kinds[kind] += len(pieces)
            shown.setdefault(kind, []).extend(pieces[: show // 4 + 1])
    seconds = time.process_time() - start
    size = sum(len(text.encode()) for text in documents) / 1e6
    found = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    share = f"{100 * (1 - after / max(1, before)):.2f} % of characters"
    print(
        f"{source:12} {name:28} {edited:,} of {len(documents):,} documents, {share}; {size / seconds:.0f} MB/s; {found}"
    )
    for kind, pieces in shown.items():
        for piece in pieces[:: max(1, len(pieces) // max(1, show))][:show]:
            print(f"    {kind}: {piece[:100]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", type=int, default=0)
    show = parser.parse_args().show
    print("effect")
    for source, names in EFFECT.items():
        for name in names:
            measured(name, source, show)
    print("harm")
    for source in RULES:
        for name in CLEAN:
            measured(name, source, show)


if __name__ == "__main__":
    main()
