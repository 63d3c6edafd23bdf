"""Archives in a real browser: sent, run, killed, resumed, handed over; and to nobody else."""

import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect
from pyarrow import parquet

from model.bundled import bundled
from model.store import ModelStore
from service.cli import main
from service.keys import add_key
from service.workbench.process import PROCESSES_FILE
from service.workbench.reading.downloads import attachment, zipped
from tests.service.workbench.conftest import SMALL
from tests.service.workbench.running import Watch, sign_in, working

EVIL = "<script>parent.document.title='bad'</script>"


def packed(pages: int) -> bytes:
    """An archive of pages, one of them with a script in it, and a file that cannot be read."""
    page = bundled("sample_page.txt").read_bytes()
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for n in range(pages):
            archive.writestr(f"简报/{n:04}.txt", f"第{n}号简报\n\n{EVIL}\n\n".encode() + page)
        archive.writestr("坏.pdf", b"%PDF-nothing")
    return kept.getvalue()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the server that may be read, with a link that leads out of it."""
    root = tmp_path_factory.mktemp("server") / "区档案"
    (root / "2025" / "简报").mkdir(parents=True)
    sample = bundled("sample_page.txt").read_bytes()
    (root / "2025" / "简报" / "一.txt").write_bytes(sample)
    (root / "外面").symlink_to(root.parent)
    return root


@pytest.fixture(scope="module")
def address(
    store: ModelStore, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A workbench that may read a folder of its machine."""
    folder = tmp_path_factory.mktemp("workbench")
    with working(store.root, folder, "--roots", str(root), max_archive="3000000") as (_, address):
        yield address


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    """The page of archives."""
    page = sign_in(context, address, "王一")
    page.goto(f"{address}/archives")
    return page


def upload(name: str, data: bytes) -> FilePayload:
    """A file to choose."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def send(page: Page, name: str, data: bytes) -> None:
    """Send a file, and wait until it is there."""
    page.locator("input[type=file]").set_input_files(upload(name, data))
    expect(page.locator(".file").last).to_be_visible()
    expect(page.locator(".go")).to_contain_text("将处理")


def begin(page: Page) -> str:
    """Start what was chosen; the job's id."""
    page.get_by_role("button", name="开始").click()
    page.wait_for_url("**/archives/*")
    return page.url.rpartition("/")[2]


def expect_state(page: Page, state: str) -> None:
    """Wait until the job of a page is in a state."""
    expect(page.locator(".job-state")).to_have_text(state, timeout=60_000)


def download(page: Page, what: str) -> tuple[str, bytes]:
    """The name and the content of what a link gives."""
    with page.expect_download() as found:
        page.get_by_role("link", name=what, exact=True).click()
    return found.value.suggested_filename, Path(found.value.path()).read_bytes()


def scored(store: ModelStore, folder: Path, ending: str = "jsonl") -> bytes:
    """The table that the command makes of a folder."""
    out = folder.parent / f"whole.{ending}"
    words = ("score", str(folder), "--out", str(out), "--models", str(store.root))
    assert main([*words, "--workers", "1"]) == 0
    return out.read_bytes()


def test_an_archive_is_sent_run_and_handed_over(
    page: Page, store: ModelStore, tmp_path: Path
) -> None:
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "区里的档案.zip").write_bytes(packed(3))
    send(page, "../区里的档案.zip", packed(3))
    page.get_by_role("button", name="CSV").click()
    begin(page)
    expect_state(page, "完成")
    expect(page.locator(".job-title")).to_have_text("区里的档案")
    expect(page.locator(".job-told")).to_contain_text("3 篇")
    expect(page.locator(".job-told")).to_contain_text("未读 1")
    assert download(page, "下载表") == ("区里的档案.csv", scored(store, folder, "csv"))
    name, summary = download(page, "汇总")
    assert name == "区里的档案.summary.json"
    assert json.loads(summary)["documents"] == 3
    name, rejected = download(page, "未读清单")
    assert name == "区里的档案.rejected.jsonl"
    assert json.loads(rejected)["doc"] == "区里的档案.zip!/坏.pdf"
    # The report shows what stood in the documents, and nothing of it runs.
    report = page.frame_locator("iframe.report")
    expect(report.locator("h1")).to_be_visible()
    assert page.title() == "govtheme"
    answer = page.context.request.get(f"{page.url}/report")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "<script>" not in answer.text()
    page.set_viewport_size(SMALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
    page.get_by_role("button", name="移除").click()
    page.locator(".question").get_by_role("button", name="移除", exact=True).click()
    page.wait_for_url("**/archives")
    expect(page.get_by_text("还没有任务")).to_be_visible()


def test_a_folder_below_a_root_is_chosen_by_clicking(page: Page) -> None:
    browser = page.locator(".folders")
    browser.get_by_role("button", name="区档案").click()
    expect(browser.get_by_role("button")).to_have_count(1)
    browser.get_by_role("button", name="2025").click()
    browser.get_by_role("button", name="简报").click()
    expect(page.locator(".go")).to_contain_text("区档案/2025/简报")
    page.get_by_role("button", name="Parquet").click()
    page.get_by_text("带依据").click()
    page.get_by_text("保留文字").click()
    begin(page)
    expect_state(page, "完成")
    name, data = download(page, "下载表")
    assert name == "简报.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        (part,) = archive.namelist()
        table = parquet.read_table(io.BytesIO(archive.read(part)))
    assert part == "简报/part-000000.parquet"
    assert set(table["doc"].to_pylist()) == {"一.txt"}
    assert "evidence" in table.column_names
    assert "text" not in table.column_names


def test_a_file_beyond_the_limit_is_refused(page: Page) -> None:
    page.locator("input[type=file]").set_input_files(upload("大.zip", b"a" * 3_000_001))
    expect(page.get_by_text("文件是空的、超过 3.0 MB")).to_be_visible()
    expect(page.get_by_role("button", name="开始")).to_be_disabled()


def test_a_workbench_that_is_killed_finds_its_job_again_and_the_table_is_the_same(
    context: BrowserContext, store: ModelStore, tmp_path: Path, watch: Watch
) -> None:
    bench, folder = tmp_path / "bench", tmp_path / "input"
    folder.mkdir()
    (folder / "档案.zip").write_bytes(packed(1200))
    with working(store.root, bench, shard_files="4") as (process, address):
        page = sign_in(context, address, "王一")
        page.goto(f"{address}/archives")
        send(page, "档案.zip", packed(1200))
        page.get_by_role("button", name="JSONL").click()
        job = begin(page)
        expect(page.locator(".job-told")).to_contain_text("段/秒")
        process.kill()
        process.wait()
        alive = json.loads((bench / "jobs" / job / PROCESSES_FILE).read_text())
        assert len(alive) == 2
        for each in alive:
            os.kill(each, signal.SIGKILL)
        page.close()
    with working(store.root, bench, shard_files="4") as (_, address):
        page = sign_in(context, address, "王一")
        page.goto(f"{address}/archives/{job}")
        expect_state(page, "中断")
        page.get_by_role("button", name="继续").click()
        expect_state(page, "完成")
        name, table = download(page, "下载表")
        page.close()
    assert name == "档案.jsonl"
    assert table == scored(store, folder)
    # The browser notes that the server went away.
    watch.complaints.clear()


def test_a_job_is_for_its_person_and_for_administrators(
    context: BrowserContext, store: ModelStore, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    first, second = add_key(keys, "甲", ("classify",)), add_key(keys, "乙", ("classify",))
    watcher, chief = add_key(keys, "丙", ("admin",)), add_key(keys, "丁", ("classify", "admin"))
    with working(store.root, tmp_path / "bench", "--keys", str(keys)) as (_, address):
        page = sign_in(context, address, first)
        page.goto(f"{address}/archives")
        send(page, "甲的.txt", bundled("sample_page.txt").read_bytes())
        job = begin(page)
        expect_state(page, "完成")
        table = f"{address}/archives/{job}/table"
        assert context.request.get(table).ok
        assert context.request.get(f"{address}/archives/{job}/input").status == 404
        assert context.request.get(f"{address}/archives/..%2f{job}/table").status == 404
        assert context.request.get(f"{address}/archives/{'0' * 12}/table").status == 404
        browser = context.browser
        assert browser
        for key, status in ((second, 403), (watcher, 403), (chief, 200)):
            with browser.new_context() as other:
                shown = sign_in(other, address, key)
                assert other.request.get(table).status == status
                shown.goto(f"{address}/archives/{job}")
                seen = shown.locator(".job" if status == 200 else ".nothing-here")
                expect(seen).to_be_visible()
                shown.goto(f"{address}/archives")
                links = shown.locator(".job .download:visible")
                expect(shown.locator(".job")).to_have_count(1)
                expect(links).to_have_count(3 if status == 200 else 0)
        with browser.new_context() as other:
            shown = sign_in(other, address, watcher)
            shown.locator("textarea.paste").fill("网格员")
            shown.keyboard.press("Control+Enter")
            expect(shown.get_by_text("丙 没有 classify 权限")).to_be_visible()
        with browser.new_context() as nobody:
            assert nobody.request.get(table, max_redirects=0).status in (302, 307)


def test_a_file_has_its_name_in_any_script() -> None:
    said = attachment('区里"的档案.csv')["content-disposition"]
    assert said.isascii()
    assert said.startswith('attachment; filename="govtheme.csv"')
    assert unquote(said.partition("UTF-8''")[2]) == '区里"的档案.csv'


def test_a_folder_is_sent_as_a_zip_piece_by_piece(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"part-{n}.parquet").write_bytes(os.urandom(1_500_000))
    pieces = list(zipped(tmp_path, "简报"))
    assert max(map(len, pieces)) < 1_100_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.namelist() == [f"简报/part-{n}.parquet" for n in range(3)]
        for path in tmp_path.iterdir():
            assert archive.read(f"简报/{path.name}") == path.read_bytes()
