"""Pages without their text: the list that a run writes, and the results of an OCR that a later run takes."""

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import outputs, prose
from office import pdf, zipped
from reading import read, warc_record, write
from test_end_to_end import read as rows_of

from algok.errors import InputError, RecipeError
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store

SHAPES = b"".join(b"%d 0 m %d 9 l S\n" % (n, n) for n in range(300))
DRAWN = pdf([["1. ( )"], ["2. ( )"]], extra=SHAPES)  # two pages of Hangul as outlines
SAID = [f"{number}쪽에 쓰여 있는 글이다." for number in (1, 2)]


def mixed(drawn: int) -> bytes:
    """A PDF of eight pages with text, and then drawn ones."""
    written = [[f"{number}쪽의 글이 여기에 온전히 들어 있다.", "그 아래에 다른 줄이 있다."] for number in range(8)]
    return pdf([*written, *[["( )"]] * drawn], extra=SHAPES)


def results(path, *rows: dict):
    """A file of results, of the kind that its name says."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    else:
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return str(path)


@pytest.fixture(params=["ocr.parquet", "ocr.jsonl"])
def found(request, tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    return folder / request.param


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def both(name: str, offset: int | None = None) -> list[dict]:
    where = {"file": name} if offset is None else {"file": name, "offset": offset}
    return [{**where, "page": number, "text": text} for number, text in enumerate(SAID, 1)]


def test_a_document_that_needed_an_ocr_is_read_with_its_results(folder, found):
    write(folder / "그림.pdf", DRAWN)
    assert read(folder).reasons == ["needs_ocr"]
    result = read(folder, ocr=results(found, *both("그림.pdf")))
    assert result.texts == ["\n".join(SAID)] and not result.quarantined
    assert result.meta[0]["pages"]["ocr"] == [1, 2] and "needs_ocr" not in result.meta[0]["pages"]
    assert result.ocr == {"filled": 2, "unused": 0} and not result.missing


def test_pages_that_are_missing_are_listed_with_reason_and_size(folder):
    write(folder / "a.pdf", mixed(1))
    write(folder / "b.pdf", DRAWN)
    result = read(folder)
    assert len(result.texts) == 1 and result.reasons == ["needs_ocr"]
    common = {"offset": 0, "member": None, "reason": "outlines", "width": 595.0, "height": 842.0}
    assert result.missing == [
        {**common, "file": "a.pdf", "page": 9, "pages": 9, "bytes": len(mixed(1))},
        {**common, "file": "b.pdf", "page": 1, "pages": 2, "bytes": len(DRAWN)},
        {**common, "file": "b.pdf", "page": 2, "pages": 2, "bytes": len(DRAWN)},
    ]


def test_a_page_with_text_of_its_own_keeps_it_and_every_result_is_counted(folder, found):
    write(folder / "a.pdf", mixed(2))
    write(folder / "b.pdf", mixed(0))
    rows = [
        {"file": "a.pdf", "page": 1, "text": "다른 글"}, {"file": "a.pdf", "page": 9, "text": SAID[0]},
        {"file": "a.pdf", "page": 10, "text": None}, {"file": "a.pdf", "page": 11, "text": "없는 쪽"},
        {"file": "b.pdf", "page": 1, "text": "다른 글"},
    ]  # fmt: skip
    result = read(folder, ocr=results(found, *rows))
    assert SAID[0] in result.texts[0] and "다른 글" not in "".join(result.texts)
    assert [row["page"] for row in result.missing] == [10]  # whose OCR failed
    assert result.ocr == {"filled": 1, "unused": 4}


def test_a_blank_page_is_no_longer_missing(folder, found):
    write(folder / "a.pdf", mixed(1))
    result = read(folder, ocr=results(found, {"file": "a.pdf", "page": 9, "text": ""}))
    assert result.ocr["filled"] == 1 and not result.missing and "8" not in result.texts[0].split("\n")[-1]


def test_members_of_archives_and_records_of_web_archives_are_known_by_their_offset(folder, found):
    write(folder / "a.zip", zipped({"글.txt": "글", "안.zip": zipped({"그림.pdf": DRAWN})}))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n"
    records = warc_record(1, pdf([["글이 있는 쪽이다."]]), http=head) + warc_record(2, DRAWN, http=head)
    write(folder / "b.warc", records)
    before = read(folder)
    assert [(row["file"], row["member"]) for row in before.missing] == [
        *[("a.zip", "안.zip/그림.pdf")] * 2, *[("b.warc", None)] * 2,
    ]  # fmt: skip
    rows = [
        {"file": row["file"], "offset": row["offset"], "page": row["page"], "text": SAID[row["page"] - 1]}
        for row in before.missing
    ]
    after = read(folder, ocr=results(found, *rows))
    assert after.texts.count("\n".join(SAID)) == 2 and not after.quarantined
    ids = {row["id"] for row in before.documents}
    assert ids < {row["id"] for row in after.documents}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*both("a.pdf"), *both("a.pdf")], "2 results for page 1 of 'a.pdf'"),
        (both("그런 것 없음.pdf"), "names no file of the input"),
        ([{"file": "a.pdf", "page": 0, "text": "글"}], "counted from 1"),
        ([{"file": "a.pdf", "page": "첫째", "text": "글"}], "not readable"),
        ([{"file": None, "page": 1, "text": "글"}, *both("a.pdf")], "without file or page"),
    ],
)
def test_results_that_cannot_be_right_are_refused_before_anything_is_read(folder, found, rows, said):
    write(folder / "a.pdf", DRAWN)
    spec = InputSpec(path=str(folder), ocr=results(found, *rows))
    with pytest.raises(InputError, match=said) as error:
        plan_shards([spec])
    assert found.name in str(error.value)


def test_results_that_are_no_such_file_are_refused(folder, tmp_path):
    write(folder / "a.pdf", DRAWN)
    pq.write_table(pa.table({"file": ["a.pdf"], "page": [1]}), tmp_path / "no_text.parquet")
    for name, said in (
        ("no_text.parquet", "no column 'text'"),
        ("none.parquet", "no such file"),
        ("*.parquet", "one file"),
    ):
        pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
        with pytest.raises(InputError, match=said):
            plan_shards([InputSpec(path=str(folder), ocr=str(tmp_path / name))])
    with pytest.raises(ValueError, match=r"one \.parquet or \.jsonl file"):
        InputSpec(path=str(folder), ocr="ocr.csv")


def test_results_for_files_that_are_no_input_are_named(folder, found):
    write(folder / "a.pdf", DRAWN)
    left_out: dict[str, list[str]] = {}
    plan_shards([InputSpec(path=str(folder), ocr=results(found, *both("a.pdf"), *both("b.pdf")))], left_out=left_out)
    assert left_out == {f"no input, but {found.name} has results for it": ["b.pdf"]}


def run(folder, output, workers, **said):
    recipe = write(output.parent / "recipe.yaml", "steps: {heuristics: {chars: {min: 40}}}\nerror_budget: 1\n")
    recipe = load_recipe(str(recipe), inputs=[{"path": str(folder), **said}])
    executor = make_executor("local", workers)
    try:
        return execute(recipe, str(output), executor, SilentProgress())
    finally:
        executor.close()


def test_a_run_lists_its_pages_and_a_later_run_has_them_filled_in(folder, tmp_path):
    for number in range(4):
        write(folder / f"{number}.pdf", pdf([["( )"]] * 2, extra=SHAPES))
    run(folder, tmp_path / "first", 0)
    listed = rows_of(tmp_path / "first", "ocr")
    assert [(row["file"], row["page"]) for row in listed] == [(f"{n}.pdf", p) for n in range(4) for p in (1, 2)]
    assert Run.open(str(tmp_path / "first")).ocr().count_rows() == 8 and verify(Store(str(tmp_path / "first"))) == []
    texts = [
        {
            "file": row["file"],
            "page": row["page"],
            "text": "\n".join(prose(int(row["file"][0])).split("\n")[row["page"] - 1 :: 2]),
        }
        for row in listed
        if row["file"] != "3.pdf"
    ]
    later = results(tmp_path / "ocr.parquet", *texts)
    run(folder, tmp_path / "second", 0, ocr=later)
    assert sorted(row["file"] for row in rows_of(tmp_path / "second", "kept")) == ["0.pdf", "1.pdf", "2.pdf"]
    assert [row["file"] for row in rows_of(tmp_path / "second", "ocr")] == ["3.pdf"] * 2
    assert verify(Store(str(tmp_path / "second"))) == []
    assert Run.open(str(tmp_path / "second")).summary.ocr == {"missing": 2, "filled": 6}
    run(folder, tmp_path / "again", 2, ocr=later)
    assert outputs(tmp_path / "second") == outputs(tmp_path / "again")


def test_a_list_that_lost_a_row_does_not_verify_and_other_results_are_another_run(folder, tmp_path):
    from algok.errors import OutputError

    write(folder / "0.pdf", pdf([["( )"]] * 2, extra=SHAPES))
    later = results(tmp_path / "ocr.parquet", {"file": "0.pdf", "page": 1, "text": prose(1)})
    run(folder, tmp_path / "run", 0, ocr=later)
    (listed,) = (tmp_path / "run" / "ocr").iterdir()
    listed.unlink()
    assert any("ocr/" in problem for problem in verify(Store(str(tmp_path / "run"))))
    results(tmp_path / "ocr.parquet", {"file": "0.pdf", "page": 2, "text": prose(2)})
    with pytest.raises(OutputError, match="OCR results"):
        run(folder, tmp_path / "run", 0, ocr=later)


def test_results_without_inputs_of_ones_own_are_refused(tmp_path):
    from algok.cli.run_command import Request

    with pytest.raises(RecipeError, match="--ocr goes with --input"):
        Request("documents", (), None, ocr="ocr.parquet").specs()
