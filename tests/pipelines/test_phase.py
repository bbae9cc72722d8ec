"""One pass over a shard, seen from outside: nothing that leaves it holds personal data.

Invented data of a person is planted in good, bad and broken inputs of every format, then looked for in everything that a
run writes (tables decoded) or prints.
"""

import gzip
import subprocess
import sys

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl

# No such person, number or address: the birth is in 2099, the exchanges and the building do not exist.
MAIL, PHONE, SPACED, RRN, LONG = (
    "gildong.k@no-such-place.kr",
    "010-0423-8891",
    "010 - 0519 - 7723",
    "991231-3042711",
    8820001234,
)
PLANTED = (
    f"성명: 배도현, 연락처 {PHONE}, 집 {SPACED}, {MAIL}, 주민등록번호 {RRN}, 차량번호 12가3456, 여권번호 M00012345, "
    "계좌 국민은행 000-21-0423-889, 주소: 서울특별시 강남구 테헤란로 99152"
)
SECRETS = (
    "배도현", "gildong", "0423-8891", "010-0423", "0519 - 7723", "991231-30", "3042711", "12가3456", "M00012345",
    "000-21-0423", "로 99152", "8820001234",
)  # fmt: skip


def record(kind: str, url: str, payload: bytes, length: int | None = None) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Type: application/http; msgtype=response\r\n"
    return (
        f"{head}Content-Length: {len(payload) if length is None else length}\r\n\r\n".encode() + payload + b"\r\n\r\n"
    )


def plant(folder) -> None:
    url = f"https://a.example.com/?mail={MAIL}&tel={PHONE}"
    rows = [{"text": prose(i)} for i in range(4)] + [
        {"text": PLANTED, "url": url, "tel": LONG, "who": PLANTED},  # dropped: short
        {"text": prose(1) + "\n" + PLANTED, "url": url},  # dropped: a near duplicate
        {"text": prose(20) + "\n\n" + PLANTED + "\n\n" + prose(21), "url": url, "who": MAIL},  # kept
        {"title": PLANTED, MAIL: 1},  # no text
    ]
    path = write_jsonl(folder / "a.jsonl", rows)
    with path.open("ab") as file:
        file.write(f'{{"text": "{PLANTED}\n["{PLANTED}"]\n'.encode() + b'{"text": "\xff' + PLANTED.encode() + b'"}\n')
    (folder / "b.txt").write_text(PLANTED)
    pq.write_table(pa.table({"text": [PLANTED, None], "who": [PLANTED, PLANTED]}), folder / "c.parquet")
    (folder / "d.parquet").write_bytes(b"PAR1" + PLANTED.encode() * 20 + b"PAR1")
    page = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>{PLANTED}</p>".encode()
    broken = page.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n", 1)
    warc = record("response", url, page) + record("response", url, broken) + record("response", url, page, 99999)
    (folder / "e.warc").write_bytes(warc)
    (folder / "f.jsonl.gz").write_bytes(gzip.compress(orjson.dumps({"text": PLANTED}) * 50)[:-30])


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    (folder / "in").mkdir()
    plant(folder / "in")
    options = ["--workers", "0", "--set", "error_budget=1"]
    printed = algok("run", "web", "--input", str(folder / "in"), "-o", str(folder / "run"), *options)
    return folder / "run", printed


def algok(*arguments: str) -> str:
    shown = subprocess.run([sys.executable, "-m", "algok", *arguments], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout + shown.stderr


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def table_text(run, folder: str, without: tuple[str, ...] = ()) -> str:
    rows = [row for path in sorted((run / folder).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert rows, f"nothing in {folder}/: the test would prove nothing"
    return repr([{key: value for key, value in row.items() if key not in without} for row in rows])


def test_the_planted_inputs_reach_every_place(planted):
    run, _ = planted
    reasons = {row["reason"] for path in (run / "quarantine").glob("*") for row in pq.read_table(path).to_pylist()}
    assert {"json", "not_object", "utf8", "no_text", "parquet"} <= reasons
    assert "<이름>" in table_text(run, "dropped") and "<이름>" in table_text(run, "kept")


def test_kept_documents_hold_no_personal_data(planted):
    run, _ = planted
    kept = table_text(run, "kept")
    assert leaks(kept) == []
    for token in (
        "<이름>",
        "<전화번호>",
        "<이메일>",
        "<주민등록번호>",
        "<차량번호>",
        "<여권번호>",
        "<계좌번호>",
        "<주소>",
    ):
        assert token in kept


def test_dropped_texts_and_quarantine_hold_no_personal_data(planted):
    assert leaks(table_text(planted[0], "dropped", without=("url",))) == []
    assert leaks(table_text(planted[0], "quarantine")) == []


def test_urls_of_dropped_documents_hold_no_personal_data(planted):
    assert leaks(table_text(planted[0], "dropped")) == []


def test_nothing_is_left_of_intermediate_files(planted):
    assert not (planted[0] / "work").exists() or not list((planted[0] / "work").rglob("*.arrow"))


def test_masked_meta_of_dropped_documents_is_still_json(planted):
    for path in (planted[0] / "dropped").glob("*.parquet"):
        for meta in pq.read_table(path)["meta"].drop_null().to_pylist():
            orjson.loads(meta)


def test_no_other_file_of_a_run_holds_personal_data(planted):
    run, _ = planted
    files = [path for path in run.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    assert {path.parent.name for path in files} >= {"stats", "000", "run"}
    assert {path.name: leaks(path.read_text()) for path in files if leaks(path.read_text())} == {}


def test_nothing_printed_holds_personal_data(planted):
    run, printed = planted
    (victim, *_) = pq.read_table(run / "dropped", columns=["id"])["id"].to_pylist()
    source = run.parent / "in" / "a.jsonl"
    shown = [
        algok("stats", str(run)),
        algok("explain", str(run), victim),
        algok("explain", str(source), "--number", "5"),
        algok("explain", str(source), "--number", "7"),
        algok("pii", str(source)),
    ]
    assert [leaks(text) for text in [printed, *shown]] == [[]] * 6


def test_a_run_that_fails_shows_nothing_and_leaves_only_what_a_resumed_run_needs(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    plant(folder)
    (folder / "g.jsonl").write_text(f'{{"text": "{PLANTED}\n' * 30, encoding="utf-8")
    failed = subprocess.run(
        [sys.executable, "-m", "algok", "run", "web", "--input", str(folder), "-o", str(tmp_path / "run"), "--workers", "0",
         "--set", "error_budget=0"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert failed.returncode == 6, failed.stderr
    assert leaks(failed.stdout + failed.stderr) == []
    for path in (tmp_path / "run").rglob("*"):
        if path.suffix == ".parquet":
            assert leaks(repr(pq.read_table(path).to_pylist())) == []
        elif path.is_file() and "work" not in path.parts:
            assert leaks(path.read_text()) == []
