"""Finding lmplz, and what is said where it cannot be had."""

import stat
from pathlib import Path

import pytest

from algok.classifiers.training import lmplz as module
from algok.errors import ModelError


def program(path: Path, body: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ALGOK_LMPLZ", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_where_it_is_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert module.find_lmplz() is None
    built = program(tmp_path / f"cache/algok/kenlm-{module.KENLM}/lmplz")
    assert module.find_lmplz() == built
    on_path = program(tmp_path / "bin/lmplz")
    assert module.find_lmplz() == on_path
    named = program(tmp_path / "elsewhere/trainer")
    monkeypatch.setenv("ALGOK_LMPLZ", str(named))
    assert module.lmplz() == named
    monkeypatch.setenv("ALGOK_LMPLZ", str(tmp_path / "none"))
    with pytest.raises(ModelError, match="ALGOK_LMPLZ"):
        module.find_lmplz()


def test_no_compiler() -> None:
    with pytest.raises(ModelError, match=r"cmake and c\+\+; on Debian: apt-get install .*libboost-program-options-dev"):
        module.lmplz()


def test_no_boost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """cmake fails as it does without boost; its words and the packages are passed on."""
    archive = tmp_path / f"kenlm-{module.KENLM}.tar.gz"
    import tarfile

    (tmp_path / f"kenlm-{module.KENLM}").mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / f"kenlm-{module.KENLM}", arcname=f"kenlm-{module.KENLM}")
    program(tmp_path / "bin/c++")
    program(tmp_path / "bin/cmake", "echo 'CMake Error: Could NOT find Boost'; exit 1")
    # pip download … -d FOLDER kenlm==…
    pip = program(tmp_path / "pip", f'while [ "$1" != -d ]; do shift; done; /bin/cp {archive} "$2/"')
    monkeypatch.setattr(module, "_pip", lambda: [str(pip)])
    with pytest.raises(ModelError, match=r"apt-get install cmake(.|\n)*Could NOT find Boost"):
        module.lmplz()
    program(tmp_path / "pip", "echo 'ERROR: No matching distribution'; exit 1")
    with pytest.raises(ModelError, match="No matching distribution"):
        module.lmplz()
