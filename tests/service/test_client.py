"""The Python client against the real server, and against a small one that answers by a script."""

import asyncio
import dataclasses
import json
import logging
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from model.bundled import bundled
from model.classifier import ThemeClassifier
from model.store import ModelStore
from service import client as package
from service.client import (
    AnswerError,
    AsyncClient,
    BadAnswerError,
    BadTextError,
    BusyError,
    Client,
    ClientError,
    KeyRefusedError,
    NoConnectionError,
    Result,
)
from service.client.retries import LONGEST, Waits, retry_after
from service.errors import error_body
from service.settings import Settings
from tests.service.running import TEXT, running, serving
from tests.test_readme import READMES, blocks

OTHERS = ("今年粮食再获丰收。", "物业公司涨了物业费，业主都不同意。", TEXT)
LABELS = ((), ("property_management",), ("grid_management",))


@pytest.fixture(scope="module")
def address(store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server as the command starts it."""
    said = tmp_path_factory.mktemp("server") / "stderr"
    with serving(store.root, said, max_texts="50", max_characters="1000") as (_, served):
        yield str(served.base_url)
    assert TEXT not in said.read_text(encoding="utf-8")


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address, batch_texts=20) as client:
        yield client


Reply = tuple[int, dict[str, str], bytes]
"""Status, headers and body of a scripted answer; status 0 hangs up without one."""


@dataclasses.dataclass
class Script:
    """A server that gives the replies in turn, the last one for ever, and keeps what it hears."""

    replies: list[Reply]
    address: str = ""
    heard: list[tuple[str, dict[str, str], bytes]] = dataclasses.field(default_factory=list)

    def next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def scripted(*replies: Reply) -> Iterator[Script]:
    script = Script(list(replies))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            script.heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, headers, content = script.next()
            if status == 0:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    script.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def asking(*replies: Reply, **options: Any) -> Iterator[tuple[Script, Client]]:
    with scripted(*replies) as script, Client(script.address, **options) as client:
        yield script, client


def good(*labels: str) -> Reply:
    row = {"labels": list(labels), "status": "none", "uncertain": [], "scores": {"a": 0.5}}
    answer = {"model": {"version": "v", "codebook": "1"}, "results": [row], "newer": True}
    return 200, {}, json.dumps(answer).encode()


def bad(status: int, headers: dict[str, str] | None = None, fields: tuple[str, ...] = ()) -> Reply:
    return status, headers or {}, json.dumps(error_body(status, "kind", "原因", fields)).encode()


def now(client: Client, call: Callable[[Any], Any]) -> Any:
    """What a call comes to; the asynchronous client must say the same."""

    async def later() -> Any:
        async with AsyncClient(client.address, batch_texts=20) as other:
            answer = call(other)
            if hasattr(answer, "__aiter__"):
                return [item async for item in answer]
            return await answer

    waited = call(client)
    waited = list(waited) if isinstance(waited, Iterator) else waited
    # Errors are equal to themselves alone, so what they say is compared.
    assert repr(asyncio.run(later())) == repr(waited)
    return waited


def test_one_text(client: Client, classifier: ThemeClassifier) -> None:
    found = now(client, lambda c: c.classify(TEXT))
    assert isinstance(found, Result)
    assert (found.labels, found.model) == (("grid_management",), classifier.version)
    assert tuple(found.scores) == classifier.labels
    assert (found.evidence, found.para) == ((), None)
    decision = classifier.classify([TEXT])[0]
    assert (found.status, found.uncertain) == (decision.status, tuple(decision.uncertain))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.status = "none"  # type: ignore[misc]


def test_evidence_and_thresholds_are_asked_for(client: Client) -> None:
    found = now(client, lambda c: c.classify(TEXT, evidence=True))
    assert found.evidence
    assert all(TEXT[item.start : item.end] == item.text for item in found.evidence)
    for threshold in (1.0, {"grid_management": 1.0}):
        calls = (
            lambda c, t=threshold: c.classify(TEXT, threshold=t),
            lambda c, t=threshold: c.classify_document(TEXT, threshold=t),
            lambda c, t=threshold: c.classify_many([TEXT], threshold=t),
        )
        for call in calls:
            answer = now(client, call)
            assert (answer[0] if isinstance(answer, list) else answer).labels == ()
    (of_many,) = now(client, lambda c: c.classify_many([TEXT], evidence=True, threshold=0.0))
    assert len(of_many.labels) == 4
    assert found.evidence[0].text in {item.text for item in of_many.evidence}


def test_many_texts_come_back_in_order(client: Client) -> None:
    """123 texts are seven batches of at most 20."""
    found = now(client, lambda c: c.classify_many(OTHERS * 41))
    assert [one.labels for one in found] == list(LABELS * 41)
    assert now(client, lambda c: c.classify_many([])) == []


def test_texts_are_fetched_as_batches_are_read(client: Client) -> None:
    taken = []

    def texts() -> Iterator[str]:
        for n in range(200):
            taken.append(n)
            yield TEXT

    answers = client.classify_many(texts())
    next(answers)
    assert len(taken) <= 21
    assert sum(1 for _ in answers) == 199


def test_a_refused_text_is_named_by_its_place_in_all_that_was_given(client: Client) -> None:
    texts = [TEXT] * 33 + [""] + [TEXT] * 5
    with pytest.raises(AnswerError) as caught:
        list(client.classify_many(texts))
    assert (caught.value.status, caught.value.fields) == (422, ("texts.33",))
    assert "texts.33" in str(caught.value)


def test_a_document_comes_back_by_paragraphs(client: Client) -> None:
    page = bundled("sample_page.txt").read_text(encoding="utf-8")
    found = now(client, lambda c: c.classify_document(page))
    assert [one.para for one in found] == list(range(len(found)))
    assert {one.kind for one in found} == {"furniture", "heading", "body"}
    for one in found:
        assert one.text
        assert page[one.start : one.end].startswith(one.text[:2])


def test_a_stream_keeps_order_and_ids_and_goes_on_after_an_error(client: Client) -> None:
    texts = [*OTHERS, "", "字" * 1001, *OTHERS]
    found = now(client, lambda c: c.stream(texts))
    assert [one.id for one in found] == list(range(8))
    assert [one.result and one.result.labels for one in found] == [*LABELS, None, None, *LABELS]
    for one in found[3:5]:
        assert (one.error.status, one.error.fields) == (422, ("text",))
    named = now(client, lambda c: c.stream([("甲", TEXT), (7, TEXT)], evidence=True))
    assert [one.id for one in named] == ["甲", 7]
    assert named[0].result == client.classify(TEXT, evidence=True)
    (changed,) = now(client, lambda c: c.stream([TEXT], threshold=1.0))
    assert changed.result.labels == ()


def test_a_long_stream_goes_out_in_windows_as_it_is_read(client: Client) -> None:
    """3,000 texts of 1,800 bytes are 85 windows; two of them are fetched at most."""
    taken = []

    def texts() -> Iterator[str]:
        for n in range(3000):
            taken.append(n)
            yield TEXT * 33

    answers = client.stream(texts())
    assert next(answers).id == 0
    assert len(taken) <= 2 * 36
    assert [one.id for one in answers] == list(range(1, 3000))


def test_a_line_too_long_to_be_read_keeps_its_place(client: Client) -> None:
    first, second, third = now(client, lambda c: c.stream([TEXT, "字" * 20_000, ("三", TEXT)]))
    assert (first.id, second.id, third.id) == (0, 1, "三")
    assert second.result is None
    assert second.error.status == 422
    assert first.result == third.result


def test_the_models_of_the_store_are_listed(client: Client, store: ModelStore) -> None:
    (only,) = now(client, lambda c: c.models())
    assert (only.version, only.current) == (store.current(), True)
    assert set(only.labels) == {theme.id for theme in client.themes()}
    assert 0 < only.macro_f1 <= 1


def test_the_server_describes_itself(client: Client, classifier: ThemeClassifier) -> None:
    assert now(client, lambda c: c.model())["version"] == classifier.version
    themes = now(client, lambda c: c.themes())
    assert tuple(theme.id for theme in themes) == classifier.labels
    assert all(theme.definition and theme.counts for theme in themes)
    assert now(client, lambda c: c.ready()) is True


def test_a_server_without_a_model_is_not_ready_and_says_so() -> None:
    with running(Settings(), None) as served, Client(str(served.base_url), retries=0) as client:
        assert client.ready() is False
        with pytest.raises(BusyError, match="govtheme train"):
            client.classify(TEXT)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("header", [{}, {"retry-after": "0"}, {"retry-after": "soon"}])
def test_a_busy_server_is_asked_again(status: int, header: dict[str, str]) -> None:
    busy = bad(status, header)
    with asking(busy, busy, good("a")) as (script, client):
        assert client.classify(TEXT).labels == ("a",)
    assert [json.loads(body) for _, _, body in script.heard] == [{"text": TEXT}] * 3


def test_the_asynchronous_client_asks_again_too() -> None:
    async def ask(address: str) -> Result:
        async with AsyncClient(address) as client:
            return await client.classify(TEXT)

    with scripted(bad(503), (0, {}, b""), good("a")) as script:
        assert asyncio.run(ask(script.address)).labels == ("a",)
    assert len(script.heard) == 3


def test_it_waits_at_least_as_long_as_it_is_told() -> None:
    wait = Waits(1, patience=60).after(httpx.Response(429, headers={"retry-after": "7"}))
    assert wait is not None
    assert 7 < wait <= 7.2


def test_a_server_that_stays_busy_is_given_up() -> None:
    with asking(bad(503), retries=2) as (script, client), pytest.raises(BusyError) as caught:
        client.classify(TEXT)
    assert len(script.heard) == 3
    assert (caught.value.status, caught.value.type, caught.value.message) == (503, "kind", "原因")
    assert caught.value.retry_after is None


def test_a_wait_beyond_the_patience_is_not_begun() -> None:
    busy = bad(429, {"retry-after": "3600"})
    with asking(busy, good("a")) as (script, client), pytest.raises(BusyError) as caught:
        client.classify(TEXT)
    assert len(script.heard) == 1
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 500, 502])
def test_other_refusals_are_not_asked_again(status: int) -> None:
    refused = bad(status, fields=("text",))
    with asking(refused, good("a")) as (script, client), pytest.raises(AnswerError) as caught:
        client.classify(TEXT)
    assert len(script.heard) == 1
    error = caught.value
    assert (error.status, error.type, error.fields) == (status, "kind", ("text",))
    assert isinstance(error, KeyRefusedError) == (status in (401, 403))


@pytest.mark.parametrize(
    "content",
    [b"<html>Bad Gateway</html>", b"", b"[]", b'{"error": "no"}', b'{"detail": 1}', b"\xff"],
)
def test_an_error_of_another_program_is_told_as_what_it_is(content: bytes) -> None:
    with asking((502, {}, content)) as (_, client), pytest.raises(AnswerError) as caught:
        client.classify(TEXT)
    assert (caught.value.status, caught.value.type) == (502, "http_error")


@pytest.mark.parametrize(
    "content", [b"<html>hello</html>", b"[]", b"{}", b'{"model": {"version": "1"}, "results": []}']
)
def test_an_answer_of_another_program_is_refused(content: bytes) -> None:
    with asking((200, {}, content)) as (_, client):
        with pytest.raises(BadAnswerError) as caught:
            client.classify(TEXT)
        with pytest.raises(BadAnswerError):
            list(client.classify_many([TEXT]))
    assert caught.value.__cause__ is None


def test_a_redirect_is_not_followed() -> None:
    with (
        scripted(good("a")) as other,
        asking((307, {"location": other.address}, b"")) as (_, client),
        pytest.raises(AnswerError) as caught,
    ):
        client.classify(TEXT)
    assert caught.value.status == 307
    assert not other.heard


def test_a_connection_that_breaks_off_is_tried_again() -> None:
    with asking((0, {}, b""), good("a")) as (script, client):
        assert client.classify(TEXT).labels == ("a",)
    assert len(script.heard) == 2


def test_a_closed_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with Client(address, retries=1) as client:
        assert client.ready() is False
        with pytest.raises(NoConnectionError, match=f"{address}.*连不上"):
            client.classify(TEXT)


def test_a_server_that_thinks_too_long_is_not_asked_twice() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Client(address, timeout=0.2) as client, pytest.raises(NoConnectionError, match="超时"):
            client.classify(TEXT)
        listener.settimeout(1)
        listener.accept()[0].close()
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_the_key_goes_as_a_bearer_and_is_not_shown() -> None:
    with asking(good("a"), key="secret-1") as (script, client):
        client.classify(TEXT)
        assert "secret-1" not in repr(client)
    assert script.heard[0][1]["authorization"] == "Bearer secret-1"


def test_the_proxy_variables_of_the_machine_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(good("b")) as proxy, scripted(good("a")) as script:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)
        with Client(script.address) as client:
            assert client.classify(TEXT).labels == ("a",)
    assert not proxy.heard


@pytest.mark.parametrize(
    "options",
    [
        {"address": "127.0.0.1:8000"},
        {"address": "http://[::1"},
        {"key": ""},
        {"key": "a\r\nX: b"},
        {"key": "密钥"},
        {"retries": -1},
        {"concurrency": 0},
        {"batch_texts": 0},
    ],
    ids=str,
)
def test_a_client_that_cannot_work_is_not_made(options: dict[str, Any]) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(ValueError, match=r"\w"):
            kind(**options)


def test_one_string_is_not_taken_for_many_texts(client: Client) -> None:
    with pytest.raises(TypeError, match="classify"):
        client.classify_many(TEXT)
    with pytest.raises(TypeError, match="classify"):
        client.stream(TEXT)


def test_a_text_that_no_request_can_carry_is_named_and_not_shown(client: Client) -> None:
    for ask in (client.classify_many, client.stream):
        with pytest.raises(BadTextError, match="第 2 段") as caught:
            list(ask([TEXT, "秘密\ud800"]))
        assert caught.value.position == 1
        assert caught.value.__cause__ is None
        assert "秘密" not in str(caught.value)


def test_batches_stay_below_their_bytes() -> None:
    texts = ["字" * 100] * 5 + ["字" * 2000] + ["字"]
    with asking(bad(400), batch_bytes=1000) as (script, client):
        sizes = []
        while texts:
            with pytest.raises(AnswerError):
                list(client.classify_many(texts))
            sent = json.loads(script.heard[-1][2])["texts"]
            sizes.append(len(sent))
            del texts[: len(sent)]
    assert sizes == [3, 2, 1, 1]


def test_as_many_requests_are_under_way_as_allowed() -> None:
    """Each of 39 waits until three are open; a fourth would be counted."""
    barrier, lock, most = threading.Barrier(3), threading.Lock(), [0, 0]

    class Meeting(Script):
        def next(self) -> Reply:
            with lock:
                most[0] += 1
                most[1] = max(most)
            barrier.wait(timeout=10)
            with lock:
                most[0] -= 1
            return super().next()

    async def ask(address: str) -> list[tuple[str, ...]]:
        async with AsyncClient(address, batch_texts=1, concurrency=3) as client:
            return [one.labels async for one in client.classify_many([TEXT] * 39)]

    with scripted(good("a")) as script:
        script.__class__ = Meeting
        assert asyncio.run(ask(script.address)) == [("a",)] * 39
    assert most == [0, 3]


def test_the_first_refusal_ends_the_requests_under_way() -> None:
    async def ask(address: str) -> None:
        async with AsyncClient(address, batch_texts=1) as client:
            with pytest.raises(AnswerError) as caught:
                [one async for one in client.classify_many([TEXT] * 40)]
            assert caught.value.fields == ("texts.0",)
            assert len(asyncio.all_tasks()) == 1

    with scripted(bad(422, fields=("texts.0",))) as script:
        asyncio.run(ask(script.address))
    assert len(script.heard) <= 4


def test_waits_grow_jitter_and_end() -> None:
    busy = httpx.Response(503)
    waits = Waits(20, patience=1000)
    found = [waits.after(busy) for _ in range(21)]
    assert found[-1] is None
    steps = [min(0.2 * 2**n, LONGEST) for n in range(20)]
    for wait, step in zip(found, steps, strict=False):
        assert wait is not None
        assert step / 2 <= wait <= step
    assert len({Waits(1, 60).after(busy) for _ in range(20)}) > 1
    impatient = Waits(20, patience=3)
    taken = [impatient.after(busy) for _ in range(20)]
    assert sum(wait for wait in taken if wait) <= 3
    assert taken[-1] is None


def test_retry_after_is_a_number_or_a_date() -> None:
    def told(value: str) -> float | None:
        return retry_after(httpx.Response(429, headers={"retry-after": value}))

    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 85 < (told(date) or 0) <= 90
    assert told("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert told("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    assert told("7") == 7
    for nonsense in ("", "-1", "1.5", "nan", "soon"):
        assert told(nonsense) is None
    assert Waits(1, 60).after(httpx.Response(429, headers={"retry-after": "9" * 400})) is None


def test_no_text_and_no_key_reach_a_log(caplog: pytest.LogCaptureFixture, address: str) -> None:
    caplog.set_level(logging.DEBUG)
    with Client(address, key="secret-1") as keyed:
        keyed.classify("秘密诉求")
        with pytest.raises(AnswerError):
            keyed.classify("秘密诉求" * 1000)
    assert caplog.records
    assert "秘密诉求" not in caplog.text
    assert "secret-1" not in caplog.text


def test_importing_the_client_is_light() -> None:
    code = "import service.client, sys; print('\\n'.join(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "scipy", "sklearn", "fastapi", "pydantic", "jieba", "rjieba", "joblib"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize("name", READMES)
def test_the_example_of_the_readme_runs(name: str, address: str) -> None:
    (example,) = blocks(name, "python")
    code = example.replace("http://127.0.0.1:8000", address)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 3
    assert "grid_management" in done.stdout


def test_every_public_name_is_listed_in_order() -> None:
    assert package.__all__ == sorted(package.__all__)
    errors = [getattr(package, name) for name in package.__all__ if name.endswith("Error")]
    assert all(issubclass(error, ClientError) for error in errors)


def test_a_file_comes_back_by_documents(client: Client, tmp_path: Path) -> None:
    page = tmp_path / "简报 一.txt"
    page.write_bytes(bundled("sample_page.txt").read_text(encoding="utf-8").encode("gb18030"))
    scored = now(client, lambda c: c.classify_file(page))
    (document,) = scored.documents
    assert document.doc == page.name
    assert document.results == tuple(client.classify_document(page.read_text(encoding="gb18030")))
    assert scored.rejected == ()


def test_a_file_in_memory_comes_back_with_all_that_is_known_of_it(client: Client) -> None:
    data = f"来信,编号,日期\n{TEXT},7,2026-03-05\n".encode()
    scored = now(client, lambda c: c.classify_bytes(data, "来信.csv"))
    (document,) = scored.documents
    assert document.columns == {"编号": "7", "日期": "2026-03-05"}
    page = bundled("sample_page.txt").read_bytes()
    (document,) = now(client, lambda c: c.classify_bytes(page, "例.txt")).documents
    assert (document.date, document.origin) == ("2025-11-06", "河湾街道办事处")
    assert (scored.model, scored.codebook) == (client.model()["version"], "1.0.0")


def test_an_archive_names_what_was_not_read(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "档案.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/好.txt", TEXT)
        archive.writestr("b/坏.pdf", b"%PDF-nothing")
    scored = now(client, lambda c: c.classify_file(str(path), evidence=True))
    assert [document.doc for document in scored.documents] == ["档案.zip!/a/好.txt"]
    assert scored.documents[0].results[0].evidence
    assert [rejected.doc for rejected in scored.rejected] == ["档案.zip!/b/坏.pdf"]
    assert scored.rejected[0].reason


def test_the_column_of_a_table_is_named(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "来信.csv"
    path.write_text(f"编号,来信人说\n1,{TEXT}\n", encoding="utf-8")
    scored = now(client, lambda c: c.classify_file(path, text_column="来信人说", threshold=1.0))
    assert [one.text for document in scored.documents for one in document.results] == [TEXT]
    assert scored.documents[0].results[0].labels == ()


def test_a_file_that_is_not_there_is_not_sent(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        client.classify_file(tmp_path / "没有.txt")
