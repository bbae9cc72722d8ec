"""Runs to look at: an ordinary one, the same with other bounds, a hostile one; and a browser to look with."""

import shutil

import pytest
from conftest import prose, write_jsonl

from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute

EVIL = (
    "</script><script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "<svg onload=window.hacked=1>",
    "\u202etxt.exe\u2066",
    "\x1b[31mred\x07",
    "=cmd|' /C calc'!A0",
    "{0} {9} $& $1",
    "' onmouseover='window.hacked=1",
    "__proto__",
)


def make_run(folder, rows, *overrides, recipe="web", mode=None):
    """Rows as JSON Lines through a recipe; every file is a shard."""
    for number, part in enumerate(rows):
        write_jsonl(folder / "in" / f"{number}.jsonl", part)
    loaded = load_recipe(recipe, list(overrides), inputs=[{"path": str(folder / "in")}], mode=mode)
    execute(loaded, str(folder / "run"), make_executor("local", 0), SilentProgress())
    return folder / "run"


def ordinary_rows():
    parts = []
    for shard in range(3):
        rows = [{"text": prose(shard * 12 + i), "source": ("news", "law", "web")[i % 3]} for i in range(12)]
        for i, row in enumerate(rows):
            row["url"] = f"https://site{i % 4}.example.com/{shard}/{i}"
        rows += [
            {"text": prose(1), "source": "web"},
            {"text": ("짧은 글입니다.", "눈이 왔다.", "내일 만나요.")[shard], "source": "web"},
            {"text": 5},
        ]
        parts.append(rows)
    return parts


@pytest.fixture(scope="session", name="make_run")
def _make_run():
    return make_run


@pytest.fixture(scope="session")
def ordinary(tmp_path_factory):
    """36 clean documents of three sources in three shards, with copies, short ones and a quarantined record in each."""
    return make_run(tmp_path_factory.mktemp("ordinary"), ordinary_rows())


@pytest.fixture(scope="session")
def stricter(tmp_path_factory):
    """The same documents (by name and content, so by id) under a bound that drops more."""
    return make_run(tmp_path_factory.mktemp("stricter"), ordinary_rows(), "profiles.law.quality.keep={min: 0.999}")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """A run whose sources, URLs, texts, reasons and recipe are written to break a page."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {"text": f"{evil} {prose(i)}\n{evil}", "source": evil, "url": f"https://{evil}/{i}", "meta": {evil: evil}}
        for i, evil in enumerate(EVIL)
    ]
    rows += [{"text": evil, "source": evil} for evil in EVIL]
    rows += [{"text": prose(50), "source": "가" * 500}, {evil: evil for evil in EVIL}, {"text": [EVIL[0]]}]
    recipe = folder / "recipe.yaml"
    name = EVIL[0].replace('"', "")
    recipe.write_text(f'extends: web\nname: "{name}"\nerror_budget: 1\n', encoding="utf-8")
    target = make_run(folder, [rows], recipe=str(recipe))
    moved = folder / "a'; touch hacked #"
    shutil.move(target, moved)
    return moved


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium, driven by playwright; its own driver is a Python wheel, no browser is downloaded."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("needs chromium (apt-get install chromium)")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
