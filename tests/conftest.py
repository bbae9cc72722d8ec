"""Fixtures that many tests share: the real data beside the project (where it is), a small corpus, and one Ray."""

import gzip
import hashlib
import os
from pathlib import Path

import orjson
import pytest
from hypothesis import settings

# Kernels compile on first use and the machine may be busy: no deadlines; the same examples on every run.
settings.register_profile("algok", deadline=None, derandomize=True)
settings.load_profile("algok")

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"
DEMO = Path(__file__).resolve().parents[1] / "demo"


def pytest_addoption(parser):
    parser.addoption("--fuzz", type=int, default=1, help="How many times as far fuzzers go as in the suite.")
    parser.addoption("--fuzz-seed", type=int, default=0, help="Where fuzzers begin; a failure names its seed.")


def pytest_collection_modifyitems(items):
    """Where the suite runs in several processes, one of them has Ray, and tests that share what they made stay together."""
    tests = Path(__file__).parent
    for item in items:
        together = "ray" if "ray_session" in getattr(item, "fixturenames", ()) else str(item.path.relative_to(tests))
        together = "dashboard" if together.startswith("dashboard/") else together
        item.add_marker(pytest.mark.xdist_group(together))


@pytest.fixture
def seeds(request):
    """The seeds of a fuzzer that tries so many in the suite: `seeds(60)`."""
    first, times = request.config.getoption("--fuzz-seed"), request.config.getoption("--fuzz")
    return lambda rounds: range(first, first + rounds * times)


# Clean prose of the kind that every bound must keep; number i makes each document a different one.
_TOPICS = ("천문대", "도서관", "수목원", "과학관", "박물관", "시장", "공방", "농장", "항구", "기록관")
_SENTENCES = (
    "{t}에서는 {n}월마다 주민을 위한 강좌를 새로 열고 그 내용을 누구나 읽을 수 있게 정리해 둔다.",
    "올해 {n}번째로 열린 모임에는 가까운 마을에서 온 사람들이 함께 모여 서로의 경험을 나누었다.",
    "담당자는 작은 기록이라도 꾸준히 남겨야 다음 사람이 같은 실수를 되풀이하지 않는다고 설명했다.",
    "처음에는 참여하는 이가 적었지만 {t}의 분위기가 알려지면서 신청이 조금씩 늘어났다.",
    "행사가 끝난 뒤에는 남은 자료를 모아 {n}쪽짜리 안내서로 엮고 부족한 부분을 다시 살폈다.",
    "날씨가 흐린 날에도 {t} 앞마당에는 산책하는 사람과 책을 읽는 학생들이 자리를 지켰다.",
)


def prose(number: int) -> str:
    """A clean Korean text of about 600 characters, different in every sentence for every number."""
    lines = []
    for place in range(12):
        sentence = _SENTENCES[(number * 5 + place * 7) % len(_SENTENCES)]
        topic = _TOPICS[(number + place) % len(_TOPICS)]
        lines.append(f"{number * 31 + place}째 이야기. " + sentence.format(t=topic, n=number * 17 + place * 3))
    return "\n".join(lines)


def write_jsonl(path: Path, rows: list[dict]) -> Path:
    """Rows as JSON Lines, gzipped (without a time stamp) where the name says so."""
    data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three JSONL files of 40 clean documents each, with one exact duplicate across files and one broken line."""
    folder = tmp_path / "corpus"
    for part in range(3):
        rows = [{"text": prose(part * 40 + row), "url": f"https://site{part}.example.com/{row}"} for row in range(40)]
        write_jsonl(folder / f"part{part}.jsonl", rows)
    with (folder / "part2.jsonl").open("ab") as file:
        file.write(orjson.dumps({"text": prose(3), "url": "https://copy.example.com/3"}) + b"\n")
        file.write(b'{"text": "broken\n')
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.exists():
        pytest.skip("needs the real data beside the project (../shared/data)")
    return SHARED


@pytest.fixture(scope="session")
def ray_session():
    """One local Ray for every test that needs it; starting one takes 10–30 s."""
    ray = pytest.importorskip("ray")
    # Workers import the work of tests/works.py, and the checkout that is tested.
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {"env_vars": {"PYTHONPATH": path}}
    options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "warning"}
    ray.init("local", num_cpus=2, runtime_env=environment, **options)
    yield ray
    ray.shutdown()


def outputs(run: Path) -> dict[str, str]:
    """Name -> SHA-256 of everything in a run directory that must be the same for the same input and recipe."""
    names = ["recipe.yaml", "manifest.json", "README.md"]
    files = [
        path
        for folder in ("kept", "dropped", "quarantine", "ocr", "stats")
        for path in sorted((run / folder).glob("*"))
    ]
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [*(run / name for name in names), *files]
    }
