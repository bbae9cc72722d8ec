"""What an index holds, what it leaves undecided and why, and that it can be trusted."""

import numpy as np
import orjson
import pyarrow as pa
import pytest
from conftest import prose
from questions import ITEMS, index_of, page, shown
from sealed import seal

from algok.classifiers.contamination import ContaminationIndex, open_index
from algok.classifiers.store import Model, open_model, read_manifest
from algok.classifiers.training.benchmarks import Item
from algok.classifiers.training.contamination import bound
from algok.errors import InputError, ModelError


def hits(folder: str, *texts: str) -> list[int]:
    index = ContaminationIndex(open_model(folder, "benchmarks"))
    return index.find(pa.array(texts, pa.large_string())).hits.tolist()


def undecidable(folder) -> dict[str, str]:
    rows = [orjson.loads(line) for line in (folder / "undecidable.jsonl").read_bytes().splitlines()]
    return {row["item"]: row["reason"] for row in rows}


def test_items_are_found_and_nothing_else(tmp_path):
    folder = index_of(tmp_path / "index")
    assert hits(folder, *(page(item) for item in ITEMS), prose(7), "") == [1, 1, 1, 1, 1, 0, 0]
    assert hits(folder, "\n".join(map(shown, ITEMS))) == [5]


def test_an_index_holds_no_text(tmp_path):
    folder = tmp_path / "index"
    index_of(folder)
    for path in folder.iterdir():
        data = path.read_bytes()
        for item in ITEMS:
            for word in {*item.question.split(), *" ".join(item.options).split()}:
                assert len(word) < 3 or word.encode() not in data


def test_the_same_items_give_the_same_digest(tmp_path):
    digests = {read_manifest(tmp_path / name).digest for name in "ab" if index_of(tmp_path / name)}
    assert len(digests) == 1


def test_what_is_short_common_or_in_the_background_is_listed_and_not_looked_for(tmp_path):
    alike = [Item("own", f"c{number}", "다음 가운데 물건을 나르던 수레바퀴 이름은?") for number in range(40)]
    same = [Item("own", f"a{number}", "다음 중 순서대로 바르게 늘어놓은 목록은 어느 쪽인가?") for number in range(4)]
    alike += same
    items = [*ITEMS, Item("own", "s", "2+2는?", ("3", "4")), *alike]
    index_of(tmp_path / "index", items, (page(ITEMS[2]), prose(1)))
    reasons = undecidable(tmp_path / "index")
    assert reasons == {"s": "short", "q2": "background"} | {item.id: "common" for item in alike}
    assert hits(str(tmp_path / "index"), page(ITEMS[2]), page(ITEMS[1]), alike[0].question, same[0].question) == [
        0,
        1,
        0,
        0,
    ]
    figures = read_manifest(tmp_path / "index").metrics
    assert figures["own"] == {"items": 50, "short": 1, "common": 44, "background": 1}


def test_options_that_quote_a_statute_need_their_question(tmp_path):
    """An exam asks which of four sentences of a law is wrong: the law itself has three of them and is not the exam."""
    law = [
        "물레방아의 관리인은 해마다 수차의 굴대와 물받이를 점검하고 결과를 기록부에 남긴다.",
        "마을 회의는 구성원 절반의 출석과 출석한 구성원 셋 가운데 둘의 찬성으로 의결한다.",
        "나루터의 뱃삯은 고을 수령이 정하되 흉년에는 이를 거두지 아니할 수 있다.",
    ]
    item = Item(
        "own", "law", "두레 규약이 정한 회의 절차를 잘못 풀이한 문장은?", (*law, "등대지기는 다섯 해마다 바꾼다.")
    )
    folder = index_of(tmp_path / "index", [item, *ITEMS])
    assert hits(folder, "\n".join(law), shown(item), item.question + law[0] + law[1] + law[2]) == [0, 1, 1]


def test_a_context_alone_is_source_material(tmp_path):
    item = Item("own", "r", "윗글의 뜻은?", ("가", "나"), "", prose(5))
    other = Item("own", "o", "이 글에 이름이 나오는 고개의 옛 이름은?", ("버들고개", "솔고개"), "", prose(6))
    folder = index_of(tmp_path / "index", [item, other, *ITEMS])
    assert hits(folder, prose(5), prose(6), f"{prose(6)}\n{shown(other)}") == [0, 0, 1]


def test_nothing_to_decide_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no item of these files can be decided"):
        index_of(tmp_path / "index", [Item("own", "s", "2+2는?")])


def test_bounds_fall_with_length():
    assert bound(np.array([4.5, 5, 12.5, 20, 30, 40, 900])).round(3).tolist() == [
        0.85,
        0.85,
        0.675,
        0.5,
        0.45,
        0.4,
        0.4,
    ]


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("shingles.npy", lambda a: a[::-1].copy()),
        ("weights.npy", lambda a: a * 0),
        ("postings.npy", lambda a: a + 10**6),
        ("postings.npy", lambda a: a[:-1]),
        ("firsts.npy", lambda a: a[::-1].copy()),
        ("entries.npy", lambda a: a * np.array([-1, 1, 1, 1])),
        ("entries.npy", lambda a: a * np.array([1, 0, 1, 1])),
        ("entries.npy", lambda a: a[:, :3]),
    ],
)
def test_arrays_that_point_elsewhere_are_refused(tmp_path, file, change):
    folder = tmp_path / "index"
    index_of(folder)
    np.save(folder / file, change(np.load(folder / file)))
    seal(folder)
    with pytest.raises(ModelError):
        ContaminationIndex(open_model(str(folder), "benchmarks"))


def test_an_index_of_another_version_or_a_damaged_one_is_refused(tmp_path):
    folder = tmp_path / "index"
    index_of(folder)
    seal(folder, version=0)
    with pytest.raises(ModelError, match="built for another version"):
        open_index(str(folder))
    (folder / "items.json").write_bytes(b"[]")
    with pytest.raises(ModelError, match="is damaged"):
        Model(folder, read_manifest(folder)).verify()
