"""Finished runs that a run is compared with (`algok run --against`): are they there, and do they know what it needs?

Corpus steps of both must see the same of a text. So the steps up to the last corpus step must be the same, with their options,
models and versions; bounds may differ.
"""

from algok.errors import InputError, OutputError
from algok.pipelines.differences import described, indented, recipe_differences
from algok.pipelines.plan import EarlierRun, Plan, changed_files, read_description, read_plan
from algok.pipelines.recipe import Recipe, StepConfig
from algok.pipelines.storage import Store
from algok.pipelines.tasks import worker_root
from algok.pipelines.versions import step_versions
from algok.step import CorpusStep


def find_earlier(recipe: Recipe, models: dict[str, dict]) -> list[EarlierRun]:
    """The runs of a recipe's `against_runs`. Raises InputError for one that is not finished, kept no sketches or has other
    steps."""
    return [_earlier(url, Plan(recipe, [], [], models)) for url in recipe.against_runs]


def _earlier(url: str, plan: Plan) -> EarlierRun:
    try:
        store = Store(url)
        store.check_reachable()
    except OutputError as error:
        raise InputError(str(error)) from None
    if not store.exists("run.json"):
        raise InputError(f"{url}: no run directory (it has no run.json)")
    if not store.exists("manifest.json"):
        raise InputError(f"{url}: this run is not finished; run the same 'algok run' command again to go on")
    earlier, said = read_plan(store), read_description(store)
    if "sketches" not in earlier.recipe.keep:
        raise InputError(
            f"{url}: kept no sketches, so nothing can be compared with it; run it with '--keep sketches', or name its kept/ in "
            "'against', which reads all its documents again"
        )
    if changed := changed_files(store):
        raise InputError(f"{url}: {' and '.join(changed)} changed since that run began, so nobody knows what it did")
    _check_steps(url, earlier, plan, said["steps"])
    shards = len(earlier.shards) + sum(run.shards for run in earlier.earlier)
    return EarlierRun(worker_root(store), store.digest("manifest.json", "sha256"), shards)


def _check_steps(url: str, earlier: Plan, plan: Plan, versions: dict[str, dict]) -> None:
    theirs, ours = (_seen(side, told) for side, told in ((earlier, versions), (plan, step_versions(plan))))
    if theirs == ours:
        return
    names = [name for name, *_ in (*theirs, *ours)]
    changes = recipe_differences(earlier.recipe, plan.recipe)
    lines = described({key: change for key, change in changes.items() if any(f"steps.{name}" in key for name in names)})
    lines = lines or ["the order of its steps, their versions or their models"]
    raise InputError(
        f"{url}: its steps up to '{ours[-1][0]}' are not those of this recipe (there → here), so the two see other texts or "
        f"compare otherwise:\n{indented(lines)}\nuse the same steps and options (bounds may differ)"
    )


def _seen(plan: Plan, versions: dict[str, dict]) -> list[tuple]:
    """The steps up to the last corpus step, with all that decides what corpus steps see of a text."""
    configs = plan.recipe.steps
    last = max((place for place, config in enumerate(configs) if issubclass(config.cls, CorpusStep)), default=-1)
    return [
        (config.key, config.options, versions[config.name], _models(plan, config)) for config in configs[: last + 1]
    ]


def _models(plan: Plan, config: StepConfig) -> dict[str, dict]:
    return {key: model for key, model in plan.models.items() if key.startswith(f"{config.name}.")}
