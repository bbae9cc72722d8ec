"""Toxicity across sources: sentences, documents that must stay, adult and gambling pages, speed; beside a plain fastText.

    python bench/toxicity.py [--data ../shared/data] [--part all|sentences|documents|pages|by_kind|harmless|speed]

Every figure is of a model that learned neither from the set it is measured on nor from its neighbours of the same fold.
Sentences: of K-MHaS and curse detection only the half (first byte of the text's SHA-256 ≥ 128) that nobody read while the
lexicon was written. The threshold is the one of best macro F1 on the training comments, by a model of half of them on the other.
fastText: subwords of 1–4 characters, 16 dimensions, 10 epochs, the same rows, the same threshold procedure.
"""

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from fastwarc.warc import ArchiveIterator, WarcRecordType
from sklearn.metrics import f1_score, roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "train_models"))
from sets import fingerprint, rows
from toxicity import (
    COMMENTS,
    NONE,
    SENTENCES,
    gambling,
    lines_of,
    prose,
    reviews,
    seeds,
    sentences_of,
    telling,
    written,
)

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.split import held_out
from algok.classifiers.training.toxicity import targets_of, train_toxicity
from algok.filters.toxicity import Toxicity, ToxicityOptions
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError
from algok.step import Bound

BOUNDS = Toxicity.default_bounds
# The bound of the profiles community and dialogue (algok/pipelines/recipes), for texts of a sentence or two.
SENTENCE = Bound(max=0.2)
SHORT = BOUNDS | {"mean": SENTENCE, "illegal": Bound(max=0.02)}
FOLDS = {
    "documentation": (
        *("ms_dynamics_docs_ko", "python_docs_ko", "tensorflow_docs_ko", "react_docs_ko", "rust_book_ko"),
        *("pytorch_tutorials_ko", "vue_docs_ko", "k8s_docs_ko", "djangogirls_ko"),
    ),
    "law and news": ("law_statutes", "law_articles", "wikinews_ko", "unesco_reports", "parallel_news"),
    "books": ("book_reviews_nanet", "book_reviews_acorn", "fairytales", "bible_krv", "ud_kaist"),
}
# Prose of the same origin as a set of SENTENCES.
RELATED = ("domain/wikinews_ko", "domain/law_articles")
# Beside the sets asked for, what has to stay as well; all of them left out of training together.
OTHERS = ("petitions", "dps_web_sample", "domain_texts", "chatbot_dialogues")

Scores = Callable[[list[str]], np.ndarray]


def named(data: Path, name: str) -> str:
    return next(f"{path.parent.name}/{name}" for path in data.glob(f"*/{name}.jsonl.zst"))


def material(
    data: Path,
    without: str = "",
    sets: tuple[str, ...] = (),
    known: frozenset[str] = frozenset(),
    sentences: bool = True,
) -> Examples:
    """What the shipped model learns from, except the pages of betting sites, a comment set, sets of prose, known texts, and the
    written sentences where asked."""
    examples = Examples()
    for name, load in COMMENTS.items():
        if name != without:
            examples += load(data)
    for part in prose(data, sets, known).values():
        examples += part
    for name in SENTENCES:
        examples += sentences_of(data, name) if name not in sets else Examples()
    for part in written() if sentences else ():
        examples += part
    return examples + reviews(data) + seeds()


def trained(examples: Examples, folder: str) -> ToxicityOptions:
    train_toxicity(examples, Path(folder))
    return ToxicityOptions(model=folder)


def ours(examples: Examples) -> Scores:
    """The step's `mean`, from the head "any" alone (the shipped model fits the other five beside it)."""
    target = targets_of(examples.labels)[:, 0]
    bare = examples.take(np.flatnonzero(target >= 0))
    bare.labels = [{"any": int(label)} for label in target[target >= 0]]
    with tempfile.TemporaryDirectory() as folder:
        step = Toxicity(trained(bare, folder))
    return lambda texts: signals(step, texts)["mean"]


def signals(step: Toxicity, texts: list[str]) -> dict[str, np.ndarray]:
    columns = step.compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
    return {name: column.to_numpy() for name, column in columns.items()}


def fasttext(examples: Examples) -> Scores:
    import fasttext

    fasttext.FastText.eprint = lambda *_: None
    target = targets_of(examples.labels)[:, 0]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for text, label in zip(examples.texts, target, strict=True):
            if label >= 0:
                file.write(f"__label__{label} {' '.join(text.split())}\n")
        file.flush()
        model = fasttext.train_supervised(
            file.name, minn=1, maxn=4, dim=16, epoch=10, thread=1, verbose=0, bucket=1 << 18
        )

    def scores(texts: list[str]) -> np.ndarray:
        labels, p = model.predict([" ".join(text.split()) for text in texts], k=2)
        return np.array(
            [dict(zip(names, values, strict=True)).get("__label__1", 0.0) for names, values in zip(labels, p)]
        )

    return scores


def half(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] >= 128


def threshold(examples: Examples, way: Callable[[Examples], Scores]) -> float:
    """Best macro F1 on the comments of one half, by a model of the other."""
    first = np.array([half("split" + text) for text in examples.texts])
    scores = way(examples.take(np.flatnonzero(first)))
    test = examples.take(
        row
        for row in np.flatnonzero(~first)
        if examples.groups[row] in COMMENTS and examples.groups[row] != "songys_toxic"
    )
    truth = targets_of(test.labels)[:, 0] == 1
    p = scores(test.texts)
    steps = np.linspace(0.02, 0.9, 89)
    return float(steps[np.argmax([f1_score(truth, p >= step, average="macro") for step in steps])])


def questions(data: Path) -> dict[str, tuple[str, list[tuple[str, int]]]]:
    """Name -> (set, texts with their truth)."""
    kmhas = [(row["text"], set(row["meta"]["labels"])) for row in rows(data, "toxicity/kmhas") if half(row["text"])]
    none = [(text, 0) for text, labels in kmhas if labels == {"Not Hate Speech"}]
    beep = [(row["text"], row["meta"]["hate"]) for row in rows(data, "toxicity/beep")]
    cursing = [(r["text"], r["meta"]["curse"]) for r in rows(data, "toxicity/curse_detection") if half(r["text"])]
    songys = COMMENTS["songys_toxic"](data).texts
    praise = reviews(data, 20_000).texts[-len(songys) :]
    return {
        "curse: cursing or not": ("curse_detection", cursing),
        "K-MHaS: profanity or nothing": ("kmhas", [(t, 1) for t, x in kmhas if "Profanity" in x] + none),
        "K-MHaS: hate but for politics, or nothing": (
            "kmhas",
            [(t, 1) for t, x in kmhas if x - {"Politics", "Not Hate Speech"}] + none,
        ),
        "K-MHaS: all": ("kmhas", [(t, 1) for t, x in kmhas if x != {"Not Hate Speech"}] + none),
        "BEEP: hate or nothing": ("beep", [(t, int(x == "hate")) for t, x in beep if x != "offensive"]),
        "BEEP: hate or offensive, or nothing": ("beep", [(t, int(x != "none")) for t, x in beep]),
        "songys: four kinds, or praise": ("songys_toxic", [(t, 1) for t in songys] + [(t, 0) for t in praise]),
    }


def sentences(data: Path) -> None:
    print(
        f"{'trained on the others, tested on':44} {'n':>6} {'toxic':>5}   {'AUC':>5} {'F1':>5} {'macro':>5}   fastText"
    )
    asked = questions(data)
    for name in COMMENTS:
        examples = material(data, without=name)
        ways = [(ours(examples), SENTENCE.max), (fasttext(examples), threshold(examples, fasttext))]
        for question, (of, cases) in asked.items():
            if of != name:
                continue
            truth = np.array([label for _, label in cases])
            cells = []
            for scores, least in ways:
                p = scores([text for text, _ in cases])
                macro = f1_score(truth, p >= least, average="macro")
                cells.append(f"{roc_auc_score(truth, p):5.3f} {f1_score(truth, p >= least):5.3f} {macro:5.3f}")
            print(f"{question:44} {len(cases):6} {truth.mean():5.2f}   {cells[0]}   {cells[1]}", flush=True)


def dropped(options: ToxicityOptions, texts: list[str]) -> np.ndarray:
    """Which texts break one of the step's default bounds."""
    return outside(signals(Toxicity(options), texts), BOUNDS)


def outside(columns: dict[str, np.ndarray], bounds: dict[str, Bound]) -> np.ndarray:
    return np.any([columns[name] > bound.max for name, bound in bounds.items()], axis=0)


def documents(data: Path) -> None:
    print(f"\n{'called toxic, held out with its fold':36} {'documents':>9} {'toxic':>5} {'%':>6}")
    total, toxic = 0, 0
    for fold, names in [*FOLDS.items(), ("others", OTHERS)]:
        names = tuple(named(data, name) for name in names)
        with tempfile.TemporaryDirectory() as folder:
            options = trained(material(data, sets=names), folder)
            for name in names:
                out = dropped(options, [row["text"] for row in rows(data, name)])
                print(f"{name:36} {len(out):9} {out.sum():5} {100 * out.mean():6.2f}", flush=True)
                if fold != "others" and not name.endswith("parallel_news"):
                    total, toxic = total + len(out), toxic + out.sum()
    print(f"{'all but parallel_news and others':36} {total:9} {toxic:5} {100 * toxic / total:6.3f}")


def adult_pages(data: Path) -> list[str]:
    """Distinct texts of the adult directory in html_spam_seo."""
    texts = {}
    with (data / "warc/html_spam_seo.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response | WarcRecordType.resource):
            if "albam" not in (record.headers.get("WARC-Target-URI") or ""):
                continue
            charset = record.http_charset if record.http_headers else None
            try:
                texts.setdefault(extract(record.reader.read(), charset).text)
            except ExtractError:
                continue
    return list(texts)


def pages(data: Path) -> None:
    labels = rows(data, "labels/web_labels")
    known = frozenset(fingerprint(row["text"]) for row in labels)
    adult, betting = adult_pages(data), gambling(data)
    print(f"\n{'found, by a model without such pages':44} {'n':>5} {'found':>6}")

    def show(name: str, texts: list[str], options: ToxicityOptions) -> None:
        print(f"{name:44} {len(texts):5} {100 * dropped(options, texts).mean():5.1f} %", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        options = trained(material(data, known=known), folder)
        show("adult directory, distinct pages", adult, options)
        show("betting sites, all", betting.texts, options)
        for level in (2, 1, 0):
            part = [row for row in labels if row["labels"]["toxicity"] == level]
            show(f"labels, toxicity {level}", [row["text"] for row in part], options)
            out = [row for row in part if held_out(row["host"] or row["source"])]
            show(f"labels, toxicity {level}, held-out hosts", [row["text"] for row in out], options)
    for group in ("kimys-kor/next-communityproto4", "totocom/totositeorg"):
        mine = [row for row, name in enumerate(betting.groups) if name == group]
        rest = betting.take(row for row, name in enumerate(betting.groups) if name != group)
        with tempfile.TemporaryDirectory() as folder:
            options = trained(material(data, known=known) + telling(rest), folder)
            show(f"{group}, with the other sites", [betting.texts[row] for row in mine], options)


def by_kind(data: Path) -> None:
    """The sentences written for it, each by a model that learnt from no wording of it."""
    parts, dropped_of, probability = written(), {}, [[], []]
    rest = material(data, sentences=False)
    for out, held in enumerate(parts):
        learnt = rest
        for row, part in enumerate(parts):
            learnt = learnt + part if row != out else learnt
        with tempfile.TemporaryDirectory() as folder:
            columns = signals(Toxicity(trained(learnt, folder)), held.texts)
        for kind, gone in zip(held.groups, outside(columns, SHORT), strict=True):
            dropped_of.setdefault(kind, []).append(gone)
        probability[0] += [label != NONE for label in held.labels]
        probability[1] += columns["max"].tolist()
    print(f"\n{'written sentences, five folds by wording':44} {'n':>5} {'toxic':>6}")
    for kind, gone in sorted(dropped_of.items()):
        print(f"{kind:44} {len(gone):5} {100 * np.mean(gone):5.1f} %")
    print(f"AUC {roc_auc_score(*probability):.3f}, ECE {calibration_error(*map(np.array, probability)):.3f}")


def harmless(data: Path) -> None:
    """Sentences of exams, news, encyclopedia and inference pairs, by a model that learnt from none of these sets."""
    with tempfile.TemporaryDirectory() as folder:
        step = Toxicity(trained(material(data, sets=(*SENTENCES, *RELATED)), folder))
    print(f"\n{'harmless sentences, sets unseen':44} {'n':>6} {'default':>8} {'sentence bound':>15}")
    for name in SENTENCES:
        columns = signals(step, lines_of(data, name))
        cells = [100 * outside(columns, bounds).mean() for bounds in (BOUNDS, SHORT)]
        print(f"{name:44} {len(columns['mean']):6} {cells[0]:6.2f} % {cells[1]:13.2f} %", flush=True)


def calibration_error(truth: np.ndarray, p: np.ndarray) -> float:
    """Expected calibration error over ten bins of equal width."""
    bins = np.minimum((p * 10).astype(int), 9)
    return float(sum(abs((truth[bins == k] - p[bins == k]).sum()) for k in range(10)) / len(p))


def speed(data: Path) -> None:
    names = ("domain/petitions", "noisy/dps_web_sample", "domain/wikinews_ko", "clean/python_docs_ko")
    texts = [row["text"] for name in names for row in rows(data, name)[:2000]]
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    size = sum(len(text.encode()) for text in texts) / 1e6
    step = Toxicity()
    step.compute(batch)
    seconds = []
    for _ in range(5):
        start = time.process_time()
        step.compute(batch)
        seconds.append(time.process_time() - start)
    print(f"\ntoxicity, all signals: {size / min(seconds):.1f} MB/s per core")


PARTS = (sentences, documents, pages, by_kind, harmless, speed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", choices=("all", *(part.__name__ for part in PARTS)), default="all")
    options = parser.parse_args()
    for part in PARTS:
        if options.part in ("all", part.__name__):
            part(options.data)


if __name__ == "__main__":
    main()
