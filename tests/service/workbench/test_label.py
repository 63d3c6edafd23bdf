"""Labelling in a real browser: two people blind, settled, exported; a kill in the middle."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from model.store import ModelStore
from service.cli import main
from service.keys import add_key, remove_key
from service.workbench.database import Database
from service.workbench.schema import Judgement
from tests.service.workbench.conftest import LARGE, SMALL
from tests.service.workbench.labelling import make_queue
from tests.service.workbench.running import Watch, ready, sign_in, working
from tests.small import small_corpus

TRAP = "<script>window.caught = 1</script><img src=x onerror='window.caught = 1'>路灯修好了"


def distinct() -> list[str]:
    """Paragraphs that are not alike, one of them hostile."""
    texts = [row.text for row in small_corpus().rows if len(row.labels) <= 1]
    return [*texts[:19], TRAP]


@pytest.fixture
def second(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """Somebody else's browser."""
    with browser.new_context(viewport=LARGE, locale="zh-CN") as context:
        context.on("page", watch.follow)
        yield context


def new_queue(page: Page, address: str, name: str, texts: list[str], readers: int) -> None:
    page.goto(f"{address}/label/new")
    ready(page)
    page.get_by_label("一行一段").fill("\n".join(texts))
    page.get_by_label("队列的名字").fill(name)
    page.get_by_label("多少段").fill(str(len(texts)))
    page.get_by_label("每段几人标").fill(str(readers))
    page.get_by_role("button", name="建立队列").click()
    expect(page.locator(".queue-name")).to_have_text(name)


def shown(page: Page, number: int) -> str:
    """The text of a paragraph once it is on the page."""
    expect(page.locator(".label-sheet").first).to_contain_text(f"第 {number} 段")
    return page.locator(".label-text").inner_text()


def test_two_people_label_blind_settle_and_export(
    context: BrowserContext, second: BrowserContext, address: str, tmp_path: Path
) -> None:
    texts = distinct()
    one = sign_in(context, address, "王一")
    new_queue(one, address, "两人盲标", texts, readers=2)
    other = sign_in(second, address, "李二")
    frames: list[str] = []
    other.on("websocket", lambda s: s.on("framereceived", lambda f: frames.append(str(f))))
    for page, differs in ((one, ()), (other, (3, 7, 20))):
        page.goto(f"{address}/label")
        page.locator(".queue").get_by_role("link", name="标注").click()
        shown(page, 1)
        ready(page)
        for number in range(1, 21):
            text = shown(page, number)
            assert text in texts
            # Both go by the text; the second says something else now and then.
            answer = "0" if number in differs else str(len(text) % 4 + 1)
            page.keyboard.press(answer)
            page.keyboard.press(" ")
        expect(page.get_by_text("没有等您标的了")).to_be_visible()
    assert one.evaluate("window.caught") is None
    # Nothing of the model's opinion came to the browser, neither as text nor on the wire.
    assert frames
    sent = "".join(frames)
    assert not any(trace in sent for trace in ("模型：", "拿不准", "score", "proposed", "<u "))

    one.goto(f"{address}/label")
    one.get_by_role("link", name="一致与裁定").click()
    expect(one.locator(".label-sheet")).to_contain_text(["20 段有两人以上标过，其中 17 段完全一致"])
    expect(one.locator(".label-opinion")).to_have_count(2)
    ready(one)
    for _ in differs:
        # Nobody waits for the next one: keys are done in their order.
        one.keyboard.press("4")
        one.keyboard.press(" ")
    expect(one.get_by_text("没有待裁定的分歧")).to_be_visible()
    one.keyboard.press("u")
    expect(one.locator(".choice-button[aria-pressed=true]")).to_contain_text("物业管理")
    one.keyboard.press(" ")
    expect(one.get_by_text("没有待裁定的分歧")).to_be_visible()

    one.goto(f"{address}/label")
    ready(one)
    one.get_by_role("button", name="导出", exact=True).click()
    with one.expect_download() as download:
        one.get_by_text("语料 JSONL").click()
    corpus = tmp_path / "corpus.jsonl"
    download.value.save_as(corpus)
    rows = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    assert {row["text"] for row in rows} == set(texts)
    assert sum(row["labels"] == ["property_management"] for row in rows) >= len(differs)
    assert main(["corpus", "check", str(corpus)]) == 0


def test_a_kill_loses_nothing_and_the_page_goes_on(
    context: BrowserContext, watch: Watch, store: ModelStore, tmp_path: Path
) -> None:
    folder = tmp_path / "bench"
    database = Database("", folder / "workbench.sqlite")
    queue, paragraphs = make_queue(database, 30, blind=True)
    with working(store.root, folder) as (process, address):
        page = sign_in(context, address, "王一")
        page.goto(f"{address}/label/{queue}")
        shown(page, 1)
        ready(page)
        for number in range(1, 8):
            shown(page, number)
            page.keyboard.press("1")
            page.keyboard.press(" ")
        shown(page, 8)
        page.evaluate("window.before = true")
        process.kill()
    with database.session() as session:
        kept = [row.paragraph_id for row in session.scalars(select(Judgement))]
    assert kept == paragraphs[:7]
    port = address.rsplit(":", 1)[1]
    with working(store.root, folder, "--port", port):
        # The page that was open finds the workbench again by itself, and loads anew.
        page.wait_for_function("!window.before", timeout=40_000)
        expect(page.get_by_text("我标了 7")).to_be_visible()
        shown(page, 8)
        ready(page)
        page.keyboard.press("0")
        page.keyboard.press(" ")
        shown(page, 9)
        page.keyboard.press("u")
        shown(page, 8)
        expect(page.locator(".choice-none")).to_have_attribute("aria-pressed", "true")
    database.close()
    # While it was down the browser could only complain.
    watch.complaints = [said for said in watch.complaints if "ERR_CONNECTION" not in said]


def test_the_models_opinion_is_there_unless_it_is_hidden(
    context: BrowserContext, address: str
) -> None:
    page = sign_in(context, address, "王一")
    page.goto(f"{address}/label/new")
    ready(page)
    page.get_by_label("一行一段").fill("网格员每天入户走访，把问题记进台账。")
    page.get_by_label("队列的名字").fill("看得见")
    page.get_by_role("checkbox", name="盲标").click()
    page.get_by_role("checkbox", name="预先选上").click()
    page.get_by_role("button", name="建立队列").click()
    row = page.locator(".queue", has_text="看得见")
    row.get_by_role("link", name="标注", exact=True).click()
    expect(page.locator(".choice-button[aria-pressed=true]")).to_contain_text("网格管理")
    expect(page.get_by_text("模型：网格管理")).to_be_visible()
    expect(page.locator(".label-text u").first).to_be_visible()
    # By hand on a small screen: another theme, then help and the codebook by their keys.
    page.set_viewport_size(SMALL)
    page.get_by_role("button", name="志愿服务").click()
    expect(page.locator(".choice-button[aria-pressed=true]")).to_have_count(2)
    page.keyboard.press("c")
    expect(page.locator(".meanings")).to_contain_text("志愿服务")
    page.keyboard.press("Escape")
    expect(page.locator(".q-dialog")).to_have_count(0)
    page.keyboard.press("0")
    page.keyboard.press("0")
    page.keyboard.press(" ")
    expect(page.get_by_text("先选主题")).to_be_visible()


def test_labels_from_elsewhere_become_a_queue(
    context: BrowserContext, address: str, tmp_path: Path
) -> None:
    path = tmp_path / "外来.jsonl"
    path.write_text('{"text": "志愿者清理河道。", "label": ["3"]}\n', encoding="utf-8")
    page = sign_in(context, address, "王一")
    page.goto(f"{address}/label/import")
    ready(page)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_label("新队列的名字")).to_have_value("外来")
    page.get_by_role("button", name="导入").click()
    row = page.locator(".queue", has_text="外来")
    expect(row).to_contain_text("完成 1/1 · 我 1")


def test_a_file_of_another_kind_is_not_taken(
    context: BrowserContext, address: str, watch: Watch, tmp_path: Path
) -> None:
    path = tmp_path / "外来.docx"
    path.write_bytes(b"PK")
    page = sign_in(context, address, "王一")
    page.goto(f"{address}/label/import")
    ready(page)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("没有收下")).to_be_visible()
    sent = """async name => {
        const uploader = Object.values(mounted_app.elements).find(e => e.tag === "q-uploader");
        const answer = await fetch(uploader.props.url,
            {method: "POST", body: "PK", headers: {"x-name": name}});
        return [answer.status, await answer.text()];
    }"""
    status, reason = page.evaluate(sent, "other.docx")
    assert (status, "可用 .jsonl" in reason) == (422, True)
    (complaint,) = watch.complaints
    assert "422" in complaint
    watch.complaints.clear()


def test_who_labels_does_not_see_what_others_say(
    context: BrowserContext, store: ModelStore, tmp_path: Path
) -> None:
    keys, folder = tmp_path / "keys.json", tmp_path / "bench"
    key = add_key(keys, "标注员", ("classify",))
    database = Database("", folder / "workbench.sqlite")
    queue, _ = make_queue(database, 3)
    database.close()
    with working(store.root, folder, "--keys", str(keys)) as (_, address):
        page = sign_in(context, address, key)
        page.goto(f"{address}/label/{queue}/settle")
        expect(page.get_by_text("没有 admin 权限")).to_be_visible()
        expect(page.locator(".label-sheet")).to_have_count(0)
        page.goto(f"{address}/label/{queue + 1}")
        expect(page.get_by_text("没有标注队列")).to_be_visible()
        page.goto(f"{address}/label/{queue}")
        shown(page, 1)
        ready(page)
        # A key that is taken away ends its rights at the next step.
        remove_key(keys, "标注员")
        page.keyboard.press("1")
        page.keyboard.press(" ")
        expect(page.get_by_text("登录已经失效")).to_be_visible()
