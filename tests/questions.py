"""Invented exam questions, and documents that have them, for the tests of decontamination."""

from pathlib import Path

from conftest import prose, write_jsonl

from algok.classifiers.training.benchmarks import Item
from algok.classifiers.training.contamination import build_index

_ABOUT = (
    (
        "달빛마을 물레방아를 처음 고친 목수의 고향은 어느 고을인가?",
        "버들내 고을",
        "솔바람 고을",
        "너럭바위 고을",
        "은행골 고을",
    ),
    (
        "구름재 등대지기가 밤마다 기록한 날씨 장부의 빛깔은 무엇인가?",
        "짙은 쪽빛 표지",
        "누런 삼베 표지",
        "붉은 비단 표지",
        "검은 가죽 표지",
    ),
    (
        "한들벌 두레패가 모내기 철에 부르던 노래의 첫 구절을 고르시오.",
        "새벽안개 걷히거든",
        "물꼬 터진 논두렁에",
        "소낙비 그친 뒤에",
        "보름달 떠오르면",
    ),
    (
        "새터 도자기 장인이 가마 온도를 재던 방법으로 옳은 것은?",
        "소나무 재의 빛깔",
        "물방울 마르는 시간",
        "흙덩이 갈라지는 소리",
        "연기 오르는 높이",
    ),
    (
        "모래내 나루터에서 뱃삯 대신 받던 물건이 아닌 것은?",
        "말린 미역 한 단",
        "좁쌀 두 되",
        "무명실 세 타래",
        "참나무 숯 한 섬",
    ),
)
ITEMS = [
    Item("own", f"q{number}", question, options)
    for number, (question, *rest) in enumerate(_ABOUT)
    if (options := tuple(rest))
]


def shown(item: Item, marks: str = "①②③④") -> str:
    """A question as a page shows it."""
    return "\n".join([item.question, *(f"{mark} {option}" for mark, option in zip(marks, item.options))])


def page(item: Item, number: int = 7) -> str:
    """A clean document with a question in its middle."""
    text = prose(number)
    return f"{text[:300]}\n{shown(item)}\n{text[300:]}"


def index_of(folder: Path, items: list[Item] = ITEMS, background: tuple[str, ...] = ()) -> str:
    """An index of the items; its folder."""
    build_index(items, lambda: iter(background), folder, data=[])
    return str(folder)


def questions_file(path: Path) -> Path:
    """The questions as a file with the fields of CLIcK."""
    rows = [
        {
            "id": item.id,
            "paragraph": "",
            "question": item.question,
            "choices": list(item.options),
            "answer": item.options[0],
        }
        for item in ITEMS
    ]
    return write_jsonl(path, rows)
