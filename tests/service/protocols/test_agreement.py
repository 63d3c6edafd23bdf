"""Every protocol says of a text what `POST /classify` says, in batches large and small."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from model.classifier import ThemeClassifier
from service.settings import Settings
from tests.service.running import running
from tests.small import small_corpus

CONFIG = (
    '<View><Text name="t" value="$text"/><Choices name="c" toName="t" choice="multiple">'
    + "".join(f'<Choice value="{number}"/>' for number in range(1, 5))
    + "</Choices></View>"
)
Scores = list[dict[str, float]]


@pytest.fixture(scope="module")
def roomy(classifier: ThemeClassifier) -> Iterator[httpx.Client]:
    with running(Settings(), classifier) as client:
        yield client


def ranked(answer: list[list[dict[str, Any]]]) -> Scores:
    return [{item["label"]: item["score"] for item in items} for items in answer]


def by_hub(client: httpx.Client, texts: list[str]) -> Scores:
    return ranked(client.post("/hf", json={"inputs": texts}).json())


def by_tei(client: httpx.Client, texts: list[str]) -> Scores:
    body = {"inputs": [[text] for text in texts]}
    return ranked(client.post("/tei/predict", json=body).json())


def by_tensors(client: httpx.Client, texts: list[str]) -> Scores:
    only = {"name": "text", "shape": [len(texts)], "datatype": "BYTES", "data": texts}
    body = {"inputs": [only], "outputs": [{"name": "predict_proba"}]}
    (output,) = client.post("/v2/models/govtheme/infer", json=body).json()["outputs"]
    names = output["parameters"]["columns"].split(";")
    rows = [output["data"][i : i + len(names)] for i in range(0, len(output["data"]), len(names))]
    return [dict(zip(names, row, strict=True)) for row in rows]


def by_rows(client: httpx.Client, texts: list[str]) -> Scores:
    answer = client.post("/mlflow/invocations", json={"instances": texts}).json()
    return [prediction["scores"] for prediction in answer["predictions"]]


def ours(client: httpx.Client, texts: list[str]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = client.post("/classify", json={"texts": texts}).json()[
        "results"
    ]
    return results


def batch(times: int) -> list[str]:
    return [row.text for row in small_corpus().rows] * times


@pytest.mark.parametrize("times", [1, 10])
@pytest.mark.parametrize("asked", [by_hub, by_tei, by_tensors, by_rows])
def test_scores_agree(
    roomy: httpx.Client, asked: Callable[[httpx.Client, list[str]], Scores], times: int
) -> None:
    texts = batch(times)
    assert asked(roomy, texts) == [result["scores"] for result in ours(roomy, texts)]


@pytest.mark.parametrize("times", [1, 10])
def test_labels_agree(roomy: httpx.Client, classifier: ThemeClassifier, times: int) -> None:
    texts = batch(times)
    tasks = [{"data": {"text": text}} for text in texts]
    body = {"tasks": tasks, "label_config": CONFIG}
    answer = roomy.post("/labelstudio/predict", json=body).json()["results"]
    given = [
        {classifier.codebook.resolve(c) for r in one["result"] for c in r["value"]["choices"]}
        for one in answer
    ]
    assert given == [set(result["labels"]) for result in ours(roomy, texts)]


def test_one_by_one_agrees(roomy: httpx.Client) -> None:
    texts = batch(1)[:10]
    labels = [
        [item["label"] for item in roomy.post("/doccano", json={"text": text}).json()]
        for text in texts
    ]
    assert labels == [result["labels"] for result in ours(roomy, texts)]
