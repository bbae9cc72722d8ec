"""Line deduplication: the rule, what it protects, and that no division of the corpus changes its result."""

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from algok.filters import line_dedup
from algok.filters.line_dedup import LineDedup, LineDedupOptions
from algok.pipelines.memory import MemoryCorpus


def batch(texts, hosts=None, source="s"):
    urls = [None if host is None else f"https://{host}/{k}" for k, host in enumerate(hosts or [None] * len(texts))]
    columns = {"text": texts, "url": urls, "source": [source] * len(texts)}
    return pa.record_batch({name: pa.array(values, pa.large_string()) for name, values in columns.items()})


def resolve(step, shards, partitions=None, reference=()):
    """The resolved corpus of shards, each a list of batches."""
    sketches = []
    for batches in shards:
        sketcher = step.sketcher()
        for part in batches:
            sketcher.add(part)
        sketches.append(sketcher.finish())
    rows = [sum(len(part) for part in batches) for batches in shards]
    corpus = MemoryCorpus(sketches, rows, [k in reference for k in range(len(shards))])
    corpus.resolve(step, lambda parts: partitions or parts)
    return corpus


def clean(texts, hosts=None, rule="context", **options):
    """The texts after the step, which saw nothing else, and the whole result."""
    step = LineDedup(LineDedupOptions(rule=rule, **options))
    part = batch(texts, hosts)
    edited = step.act(part, 0, step.load(resolve(step, [[part]]), 0))
    return edited.text.to_pylist(), edited


def others(line, count):
    """Documents of many hosts that hold the line between content of their own."""
    texts = [f"첫째 문단 {k}번 이야기입니다.\n{line}\n둘째 문단 {k}번 이야기입니다." for k in range(count)]
    return texts, [f"host{k}.kr" for k in range(count)]


def with_lines(first, count=60, around=("{k}번 글의 본문은 이렇게 시작합니다.", "{k}번 글의 본문은 이렇게 끝납니다.")):
    """`count` documents of one host; each has the lines, then two lines of its own."""
    return ["\n".join([*first, *(line.format(k=k) for line in around)]) for k in range(count)]


def test_menu_and_footer_of_a_site_are_removed():
    texts = ["홈\n회사소개\n\n" + text + "\n\nⓒ 알곡 주식회사" for text in with_lines([], 12)]
    cleaned, edited = clean(texts, ["a.kr"] * 12)
    assert cleaned == with_lines([], 12)
    assert edited.signals["lines_removed"].to_pylist() == [3] * 12
    assert edited.signals["red"].to_pylist() == [3] * 12
    assert edited.signals["green"].to_pylist() == [2] * 12


LONG_LINE = "{k}번 글에서는 자료를 어떻게 모으고 어떤 순서로 정리했는지 처음부터 차근차근 살펴보려고 합니다."


@pytest.mark.parametrize(
    ("lines", "stays"),
    [
        (["{k}번 제목", "", "들어가며", "", LONG_LINE], True),
        (["{k}번 제목", "들어가며", "", LONG_LINE], False),  # nothing sets it apart from what is above
        (["{k}번 제목", "", "들어가며", "", "{k}번 짧은 줄"], False),  # heads nothing
        (["들어가며", "", LONG_LINE], False),  # the first line of a page is its menu's
        (["{k}번 제목", "", "들어가며", "", "공유하기", "", LONG_LINE], False),
    ],
)
def test_a_heading_that_a_site_repeats_stays_where_it_heads_a_section(lines, stays):
    texts = ["\n".join(lines).format(k=k) for k in range(20)]
    cleaned, _ = clean(texts, ["a.kr"] * 20)
    assert all(("들어가며" in text.split("\n")) == stays for text in cleaned)


SPOKEN = "{k}번 손님은 지난해의 일을 길게 이야기했고 모두가 귀를 기울였습니다."


@pytest.mark.parametrize("label", ["요약", "[요약]", "■ 핵심 요약", "요약:", "1. 결론", "【해설】", "Q.", "김한결:"])
def test_headings_and_speakers_that_a_site_repeats_stay(label):
    texts = ["\n".join(["{k}번 제목", "", label, "{k}번 짧은 줄", "", LONG_LINE]).format(k=k) for k in range(20)]
    assert clean(texts, ["a.kr"] * 20)[0] == texts


@pytest.mark.parametrize("line", ["공유하기", "태그:", "작성자:", "관련 기사", "공유:"])
def test_what_tells_about_the_page_is_no_heading(line):
    texts = ["\n".join(["{k}번 제목", line, "{k}번 짧은 줄", LONG_LINE]).format(k=k) for k in range(20)]
    assert not any(line in text.split("\n") for text in clean(texts, ["a.kr"] * 20)[0])


def test_names_before_every_turn_of_a_talk_stay_and_buttons_below_comments_go():
    talk = [
        "김한결",
        SPOKEN,
        "이새벽",
        SPOKEN,
        "김한결",
        SPOKEN + " 또 들려주었습니다.",
        "이새벽",
        SPOKEN + " 마쳤습니다.",
    ]
    texts = ["\n\n".join(["{k}번 대담", *talk]).format(k=k) for k in range(20)]
    cleaned, edited = clean(texts, ["a.kr"] * 20)
    assert cleaned == texts and edited.signals["lines_removed"].to_pylist() == [0] * 20
    comments = ["{k}번 댓글 하나", "답글", "{k}번 댓글 둘", "답글", "{k}번 댓글 셋", "답글"]
    texts = ["\n".join(["{k}번 글", LONG_LINE, *comments]).format(k=k) for k in range(20)]
    assert not any("답글" in text for text in clean(texts, ["a.kr"] * 20)[0])


def test_host_rule_needs_share_and_number():
    texts = with_lines(["오늘의 소식"], 4) + with_lines([], 30)
    assert clean(texts, ["a.kr"] * 34)[0] == texts
    texts = with_lines(["오늘의 소식"], 5) + with_lines([], 30)
    assert clean(texts, ["a.kr"] * 5 + ["b.kr"] * 30)[0] == with_lines([], 5) + with_lines([], 30)
    assert clean(texts, ["a.kr"] * 35)[0] == texts
    assert clean(texts, ["a.kr"] * 35, host_share=0.1)[0] == with_lines([], 5) + with_lines([], 30)


def test_hosts_are_told_apart_by_url_and_otherwise_by_source():
    texts = with_lines(["오늘의 소식"], 6)
    assert clean(texts)[0] == with_lines([], 6)  # no url: the source is the group
    assert clean(texts, [f"h{k}.kr" for k in range(6)])[0] == texts
    assert clean(texts, ["www.a.kr", "A.kr", "a.kr:80", "a.kr", "a.kr", "www.A.KR"])[0] == with_lines([], 6)


def test_columns_url_and_source_may_be_missing():
    step = LineDedup()
    part = pa.record_batch({"text": pa.array(with_lines(["오늘의 소식"], 6))})
    edited = step.act(part, 0, step.load(resolve(step, [[part]]), 0))
    assert edited.text.to_pylist() == with_lines([], 6)


def test_counter_lines_count_together():
    texts = [f"조회 {k * 37} 댓글 {k}\n" + text for k, text in enumerate(with_lines([], 10))]
    assert clean(texts, ["a.kr"] * 10)[0] == with_lines([], 10)
    texts = [f"{k}회차 강의\n" + text for k, text in enumerate(with_lines([], 10))]
    assert clean(texts, ["a.kr"] * 10)[0] == texts


def test_red_of_the_corpus_falls_between_boilerplate_and_stays_alone_between_content():
    texts, hosts = others("공유하기", 60)
    assert clean(texts, hosts)[0] == texts
    ends = [text + "\n공유하기\n이전 글" for text in with_lines([], 60)]
    assert clean(ends, hosts)[0] == with_lines([], 60)


def test_sentence_known_from_everywhere_stays_with_its_neighbours():
    texts, hosts = others(
        "이 영은 공포한 뒤 여섯 달이 지난 날부터 효력이 생긴다.\n모두에게 같은 둘째 문장도 여기에 있습니다.", 80
    )
    assert clean(texts, hosts)[0] == texts


@pytest.mark.parametrize(
    "block",
    [
        "```\nnpm install\nnpm start now\n```",
        "for (int i = 0; i < n; i++) {\n  sum += i;\n}\nreturn sum;",
        "import numpy as np\nimport pandas as pd\nnp.zeros(n)",
        "| 이름 | 값 |\n|---|---|",
        "출발\t도착\t요금",
        "## 참고 항목",
        "제1조(목적)\n① 삭제\n부칙",
        "이 영은 공포한 날부터 시행한다.",
        "2023\n2024",
    ],
)
def test_structures_beside_content_are_kept(block):
    texts = [
        "\n".join([f"{k}번 문서의 앞부분에 쓴 설명입니다.", block, f"{k}번 뒷말은 이렇습니다."]) for k in range(70)
    ]
    for hosts in (["a.kr"] * 70, [f"h{k}.kr" for k in range(70)]):
        assert clean(texts, hosts)[0] == texts


def test_code_inside_a_template_goes_with_it():
    footer = ["관련 사이트", "var tracker = 1;", "개인정보처리방침"]
    texts = [text + "\n" + "\n".join(footer) for text in with_lines([], 30)]
    assert clean(texts, ["a.kr"] * 30)[0] == with_lines([], 30)


def test_verse_with_a_refrain_is_kept():
    poem = ["해는 저물고", "강물은 흐르네", "해는 저물고", "나도 흐르네", "해는 저물고"]
    texts = ["\n".join([*poem, f"{k}번째 감상을 적어 둡니다."]) for k in range(4)]
    assert clean(texts, [f"h{k}.kr" for k in range(4)])[0] == texts


def test_copies_without_any_red_are_left_to_deduplication():
    texts = ["같은 글의 첫 줄입니다.\n둘째 줄\n셋째 줄"] * 10
    assert clean(texts, [f"h{k}.kr" for k in range(10)])[0] == texts


def test_blank_lines_around_a_removed_block_become_one():
    texts = [f"{k}번 앞\n{k}번 앞 둘\n\n\n공지\n\n \n배너\n\n{k}번 뒤\n\n\n\n{k}번 끝\n" for k in range(12)]
    assert clean(texts, ["a.kr"] * 12)[0] == [f"{k}번 앞\n{k}번 앞 둘\n\n{k}번 뒤\n\n\n\n{k}번 끝\n" for k in range(12)]
    texts = [f"\n\n공지\n\n{k}번 글\r\n{k}번 끝\r\n\r\n배너" for k in range(12)]
    assert clean(texts, ["a.kr"] * 12)[0] == [f"{k}번 글\r\n{k}번 끝" for k in range(12)]


def test_signals_of_an_emptied_document():
    cleaned, edited = clean(["공지\n배너 입니다"] * 8 + ["", " \n"], ["a.kr"] * 10)
    assert cleaned == [""] * 9 + [" \n"]
    signals = {name: values.to_pylist() for name, values in edited.signals.items()}
    assert signals["chars_left"] == [0] * 8 + [None, None]
    assert signals["removed_ratio"] == [1.0] * 8 + [0.0, 0.0]
    assert signals["lines_total"] == [2] * 8 + [0, 0]
    assert {name: values.type for name, values in edited.signals.items()} == {s.name: s.type for s in LineDedup.signals}


def test_samples_are_distinct_short_and_few():
    menu = [f"메뉴 {'가' * 200} {chr(0xAC00 + k)}" for k in range(20)]
    _, edited = clean(with_lines(menu, 9), ["a.kr"] * 9)
    assert len(edited.samples) == 10 and {kind for kind, _ in edited.samples} == {"line"}
    assert all(len(text) == 120 for _, text in edited.samples)
    _, edited = clean(with_lines(["메뉴", "배너"], 9), ["a.kr"] * 9)
    assert edited.samples == [("line", "메뉴"), ("line", "배너")]


def test_published_rule():
    red, yellow = "공유하기", "목차"
    lines = [red, yellow, "한 {k}", "두 {k}", yellow, "세 {k}", red, "외톨이 {k}", red, yellow, red, "끝 {k}", "참 {k}"]
    texts = ["\n".join(lines).format(k=k) for k in range(51)]
    texts = [text if k < 50 else text.replace(yellow, f"별것 {k}") for k, text in enumerate(texts)]
    cleaned, _ = clean(texts, [f"h{k}.kr" for k in range(51)], rule="published")
    assert cleaned[:50] == [f"한 {k}\n두 {k}\n{yellow}\n세 {k}\n끝 {k}\n참 {k}" for k in range(50)]
    texts = with_lines(["홈"], 20)  # no rule for hosts: 20 documents are yellow, at the start of the text
    assert clean(texts, ["a.kr"] * 20, rule="published")[0] == with_lines([], 20)
    texts, hosts = others("홈", 50)
    assert clean(texts, hosts, rule="published")[0] == texts
    texts, hosts = others("홈", 51)  # leaves single greens
    assert clean(texts, hosts, rule="published")[0] == [""] * 51


def test_untouched_batches_are_the_same_arrays():
    step = LineDedup()
    part = batch(with_lines([], 5), ["a.kr"] * 5)
    edited = step.act(part, 0, step.load(resolve(step, [[part]]), 0))
    assert edited.text.equals(part["text"])
    assert edited.text.buffers()[2].address == part["text"].buffers()[2].address


def test_reference_shards_count_but_are_not_told():
    step = LineDedup()
    shards = [[batch(with_lines(["오늘의 소식"], 4), ["a.kr"] * 4)], [batch(with_lines(["오늘의 소식"], 1), ["a.kr"])]]
    corpus = resolve(step, shards, reference={0})
    assert len(step.load(corpus, 1).slots.nonzero()[0]) > 0
    assert len(step.load(corpus, 0).slots.nonzero()[0]) == 0
    assert step.act(shards[1][0], 0, step.load(corpus, 1)).text.to_pylist() == with_lines([], 1)


# Lines of all colours and shapes, so that drawn corpora have menus, yellows, code, fences and sentences.
POOL = ["홈", "메뉴", "공유하기", "조회 1", "조회 22", "}", "```", "# 제목", "가\t나", "이 문장은 어디에나 있습니다."]
POOL += ["목차", "", " ", "\r", "1"]
LONG = st.integers(0, 5000).map(
    lambda number: (
        f"{number}번째로 적은 이야기는 길어서 " + "쉬지 않고 끝까지 읽어야 그 뜻을 알 수 있는 " * 2 + "글입니다"
    )
)
LINES = st.one_of(st.sampled_from(POOL), LONG, st.text(st.sampled_from("가나다 .\t"), max_size=12))
DOCUMENTS = st.lists(st.tuples(st.lists(LINES, max_size=12), st.integers(0, 2)), min_size=1, max_size=40)


def drawn(documents):
    texts = ["\n".join(lines) for lines, _ in documents]
    return texts, [f"h{host}.kr" for _, host in documents]


@pytest.mark.parametrize("rule", ["context", "published"])
@settings(max_examples=150, deadline=None)
@given(documents=DOCUMENTS, red=st.integers(2, 8), share=st.sampled_from([0.2, 0.6]))
def test_acting_again_changes_nothing(rule, documents, red, share):
    texts, hosts = drawn(documents)
    step = LineDedup(LineDedupOptions(rule=rule, host_share=share, host_documents=2))
    part = batch(texts, hosts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_dedup, "RED", red)
        patch.setattr(line_dedup, "YELLOW", 2)
        resolved = step.load(resolve(step, [[part]]), 0)
    once = step.act(part, 0, resolved)
    twice = step.act(batch(once.text.to_pylist(), hosts), 0, resolved)
    assert twice.text.to_pylist() == once.text.to_pylist()
    once.text.validate(full=True)
    kept = once.signals["lines_total"].to_numpy() - once.signals["lines_removed"].to_numpy()
    assert twice.signals["lines_total"].to_pylist() == kept.tolist()
    for before, after, removed in zip(
        texts, once.text.to_pylist(), once.signals["lines_removed"].to_pylist(), strict=True
    ):
        left = iter(line.strip() for line in before.split("\n"))
        assert all(line.strip() in left for line in after.split("\n") if line.strip())  # a subsequence, nothing new
        assert removed or after == before


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.integers(0, 2**32))
def test_shards_batches_partitions_and_order_do_not_matter(documents, seed):
    texts, hosts = drawn(documents)
    step = LineDedup(LineDedupOptions(host_documents=2))
    whole = batch(texts, hosts)
    expected = step.act(whole, 0, step.load(resolve(step, [[whole]]), 0)).text.to_pylist()
    rng = random.Random(seed)
    order = rng.sample(range(len(texts)), len(texts))
    cuts = sorted(rng.choices(range(len(texts) + 1), k=2))
    shards = []
    for start, end in zip([0, *cuts], [*cuts, len(texts)], strict=True):
        rows = order[start:end]
        middle = rng.randint(0, len(rows))
        parts = [rows[:middle], rows[middle:]]
        shards.append([(part, batch([texts[k] for k in part], [hosts[k] for k in part])) for part in parts])
    corpus = resolve(step, [[part for _, part in shard] for shard in shards], partitions=rng.choice([1, 3, 7]))
    for k, shard in enumerate(shards):
        resolved = step.load(corpus, k)
        for rows, part in shard:
            assert step.act(part, 0, resolved).text.to_pylist() == [expected[row] for row in rows]


def test_sketches_are_the_same_however_often_the_table_is_sorted_away(monkeypatch):
    rng = random.Random(1)
    texts = [[f"{rng.randrange(300)}\n{rng.randrange(9)}" for _ in range(50)] for _ in range(8)]
    parts = [batch(part, ["a.kr", "b.kr"] * 25) for part in texts]
    sketches = []
    for flush in (1 << 21, 10):
        monkeypatch.setattr(line_dedup, "_FLUSH", flush)
        sketcher = LineDedup().sketcher()
        for part in parts:
            sketcher.add(part)
        sketches.append(sketcher.finish())
    assert sketches[0] == sketches[1]
    assert sketches[0]["hosts"]["documents"].to_pylist() == [200, 200]
    assert 0 not in sketches[0]["lines"]["key"].to_pylist()


def test_empty_shards_and_corpora():
    step = LineDedup()
    corpus = resolve(step, [[], [batch([])]])
    assert step.act(batch([]), 0, step.load(corpus, 1)).text.to_pylist() == []
    assert [table.num_rows for table in resolve(step, []).round("verdicts")] == [0]


def test_slices_nulls_and_string_columns():
    step = LineDedup()
    whole = batch(["버림", *with_lines(["오늘의 소식"], 8)], ["b.kr"] + ["a.kr"] * 8)
    part = whole.slice(1)
    resolved = step.load(resolve(step, [[part]]), 0)
    assert step.act(part.slice(2), 2, resolved).text.to_pylist() == with_lines([], 8)[2:]
    small = pa.record_batch({"text": pa.array([None, "글"], pa.string())})
    assert step.act(small, 0, resolved).text.to_pylist() == ["", "글"]


@pytest.mark.parametrize(
    "text", ["\n" * 10**6, "가\n" * 10**6, "```\n" * 10**6, "\t|" * 10**6, " " * 10**6, "\xa0" * 10**6]
)
def test_hostile_documents(text):
    cleaned, edited = clean([text] * 6, ["a.kr"] * 6)
    assert edited.text.validate(full=True) is None
    assert len(cleaned) == 6


def test_options_are_checked():
    for wrong in ({"rule": "x"}, {"host_share": 0}, {"host_share": 1.1}, {"host_documents": 1}, {"other": 1}):
        with pytest.raises(ValidationError):
            LineDedupOptions(**wrong)
