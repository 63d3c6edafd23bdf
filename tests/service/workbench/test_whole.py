"""A day at the workbench, in a real browser: read, score, label by two, settle, train, promote."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from model.store import ModelStore
from service.keys import add_key
from tests.service.workbench.conftest import LARGE
from tests.service.workbench.running import Watch, ready, sign_in, working
from tests.small import small_corpus

PLACES = ("城东", "城西", "城南", "城北", "河湾")
DEEDS = ("展出青铜器", "修复旧书画", "开放夜场参观", "举办皮影讲座")
ARCHIVE = [f"{place}博物馆{deed}一百余件。" for place in PLACES for deed in DEEDS]
NEW = "新区博物馆展出青铜器两百件。"
"""What the small model calls none of the themes, and two people are about to call another."""


@pytest.fixture
def second(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """Somebody else's browser."""
    with browser.new_context(viewport=LARGE, locale="zh-CN") as context:
        context.on("page", watch.follow)
        yield context


def test_labels_of_two_people_become_the_model_that_reads(
    context: BrowserContext, second: BrowserContext, store: ModelStore, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    shutil.copytree(store.root, models)
    keys = tmp_path / "keys.json"
    admin = add_key(keys, "王一", ("classify", "admin"))
    labeller = add_key(keys, "李二", ("classify",))
    with working(models, tmp_path / "desk", "--keys", str(keys)) as (_, address):
        one, other = sign_in(context, address, admin), sign_in(second, address, labeller)
        expect_read(one, NEW, "t0")
        score(one, address)
        queue(one, address)
        for page, differs in ((one, ()), (other, (2, 9, 17))):
            label(page, address, differs)
        # Who only labels neither settles nor trains.
        other.goto(f"{address}/models/train")
        expect(other.get_by_role("button", name="开始训练")).to_be_disabled()
        settle(one, address)
        version = train(one, address, tmp_path / "语料.jsonl")
        promote(one, address, version)
        assert ModelStore(models).current() == version
        one.goto(f"{address}/")
        expect_read(one, NEW, "t4")


def expect_read(page: Page, text: str, theme: str) -> None:
    """Paste a text and read it: it is of this theme."""
    ready(page)
    page.locator("textarea.paste").fill(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator(f".para.{theme}")).to_contain_text(text)


def score(page: Page, address: str) -> None:
    """Send an archive with a Word document and texts, and wait for its table."""
    document, held = docx.Document(), io.BytesIO()
    for text in ARCHIVE[:10]:
        document.add_paragraph(text)
    document.save(held)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("简报/一.docx", held.getvalue())
        archive.writestr("简报/二.txt", "\n\n".join(ARCHIVE[10:]))
    page.goto(f"{address}/archives")
    ready(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "博物馆.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    )
    expect(page.locator(".go")).to_contain_text("将处理")
    page.get_by_role("button", name="开始").click()
    page.wait_for_url("**/archives/*")
    expect(page.locator(".job-state")).to_have_text("完成", timeout=60_000)
    expect(page.locator(".job-told")).to_contain_text(f"{len(ARCHIVE)} 段")


def queue(page: Page, address: str) -> None:
    """Make a queue of the archive's paragraphs, none of them at random, for two readers."""
    page.goto(f"{address}/label/new")
    ready(page)
    page.get_by_label("队列的名字").fill("博物馆")
    page.get_by_label("随机抽取").fill("0")
    page.get_by_label("每段几人标").fill("2")
    page.get_by_role("button", name="建立队列").click()
    expect(page.locator(".queue-name")).to_have_text("博物馆", timeout=60_000)


def label(page: Page, address: str, differs: tuple[int, ...]) -> None:
    """Call everything property management, but for the numbers named."""
    page.goto(f"{address}/label")
    page.locator(".queue").get_by_role("link", name="标注", exact=True).click()
    ready(page)
    for number in range(1, len(ARCHIVE) + 1):
        expect(page.locator(".label-sheet").first).to_contain_text(f"第 {number} 段")
        page.keyboard.press("0" if number in differs else "4")
        page.keyboard.press(" ")
    expect(page.get_by_text("没有等您标的了")).to_be_visible()


def settle(page: Page, address: str) -> None:
    """Settle the three differences."""
    page.goto(f"{address}/label")
    page.get_by_role("link", name="一致与裁定").click()
    expect(page.get_by_text("20 段有两人以上标过，其中 17 段完全一致")).to_be_visible()
    ready(page)
    for _ in range(3):
        page.keyboard.press("4")
        page.keyboard.press(" ")
    expect(page.get_by_text("没有待裁定的分歧")).to_be_visible()


def train(page: Page, address: str, corpus: Path) -> str:
    """Train from the labels and a corpus of one's own; the version that comes out."""
    lines = [
        json.dumps({"text": row.text, "labels": row.labels}, ensure_ascii=False)
        for row in small_corpus().rows
    ]
    corpus.write_text("\n".join(lines), encoding="utf-8")
    page.goto(f"{address}/models/train")
    ready(page)
    expect(page.locator(".q-checkbox", has_text="博物馆")).to_contain_text("20 段")
    page.locator(".q-checkbox", has_text="自带语料").click()
    page.locator("input[type=file]").set_input_files(str(corpus))
    expect(page.locator(".file")).to_contain_text("语料.jsonl")
    page.get_by_role("button", name="开始训练").click()
    expect(page.locator(".job .state")).to_have_text("完成", timeout=90_000)
    return page.locator(".outcome .version").inner_text().split()[-1]


def promote(page: Page, address: str, version: str) -> None:
    """Put the new model to use."""
    page.goto(f"{address}/models")
    page.locator("tr", has_text=version).get_by_role("button", name="换用").click()
    page.get_by_role("dialog").get_by_role("button", name="换用").click()
    expect(page.locator(".current .version")).to_have_text(version)
