"""Whatever comes in below a prefix, the answer is in the shape of that protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.classifier import ThemeClassifier
from service.keys import add_key
from service.settings import Settings
from tests.service.running import TEXT, running

CONFIG = (
    '<View><Text name="t" value="$text"/><Choices name="c" toName="t" choice="multiple">'
    '<Choice value="1"/><Choice value="2"/></Choices></View>'
)
TENSOR = {"name": "text", "shape": [1], "datatype": "BYTES", "data": [TEXT]}
ENTRIES: dict[str, dict[str, Any]] = {
    "/hf": {"inputs": TEXT, "parameters": {"top_k": 1, "function_to_apply": "none"}},
    "/tei/predict": {"inputs": [[TEXT]], "raw_scores": True, "truncate": True},
    "/v2/models/govtheme/infer": {
        "id": "1",
        "inputs": [TENSOR],
        "outputs": [{"name": "predict", "parameters": {"binary_data": True}}],
        "parameters": {"binary_data_output": False},
    },
    "/labelstudio/predict": {"tasks": [{"data": {"text": TEXT}}], "label_config": CONFIG},
    "/labelstudio/setup": {"project": "1.1", "schema": CONFIG, "access_token": "x"},
    "/labelstudio/webhook": {"action": "START_TRAINING"},
    "/doccano": {"text": TEXT},
    "/mlflow/invocations": {"inputs": [TEXT], "params": {"threshold": 0.5}},
}
PATHS = tuple(ENTRIES)
JSON = {"content-type": "application/json"}


def check_error(path: str, answer: httpx.Response) -> None:
    """The body has the shape of the path's protocol, and says something."""
    body = answer.json()
    if path.startswith("/mlflow"):
        assert set(body) == {"error_code", "message"}
        assert body["message"]
        return
    more = {"error_type"} if path.startswith("/tei") else set()
    assert set(body) == {"error"} | more
    assert body["error"]
    assert isinstance(body["error"], str)


@pytest.mark.parametrize("path", PATHS)
def test_the_examples_are_good(client: httpx.Client, path: str) -> None:
    assert client.post(path, json=ENTRIES[path]).is_success


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param(b'{"inputs": ', "application/json", 400, id="broken JSON"),
        pytest.param(b"", "application/json", 400, id="no body"),
        pytest.param('{"text": "网"}'.encode("gbk"), "application/json", 400, id="GBK"),
        pytest.param(b'{"text": "\\ud800"}', "application/json", 400, id="lone surrogate"),
        pytest.param(b'{"text": NaN}', "application/json", 400, id="NaN"),
        pytest.param(b'{"text":' * 90_000, "application/json", 413, id="too large"),
        pytest.param(b"[" * 100_000, "application/json", 400, id="deep and broken"),
        pytest.param(b"[" * 900 + b"]" * 900, "application/json", None, id="deep"),
        pytest.param(b'{"a": 1, "a": 2}', "application/json", 400, id="key twice"),
        pytest.param(b"{}", "application/json; charset=klingon", 415, id="unknown charset"),
        pytest.param(b"{}", "application/x-www-form-urlencoded", 415, id="form"),
        pytest.param(b"null", "application/json", None, id="null"),
    ],
)
def test_bad_bodies_get_the_shape_of_the_protocol(
    client: httpx.Client, path: str, content: bytes, kind: str, status: int | None
) -> None:
    answer = client.post(path, content=content, headers={"content-type": kind})
    if status is None:
        assert answer.status_code in (400, 422)
    else:
        assert answer.status_code == status
    check_error(path, answer)


@pytest.mark.parametrize("path", PATHS)
def test_other_addresses_and_methods_get_it_too(client: httpx.Client, path: str) -> None:
    prefix = "/" + path.split("/")[1]
    for answer, status in (
        (client.get(path), 405),
        (client.post(prefix + "/no/where", json={}), 404),
        (client.post(path, content=b"{}", headers={"content-encoding": "br", **JSON}), 415),
        (client.post(path, content=b"{}", headers={"content-encoding": "gzip", **JSON}), 400),
    ):
        assert answer.status_code == status
        check_error(path, answer)


def test_an_address_that_only_begins_alike_is_ours(client: httpx.Client) -> None:
    for path in ("/hfx", "/v21", "/teil/predict"):
        assert set(client.post(path).json()["error"]) == {"status", "type", "message", "fields"}


@pytest.fixture(scope="module")
def locked(
    classifier: ThemeClassifier, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[httpx.Client, str]]:
    """A server that wants keys, and a key for one request a minute."""
    keys: Path = tmp_path_factory.mktemp("keys") / "keys.json"
    token = add_key(keys, "slow", ("classify",), rate=1)
    with running(Settings(keys=keys), classifier) as client:
        yield client, token


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_it_is_401(locked: tuple[httpx.Client, str], path: str) -> None:
    answer = locked[0].post(path, json=ENTRIES[path])
    assert answer.status_code == 401
    check_error(path, answer)


def test_a_key_is_taken_from_where_the_tools_put_it(locked: tuple[httpx.Client, str]) -> None:
    """Label Studio sends a user and a password; then the rate is used up for all."""
    client, token = locked
    first = client.post("/labelstudio/webhook", json={}, auth=("anyone", token))
    assert first.status_code == 200
    for path in PATHS:
        answer = client.post(path, json=ENTRIES[path], headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        check_error(path, answer)


def test_without_a_model_every_protocol_says_that_it_is_not_ready() -> None:
    with running(Settings(), None) as client:
        assert client.get("/v2/health/live").status_code == 200
        gets = (
            "/tei/health",
            "/tei/info",
            "/v2/health/ready",
            "/v2/models/govtheme",
            "/v2/models/govtheme/ready",
            "/labelstudio/health",
            "/mlflow/ping",
        )
        asked = [(path, client.get(path)) for path in gets]
        asked += [
            (path, client.post(path, json=body))
            for path, body in ENTRIES.items()
            if path != "/labelstudio/webhook"
        ]
        for path, answer in asked:
            assert answer.status_code == 503, path
            assert "govtheme train" in answer.text
            check_error(path, answer)
        assert client.post("/v2/repository/index").json() == []


def test_the_description_has_every_route(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in PATHS:
        operation = paths[path.replace("govtheme", "{name}")]["post"]
        assert set(operation["responses"]) >= {"400", "401", "413", "415", "429", "503"}
        assert operation["summary"]
        assert operation["requestBody"]["content"]["application/json"]["example"]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
WORDS = st.sampled_from(
    sorted(
        {
            *("inputs", "parameters", "top_k", "raw_scores", "truncate", "name", "shape", "data"),
            *("datatype", "outputs", "id", "tasks", "label_config", "schema", "action", "text"),
            *("instances", "dataframe_split", "dataframe_records", "columns", "params", "index"),
            *("threshold", "binary_data", "binary_data_size", "content_type", "BYTES", "predict"),
            *("value", "evidence", CONFIG, TEXT, "START_TRAINING", "softmax", "none", ""),
        }
    )
)
ANY = st.recursive(
    SCALARS | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """A good value with some part of it replaced, left out, or added to."""
    if draw(st.integers(0, 3)) == 0:
        return draw(ANY)
    if isinstance(value, dict):
        changed = {
            key: draw(spoilt(part)) for key, part in value.items() if draw(st.integers(0, 9))
        }
        return changed | (draw(st.dictionaries(WORDS, ANY, max_size=1)))
    if isinstance(value, list):
        return [draw(spoilt(part)) for part in value] * draw(st.integers(0, 2))
    return value


@pytest.mark.parametrize("path", PATHS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_json_breaks_a_protocol(client: httpx.Client, path: str, data: st.DataObject) -> None:
    body = data.draw(ANY | spoilt(ENTRIES[path]))
    try:
        content = orjson.dumps(body)
    except TypeError:  # an integer beyond 64 bits, or a lone surrogate: no JSON of ours
        content = b'{"text": "\\udead"}'
    answer = client.post(path, content=content, headers=JSON)
    assert answer.status_code in (200, 201, 400, 413, 422)
    if answer.is_error:
        check_error(path, answer)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tail=st.binary(max_size=40), size=st.integers(-1, 50), cut=st.integers(-40, 3))
def test_no_binary_breaks_the_inference_protocol(
    client: httpx.Client, tail: bytes, size: int, cut: int
) -> None:
    head = {key: value for key, value in TENSOR.items() if key != "data"}
    first = orjson.dumps({"inputs": [head | {"parameters": {"binary_data_size": size}}]})
    headers = {"inference-header-content-length": str(len(first) + cut)}
    path = "/v2/models/govtheme/infer"
    answer = client.post(path, content=first + tail, headers=headers)
    assert answer.status_code in (200, 400)
    if answer.is_error:
        check_error(path, answer)
