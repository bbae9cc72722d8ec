"""What `make` says before it installs anything."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _load():
    spec = importlib.util.spec_from_file_location("check_machine", ROOT / "tools" / "check_machine.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_this_checkout_has_its_links():
    assert _load().broken_links(str(ROOT / "algok")) == []


def test_a_checkout_without_links_is_explained(tmp_path, monkeypatch):
    module = _load()
    (tmp_path / "algok").mkdir()
    (tmp_path / "algok" / "filters").write_text("../filters")  # what git writes where core.symlinks is false
    (tmp_path / "algok" / "errors.py").write_text("")
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    (problem,) = [text for text in module.problems() if "symbolic links" in text]
    assert "algok/filters came out of git as plain files" in problem and "core.symlinks" in problem
