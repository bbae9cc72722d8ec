"""The package's own tests: the public contracts first, then what only this package knows."""

from algok_example.politeness import Politeness
from algok_example.subtitles import Subtitles

from algok.testing import apply_step, check_reader, check_step, documents

POLITE = "안녕하세요. 반갑습니다. 어디에서 오셨습니까? 같이 가요!"
PLAIN = "오늘은 비가 왔다. 우산이 없었다. 그래서 뛰었다. 옷이 다 젖었다."
SUBTITLES = "1\n00:00:01,000 --> 00:00:02,500\n어디 가?\n\n2\n00:00:03,000 --> 00:00:05,000\n학교에 가요.\n금방 와요.\n"


def test_the_step_keeps_the_contract():
    check_step(Politeness)


def test_polite_and_plain_endings():
    (edited,) = apply_step(Politeness(), [documents([POLITE, PLAIN, "짧다."])])
    assert edited.signals["sentences"].to_pylist() == [4, 4, 1]
    assert edited.signals["polite_ratio"].to_pylist() == [1.0, 0.0, None]


def test_the_reader_keeps_the_contract(tmp_path):
    (tmp_path / "a.srt").write_text(SUBTITLES)
    check_reader(Subtitles, tmp_path / "a.srt")
