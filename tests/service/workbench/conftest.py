"""A browser for all tests of the workbench, a fresh context of it for each, and both databases."""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright
from sqlalchemy import create_engine, text

from model.store import ModelStore
from service.workbench.database import Database
from tests.service.workbench.databases import postgres
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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server; see `postgres`."""
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'workbench.sqlite'}"
    server = request.getfixturevalue("postgres_server")
    name = f"test_{secrets.token_hex(6)}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """An open database with the tables in it, of either kind."""
    database = Database(database_url, tmp_path / "unused.sqlite")
    yield database
    database.close()
