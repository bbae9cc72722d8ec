"""Makes the pictures of docs/dashboard.md from the demonstration's run: call it after `make demo`.

Needs chromium (Debian: apt-get install chromium), which playwright drives.
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from algok.dashboard.report import render
from algok.dashboard.report_data import read_report

RUN = Path("runs/demo")
TARGET = Path(__file__).resolve().parents[1] / "docs" / "dashboard"


def top(page: Page) -> None:
    """The page as it opens."""


def bounds(page: Page) -> None:
    """Cards of rules, one slider moved."""
    card = page.locator('article[id="rule-quality.keep"]')
    card.locator("details.try summary").first.click()
    slider = card.locator("details.try input").first
    slider.evaluate("(input) => { input.value = +input.value + 8; input.dispatchEvent(new Event('input')); }")
    page.evaluate("window.scrollTo(0, document.getElementById('rule-quality.keep').offsetTop - 60)")


PICTURES = (
    ("report-en.png", "en", {"width": 1180, "height": 900}, "light", top),
    ("rules-ko.png", "ko", {"width": 1180, "height": 760}, "dark", bounds),
    ("phone-ko.png", "ko", {"width": 390, "height": 780}, "light", top),
)


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    report = read_report(str(RUN))
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, language, size, scheme, prepare in PICTURES:
            path = Path(folder) / "report.html"
            path.write_text(render(report, language), encoding="utf-8")
            page = browser.new_page(viewport=size, color_scheme=scheme)
            page.goto(path.as_uri())
            prepare(page)
            page.screenshot(path=TARGET / name)
            print(f"{TARGET / name}: {(TARGET / name).stat().st_size / 1e3:,.0f} KB")
        browser.close()


if __name__ == "__main__":
    main()
