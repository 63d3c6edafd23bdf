"""The model in use follows the store, and a bad one never takes its place."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from model.artifact import MODEL_FILE
from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.client import AnswerError, AsyncClient, Client, KeyRefusedError, Promotion
from service.errors import NotReadyError
from service.keys import add_key
from service.live import LiveModel
from service.settings import Settings
from tests.service.running import TEXT, running
from tests.small import Versions


def damage(store: ModelStore, version: str) -> None:
    path = store.folder(version) / MODEL_FILE
    path.write_bytes(path.read_bytes()[:-1])


def test_a_promoted_model_is_taken_up(versions: Versions) -> None:
    store, first, second = versions
    live = LiveModel.open(store)
    assert live.classifier.version == first
    assert not live.refresh()
    store.promote(second, "test")
    assert live.refresh()
    assert live.classifier.version == second


def test_a_damaged_model_leaves_the_old_one_serving(versions: Versions) -> None:
    store, first, second = versions
    live = LiveModel.open(store)
    damage(store, second)
    store.promote(second, "test")
    assert not live.refresh()
    assert live.classifier.version == first
    assert live.failure
    live.refresh()
    assert live.failures == 1
    store.rollback()
    live.refresh()
    assert live.failure is None


def test_a_mended_model_is_tried_again(versions: Versions, tmp_path: Path) -> None:
    store, _, second = versions
    shutil.copytree(store.folder(second), tmp_path / "whole")
    live = LiveModel.open(store)
    damage(store, second)
    store.promote(second, "test")
    live.refresh()
    shutil.rmtree(store.folder(second))
    shutil.copytree(tmp_path / "whole", store.root / second, copy_function=shutil.copyfile)
    assert live.refresh()
    assert (live.classifier.version, live.failure) == (second, None)


def test_without_a_model_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    live = LiveModel.open(ModelStore(tmp_path))
    with pytest.raises(NotReadyError, match="govtheme train"):
        _ = live.classifier


@pytest.fixture
def administered(versions: Versions, tmp_path: Path) -> Iterator[tuple[httpx.Client, Versions]]:
    """A server on the two models, asked with an administrator's key."""
    keys = tmp_path / "keys.json"
    token = add_key(keys, "admin", ("admin", "classify"))
    with running(Settings(keys=keys, reload=0.05), LiveModel.open(versions[0])) as client:
        client.headers["x-api-key"] = token
        yield client, versions


def test_models_are_promoted_and_rolled_back(
    administered: tuple[httpx.Client, Versions],
) -> None:
    client, (store, first, second) = administered
    promoted = client.post(f"/admin/models/{second}/promote")
    assert promoted.json() == {"model": second, "before": first}
    assert client.post("/classify", json={"text": TEXT}).json()["model"]["version"] == second
    assert [m["version"] for m in client.get("/models").json()["models"] if m["current"]] == [
        second
    ]
    assert store.promotions()[-1]["reason"] == "HTTP, admin"
    assert client.post("/admin/models/rollback").json() == {"model": first, "before": second}
    nothing_left = client.post("/admin/models/rollback")
    assert nothing_left.status_code == 404


def test_the_client_promotes_and_rolls_back_in_a_persons_name(
    administered: tuple[httpx.Client, Versions],
) -> None:
    served, (store, first, second) = administered
    with Client(str(served.base_url), served.headers["x-api-key"]) as client:
        assert client.promote(second, by="王一\n网格科") == Promotion(second, first)
        assert client.classify(TEXT).model == second
        assert client.rollback(by="李二") == Promotion(first, second)
        assert [entry["reason"] for entry in store.promotions()[-2:]] == [
            "HTTP, admin, 王一 网格科",
            f"from {second}, HTTP, admin, 李二",
        ]
        with pytest.raises(AnswerError, match="404"):
            client.promote("../../etc")
        with pytest.raises(AnswerError, match="by"):
            client.promote(second, by="字" * 65)
        assert store.current() == first


def test_the_asynchronous_client_promotes_too(
    administered: tuple[httpx.Client, Versions],
) -> None:
    served, (store, first, second) = administered

    async def change() -> tuple[Promotion, Promotion]:
        async with AsyncClient(str(served.base_url), served.headers["x-api-key"]) as client:
            return await client.promote(second), await client.rollback()

    assert asyncio.run(change()) == (Promotion(second, first), Promotion(first, second))
    assert store.promotions()[-2]["reason"] == "HTTP, admin"


def test_a_key_that_may_only_classify_promotes_nothing(versions: Versions, tmp_path: Path) -> None:
    store, first, second = versions
    keys = tmp_path / "keys.json"
    key = add_key(keys, "clerk", ("classify",))
    with (
        running(Settings(keys=keys), LiveModel.open(store)) as served,
        Client(str(served.base_url), key) as client,
    ):
        with pytest.raises(KeyRefusedError):
            client.promote(second)
        with pytest.raises(KeyRefusedError):
            client.rollback()
    assert store.current() == first


def test_what_cannot_be_served_is_not_promoted(
    administered: tuple[httpx.Client, Versions],
) -> None:
    client, (store, first, second) = administered
    assert client.post("/admin/models/000000000000/promote").status_code == 404
    assert client.post("/admin/models/..%2F..%2Fetc/promote").status_code == 404
    damage(store, second)
    refused = client.post(f"/admin/models/{second}/promote")
    assert refused.status_code == 409
    assert refused.json()["error"]["message"]
    assert store.current() == first


def test_readiness_tells_of_a_model_that_cannot_be_used(
    administered: tuple[httpx.Client, Versions],
) -> None:
    client, (store, first, second) = administered
    damage(store, second)
    store.promote(second, "by hand")
    assert client.post("/admin/models/reload").status_code == 409
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["model"]) == (
        200,
        "degraded",
        first,
    )
    figures = client.get("/metrics").text
    assert "govtheme_model_failing 1.0" in figures
    assert "govtheme_model_failures_total 1.0" in figures


def test_every_answer_is_of_one_version(versions: Versions) -> None:
    store, first, second = versions
    answers = {
        v: ThemeClassifier.load(store.folder(v)).classify([TEXT])[0] for v in (first, second)
    }
    with running(Settings(reload=0.01), LiveModel.open(store)) as client:
        for promoted in (second, first, second):
            store.promote(promoted, "test")
            deadline, version = time.monotonic() + 30.0, ""
            while version != promoted:
                assert time.monotonic() < deadline
                answer = client.post("/classify", json={"texts": [TEXT] * 3}).json()
                version = answer["model"]["version"]
                for result in answer["results"]:
                    assert result["scores"] == {
                        label: round(score, 6) for label, score in answers[version].scores.items()
                    }
