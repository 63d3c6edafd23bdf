"""What every request goes through: ids, headers, places, deadlines, the log, figures."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from model.classifier import ThemeClassifier
from model.distribution import BINS
from service.settings import Settings
from tests.service.running import TEXT, logged, running

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def client(classifier: ThemeClassifier) -> Iterator[httpx.Client]:
    with running(Settings(reload=0.05), classifier) as client:
        yield client


@contextmanager
def holding_a_place(client: httpx.Client) -> Iterator[None]:
    """A stream that has begun and does not end."""
    line = json.dumps({"text": TEXT}).encode() + b"\n"
    address = client.base_url.host, client.base_url.port or 0
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(
            b"POST /classify/stream HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
            b"%x\r\n%s\r\n" % (len(line), line)
        )
        assert connection.recv(65536)
        yield
        connection.sendall(b"0\r\n\r\n")
        while connection.recv(65536):
            if client.get("/livez").is_success:
                break


def test_a_request_keeps_its_id_or_gets_one(client: httpx.Client) -> None:
    named = client.get("/model", headers={"x-request-id": "abc-1"})
    assert named.headers["x-request-id"] == "abc-1"
    for bad in ("", "a b", "x" * 200, "a\tb"):
        given = client.get("/model", headers={"x-request-id": bad}).headers["x-request-id"]
        assert len(given) == 32
        assert given != bad


def test_a_trace_is_carried(classifier: ThemeClassifier, capfd: pytest.CaptureFixture[str]) -> None:
    # A server of its own: another test's last line may still be on its way.
    with running(Settings(), classifier) as client:
        _carry_a_trace(client)
        first, second = [json.loads(line) for line in logged(capfd, 2).splitlines()]
    assert first["trace_id"] == TRACE.split("-")[1]
    assert "trace_id" not in second


def _carry_a_trace(client: httpx.Client) -> None:
    assert client.get("/model", headers={"traceparent": TRACE}).headers["traceparent"] == TRACE
    assert "traceparent" not in client.get("/model", headers={"traceparent": "00-1"}).headers


@pytest.mark.parametrize("path", ["/model", "/nowhere", "/livez", "/docs", "/classify"])
def test_every_answer_has_the_headers_that_browsers_heed(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_pages_of_the_sites_that_are_named_may_call(classifier: ThemeClassifier) -> None:
    with running(Settings(cors="https://a.example, https://b.example"), classifier) as client:
        for origin, allowed in (("https://b.example", True), ("https://c.example", False)):
            answer = client.get("/model", headers={"origin": origin})
            assert ("access-control-allow-origin" in answer.headers) is allowed


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_pages_load_nothing_from_elsewhere(client: httpx.Client, page: str) -> None:
    text = client.get(page).text
    assert "https://" not in text
    for part in text.split('"'):
        if part.startswith("/static-offline-docs"):
            assert client.get(part).status_code == 200


def test_more_requests_than_there_are_places_are_refused_for_now(
    classifier: ThemeClassifier,
) -> None:
    with running(Settings(concurrency=1, queue=0), classifier) as client:
        with holding_a_place(client):
            refused = client.post("/classify", json={"text": TEXT})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.json()["error"]["type"] == "overloaded"
            assert client.get("/readyz").status_code == 200
        assert client.post("/classify", json={"text": TEXT}).status_code == 200


def test_a_request_that_waits_is_answered_in_turn(classifier: ThemeClassifier) -> None:
    with running(Settings(concurrency=1, queue=4), classifier) as client:
        with holding_a_place(client), pytest.raises(httpx.ReadTimeout):
            client.post("/classify", json={"text": TEXT}, timeout=0.5)
        assert client.post("/classify", json={"text": TEXT}).status_code == 200


def test_a_request_that_takes_too_long_is_given_up(classifier: ThemeClassifier) -> None:
    settings = Settings(timeout=0.01, max_texts=200_000, max_body=100_000_000)
    with running(settings, classifier) as client:
        answer = client.post("/classify", json={"texts": [TEXT * 5] * 100_000}, timeout=60)
        assert answer.status_code == 503
        assert answer.json()["error"]["type"] == "time_limit"
        assert answer.headers["retry-after"]


def test_an_address_nobody_answers_stays_out_of_the_log(
    classifier: ThemeClassifier, capfd: pytest.CaptureFixture[str]
) -> None:
    with running(Settings(), classifier) as client:
        client.get("/秘密诉求?q=秘密诉求")
        client.put("/classify")
        err = logged(capfd, 2)
    lines = [json.loads(line) for line in err.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("other", 404),
        ("/classify", 405),
    ]
    assert "秘密" not in err
    assert "%E7" not in err


def figures(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def test_figures_are_those_of_what_was_answered(classifier: ThemeClassifier) -> None:
    with running(Settings(), classifier) as client:
        client.post("/classify", json={"text": TEXT})
        client.post("/classify", json={"texts": [TEXT, "今年粮食再获丰收。"], "evidence": True})
        client.post("/classify", json={"text": ""})
        page = f"当前位置：首页 > 志愿服务\n\n{TEXT}\n"
        client.post("/classify", json={"document": page})
        found = figures(client)
    assert found['govtheme_requests_total{route="/classify",status="200"}'] == 3
    assert found['govtheme_requests_total{route="/classify",status="422"}'] == 1
    assert found['govtheme_request_seconds_count{route="/classify"}'] == 4
    assert found["govtheme_texts_total"] == 4
    assert found['govtheme_labels_total{label="grid_management"}'] == 3
    scores = [value for name, value in found.items() if name.startswith("govtheme_scores_total")]
    assert sum(scores) == 4 * len(classifier.labels)
    assert found["govtheme_model_failing"] == 0


def test_drift_grows_when_texts_are_of_one_kind_only(classifier: ThemeClassifier) -> None:
    name = f'govtheme_score_drift{{label="grid_management",version="{classifier.version}"}}'
    reference = classifier.manifest["score_shares"]["grid_management"]
    assert len(reference) == BINS
    assert sum(reference) == pytest.approx(1)
    with running(Settings(), classifier) as client:
        client.post("/classify", json={"texts": [TEXT] * 200})
        assert figures(client)[name] > 0.25
