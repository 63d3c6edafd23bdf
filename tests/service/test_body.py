"""Bodies: compression, repeated keys, charsets, and the time they may take."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator

import httpx
import pytest

from model.classifier import ThemeClassifier
from service.body import parsed
from service.errors import BadBodyError
from service.settings import Settings
from tests.service.running import TEXT, running

BODY = json.dumps({"text": TEXT}).encode()
RAW = zlib.compressobj(wbits=-15)


@pytest.fixture(scope="module")
def client(classifier: ThemeClassifier) -> Iterator[httpx.Client]:
    with running(Settings(max_body=100_000, receive_timeout=0.3), classifier) as client:
        yield client


def post(client: httpx.Client, body: bytes, encoding: str) -> httpx.Response:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    return client.post("/classify", content=body, headers=headers)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", RAW.compress(BODY) + RAW.flush()),
        ("identity", BODY),
        ("GZIP", gzip.compress(BODY)),
    ],
)
def test_compressed_bodies_are_read(client: httpx.Client, encoding: str, body: bytes) -> None:
    answer = post(client, body, encoding)
    assert answer.json()["results"][0]["labels"] == ["grid_management"]


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        pytest.param("gzip", gzip.compress(b" " * 10_000_000), 413, id="bomb"),
        pytest.param("deflate", zlib.compress(b" " * 10_000_000), 413, id="deflated bomb"),
        pytest.param("gzip", gzip.compress(gzip.compress(b" " * 10**7)), 400, id="bomb in a gzip"),
        pytest.param("gzip", BODY, 400, id="not compressed"),
        pytest.param("deflate", BODY, 400, id="not deflated"),
        pytest.param("gzip", gzip.compress(BODY)[:-4], 400, id="cut short"),
        pytest.param("gzip", gzip.compress(BODY) + b"more", 400, id="something behind"),
        pytest.param("gzip", b"", 400, id="nothing"),
        pytest.param("br", BODY, 415, id="unknown"),
        pytest.param("gzip, gzip", BODY, 415, id="twice"),
    ],
)
def test_what_cannot_be_unpacked_is_told(
    client: httpx.Client, encoding: str, body: bytes, status: int
) -> None:
    assert post(client, body, encoding).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a" : 1, "a":2}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'[{"b": 1,\n "b"\t: 1}]',
        b'{"a": "\\":", "a": 1}',
    ],
)
def test_a_key_that_comes_twice_is_refused(body: bytes) -> None:
    with pytest.raises(BadBodyError, match="重复"):
        parsed(body)


@pytest.mark.parametrize(
    "body",
    [b'{"a": "\\":", "b": {"a": 1}}', b'[{"a": 1}, {"a": 1}]', b'"a\\": 1"', b'{"": {"": 1}}'],
)
def test_keys_that_only_look_alike_are_not(body: bytes) -> None:
    assert parsed(body) == json.loads(body)


def test_nested_too_deep_is_refused() -> None:
    for depth in (900, 990, 1010, 1023, 5000):
        body = b'{"a":' * depth + b"1" + b"}" * depth
        try:
            parsed(body.replace(b'"a":', b'"a": "\\":", "b":'))
        except BadBodyError as error:
            assert error.message  # noqa: PT017  deep enough is refused, wherever the limit is


def test_a_slow_sender_is_told_so(client: httpx.Client) -> None:
    address = client.base_url.host, client.base_url.port or 0
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(
            b"POST /classify HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b'content-length: 100\r\n\r\n{"text"'
        )
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert "没有到齐".encode() in answer


def test_a_sender_who_hangs_up_leaves_the_server_well(client: httpx.Client) -> None:
    address = client.base_url.host, client.base_url.port or 0
    with socket.create_connection(address) as connection:
        connection.sendall(b"POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    assert client.post("/classify", json={"text": TEXT}).status_code == 200


def test_a_length_that_is_too_large_is_refused_before_the_body_comes(client: httpx.Client) -> None:
    address = client.base_url.host, client.base_url.port or 0
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(b"POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: 100001\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "charset", ["utf-7", "idna", "punycode", "unicode_escape", "undefined", "hex"]
)
def test_what_python_calls_a_codec_is_not_always_a_charset(
    client: httpx.Client, charset: str
) -> None:
    """UTF-7 for one writes half a character as +2AA-, which no answer could hold."""
    headers = {b"content-type": f"text/plain; charset={charset}".encode()}
    answer = client.post("/classify", content=b"+2AA-", headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("head", [b"", b"POST /classify HT", b"GET /livez HTTP/1.1\r\nhost: x\r\n"])
def test_a_head_that_never_ends_is_not_waited_for(client: httpx.Client, head: bytes) -> None:
    address = client.base_url.host, client.base_url.port or 0
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(1000) == b""


def test_a_connection_may_rest_between_requests(client: httpx.Client) -> None:
    address = client.base_url.host, client.base_url.port or 0
    with socket.create_connection(address, timeout=10) as connection:
        for _ in range(2):
            connection.sendall(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            time.sleep(0.6)
