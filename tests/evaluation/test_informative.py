"""Documents that teach most: unsure ones first, every tenth by chance, no host more than its share."""

from collections import Counter

import pytest
from conftest import prose, write_jsonl

from algok.errors import InputError
from algok.evaluation.informative import CHANCE, choose, text_of
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run

MENU = "\n".join(["홈", "로그인", "회원가입", "장바구니", "고객센터", "이벤트"] * 5)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    rows = [{"text": prose(i), "url": f"https://h{i % 25}.example.com/{i}"} for i in range(100)]
    rows += [{"text": MENU + f"\n{i} " * (i % 9), "url": f"https://menu.example.com/{i}"} for i in range(100)]
    rows += [{"text": f"{prose(i)[:120]}\n{MENU}", "url": f"https://mixed{i % 25}.example.com/{i}"} for i in range(100)]
    write_jsonl(root / "in.jsonl", rows)
    recipe = recipe_from_text(
        f"inputs: [{{path: {root}/in.jsonl}}]\nsplit_bytes: 40000\nsteps: {{quality: {{}}, style: {{}}}}"
    )
    execute(recipe, str(root / "run"), make_executor("local", 0), SilentProgress())
    return Run.open(str(root / "run"))


def test_unsure_documents_come_before_sure_ones(run):
    signals = {
        row["id"]: row["quality.keep"]
        for folder in (run.kept(), run.dropped())
        for row in folder.to_table(columns=["id", "quality.keep"]).to_pylist()
    }
    found = choose(run, 40, ("keep",))
    unsure = [one for one in found if one.why == "unsure"]
    assert len(found) == len({one.id for one in found}) == 40 and len(unsure) == 40 - 40 // CHANCE
    for one in found:
        assert one.unsure == pytest.approx(1 - abs(2 * signals[one.id] - 1), abs=1e-6)
    chosen = {one.id for one in found}
    left = [1 - abs(2 * p - 1) for id_, p in signals.items() if id_ not in chosen]
    assert sum(one.unsure for one in unsure) / len(unsure) > 2 * sum(left) / len(left)
    assert {one.verdict for one in found} == {"kept", "quality.keep"}


def test_no_host_has_more_than_its_share(run):
    hosts = Counter(one.host for one in choose(run, 60, ("keep", "style")))
    assert max(hosts.values()) <= 2 * max(2, 60 // 20) and len(hosts) > 15


def test_the_same_run_gives_the_same_documents_and_those_seen_are_left_out(run):
    first = choose(run, 30, ("keep",))
    assert first == choose(run, 30, ("keep",))
    second = choose(run, 30, ("keep",), frozenset(one.id for one in first))
    assert len(second) == 30 and not {one.id for one in first} & {one.id for one in second}


def test_a_document_is_found_again(run):
    for one in choose(run, 20, ("keep",)):
        found = text_of(run, one)
        assert found["url"].startswith(f"https://{one.host}/") and found["text"]


def test_a_run_whose_models_say_nothing_is_refused(run):
    with pytest.raises(InputError, match="none of the steps toxicity"):
        choose(run, 10, ("toxicity",))
    assert choose(run, 10, ("toxicity", "keep"))
