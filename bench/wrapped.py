"""Copies of one text in the pages of different sites: what deduplication finds, and what it takes for a copy.

    python bench/wrapped.py dev|held    precision and recall of the step, of the step on whole texts only, of datasketch
    python bench/wrapped.py speed       signatures with and without the core's, processor time

Articles are real texts, and what is put around them is what real pages have before their first and behind their last long line
(a tenth to six tenths of the article's length, from one or two pages of a site). A pair is an article in pages of two sites, or
bare and in a page, as it is or with small changes. Misses, of which none may be dropped: different articles in the same page of
a site, notices of one template, forms with other entries, and statutes. Articles, sites and statutes of `held` are not those of
`dev`.
"""

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
from datasketch import MinHash, MinHashLSH
from dedup import eojeol_shingles, notice, read, replace_eojeol
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from algok.filters.dedup import Dedup
from algok.filters.duplicates.sketches import sketch_tables
from algok.kernels import minhash
from algok.kernels.core import LONG_LINE
from algok.pipelines.memory import MemoryCorpus

ARTICLES = {
    "dev": ("domain/petitions", "domain/wikinews_ko", "clean/python_docs_ko"),
    "held": (
        "domain/book_reviews_nanet",
        "domain/book_reviews_acorn",
        "clean/ms_dynamics_docs_ko",
        "clean/tensorflow_docs_ko",
    ),
}
PAGES = ("html_blogs", "html_org_company", "html_spam_seo", "html_euckr")
PER_SOURCE, PER_SITE = 100, 40
Frame = tuple[str, str]  # what a page has before and behind its main text


@dataclass
class Set:
    texts: list[str] = field(default_factory=list)
    pairs: dict[tuple[int, int], str] = field(default_factory=dict)
    misses: dict[int, str] = field(default_factory=dict)  # documents that resemble others and are copies of none

    def pair(self, first: str, second: str, kind: str) -> None:
        self.pairs[len(self.texts), len(self.texts) + 1] = kind
        self.texts += [first, second]

    def miss(self, text: str, kind: str) -> None:
        self.misses[len(self.texts)] = kind
        self.texts.append(text)


def frames(data: Path, part: str) -> dict[str, list[Frame]]:
    """By site; every second site is for `dev`."""
    found: dict[str, list[Frame]] = defaultdict(list)
    for name in PAGES:
        with (data / "warc" / f"{name}.warc.gz").open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response | WarcRecordType.resource):
                site = urlsplit(record.headers.get("WARC-Target-URI") or "").netloc
                if len(found[site]) < PER_SITE and (frame := _frame(record.reader.read())):
                    found[site].append(frame)
    sites = [site for site in sorted(found) if len(found[site]) >= 5]
    return {site: found[site] for site in sites[part == "held" :: 2]}


def _frame(body: bytes) -> Frame | None:
    html = bytes_to_str(body, detect_encoding(body))
    main = {line.strip() for line in extract_plain_text(html, main_content=True).split("\n")}
    lines = [line.strip() for line in extract_plain_text(html, main_content=False, alt_texts=False).split("\n")]
    long = [k for k, line in enumerate(lines) if len(line.encode()) >= LONG_LINE and line in main]
    if not long:
        return None
    head = "\n".join(line for line in lines[: long[0]] if line)
    tail = "\n".join(line for line in lines[long[-1] + 1 :] if line)
    return (head, tail) if len(head) + len(tail) >= 80 else None


def wrapped(text: str, site: list[Frame], rng: random.Random) -> str | None:
    for _ in range(20):
        head, tail = rng.choice(site)
        if len(head) + len(tail) < len(text) / 10:
            more = rng.choice(site)
            head, tail = f"{head}\n{more[0]}", f"{tail}\n{more[1]}"
        if len(text) / 10 <= len(head) + len(tail) <= 0.6 * len(text):
            return f"{head}\n{text}\n{tail}"
    return None


def form(rng: random.Random) -> str:
    """Written for this benchmark: a declaration of which a quarter is entries, before and between the same paragraphs."""
    entries = ("성명", "소속", "생년월일", "주소", "연락처", "신청 분야", "사업 기간", "신청 금액", "담당자", "비고")
    lines = [
        f"{entry}: {''.join(chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(rng.randint(6, 18)))}"
        for entry in entries
    ]
    paragraphs = [
        "본인은 위 사업에 참여하면서 관련 법령과 지침을 지키고, 제출한 서류에 거짓이 있을 때에는 선정이 취소되어도 이의를 "
        "제기하지 않을 것을 약속합니다. 또한 지원금은 정해진 목적에만 쓰고 남은 금액과 이자는 모두 돌려드리겠습니다.",
        "수집하는 정보는 신청자의 확인과 사업의 안내에만 쓰이며, 사업이 끝난 날부터 다섯 해 동안 보관한 뒤 바로 없앱니다. "
        "신청자는 동의하지 않을 권리가 있으나 동의하지 않으면 신청이 접수되지 않을 수 있습니다.",
        "심사는 서류와 발표의 두 단계로 이루어지고, 결과는 누리집에 올리며 따로 알려 드립니다. 선정된 뒤에는 석 달마다 진행 "
        "보고서를 내야 하고, 두 번 이상 내지 않으면 지원을 멈출 수 있습니다.",
        "위와 같이 신청하오니 검토하여 주시기 바라며, 바뀐 사항이 생기면 이레 안에 서면으로 알리겠습니다. 이 신청서에 적지 않은 "
        "사항은 기관의 규정에 따르고, 다툼이 생기면 기관이 있는 곳의 법원을 관할 법원으로 합니다.",
    ] * 2  # fmt: skip
    half = len(lines) // 2
    return "\n".join(["신청서", *lines[:half], *paragraphs[:4], *lines[half:], *paragraphs[4:6]])


def build(data: Path, part: str, seed: int) -> Set:
    rng = random.Random(seed)
    sites = frames(data, part)
    names, built = sorted(sites), Set()
    for source in ARTICLES[part]:
        texts = [row["text"] for row in read(data, source) if 700 <= len(row["text"]) <= 8000]
        for number, text in enumerate(rng.sample(texts, min(PER_SOURCE, len(texts)))):
            first, second = (sites[name] for name in rng.sample(names, 2))
            kind = ("two sites", "bare and a site", "two sites, 3 % of eojeol changed", "two sites, a tenth cut off")[
                number % 4
            ]
            other = text
            if "changed" in kind:
                other = "\n".join(
                    replace_eojeol(line, 0.03, rng) if len(line) > 60 else line for line in text.split("\n")
                )
            elif "cut" in kind:
                other = text[: len(text) * 9 // 10]
            one, two = wrapped(text, first, rng) if number % 4 != 1 else text, wrapped(other, second, rng)
            if one and two:
                built.pair(one, two, kind)
        _add_same_pages(built, texts, sites, rng)
    for _ in range(40):
        built.miss(notice(rng), "notices of a template")
        built.miss(form(rng), "forms")
    statutes = read(data, "domain/law_statutes")
    for row in statutes[part == "held" :: 2]:
        built.miss(row["text"], "statutes")
    return built


def _add_same_pages(built: Set, texts: list[str], sites: dict[str, list[Frame]], rng: random.Random) -> None:
    """Articles that stand in no pair, some in the same page of a site each."""
    used = "\n".join(built.texts)
    free = [text for text in texts if text[:200] not in used]
    rng.shuffle(free)
    for name in rng.sample(sorted(sites), min(10, len(sites))):
        head, tail = rng.choice(sites[name])
        for _ in range(min(4, len(free))):
            built.miss(f"{head}\n{free.pop()}\n{tail}", "articles in one page")


def by_step(texts: list[str], cores: bool) -> set[tuple[int, int]]:
    """The pairs (dropped, kept), with the core's signatures or without."""
    step = Dedup()
    ids = pa.array([f"{i:032x}" for i in range(len(texts))])
    batch = pa.record_batch({"id": ids, "text": pa.array(texts, pa.large_string())})
    found = minhash.sketch(batch["text"], step.options.ngram, step.options.bands * step.options.rows)
    if not cores:
        whole = np.stack([found.sizes[:, 0]] * 2, axis=1)
        found = minhash.Sketches(found.signatures, found.signatures, found.exact, found.letters, whole)
    numbers = [list(i.to_bytes(16, "big")) for i in range(len(texts))]
    tables = sketch_tables(pa.array(numbers).values.to_numpy().astype("u1").reshape(-1, 16), found, step.options.bands)
    corpus = MemoryCorpus([tables], [len(texts)])
    corpus.resolve(step)
    names = step.act(batch, 0, step.load(corpus, 0)).signals["duplicate_of"].to_pylist()
    return {(i, int(name, 16)) for i, name in enumerate(names) if name is not None}


def by_datasketch(texts: list[str], threshold: float) -> set[tuple[int, int]]:
    """Pairs that MinHashLSH finds over eojeol 5-grams, its usual form."""
    lsh, pairs = MinHashLSH(threshold=threshold, num_perm=112), set()
    for i, text in enumerate(texts):
        signature = MinHash(112)
        signature.update_batch([" ".join(shingle).encode() for shingle in eojeol_shingles(text, 5)])
        pairs |= {(i, other) for other in lsh.query(signature)}
        lsh.insert(i, signature)
    return pairs


def accuracy(built: Set) -> None:
    print(f"{len(built.texts):,} documents, {len(built.pairs):,} pairs; misses: {dict(Counter(built.misses.values()))}")
    methods: dict[str, Callable[[], set[tuple[int, int]]]] = {
        "algok": lambda: by_step(built.texts, True),
        "algok, whole texts only": lambda: by_step(built.texts, False),
        "datasketch at 0.5": lambda: by_datasketch(built.texts, 0.5),
        "datasketch at 0.75": lambda: by_datasketch(built.texts, 0.75),
    }
    for name, method in methods.items():
        found = {(min(pair), max(pair)) for pair in method()}
        hits = found & set(built.pairs)
        wrong = Counter(built.misses.get(pair[1], "articles") for pair in found - hits)
        kinds = Counter(built.pairs.values())
        of_kind = Counter(built.pairs[pair] for pair in hits)
        share = ", ".join(f"{kind} {of_kind[kind] / total:.2f}" for kind, total in kinds.items())
        precision = len(hits) / max(1, len(found))
        print(
            f"{name:26} precision {precision:.3f} recall {len(hits) / len(built.pairs):.3f} ({share}) wrong {dict(wrong)}"
        )


def speed(data: Path) -> None:
    texts = [row["text"] for row in read(data, "domain/petitions")] + [
        row["text"] for row in read(data, "domain/wikinews_ko")
    ]
    pages = pa.array(texts, pa.large_string())
    flat = pa.array([text.replace("\n", " ") for text in texts], pa.large_string())  # one line: its own core
    best = dict.fromkeys(("with cores", "without"), float("inf"))
    for _ in range(6):
        for name, column in (("with cores", pages), ("without", flat)):
            start = time.process_time()
            minhash.sketch(column, 5, 112)
            best[name] = min(best[name], time.process_time() - start)
    for name, seconds in best.items():
        print(f"{name:12}{pages.nbytes / 1e6 / seconds:8.0f} MB/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("dev", "held", "speed"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.what == "speed":
        speed(options.data)
    else:
        accuracy(build(options.data, options.what, options.seed))


if __name__ == "__main__":
    main()
