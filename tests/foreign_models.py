"""Small models of other libraries, made by the libraries themselves, and texts to ask them about."""

import itertools
import math
import re
from collections import Counter
from pathlib import Path

from conftest import DEMO, prose, write_jsonl

from algok.classifiers.foreign.ccnet import normalized
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute
from algok.testing import TEXTS

MENU = (
    "홈 로그인 회원가입 장바구니",
    "고객센터 이벤트 마이페이지",
    "최저가 할인 구매 문의 환영",
    "무료 쿠폰 지금 바로 클릭",
)
ENGLISH = "The garden opens a new course for the people of the town every spring, and this year it is about trees."


def lines() -> list[str]:
    """Real lines of the carried notes, and what a web corpus holds beside prose."""
    notes = [path.read_text(encoding="utf-8") for path in sorted((DEMO / "corpus" / "notes").glob("*.md"))]
    return [*TEXTS, *notes, *(line for note in notes for line in note.splitlines()), prose(3), "\n".join(MENU), ENGLISH]


def examples() -> list[tuple[str, str]]:
    """Texts with one of three labels."""
    good = [(prose(number)[: 200 + number], "hq") for number in range(60)]
    bad = [("\n".join(MENU[(number + k) % 4] + f" {number * k}" for k in range(5)), "cc") for number in range(60)]
    other = [(f"{ENGLISH} Number {number}.", "en") for number in range(60)]
    return [row for rows in zip(good, bad, other, strict=True) for row in rows]


def train_fasttext(path: Path, rows: list[tuple[str, str]], prefix: str = "", **options) -> Path:
    """A `.bin`, or a quantised `.ftz`, that tells the labels of rows apart."""
    import fasttext

    text = path.with_suffix(".txt")
    text.write_text("\n".join(f"__label__{prefix}{label} {re.sub(chr(10), ' ', row)}" for row, label in rows), "utf-8")
    settings = {"dim": 8, "minn": 2, "maxn": 3, "bucket": 2000, "epoch": 20, "lr": 0.5, "thread": 1, "verbose": 0}
    model = fasttext.train_supervised(str(text), **(settings | options))
    if path.suffix == ".ftz":
        model.quantize(input=str(text), retrain=False)
    model.save_model(str(path))
    text.unlink()
    return path


def train_pieces(path: Path, texts: list[str], size: int = 900) -> Path:
    """A SentencePiece model with SentencePiece's own normalisation (nmt_nfkc), as CCNet's have."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line for text in texts for line in text.splitlines() if line.strip()),
        model_prefix=str(path.with_suffix("")), vocab_size=size, hard_vocab_limit=False, num_threads=1, minloglevel=2,
    )  # fmt: skip
    path.with_suffix(".vocab").unlink()
    return path


def write_arpa(path: Path, sentences: list[list[str]]) -> Path:
    """A model of pairs of pieces by their counts, without care for sums: what matters is that two readers read the same."""
    pairs: Counter[tuple[str, str]] = Counter()
    for sentence in sentences:
        pairs.update(itertools.pairwise(["<s>", *sentence, "</s>"]))
    first: Counter[str] = Counter()
    for (before, after), count in pairs.items():
        first[before] += count
        first[after] += count
    total = first.total()
    one = [f"{-99 if word == '<s>' else math.log10(count / total):.5f}\t{word}\t-0.3" for word, count in first.items()]
    two = [f"{math.log10(count / (first[a] + 1)):.5f}\t{a} {b}" for (a, b), count in pairs.items()]
    head = ["\\data\\", f"ngram 1={len(one) + 1}", f"ngram 2={len(two)}", ""]
    body = ["\\1-grams:", "-4.5\t<unk>\t0", *one, "", "\\2-grams:", *two, "", "\\end\\", ""]
    path.write_text("\n".join([*head, *body]), "utf-8")
    return path


def kenlm_pair(folder: Path) -> Path:
    """`ko.arpa` with `ko.sp.model`, of the carried notes and prose, normalised as CCNet does."""
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    texts = [normalized(text) for text in [*lines(), *(prose(number) for number in range(40))]]
    pieces = train_pieces(folder / "ko.sp.model", texts)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    return write_arpa(folder / "ko.arpa", [processor.encode(text, out_type=str) for text in texts])


def run_of_steps(root: Path, steps: str):
    """A recipe of these steps over sixty documents, and the folder of its finished run in one process."""
    write_jsonl(root / "in.jsonl", [{"text": prose(row)[: 100 + 9 * row]} for row in range(60)])
    recipe = recipe_from_text(f"inputs: [{{path: {root}/in.jsonl}}]\nsplit_bytes: 20000\nsteps: {steps}")
    execute(recipe, str(root / "run"), make_executor("local", 0), SilentProgress())
    return recipe, root / "run"
