"""algok sources: the list, one shape as YAML that a recipe takes, and a look into an archive."""

import json

import yaml
from commands import algok
from office import zipped
from reading import SENTENCE, write

from algok.pipelines.sources.shape import Shape

PHONE = "010-1234-5678"
MEMBERS = {
    "a.json": json.dumps(
        {"utterances": [{"role": "a", "text": SENTENCE}, {"role": "b", "text": f"{PHONE}로 전화해."}]}
    ),
    "b.json": json.dumps(
        {"글": [{"제목": "봄", "내용": SENTENCE * 3, "작성일자": "2020-01-01"}] * 2}, ensure_ascii=False
    ),
    "c.json": json.dumps(
        {"대화록": [{"화자": "가", "말": SENTENCE}, {"화자": "나", "말": SENTENCE}]}, ensure_ascii=False
    ),
    "d.wav": b"RIFF",
    "\x1b[31m.json": b'{"broken',
}


def test_list_names_every_shape_with_its_terms():
    rows = {row["shape"]: row for row in json.loads(algok("sources", "list", "--json"))}
    assert rows["nikl-paragraphs"]["licence"] == "nikl-terms" and rows["judgements"]["kind"] == "xml"
    assert "aihub-web-source" in algok("sources", "list")


def test_show_prints_yaml_that_is_a_shape():
    shown = yaml.safe_load(algok("sources", "show", "aihub-emotions"))
    assert Shape(**shown["aihub-emotions"]).records == "[]"
    assert "did you mean 'aihub-emotions'?" in algok("sources", "show", "aihub-emotion", code=2)


def test_inspect_says_what_is_there_what_fits_and_what_is_ignored(tmp_path):
    found = json.loads(algok("sources", "inspect", str(write(tmp_path / "a.zip", zipped(MEMBERS))), "--json"))
    looks = {tuple(path["path"] for path in look["paths"]): look for look in found["looks"]}
    known = looks[("utterances[].role", "utterances[].text")]
    assert known["shape"] == "aihub-persona" and known["draft"] is None and known["documents"] == 1
    assert known["paths"][1]["hangul"] > 0.9 and PHONE not in json.dumps(found, ensure_ascii=False)
    assert found["ignored"] == {"no_record": 1} and found["quarantined"] == {"no_shape": 2, "json": 1}
    listed = looks[("글[].제목", "글[].내용", "글[].작성일자")]["draft"]
    assert (listed["records"], listed["text"], listed["heading"], listed["date"]) == (
        "글[]",
        ["내용"],
        "제목",
        "작성일자",
    )
    spoken = looks[("대화록[].화자", "대화록[].말")]["draft"]
    assert spoken["text"] == [{"each": "대화록[]", "speaker": "화자", "text": ["말"]}]


def test_a_drafted_shape_reads_what_it_was_drafted_from(tmp_path):
    from reading import read

    path = write(tmp_path / "c.json", MEMBERS["c.json"])
    draft = json.loads(algok("sources", "inspect", str(path), "--json"))["looks"][0]["draft"]
    assert read(path, format="records", shape=draft).texts == [f"A: {SENTENCE.strip()}\nB: {SENTENCE.strip()}"]


def test_the_printed_look_steers_no_terminal_and_shows_no_number(tmp_path):
    path = write(tmp_path / "a.zip", zipped(MEMBERS))
    shown = algok("sources", "inspect", str(path), "--members", "9")
    assert "\x1b" not in shown and PHONE not in shown and "5 members" in shown
    assert "(the first; --members looks at more)" in algok("sources", "inspect", str(path), "--members", "2")
    one = algok("sources", "inspect", str(path), "--members", "1")
    assert one.startswith("1 member (") and "1 members" not in one and "1 documents" not in one


def test_a_missing_path_and_an_unknown_shape_have_their_exit_codes(tmp_path):
    algok("sources", "inspect", str(tmp_path / "missing"), code=3)
    algok("sources", "inspect", str(tmp_path), "--shape", "nikl-x", code=2)
