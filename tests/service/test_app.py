"""The server on a real port: answers, errors, limits."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.errors import error_body
from service.settings import Settings
from tests.service.running import TEXT, logged, running


@pytest.fixture(scope="module")
def client(classifier: ThemeClassifier) -> Iterator[httpx.Client]:
    settings = Settings(max_body=200_000, max_texts=50, max_characters=1000)
    with running(settings, classifier) as client:
        yield client


def test_one_text(client: httpx.Client, classifier: ThemeClassifier) -> None:
    answer = client.post("/classify", json={"text": TEXT}).json()
    assert answer["model"] == {"version": classifier.version, "codebook": "1.0.0"}
    (result,) = answer["results"]
    assert set(result) == {"labels", "status", "uncertain", "scores"}
    assert result["labels"] == ["grid_management"]
    assert list(result["scores"]) == list(classifier.labels)


def test_several_texts_are_answered_in_order(client: httpx.Client) -> None:
    texts = [TEXT, "今年粮食再获丰收。", "物业公司涨了物业费，业主都不同意。"]
    results = client.post("/classify", json={"texts": texts}).json()["results"]
    assert [r["labels"] for r in results] == [["grid_management"], [], ["property_management"]]


def test_a_document_is_split_and_its_furniture_set_aside(client: httpx.Client) -> None:
    page = f"当前位置：首页 > 志愿服务\n\n{TEXT}\n"
    furniture, body = client.post("/classify", json={"document": page}).json()["results"]
    assert (furniture["kind"], furniture["labels"], furniture["status"]) == (
        "furniture",
        [],
        "none",
    )
    assert furniture["scores"]["volunteer_services"] >= 0
    assert (body["para"], body["kind"], body["text"]) == (1, "body", TEXT)
    assert page[body["start"] : body["end"]] == TEXT


def test_evidence_offsets_point_into_the_text(client: httpx.Client) -> None:
    body = {"text": "網格員每天入户走访。", "evidence": True}
    (result,) = client.post("/classify", json=body).json()["results"]
    assert result["evidence"]
    for item in result["evidence"]:
        assert body["text"][item["start"] : item["end"]] == item["text"]  # type: ignore[index]


@pytest.mark.parametrize("threshold", [1.0, {"grid_management": 1.0}])
def test_a_threshold_takes_the_place_of_the_stored_one(
    client: httpx.Client, threshold: float | dict[str, float]
) -> None:
    body = {"text": TEXT, "threshold": threshold}
    (result,) = client.post("/classify", json=body).json()["results"]
    assert result["labels"] == []
    assert "grid_management" not in result["uncertain"]


@pytest.mark.parametrize(
    ("charset", "encoding"), [("", "utf-8"), ("; charset=gbk", "gbk"), ("; charset=UTF-8", "utf-8")]
)
def test_plain_text_is_one_text_in_the_named_charset(
    client: httpx.Client, charset: str, encoding: str
) -> None:
    headers = {"content-type": f"text/plain{charset}"}
    answer = client.post("/classify", content=TEXT.encode(encoding), headers=headers)
    assert answer.json()["results"][0]["labels"] == ["grid_management"]


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("content", "headers", "status", "fields"),
    [
        pytest.param(b'{"text": ', JSON, 400, [], id="broken JSON"),
        pytest.param(b"", JSON, 400, [], id="no body"),
        pytest.param('{"text": "网"}'.encode("gbk"), JSON, 400, [], id="JSON in no UTF-8"),
        pytest.param(b'{"text": "\\ud800"}', JSON, 400, [], id="lone surrogate"),
        pytest.param(b'{"text": NaN}', JSON, 400, [], id="NaN"),
        pytest.param(b"[" * 100_000, JSON, 400, [], id="deep JSON"),
        pytest.param(b"\xff\xfe", {"content-type": "text/plain"}, 400, [], id="bad text"),
        pytest.param(b"x" * 300_000, JSON, 413, [], id="too large"),
        pytest.param(b"<a/>", {"content-type": "text/xml"}, 415, [], id="XML"),
        pytest.param(b"a", {"content-type": "text/plain; charset=klingon"}, 415, [], id="charset"),
        pytest.param(b"[]", JSON, 422, [], id="no object"),
        pytest.param(b"{}", JSON, 422, ["text"], id="nothing asked"),
        pytest.param(b'{"text": ""}', JSON, 422, ["text"], id="empty text"),
        pytest.param(b'{"text": " \\n"}', JSON, 422, ["text"], id="blank text"),
        pytest.param(b'{"document": ""}', JSON, 422, ["document"], id="empty document"),
        pytest.param(b'{"texts": []}', JSON, 422, ["texts"], id="no texts"),
        pytest.param(b'{"texts": ["a", ""]}', JSON, 422, ["texts.1"], id="empty among texts"),
        pytest.param(b'{"text": 3}', JSON, 422, ["text"], id="number for text"),
        pytest.param(b'{"texts": "a"}', JSON, 422, ["texts"], id="text for texts"),
        pytest.param(b'{"txt": "a"}', JSON, 422, ["txt"], id="unknown field"),
        pytest.param(b'{"text": "a", "texts": ["b"]}', JSON, 422, ["text", "texts"], id="both"),
        pytest.param(b'{"text": "a", "evidence": 1}', JSON, 422, ["evidence"], id="no boolean"),
        pytest.param(
            b'{"text": "a", "threshold": {"x": 0.5}}', JSON, 422, ["threshold"], id="label"
        ),
    ],
)
def test_bad_requests_get_the_one_error_shape(
    client: httpx.Client,
    content: bytes,
    headers: dict[str, str],
    status: int,
    fields: list[str],
) -> None:
    answer = client.post("/classify", content=content, headers=headers)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == set(error_body(0, "", "")["error"])
    assert error["status"] == status
    assert error["message"]
    assert error["fields"] == fields


def test_limits_are_told_with_their_numbers(client: httpx.Client) -> None:
    long = client.post("/classify", json={"text": "字" * 1001}).json()["error"]
    assert (long["status"], long["fields"]) == (422, ["text"])
    assert "1000" in long["message"]
    many = client.post("/classify", json={"texts": ["字"] * 51}).json()["error"]
    assert (many["status"], many["fields"]) == (422, ["texts"])
    assert "50" in many["message"]


def test_a_chunked_body_is_refused_while_it_is_read(client: httpx.Client) -> None:
    sent = []

    def chunks() -> Iterator[bytes]:
        for _ in range(100_000):
            sent.append(1)
            yield b"x" * 10_000

    # The server may close the connection while we are still sending.
    with contextlib.suppress(httpx.WriteError, httpx.ReadError):
        assert client.post("/classify", content=chunks(), headers=JSON).status_code == 413
    assert len(sent) < 100_000


def test_unknown_thresholds_out_of_range_are_refused(client: httpx.Client) -> None:
    error = client.post("/classify", json={"text": "a", "threshold": 2}).json()["error"]
    assert error["status"] == 422
    assert error["fields"] == ["threshold"]


def test_other_addresses_and_methods_get_the_same_shape(client: httpx.Client) -> None:
    for answer, status in (
        (client.get("/nowhere"), 404),
        (client.get("/themes/"), 404),
        (client.get("/classify"), 405),
    ):
        assert answer.status_code == status
        assert answer.json()["error"]["status"] == status


def test_themes_come_from_the_codebook(client: httpx.Client) -> None:
    answer = client.get("/themes").json()
    assert [t["name_zh"] for t in answer["themes"]] == [
        "基础设施",
        "网格管理",
        "志愿服务",
        "物业管理",
    ]
    assert all(t["definition"] and t["counts"] for t in answer["themes"])


def test_the_model_describes_itself(client: httpx.Client, classifier: ThemeClassifier) -> None:
    assert client.get("/model").json()["version"] == classifier.version
    assert client.get("/readyz").json() == {"status": "ok", "model": classifier.version}
    assert client.get("/livez").json() == {"status": "ok"}


def test_the_description_names_every_error(client: httpx.Client) -> None:
    responses = client.get("/openapi.json").json()["paths"]["/classify"]["post"]["responses"]
    assert set(responses) >= {"200", "400", "413", "415", "422", "503"}


def test_the_server_and_the_command_line_answer_alike(
    client: httpx.Client, store: ModelStore
) -> None:
    command = [sys.executable, "-m", "service", "classify", TEXT, "--evidence", "--json"]
    done = subprocess.run(
        [*command, "--models", str(store.root)], capture_output=True, text=True, check=True
    )
    served = client.post("/classify", json={"text": TEXT, "evidence": True}).json()
    assert json.loads(done.stdout) == served


def test_without_a_model_the_server_is_up_but_not_ready() -> None:
    with running(Settings(), None) as client:
        assert client.get("/livez").status_code == 200
        assert client.get("/themes").status_code == 200
        for answer in (
            client.post("/classify", json={"text": TEXT}),
            client.get("/readyz"),
            client.get("/model"),
        ):
            assert answer.status_code == 503
            assert "govtheme train" in answer.json()["error"]["message"]


def test_a_large_request_does_not_keep_others_waiting(classifier: ThemeClassifier) -> None:
    with running(Settings(max_body=10_000_000), classifier) as client:
        texts = [TEXT * 20] * 4096
        answers: list[httpx.Response] = []
        large = threading.Thread(
            target=lambda: answers.append(
                httpx.post(
                    f"{client.base_url}/classify",
                    json={"texts": texts},
                    timeout=60,
                    trust_env=False,
                )
            )
        )
        large.start()
        while large.is_alive():
            assert client.get("/livez").status_code == 200
        assert len(answers[0].json()["results"]) == 4096


def test_no_text_reaches_the_log(
    classifier: ThemeClassifier, capfd: pytest.CaptureFixture[str]
) -> None:
    with running(Settings(), classifier) as client:
        client.post("/classify", json={"text": "秘密诉求"})
        client.post("/classify", json={"秘密诉求": "秘密诉求"})
        assert "秘密诉求" not in logged(capfd, 2)
