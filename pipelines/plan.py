"""From a recipe and its inputs to phases and tasks.

A phase is a run of steps between two corpus barriers, fused into one pass: act of the corpus step resolved before it,
then the steps, then the sketch of the corpus step that closes it. A task is one phase over one shard, or one partition
of one resolving round.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from typing import Any

import orjson

from algok.classifiers.store import open_reference
from algok.errors import AlgokError, InputError, ModelError, RecipeError
from algok.filters.personal.coarse import excerpt
from algok.pipelines.readers.inputs import LeftOut, Shard, plan_shards
from algok.pipelines.recipe import Recipe, StepConfig, recipe_from_text
from algok.pipelines.storage import UNREADABLE, Store
from algok.step import ONE_CORE, CorpusStep, Resources, Step

SPREAD = "spread"  # the round of tasks that come before those of the first phase
REUSED = "reused"  # the round of phase tasks that are taken over from an earlier run
_REMEDY = "run the command that began the run again, it writes both files anew"
_MOST_SHARDS = 10_000_000  # more than a run can have; a damaged number must not fill the memory
# What run.json must say so that a run can be told from another.
_DESCRIBED = {"algok", "recipe_digest", "inputs_digest", "plan", "steps", "models"}


@dataclass(frozen=True)
class Phase:
    """One pass over the data. `acts` was sketched in the phase before, `sketches` is acted on in the next."""

    index: int
    acts: StepConfig | None
    steps: tuple[StepConfig, ...]
    sketches: StepConfig | None
    resources: Resources = ONE_CORE

    @property
    def all_steps(self) -> tuple[StepConfig, ...]:
        """The steps that a batch goes through, the one that acts first."""
        return ((self.acts,) if self.acts else ()) + self.steps

    @property
    def title(self) -> str:
        """What it does, as progress and messages show it: `dedup → heuristics → sketch lines`."""
        names = [*([self.acts.name] if self.acts else ["read"]), *(step.name for step in self.steps)]
        return " → ".join([*names, f"sketch {self.sketches.name}" if self.sketches else "write"])


@dataclass(frozen=True)
class Task:
    """One unit of work: small enough to send anywhere, committed once. `plan` names the run's plan by digest."""

    id: str
    plan: str
    phase: int
    shard: int = -1  # a phase task
    round: str = ""  # a resolving task of the corpus step that closes the phase
    part: int = 0
    parts: int = 0
    resources: Resources = ONE_CORE


def build_phases(recipe: Recipe) -> list[Phase]:
    """Splits the recipe's steps at its corpus steps, and where the resources that they take change. There is always at
    least one phase; reading takes what a step takes that says nothing."""
    phases: list[Phase] = []
    acts: StepConfig | None = None
    steps: list[StepConfig] = []
    resources = ONE_CORE

    def close(sketches: StepConfig | None) -> None:
        phases.append(Phase(len(phases), acts, tuple(steps), sketches, resources))

    for step in recipe.steps:
        if step.resources != resources and (phases or steps):
            close(None)
            acts, steps = None, []
        resources = step.resources
        if issubclass(step.cls, CorpusStep):
            close(step)
            acts, steps = step, []
        else:
            steps.append(step)
    close(None)
    return phases


@dataclass(frozen=True, eq=False)  # as a plan, one is only itself
class Outline:
    """What can be said of a run without its shards, of which there may be very many: the recipe, its phases, and how many
    shards the run has (earlier corpora left out)."""

    recipe: Recipe
    phases: list[Phase]
    shards: int


@dataclass(frozen=True)
class EarlierRun:
    """A finished run that a run is compared with: its directory (absolute), the SHA-256 of its manifest, and its shards with
    those of the runs that it was compared with."""

    run: str
    manifest: str
    shards: int


class Plan:
    """A recipe with its shards: everything a task needs to know, in the run directory as recipe.yaml and plan.json.

    Shards of the recipe's inputs come first, those of `against` (earlier corpora) after them. `models` has the label and
    digest of every model that the steps use, by `step.option`. `earlier` are the runs of `against_runs`.
    """

    def __init__(
        self,
        recipe: Recipe,
        shards: list[Shard],
        references: list[Shard],
        models: dict[str, dict],
        earlier: Sequence[EarlierRun] = (),
    ):
        self.recipe, self.own, self.references, self.models = recipe, shards, references, models
        self.earlier = earlier
        self.shards = [*shards, *references]
        self.phases = build_phases(recipe)
        self.left_out: LeftOut = {}  # files of its input folders that are no input; known where it was made
        self._steps: dict[str, Step] = {}

    @classmethod
    def make(cls, recipe: Recipe) -> "Plan":
        """Checks the models and plans the shards of a recipe's inputs.

        Raises ModelError before any input is looked at, InputError for what is missing or unreadable.
        """
        from algok.pipelines.earlier import find_earlier  # which reads plans

        models = check_models(recipe)
        earlier = find_earlier(recipe, models)
        left_out: LeftOut = {}
        own = plan_shards(recipe.inputs, recipe.split_bytes, left_out)
        references = plan_shards(recipe.against, recipe.split_bytes, left_out) if recipe.against else []
        plan = cls(recipe, own, references, models, earlier)
        plan.left_out = left_out
        return plan

    @property
    def outline(self) -> Outline:
        return Outline(self.recipe, self.phases, len(self.own))

    @cached_property
    def inputs_digest(self) -> str:
        """SHA-256 over the input files' names, sizes and fingerprints."""
        files = [
            [shard.id, [file.as_dict() for file in shard.files], *([shard.ocr.as_dict()] if shard.ocr else [])]
            for shard in self.shards
        ]
        files += [["earlier run", run.manifest] for run in self.earlier]
        return hashlib.sha256(orjson.dumps(files)).hexdigest()

    @cached_property
    def shard_bytes(self) -> list[int]:
        """Bytes of input files per shard; shards that share a file have about equal parts of it."""
        parts = Counter(shard.files for shard in self.shards)
        return [sum(file.size for file in shard.files) // parts[shard.files] for shard in self.shards]

    @cached_property
    def digest(self) -> str:
        models = orjson.dumps(self.models, option=orjson.OPT_SORT_KEYS).decode()
        return hashlib.sha256((self.recipe.digest + self.inputs_digest + models).encode()).hexdigest()[:16]

    def step(self, config: StepConfig) -> Step:
        """The step's instance, built once per process (models load here).

        Raises ModelError if this machine has another model in a model's place than the run began with.
        """
        if config.name not in self._steps:
            for key, model in step_models(config).items():
                if model != self.models[key]:
                    raise ModelError(
                        f"{key}: this machine has another model than the run began with; run.json has its digest"
                    )
            self._steps[config.name] = config.build()
        return self._steps[config.name]

    def is_reference(self, shard: int) -> bool:
        return shard >= len(self.own)

    def shard_name(self, shard: int) -> str:
        """File stem of everything that comes from a shard: position and content-derived id."""
        return f"part-{shard:06d}-{self.shards[shard].id}"

    def phase_tasks(self, phase: Phase) -> list[Task]:
        """A task per shard. Reference shards take part only until the first corpus step has sketched them."""
        sketched = any(earlier.sketches for earlier in self.phases[: phase.index])
        return [
            Task(phase_task_id(phase.index, shard), self.digest, phase.index, shard=shard, resources=phase.resources)
            for shard in range(len(self.own) if sketched else len(self.shards))
        ]

    def spread_shards(self, first: int) -> int:
        """How many shards have parts of the file that is spread from this shard on."""
        after = range(first + 1, len(self.shards))
        others = (number for number in after if not self.shards[number].spread or self.shards[number].start == 0)
        return next(others, len(self.shards)) - first

    def spread_first(self, shard: int) -> int:
        """The first shard with a part of the same file."""
        while self.shards[shard].start != 0:
            shard -= 1
        return shard

    def spread_tasks(self) -> list[Task]:
        """A task for each file whose records are spread over its shards before the first phase."""
        resources = self.phases[0].resources
        return [
            Task(spread_task_id(first), self.digest, 0, shard=first, round=SPREAD, resources=resources)
            for first, shard in enumerate(self.shards)
            if shard.spread and shard.start == 0
        ]

    def round_tasks(self, phase: Phase, name: str, parts: int) -> list[Task]:
        return [
            Task(f"c{phase.index}-{name}-{part:06d}", self.digest, phase.index, round=name, part=part, parts=parts)
            for part in range(parts)
        ]

    def save(self, store: Store) -> dict[str, str | None]:
        """Writes the files of the plan; their SHA-256 by name, which run.json keeps: one changed byte in a description is damage
        too."""
        return {name: store.write_bytes(name, data).sha256 for name, data in self.files().items()}

    def files(self) -> dict[str, bytes]:
        """What stands in the run directory, by name."""
        data: dict[str, Any] = {
            "shards": [shard.as_dict() for shard in self.own],
            "references": [shard.as_dict() for shard in self.references],
            "models": self.models,
            "earlier": [asdict(run) for run in self.earlier],
        }
        return {
            "plan.json": orjson.dumps(data, option=orjson.OPT_INDENT_2),
            "recipe.yaml": self.recipe.to_yaml().encode(),
        }


def spread_task_id(shard: int) -> str:
    """The id of the task that spreads a file over its shards from this one on."""
    return f"s0-{shard:06d}"


def phase_task_id(phase: int, shard: int) -> str:
    """The id of a phase task, which its files in stats/ and done/ are called by."""
    return f"p{phase}-{shard:06d}"


def check_models(recipe: Recipe) -> dict[str, dict]:
    """Label and digest of every model of a recipe, after each was loaded once: a digest only says that a model is the one
    that was made, not that it is of the shape that a step needs. Raises ModelError."""
    models = {}
    for config in recipe.steps:
        models |= step_models(config)
        if config.cls.models:
            _try_build(config)
    return models


def _try_build(config: StepConfig) -> None:
    try:
        config.build()
    except AlgokError:
        raise
    except Exception as error:  # of a library, or a plug-in's own class: whatever a strange model makes it raise
        what = excerpt(f"{type(error).__name__}: {error}", 300)
        raise ModelError(f"steps.{config.name}: its model cannot be loaded: {what}") from None


def step_models(config: StepConfig) -> dict[str, dict]:
    """Label and digest of every model that a step of a recipe uses, by `step.option`. Raises ModelError."""
    models = {}
    for option, kind in config.cls.models.items():
        if config.options[option] is not None:
            model = open_reference(config.options[option], kind)
            models[f"{config.name}.{option}"] = {"model": model.label, "digest": model.digest}
    return models


@cache
def load_plan(root: str, digest: str) -> Plan:
    """The plan of a run directory, once per process and plan; `digest` keeps a recreated directory apart.

    Raises InputError where recipe.yaml and plan.json are not those of this plan.
    """
    plan = read_plan(Store(root))
    if plan.digest != digest:
        raise InputError(f"{root}: recipe.yaml or plan.json was changed while the run went on; {_REMEDY}")
    return plan


def read_recipe(store: Store) -> Recipe:
    """The recipe as it stands in a run directory. Raises InputError where it is missing or damaged."""
    try:
        return recipe_from_text(store.read_bytes("recipe.yaml").decode())
    except (OSError, UnicodeDecodeError, RecipeError) as error:
        raise InputError(f"{store.url}/recipe.yaml: missing or damaged ({_first_line(error)}); {_REMEDY}") from None


def read_outline(store: Store) -> Outline:
    """The outline of a run directory; its shards are not read. Raises InputError as `read_plan`."""
    recipe, shards = read_recipe(store), read_description(store).get("shards")
    if not isinstance(shards, int) or not 0 <= shards <= _MOST_SHARDS:
        raise InputError(f"{store.url}/run.json: it does not say how many shards the run has; {_REMEDY}")
    return Outline(recipe, build_phases(recipe), shards)


def read_plan(store: Store) -> Plan:
    """The plan as it stands in a run directory. Raises InputError where it is missing or damaged."""
    recipe = read_recipe(store)
    try:
        data = orjson.loads(store.read_bytes("plan.json"))
        shards, references = ([Shard.from_dict(shard) for shard in data[key]] for key in ("shards", "references"))
        earlier = [EarlierRun(**run) for run in data.get("earlier", [])]
        return Plan(recipe, shards, references, dict(data["models"]), earlier)
    except UNREADABLE as error:
        raise InputError(f"{store.url}/plan.json: missing or damaged ({_first_line(error)}); {_REMEDY}") from None


def changed_files(store: Store) -> list[str]:
    """Which of recipe.yaml and plan.json are missing, or not the bytes that run.json has the digest of."""
    recorded = read_description(store).get("files", {})  # runs of earlier versions have no digests
    return [
        name for name, digest in recorded.items() if not store.exists(name) or store.digest(name, "sha256") != digest
    ]


def read_description(store: Store) -> dict[str, Any]:
    """What run.json says: versions and digests. Raises InputError where it is missing or damaged."""
    try:
        found = orjson.loads(store.read_bytes("run.json"))
    except (FileNotFoundError, ValueError) as error:
        found, why = {}, _first_line(error)
    else:
        why = "keys are missing"
    if not (isinstance(found, dict) and found.keys() >= _DESCRIBED and isinstance(found.get("files", {}), dict)):
        raise InputError(
            f"{store.url}/run.json: missing or damaged ({why}), so nobody can tell what began this run; restore it from "
            "a backup, or remove the directory and run the recipe again"
        )
    return found


def _first_line(error: Exception) -> str:
    return excerpt(str(error) or type(error).__name__)
