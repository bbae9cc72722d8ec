"""Damaged run directories: what is missing or damaged is made again or refused with a remedy, never built upon."""

import shutil
import stat

import orjson
import pytest
from conftest import outputs, prose, write_jsonl

from algok.errors import AlgokError, InputError, OutputError, TaskError
from algok.pipelines import resolve
from algok.pipelines import run as driver
from algok.pipelines.account import verify
from algok.pipelines.done import done_name
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import validate
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store

DAMAGES = ("missing", "empty", "cut", "flipped", "rubbish")


def damage(path, how: str) -> None:
    """Breaks a file in one of the ways that disks and people break files."""
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "flipped":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    else:
        path.write_bytes({"empty": b"", "cut": data[: len(data) * 2 // 3], "rubbish": b"\x00{]" * 50}[how])


class Stopped(Exception):
    """Ends a run between two phases."""


class Watching(SilentProgress):
    """Does something before the stage of a number (0 to 4 in a small corpus), and remembers the notes."""

    def __init__(self, stage: int = -1, act=lambda: None):
        self.left, self.act, self.notes = stage, act, []

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        if self.left == 0:
            self.act()
        self.left -= 1

    def note(self, text: str) -> None:
        self.notes.append(text)


# Phases and corpus steps as in the carried recipes, without the steps that load models for every run.
STEPS = {"repair": {}, "dedup": {}, "heuristics": {}, "lines": {}}


def go(source, output, progress=None):
    recipe = validate(RecipeText({"inputs": [{"path": str(source)}], "steps": STEPS}))
    progress = progress or Watching()
    done = driver.execute(recipe, str(output), make_executor("local", 0), progress)
    assert progress.left < 0, "no stage has this number"
    return done


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Inputs, and a finished run of them."""
    folder = tmp_path_factory.mktemp("whole")
    for part in range(2):
        path = write_jsonl(folder / "in" / f"{part}.jsonl", [{"text": prose(part * 8 + i)} for i in range(9)])
        with path.open("ab") as file:
            file.write(b'rubbish\n{"text": "short"}\n')
    go(folder / "in", folder / "run")
    return folder / "in", folder / "run"


def stop():
    raise Stopped


# The stage before which a run stops, and whether it resolves in rounds as a large corpus does.
BEGUN = {
    "after reading": (1, False), "after dedup": (2, False), "in the last phase": (4, False), "between dedup's rounds": (8, True),
}  # fmt: skip


@pytest.fixture(scope="module", params=BEGUN.values(), ids=BEGUN)
def begun(request, whole, tmp_path_factory):
    """A run that was stopped before the stage of a number."""
    folder = tmp_path_factory.mktemp("begun")
    stage, large = request.param
    with pytest.MonkeyPatch.context() as patch:
        if large:
            patch.setattr(resolve, "SMALL_CORPUS", 0)
            patch.setattr(resolve, "MOST_FILES", 1)
        with pytest.raises(Stopped):
            go(whole[0], folder / "run", Watching(stage, stop))
        yield folder / "run"


def share(victims: list, how: str) -> list:
    """A fifth of the files for each kind of damage: a run for every pair would take minutes."""
    return victims[DAMAGES.index(how) :: len(DAMAGES)]


def files(run, *folders: str):
    return [path for folder in folders for path in sorted((run / folder).rglob("*")) if path.is_file()]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_run_that_goes_on_makes_again_whatever_it_lost(begun, whole, tmp_path, how):
    """Every file of outputs, intermediate documents, sketches, rounds and records, one after the other."""
    for victim in share(files(begun, "kept", "dropped", "quarantine", "stats", "done", "work"), how):
        copy = tmp_path / "run"
        shutil.copytree(begun, copy)
        damage(copy / victim.relative_to(begun), how)
        go(whole[0], copy)
        assert outputs(copy) == outputs(whole[1]), victim
        assert verify(Store(str(copy))) == []
        shutil.rmtree(copy)


@pytest.mark.parametrize("name", ["recipe.yaml", "plan.json"])
@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_plan_is_written_again(begun, whole, tmp_path, name, how):
    shutil.copytree(begun, tmp_path / "run")
    damage(tmp_path / "run" / name, how)
    go(whole[0], tmp_path / "run")
    assert outputs(tmp_path / "run") == outputs(whole[1])


def test_what_is_done_again_is_said(begun, whole, tmp_path):
    shutil.copytree(begun, tmp_path / "run")
    victim = files(tmp_path / "run", "stats")[0]
    victim.unlink()
    seen = Watching()
    go(whole[0], tmp_path / "run", seen)
    assert any("done again" in note and f"stats/{victim.name}: missing" in note for note in seen.notes)


def test_an_undamaged_run_goes_on_without_a_word(begun, whole, tmp_path):
    shutil.copytree(begun, tmp_path / "run")
    seen = Watching()
    go(whole[0], tmp_path / "run", seen)
    assert seen.notes == []


@pytest.mark.parametrize("stage", [1, 2, 4])
@pytest.mark.parametrize("how", DAMAGES)
def test_damage_while_a_run_goes_on_is_mended_too(whole, tmp_path, stage, how):
    """The documents on their way to the next phase, between two phases of a living run."""

    def break_spills():
        for path in files(tmp_path / "run", "work/p0", "work/p1"):
            damage(path, how)

    go(whole[0], tmp_path / "run", Watching(stage, break_spills))
    assert outputs(tmp_path / "run") == outputs(whole[1])


def test_outputs_that_vanish_before_the_end_are_made_again(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(resolve, "SMALL_CORPUS", 1 << 18)  # a begun run of a large corpus may be open
    go(whole[0], tmp_path / "run", Watching(4, lambda: shutil.rmtree(tmp_path / "run" / "quarantine")))
    assert outputs(tmp_path / "run") == outputs(whole[1])


def test_a_run_whose_files_vanish_again_and_again_gives_up(whole, tmp_path, monkeypatch):
    class Thief(Watching):
        def end(self):
            shutil.rmtree(tmp_path / "run" / "stats", ignore_errors=True)

    with pytest.raises(OutputError, match="vanish"):
        go(whole[0], tmp_path / "run", Thief())


@pytest.mark.parametrize("how", DAMAGES)
def test_repair_gives_the_same_bytes_back(whole, tmp_path, how):
    """Outputs, records and files of the account of a finished run, one after the other."""
    victims = [*share(files(whole[1], "kept", "dropped", "quarantine", "stats", "done"), how)]
    victims += [whole[1] / name for name in ("manifest.json", "summary.json")]
    if how in ("missing", "empty"):
        victims.append(whole[1] / "README.md")
    for victim in victims:
        copy = tmp_path / "run"
        shutil.copytree(whole[1], copy)
        damage(copy / victim.relative_to(whole[1]), how)
        if victim.name != "manifest.json" or how != "missing":
            assert verify(Store(str(copy))), victim
        driver.repair(str(copy), make_executor("local", 0), Watching())
        assert outputs(copy) == outputs(whole[1]), victim
        assert verify(Store(str(copy))) == []
        shutil.rmtree(copy)


def test_repair_needs_only_the_inputs_of_what_it_makes_again(whole, tmp_path):
    shutil.copytree(whole[1], tmp_path / "run")
    shutil.copytree(whole[0], tmp_path / "aside")
    (tmp_path / "run" / "manifest.json").write_bytes(b"")
    driver.repair(str(tmp_path / "run"), make_executor("local", 0), Watching())
    assert outputs(tmp_path / "run") == outputs(whole[1])


@pytest.mark.parametrize("change", ["gone", "rewritten"])
def test_repair_without_the_inputs_changes_nothing(tmp_path, change):
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": prose(i)} for i in range(3)])
    go(source, tmp_path / "run")
    files(tmp_path / "run", "kept")[0].unlink()
    before = {path: path.read_bytes() for path in files(tmp_path / "run", ".")}
    if change == "gone":
        source.unlink()
    else:
        write_jsonl(source, [{"text": prose(9)}])
    with pytest.raises(InputError, match=r"in\.jsonl"):
        driver.repair(str(tmp_path / "run"), make_executor("local", 0), Watching())
    assert {path: path.read_bytes() for path in files(tmp_path / "run", ".")} == before


@pytest.mark.parametrize("name", ["run.json", "recipe.yaml", "plan.json", "manifest.json", "summary.json"])
@pytest.mark.parametrize("content", [b"", b"\x00{]", b"[]", b"{}", b"\xff\xfe"])
def test_every_reader_of_a_damaged_run_ends_in_an_error_with_a_remedy(whole, tmp_path, name, content):
    """Readers first, then those that write the file again."""
    shutil.copytree(whole[1], tmp_path / "run")
    (tmp_path / "run" / name).write_bytes(content)
    for read in (
        lambda: Run.open(tmp_path / "run", finished=True).summary,
        lambda: Run.open(tmp_path / "run", finished=True).verify(),
        lambda: Run.open(tmp_path / "run").explain("nobody"),
        lambda: Run.open(tmp_path / "run").kept(),
        lambda: go(whole[0], tmp_path / "run"),
        lambda: driver.repair(str(tmp_path / "run"), make_executor("local", 0), Watching()),
    ):
        try:
            read()
        except AlgokError as error:
            assert any(word in str(error) for word in ("again", "backup", "--repair")), error


@pytest.mark.parametrize("how", ["empty", "cut", "rubbish"])
@pytest.mark.parametrize("folder", ["kept", "dropped"])
def test_explaining_from_a_damaged_table_names_the_remedy(whole, tmp_path, folder, how):
    """Found by the fuzzer of run directories."""
    shutil.copytree(whole[1], tmp_path / "run")
    damage(files(tmp_path / "run", folder)[0], how)
    with pytest.raises(InputError, match="--repair"):
        Run.open(tmp_path / "run").explain("nobody")


def test_an_edited_record_is_not_believed(whole, tmp_path):
    shutil.copytree(whole[1], tmp_path / "run")
    record = tmp_path / "run" / done_name("p0-000000")
    data = orjson.loads(record.read_bytes())
    record.write_bytes(orjson.dumps({**data, "records": data["records"] + 1}))
    assert any("p0-000000" in problem for problem in verify(Store(str(tmp_path / "run"))))


def test_a_task_that_fails_by_itself_is_no_damage(whole, tmp_path, monkeypatch):
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": prose(1)}])
    seen = Watching(0, source.unlink)
    with pytest.raises(TaskError):
        go(source, tmp_path / "run", seen)
    assert seen.notes == []


def test_remote_runs_are_mended_too(whole, tmp_path):
    url = f"memory://{tmp_path.name}/run"
    store = Store(url)

    def break_spills():
        for name in store.names("work/p0"):
            data = bytearray(store.read_bytes(name))
            data[len(data) // 2] ^= 1
            store.write_bytes(name, bytes(data))

    go(whole[0], url, Watching(2, break_spills))
    kept = store.names("kept")
    store.write_bytes(kept[0], b"")
    assert verify(store)
    driver.repair(url, make_executor("local", 0), Watching())
    assert verify(store) == []
    assert all(store.read_bytes(name) == (whole[1] / name).read_bytes() for name in kept)


def test_intermediate_files_are_for_their_owner_and_outputs_follow_the_umask(begun, whole, tmp_path):
    if (begun / "work").exists():
        assert stat.S_IMODE((begun / "work").stat().st_mode) == 0o700
    shutil.copytree(begun, tmp_path / "run")
    (tmp_path / "run" / "work").chmod(0o755)

    def look():
        assert stat.S_IMODE((tmp_path / "run" / "work").stat().st_mode) == 0o700

    go(whole[0], tmp_path / "run", Watching(0, look))


@pytest.mark.parametrize("going_on", [True, False])
def test_one_changed_byte_of_a_description_is_damage_too(whole, tmp_path, going_on):
    """It decides nothing, so the recipe's digest stays; found by the fuzzer of run directories."""
    run, progress = tmp_path / "run", Watching()
    shutil.copytree(whole[1], run)
    sound = outputs(run)
    recipe = run / "recipe.yaml"
    text = recipe.read_text()
    recipe.write_text(text.replace("name: recipe", "name: other", 1))
    assert recipe.read_text() != text
    assert verify(Store(str(run)))[0] == "recipe.yaml: changed (its digest is another one in run.json)"
    if going_on:
        go(whole[0], run, progress)
        assert outputs(run) == sound and verify(Store(str(run))) == [] and "written again" in progress.notes[0]
    else:
        with pytest.raises(InputError, match=r"recipe\.yaml changed .* run the same 'algok run' command again"):
            driver.repair(str(run), make_executor("local", 0), progress)


def test_white_space_added_to_the_recipe_of_a_run_is_taken_away(whole, tmp_path):
    run, progress = tmp_path / "run", Watching()
    shutil.copytree(whole[1], run)
    sound = outputs(run)
    (run / "recipe.yaml").write_text((run / "recipe.yaml").read_text() + "\n\n# a note\n")
    driver.repair(str(run), make_executor("local", 0), progress)
    assert outputs(run) == sound and "recipe.yaml changed, and is written again as it was" in progress.notes
