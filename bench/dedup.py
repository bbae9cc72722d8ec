"""Deduplication on planted duplicates: which shingles, how accurate, how fast, how much memory.

    python bench/dedup.py shingles     Jaccard similarity of planted pairs under eojeol n-grams and unit n-grams, the
                                       latter as n/marks of begin and end
    python bench/dedup.py accuracy     precision and recall of the step, and of datasketch's MinHashLSH
    python bench/dedup.py speed        signatures: algok, datasketch, rensa

Planted pairs: an original and one copy with one kind of change of known size. `duplicate` kinds leave at least 85 % of
the eojeol (or, where noted, of the text) in place; the others are near misses: a text quoted inside one at least three
times as long, one notice template with other facts, sentence pairs of other meaning (KorNLU similarity below 4 of 5).
Originals that resemble another original before anything is planted are set aside, so that the labels are true.
A pair counts as found when the step drops one document of it as a duplicate of the other; every other drop is false.
"""

import argparse
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from datasketch import MinHash, MinHashLSH
from rensa import RMinHash

from algok.filters.dedup import Dedup, DedupOptions
from algok.kernels import minhash
from algok.pipelines.memory import MemoryCorpus

LONG_SOURCES = (
    "domain/petitions", "domain/wikinews_ko", "domain/book_reviews_nanet", "domain/law_articles", "clean/python_docs_ko",
    "clean/ms_dynamics_docs_ko",
)  # fmt: skip
SHORT_SOURCES = ("noisy/nsmc_raw_reviews", "noisy/dps_web_sample", "domain/parallel_news", "domain/law_articles")
CHANGES = {
    "eojeol 1 %": lambda text, rng: replace_eojeol(text, 0.01, rng),
    "eojeol 3 %": lambda text, rng: replace_eojeol(text, 0.03, rng),
    "eojeol 5 %": lambda text, rng: replace_eojeol(text, 0.05, rng),
    "eojeol 10 %": lambda text, rng: replace_eojeol(text, 0.10, rng),
    "eojeol 15 %": lambda text, rng: replace_eojeol(text, 0.15, rng),
    "typos 1 %": lambda text, rng: misspell(text, 0.01, rng),
    "spaces 10 %": lambda text, rng: "".join(c for c in text if c != " " or rng.random() > 0.1),
    "no spaces": lambda text, rng: text.replace(" ", ""),
    "reordered": lambda text, rng: reorder(text, rng),
    "boilerplate": lambda text, rng: surround(text, rng),
    "truncated 15 %": lambda text, rng: text[: int(len(text) * rng.uniform(0.85, 0.95))],
}
# Written for this benchmark. About a third of a notice's eojeol are facts.
TEMPLATE = (
    "{org} 공고 제{year}-{number}호. {org}에서는 {year}년도 {field} 분야 {job} 채용을 다음과 같이 공고합니다. "
    "접수 기간은 {year}년 {month}월 {day}일부터이며 접수처는 {place} {floor}층 {team}입니다. 채용 인원은 {people}명이고 "
    "보수는 월 {pay}만 원입니다. 문의 사항은 {team} {name} 주무관에게 연락하시기 바라며 제출 서류는 {paper} 각 1부입니다."
)
FACTS = {
    "org": ("푸른시청", "한빛구청", "새솔군청", "달빛도서관", "가온문화재단", "누리복지관", "해오름공사", "은하연구원"),
    "field": ("정보화", "사회복지", "환경관리", "시설관리", "문화예술", "보건의료", "도시계획", "회계감사"),
    "job": ("기간제 근로자", "공무직", "전문 연구원", "임기제 공무원", "청년 인턴", "시간제 강사"),
    "place": ("본관", "별관", "제2청사", "민원동", "복지동", "연구동"),
    "team": ("총무과", "인사팀", "행정지원과", "운영기획부", "경영관리실", "자치행정과"),
    "name": ("김가람", "이나래", "박다온", "최라온", "정마루", "강바다"),
    "paper": ("응시원서", "이력서와 자기소개서", "졸업증명서", "경력증명서와 자격증 사본", "주민등록초본"),
}


@dataclass
class Planted:
    """Texts, and the pairs planted in them as (first, second, kind of change, is a duplicate, is long)."""

    texts: list[str]
    pairs: list[tuple[int, int, str, bool, bool]]


def replace_eojeol(text: str, rate: float, rng: random.Random) -> str:
    """Every eojeol replaced with probability `rate` (at least one is) by another one of the text."""
    parts = text.split(" ")
    chosen = [i for i in range(len(parts)) if rng.random() < rate] or [rng.randrange(len(parts))]
    for i in chosen:
        parts[i] = rng.choice(parts) + rng.choice("가나다라마바사")
    return " ".join(parts)


def misspell(text: str, rate: float, rng: random.Random) -> str:
    """Every character replaced with probability `rate` (at least one is) by a syllable."""
    chosen = {i for i in range(len(text)) if rng.random() < rate} or {rng.randrange(len(text))}
    return "".join(chr(rng.randrange(0xAC00, 0xD7A4)) if i in chosen else c for i, c in enumerate(text))


def reorder(text: str, rng: random.Random) -> str:
    """Sentences in another order, in blocks of three."""
    sentences = text.replace("\n", " ").replace(". ", ".\n").split("\n")
    blocks = [sentences[i : i + 3] for i in range(0, len(sentences), 3)]
    rng.shuffle(blocks)
    return " ".join(" ".join(block) for block in blocks)


MENU = (
    "홈 로그인 회원가입 마이페이지 장바구니 고객센터 공지사항 자주 묻는 질문 이용약관 개인정보처리방침 사이트맵 검색 뉴스 "
    "연예 스포츠 경제 사회 문화 오피니언 포토 동영상 구독하기 목록 이전글 다음글 댓글 공유하기 인쇄 글자 크기 저작권자 "
    "무단 전재 및 재배포 금지 많이 본 기사 관련 기사 더보기 맨 위로 광고 문의 제휴 안내 찾아오시는 길 대표 전화 사업자 "
    "등록 번호 통신 판매업 신고"
)


def surround(text: str, rng: random.Random) -> str:
    """Menu and footer around the text, a tenth of its eojeol each at most."""
    most, menu = max(2, len(text.split()) // 10), MENU.split()
    head, foot = ([rng.choice(menu) for _ in range(rng.randint(1, most))] for _ in range(2))
    return " ".join(head) + "\n" + text + "\n" + " ".join(foot)


def notice(rng: random.Random) -> str:
    facts = {name: rng.choice(values) for name, values in FACTS.items()}
    numbers = {"year": (2010, 2024), "number": (1, 2999), "month": (1, 12), "day": (1, 28), "floor": (1, 12)}
    numbers |= {"people": (1, 40), "pay": (190, 420)}
    return TEMPLATE.format(**facts, **{name: rng.randint(*span) for name, span in numbers.items()})


def read(data: Path, name: str) -> Iterable[dict]:
    with pa.CompressedInputStream(pa.OSFile(str(data / f"{name}.jsonl.zst")), "zstd") as stream:
        return [json.loads(line) for line in stream.read().splitlines()]


def originals(data: Path, per_source: int, rng: random.Random) -> tuple[list[str], list[str]]:
    """Long (400 to 20,000 characters) and short (50 to 200) texts, none of which resembles another."""
    chosen = []
    for sources, low, high in ((LONG_SOURCES, 400, 20_000), (SHORT_SOURCES, 50, 200)):
        texts = []
        for source in sources:
            fitting = [row["text"] for row in read(data, source) if low <= len(row["text"]) <= high]
            texts += rng.sample(fitting, min(per_source, len(fitting)))
        chosen.append(texts)
    every = chosen[0] + chosen[1]
    loose = Dedup(DedupOptions(ngram=4, bands=28, rows=4, threshold=0.3))
    similar = {i for pair in run_step(loose, every) for i in pair}
    kept = [text for i, text in enumerate(every) if i not in similar]
    return [t for t in kept if len(t) >= 400], [t for t in kept if len(t) < 400]


def plant(data: Path, per_source: int, seed: int) -> Planted:
    rng = random.Random(seed)
    long, short = originals(data, per_source, rng)
    planted = Planted([], [])

    def add(first: str, second: str, kind: str, duplicate: bool, is_long: bool) -> None:
        planted.texts += [first, second]
        planted.pairs.append((len(planted.texts) - 2, len(planted.texts) - 1, kind, duplicate, is_long))

    for is_long, texts in ((True, long), (False, short)):
        rng.shuffle(texts)
        eighth = len(texts) // 8
        quotes, fillers, rest = texts[:eighth], texts[eighth : 4 * eighth], texts[4 * eighth :]
        for i, text in enumerate(rest):
            kind = list(CHANGES)[i % len(CHANGES)]
            if kind == "reordered" and not is_long:
                continue
            add(text, CHANGES[kind](text, rng), kind, True, is_long)
        for text in quotes:
            around = ""
            while len(around) < 2 * len(text) and fillers:
                around += fillers.pop() + "\n"
            if len(around) >= 2 * len(text):
                add(text, around + text, "quote", False, is_long)
    for _ in range(150):
        add(notice(rng), notice(rng), "template", False, False)
    seen: set[str] = set()
    for row in read(data, "pairs/kornlu"):
        first, second = row["text"].split("\n", 1)
        if float(row["meta"].get("score", 5)) < 4 and not seen & {first, second}:
            add(first, second, "sentence pair", False, False)
        seen |= {first, second}
    return planted


def run_step(step: Dedup, texts: list[str]) -> list[tuple[int, int]]:
    """(dropped, kept) by place in `texts`."""
    ids = pa.array([f"{i:032x}" for i in range(len(texts))])
    batch = pa.record_batch({"id": ids, "text": pa.array(texts, pa.large_string())})
    corpus = MemoryCorpus.of(step, [[batch]])
    names = step.act(batch, 0, step.load(corpus, 0)).signals["duplicate_of"].to_pylist()
    return [(i, int(name, 16)) for i, name in enumerate(names) if name is not None]


def eojeol_shingles(text: str, ngram: int) -> set:
    words = text.lower().split()
    return {tuple(words[i : i + ngram]) for i in range(max(1, len(words) - ngram + 1))}


def unit_shingles(text: str, ngram: int, marks: int) -> set:
    """The kernel's shingles, those with more than `marks` marks of begin or end left out."""
    shingles = minhash.shingles(text, ngram)
    return {s for s in shingles if s.count(minhash.BEGIN) <= marks and s.count(minhash.END) <= marks}


def shingle_table(planted: Planted) -> None:
    """Exact Jaccard similarity per kind of change, and what 14 bands of 8 rows then find and wrongly find."""
    kinds: dict[str, Callable[[str], set]] = {f"eojeol {n}": lambda t, n=n: eojeol_shingles(t, n) for n in (3, 4, 5)}
    for n, marks in ((4, 0), (4, 2), (5, 0), (5, 1), (5, 2), (6, 2), (8, 2)):
        kinds[f"unit {n}/{marks}"] = lambda t, n=n, marks=marks: unit_shingles(t, n, marks)
    pairs = planted.pairs + similar_sentences(planted)
    print("\nmedian Jaccard (upper decile: near misses)".ljust(46), *(f"{k:>9}" for k in kinds))
    similarity: dict[str, dict[tuple, list[float]]] = {k: defaultdict(list) for k in kinds}
    for first, second, kind, duplicate, is_long in pairs:
        for name, cut in kinds.items():
            a, b = cut(planted.texts[first]), cut(planted.texts[second])
            similarity[name][not duplicate, is_long, kind].append(len(a & b) / max(1, len(a | b)))
    for change, values in sorted(similarity["unit 5/2"].items()):
        label = f"{'near miss' if change[0] else 'duplicate'} {'long' if change[1] else 'short'} {change[2]}"
        row = (f"{np.quantile(similarity[k][change], 0.9 if change[0] else 0.5):9.2f}" for k in kinds)
        print(f"{label} ({len(values)})".ljust(45), *row)
    for least in (0.7, 0.75, 0.8):
        for miss, is_long in ((False, True), (False, False), (True, False)):
            row = []
            for k in kinds:
                values = np.concatenate([v for c, v in similarity[k].items() if c[:2] == (miss, is_long)])
                found = np.where(values >= least, 1 - (1 - values**8) ** 14, 0)
                row.append(f"{found.sum():9.1f}" if miss else f"{found.mean():9.3f}")
            what = "near misses, number" if miss else f"{'long' if is_long else 'short'} duplicates, share"
            print(f"expected found at {least:.2f}: {what}".ljust(45), *row)


def similar_sentences(planted: Planted) -> list[tuple[int, int, str, bool, bool]]:
    """Sentences of different KorNLU pairs that have something in common: near misses nobody planted."""
    places = [i for pair in planted.pairs if pair[2] == "sentence pair" for i in pair[:2]]
    loose = Dedup(DedupOptions(ngram=4, bands=28, rows=4, threshold=0.3))
    found = ((places[a], places[b]) for a, b in run_step(loose, [planted.texts[i] for i in places]))
    return [(a, b, "other sentence", False, False) for a, b in found if a // 2 != b // 2]


def exact_pairs(texts: list[str], pairs: Iterable[tuple[int, int]], least: float) -> list[tuple[int, int]]:
    """The pairs whose exact Jaccard similarity over word 5-grams is `least` or more."""
    found = []
    for first, second in pairs:
        a, b = eojeol_shingles(texts[first], 5), eojeol_shingles(texts[second], 5)
        if len(a & b) >= least * len(a | b):
            found.append((first, second))
    return found


def datasketch_pairs(texts: list[str], bands: int, rows: int) -> list[tuple[int, int]]:
    """Pairs that share a band in datasketch's MinHashLSH over eojeol 5-grams, its usual form."""
    lsh = MinHashLSH(num_perm=bands * rows, params=(bands, rows))
    pairs = []
    for i, text in enumerate(texts):
        signature = MinHash(bands * rows)
        signature.update_batch([" ".join(shingle).encode() for shingle in eojeol_shingles(text, 5)])
        pairs += [(i, other) for other in lsh.query(signature)]
        lsh.insert(i, signature)
    return pairs


def accuracy(planted: Planted) -> None:
    options = DedupOptions()
    batch = pa.array(planted.texts, pa.large_string())
    minhash.sketch(batch[:1], options.ngram, 112)
    found, seconds = {}, {}
    runs = {
        "algok": lambda: run_step(Dedup(), planted.texts),
        "algok, threshold 0.7": lambda: run_step(Dedup(DedupOptions(threshold=0.7)), planted.texts),
        "algok, threshold 0.8": lambda: run_step(Dedup(DedupOptions(threshold=0.8)), planted.texts),
        "algok, 16 bands of 7 rows": lambda: run_step(Dedup(DedupOptions(bands=16, rows=7)), planted.texts),
        "datasketch LSH": lambda: datasketch_pairs(planted.texts, options.bands, options.rows),
    }
    for name, run in runs.items():
        started = time.perf_counter()
        found[name] = {frozenset(pair) for pair in run()}
        seconds[name] = time.perf_counter() - started
    found["datasketch LSH, exact Jaccard >= 0.7"] = {
        frozenset(p) for p in exact_pairs(planted.texts, map(tuple, found["datasketch LSH"]), 0.7)
    }
    true = {frozenset(pair[:2]) for pair in planted.pairs if pair[3]}
    print(f"{len(planted.texts):,} documents, {len(true):,} planted duplicates, {batch.nbytes / 1e6:.1f} MB")
    print("".ljust(40), "precision", "   recall", "  seconds")
    for name, pairs in found.items():
        hits = len(pairs & true)
        took = f"{seconds[name]:9.1f}" if name in seconds else ""
        print(name.ljust(40), f"{hits / max(1, len(pairs)):9.4f} {hits / len(true):9.4f} {took}")
    names = ("algok", "datasketch LSH")
    print("\nshare of pairs found".ljust(42), *(name.rjust(15) for name in names))
    totals, hits = Counter(), {name: Counter() for name in names}
    for first, second, kind, duplicate, is_long in planted.pairs:
        label = ("duplicate" if duplicate else "near miss", "long" if is_long else "short", kind)
        totals[label] += 1
        for name in names:
            hits[name][label] += frozenset((first, second)) in found[name]
    for label, total in sorted(totals.items()):
        print(f"{' '.join(label)} ({total})".ljust(41), *(f"{hits[n][label] / total:15.3f}" for n in names))


def speed(data: Path) -> None:
    """Signatures of 112 permutations, shingling included, best of five; the rivals get eojeol 5-grams."""
    for source, count in (("domain/petitions", 1500), ("noisy/dps_web_sample", 4000), ("clean/react_docs_ko", 150)):
        texts = [row["text"] for row in read(data, source)[:count]]
        column = pa.array(texts, pa.large_string())
        megabytes = sum(len(text.encode()) for text in texts) / 1e6
        few = texts[: len(texts) // 8]

        def with_datasketch(texts: list[str] = few) -> None:
            for text in texts:
                signature = MinHash(112)
                signature.update_batch([" ".join(shingle).encode() for shingle in eojeol_shingles(text, 5)])

        def with_rensa(texts: list[str] = few) -> None:
            for text in texts:
                signature = RMinHash(112, 1)
                signature.update([" ".join(shingle) for shingle in eojeol_shingles(text, 5)])
                signature.digest()

        share = sum(len(text.encode()) for text in few) / 1e6
        rates = {"algok": megabytes / best(lambda c=column: minhash.sketch(c, 5, 112))}
        rates |= {"datasketch": share / best(with_datasketch, 2), "rensa": share / best(with_rensa, 2)}
        print(source.ljust(24), *(f"{name} {rate:6.1f} MB/s " for name, rate in rates.items()))


def best(run: Callable[[], object], times: int = 5) -> float:
    """Seconds of CPU time of the fastest of several runs after a first one."""
    run()
    taken = []
    for _ in range(times):
        started = time.thread_time()
        run()
        taken.append(time.thread_time() - started)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("shingles", "accuracy", "speed"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--per-source", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.what == "shingles":
        shingle_table(plant(options.data, options.per_source, options.seed))
    elif options.what == "accuracy":
        accuracy(plant(options.data, options.per_source, options.seed))
    else:
        speed(options.data)


if __name__ == "__main__":
    main()
