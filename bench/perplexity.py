"""How well the perplexity step tells prose from the same prose damaged, and how fast it and its tokenizer are.

    python bench/perplexity.py [--data ../shared/data] [--model perplexity] [--part all|damage|mt|labels|bounds|speed]

damage: AUC of every signal, each kind of damage, on sets that neither model nor tokenizer learnt from; pooled: all sets'
prose against all sets' damaged prose. The damage is made here, not by training/prose_damage.py, and its keywords are a
fixed list. mt: machine-translated against human-translated pages of ms_cpp_docs_ko (not learnt from), and both against
prose. labels: AUC of keep on the development and the held-out hosts of labels/web_labels. bounds: share of documents that the
default bounds of the step take, set by set. speed: MB of UTF-8 per second of process time on one core, beside
sentencepiece and kenlm as they are called from Python.
"""

import argparse
import hashlib
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from algok.classifiers.perplexity import PerplexityModel
from algok.classifiers.store import open_model
from algok.classifiers.training.lmplz import find_lmplz
from algok.filters.perplexity import Perplexity
from algok.kernels.ngram_lm import log_probs

HELD_OUT = (
    "domain/wikinews_ko",
    "domain/fairytales",
    "domain/book_reviews_acorn",
    "domain/law_articles",
    "clean/k8s_docs_ko",
    "clean/djangogirls_ko",
    "clean/rust_book_ko",
    "clean/ud_kaist",
    "noisy/dps_web_sample",
)
OTHERS = (
    "domain/petitions",
    "domain/law_statutes",
    "domain/bible_krv",
    "domain/book_reviews_nanet",
    "domain/unesco_reports",
    "clean/ms_dynamics_docs_ko",
    "clean/python_docs_ko",
    "clean/tensorflow_docs_ko",
    "clean/react_docs_ko",
    "clean/pytorch_tutorials_ko",
    "clean/vue_docs_ko",
    "noisy/ms_cpp_docs_ko",
    "noisy/spam_gambling_text",
)
MOST, CHARACTERS = 250, 2000  # documents of a set; the first characters of each
SIGNALS = ("bits_per_char", "perplexity", "noise", "worst_noise", "noisy_ratio", "context_gain", "coherence")
LOW = ("context_gain", "coherence")  # signals that are low where the others are high
_KEYWORDS = (
    "대출 카지노 바카라 추천 순위 사이트 가격 비교 할인 쿠폰 이벤트 무료 상담 예약 후기 "
    "맛집 강남 출장 마사지 성형 다이어트 보험 중고차 렌트카 인테리어 이사 청소 업체 견적 "
    "홈페이지 제작 광고 마케팅 블로그 체험단 부업 재택 알바 주식 코인 투자 수익 로또 "
    "먹튀 검증 토토 슬롯 스포츠 중계 영화 다시보기 다운로드 웹툰 성인 용품 명품 레플리카 "
    "시계 가방 운동화 구두"
)
KEYWORDS = _KEYWORDS.split()


def read(path: Path) -> list[dict]:
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        return [orjson.loads(line) for line in stream.read().splitlines() if line]


def sample(data: Path, name: str, most: int = MOST) -> list[dict]:
    rows = [row for row in read(data / f"{name}.jsonl.zst") if len(row["text"]) >= 100]
    return random.Random(0).sample(rows, min(most, len(rows)))


def texts_of(data: Path, name: str) -> list[str]:
    return [row["text"][:CHARACTERS] for row in sample(data, name)]


def shuffle(text: str, chance: random.Random) -> str:
    eojeol = text.split()
    chance.shuffle(eojeol)
    return " ".join(eojeol)


def stuff(text: str, chance: random.Random) -> str:
    """One keyword after two eojeol of prose on average, from a dozen of a page's keywords."""
    page, out = chance.sample(KEYWORDS, 12), []
    for eojeol in text.split():
        out.append(eojeol)
        if chance.random() < 0.5:
            out.append(chance.choice(page))
    return " ".join(out)


def keywords(text: str, chance: random.Random) -> str:
    page = chance.sample(KEYWORDS, 12)
    return " ".join(chance.choice(page) for _ in range(max(20, len(text) // 4)))


def half_shuffled(text: str, chance: random.Random) -> str:
    eojeol = text.split()
    middle = len(eojeol) // 2
    return " ".join(eojeol[:middle]) + " " + shuffle(" ".join(eojeol[middle:]), chance)


DAMAGE: dict[str, Callable[[str, random.Random], str]] = {
    "shuffled": shuffle,
    "CP949 as Latin-1": lambda text, _: text.encode("cp949", "ignore").decode("latin-1"),
    "UTF-8 as CP949": lambda text, _: text.encode().decode("cp949", "replace"),
    "keywords stuffed": stuff,
    "keywords only": keywords,
    "lost spaces": lambda text, _: "".join(text.split()),
    "second half shuffled": half_shuffled,
}


def arrow(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def auc(good: np.ndarray, bad: np.ndarray) -> float:
    """Probability that a bad one scores higher than a good one, ties half."""
    good, bad = good[~np.isnan(good)], bad[~np.isnan(bad)]
    both, inverse = np.unique(np.concatenate([good, bad]), return_inverse=True)
    if not len(good) or not len(bad):
        return np.nan  # the signal is null there
    below = np.bincount(inverse[: len(good)], minlength=len(both))
    rank = np.cumsum(below) - below / 2
    return float(rank[inverse[len(good) :]].mean() / len(good))


def damage(data: Path, model: PerplexityModel) -> None:
    real, broken = {}, {}
    for name in HELD_OUT:
        texts, chance = texts_of(data, name), random.Random(1)
        real[name] = model.scores(arrow(texts))
        broken[name] = {kind: model.scores(arrow([way(t, chance) for t in texts])) for kind, way in DAMAGE.items()}
    for signal in SIGNALS:
        sign = -1 if signal in LOW else 1
        print(f"\n{signal}: AUC{'':24}" + " ".join(f"{kind[:13]:>13}" for kind in DAMAGE))
        for name in HELD_OUT:
            row = [auc(sign * real[name][signal], sign * broken[name][kind][signal]) for kind in DAMAGE]
            print(f"{name:34}" + " ".join(f"{value:13.4f}" for value in row))
        every = np.concatenate([real[name][signal] for name in HELD_OUT])
        row = [
            auc(sign * every, sign * np.concatenate([broken[name][kind][signal] for name in HELD_OUT]))
            for kind in DAMAGE
        ]
        print(f"{'pooled':34}" + " ".join(f"{value:13.4f}" for value in row))


def translated(data: Path, model: PerplexityModel) -> None:
    rows = sample(data, "noisy/ms_cpp_docs_ko", 3500)
    parts = {
        kind: [r["text"][:CHARACTERS] for r in rows if r["meta"]["ms.translationtype"] == kind] for kind in ("MT", "HT")
    }
    prose = [text for name in ("clean/k8s_docs_ko", "clean/rust_book_ko") for text in texts_of(data, name)]
    scores = {kind: model.scores(arrow(texts)) for kind, texts in (parts | {"k8s, rust": prose}).items()}
    print(f"\n{'median of':16}" + " ".join(f"{kind:>10}" for kind in scores) + f" {'AUC MT/HT':>10} {'MT/prose':>10}")
    for signal in SIGNALS:
        cells = " ".join(f"{np.nanmedian(score[signal]):10.3f}" for score in scores.values())
        two = (auc(scores[other][signal], scores["MT"][signal]) for other in ("HT", "k8s, rust"))
        print(f"{signal:16}{cells} " + " ".join(f"{value:10.3f}" for value in two))


def labels(data: Path, model: PerplexityModel) -> None:
    rows = read(data / "labels/web_labels.jsonl.zst")
    scores = model.scores(arrow([row["text"] for row in rows]))
    keep = np.array([row["labels"]["keep"] for row in rows]) == 1
    groups = [row["host"] or "source:" + row["source"] for row in rows]
    dev = np.array([hashlib.sha256(group.encode()).digest()[0] < 154 for group in groups])
    print(f"\n{'AUC of drop':16} {'dev':>8} {'held out':>8}")
    for signal in SIGNALS:
        values = scores[signal] * (-1 if signal in LOW else 1)
        row = [auc(values[part & keep], values[part & ~keep]) for part in (dev, ~dev)]
        print(f"{signal:16} " + " ".join(f"{value:8.3f}" for value in row))


def bounds(data: Path, reference: str) -> None:
    step = Perplexity(Perplexity.Options(model=reference))
    print(f"\n{'taken by the default bounds':40} {'documents':>9} {'share':>7}  by signal")
    named = {name: [row["text"] for row in sample(data, name, 1000)] for name in (*HELD_OUT, *OTHERS)}
    rows = read(data / "labels/web_labels.jsonl.zst")
    for value, kind in ((1, "keep"), (0, "drop")):
        named[f"labels/web_labels {kind}"] = [row["text"] for row in rows if row["labels"]["keep"] == value]
    chance = random.Random(1)
    prose = [text for name in HELD_OUT for text in texts_of(data, name)]
    named |= {f"held-out sets, {kind}": [way(text, chance) for text in prose] for kind, way in DAMAGE.items()}
    for name, texts in named.items():
        signals = step.compute(pa.RecordBatch.from_pydict({"text": arrow(texts)}))
        broken = {}
        for signal, bound in step.default_bounds.items():
            values = np.array(signals[signal].to_pylist(), float)
            low = values < (-np.inf if bound.min is None else bound.min)
            broken[signal] = low | (values > (np.inf if bound.max is None else bound.max))
        out = np.logical_or.reduce(list(broken.values()))
        print(
            f"{name:34} {len(texts):9} {out.mean():7.4f}  "
            + ", ".join(f"{s} {b.mean():.4f}" for s, b in broken.items())
        )


def timed(work: Callable[[], object], megabytes: float, times: int = 3) -> tuple[float, object]:
    best, result = np.inf, None
    for _ in range(times):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return megabytes / best, result


def speed(data: Path, model: PerplexityModel, reference: str) -> None:
    import sentencepiece

    texts = [r["text"] for name in ("domain/petitions", "noisy/dps_web_sample") for r in sample(data, name, 2000)]
    batch, megabytes = arrow(texts), sum(len(text.encode()) for text in texts) / 1e6
    tokenizer, rows = model.tokenizer, []
    tokenizer.ids(batch)
    rate, (ids, offsets) = timed(lambda: tokenizer.ids(batch), megabytes)
    rows.append(("tokens: text to ids", rate))
    log_probs(ids, offsets, model.tables)
    rows.append(("both models: ids to scores", timed(lambda: log_probs(ids, offsets, model.tables), megabytes)[0]))
    rows.append(("perplexity, whole", timed(lambda: model.scores(batch), megabytes)[0]))
    path = str(open_model(reference, "perplexity").path("tokenizer.model"))
    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    way = timed(lambda: processor.encode([" ".join(text.split()) for text in texts], num_threads=1), megabytes)
    rows.append(("sentencepiece, to ids", way[0]))
    rows.append(
        ("sentencepiece, to pieces", timed(lambda: processor.encode(texts, out_type=str, num_threads=1), megabytes)[0])
    )
    rows += kenlm_speed(processor, texts, megabytes)
    print(f"\n{megabytes:.1f} MB, one core")
    for label, value in rows:
        print(f"{label:28} {value:7.1f} MB/s")


def kenlm_speed(processor, texts: list[str], megabytes: float) -> list[tuple[str, float]]:
    """One KenLM model of these texts, of the order and pruning of ours, scored as Python code does it."""
    try:
        import kenlm
    except ImportError:
        return []
    trainer = find_lmplz()
    if trainer is None:
        print("no lmplz here, so kenlm is not timed (ALGOK_LMPLZ, or `algok train perplexity` once)")
        return []
    joined = [" ".join(pieces) for pieces in processor.encode(texts, out_type=str)]
    with tempfile.TemporaryDirectory() as folder:
        command = [str(trainer), "-o", "3", "--prune", "0", "2", "4", "-S", "1G", "-T", folder, "--discount_fallback"]
        arpa = Path(folder) / "model.arpa"
        arpa.write_bytes(
            subprocess.run(command, input="\n".join(joined).encode(), capture_output=True, check=True).stdout
        )
        model = kenlm.Model(str(arpa))

    def whole() -> list[float]:
        pieces = processor.encode([" ".join(text.split()) for text in texts], out_type=str, num_threads=1)
        return [model.score(" ".join(document), eos=False) for document in pieces]

    alone = timed(lambda: [model.score(text, eos=False) for text in joined], megabytes)[0]
    return [("kenlm, one model, from pieces", alone), ("sentencepiece + kenlm, whole", timed(whole, megabytes)[0])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--model", default="perplexity")
    parser.add_argument("--part", choices=("all", "damage", "mt", "labels", "bounds", "speed"), default="all")
    options = parser.parse_args()
    model = PerplexityModel(open_model(options.model, "perplexity"))
    parts = {
        "damage": lambda: damage(options.data, model),
        "mt": lambda: translated(options.data, model),
        "labels": lambda: labels(options.data, model),
        "bounds": lambda: bounds(options.data, options.model),
        "speed": lambda: speed(options.data, model, options.model),
    }
    for name, part in parts.items():
        if options.part in (name, "all"):
            part()


if __name__ == "__main__":
    main()
