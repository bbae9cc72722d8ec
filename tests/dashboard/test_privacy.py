"""No personal data in any page, answer or metric, even of a run that masks none."""

import re
from urllib.parse import quote

import pytest
from conftest import prose

from algok.dashboard.compare import compare
from algok.dashboard.report import render
from algok.dashboard.report_data import read_report

# Invented, of shapes that nobody has.
PLANTED = {
    "mail": "hidden.person@secret-mail.example",
    "mobile": "010-9876-5432",
    "resident": "900101-1234568",
    "card": "4111-1111-1111-1111",
}


@pytest.fixture(scope="module")
def unmasked(make_run, tmp_path_factory):
    """A run without the step that masks, whose texts, URLs, hosts and broken records hold planted data."""
    line = " ".join(PLANTED.values())
    rows = [
        {"text": f"연락처 {line}. {prose(i)}", "url": f"https://{PLANTED['mail']}/{PLANTED['mobile']}", "source": "web"}
        for i in range(6)
    ]
    rows += [{"text": f"짧은 글 {line}", "source": "web"}, {"text": [line]}]
    return make_run(tmp_path_factory.mktemp("unmasked"), [rows], "steps.pii=null", "error_budget=1")


def leaks(text):
    digits = re.sub(r"\D", "", PLANTED["mobile"])
    return [value for value in (*PLANTED.values(), digits, "hidden.person") if value in text]


def test_no_report_and_no_comparison_shows_what_was_planted(unmasked, ordinary):
    report = read_report(str(unmasked))
    assert report.read.samples and report.read.hosts is not None
    assert not leaks(render(report)) and not leaks(render(report, "en", compare(read_report(str(ordinary), 0), report)))


def test_no_answer_of_the_dashboard_shows_it(unmasked):
    pytest.importorskip("starlette", reason="needs the extra algok[dashboard]")
    from starlette.testclient import TestClient

    from algok.dashboard.server import create_app

    client = TestClient(create_app([str(unmasked)]), base_url="http://localhost")
    documents = "/runs/0/documents?kept=1"
    key = re.findall(r"explain\?key=(\w+)", client.get(documents).text)[0]
    paths = [
        "/",
        "/runs/0",
        documents,
        "/runs/0/documents?kept=0",
        f"/runs/0/explain?key={quote(key)}",
        "/runs/0/shards",
    ]
    for path in (*paths, "/metrics", "/api/runs.json", "/api/runs/0/summary.json", "/api/runs/0/shards.json"):
        answer = client.get(path)
        assert answer.status_code == 200 and not leaks(answer.text), path
