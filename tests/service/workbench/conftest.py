"""A browser for all tests of the workbench, and a fresh context of it for each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

from model.store import ModelStore
from tests.service.workbench.running import Watch, working

LARGE = ViewportSize(width=1366, height=768)
SMALL = ViewportSize(width=390, height=844)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a screen."""
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing: run make chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the browser asked for and complained of; a test fails when anything left the machine."""
    watch = Watch()
    yield watch
    assert watch.requests
    assert watch.outside() == []
    assert watch.complaints == []


@pytest.fixture
def context(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """A browser that remembers nothing, on a screen of 1366 by 768."""
    with browser.new_context(viewport=LARGE, locale="zh-CN", accept_downloads=True) as context:
        context.on("page", watch.follow)
        yield context


@pytest.fixture(scope="module")
def address(store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A workbench without keys that the tests of a module share."""
    folder: Path = tmp_path_factory.mktemp("workbench")
    with working(store.root, folder) as (_, address):
        yield address
