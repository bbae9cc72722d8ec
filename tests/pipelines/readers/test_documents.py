"""Documents as files, inside of archives and inside of web archives."""

import gzip
import io
import json
import tarfile
import zipfile

import pytest
from office import docx, epub, hwp, hwpx, odt, pdf, pptx, rtf, zipped
from reading import read, warc, warc_record, write

from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.registry import reader
from algok.testing import check_reader

TEXTS = ["봄이 오면 마을 사람들은 산으로 간다.", "바구니에 냉이와 달래가 가득 담긴다."]
TEXT = "\n".join(TEXTS)
MADE = {
    "hwp": hwp(TEXTS),
    "hwpx": hwpx(TEXTS),
    "docx": docx(TEXTS),
    "odt": odt(TEXTS),
    "rtf": rtf(TEXTS),
    "pptx": pptx(TEXTS),
}
MADE |= {"pdf": pdf([TEXTS]), "epub": epub(TEXTS)}


def tar(members: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def plain(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


# Files


def test_a_folder_of_documents_is_read_by_what_its_files_are(tmp_path):
    for kind, data in MADE.items():
        write(tmp_path / f"문서 {kind}.{kind}", data)
    write(tmp_path / "wrong.hwpx", MADE["hwp"])
    write(tmp_path / "packed.pdf.gz", gzip.compress(MADE["pdf"]))
    result = read(tmp_path)
    assert all(plain(text) == TEXTS for text in result.texts) and len(result.texts) == 10 and not result.quarantined
    assert {meta["format"] for meta in result.meta} == set(MADE)
    dated = {meta["format"]: row["date"] for meta, row in zip(result.meta, result.documents, strict=True)}
    assert dated["hwpx"] == dated["pdf"] == "2024-05-01T09:30:00" and dated["hwp"] is None


def test_files_that_are_no_documents_are_ignored_where_the_format_is_said(tmp_path):
    write(tmp_path / "a.pdf", MADE["pdf"])
    write(tmp_path / "b.json", b"{}")
    write(tmp_path / "c", MADE["hwp"])
    result = read(tmp_path / "*", format="document")
    assert len(result.texts) == 2 and result.ignored == {"no_document": 1}


def test_refused_documents_are_in_quarantine_with_their_reason(tmp_path):
    write(tmp_path / "old.hwp", b"HWP Document File V3.00 \x1a" + bytes(200))
    write(tmp_path / "locked.hwp", hwp(TEXTS, flags=3))
    write(tmp_path / "cut.pdf", MADE["pdf"][:300])
    write(tmp_path / "none.docx", b"")
    write(tmp_path / "page.pdf", b"<html><body>404</body></html>")
    result = read(tmp_path)
    assert {row["file"]: row["reason"] for row in result.quarantined} == {
        "old.hwp": "hwp3", "locked.hwp": "encrypted", "cut.pdf": "truncated", "none.docx": "truncated", "page.pdf": "corrupt",
    }  # fmt: skip


def test_limits_hold_for_files_and_for_what_they_unfold_to(tmp_path):
    write(tmp_path / "large.pdf", pdf([TEXTS * 20] * 9))
    write(tmp_path / "bomb.hwpx", hwpx(["가" * 400_000]))
    result = read(tmp_path, ReadLimits(file_bytes=2000, unpacked_bytes=100_000))
    assert result.reasons == ["too_large", "too_large"]


def test_a_document_may_be_larger_than_a_page_of_html(tmp_path):
    filler = {"BinData/image1.bmp": bytes(n * n * 7919 // 251 % 256 for n in range(20_000))}
    data = hwpx(TEXTS, filler)
    assert len(data) > 4096
    write(tmp_path / "a.hwpx", data)
    assert read(tmp_path, ReadLimits(document_bytes=1024, page_bytes=1024)).texts == [TEXT]


# Archives


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz", "a.tar.bz2"])
def test_members_of_archives_are_documents(tmp_path, name):
    members = {f"폴더/{kind}.{kind}": data for kind, data in MADE.items()} | {
        "글.txt": "그냥 글".encode("cp949"), "쪽.html": "<html><body><p>쪽의 글</p></body></html>".encode(), "수.csv": b"1,2",
        "../../밖.pdf": MADE["pdf"],
    }  # fmt: skip
    mode = {"a.tgz": "w:gz", "a.tar.bz2": "w:bz2"}.get(name, "w")
    write(tmp_path / name, zipped(members) if name == "a.zip" else tar(members, mode))
    result = read(tmp_path)
    assert len(result.texts) == 11 and result.ignored == {"no_document": 1} and not result.quarantined
    assert {"그냥 글", "쪽의 글", TEXT} <= set(result.texts)
    assert [row["offset"] for row in result.documents] == sorted(row["offset"] for row in result.documents)
    assert result.meta[0]["member"].startswith("폴더/") and not (tmp_path.parent / "밖.pdf").exists()


def test_names_of_members_in_cp949_are_read(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("12345678"), "글")
    write(tmp_path / "a.zip", out.getvalue().replace(b"12345678", "보고.txt".encode("cp949")))
    result = read(tmp_path)
    assert result.meta[0]["member"] == "보고.txt"


def test_links_and_devices_in_archives_are_ignored(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("device", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    write(tmp_path / "a.tar", out.getvalue())
    assert read(tmp_path).ignored == {"link": 3}


@pytest.mark.parametrize("share", [0.5, 0.6])
@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_an_archive_that_ends_early_says_so(tmp_path, name, share):
    members = {f"{n}.txt": f"{n}번째 글".encode() * 300 for n in range(9)}
    data = zipped(members) if name == "a.zip" else tar(members)
    write(tmp_path / name, data[: int(len(data) * share)])
    assert read(tmp_path).reasons == ["truncated"]


def test_a_member_that_unfolds_too_far_is_refused_and_the_next_is_read(tmp_path):
    write(tmp_path / "a.zip", zipped({"bomb.txt": bytes(1 << 20), "b.txt": "글"}))
    result = read(tmp_path, ReadLimits(file_bytes=1 << 16))
    assert result.reasons == ["too_large"] and result.texts == ["글"]


def test_archives_in_archives_are_opened(tmp_path):
    inner = zipped(
        {"보고.hwp": MADE["hwp"], "그림.png": b"\x89PNG", "더.tgz": tar({"쪽.txt": "가장 안의 글".encode()}, "w:gz")}
    )
    write(tmp_path / "a.zip", zipped({"앞.txt": "앞의 글", "2023/안.zip": inner, "뒤.docx": MADE["docx"]}))
    result = read(tmp_path)
    assert [plain(text) for text in result.texts] == [["앞의 글"], TEXTS, ["가장 안의 글"], TEXTS]
    assert [meta["member"] for meta in result.meta] == [
        "앞.txt", "2023/안.zip/보고.hwp", "2023/안.zip/더.tgz/쪽.txt", "뒤.docx",
    ]  # fmt: skip
    assert result.ignored == {"no_document": 1} and not result.quarantined


def test_archives_too_deep_in_others_and_damaged_ones_cost_only_themselves(tmp_path):
    deep = zipped({"글.txt": "깊은 글"})
    for _ in range(5):
        deep = zipped({"더.zip": deep})
    write(
        tmp_path / "a.zip",
        zipped({"깊다.zip": deep, "깨진.zip": zipped({"글.txt": "글" * 999})[:99], "뒤.txt": "뒤의 글"}),
    )
    result = read(tmp_path)
    assert result.texts == ["뒤의 글"] and result.reasons == ["too_deep", "truncated"]
    assert "깊다.zip/더.zip" in result.quarantined[0]["message"]


def test_pieces_of_an_archive_are_read_as_one(tmp_path):
    data = zipped({f"{kind}.{kind}": made for kind, made in MADE.items()})
    third = len(data) // 3
    for number, part in enumerate((data[:third], data[third : 2 * third], data[2 * third :])):
        write(tmp_path / f"문서.zip.part{number}", part)
    write(tmp_path / "다른.zip", zipped({"글.txt": "다른 글"}))
    result = read(tmp_path, format="archive")
    assert len(result.texts) == len(MADE) + 1 and not result.quarantined
    (tmp_path / "문서.zip.part0").unlink()
    result = read(tmp_path, format="archive")
    assert result.texts == ["다른 글"] and result.reasons == ["corrupt"]


def test_a_file_that_is_no_archive_under_its_name_is_quarantined(tmp_path):
    write(tmp_path / "a.zip", b"<html>404</html>")
    write(tmp_path / "b.zip", MADE["hwpx"])
    result = read(tmp_path, format="archive")
    assert result.reasons == ["corrupt"] and [plain(text) for text in result.texts] == [TEXTS]


def test_many_tiny_members_are_one_shard(tmp_path):
    write(tmp_path / "a.zip", zipped({f"{n}.txt": f"글 {n}" for n in range(3000)}))
    result = read(tmp_path)
    assert len(result.texts) == 3000 and len({row["id"] for row in result.documents}) == 3000


@pytest.mark.parametrize("make", [zipped, tar])
def test_archives_keep_the_contract_of_readers(tmp_path, make):
    path = write(tmp_path / f"a.{'zip' if make is zipped else 'tar'}", make({f"{k}.{k}": v for k, v in MADE.items()}))
    check_reader(type(reader("archive")), path)


@pytest.mark.parametrize("kind", MADE)
def test_documents_keep_the_contract_of_readers(tmp_path, kind):
    check_reader(type(reader("document")), write(tmp_path / f"a.{kind}", MADE[kind]))


# The web


@pytest.mark.parametrize("mime", ["application/pdf", "application/octet-stream", "text/html"])
def test_documents_in_web_archives_are_read_by_their_bytes(tmp_path, mime):
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\n\r\n".encode()
    records = b"".join(warc_record(number, data, http=head) for number, data in enumerate(MADE.values()))
    result = read(write(tmp_path / "a.warc", records))
    assert all(plain(text) == TEXTS for text in result.texts) and len(result.texts) == len(MADE)
    assert json.loads(result.documents[0]["meta"])["format"] == "hwp"


def test_pictures_in_web_archives_are_ignored_as_before(tmp_path):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
    records = warc(1) + warc_record(9, b"\x89PNG\r\n", http=head) + warc_record(8, zipped({"a": "b"}), http=head)
    assert read(write(tmp_path / "a.warc", records)).ignored == {"not_text": 2}
