"""The source axis: what kind of publication a document comes from, and whether a page is only a list of excerpts.

The label that the input gave wins; then host and path of the URL; then, on what these leave open, the structure of the
text. Hosts are looked up once per batch, paths and structures by Arrow's RE2, which is linear. The tables stand in
taxonomy/lexicons/source_*.tsv; measurements and limits in docs/language-and-source.md.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.kernels.buffers import string_buffers
from algok.kernels.teasers import COUNTERS, count
from algok.step import Signal, SignalStep, StepOptions

LABELS = (
    "web", "news", "blog", "community", "law", "paper", "book", "encyclopedia", "government", "commerce", "qa",
    "dialogue", "code-docs",
)  # fmt: skip
# `web` says only that a page was crawled, so the URL may say more.
_GIVEN = frozenset(LABELS) - {"web"}
_LEXICONS = Path(__file__).parent / "lexicons"
HEAD = 3000  # characters in which structure is looked for

# How far a rule is to be believed.
_SURE = {"given": 1.0, "host": 0.95, "path": 0.7, "text": 0.6, "none": 0.3}
_GENERIC = frozenset({"blog"})  # hosts that publish anything: a path that says more wins over them
# Platforms on which a path of documentation or an encyclopedia is worth more than the platform.
_OVER_GENERIC = frozenset({"code-docs", "encyclopedia", "community", "commerce"})

# Pages that list posts whatever stands on them, and pages that may do.
_END = r"(?:[?#]|$)"
LIST_PATH = (
    r"/(?:tags?|categor(?:y|ies)|authors?|search|labels?|keywords?|taxonom(?:y|ies))"
    r"(?:/(?:[^?#]*/)?(?:[^/?#.]*|index\.html?))?" + _END
)
MAYBE_PATH = (
    rf"^(?:https?://)?[^/?#]*(?:/?(?:index\.html?)?{_END}"
    rf"|/(?:[^?#]*/)?(?:page/?\d+|archives?(?:/[^?#]*)?|posts?|blog)(?:/(?:index\.html?)?)?{_END})"
)
MAYBE_TEASERS = 3  # cut, inviting or date lines that make such a page a list
TEXT_TEASERS = 4  # cut or inviting lines, and as many dates, that make any page one
TEXT_SHARE = 0.1  # and their share of the lines


def _rows(name: str) -> list[list[str]]:
    lines = (_LEXICONS / f"source_{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@cache
def _hosts() -> dict[str, str]:
    return {host.strip("."): label for host, label in _rows("hosts") if not host.endswith(".")}


@cache
def _first_labels() -> dict[str, str]:
    return {host[:-1]: label for host, label in _rows("hosts") if host.endswith(".")}


def host_label(host: str) -> str | None:
    """What the pages of a host are: by its longest known suffix, else by its first label."""
    parts = host.lower().removeprefix("www.").split(".")
    for i in range(max(0, len(parts) - 6), len(parts)):
        label = _hosts().get(".".join(parts[i:]))
        if label:
            first = _first_labels().get(parts[0]) if i else None
            return first if first and label in ("government",) else label
    return _first_labels().get(parts[0]) if len(parts) > 2 else None


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        return pa.array([""] * batch.num_rows, pa.string())
    return pc.fill_null(batch.column(name).cast(pa.string()), "")


class Source(SignalStep[StepOptions]):
    """What kind of publication a document comes from, which rule says so, and whether it is a list of excerpts.

    Needs `text` without nulls (ValueError); reads `url` and `source` where the batch has them.
    """

    name = "source"
    signals = (
        Signal("label", pa.string(), "label", "web, news, blog, community, law, paper, book, encyclopedia, …"),
        Signal("confidence", pa.float32(), "ratio", "1 given, 0.95 by host, 0.7 by path, 0.6 by structure, else 0.3"),
        Signal("rule", pa.string(), "label", "which rule said it: given, host, path, text or none"),
        Signal("listing", pa.int8(), "flag", "1 for an index of excerpts: tag, category, archive or search page"),
    )

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        urls = pc.utf8_lower(_column(batch, "url"))
        label, rule = _by_address(_column(batch, "source"), urls)
        _by_structure(batch.column("text"), label, rule)
        return {
            "label": pa.array(label, pa.string()),
            "confidence": pa.array([_SURE[name] for name in rule], pa.float32()),
            "rule": pa.array(rule, pa.string()),
            "listing": pa.array(_listing(batch.column("text"), urls).astype(np.int8)),
        }


def _by_address(given: pa.Array, urls: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Labels and rules from the given source and the URL; `web` and `none` where they say nothing."""
    n = len(urls)
    label, rule = np.full(n, "web", object), np.full(n, "none", object)
    hosts = pc.struct_field(pc.extract_regex(urls, r"^(?:[a-z]+://)?(?:[^/?#@]*@)?(?P<host>[^/:?#]+)"), "host")
    coded = pc.fill_null(hosts, "").dictionary_encode()
    by_host = np.array([host_label(host) for host in coded.dictionary.to_pylist()] + [None], object)[:-1]
    found = by_host[coded.indices.to_numpy(zero_copy_only=False)] if n else label
    known = found != None  # noqa: E711 – elementwise
    label[known], rule[known] = found[known], "host"
    open_rows = ~known | np.isin(label, list(_GENERIC))
    paths = pc.replace_substring_regex(urls, r"^(?:[a-z]+://)?[^/?#]*|[?#].*$", "")
    for pattern, name in _rows("paths") if open_rows.any() else []:
        hits = pc.match_substring_regex(paths, pattern).to_numpy(zero_copy_only=False) & open_rows
        hits &= (rule == "none") | ((rule == "host") & (name in _OVER_GENERIC))
        label[hits], rule[hits] = name, "path"
    coded = given.dictionary_encode()
    is_label = np.array([value in _GIVEN for value in coded.dictionary.to_pylist()], bool)
    if is_label.any():
        wins = is_label[coded.indices.to_numpy(zero_copy_only=False)]
        label[wins] = np.array(given.to_pylist(), object)[wins]
        rule[wins] = "given"
    return label, rule


def _by_structure(texts: pa.Array, label: np.ndarray, rule: np.ndarray) -> None:
    """Labels what is still open by the structure of its first HEAD characters, in place."""
    rows = np.flatnonzero(rule == "none")
    if not len(rows):
        return
    heads = pc.utf8_slice_codeunits(texts.take(pa.array(rows)), 0, HEAD)
    # Nineteen in twenty fit no rule, which one search for all of them tells.
    any_rule = "|".join(f"(?:{pattern})" for _, pattern, _, _ in _rows("text"))
    fits = np.flatnonzero(pc.match_substring_regex(heads, any_rule).to_numpy(zero_copy_only=False))
    rows, heads = rows[fits], heads.take(pa.array(fits))
    length = np.maximum(pc.utf8_length(heads).to_numpy(), 1)
    left = np.ones(len(rows), bool)
    for name, pattern, per_thousand, least in _rows("text"):
        hits = pc.count_substring_regex(heads, pattern).to_numpy()
        says = left & (hits >= int(least)) & (1000 * hits >= float(per_thousand) * length)
        label[rows[says]], rule[rows[says]] = name, "text"
        left &= ~says


def _listing(texts: pa.Array, urls: pa.Array) -> np.ndarray:
    """Which documents are an index of excerpts (bool)."""
    teasers = dict(zip(COUNTERS, count(*string_buffers(texts)).T, strict=True))
    reads_on = teasers["cut"] + teasers["more"]
    surely = pc.match_substring_regex(urls, LIST_PATH).to_numpy(zero_copy_only=False)
    maybe = pc.match_substring_regex(urls, MAYBE_PATH).to_numpy(zero_copy_only=False)
    maybe &= pc.not_equal(urls, "").to_numpy(zero_copy_only=False)
    maybe &= (reads_on + teasers["dates"] >= MAYBE_TEASERS) & (reads_on + teasers["dates"] >= 0.05 * teasers["lines"])
    by_text = (reads_on >= TEXT_TEASERS) & (teasers["dates"] >= TEXT_TEASERS)
    by_text &= reads_on + teasers["dates"] >= TEXT_SHARE * teasers["lines"]
    return surely | maybe | by_text
