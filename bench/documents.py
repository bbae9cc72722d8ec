"""HWP against HWPX and PDF against HWP: the same documents in two formats, each telling the truth about the other.

    python bench/documents.py [FOLDER]          FOLDER holds hwp/, hwpx/ and pdf/; pairs have the same stem

Agreement of HWP and HWPX is that of their eojeols (2·common / sum). Of a PDF against its HWP: share of the Hangul that is
there, of the eojeols, and of the 12-grams of Hangul (order). Speed is processor time, one core.
"""

import re
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import mean

from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError, ExtractLimits

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "documents"
# Pairs that are not the same document, or PDFs whose Hangul is drawn as outlines.
LEFT_OUT = re.compile(
    "hwpx_sample2-2020|passport_application|21298295|21761835|autohwp__benchmark|english|BlogForm|NewYear_s_Day|KTX"
)
_YEAR = re.compile(r"-(hancom-)?20\d\d$")
_HANGUL = re.compile("[가-힣]")
_LIMITS = ExtractLimits(bytes=1 << 28)


def read(path: Path) -> tuple[str, float, int]:
    """Text of a document, seconds, pages; no text where it is refused."""
    data, start = path.read_bytes(), time.process_time()
    try:
        page = extract(data, None, _LIMITS, "")
    except ExtractError as error:
        print(f"{path.name:60.60}  {error}")
        return "", time.process_time() - start, 0
    return page.text, time.process_time() - start, page.meta.get("pages", {}).get("count", 0)


def overlap(truth: Counter, found: Counter) -> float:
    """Share of the one that is in the other."""
    return (truth & found).total() / max(1, truth.total())


def words(text: str) -> Counter:
    """The eojeols with Hangul: the script of an equation is in no PDF."""
    return Counter(word for word in text.split() if _HANGUL.search(word))


def grams(text: str, size: int = 12) -> Counter:
    hangul = "".join(_HANGUL.findall(text))
    return Counter(hangul[at : at + size] for at in range(len(hangul) - size + 1))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    texts: dict[str, dict[str, str]] = {"hwp": {}, "hwpx": {}, "pdf": {}}
    for kind in texts:
        size = seconds = pages = 0
        for path in sorted((folder / kind).glob(f"*.{kind}")):
            text, took, count = read(path)
            texts[kind][_YEAR.sub("", path.stem)] = text
            size, seconds, pages = size + path.stat().st_size, seconds + took, pages + count
        print(f"{kind}: {size / seconds / 1e6:.1f} MB/s" + (f", {pages / seconds:.0f} pages/s" if pages else ""))
    both = [stem for stem in texts["hwp"] if stem in texts["hwpx"]]
    same = []
    for stem in both:
        one, other = (Counter(texts[kind][stem].split()) for kind in ("hwp", "hwpx"))
        same.append(2 * (one & other).total() / max(1, (one + other).total()))
    print(f"HWP and HWPX: {len(both)} pairs, eojeols {mean(same):.4f}, least {min(same):.4f}")
    rows = []
    for stem, text in texts["pdf"].items():
        truth = texts["hwp"].get(stem) or texts["hwpx"].get(stem, "")
        if len(_HANGUL.findall(truth)) < 150 or LEFT_OUT.search(stem) or not text:
            continue
        recall = overlap(Counter(_HANGUL.findall(truth)), Counter(_HANGUL.findall(text)))
        eojeols, order = overlap(words(truth), words(text)), overlap(grams(truth), grams(text))
        rows.append((recall, eojeols, order))
        print(f"{stem:60.60}  Hangul {recall:.3f}  eojeols {eojeols:.3f}  order {order:.3f}")
    good = [row for row in rows if row[0] >= 0.95]
    print(f"PDF and HWP: {len(good)} of {len(rows)} with 0.95 of the Hangul: eojeols {mean(r[1] for r in good):.3f}, "
          f"order {mean(r[2] for r in good):.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
