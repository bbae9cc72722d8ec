"""Records in archives: every oddity of downloads, every member accounted for, hostile archives that do nothing."""

import gzip
import io
import json
import lzma
import struct
import tarfile
import time
import unicodedata
import zipfile
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from office import zipped
from reading import read, write

from algok.pipelines.readers import records as reader_of_records
from algok.pipelines.readers.collector import NoGuard
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.spec import InputSpec
from algok.testing import check_reader

SHAPE = {"title": "x", "match": {"keys": ["글"]}, "text": ["글"]}


def member(text: str = "봄이 왔다.") -> bytes:
    return json.dumps({"글": text}, ensure_ascii=False).encode()


def own(path, **options):
    return read(path, **{"format": "records", "shape": SHAPE, **options})


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


MEMBERS = {"a.json": member("하나."), "폴더/b.json": member("둘."), "c.txt": b"readme", "d.json": b""}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped(MEMBERS)),
        ("a.tar", tarred(MEMBERS)),
        ("a.tar.gz", gzip.compress(tarred(MEMBERS))),
        ("a.tgz", tarred(MEMBERS, "w:gz")),
        ("a.tar.xz", lzma.compress(tarred(MEMBERS))),
        ("zip-in.zip", zipped({"x.zip": zipped(MEMBERS)})),
        ("tar-in.zip", zipped({"x.tar.gz": gzip.compress(tarred(MEMBERS))})),
        ("zip-in.tar", tarred({"x.zip": zipped(MEMBERS)})),
        ("zip-in.tgz", gzip.compress(tarred({"x.zip": zipped(MEMBERS)}))),
        ("zip-in-zip-in.tar", tarred({"y/x.zip": zipped({"z.zip": zipped(MEMBERS)})})),
    ],
)
def test_every_kind_of_archive_gives_the_same_records(tmp_path, name, data):
    found = own(write(tmp_path / name, data))
    assert found.texts == ["하나.", "둘."] and not found.quarantined
    assert found.ignored == {"no_record": 1, "empty_member": 1} and found.records == 4
    assert [meta["member"].rpartition("/")[2] for meta in found.meta] == ["a.json", "b.json"]


def test_a_stored_archive_in_an_archive_is_read_in_place(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("x.zip", zipped(MEMBERS))
    found = own(write(tmp_path / "a.zip", out.getvalue()), limits=ReadLimits(file_bytes=1024))
    assert found.texts == ["하나.", "둘."]


def test_pieces_are_one_archive(tmp_path):
    data = zipped(MEMBERS)
    third = len(data) // 3
    for number, (start, end) in enumerate(pairwise([0, third, 2 * third, len(data)])):
        write(tmp_path / f"TS1.zip.part{number * 1073741824}", data[start:end])
    write(tmp_path / "z.json", member("셋."))
    found = own(tmp_path)
    assert found.texts == ["하나.", "둘.", "셋."] and not found.quarantined
    assert found.documents[0]["file"] == "TS1.zip.part0"


@pytest.mark.parametrize("number", ["0", "000"])
def test_pieces_in_a_tar_archive_are_one_archive_too(tmp_path, number):
    data = zipped(MEMBERS)
    pieces = {f"d/TS1.zip.part{number}": data[:99], "d/TS1.zip.part1": data[99:], "z.json": member("셋.")}
    assert own(write(tmp_path / "download.tar", tarred(pieces))).texts == ["하나.", "둘.", "셋."]


def test_a_piece_without_the_first_is_quarantined(tmp_path):
    found = own(write(tmp_path / "TS1.zip.part1", zipped(MEMBERS)[99:]))
    assert not found.documents and found.reasons in (["corrupt"], ["truncated"])


def raw_zip(names: list[bytes]) -> bytes:
    """An archive with names as bytes, without the flag of UTF-8."""
    out = zipped({f"{n:04}": member(f"{n}번.") for n in range(len(names))})
    for number, name in enumerate(names):
        assert len(name) == 4
        out = out.replace(f"{number:04}".encode(), name)
    return out


def test_names_in_cp949_and_nfd_are_read(tmp_path):
    found = own(write(tmp_path / "a.zip", raw_zip(["봄글".encode("cp949")])), shape="auto")
    assert found.records == 1  # a name without an extension, looked at by its bytes
    decomposed = unicodedata.normalize("NFD", "봄.json")
    found = own(write(tmp_path / "b.zip", zipped({decomposed: member()})))
    assert found.meta[0]["member"] == "봄.json"
    (row,) = own(write(tmp_path / "c.zip", raw_zip(["봄글".encode("cp949")]))).meta
    assert row["member"] == "봄글"


def test_folders_of_downloads_are_read(tmp_path):
    for folder in ("01.데이터/1.Training_220728_add/라벨링데이터", "[라벨]교육", "01-1.정식개방데이터/Sample"):
        (tmp_path / folder).mkdir(parents=True)
        write(tmp_path / folder / "TL1.zip", zipped({"a.json": member(folder)}))
    assert len(own(tmp_path).documents) == 3
    assert len(own(tmp_path / "[라벨]교육").documents) == 1


def test_what_is_wrong_with_a_member_costs_only_that_member(tmp_path):
    members = {
        "a.json": member("하나."),
        "broken.json": b'{"\xea\xb8\x80": "x" "y"}',
        "list.json": b"[]",
        "other.json": '{"모름": "봄이 왔다."}'.encode(),
        "boxes.json": b'{"bbox": [1, 2]}',
        "no.json": b"\x89PNG\r\n",
        "(N-triple)/a.nt": b"<a> <b> <c> .",
        "manual.pdf": b"%PDF",
        "z.json": member("둘."),
    }
    found = own(write(tmp_path / "a.zip", zipped(members)))
    assert found.texts == ["하나.", "둘."]
    assert found.reasons == ["json", "no_shape", "json"]
    assert found.ignored == {"no_hangul": 2, "no_record": 2}
    assert found.quarantined[0]["message"].startswith("broken.json: at byte ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("kind", ["json", "csv", "tsv", "txt"])
def test_members_of_every_encoding_are_read(tmp_path, encoding, kind):
    text = "어제 산 책을 오늘 다 읽었다. 내일은 다른 책을 살 생각이다."
    tab = "," if kind == "csv" else "\t"
    data = json.dumps({"글": text}, ensure_ascii=False) if kind == "json" else f"번호{tab}글\r\n1{tab}{text}\r\n"
    shape = SHAPE if kind == "json" else {**SHAPE, "kind": "table"}
    found = own(write(tmp_path / "a.zip", zipped({f"a.{kind}": data.encode(encoding)})), shape=shape)
    assert found.texts == [text] and not found.quarantined


def test_a_table_under_the_name_of_json_is_a_table(tmp_path):
    data = "kdc\toriginal_text\n813\t그는 창을 열었다.\n".encode()
    assert own(write(tmp_path / "a.json", data), shape="auto").texts == ["그는 창을 열었다."]


def test_json_lines_in_an_archive_are_read_line_by_line(tmp_path):
    data = member("하나.") + b"\n\n" + b'{"broken' + b"\n" + member("둘." * 900) + b"\n" + member("셋.")
    found = own(write(tmp_path / "a.zip", zipped({"a.jsonl": data})), limits=ReadLimits(line_bytes=2048))
    assert found.texts == ["하나.", "셋."] and found.reasons == ["json", "too_large"]


def xlsx(rows: list[list[object]], shared: bool = True) -> bytes:
    """A workbook of one sheet; texts shared or in their cells, numbers as numbers."""
    texts = [str(cell) for row in rows for cell in row if isinstance(cell, str)]

    def cell(value: object, place: str) -> str:
        if not isinstance(value, str):
            return f'<c r="{place}"><v>{value}</v></c>' if value is not None else ""
        if shared:
            return f'<c r="{place}" t="s"><v>{texts.index(value)}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'

    body = "".join(
        f"<row>{''.join(cell(value, f'{chr(65 + column)}{number}') for column, value in enumerate(row))}</row>"
        for number, row in enumerate(rows, 1)
    )
    strings = "".join(f"<si><r><t>{text}</t></r><rPh><t>읽기</t></rPh></si>" for text in texts)
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return zipped({
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns:r="{relations}"><sheets><sheet name="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/sharedStrings.xml": f"<sst>{strings}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{body}</sheetData></worksheet>",
    })  # fmt: skip


@pytest.mark.parametrize("shared", [True, False])
def test_sheets_are_tables(tmp_path, shared):
    data = xlsx(
        [[], ["번호", "원문", "번역문"], [1, "봄이 왔다.", "Spring"], [2, None, "x"], [3, "여름이다.", None]], shared
    )
    found = read(write(tmp_path / "a.zip", zipped({"a.xlsx": data})), format="records")
    assert found.texts == ["봄이 왔다.", "여름이다."] and found.ignored == {"empty_text": 1}
    assert read(write(tmp_path / "a.xlsx", data), format="records").texts == found.texts


def test_a_sheet_that_unfolds_too_far_is_refused(tmp_path):
    data = xlsx([["원문", "번역문"], *([f"봄이 {number}번 왔다.", "x"] for number in range(300))])
    found = own(write(tmp_path / "a.xlsx", data), limits=ReadLimits(unpacked_bytes=2000))
    assert "too_large" in found.reasons


# Large members and many members


def test_a_large_member_is_read_item_by_item_with_what_is_around(tmp_path, monkeypatch):
    rows = [{"metadata": {"date": "20180101"}, "paragraph": [{"form": f"{n}번째 글이다."}]} for n in range(40)]
    root = {"id": "NWRW1", "metadata": {"category": "신문 > 인터넷"}, "document": rows}
    path = write(tmp_path / "a.zip", zipped({"a.json": json.dumps(root, ensure_ascii=False)}))
    whole = read(path, format="records")
    monkeypatch.setattr(reader_of_records, "WHOLE_BYTES", 100)
    monkeypatch.setattr(reader_of_records, "HEAD_BYTES", 600)
    assert read(path, format="records").documents == whole.documents
    assert len(whole.documents) == 40 and whole.documents[0]["source"] == "news"


@pytest.mark.parametrize("split_bytes", [1 << 40, 3000, 1024])
def test_a_large_archive_is_cut_between_members(tmp_path, monkeypatch, split_bytes):
    monkeypatch.setattr("algok.pipelines.readers.inputs._GROUP_BYTES", 1000)
    members = {
        f"{n}.json": json.dumps({"document": [{"paragraph": [{"form": f"{n}번째 글이다." * 9}]}] * 2})
        for n in range(60)
    }
    path = write(tmp_path / "a.zip", zipped(members))
    whole = read(path, format="records")
    found = read(path, format="records", split_bytes=split_bytes)
    assert found.documents == whole.documents and found.records == 120
    shards = plan_shards([InputSpec(path=str(path), format="records")], split_bytes)
    assert len(shards) > 1 or split_bytes > 1 << 20


def test_the_contract_of_readers_holds_for_tar_archives(tmp_path):
    members = {
        f"{n}.json": json.dumps({"document": [{"paragraph": [{"form": f"{n}번째 글이다."}]}]}).encode()
        for n in range(9)
    }
    for name, data in (("a.tar", tarred(members)), ("b.tgz", tarred(members, "w:gz"))):
        check_reader(reader_of_records.Records, write(tmp_path / name, data))


def test_zip64_and_bytes_before_an_archive_are_read(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a.json", "w", force_zip64=True) as file:
        file.write(member())
    assert own(write(tmp_path / "a.zip", out.getvalue())).texts == ["봄이 왔다."]
    data = bytearray(out.getvalue())
    end = data.rfind(b"PK\5\6")
    count, length, offset = struct.unpack_from("<HLL", data, end + 10)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, offset)
    place = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    data[end + 8 : end + 20] = b"\xff" * 12
    assert own(write(tmp_path / "b.zip", bytes(data[:end]) + wide + place + bytes(data[end:]))).texts == ["봄이 왔다."]
    assert own(write(tmp_path / "c.zip", b"PK\3\4" + bytes(99) + zipped(MEMBERS))).texts == ["하나.", "둘."]


# Hostile archives


def test_names_that_point_outside_and_links_do_nothing(tmp_path):
    outside = tmp_path / "outside.json"
    data = tarfile.TarInfo("link.json")
    data.type, data.linkname = tarfile.SYMTYPE, "/etc/passwd"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(data)
    found = own(write(tmp_path / "a.tar", out.getvalue()))
    assert found.ignored == {"link": 1} and not found.documents
    info = zipfile.ZipInfo("link.json")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, "/etc/passwd")
        archive.writestr("../outside.json", member())
        archive.writestr("/outside.json", member())
    found = own(write(tmp_path / "a.zip", out.getvalue()))
    assert found.ignored == {"link": 1} and len(found.documents) == 2 and not outside.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "a.zip"]


def test_archives_nested_ten_deep_are_not_opened(tmp_path):
    data = zipped({"a.json": member()})
    for _ in range(10):
        data = zipped({"x.zip": data, "b.json": member("겉.")})
    found = own(write(tmp_path / "a.zip", data))
    assert found.reasons == ["too_deep"] and len(found.documents) == 4


def test_bombs_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("algok.pipelines.readers.members._FREE", 1 << 20)
    bomb = zipped({f"{n}.json": b'{"x": "' + bytes(1 << 20) + b'"}' for n in range(9)})
    found = own(write(tmp_path / "a.zip", zipped({"bomb.zip": bomb, "z.json": member()})))
    assert found.reasons[-1] == "too_large" and not found.documents
    large = zipped({"a.zip": b"PK\3\4" + bytes(9000)})
    assert own(write(tmp_path / "b.zip", large), limits=ReadLimits(file_bytes=4096)).reasons == ["too_large"]


def test_entities_of_xml_do_not_unfold(tmp_path):
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    data = f'<!DOCTYPE x [<!ENTITY l0 "봄봄봄">{lol}]><PrecService><판례내용>&l8;</판례내용></PrecService>'
    found = read(write(tmp_path / "a.xml", data), format="records")
    assert found.reasons in (["xml"], ["no_shape"]) or found.ignored == {"no_hangul": 1}
    assert not found.documents


def test_a_damaged_member_and_a_password_are_told(tmp_path):
    data = bytearray(zipped({"a.json": member("가나다라마바사" * 50), "b.json": member()}))
    data[45] ^= 0xFF
    found = own(write(tmp_path / "a.zip", bytes(data)))
    assert found.reasons == ["corrupt"] and found.texts == ["봄이 왔다."]
    locked = bytearray(zipped({"a.json": member()}))
    locked[locked.find(b"PK\1\2") + 8] |= 1
    assert own(write(tmp_path / "b.zip", bytes(locked))).reasons == ["encrypted"]


def test_members_that_share_their_data_are_all_read(tmp_path):
    """A thousand lines of the directory that name the same data, as overlapping bombs have them, within what may unfold."""
    data = zipped({"a.json": member("가" * 3000)})
    line = data[data.find(b"PK\1\2") : data.find(b"PK\5\6")]
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1000, 1000, 1000 * len(line), data.find(b"PK\1\2"), 0)
    path = write(tmp_path / "a.zip", data[: data.find(b"PK\1\2")] + line * 1000 + end)
    assert len(own(path).documents) == 1000


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=60), min_size=1, max_size=4))
@settings(max_examples=60)
def test_any_text_comes_through_as_it_was_written(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("any") / "a.zip"
    values = [{"글": text, "x": key} for key, text in texts.items()]
    found = own(write(path, zipped({f"{n}.json": json.dumps(value) for n, value in enumerate(values)})))
    wanted = [text.strip() for text in texts.values() if text.strip()]
    assert found.texts == wanted or any("\ud800" <= char <= "\udfff" for text in texts.values() for char in text)


# XML


def test_records_before_damaged_xml_are_kept(tmp_path):
    data = "<records><record><title>봄</title><content>왔다</content></record><record><b></record></records>"
    found = read(write(tmp_path / "a.xml", data), format="records")
    assert found.texts == ["봄\n왔다"] and found.reasons == ["xml"]


@pytest.mark.parametrize("opening", ["<!--", "<record name='", "<?work ", "<na"])
def test_a_tag_without_end_is_given_up_early(tmp_path, opening):
    """expat holds it whole, and reads it anew with every piece: a gigabyte of it would take minutes."""
    sound = "<records><record><title>봄</title><content>왔다</content></record>"
    data = zipped({"a.xml": (sound + opening).encode() + b"x" * (40 << 20), "b.json": member()})
    started = time.process_time()
    found = read(write(tmp_path / "a.zip", data), format="records")
    assert found.texts == ["봄\n왔다"] and "too_large" in found.reasons
    assert time.process_time() - started < 5


def test_xml_that_ended_its_worker_is_not_tried_again(tmp_path):
    class Strict(NoGuard):
        def enter(self, offset: int) -> bool:
            return False

    data = zipped({"a.xml": "<records><record><title>봄</title><content>왔다</content></record></records>"})
    found = read(write(tmp_path / "a.zip", data), format="records", guard=Strict())
    assert found.reasons == ["crashed"] and not found.documents


@pytest.mark.parametrize("encoding", ["euc-kr", "utf-8", "utf-16", "utf-16-le"])
def test_xml_of_every_encoding_is_read(tmp_path, encoding):
    declared = "utf-16" if encoding.startswith("utf-16") else encoding
    text = "법원은 이 사건 청구를 모두 기각한다고 하였다."
    data = f"<?xml version='1.0' encoding='{declared}'?><PrecService><판례내용>{text}</판례내용></PrecService>"
    assert read(write(tmp_path / "a.xml", data.encode(encoding)), format="records").texts == [text]


def test_a_cut_download_is_told(tmp_path):
    data = gzip.compress(tarred({f"{n}.json": member() for n in range(50)}))
    found = own(write(tmp_path / "a.tar.gz", data[:-40]))
    assert found.reasons == ["truncated"] and found.documents
    assert own(write(tmp_path / "b.zip", zipped(MEMBERS)[:-30])).reasons == ["truncated"]
