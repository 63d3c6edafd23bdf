"""Hugging Face text classification, by its own client and by hand."""

import math

import httpx
import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from model.classifier import ThemeClassifier
from service.answers import DIGITS
from tests.service.running import TEXT

GRID = "grid_management"


@pytest.fixture
def hub(client: httpx.Client) -> InferenceClient:
    return InferenceClient(base_url=f"{client.base_url}/hf")


def test_their_client_gets_every_label_best_first(
    hub: InferenceClient, classifier: ThemeClassifier
) -> None:
    answer = hub.text_classification(TEXT)
    scores = dict(zip(classifier.labels, classifier.scores([TEXT])[0].tolist(), strict=True))
    assert {item.label: item.score for item in answer} == {
        label: round(score, DIGITS) for label, score in scores.items()
    }
    assert [item.label for item in answer] == sorted(scores, key=lambda label: -scores[label])


def test_scores_are_not_made_to_compete(hub: InferenceClient) -> None:
    """A text with two themes can be sure of both: the sum goes above 1."""
    both = f"{TEXT}物业公司涨了物业费，业主都不同意。"
    first, second, *_ = hub.text_classification(both, function_to_apply="sigmoid")
    assert {first.label, second.label} == {GRID, "property_management"}
    assert first.score + second.score > 1.0


def test_their_client_can_ask_for_the_best_only(hub: InferenceClient) -> None:
    (best,) = hub.text_classification(TEXT, top_k=1)
    assert best.label == GRID


def test_none_gives_what_the_sigmoid_was_applied_to(hub: InferenceClient) -> None:
    raw = hub.text_classification(TEXT, function_to_apply="none")
    scores = {item.label: item.score for item in hub.text_classification(TEXT)}
    for item in raw:
        assert 1 / (1 + math.exp(-item.score)) == pytest.approx(scores[item.label], abs=1e-5)


def test_softmax_is_refused_and_their_client_says_why(hub: InferenceClient) -> None:
    with pytest.raises(HfHubHTTPError, match="softmax") as caught:
        hub.text_classification(TEXT, function_to_apply="softmax")
    assert caught.value.response.status_code == 422


def test_several_texts_are_answered_in_order(client: httpx.Client) -> None:
    inputs = [TEXT, "今年粮食再获丰收。", "物业公司涨了物业费，业主都不同意。"]
    body = {"inputs": inputs, "parameters": {"top_k": 1}, "options": {"wait_for_model": True}}
    answer = client.post("/hf", json=body).json()
    assert [items[0]["label"] for items in answer][::2] == [GRID, "property_management"]
    assert [len(items) for items in answer] == [1, 1, 1]
    assert answer[1][0]["score"] < 0.5


@pytest.mark.parametrize("nothing", [{"parameters": None}, {"parameters": {"top_k": None}}, {}])
def test_what_is_null_was_not_given(client: httpx.Client, nothing: dict[str, object]) -> None:
    assert len(client.post("/hf", json={"inputs": TEXT, **nothing}).json()[0]) == 4


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "inputs"),
        ({"inputs": None}, "inputs"),
        ({"inputs": [TEXT, 3]}, "inputs"),
        ({"inputs": {"text": TEXT}}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": " "}, "inputs"),
        ({"inputs": [TEXT, ""]}, "inputs.1"),
        ({"inputs": TEXT, "parameters": {"top_k": 0}}, "parameters.top_k"),
        ({"inputs": TEXT, "parameters": {"top_k": True}}, "parameters.top_k"),
        ({"inputs": TEXT, "parameters": {"topk": 2}}, "parameters.topk"),
        ({"inputs": TEXT, "parameters": {"function_to_apply": "relu"}}, "function_to_apply"),
        ({"inputs": TEXT, "parameters": []}, "parameters"),
        ({"inputs": TEXT, "input": TEXT}, "input"),
        ([TEXT], "JSON 对象"),
    ],
)
def test_errors_name_the_field(client: httpx.Client, body: object, named: str) -> None:
    answer = client.post("/hf", json=body)
    assert answer.status_code == 422
    assert named in answer.json()["error"]


def test_limits_are_told_with_their_numbers(client: httpx.Client) -> None:
    for inputs, limit in (("字" * 1001, "1000"), (["字"] * 51, "50")):
        answer = client.post("/hf", json={"inputs": inputs})
        assert answer.status_code == 422
        assert limit in answer.json()["error"]
