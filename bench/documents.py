"""HWP against HWPX and PDF against HWP: the same documents in two formats, each telling the truth about the other.

    python bench/documents.py [FOLDER] [--others]     FOLDER holds hwp/, hwpx/ and pdf/; pairs have the same stem

Agreement of HWP and HWPX is that of their eojeols (2·common / sum). Of a PDF against its HWP: share of the Hangul that is
there, of the eojeols with Hangul, and of the 12-grams of Hangul (order). Speed is processor time, one core. `--others` reads
the same PDFs with pdf_oxide, pypdf and pdfminer.six, where they are installed, and with pdfium alone.
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
_ENOUGH = 0.95
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


def compared(truths: dict[str, str], texts: dict[str, str]) -> list[tuple[str, float, float, float]]:
    """Stem, share of Hangul, of eojeols, of 12-grams, of the pairs that are the same document."""
    rows = []
    for stem, text in texts.items():
        truth = truths.get(stem, "")
        if len(_HANGUL.findall(truth)) < 150 or LEFT_OUT.search(stem):
            continue
        hangul = overlap(Counter(_HANGUL.findall(truth)), Counter(_HANGUL.findall(text)))
        rows.append((stem, hangul, overlap(words(truth), words(text)), overlap(grams(truth), grams(text))))
    return rows


def by_pdfium(path: Path) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def by_pdf_oxide(path: Path) -> str:
    import pdf_oxide

    document = pdf_oxide.PdfDocument(str(path))
    return "\n".join(document.extract_text(number) for number in range(document.page_count()))


def by_pypdf(path: Path) -> str:
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def by_pdfminer(path: Path) -> str:
    from pdfminer.high_level import extract_text

    return extract_text(path)


OTHERS = {"pdfium alone": by_pdfium, "pdf_oxide": by_pdf_oxide, "pypdf": by_pypdf, "pdfminer.six": by_pdfminer}


def compare_others(folder: Path, truths: dict[str, str], ours: list[tuple[str, float, float, float]]) -> None:
    """The same PDFs with other libraries, over the pairs whose Hangul ours has."""
    good = {row[0] for row in ours if row[1] >= _ENOUGH}
    paths = {
        stem: path for path in sorted((folder / "pdf").glob("*.pdf")) if (stem := _YEAR.sub("", path.stem)) in good
    }
    for name, reader in OTHERS.items():
        texts, start = {}, time.process_time()
        try:
            for stem, path in paths.items():
                texts[stem] = reader(path)
        except ImportError:
            print(f"{name}: not installed")
            continue
        took = time.process_time() - start
        rows = compared(truths, texts)
        print(f"{name}: {took:.1f} s, " + averages(rows))


def averages(rows: list[tuple[str, float, float, float]]) -> str:
    return ", ".join(
        f"{what} {mean(row[at] for row in rows):.3f}" for at, what in ((1, "Hangul"), (2, "eojeols"), (3, "order"))
    )


def main() -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--others"]
    folder = Path(arguments[0]) if arguments else FOLDER
    texts: dict[str, dict[str, str]] = {"hwp": {}, "hwpx": {}, "pdf": {}}
    for kind in texts:
        size = seconds = pages = 0
        for path in sorted((folder / kind).glob(f"*.{kind}")):
            text, took, count = read(path)
            if text:
                texts[kind][_YEAR.sub("", path.stem)] = text
            size, seconds, pages = size + path.stat().st_size, seconds + took, pages + count
        print(f"{kind}: {size / seconds / 1e6:.1f} MB/s" + (f", {pages / seconds:.0f} pages/s" if pages else ""))
    same = []
    for stem in texts["hwp"].keys() & texts["hwpx"].keys():
        one, other = (Counter(texts[kind][stem].split()) for kind in ("hwp", "hwpx"))
        same.append(2 * (one & other).total() / max(1, (one + other).total()))
    print(f"HWP and HWPX: {len(same)} pairs, eojeols {mean(same):.4f}, least {min(same):.4f}")
    truths = {**texts["hwpx"], **texts["hwp"]}
    rows = compared(truths, texts["pdf"])
    for stem, hangul, eojeols, order in rows:
        print(f"{stem:60.60}  Hangul {hangul:.3f}  eojeols {eojeols:.3f}  order {order:.3f}")
    good = [row for row in rows if row[1] >= _ENOUGH]
    print(f"PDF and HWP: {len(good)} of {len(rows)} with {_ENOUGH} of the Hangul: {averages(good)}")
    if "--others" in sys.argv:
        compare_others(folder, truths, rows)


if __name__ == "__main__":
    main()
