"""Text Embeddings Inference: its shapes, its statuses, its trap of pairs."""

import math

import httpx
import pytest

from model.classifier import ThemeClassifier
from tests.service.running import TEXT

OTHER = "物业公司涨了物业费，业主都不同意。"


def test_one_text_gets_one_list(client: httpx.Client, classifier: ThemeClassifier) -> None:
    for inputs in (TEXT, [TEXT]):
        answer = client.post("/tei/predict", json={"inputs": inputs}).json()
        assert [set(item) for item in answer] == [{"label", "score"}] * 4
        assert {item["label"] for item in answer} == set(classifier.labels)
        assert answer[0]["label"] == "grid_management"
        scores = [item["score"] for item in answer]
        assert scores == sorted(scores, reverse=True)


def test_a_batch_gets_a_list_each(client: httpx.Client) -> None:
    answer = client.post("/tei/predict", json={"inputs": [[TEXT], [OTHER]]}).json()
    assert [items[0]["label"] for items in answer] == ["grid_management", "property_management"]
    assert client.post("/tei/predict", json={"inputs": TEXT}).json() == answer[0]


def test_raw_scores_are_what_a_sigmoid_makes_the_scores_of(client: httpx.Client) -> None:
    raw = client.post("/tei/predict", json={"inputs": TEXT, "raw_scores": True}).json()
    scores = client.post("/tei/predict", json={"inputs": TEXT}).json()
    for item, plain in zip(raw, scores, strict=True):
        assert item["label"] == plain["label"]
        assert 1 / (1 + math.exp(-item["score"])) == pytest.approx(plain["score"], abs=1e-5)


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_long_texts_are_cut_when_that_was_asked(client: httpx.Client, side: str) -> None:
    filling = "字" * 1000
    text = filling + TEXT if side == "Left" else TEXT + filling
    body = {"inputs": text, "truncate": True, "truncation_direction": side}
    assert client.post("/tei/predict", json=body).json()[0]["label"] == "grid_management"
    body["truncation_direction"] = "Right" if side == "Left" else "Left"
    assert client.post("/tei/predict", json=body).json()[0]["score"] < 0.5


@pytest.mark.parametrize(
    ("inputs", "status", "kind", "said"),
    [
        pytest.param([TEXT, OTHER], 422, "Validation", "一对", id="pair"),
        pytest.param([TEXT, OTHER, TEXT], 422, "Validation", "一对", id="three"),
        pytest.param([[TEXT], [TEXT, OTHER]], 422, "Validation", "inputs.1", id="pair in a batch"),
        pytest.param([], 400, "Empty", "空", id="empty batch"),
        pytest.param([[]], 400, "Empty", "inputs.0", id="empty item"),
        pytest.param("", 400, "Empty", "空", id="empty text"),
        pytest.param([[TEXT], [" "]], 400, "Empty", "inputs.1", id="blank in a batch"),
        pytest.param([[TEXT]] * 51, 413, "Validation", "50", id="batch too large"),
        pytest.param("字" * 1001, 413, "Validation", "1000", id="text too long"),
        pytest.param([[TEXT], TEXT], 422, "Validation", "inputs", id="mixed"),
        pytest.param([[3]], 422, "Validation", "inputs.0", id="number in a batch"),
        pytest.param(3, 422, "Validation", "inputs", id="number"),
        pytest.param(None, 422, "Validation", "inputs", id="null"),
    ],
)
def test_errors_have_the_statuses_of_the_original(
    client: httpx.Client, inputs: object, status: int, kind: str, said: str
) -> None:
    answer = client.post("/tei/predict", json={"inputs": inputs})
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "error_type"}
    assert answer.json()["error_type"] == kind
    assert said in answer.json()["error"]


def test_unknown_options_are_named(client: httpx.Client) -> None:
    answer = client.post("/tei/predict", json={"inputs": TEXT, "rawscores": True})
    assert answer.status_code == 422
    assert "rawscores" in answer.json()["error"]


def test_health_and_info(client: httpx.Client, classifier: ThemeClassifier) -> None:
    assert client.get("/tei/health").status_code == 200
    info = client.get("/tei/info").json()
    assert info["model_sha"] == classifier.version
    assert info["max_client_batch_size"] == 50
    assert info["max_input_length"] == 1000
    names = info["model_type"]["classifier"]["id2label"]
    assert tuple(names[str(i)] for i in range(4)) == classifier.labels
