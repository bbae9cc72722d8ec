"""HWP 5, HWPX, office files and e-books: what is text in them, what is not, and why some are refused."""

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import (
    EQUATION,
    LIST,
    control_mark,
    deflated,
    distributed,
    docx,
    epub,
    hwp,
    hwp_control,
    hwp_list,
    hwp_paragraph,
    hwp_table,
    hwpx,
    hwpx_paragraph,
    hwpx_text,
    odt,
    ole,
    pdf,
    pptx,
    record,
    rtf,
    zipped,
)

from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.office.symbols import readable
from algok.pipelines.extraction.page import ExtractError, ExtractLimits

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "documents"
PARAGRAPHS = ["봄이 오면 마을 사람들은 산으로 간다.", "바구니에 “냉이”와 달래가 가득 담긴다."]
MAKERS = {"hwp": hwp, "hwpx": hwpx, "docx": docx, "pptx": pptx, "odt": odt, "epub": epub, "rtf": rtf}
LIMITS = ExtractLimits(unpacked=1 << 20)


def reason(data: bytes, mime: str = "", limits: ExtractLimits = LIMITS) -> str:
    """Why a document is refused."""
    with pytest.raises(ExtractError) as refused:
        extract(data, None, limits, mime)
    return refused.value.reason


# Every format


@pytest.mark.parametrize("kind", MAKERS)
def test_paragraphs_come_in_their_order_and_the_bytes_decide_the_format(kind):
    page = extract(MAKERS[kind](PARAGRAPHS), content_type="application/pdf")
    assert page.text.split("\n") == PARAGRAPHS if kind != "epub" else page.text.split("\n\n") == PARAGRAPHS
    assert page.meta["format"] == kind


@pytest.mark.parametrize("kind", ["hwpx", "docx", "pptx", "epub"])
def test_the_title_is_kept_and_the_author_is_not(kind):
    page = extract(MAKERS[kind](PARAGRAPHS))
    assert page.title.startswith("봄나물") and page.meta["author"] == "<이름>"
    assert "홍길동" not in str(page.described)


_PIECES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=20).filter(
    lambda text: readable(text) == text and text.strip() == text
)


@pytest.mark.parametrize("kind", ["hwp", "hwpx", "docx", "odt", "rtf"])
@given(texts=st.lists(_PIECES, min_size=1, max_size=6))
def test_any_text_survives_a_document(kind, texts):
    assert extract(MAKERS[kind](texts)).text.split("\n") == texts


@given(text=st.text())
def test_readable_text_stays_as_it_is(text):
    once = readable(text)
    assert readable(once) == once


def test_symbols_of_private_use_are_mapped_or_dropped():
    assert extract(hwp(["\uf06c 첫째\u2007항목\ue0bc", "\uf0e8 둘째"])).text == "● 첫째 항목\n➔ 둘째"


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.98])
def test_a_document_that_ends_early_is_refused_as_damaged(kind, share):
    data = MAKERS[kind](
        [*PARAGRAPHS, *(f"{number}번째 줄에는 {number * 7919}이라고 적혀 있다." for number in range(3000))]
    )
    types = {"hwp": "x-hwp", "rtf": "rtf", "odt": "vnd.oasis.opendocument.text", "epub": "epub+zip"}
    assert reason(data[: int(len(data) * share)], f"application/{types.get(kind, 'pdf')}") in ("truncated", "corrupt")


# HWP 5 and HWPX say the same


def test_tables_are_rows_of_cells_a_tab_apart():
    rows = [["이름", "나이", "사는 곳"], ["가람", "열두 살", "서울"]]
    cells = "".join(
        f"<hp:tr>{''.join(f'<hp:tc>{hwpx_paragraph(hwpx_text(cell))}</hp:tc>' for cell in row)}</hp:tr>" for row in rows
    )
    before, after = "표 앞의 글이다.", "표 뒤의 글이다."
    mark = control_mark(11, "tbl ")
    binary = hwp_paragraph(before + mark, controls=hwp_table(rows)) + hwp_paragraph(after)
    xml = hwpx_paragraph(hwpx_text(before) + f"<hp:tbl>{cells}</hp:tbl>") + hwpx_paragraph(hwpx_text(after))
    expected = f"{before}\n이름\t나이\t사는 곳\n가람\t열두 살\t서울\n{after}"
    assert extract(hwp(binary)).text == extract(hwpx(xml)).text == expected


def test_a_table_inside_of_a_cell_and_a_cell_of_long_text():
    inner = hwp_control("tbl ", 3, record(77, 4, bytes(8)) + hwp_list(["속"], 4, 0) + hwp_list(["안"], 4, 0, 1))
    cell = record(LIST, 2, bytes(8) + bytes([0, 0, 0, 0, 1, 0, 1, 0]))
    cell += hwp_paragraph("겉" + control_mark(11, "tbl "), 2, inner)
    long = hwp_list(["긴 글이 이어진다. " * 30, "다음 문단이다."], 2, 1) + hwp_list(["짧은 칸"], 2, 1, 1)
    outer = hwp_control("tbl ", 1, record(77, 2, bytes(8)) + cell + long)
    lines = extract(hwp(hwp_paragraph(control_mark(11, "tbl "), controls=outer))).text.split("\n")
    assert lines == ["겉", "속\t안", ("긴 글이 이어진다. " * 30).strip(), "다음 문단이다.", "짧은 칸"]


def test_notes_and_boxes_follow_their_paragraph_and_equations_stand_in_it():
    script = "a over b"
    equation = hwp_control(
        "eqed", 1, record(EQUATION, 2, bytes(4) + bytes([len(script), 0]) + script.encode("utf-16-le"))
    )
    note = hwp_control("fn  ", 1, hwp_list(["각주의 글"], 2))
    box = hwp_control("gso ", 1, record(76, 2, bytes(8)) + hwp_list(["글상자의 글"], 3))
    text = f"식 {control_mark(11, 'eqed')}은{control_mark(17, 'fn  ')} 분수다.{control_mark(11, 'gso ')}"
    binary = hwp_paragraph(text, controls=equation + note + box)
    xml = hwpx_paragraph(
        "<hp:t>식 </hp:t><hp:equation><hp:script>a over b</hp:script></hp:equation><hp:t>은</hp:t>"
        f"<hp:ctrl><hp:footNote><hp:subList>{hwpx_paragraph(hwpx_text('각주의 글'))}</hp:subList></hp:footNote></hp:ctrl>"
        "<hp:t> 분수다.</hp:t>"
        f"<hp:rect><hp:drawText><hp:subList>{hwpx_paragraph(hwpx_text('글상자의 글'))}</hp:subList></hp:drawText></hp:rect>"
    )
    assert extract(hwp(binary)).text == extract(hwpx(xml)).text == "식 a over b은 분수다.\n글상자의 글\n각주의 글"


def test_footnotes_follow_the_table_that_they_are_in_and_endnotes_the_text():
    note = hwp_control("fn  ", 3, hwp_list(["각주의 글"], 4))
    cell = record(LIST, 2, bytes(8) + bytes(8)) + hwp_paragraph("칸" + control_mark(17, "fn  "), 2, note)
    table = hwp_control("tbl ", 1, record(77, 2, bytes(8)) + cell + hwp_list(["옆 칸"], 2, 0, 1))
    end = hwp_control("en  ", 1, hwp_list(["미주의 글"], 2))
    binary = hwp_paragraph(control_mark(11, "tbl ") + control_mark(17, "en  "), controls=table + end) + hwp_paragraph(
        "끝 글"
    )
    notes = {kind: f"<hp:ctrl><hp:{kind}>{hwpx_paragraph(hwpx_text(text))}</hp:{kind}></hp:ctrl>"
             for kind, text in (("footNote", "각주의 글"), ("endNote", "미주의 글"))}  # fmt: skip
    cells = [hwpx_paragraph(hwpx_text("칸") + notes["footNote"]), hwpx_paragraph(hwpx_text("옆 칸"))]
    row = "".join(f"<hp:tc>{cell}</hp:tc>" for cell in cells)
    xml = hwpx_paragraph(f"<hp:tbl><hp:tr>{row}</hp:tr></hp:tbl>{notes['endNote']}") + hwpx_paragraph(
        hwpx_text("끝 글")
    )
    assert extract(hwp(binary)).text == extract(hwpx(xml)).text == "칸\t옆 칸\n각주의 글\n끝 글\n미주의 글"


@pytest.mark.parametrize(("side", "expected"), [("TOP", "표 1\n갑\t을"), ("BOTTOM", "갑\t을\n표 1")])
def test_captions_stand_where_they_are_printed(side, expected):
    caption = record(LIST, 2, bytes(8) + bytes([2 if side == "TOP" else 3, 0, 0, 0])) + hwp_paragraph("표 1", 2)
    cells = hwp_list(["갑"], 2, 0) + hwp_list(["을"], 2, 0, 1)
    table = hwp_control("tbl ", 1, caption + record(77, 2, bytes(8)) + cells)
    row = "".join(f"<hp:tc>{hwpx_paragraph(hwpx_text(text))}</hp:tc>" for text in ("갑", "을"))
    xml = f"<hp:tbl><hp:caption side='{side}'>{hwpx_paragraph(hwpx_text('표 1'))}</hp:caption><hp:tr>{row}</hp:tr></hp:tbl>"
    assert extract(hwp(hwp_paragraph(control_mark(11, "tbl "), controls=table))).text == expected
    assert extract(hwpx(hwpx_paragraph(xml))).text == expected


def test_headers_and_footers_stand_once_at_the_ends_and_remarks_not_at_all():
    part = b"".join(
        hwp_paragraph(
            f"{number}쪽의 글{control_mark(16, 'head')}{control_mark(16, 'foot')}{control_mark(15, 'tcmt')}",
            controls=hwp_control("head", 1, hwp_list(["머리말"], 2)) + hwp_control("foot", 1, hwp_list(["꼬리말"], 2))
            + hwp_control("tcmt", 1, hwp_list(["숨은 설명"], 2)),
        )
        for number in (1, 2)
    )  # fmt: skip
    xml = "".join(
        hwpx_paragraph(
            hwpx_text(f"{number}쪽의 글")
            + "".join(
                f"<hp:ctrl><hp:{kind}><hp:subList>{hwpx_paragraph(hwpx_text(text))}</hp:subList></hp:{kind}></hp:ctrl>"
                for kind, text in (("header", "머리말"), ("footer", "꼬리말"), ("hiddenComment", "숨은 설명"))
            )
        )
        for number in (1, 2)
    )
    assert extract(hwp(part)).text == extract(hwpx(xml)).text == "머리말\n1쪽의 글\n2쪽의 글\n꼬리말"


def test_units_of_controls_are_no_text():
    rest = "\0" * 6
    marks = (
        f"가\t{rest}\t나{chr(24)}다{chr(30)}라{chr(31)}마\n바{control_mark(3, '%hlk')}사{chr(4)}{'한' * 6}{chr(4)}아"
    )
    assert extract(hwp(hwp_paragraph(marks))).text == "가\t나-다 라 마\n바사아"


def test_words_in_hwpx_keep_what_stands_inside_of_them():
    inside = "<hp:t>가<hp:tab width='1'/>나<hp:lineBreak/>다<hp:nbSpace/>라<hp:fwSpace/>마<hp:markpenBegin/>바</hp:t>"
    assert extract(hwpx(hwpx_paragraph(inside))).text == "가\t나\n다 라 마바"


def test_tracked_changes_are_read_in_their_final_state():
    inside = "<hp:t>가<hp:insertBegin/>나<hp:insertEnd/>다<hp:deleteBegin/>라</hp:t><hp:t>마<hp:deleteEnd/>바</hp:t>"
    assert extract(hwpx(hwpx_paragraph(inside))).text == "가나다바"
    body = "<w:p><w:ins><w:r><w:t>넣은 말</w:t></w:r></w:ins><w:del><w:r><w:delText>지운 말</w:delText></w:r></w:del></w:p>"
    assert extract(docx(body)).text == "넣은 말"


def test_sections_come_in_the_order_of_their_numbers():
    plain = hwpx(["셋"])
    section = hwpx_paragraph(hwpx_text("{}"))
    others = {f"Contents/section{n}.xml": f"<s xmlns:hp='h'>{section.format(n)}</s>" for n in (10, 2, 1)}
    assert extract(hwpx(["0"], others)).text.split("\n") == ["0", "1", "2", "10"]
    assert extract(plain).text == "셋"


def test_what_is_shown_goes_before_what_lies_below():
    old, new = hwp_paragraph("옛 글"), hwp_paragraph("새 글")
    assert extract(hwp(old, flags=1 << 14 | 1, view=deflated(new))).text == "새 글"
    assert extract(hwp(old, flags=1 << 14 | 1, view=b"stub")).text == "옛 글"


def hwp_ranges(*ranges: tuple[int, int, int]) -> bytes:
    """Marks over the text of a paragraph: first unit, the one behind the last, kind."""
    return record(70, 1, b"".join(struct.pack("<3I", start, end, kind << 24 | 1) for start, end, kind in ranges))


def test_deleted_text_of_a_hwp_file_is_not_read_and_inserted_text_is():
    tracked = hwp_paragraph("봄나물 옛날 새로 안내", controls=hwp_ranges((4, 6, 0x11), (6, 7, 0x11), (7, 9, 0x10)))
    other = hwp_paragraph("다음 문단", controls=hwp_ranges((0, 2, 2)))
    assert extract(hwp(tracked + other, flags=1 << 14 | 1)).text == "봄나물 새로 안내\n다음 문단"
    assert extract(hwp(other, flags=1 << 14 | 1, view=deflated(tracked))).text == "봄나물 새로 안내"
    assert "옛날" in extract(hwp(tracked + other)).text  # a file that tracks no changes has marks of other kinds only


def test_a_table_that_was_deleted_goes_and_the_one_behind_it_stays():
    text = "앞" + control_mark(11, "tbl ") + "뒤" + control_mark(11, "tbl ")
    tables = hwp_table([["지운 칸"]]) + hwp_table([["남은 칸"]])
    body = hwp_paragraph(text, controls=hwp_ranges((1, 9, 0x11)) + tables) + hwp_paragraph("끝")
    found = extract(hwp(body, flags=1 << 14 | 1)).text
    assert "지운" not in found and "남은 칸" in found and found.startswith("앞뒤") and found.endswith("끝")


@pytest.mark.parametrize("ranges", [[(9, 2, 0x11)], [(0, 1 << 31, 0x11)], [(3, 3, 0x11)], [(0, 3, 0x11)] * 50_000])
def test_ranges_of_any_kind_are_taken(ranges):
    body = hwp_paragraph("봄나물 안내", controls=hwp_ranges(*ranges))
    assert extract(hwp(body + hwp_paragraph("끝"), flags=1 << 14 | 1)).text.endswith("끝")


@pytest.mark.parametrize("seed", [0, 7, 0x12345678])
def test_distribution_documents_are_opened(seed):
    body = b"".join(hwp_paragraph(text) for text in PARAGRAPHS)
    assert (
        extract(hwp(hwp_paragraph("상위 버전의 배포용 문서입니다."), 5, distributed(body, seed))).text.split("\n")
        == PARAGRAPHS
    )


def test_hwpml_is_read_by_the_same_rules():
    body = "<P><TEXT><CHAR>가<TAB/>나</CHAR></TEXT></P><P><TEXT><CHAR>다</CHAR></TEXT></P>"
    data = f"<?xml version='1.0'?><HWPML Version='2.8'><HEAD><TITLE>제목</TITLE></HEAD><BODY>{body}</BODY></HWPML>".encode()
    page = extract(data)
    assert (page.text, page.title) == ("가\t나\n다", "제목")


# Office files and books


def test_docx_reads_boxes_once_and_notes_and_headers_and_no_fields():
    box = "<w:txbxContent><w:p><w:r><w:t>상자</w:t></w:r></w:p></w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>글</w:t><w:footnoteReference w:id='2'/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
        f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>갑</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>을</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    notes = (
        "<w:footnotes xmlns:w='w'><w:footnote w:id='0' w:type='separator'><w:p/></w:footnote>"
        "<w:footnote w:id='2'><w:p><w:r><w:t>각주</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    header = "<w:hdr xmlns:w='w'><w:p><w:r><w:t>머리말</w:t></w:r></w:p></w:hdr>"
    others = {"word/footnotes.xml": notes, "word/header1.xml": header, "word/header2.xml": header}
    assert extract(docx(body, others)).text == "머리말\n글\n각주\n상자\n갑\t을"


def test_odt_reads_spaces_tables_and_notes_and_no_deleted_text():
    body = (
        "<text:tracked-changes><text:p>지운 글</text:p></text:tracked-changes><text:p>가<text:s text:c='2'/>나<text:tab/>다"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>각주</text:p></text:note-body></text:note></text:p>"
        "<table:table><table:table-row><table:table-cell><text:p>갑</text:p></table:table-cell>"
        "<table:table-cell><text:p>을</text:p></table:table-cell></table:table-row></table:table>"
    )
    assert extract(odt(body)).text == "가  나\t다\n각주\n갑\t을"


def test_a_book_follows_its_spine_without_its_table_of_contents():
    assert extract(epub(["하나", "둘", "셋"])).text == "하나\n\n둘\n\n셋"


# Refused, and why


def test_passwords_are_found_in_every_format():
    odf = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    drm = "<encryption><CipherData><CipherReference URI='OEBPS/c0.xhtml'/></CipherData></encryption>"
    assert reason(hwp(PARAGRAPHS, flags=3)) == "encrypted"
    assert reason(hwpx(PARAGRAPHS, {"META-INF/manifest.xml": odf})) == "encrypted"
    assert reason(epub(PARAGRAPHS, {"META-INF/encryption.xml": drm})) == "encrypted"
    assert reason(ole({"EncryptedPackage": b"x", "EncryptionInfo": b"y"})) == "encrypted"


def test_a_book_with_encrypted_fonts_only_is_open():
    fonts = "<encryption><CipherData><CipherReference URI='OEBPS/a.otf'/></CipherData></encryption>"
    assert extract(epub(["글"], {"META-INF/encryption.xml": fonts})).text == "글"


def test_old_hwp_and_what_is_no_document_say_so():
    assert reason(b"HWP Document File V3.00 \x1a\1\2\3\4\5" + bytes(100)) == "hwp3"
    assert reason(ole({"WordDocument": b"x"})) == "not_text"
    assert reason(zipped({"a.txt": "글"})) == "not_text"
    assert reason("그냥 글".encode(), "application/pdf") == "corrupt"
    assert reason(b"", "application/pdf") == "truncated"


@pytest.mark.parametrize("kind", ["hwpx", "docx", "odt", "epub", "hwp"])
def test_a_bomb_ends_at_the_bound(kind):
    bomb = MAKERS[kind](["가" * (4 << 20)])
    assert len(bomb) < 100_000 and reason(bomb) == "too_large"


def test_entities_do_not_unfold():
    entity = "<!DOCTYPE s [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><s>&b;</s>"
    assert reason(hwpx(["글"], {"Contents/section1.xml": entity})) == "corrupt"


def test_boxes_inside_of_boxes_end_at_a_bound():
    deep = hwpx_paragraph("<hp:rect><hp:drawText><hp:p>" * 3000 + "</hp:p></hp:drawText></hp:rect>" * 3000)
    assert reason(hwpx(deep)) == "too_deep"
    assert reason(b"{\\rtf1" + b"{" * 20_000 + b"}" * 20_001) == "too_deep"


def test_a_damaged_section_is_refused_as_a_whole():
    header = b"HWP Document File".ljust(36, b"\0") + b"\1\0\0\0"
    assert reason(ole({"FileHeader": header, "BodyText/Section0": b"\xff" * 99})) == "corrupt"
    assert reason(ole({"FileHeader": header})) == "corrupt"
    cut = record(67, 0, b"ab")[:-1]
    assert zlib.decompress(deflated(cut), -15) == cut and reason(hwp(cut)) == "corrupt"


# The documents beside the project


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
def test_pairs_of_hwp_and_hwpx_agree_in_their_words():
    pairs = [(path, SHARED / "hwpx" / f"{path.stem}.hwpx") for path in sorted((SHARED / "hwp").glob("*.hwp"))]
    pairs = [pair for pair in pairs if pair[1].exists()]
    assert len(pairs) > 10
    for one, other in pairs:
        texts = [
            sorted(extract(path.read_bytes(), limits=ExtractLimits(bytes=1 << 27)).text.split())
            for path in (one, other)
        ]
        assert abs(len(texts[0]) - len(texts[1])) <= 0.002 * len(texts[0]), one.name


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
def test_a_distribution_document_gives_its_whole_text():
    text = extract((SHARED / "hwp" / "hwpspec.hwp").read_bytes()).text
    assert sum("가" <= c <= "힣" for c in text) == 47_105


def test_a_pdf_called_otherwise_is_a_pdf():
    assert extract(pdf([PARAGRAPHS]), content_type="application/x-hwp").text.split("\n") == PARAGRAPHS
