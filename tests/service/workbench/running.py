"""A real workbench on a port of its own, and what a person does in front of it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect

from tests.service.running import started, wait_until_ready

expect.set_options(timeout=20_000)


@contextmanager
def working(
    models: Path, folder: Path, /, *options: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`govtheme workbench` as a process of its own, once it classifies, and its address.

    Args:
        models: the store; an empty one is not waited for.
        folder: where it keeps everything; started again on it, it finds everything again.
        settings: variables by name without `GOVTHEME_`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = ("workbench", "--port", "0", *options)
    with started(
        models, folder / "workbench.log", words, {"workbench": str(folder), **settings}
    ) as (process, address):
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
            wait_until_ready(client, "/signin")
        yield process, address


@dataclass
class Watch:
    """What a browser asked for and complained of while it was watched."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Watch a page from now on."""
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("websocket", lambda socket: self.requests.append(socket.url))

    def outside(self) -> list[str]:
        """The requests that would have left the machine."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme not in ("data", "blob", "about")
            and urlsplit(url).hostname != "127.0.0.1"
        ]

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


def sign_in(context: BrowserContext, address: str, key: str) -> Page:
    """A page of a person who has signed in, at the first page."""
    page = context.new_page()
    page.goto(f"{address}/signin")
    ready(page)
    page.locator("input").fill(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")
    return page


def ready(page: Page) -> None:
    """Wait until the page talks to the workbench."""
    page.wait_for_function("window.did_handshake")
