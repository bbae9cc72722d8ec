"""The damage that the noisy model learns from."""

import random

import pytest

from algok.classifiers.training.prose_damage import KINDS, damaged, keywords, shuffled, stuffed, without_spaces

TEXT = "봄이 오면 강가에는 버드나무가 먼저 잎을 낸다. 마을 사람들은 그 나무 아래에서 한 해의 농사를 이야기한다."


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_damage_changes_the_text_and_repeats(kind) -> None:
    one, two = kind(TEXT, random.Random(1)), kind(TEXT, random.Random(1))
    assert one == two != TEXT
    kind("", random.Random(1))
    kind("漢🙂", random.Random(1))


def test_what_each_does() -> None:
    chance = random.Random(3)
    assert sorted(shuffled(TEXT, chance).split()) == sorted(TEXT.split())
    assert without_spaces(TEXT, chance).replace(" ", "") == TEXT.replace(" ", "")
    assert [word for word in stuffed(TEXT, random.Random(1)).split() if word in TEXT.split()][: len(TEXT.split())]
    assert set(keywords(TEXT, chance).replace(",", " ").replace("|", " ").split()) & {"버드나무", "나무", "사람들"}


def test_parts_of_a_set() -> None:
    texts = [TEXT * 100, TEXT, ""]
    parts = damaged(texts, seed=1)
    assert parts == damaged(texts, seed=1) != damaged(texts, seed=2)
    assert len(parts) > 3
    assert max(map(len, parts)) <= 12_000
