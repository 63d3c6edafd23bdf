"""Reading in a real browser: pasted, dropped, filtered, downloaded; nothing of it runs or stays."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import BrowserContext, Page, expect

from model.store import ModelStore
from tests.service.workbench.conftest import SMALL
from tests.service.workbench.running import Watch, sign_in, working

ROAD = "村口的水泥路年底前修通，路灯同时装好。"
GRID = "网格员每天入户走访，把问题记进台账。"
NOTHING = "博物馆展出青铜器一百余件。"
EVIL = "<script>document.title='bad'</script><img src=x onerror=\"document.title='bad'\">"
TEXT = "\n\n".join((ROAD, GRID, NOTHING, f"{EVIL}网格员每天入户走访，把问题记进台账。"))


@pytest.fixture(scope="module")
def address(store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A workbench that takes small files only."""
    folder = tmp_path_factory.mktemp("workbench")
    with working(store.root, folder, max_upload="300000") as (_, address):
        yield address


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    """The first page."""
    return sign_in(context, address, "王一")


def read(page: Page, text: str) -> None:
    """Paste a text and have it read."""
    page.locator("textarea.paste").fill(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".read-name")).to_have_text("粘贴的文字.txt")


def drop(page: Page, name: str, data: bytes) -> None:
    """Drop a file on the page, as from a folder."""
    dropped = page.evaluate_handle(
        """([name, bytes]) => {
            const held = new DataTransfer();
            held.items.add(new File([new Uint8Array(bytes)], name));
            return held;
        }""",
        [name, list(data)],
    )
    page.dispatch_event("body", "drop", {"dataTransfer": dropped})


def expect_only(page: Page, key: str) -> None:
    """Wait until the paragraphs of a class are shown, which there are, and no others."""
    expect(page.locator(f".para:visible:not(.{key})")).to_have_count(0)
    some = page.locator(f".para.{key}")
    expect(page.locator(".para:visible")).to_have_count(some.count())
    assert some.count()


def download(page: Page, kind: str) -> bytes:
    """What a click on one of the tables gives."""
    with page.expect_download() as found:
        page.get_by_role("link", name=kind.upper(), exact=True).click()
    assert found.value.suggested_filename == f"粘贴的文字.{kind}"
    return Path(found.value.path()).read_bytes()


def test_a_text_is_read_filtered_and_downloaded(page: Page) -> None:
    read(page, TEXT)
    rows = page.locator(".para")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_have_class(re.compile(r"\bt1\b"))
    expect(rows.nth(1)).to_have_class(re.compile(r"\bt2\b"))
    expect(rows.nth(2)).to_have_class(re.compile(r"\bt0\b"))
    expect(rows.nth(1).locator("u").first).to_be_visible()
    assert rows.nth(0).locator("p").inner_text() == ROAD
    # What looks like markup is text.
    expect(rows.nth(3)).to_contain_text(EVIL)
    assert page.locator(".sheet script, .sheet img").count() == 0
    assert page.title() == "govtheme"
    # By click and by key.
    page.locator(".key", has_text="基础设施").click()
    expect_only(page, "t1")
    page.keyboard.press("2")
    expect_only(page, "t2")
    expect(page.locator(".key", has_text="网格管理")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("0")
    expect_only(page, "t0")
    page.keyboard.press("Escape")
    expect(page.locator(".para:visible")).to_have_count(4)
    rows.nth(2).locator("summary").click()
    expect(rows.nth(2).locator("details")).to_contain_text("志愿服务")
    # Each table says the same.
    lines = [json.loads(line) for line in download(page, "jsonl").splitlines()]
    assert [line["text"] for line in lines] == TEXT.split("\n\n")
    assert lines[1]["labels"] == ["grid_management"]
    assert lines[1]["evidence"]
    csv = download(page, "csv")
    assert csv.startswith(b"\xef\xbb\xbf")
    assert csv.decode("utf-8-sig").count("grid_management") >= 2
    (sheet,) = load_workbook(io.BytesIO(download(page, "xlsx"))).worksheets
    titles = [cell.value for cell in sheet[1]]
    assert [row[titles.index("文字")].value for row in sheet.iter_rows(min_row=2)] == TEXT.split(
        "\n\n"
    )


def test_a_chip_opens_the_codebook_at_its_theme(page: Page) -> None:
    read(page, f"{ROAD}\n{GRID}")
    page.locator(".para", has_text=GRID).locator(".chip", has_text="网格管理").click()
    book = page.locator(".meanings")
    expect(book.get_by_text("网格员", exact=False).first).to_be_visible()
    shut = book.locator(".theme-1 .q-expansion-item__content")
    expect(shut).to_be_hidden()


def test_the_example_shows_headings_and_furniture(page: Page) -> None:
    page.get_by_role("button", name="看一个例子").click()
    expect(page.locator(".para.furniture").first).to_contain_text("您的位置")
    expect(page.locator(".para h3")).to_contain_text("小院里的变化看得见")
    expect(page.locator(".shares i")).to_have_count(5)
    grey = page.locator(".para.furniture p").first.evaluate("p => getComputedStyle(p).color")
    expect(page.locator(".para:not(.furniture) p").first).not_to_have_css("color", grey)


def test_a_word_document_and_an_archive_are_dropped(page: Page) -> None:
    document, kept = docx.Document(), io.BytesIO()
    for text in ("工作简报", GRID):
        document.add_paragraph(text)
    document.save(kept)
    drop(page, "简报.docx", kept.getvalue())
    expect(page.locator(".read-name")).to_have_text("简报.docx")
    expect(page.locator(".para.t2")).to_contain_text(GRID)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("一/简报.docx", kept.getvalue())
        archive.writestr("二.txt", f"简讯\n\n{ROAD}")
        archive.writestr("坏.pdf", b"%PDF-nothing")
    drop(page, "档案.zip", packed.getvalue())
    expect(page.locator(".read-name")).to_have_text("档案.zip")
    expect(page.locator(".doc")).to_have_count(2)
    expect(page.locator(".doc").first).to_contain_text("档案.zip!/一/简报.docx")
    page.get_by_text("1 个文件没有读").click()
    expect(page.locator(".rejected")).to_contain_text("坏.pdf")
    # A document without the theme goes with its paragraphs.
    page.keyboard.press("1")
    expect(page.locator(".doc").first).to_be_hidden()
    expect(page.locator(".doc").last).to_be_visible()


def test_too_much_is_refused_with_the_limit(page: Page, watch: Watch) -> None:
    page.locator("textarea.paste").fill(ROAD * 6000)
    page.get_by_role("button", name="判断主题").click()
    expect(page.get_by_text("超过了 0.3 MB 的上限")).to_be_visible()
    drop(page, "大.txt", b"a" * 300_001)
    expect(page.get_by_text("文件是空的、超过 0.3 MB")).to_be_visible()
    # The browser notes that the server said no.
    watch.complaints.clear()


def test_only_the_person_of_a_page_may_send_and_fetch(
    page: Page, context: BrowserContext, address: str
) -> None:
    read(page, ROAD)
    inbox = page.locator("textarea.paste").get_attribute("data-inbox") or ""
    assert context.request.get(f"{address}{inbox}/jsonl").ok
    assert context.request.get(f"{address}{inbox}/exe").status == 404
    assert context.request.get(f"{address}/read/other/jsonl").status == 404
    other = page.context.browser
    assert other
    with other.new_context() as somebody:
        sign_in(somebody, address, "李二")
        assert somebody.request.get(f"{address}{inbox}/jsonl").status == 404
        assert somebody.request.post(f"{address}{inbox}", data=GRID).status == 403


def test_a_telephone_shows_it_too(page: Page) -> None:
    page.set_viewport_size(SMALL)
    page.get_by_role("button", name="看一个例子").click()
    expect(page.locator(".chip").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]


def test_nothing_that_was_read_stays_on_the_server(
    page: Page, store: ModelStore, tmp_path: Path
) -> None:
    folder = tmp_path / "bench"
    with working(store.root, folder) as (_, address):
        page.goto(address)
        read(page, f"{ROAD}{GRID}")
        expect(page.locator(".para")).to_have_count(1)
        download(page, "csv")
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert kept
    assert not any(ROAD.encode() in path.read_bytes() for path in kept)
