"""The account of a run: totals, the manifest, and the proof that every document is where the account says."""

import hashlib

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import algok
from algok.pipelines.card import data_card
from algok.pipelines.done import done_name, scan_records, sound_records
from algok.pipelines.plan import Plan, changed_files, read_description, read_plan
from algok.pipelines.remains import clear_work
from algok.pipelines.stats import Stats
from algok.pipelines.storage import UNREADABLE, Store
from algok.pipelines.summary import RunSummary, collect
from algok.pipelines.task_table import FILE, read_table, table_bytes

_OUTPUTS = ("kept", "dropped", "quarantine", "ocr", "stats")


def finish(store: Store, plan: Plan) -> None:
    """Writes the summary, the table of tasks, the data card and the manifest, which marks the run finished, and clears the
    intermediate files."""
    summary, rows = collect(store, plan.outline, finished=True)
    store.write_bytes("summary.json", _summary_json(summary))
    store.write_bytes(FILE, table_bytes(rows.table()))
    store.write_bytes("README.md", data_card(plan, summary).encode())
    store.remove_temporary()  # what workers that died were writing
    store.write_bytes("manifest.json", _manifest(store, plan, summary))
    clear_work(store, plan)


def is_finished(store: Store) -> bool:
    """Whether there is a manifest that can be read; a run with a damaged one is finished again."""
    try:
        return bool(read_manifest(store))
    except (FileNotFoundError, ValueError):
        return False


def read_manifest(store: Store) -> dict:
    """Raises FileNotFoundError where there is none, ValueError for a damaged one."""
    manifest = orjson.loads(store.read_bytes("manifest.json"))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        raise ValueError("not a manifest")
    return manifest


def verify(store: Store) -> list[str]:
    """Checks a finished run: every file's size, digest and rows, no file too many, and conservation per shard and step.

    Returns the problems found, none when the account adds up. Raises FileNotFoundError where there is no finished run,
    InputError where its plan cannot be read.
    """
    plan = read_plan(store)
    changed = _check_plan(store, plan)
    try:
        manifest = read_manifest(store)
        problems = [problem for file in manifest["files"] for problem in check_file(store, file)]
        rows = {file["path"]: file.get("rows") for file in manifest["files"]}
    except FileNotFoundError:
        raise
    except UNREADABLE:
        return [*changed, "manifest.json: damaged, so nothing is proven"]
    for folder in _OUTPUTS:
        problems += [f"{name}: not in the manifest" for name in store.names(folder) if name not in rows]
    for shard in range(len(plan.own)):
        try:
            problems += _check_shard(store, plan, shard, rows)
        except UNREADABLE:  # a file it needs is missing or damaged
            problems.append(
                f"shard {plan.shard_name(shard)}: its statistics or quarantine cannot be read, so nothing is proven"
            )
    return changed + (problems or _check_sums(store, plan, manifest))


def _check_plan(store: Store, plan: Plan) -> list[str]:
    """recipe.yaml and plan.json against the digests in run.json."""
    recorded = read_description(store)
    problems = []
    if recorded["recipe_digest"] != plan.recipe.digest:
        problems.append("recipe.yaml: not the recipe of the run (its digest is another one in run.json)")
    elif recorded["plan"] != plan.digest:
        problems.append("plan.json: not the plan of the run (its digest is another one in run.json)")
    return problems or [f"{name}: changed (its digest is another one in run.json)" for name in changed_files(store)]


def _check_sums(store: Store, plan: Plan, manifest: dict) -> list[str]:
    """Manifest, summary and card against what the statistics and done records add up to."""
    problems, damaged = _check_records(store, plan)
    if damaged:  # nothing can be added up
        return list(problems.values())
    summary, rows = collect(store, plan.outline, finished=True)
    if orjson.loads(_manifest(store, plan, summary)) != manifest:
        problems["manifest"] = "manifest.json: differs from what the done records add up to"
    if not store.exists("summary.json") or store.read_bytes("summary.json") != _summary_json(summary):
        problems["summary"] = "summary.json: differs from what the statistics and done records add up to"
    if not _has_table(store, rows.table()):
        problems["tasks"] = f"{FILE}: differs from what the statistics and done records add up to"
    if not store.exists("README.md") or not store.read_bytes("README.md"):  # people may add to it
        problems["card"] = "README.md: missing or empty"
    return list(problems.values())


def _has_table(store: Store, table: pa.Table) -> bool:
    """Compared by what it says: another version of Arrow writes other bytes."""
    try:
        return read_table(store).equals(table)
    except UNREADABLE:
        return False


def _check_records(store: Store, plan: Plan) -> tuple[dict[str, str], bool]:
    """By task what is wrong with its done record, and whether one is damaged that is there."""
    sound = {task: record is not None for task, record in scan_records(store)}
    planned = {task.id for phase in plan.phases for task in plan.phase_tasks(phase)}
    wrong = sorted(task for task in planned | sound.keys() if not sound.get(task))
    return {task: f"{done_name(task)}: missing or damaged" for task in wrong}, not all(sound.values())


def check_file(store: Store, file: dict) -> list[str]:
    path = file["path"]
    try:
        with store.fs.open(store.path(path), "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != file["sha256"]:
            return [f"{path}: its SHA-256 is not the manifest's (file changed or damaged)"]
        if file.get("rows") is not None and path.endswith(".parquet"):
            with store.fs.open(store.path(path), "rb") as opened:
                rows = pq.ParquetFile(opened).metadata.num_rows
            if rows != file["rows"]:
                return [f"{path}: {rows} rows, the manifest says {file['rows']}"]
    except FileNotFoundError:
        return [f"{path}: missing"]
    except OSError as error:
        return [f"{path}: cannot be read: {error.strerror or error}"]
    return []


def _check_shard(store: Store, plan: Plan, shard: int, rows: dict[str, int | None]) -> list[str]:
    """Conservation: records = documents + quarantined + ignored, and what enters a step is dropped there or enters the next."""
    name, problems = plan.shard_name(shard), []
    left = None
    for phase in plan.phases:
        stats = Stats.from_json(store.read_bytes(f"stats/p{phase.index}-{shard:06d}.json"))
        suffix = f"{name}.p{phase.index}.parquet"
        failed = stats.failed
        if phase.index == 0:
            read = stats.read
            quarantined = read.all_quarantined
            if read.records != read.documents + quarantined + read.all_ignored:
                problems.append(f"shard {name}: {read.records} records do not equal documents, quarantined and ignored")
            left = read.documents
            if (missing := read.ocr.get("missing", 0)) != rows.get(f"ocr/{name}.parquet", 0):
                problems.append(f"shard {name}: ocr/ does not list its {missing} pages without their text")
        quarantined = stats.read.all_quarantined + failed
        if quarantined != _quarantined(store, f"quarantine/{suffix}", rows):
            problems.append(f"shard {name}: quarantine/ does not hold its {quarantined} quarantined records")
        dropped = 0
        for config in phase.all_steps:
            counter = stats.step(config.name)
            if counter.documents != left:
                problems.append(
                    f"shard {name}: step {config.name} saw {counter.documents} documents, {left} were left before it"
                )
            left = counter.documents - counter.dropped - counter.failed
            dropped += counter.dropped
        if phase.sketches is not None and left is not None:
            left -= stats.step(phase.sketches.name).failed  # it never came to the step itself
        if dropped != rows.get(f"dropped/{suffix}", 0):
            problems.append(
                f"shard {name}: dropped/ does not hold the {dropped} documents dropped in phase {phase.index}"
            )
    if left != rows.get(f"kept/{name}.parquet"):
        problems.append(f"shard {name}: {left} documents were left, kept/ holds {rows.get(f'kept/{name}.parquet')}")
    return problems


def _quarantined(store: Store, name: str, rows: dict[str, int | None]) -> int:
    """Records that a quarantine file stands for; one row may stand for many (a Parquet row group)."""
    if name not in rows:
        return 0
    with store.fs.open(store.path(name), "rb") as file:
        # In this thread: one of Arrow's own that still gives a Python file back while the interpreter ends, aborts it
        # ("terminate called without an active exception"). `read_table` always uses them.
        rows = pq.ParquetFile(file, pre_buffer=False).read(columns=["rows"], use_threads=False)["rows"]
    return pc.sum(rows).as_py() or 0


def _summary_json(summary: RunSummary) -> bytes:
    return summary.model_dump_json(indent=1).encode()


def _manifest(store: Store, plan: Plan, summary: RunSummary) -> bytes:
    """Deterministic: no times, no seconds, no paths of inputs beyond their names."""
    records = sound_records(store)
    files = [file for _, record in records for file in record["files"] if file["path"].startswith(_OUTPUTS)]
    dropped = {step.name: step.dropped for step in summary.steps}
    reasons = {"quarantined_by_reason": summary.quarantined, "ignored_by_reason": summary.ignored}
    data = {
        "algok": algok.__version__,
        "recipe": plan.recipe.name,
        "recipe_digest": plan.recipe.digest,
        "inputs": [{"shard": shard.id, "files": [file.name for file in shard.files]} for shard in plan.shards],
        "documents": {**summary.account.model_dump(), **reasons, "dropped_by_step": dropped},
        "files": sorted(files, key=lambda file: file["path"]),
    }
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
