"""`make bench-workbench`: how long a person waits, in a real browser.

A document of 3,000 paragraphs is pasted and read; a queue of 10,000 is labelled by keyboard. Times
are from the press of a key to what it changes on the page, as the browser itself sees it.
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright
from rich.console import Console
from rich.table import Table

from model.bundled import default_store
from service.workbench.database import Database
from tests.service.workbench.labelling import make_queue
from tests.service.workbench.running import ready, sign_in, working
from tests.service.workbench.screenshots import texts

PARAGRAPHS = 3_000
QUEUE = 10_000
PRESSES = 60

_UNTIL_CHANGED = """key => new Promise(told => {
    const begun = performance.now();
    const watcher = new MutationObserver(() => {
        watcher.disconnect();
        requestAnimationFrame(() => told(performance.now() - begun));
    });
    const page = document.querySelector(key === ' ' ? '.label-sheet' : '.choice');
    watcher.observe(page, {childList: true, subtree: true, characterData: true, attributes: true});
    document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code: key, bubbles: true}));
})"""


def reading(page: Page) -> dict[str, float]:
    """Milliseconds until the first paragraph of a long document is there, all are, and a filter."""
    paragraphs = texts(PARAGRAPHS)
    text = "\n\n".join(paragraphs[n % len(paragraphs)] for n in range(PARAGRAPHS))
    ready(page)
    # Typing as a test does takes half a minute; a paste is one event.
    page.locator("textarea.paste").evaluate("(box, text) => { box.value = text; }", text)
    page.locator("textarea.paste").focus()
    begun = time.perf_counter()
    page.keyboard.press("Control+Enter")
    page.locator(".para").first.wait_for()
    first = time.perf_counter() - begun
    page.wait_for_function(f"document.querySelectorAll('.para').length >= {PARAGRAPHS}")
    whole = time.perf_counter() - begun
    begun = time.perf_counter()
    page.locator(".key", has_text="网格管理").click()
    page.locator(".para.t0").first.wait_for(state="hidden")
    filtered = time.perf_counter() - begun
    return {"first paragraph": first * 1e3, "all": whole * 1e3, "filter": filtered * 1e3}


def pressing(page: Page, address: str, queue: int) -> dict[str, list[float]]:
    """Milliseconds of every press, by what it does."""
    page.goto(f"{address}/label/{queue}")
    page.locator(".label-text").wait_for()
    ready(page)
    found: dict[str, list[float]] = {"choose a theme": [], "save, next paragraph": []}
    for _ in range(PRESSES):
        found["choose a theme"].append(page.evaluate(_UNTIL_CHANGED, "1"))
        found["save, next paragraph"].append(page.evaluate(_UNTIL_CHANGED, " "))
    return found


def main() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch) / "desk"
        database = Database("", folder / "workbench.sqlite")
        queue, _ = make_queue(database, QUEUE, blind=True)
        database.close()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        size = ViewportSize(width=1366, height=768)
        with (
            working(default_store(), folder) as (_, address),
            browser.new_context(viewport=size, locale="zh-CN") as context,
        ):
            page = sign_in(context, address, "王一")
            shown = Table("", "median", "95 %")
            for what, took in reading(page).items():
                shown.add_row(f"3,000 paragraphs: {what}", f"{took:,.0f} ms")
            for what, times in pressing(page, address, queue).items():
                worst = statistics.quantiles(times, n=20)[-1]
                middle = statistics.median(times)
                shown.add_row(f"queue of 10,000: {what}", f"{middle:.0f} ms", f"{worst:.0f} ms")
        browser.close()
    Console().print(shown)


if __name__ == "__main__":
    main()
