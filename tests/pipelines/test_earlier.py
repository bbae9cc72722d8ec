"""A run that is compared with finished ones gives what one run over all their inputs gives of the new ones."""

import hashlib
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest
from conftest import outputs, prose, write_jsonl

from algok.errors import InputError, OutputError, RecipeError, TaskError
from algok.filters import earlier as sketched
from algok.filters import line_dedup
from algok.filters.duplicates import clusters, decisions, pairs
from algok.filters.duplicates import earlier as duplicates
from algok.pipelines import resolve
from algok.pipelines import run as driver
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import validate
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.storage import Store

# Everywhere the first wins, so that one run can say what comes first: the order of its inputs.
STEPS = {"repair": {}, "dedup": {"keep": "first"}, "heuristics": {}, "lines": {}}


def go(inputs: list[Path], output: Path, steps=None, executor=None, **head):
    data = {"inputs": [{"path": str(path)} for path in inputs], "steps": {**STEPS, **(steps or {})}, **head}
    recipe = validate(
        RecipeText({**data, "steps": {name: step for name, step in data["steps"].items() if step is not None}})
    )
    return driver.execute(recipe, str(output), executor or make_executor("local", 0), SilentProgress())


def rows(run: Path, folder: str, files: list[str]) -> pa.Table:
    return ds.dataset(str(run / folder)).to_table(filter=pc.field("file").isin(files)).sort_by("id")


def assert_equal(run: Path, both: Path, files: list[str]) -> None:
    """All that the two say of the documents of some files, texts and signals included."""
    for folder in ("kept", "dropped"):
        found, expected = (rows(directory, folder, files) for directory in (run, both))
        assert found.num_rows and found.equals(expected), folder


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Three months of two files each, with copies within and between them and the same menu on every page."""
    folder = tmp_path_factory.mktemp("earlier")
    for part in range(6):
        texts = [prose(part * 9 + i) + (" 덧붙임" if i % 3 == 0 else "") for i in range(12)]
        records = [
            {"text": f"홈\n로그인\n{t}\n약관", "url": f"https://a{i % 2}.kr/{part}/{i}"} for i, t in enumerate(texts)
        ]
        write_jsonl(folder / ("jan", "feb", "mar")[part // 2] / f"{part}.jsonl", records)
    return folder


@pytest.fixture(scope="module")
def january(source, tmp_path_factory):
    output = tmp_path_factory.mktemp("january") / "run"
    go([source / "jan"], output, keep=["sketches"])
    return output


@pytest.fixture(scope="module")
def both(source, tmp_path_factory):
    """One run over January and February."""
    output = tmp_path_factory.mktemp("both") / "run"
    go([source / "jan", source / "feb"], output)
    return output


FEBRUARY = ["2.jsonl", "3.jsonl"]


def everything(run: Path) -> dict[str, str]:
    files = (path for path in sorted(run.rglob("*")) if path.is_file())
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_it_gives_what_one_run_gives_and_changes_nothing_there(source, january, both, tmp_path):
    before = everything(january)
    go([source / "feb"], tmp_path / "run", against_runs=[str(january)])
    assert_equal(tmp_path / "run", both, FEBRUARY)
    dropped = rows(tmp_path / "run", "dropped", FEBRUARY)
    known = set(ds.dataset(str(january / "kept")).to_table()["id"].to_pylist())
    assert known & set(dropped["dedup.duplicate_of"].to_pylist())
    assert verify(Store(str(tmp_path / "run"))) == [] and everything(january) == before
    assert not (tmp_path / "run" / "work").exists()


@pytest.mark.parametrize(("size", "files"), [(25, 512), (10_000, 1)])
def test_rounds_pieces_and_merged_files_give_the_same(source, both, tmp_path, monkeypatch, size, files):
    monkeypatch.setattr(resolve, "SMALL_CORPUS", 0)
    monkeypatch.setattr(resolve, "MOST_FILES", files)
    for module, names in (
        (pairs, ("KEYS", "DOCUMENTS", "COMPARED")),
        (decisions, ("DOCUMENTS", "DECIDED")),
        (clusters, ("EDGES",)),
        (line_dedup, ("_PARTITION_ROWS",)),
        (sketched, ("ROWS",)),
        (duplicates, ("DOCUMENTS",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, size)
    go([source / "jan"], tmp_path / "january", keep=["sketches"])
    work = tmp_path / "january" / "work"
    assert (work / "c0" / "keys.merged").exists() == (files == 1) != (work / "c0" / "keys").exists()
    assert not (work / "p0").exists() and not (work / "c0" / "stars").exists()
    go([source / "feb"], tmp_path / "run", against_runs=[str(tmp_path / "january")])
    assert_equal(tmp_path / "run", both, FEBRUARY)


def test_it_may_be_compared_with_runs_that_were_compared_with_each_other(source, january, tmp_path):
    go([source / "feb"], tmp_path / "february", against_runs=[str(january)], keep=["sketches"])
    go([source / "mar"], tmp_path / "run", against_runs=[str(january), str(tmp_path / "february")])
    go([source / "jan", source / "feb", source / "mar"], tmp_path / "all")
    assert_equal(tmp_path / "run", tmp_path / "all", ["4.jsonl", "5.jsonl"])


def test_executors_and_what_is_kept_beside_change_no_byte(source, january, tmp_path, ray_session):
    from algok.pipelines.executors.ray import RayExecutor

    go([source / "feb"], tmp_path / "run", against_runs=[str(january)])
    go([source / "feb"], tmp_path / "two", against_runs=[str(january)], executor=make_executor("local", 2))
    go(
        [source / "feb"],
        tmp_path / "ray",
        against_runs=[str(january)],
        executor=RayExecutor(),
        keep=["sketches", "phases"],
    )
    expected = {**outputs(tmp_path / "run"), "recipe.yaml": ""}
    assert {**outputs(tmp_path / "two"), "recipe.yaml": ""} == expected
    assert {**outputs(tmp_path / "ray"), "recipe.yaml": ""} == expected


def test_phases_of_a_run_that_was_compared_are_taken_over(source, january, tmp_path):
    keys = {"against_runs": [str(january)], "keep": ["phases"]}
    changed = {"lines": {"chars_left": {"min": 590}}}
    go([source / "feb"], tmp_path / "first", **keys)
    recipe = {"inputs": [{"path": str(source / "feb")}], "steps": {**STEPS, **changed}, "against_runs": [str(january)]}
    loaded = validate(RecipeText(recipe))
    executor = make_executor("local", 0)
    driver.execute(loaded, str(tmp_path / "run"), executor, SilentProgress(), str(tmp_path / "first"))
    go([source / "feb"], tmp_path / "scratch", changed, against_runs=[str(january)])
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")


def test_a_run_that_takes_phases_over_keeps_sketches_too(source, both, tmp_path):
    """It resolves its corpus steps itself, so that what it remembers is whole."""
    changed = {"lines": {"chars_left": {"min": 60}}}
    go([source / "jan"], tmp_path / "first", changed, keep=["phases"])
    head = {"inputs": [{"path": str(source / "jan")}], "steps": STEPS, "keep": ["sketches"]}
    loaded = validate(RecipeText(head))
    driver.execute(
        loaded, str(tmp_path / "january"), make_executor("local", 0), SilentProgress(), str(tmp_path / "first")
    )
    go([source / "feb"], tmp_path / "run", against_runs=[str(tmp_path / "january")])
    assert_equal(tmp_path / "run", both, FEBRUARY)


def test_a_repaired_run_is_still_one_to_be_compared_with(source, january, both, tmp_path):
    shutil.copytree(january, tmp_path / "january")
    for name in ("kept", "dropped", "stats", "work/c0/keys"):
        next((tmp_path / "january" / name).iterdir()).unlink()
    driver.repair(str(tmp_path / "january"), make_executor("local", 0), SilentProgress())
    assert everything(tmp_path / "january").keys() == everything(january).keys()
    go([source / "feb"], tmp_path / "run", against_runs=[str(tmp_path / "january")])
    assert_equal(tmp_path / "run", both, FEBRUARY)


class Stopped(Exception):
    """Ends a run between two stages."""


class Stopping(SilentProgress):
    """Lets so many stages begin."""

    def __init__(self, stages: int):
        self.left = stages

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        if self.left == 0:
            raise Stopped
        self.left -= 1


@pytest.mark.parametrize("small", [1 << 18, 0])
def test_it_goes_on_wherever_it_was_stopped(source, january, both, tmp_path, monkeypatch, small):
    monkeypatch.setattr(resolve, "SMALL_CORPUS", small)
    loaded = validate(
        RecipeText({"inputs": [{"path": str(source / "feb")}], "steps": STEPS, "against_runs": [str(january)]})
    )
    stages = 0
    while True:
        try:
            driver.execute(loaded, str(tmp_path / "run"), make_executor("local", 0), Stopping(1))
            break
        except Stopped:
            stages += 1
    assert stages >= 4
    assert_equal(tmp_path / "run", both, FEBRUARY)


def test_bounds_may_differ_and_steps_behind_too(source, january, tmp_path):
    go(
        [source / "feb"],
        tmp_path / "run",
        {"heuristics": {"chars": {"min": 300}}, "tokens": {}},
        against_runs=[str(january)],
    )
    assert verify(Store(str(tmp_path / "run"))) == []


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ({"dedup": {"threshold": 0.8}}, r"(?s)up to 'lines'.*steps.dedup.threshold: 0.75 → 0.8"),
        ({"repair": None}, "steps.repair"),
        ({"lines": {"host_share": 0.5}}, "steps.lines.host_share"),
    ],
)
def test_other_steps_are_refused_and_named(source, january, tmp_path, steps, message):
    with pytest.raises(InputError, match=message):
        go([source / "feb"], tmp_path / "run", steps, against_runs=[str(january)])


def test_what_is_no_finished_run_with_sketches_is_refused(source, both, tmp_path):
    with pytest.raises(InputError, match="no run directory"):
        go([source / "feb"], tmp_path / "run", against_runs=[str(tmp_path / "nothing")])
    with pytest.raises(InputError, match="--keep sketches"):
        go([source / "feb"], tmp_path / "run", against_runs=[str(both)])
    shutil.copytree(both, tmp_path / "begun")
    (tmp_path / "begun" / "manifest.json").unlink()
    with pytest.raises(InputError, match="not finished"):
        go([source / "feb"], tmp_path / "run", against_runs=[str(tmp_path / "begun")])


@pytest.mark.parametrize("name", ["c0/keys", "c0/documents", "c0/leaders", "c1/lines", "c1/hosts", "c0/corpus.json"])
@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_what_is_not_there_as_it_was_written_is_refused(source, january, tmp_path, name, how):
    shutil.copytree(january, tmp_path / "january")
    place = tmp_path / "january" / "work" / name
    for victim in sorted(place.rglob("*.arrow")) or [place]:
        if how == "missing":
            victim.unlink()
        else:
            data = bytearray(victim.read_bytes())
            data[len(data) // 2 if name != "c0/corpus.json" else 0] ^= 1
            victim.write_bytes(data)
    with pytest.raises((TaskError, InputError), match=f"(?s){tmp_path / 'january'}.*as they were written"):
        go([source / "feb"], tmp_path / "run", against_runs=[str(tmp_path / "january")])


def test_a_run_does_not_go_on_with_another_earlier_run(source, january, tmp_path):
    shutil.copytree(january, tmp_path / "january")
    (tmp_path / "january" / "work" / "c0" / "corpus.json").unlink()
    with pytest.raises((TaskError, InputError)):
        go([source / "feb"], tmp_path / "run", against_runs=[str(tmp_path / "january")])
    shutil.rmtree(tmp_path / "january")
    go([source / "jan"], tmp_path / "january", keep=["sketches"], labels={"team": "search"})
    go([source / "mar"], tmp_path / "other", keep=["sketches"])
    shutil.copy(tmp_path / "other" / "manifest.json", tmp_path / "january" / "manifest.json")
    with pytest.raises(OutputError, match="another run"):
        go([source / "feb"], tmp_path / "run", against_runs=[str(tmp_path / "january")])


def test_a_recipe_needs_steps_that_can_be_compared(tmp_path):
    with pytest.raises(RecipeError, match="no step here sees the whole corpus"):
        validate(RecipeText({"steps": {"heuristics": {}}, "against_runs": ["x"]}))


def test_real_text_that_is_split_gives_what_it_gives_as_a_whole(shared_data, tmp_path):
    """Web pages, news and comments: ten documents in eleven are of the earlier run."""
    import orjson

    names = ("noisy/dps_web_sample", "domain/parallel_news", "domain/wikinews_ko", "clean/rust_book_ko")
    for name in names:
        with pa.input_stream(str(shared_data / f"{name}.jsonl.zst"), compression="zstd") as file:
            records = [orjson.loads(line) for line in file.read().splitlines()]
        parts = {"old": [], "new": []}
        for record in records:
            kind = "new" if hashlib.sha256(record["id"].encode()).digest()[0] < 23 else "old"
            parts[kind].append({"text": record["text"], "url": record["meta"].get("url")})
        for kind, chosen in parts.items():
            write_jsonl(tmp_path / kind / f"{kind}-{name.replace('/', '-')}.jsonl", chosen)
    go([tmp_path / "old"], tmp_path / "first", keep=["sketches"])
    go([tmp_path / "new"], tmp_path / "run", against_runs=[str(tmp_path / "first")])
    go([tmp_path / "old", tmp_path / "new"], tmp_path / "both")
    assert_equal(tmp_path / "run", tmp_path / "both", [path.name for path in (tmp_path / "new").iterdir()])
