"""Documents of ../shared/data without labels that were read for the shipped models: read_documents.tsv, joined to its texts.

The file holds fingerprints and labels, no texts. Readers followed ../shared/data/labels/RUBRIC.md and saw the first 700
characters and 250 of the middle.
"""

from dataclasses import dataclass
from pathlib import Path

from sets import fingerprint, pages, rows

from algok.classifiers.labelled_rows import Examples

LABELS = Path(__file__).with_name("read_documents.tsv")
_SETS = ("noisy/dps_web_sample", "domain/petitions")
_WARCS = ("html_blogs", "html_org_company", "html_spam_seo", "html_euckr")


@dataclass(frozen=True)
class ReadDocument:
    """A text and what its reader said; `group` is the host of a page, and of a passage or petition the document itself."""

    text: str
    group: str
    domain: str
    second: str | None  # where it was a close call
    style: str
    quality: int
    keep: int | None  # None in the first round, which did not ask


def read_documents(data: Path, closed: set[str]) -> list[ReadDocument]:
    """Those of sites that are not `closed` (names as of `sets.site`)."""
    lines = LABELS.read_text(encoding="utf-8").splitlines()
    wanted = {line.split("\t")[1]: line.split("\t") for line in lines if not line.startswith("#")}
    texts = [("", row["text"]) for name in _SETS for row in rows(data, name)]
    for name in _WARCS:
        texts += pages(data / "warc" / f"{name}.warc.gz", closed)
    found = []
    for host, text in texts:
        key = fingerprint(text)[:24]
        if key in wanted:
            _, _, domain, second, style, quality, keep, _ = wanted.pop(key)
            found.append(
                ReadDocument(
                    text=text,
                    group=host or key,
                    domain=domain,
                    second=None if second == "-" else second,
                    style=style,
                    quality=int(quality),
                    keep=None if keep == "-" else int(keep),
                )
            )
    return found


def domains(documents: list[ReadDocument]) -> Examples:
    examples = Examples()
    for read in documents:
        examples.add(read.text, {read.domain: 0.7, read.second: 0.3} if read.second else read.domain, read.group)
    return examples


def styles(documents: list[ReadDocument]) -> Examples:
    examples = Examples()
    for read in documents:
        examples.add(read.text, read.style, read.group)
    return examples


def qualities(documents: list[ReadDocument]) -> Examples:
    """Labels (keep, quality) of those that have both."""
    examples = Examples()
    for read in documents:
        if read.keep is not None:
            examples.add(read.text, (read.keep, read.quality), read.group)
    return examples
