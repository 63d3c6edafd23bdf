"""What stands around every page: who is signed in, the language, the codebook, the guard."""

from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from model.store import ModelStore
from service.keys import add_key, remove_key
from tests.service.workbench.running import Watch, ready, sign_in, working


def test_a_person_signs_in_under_a_name(context: BrowserContext, address: str) -> None:
    page = sign_in(context, address, "王一")
    expect(page.locator(".person")).to_contain_text("王一")


def test_the_language_is_switched_and_kept(context: BrowserContext, address: str) -> None:
    page = sign_in(context, address, "王一")
    expect(page.locator(".bar .here")).to_contain_text("阅读")
    page.get_by_role("button", name="EN").click()
    expect(page.locator(".bar .here")).to_contain_text("Read")
    page.reload()
    expect(page.locator(".bar .here")).to_contain_text("Read")


def test_the_codebook_is_one_click_away(context: BrowserContext, address: str) -> None:
    page = sign_in(context, address, "王一")
    page.get_by_role("button", name="编码手册").click()
    for name in ("基础设施", "网格管理", "志愿服务", "物业管理", "总则"):
        expect(page.locator(".meanings")).to_contain_text(name)


def test_with_keys_nobody_enters_without_one(
    context: BrowserContext, store: ModelStore, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    key = add_key(keys, "城运中心", ("classify",))
    with working(store.root, tmp_path / "bench", "--keys", str(keys)) as (_, address):
        page = context.new_page()
        page.goto(f"{address}/")
        page.wait_for_url(f"{address}/signin")
        ready(page)
        page.locator("input").fill("gt_wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_text("密钥不对")).to_be_visible()
        page.locator("input").fill(key)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        expect(page.locator(".person")).to_contain_text("城运中心")
        # A key that is taken away ends its sessions.
        remove_key(keys, "城运中心")
        page.goto(f"{address}/")
        page.wait_for_url(f"{address}/signin")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="own page"),
        pytest.param({"host": "evil.example"}, 403, id="foreign name"),
        pytest.param({"host": "127.0.0.1.evil.example:80"}, 403, id="foreign name like ours"),
    ],
)
def test_only_this_machine_is_answered_without_keys(
    address: str, headers: dict[str, str], status: int
) -> None:
    answer = httpx.get(f"{address}/signin", headers=headers, trust_env=False)
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/signin"])
def test_another_sites_page_is_refused(address: str, path: str) -> None:
    headers = {"origin": "http://evil.example"}
    with httpx.Client(base_url=address, trust_env=False, headers=headers) as client:
        assert client.post(path).status_code == 403
        polled = client.get(path).status_code
    assert polled == (403 if "_ws" in path else 200)


def test_there_is_no_way_in_for_files_but_the_pages_own(address: str) -> None:
    """The library's upload button would write a form of any size before a page could say no."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/_nicegui/client/somebody/upload/1")
    connection.putheader("content-length", "70000000")
    connection.endheaders()
    assert connection.getresponse().status == 404
    connection.close()


def test_another_sites_page_opens_no_socket(
    context: BrowserContext, address: str, watch: Watch, tmp_path: Path
) -> None:
    """In a real browser: a page of elsewhere, here a file, tries our socket."""
    sign_in(context, address, "王一")
    page = context.new_page()
    page.goto(f"{address}/signin")
    socket = address.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    tried = f"""new Promise(told => {{
        const socket = new WebSocket("{socket}");
        socket.onopen = () => told("open");
        socket.onerror = () => told("refused");
    }})"""
    assert page.evaluate(tried) == "open"
    foreign = tmp_path / "foreign.html"
    foreign.write_text("<title>foreign</title>", encoding="utf-8")
    page.goto(foreign.as_uri())
    assert page.evaluate(tried) == "refused"
    watch.requests = [url for url in watch.requests if not url.startswith("file:")]
    watch.complaints.clear()
