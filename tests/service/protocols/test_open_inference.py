"""The Open Inference Protocol, by NVIDIA's client and by hand."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.live import LiveModel
from service.settings import Settings
from tests.service.running import TEXT, running

NONE = "今年粮食再获丰收。"
BOTH = f"{TEXT}物业公司涨了物业费，业主都不同意。"
INFER = "/v2/models/govtheme/infer"


@pytest.fixture
def theirs(client: httpx.Client) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(f"127.0.0.1:{client.base_url.port}") as theirs:
        yield theirs


def tensor(texts: list[str], *, binary: bool = True, column: bool = False) -> triton.InferInput:
    shape = [len(texts), 1] if column else [len(texts)]
    only = triton.InferInput("text", shape, "BYTES")
    only.set_data_from_numpy(np.array(texts, dtype=np.object_).reshape(shape), binary_data=binary)
    return only


def request(**changes: Any) -> dict[str, Any]:
    only = {"name": "text", "shape": [1], "datatype": "BYTES", "data": [TEXT]}
    return {"inputs": [only | changes]}


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False, None])
@pytest.mark.parametrize("column", [True, False])
def test_their_client_gets_labels_and_probabilities(
    theirs: triton.InferenceServerClient,
    classifier: ThemeClassifier,
    binary_in: bool,
    binary_out: bool | None,
    column: bool,
) -> None:
    """In JSON and in binary, both ways; None is what it does when it is told nothing."""
    texts = [TEXT, NONE, BOTH]
    outputs = [
        triton.InferRequestedOutput(name, binary_data=binary_out)
        for name in ("predict", "predict_proba")
    ]
    answer = theirs.infer(
        "govtheme",
        [tensor(texts, binary=binary_in, column=column)],
        outputs=None if binary_out is None else outputs,
    )
    labels = [
        value.decode() if isinstance(value, bytes) else value
        for value in answer.as_numpy("predict").tolist()
    ]
    assert labels == [";".join(d.labels) for d in classifier.classify(texts)]
    assert labels[0] == "grid_management"
    assert labels[1] == ""
    assert labels[2] == "grid_management;property_management"
    scores = answer.as_numpy("predict_proba")
    assert scores.shape == (3, 4)
    np.testing.assert_allclose(scores, classifier.scores(texts), atol=1e-6)


@pytest.mark.parametrize("packed", ["gzip", "deflate"])
def test_their_client_may_compress(theirs: triton.InferenceServerClient, packed: str) -> None:
    answer = theirs.infer("govtheme", [tensor([TEXT])], request_compression_algorithm=packed)
    assert answer.as_numpy("predict").tolist() == [b"grid_management"]


def test_the_id_comes_back_and_the_version_is_told(
    theirs: triton.InferenceServerClient, classifier: ThemeClassifier
) -> None:
    version = classifier.version
    answer = theirs.infer("govtheme", [tensor([TEXT])], model_version=version, request_id="42")
    told = answer.get_response()
    assert (told["id"], told["model_name"], told["model_version"]) == ("42", "govtheme", version)


def test_columns_are_named(client: httpx.Client, classifier: ThemeClassifier) -> None:
    answer = client.post(INFER, json=request()).json()
    assert "id" not in answer
    _, scores = answer["outputs"]
    assert scores["parameters"]["columns"].split(";") == list(classifier.labels)
    assert scores["shape"] == [1, 4]
    assert len(scores["data"]) == 4


def test_only_the_outputs_asked_for_come(client: httpx.Client) -> None:
    for names in (["predict_proba"], ["predict"], ["predict_proba", "predict"]):
        body = request() | {"outputs": [{"name": name} for name in names]}
        outputs = client.post(INFER, json=body).json()["outputs"]
        assert [output["name"] for output in outputs] == names


def test_data_may_be_nested(client: httpx.Client) -> None:
    flat = client.post(INFER, json=request()).json()
    nested = client.post(INFER, json=request(shape=[1, 1], data=[[TEXT]])).json()
    assert nested == flat


def test_their_client_sees_the_server_and_the_model(
    theirs: triton.InferenceServerClient, classifier: ThemeClassifier
) -> None:
    version = classifier.version
    assert theirs.is_server_live()
    assert theirs.is_server_ready()
    assert theirs.is_model_ready("govtheme")
    assert theirs.is_model_ready("govtheme", version)
    assert not theirs.is_model_ready("governance")
    assert not theirs.is_model_ready("govtheme", "1")
    assert theirs.get_server_metadata()["name"] == "govtheme"
    about = theirs.get_model_metadata("govtheme")
    assert about == theirs.get_model_metadata("govtheme", version)
    assert about["versions"] == [version]
    assert about["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert [output["shape"] for output in about["outputs"]] == [[-1], [-1, 4]]


@pytest.mark.parametrize(("name", "version"), [("governance", ""), ("govtheme", "1"), ("主题", "")])
def test_other_models_and_versions_are_not_there(
    theirs: triton.InferenceServerClient, name: str, version: str
) -> None:
    with pytest.raises(InferenceServerException) as caught:
        theirs.infer(name, [tensor([TEXT])], model_version=version)
    assert caught.value.status() == "404"
    assert (version or name) in caught.value.message()


def test_the_index_lists_the_store(store: ModelStore, tmp_path: Path) -> None:
    """The version in use is ready; another one is there, but not in use."""
    (version,) = store.versions()
    root = tmp_path / "models"
    for name in (version, "older"):
        (root / name).mkdir(parents=True)
        for part in (store.root / version).iterdir():
            (root / name / part.name).write_bytes(part.read_bytes())
    (root / "current").write_text(version + "\n")
    with running(Settings(), LiveModel.open(ModelStore(root))) as client:
        entries = client.post("/v2/repository/index").json()
        assert {entry["version"]: entry["state"] for entry in entries} == {
            version: "READY",
            "older": "UNAVAILABLE",
        }
        ready = client.post("/v2/repository/index", json={"ready": True}).json()
        assert [entry["version"] for entry in ready] == [version]
        assert client.post("/v2/repository/index", json=[]).status_code == 400
        assert client.get("/v2/models/govtheme/versions/older").status_code == 404


@pytest.mark.parametrize("change", ["load_model", "unload_model"])
def test_models_are_not_loaded_here(theirs: triton.InferenceServerClient, change: str) -> None:
    with pytest.raises(InferenceServerException, match="/admin/models") as caught:
        getattr(theirs, change)("govtheme")
    assert caught.value.status() == "403"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param({}, "inputs", id="no inputs"),
        pytest.param({"inputs": []}, "inputs", id="empty inputs"),
        pytest.param({"inputs": [3]}, "inputs.0", id="number for a tensor"),
        pytest.param({"inputs": request()["inputs"] * 2}, "一个", id="two inputs"),
        pytest.param(request(name="input0"), "text", id="another name"),
        pytest.param(request(datatype="FP32", data=[1.0]), "BYTES", id="another type"),
        pytest.param(request(shape=[2]), "shape", id="shape and data disagree"),
        pytest.param(request(shape=[1, 2]), "shape", id="two columns"),
        pytest.param(request(shape=[]), "shape", id="no dimension"),
        pytest.param(request(shape=[-1]), "shape", id="variable dimension"),
        pytest.param(request(shape=[True]), "inputs.0.shape.0", id="boolean dimension"),
        pytest.param(request(shape=[1.5]), "inputs.0.shape.0", id="half a dimension"),
        pytest.param(request(shape=[2**70]), "shape", id="huge dimension"),
        pytest.param(request(data=[3]), "data", id="number for a text"),
        pytest.param(request(data=[[TEXT, TEXT]]), "data", id="pair for a text"),
        pytest.param(request(data=TEXT), "data", id="text for a list"),
        pytest.param(request(data=None), "data", id="null for data"),
        pytest.param(request(data=[], shape=[0]), "空", id="no text"),
        pytest.param(request(data=[" "]), "data.0", id="blank text"),
        pytest.param(request(data=["字" * 1001]), "1000", id="text too long"),
        pytest.param(request(data=["字"] * 51, shape=[51]), "50", id="too many texts"),
        pytest.param(
            request(parameters={"content_type": "base64"}), "content_type", id="other coding"
        ),
        pytest.param(request(parameters={"content_type": []}), "content_type", id="no coding"),
        pytest.param(request(parameters={"binary_data_size": 3}), "binary", id="binary and data"),
        pytest.param(request() | {"outputs": [{"name": "logits"}]}, "outputs", id="output"),
        pytest.param(request() | {"outputs": [{"name": "predict"}] * 2}, "outputs", id="twice"),
        pytest.param(
            request() | {"outputs": [{"name": "predict", "parameters": {"classification": 2}}]},
            "predict",
            id="classification extension",
        ),
        pytest.param(request() | {"id": 42}, "id", id="number for an id"),
        pytest.param(request() | {"model": "x"}, "model", id="unknown field"),
    ],
)
def test_wrong_requests_are_400(client: httpx.Client, body: object, said: str) -> None:
    answer = client.post(INFER, json=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert said in answer.json()["error"]


def binary_body(texts: bytes, size: object, **changes: Any) -> tuple[bytes, dict[str, str]]:
    head = request(parameters={"binary_data_size": size}, **changes)
    del head["inputs"][0]["data"]
    encoded = httpx.Request("POST", "http://x", json=head).content
    return encoded + texts, {"Inference-Header-Content-Length": str(len(encoded))}


GOOD = struct.pack("<I", 6) + "网格".encode()


@pytest.mark.parametrize(
    ("texts", "size"),
    [
        pytest.param(GOOD, 9, id="another size"),
        pytest.param(GOOD, "10", id="size in a string"),
        pytest.param(GOOD, None, id="no size"),
        pytest.param(GOOD[:-1], 9, id="text cut short"),
        pytest.param(GOOD + b"\0\0", 12, id="length cut short"),
        pytest.param(struct.pack("<I", 2**32 - 1) + b"x", 5, id="length beyond the end"),
        pytest.param(struct.pack("<I", 1) + b"\xff", 5, id="no UTF-8"),
        pytest.param(GOOD * 2, 20, id="more texts than the shape has"),
        pytest.param(b"", 0, id="nothing"),
    ],
)
def test_broken_binary_is_400(client: httpx.Client, texts: bytes, size: object) -> None:
    body, headers = binary_body(texts, size)
    answer = client.post(INFER, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_whole_binary_is_answered(client: httpx.Client) -> None:
    body, headers = binary_body(GOOD, len(GOOD))
    headers["content-type"] = "application/octet-stream"
    assert client.post(INFER, content=body, headers=headers).status_code == 200


@pytest.mark.parametrize("length", ["-1", "x", "²", "999999", ""])
def test_a_wrong_length_of_the_head_is_400(client: httpx.Client, length: str) -> None:
    body, _ = binary_body(GOOD, len(GOOD))
    headers = {b"Inference-Header-Content-Length": length.encode("latin-1")}
    answer = client.post(INFER, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]
