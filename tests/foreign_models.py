"""Small models of other libraries, made by the libraries themselves, and texts to ask them about."""

import re
from pathlib import Path

from conftest import DEMO, prose

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
