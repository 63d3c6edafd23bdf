"""doccano's automatic labelling, by the request that it sends."""

import httpx
import pytest

from model.classifier import ThemeClassifier
from tests.service.running import TEXT


def test_every_label_comes_with_its_name(client: httpx.Client, classifier: ThemeClassifier) -> None:
    text = f"{TEXT}物业公司涨了物业费，业主都不同意。"
    (decision,) = classifier.classify([text])
    assert client.post("/doccano", json={"text": text}).json() == [
        {"label": label, "name": name, "score": round(decision.scores[label], 6)}
        for label, name in (("grid_management", "网格管理"), ("property_management", "物业管理"))
    ]


def test_a_text_without_a_theme_gets_an_empty_list(client: httpx.Client) -> None:
    answer = client.post("/doccano", json={"text": "今年粮食再获丰收。"})
    assert answer.status_code == 200
    assert answer.json() == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "text"),
        ({"text": None}, "text"),
        ({"text": [TEXT]}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": "字" * 1001}, "1000"),
        ({"text": TEXT, "label": "x"}, "label"),
        (TEXT, "JSON 对象"),
    ],
)
def test_errors_say_what_is_wrong(client: httpx.Client, body: object, said: str) -> None:
    answer = client.post("/doccano", json=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
    assert said in answer.json()["error"]
