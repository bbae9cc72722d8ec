"""Pages in a real browser: they show what their JSON says, everything that can be pressed works, and nothing else happens."""

import re
import time

import orjson
import pytest

from algok.dashboard.compare import compare
from algok.dashboard.report import render
from algok.dashboard.report_data import read_report
from algok.pipelines.run_directory import Run


class Opened:
    """A page with everything that it said and asked for while it was open."""

    def __init__(self, browser, path, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = path.as_uri()
        self.page.goto(self.url)
        self.data = orjson.loads(self.page.locator("#data").text_content())

    def quiet(self):
        return self.said == [] and self.asked == [self.url]


@pytest.fixture(scope="module")
def path(ordinary, tmp_path_factory):
    target = tmp_path_factory.mktemp("page") / "report.html"
    target.write_text(render(read_report(str(ordinary)), "en"), encoding="utf-8")
    return target


@pytest.fixture
def opened(browser, path):
    shown = Opened(
        browser, path, permissions=["clipboard-read", "clipboard-write"], viewport={"width": 1280, "height": 900}
    )
    yield shown
    assert shown.quiet(), (shown.said, shown.asked)
    shown.context.close()


def test_bars_of_every_chart_are_those_of_its_json(opened):
    drawn = opened.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("svg[data-c]")].map((svg) =>
        [svg.dataset.c, [...svg.querySelectorAll("path.in, path.out")].map((p) => p.getAttribute("d"))]))"""
    )
    histograms = {name: chart for name, chart in opened.data["charts"].items() if "bins" in chart}
    assert len(histograms) > 60 and set(histograms) <= set(drawn)
    for name, chart in histograms.items():
        wide = 320 / (chart["last"] - chart["first"])
        high = {}
        for path in drawn[name]:
            for left, right, top in steps(path):
                for place in range(chart["first"], chart["last"]):
                    middle = (place - chart["first"] + 0.5) * wide
                    if left - 0.1 <= middle <= right + 0.1:
                        high[place] = 84 - top
        by_height = sorted((int(place) for place in chart["bins"]), key=lambda place: high.get(place, 0))
        assert set(high) == {int(place) for place in chart["bins"]} or chart.get("bound"), name
        if not chart.get("bound"):
            counts = [chart["bins"][str(place)] for place in by_height]
            assert counts == sorted(counts), name


def steps(path):
    """The bars of a path: left, right and top of each."""
    left = top = 0.0
    for command, first in re.findall(r"([MVH])([\d.]+)", path):
        if command == "M":
            left = float(first)
        elif command == "V":
            top = float(first)
        else:
            yield left, float(first), top
            left = float(first)


def test_pointing_and_arrow_keys_read_the_same_number(opened):
    svg = opened.page.locator('svg[data-c="heuristics.hangul_ratio|*"]')
    svg.scroll_into_view_if_needed()
    chart = opened.data["charts"]["heuristics.hangul_ratio|*"]
    place = max(chart["bins"], key=chart["bins"].get)
    box, wide = svg.bounding_box(), chart["last"] - chart["first"]
    opened.page.mouse.move(box["x"] + box["width"] * (int(place) - chart["first"] + 0.5) / wide, box["y"] + 30)
    pointed = opened.page.locator("#tip").text_content()
    assert f"  ·  {chart['bins'][place]}  ·  " in pointed
    opened.page.mouse.move(0, 0)
    svg.focus()
    for _ in range(wide):
        opened.page.keyboard.press("ArrowRight")
        if opened.page.locator("#tip").text_content() == pointed:
            break
    assert opened.page.locator("#tip").text_content() == pointed


def test_tables_are_sorted_and_copied(opened):
    table = opened.page.locator("#shards .table").first
    table.locator("thead button", has_text="tokens").click()
    down = [int(cell.replace(",", "")) for cell in table.locator("tbody tr td:nth-child(6)").all_text_contents()]
    table.locator("thead button", has_text="tokens").click()
    up = [int(cell.replace(",", "")) for cell in table.locator("tbody tr td:nth-child(6)").all_text_contents()]
    assert down == sorted(down, reverse=True) and up == down[::-1] and len(set(down)) > 1
    table.locator("button.copy").click()
    lines = opened.page.evaluate("navigator.clipboard.readText()").split("\n")
    assert lines[0].startswith("shard\tdocuments\tkept") and len(lines) == 4
    assert {line.split("\t")[5] for line in lines[1:]} == {str(count) for count in up}


def test_a_chart_is_shown_as_a_table_too(opened):
    figure = opened.page.locator(".figure", has=opened.page.locator('svg[data-c="quality.keep|*"]'))
    figure.hover()
    figure.locator("button.show").click()
    chart = opened.data["charts"]["quality.keep|*"]
    counts = figure.locator("tbody tr td:nth-child(2)").all_text_contents()
    assert sum(int(count.replace(",", "")) for count in counts) == sum(chart["bins"].values())


def test_the_slider_counts_from_the_histogram_and_writes_the_command(opened, ordinary):
    card = opened.page.locator('article[id="rule-heuristics.sentences"]')
    card.locator("details.try summary").first.click()
    box = card.locator("details.try").first
    before = box.locator("p").text_content()
    chart = opened.data["charts"]["heuristics.sentences|*"]
    assert f"leaves {sum(chart['bins'].values()) - chart['outside'].get('min', 0)} of" in before
    box.locator("input").evaluate("(input) => { input.value = input.max; input.dispatchEvent(new Event('input')); }")
    edges = opened.data["edges"]["count"]
    limit = edges[min(chart["last"], len(edges)) - 1]
    left = sum(n for place, n in chart["bins"].items() if int(place) >= min(chart["last"], len(edges)))
    assert box.locator("p").text_content().startswith(f"This bound alone leaves {left} of")
    command = box.locator("pre").text_content()
    assert f"algok redecide {ordinary}-signals --set steps.heuristics.sentences.min={limit:g}" in command
    assert f"algok annotate {ordinary}/recipe.yaml -o {ordinary}-signals" in command
    box.locator("button").click()
    assert box.locator("p").text_content() == before


def test_language_and_theme_are_switched(opened):
    page = opened.page
    page.locator("#language").click()
    assert page.locator("h2").first.text_content() == "집계" and page.locator("html").get_attribute("lang") == "ko"
    assert "분포" in page.locator("svg[data-c]").first.get_attribute("aria-label")
    page.locator("#language").click()
    assert page.locator("h2").first.text_content() == "Account"
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.evaluate(ground) != light


@pytest.mark.parametrize("wide", [1280, 390])
def test_nothing_is_wider_than_the_window(browser, path, wide):
    shown = Opened(browser, path, viewport={"width": wide, "height": 800})
    shown.page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= wide
    shown.context.close()


def test_a_page_works_without_its_script(browser, path, ordinary):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    rows = len(Run.open(str(ordinary)).summary.table())
    assert page.locator("svg.chart").count() > 60 and page.locator("#flow tbody tr").count() == rows
    context.close()


def test_a_hostile_run_executes_nothing_and_breaks_nothing(browser, hostile, ordinary, tmp_path):
    report = read_report(str(hostile))
    compared = compare(read_report(str(ordinary), 0), report)
    for number, text in enumerate((render(report), render(report, "en", compared))):
        target = tmp_path / f"{number}.html"
        target.write_text(text, encoding="utf-8")
        shown = Opened(browser, target, viewport={"width": 390, "height": 800})
        page = shown.page
        page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
        for button in page.locator("button.show").all()[:20]:
            button.dispatch_event("click")
        page.locator("#language").click()
        time.sleep(0.2)
        assert page.evaluate("window.hacked") is None and shown.quiet(), (shown.said, shown.asked)
        assert page.locator("script").count() == 2 and page.locator("img, iframe, object, embed, form").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        commands = page.locator("details.try pre").all_text_contents()
        assert commands and all("'\"'\"'; touch hacked #" in command for command in commands)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", page.content())
        shown.context.close()


def test_a_formula_is_copied_as_text(browser, hostile, tmp_path):
    target = tmp_path / "report.html"
    target.write_text(render(read_report(str(hostile))), encoding="utf-8")
    shown = Opened(browser, target, permissions=["clipboard-read", "clipboard-write"])
    shown.page.locator("#sources button.copy").first.click()
    copied = shown.page.evaluate("navigator.clipboard.readText()")
    assert "\n'=cmd" in copied and "\n=cmd" not in copied
    shown.context.close()
