"""Lines in, lines out: order, errors in their place, answers before the end, bounded memory."""

import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from model.classifier import ThemeClassifier
from service.routes.stream import Lines
from service.settings import Settings
from tests.service.running import TEXT, running

NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def client(classifier: ThemeClassifier) -> Iterator[httpx.Client]:
    with running(Settings(max_body=2000, max_characters=100, receive_timeout=2), classifier) as it:
        yield it


def ask(client: httpx.Client, body: bytes, query: str = "") -> list[dict[str, object]]:
    answer = client.post(f"/classify/stream{query}", content=body, headers=NDJSON)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_answers_come_in_order_with_their_ids(
    client: httpx.Client, classifier: ThemeClassifier
) -> None:
    texts = [TEXT, "今年粮食再获丰收。"] * 700
    body = "\n".join(json.dumps({"text": t, "id": i}) for i, t in enumerate(texts)).encode()
    assert len(body) > 2000  # more than one body may have: a stream has no end
    answers = ask(client, body)
    assert [a["id"] for a in answers] == list(range(1400))
    assert [a["labels"] for a in answers] == [["grid_management"], []] * 700
    assert {a["model"] for a in answers} == {classifier.version}


def test_a_bad_line_is_answered_in_its_place(client: httpx.Client) -> None:
    lines = [
        json.dumps({"text": TEXT}),
        "xx",
        "",
        json.dumps({"text": " ", "id": "a"}),
        json.dumps({"text": "字" * 101, "id": None}),
        json.dumps({"text": "字", "txt": 1}),
        json.dumps([1]),
        json.dumps({"text": "字" * 5000}),
        json.dumps({"text": TEXT}),
    ]
    answers = ask(client, "\n".join(lines).encode())
    assert [a.get("line") for a in answers] == [None, 1, 2, 3, 4, 5, 6, 7, None]
    statuses = [a["error"]["status"] if "error" in a else 200 for a in answers]  # type: ignore[index]
    assert statuses == [200, 400, 400, 422, 422, 422, 422, 422, 200]
    assert (answers[3]["id"], answers[4]["id"]) == ("a", None)


def test_options_are_in_the_address(client: httpx.Client) -> None:
    (answer,) = ask(client, json.dumps({"text": TEXT}).encode(), "?evidence=true&threshold=1")
    assert answer["labels"] == []
    assert "evidence" in answer
    for query in ("?threshold=2", "?evidence=perhaps"):
        assert client.post(f"/classify/stream{query}", content=b"").status_code == 422


def test_an_answer_comes_before_the_request_has_ended(client: httpx.Client) -> None:
    address = client.base_url.host, client.base_url.port or 0
    line = json.dumps({"text": TEXT}).encode() + b"\n"
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(
            b"POST /classify/stream HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for _ in range(3):
            connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            answer = b""
            while b"grid_management" not in answer:
                received = connection.recv(65536)
                assert received, "the connection was closed before the answer came"
                answer += received
        connection.sendall(b"0\r\n\r\n")


def test_an_empty_stream_has_an_empty_answer(client: httpx.Client) -> None:
    assert ask(client, b"") == []


def test_without_a_model_the_status_says_so() -> None:
    with running(Settings()) as client:
        assert client.post("/classify/stream", content=b"{}").status_code == 503


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_cut_alike_however_they_arrive(size: int) -> None:
    body = b"one\ntwo two two\n\nthree\nlong long long long\nlast"
    lines = Lines(11)
    found = []
    for begin in range(0, len(body), size):
        found += lines.feed(body[begin : begin + size])
    found += lines.end()
    assert found == [b"one", b"two two two", b"", b"three", None, b"last"]


def test_a_line_without_end_is_not_kept() -> None:
    lines = Lines(100)
    for _ in range(1000):
        assert lines.feed(b"x" * 1000) == []
        assert len(lines._rest) == 0
    assert lines.feed(b"\nshort\n") == [None, b"short"]
