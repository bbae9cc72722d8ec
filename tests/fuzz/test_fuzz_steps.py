"""Every step over mutated texts keeps its whole contract: nothing is raised, all is declared, any cut gives the same."""

import random

import pytest
from conftest import prose
from fuzz.mutate import TOKENS, mutated
from questions import ITEMS, index_of, shown
from rounds import rounds

from algok.pipelines.registry import STEPS, step_class
from algok.testing import TEXTS, check_step

ROUNDS = 2  # per step in the suite
# Kiwi takes seconds to load and is not ours to test at length.
NAMES = [name for name in STEPS if name != "fineweb2"]
# What the steps look for: contacts of nobody, slang, damage, verse, tables, markup, other scripts, and what hides in them.
SEEDS = [
    *TEXTS,
    prose(3),
    "\n".join(map(shown, ITEMS)),
    "문의 김아무 대리 010-0000-1234, 02)000-1234, gil.dong@example.com\n서울시 종로구 보기로 12길 34, 101동 1202호",
    "주민등록번호 000000-1234567 계좌 000-00-000000 보기은행 카드 0000 0000 0000 0000 차량 12가 3456 203.0.113.7",
    "공일공에 1234에 5678 카톡 blue_sky77 ⓐ ①②③ ０１０－００００－１２３４ o1o-ooo0-l234 010****1234",
    "아 씨 진짜 개짜증 ㅅㅂ ㅄ 시1발 꺼져라 ㅋㅋㅋㅋㅋㅋㅋㅋ",
    "¾È³çÇÏ¼¼¿ä ìë íì¸ì %EC%95%88%EB%85%95 &#48512;&#49328; \\uC548\\uB155 \u1112\u1161\u11ab\u1100\u1173\u11af",
    "나 보기가 역겨워\n가실 때에는\n말없이\n\n고이 보내\n드리오리다",
    "| 날짜 | 값 |\n|---|--:|\n| 3월 | 1,234 |\n" * 9,
    "<div class='a'><p>글</p><br/>\n<script>x()</script></div> [링크](http://h.example.com/?q=1&amp;r=2)",
    "홈\n공지사항\n자유게시판\n로그인\n회원가입\n이전글\n다음글\nCopyright (c) 2024 All rights reserved.\n" * 4,
    "The quick brown fox 中文 日本語のテキスト ру́сский עברית العربية \u202eabc\u202c \U0001f1f0\U0001f1f7",
]  # fmt: skip
BYTES = [seed.encode() for seed in SEEDS]


def texts(generator: random.Random) -> list[str]:
    """Texts of which most are mutated bytes of one or two seeds; some are a token many times."""
    found = []
    for _ in range(9):
        data = generator.choice(BYTES) + generator.choice([b"", b"\n", generator.choice(BYTES)])
        found.append(mutated(data, BYTES, generator)[:20_000].decode("utf-8", "replace"))
    unit = generator.choice([*TOKENS, *(seed[:12].encode() for seed in SEEDS)]).decode("utf-8", "replace")[:40]
    return [*found, (unit * 400)[:8000]]


@pytest.mark.parametrize("name", NAMES)
def test_a_step_keeps_its_contract_over_mutated_texts(tmp_path, seeds, name):
    cls = step_class(name)
    options = cls.Options(index=index_of(tmp_path / "index")) if name == "decontaminate" else None
    for generator in rounds(name, seeds(ROUNDS)):
        check_step(cls, options, texts=texts(generator))
