"""Phases and tasks from a recipe."""

import pytest
from conftest import write_jsonl

from algok.pipelines.plan import Plan, build_phases, read_plan
from algok.pipelines.recipe import load_recipe, recipe_from_text
from algok.pipelines.storage import Store


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("heuristics: {}", [(None, ["heuristics"], None)]),
        ("dedup: {}", [(None, [], "dedup"), ("dedup", [], None)]),
        (
            "dedup: {}, heuristics: {}, lines: {}",
            [(None, [], "dedup"), ("dedup", ["heuristics"], "lines"), ("lines", [], None)],
        ),
        (
            "lines: {}, dedup: {}, repair: {}",
            [(None, [], "lines"), ("lines", [], "dedup"), ("dedup", ["repair"], None)],
        ),
    ],
)
def test_corpus_steps_close_phases(steps, expected):
    phases = build_phases(recipe_from_text(f"steps: {{{steps}}}"))
    name = lambda config: config and config.name  # noqa: E731
    assert [(name(p.acts), [s.name for s in p.steps], name(p.sketches)) for p in phases] == expected
    assert [phase.index for phase in phases] == list(range(len(phases)))


@pytest.fixture
def config(tmp_path):
    for part in range(3):
        write_jsonl(tmp_path / "in" / f"{part}.jsonl", [{"text": "가"}])
    write_jsonl(tmp_path / "old" / "0.jsonl", [{"text": "나"}])
    inputs, against = ([{"path": str(tmp_path / name)}] for name in ("in", "old"))
    return Plan.make(load_recipe("web", inputs=inputs, against=against))


def test_earlier_corpora_take_part_until_they_are_sketched(config):
    tasks = [[task.shard for task in config.phase_tasks(phase)] for phase in config.phases]
    assert tasks == [[0, 1, 2, 3], [0, 1, 2], [0, 1, 2]]
    assert [config.is_reference(shard) for shard in tasks[0]] == [False, False, False, True]


def test_task_ids_are_unique_over_phases_and_rounds(config):
    tasks = [
        task for phase in config.phases for task in [*config.phase_tasks(phase), *config.round_tasks(phase, "pairs", 2)]
    ]
    assert len({task.id for task in tasks}) == len(tasks)


def test_a_saved_plan_reads_back_the_same(config, tmp_path):
    store = Store(str(tmp_path / "run"))
    config.save(store)
    again = read_plan(store)
    assert (again.digest, again.shards, again.recipe) == (config.digest, config.shards, config.recipe)


def test_the_digest_sees_recipe_and_inputs(config, tmp_path):
    def digest(*overrides):
        keys = {name: [{"path": str(tmp_path / folder)}] for name, folder in (("inputs", "in"), ("against", "old"))}
        return Plan.make(load_recipe("web", list(overrides), **keys)).digest

    assert digest() == config.digest
    assert digest("steps.dedup.threshold=0.9") != config.digest
    write_jsonl(tmp_path / "in" / "0.jsonl", [{"text": "다른 글"}])
    assert digest() != config.digest
