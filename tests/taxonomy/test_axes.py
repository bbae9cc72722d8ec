"""The codes and seed words are complete and well formed."""

from pathlib import Path

import pytest

from algok.taxonomy import axes
from algok.taxonomy.axes import UNKNOWN, major_of, seeds, styles


def test_six_majors_with_twenty_subs():
    assert len(major_of()) == 20
    assert len(set(major_of().values())) == 6
    assert UNKNOWN not in major_of()


def test_twelve_styles():
    assert len(styles()) == len(set(styles())) == 12


@pytest.mark.parametrize("code", list(major_of()))
def test_every_domain_has_hundreds_of_seeds(code):
    words = seeds(code)
    assert len(words) >= 300
    assert len(words) == len(set(words))


def test_no_seed_file_without_a_domain():
    files = (Path(axes.__file__).parent / "seeds").glob("*.txt")
    assert {file.stem for file in files} == set(major_of())


def test_seeds_belong_to_few_domains():
    """A word that many domains claim tells none from another."""
    owners: dict[str, int] = {}
    for code in major_of():
        for word in seeds(code):
            owners[word] = owners.get(word, 0) + 1
    assert max(owners.values()) <= 3
    assert sum(count > 1 for count in owners.values()) < 0.05 * len(owners)
