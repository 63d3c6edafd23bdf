"""`make screenshots`: the pages of the workbench at two sizes, with texts of our own.

They go to `build/screenshots/` for people to look at; the one that the README shows is kept beside
this file. The model in use in `artifacts/` is what they show, so `govtheme train` comes first.
"""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from model.bundled import bundled, default_store
from tests.service.workbench.running import ready, sign_in, working

SHOWN = Path(__file__).resolve().parent / "screenshots" / "read.png"
MADE = Path("build") / "screenshots"
SIZES = {
    "large": ViewportSize(width=1366, height=768),
    "small": ViewportSize(width=390, height=844),
}
PEOPLE = ("王一", "李二")


def texts(count: int) -> list[str]:
    """Paragraphs of the bundled corpus, from all of its genres."""
    files = sorted(bundled("corpus").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [str(json.loads(line)["text"]) for line in lines[:: max(1, len(lines) // count)]][:count]


def prepare(browser: Browser, address: str, archive: Path) -> None:
    """A queue that two people have labelled in part, and an archive that was scored."""
    for person in PEOPLE:
        with browser.new_context(viewport=SIZES["large"], locale="zh-CN") as context:
            page = sign_in(context, address, person)
            if person == PEOPLE[0]:
                _new_queue(page, address)
                _score(page, address, archive)
            page.goto(f"{address}/label")
            page.locator(".queue").get_by_role("link", name="标注").click()
            ready(page)
            for number in range(12):
                page.locator(".label-text").wait_for()
                page.keyboard.press("1" if (number + len(person)) % 5 else "0")
                page.keyboard.press("2" if person == PEOPLE[1] and number % 4 == 0 else "3")
                page.keyboard.press(" ")
            page.get_by_text("我标了 12").wait_for()


def _new_queue(page: Page, address: str) -> None:
    page.goto(f"{address}/label/new")
    ready(page)
    page.get_by_label("一行一段").fill("\n".join(texts(60)))
    page.get_by_label("队列的名字").fill("河湾街道简报")
    page.get_by_label("多少段").fill("40")
    page.get_by_label("每段几人标").fill("2")
    page.get_by_role("button", name="建立队列").click()
    page.locator(".queue-name").wait_for()


def _score(page: Page, address: str, archive: Path) -> None:
    page.goto(f"{address}/archives")
    ready(page)
    page.locator("input[type=file]").first.set_input_files(archive)
    page.get_by_role("button", name="开始").click()
    page.locator(".job-state.done").wait_for(timeout=120_000)


def read(page: Page) -> None:
    """The example, read."""
    ready(page)
    page.get_by_role("button", name="看一个例子").click()
    page.locator(".para").first.wait_for()


def still(page: Page) -> None:
    """Nothing but the page as it comes."""
    ready(page)


def pages(page: Page, address: str) -> dict[str, tuple[str, Callable[[Page], None]]]:
    """What to look at: a name, the path, and what to do there."""
    page.goto(f"{address}/label")
    queue = page.locator(".queue").get_by_role("link", name="标注").get_attribute("href")
    page.goto(f"{address}/archives")
    archive = page.locator("a.job-title").first.get_attribute("href")
    return {
        "read": ("/", read),
        "archives": ("/archives", still),
        "archive": (f"{archive}", still),
        "queues": ("/label", still),
        "new-queue": ("/label/new", still),
        "import": ("/label/import", still),
        "label": (f"{queue}", still),
        "settle": (f"{queue}/settle", still),
        "models": ("/models", still),
        "train": ("/models/train", still),
        "changes": ("/models/changes", still),
        "accuracy": ("/models/accuracy", still),
    }


def take(context: BrowserContext, address: str, size: str) -> None:
    """Every page at one size."""
    page = sign_in(context, address, PEOPLE[0])
    for name, (path, act) in pages(page, address).items():
        page.goto(f"{address}{path}")
        act(page)
        page.wait_for_timeout(700)
        page.screenshot(path=MADE / f"{name}-{size}.png")


def main() -> None:
    """Take them all."""
    MADE.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        archive = Path(scratch) / "简报.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for number, text in enumerate(texts(300)):
                packed.writestr(f"{2016 + number % 10}年/{number}.txt", text)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with working(default_store(), Path(scratch) / "desk") as (_, address):
            prepare(browser, address, archive)
            for size, viewport in SIZES.items():
                with browser.new_context(viewport=viewport, locale="zh-CN") as context:
                    take(context, address, size)
        browser.close()
    SHOWN.parent.mkdir(exist_ok=True)
    shutil.copy(MADE / "read-large.png", SHOWN)


if __name__ == "__main__":
    main()
