"""The account of a run: totals, the manifest, and the proof that every document is where the account says."""

import hashlib

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq

import algok
from algok.pipelines.card import data_card
from algok.pipelines.plan import Plan, read_plan
from algok.pipelines.stats import Stats
from algok.pipelines.storage import Store
from algok.pipelines.summary import RunSummary, collect_summary

_OUTPUTS = ("kept", "dropped", "quarantine", "stats")


def finish(store: Store, plan: Plan) -> None:
    """Writes the summary, the data card and the manifest, which marks the run finished, and clears the intermediate files."""
    summary = collect_summary(store, plan, finished=True)
    store.write_bytes("summary.json", _summary_json(summary))
    store.write_bytes("README.md", data_card(plan, summary).encode())
    store.write_bytes("manifest.json", _manifest(store, plan, summary))
    store.remove("work")


def verify(store: Store) -> list[str]:
    """Checks a finished run: every file's size, digest and rows, no file too many, and conservation per shard and step.

    Returns the problems found, none when the account adds up. Raises FileNotFoundError where there is no finished run.
    """
    plan = read_plan(store)
    manifest = orjson.loads(store.read_bytes("manifest.json"))
    problems: list[str] = []
    for file in manifest["files"]:
        problems += check_file(store, file)
    listed = {file["path"] for file in manifest["files"]}
    for folder in _OUTPUTS:
        problems += [f"{name}: not in the manifest" for name in store.names(folder) if name not in listed]
    rows = {file["path"]: file.get("rows") for file in manifest["files"]}
    for shard in range(len(plan.own)):
        try:
            problems += _check_shard(store, plan, shard, rows)
        except (OSError, ValueError, LookupError):  # a file it needs is missing or damaged
            problems.append(
                f"shard {plan.shard_name(shard)}: its statistics or quarantine cannot be read, so nothing is proven"
            )
    return problems or _check_sums(store, plan, manifest)


def _check_sums(store: Store, plan: Plan, manifest: dict) -> list[str]:
    """Manifest and summary against what the statistics and done records add up to."""
    problems = []
    summary = collect_summary(store, plan, finished=True)
    if orjson.loads(_manifest(store, plan, summary)) != manifest:
        problems.append("manifest.json: differs from what the done records add up to")
    if not store.exists("summary.json") or store.read_bytes("summary.json") != _summary_json(summary):
        problems.append("summary.json: differs from what the statistics and done records add up to")
    return problems


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
        return pc.sum(pq.read_table(file, columns=["rows"])["rows"]).as_py() or 0


def _summary_json(summary: RunSummary) -> bytes:
    return summary.model_dump_json(indent=1).encode()


def _manifest(store: Store, plan: Plan, summary: RunSummary) -> bytes:
    """Deterministic: no times, no seconds, no paths of inputs beyond their names."""
    records = map(orjson.loads, store.read_many(store.names("done")))
    files = [file for record in records for file in record["files"] if file["path"].startswith(_OUTPUTS)]
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
