"""The codes of the domain and style axes, read from `domains.yaml` and `styles.yaml`, and the seed words of the domains."""

from functools import cache
from pathlib import Path

import yaml

_FOLDER = Path(__file__).parent
UNKNOWN = "unknown"  # what a tagger says when it is not sure enough; no code of its own


@cache
def major_of() -> dict[str, str]:
    """The major domain of every sub-domain, by code, in the order of the file."""
    majors = yaml.safe_load((_FOLDER / "domains.yaml").read_text(encoding="utf-8"))
    return {sub["code"]: major["code"] for major in majors for sub in major["subs"]}


@cache
def styles() -> tuple[str, ...]:
    """The style codes in the order of the file."""
    return tuple(style["code"] for style in yaml.safe_load((_FOLDER / "styles.yaml").read_text(encoding="utf-8")))


def seeds(domain: str) -> list[str]:
    """The seed words of a sub-domain: distinctive terms without spaces, written by hand; duplicates count once."""
    lines = (_FOLDER / "seeds" / f"{domain}.txt").read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(word for line in lines if not line.startswith("#") for word in line.split()))
