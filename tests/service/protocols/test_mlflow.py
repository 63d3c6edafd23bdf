"""MLflow's scoring server: its four shapes of a table, CSV, and what it refuses."""

from typing import Any

import httpx
import pytest

from tests.service.running import TEXT

OTHER = "物业公司涨了物业费，业主都不同意。"
CSV = {"content-type": "text/csv"}


def invoke(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/mlflow/invocations", json=body)


@pytest.fixture(scope="module")
def expected(client: httpx.Client) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = client.post("/classify", json={"texts": [TEXT, OTHER]}).json()[
        "results"
    ]
    assert [one["labels"] for one in results] == [["grid_management"], ["property_management"]]
    return results


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [TEXT, OTHER]},
        {"inputs": [[TEXT], [OTHER]]},
        {"inputs": {"text": [TEXT, OTHER]}},
        {"inputs": [{"text": TEXT}, {"text": OTHER}]},
        {"instances": [TEXT, OTHER]},
        {"instances": [{"text": TEXT, "id": 1}, {"text": OTHER, "id": 2}]},
        {"instances": {"text": [TEXT, OTHER], "id": [1, 2]}},
        {"dataframe_records": [{"id": 1, "text": TEXT}, {"text": OTHER, "id": 2}]},
        {"dataframe_records": [{"正文": TEXT}, {"正文": OTHER}]},
        {"dataframe_split": {"columns": ["id", "text"], "data": [[1, TEXT], [2, OTHER]]}},
        {"dataframe_split": {"columns": [0], "index": [5, 6], "data": [[TEXT], [OTHER]]}},
    ],
)
def test_every_shape_gets_what_classify_says(
    client: httpx.Client, body: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    answer = invoke(client, **body)
    assert answer.status_code == 200
    assert answer.json() == {"predictions": expected}


@pytest.mark.parametrize(
    "table",
    [
        f"text\n{TEXT}\n{OTHER}\n",
        f"\ufefftext\r\n{TEXT}\r\n\r\n{OTHER}",
        f'id,text\n1,"{TEXT}"\n2,{OTHER}\n',
        f"正文\n{TEXT}\n{OTHER}\n",
    ],
)
def test_csv_is_a_table_too(
    client: httpx.Client, table: str, expected: list[dict[str, Any]]
) -> None:
    answer = client.post("/mlflow/invocations", content=table.encode(), headers=CSV)
    assert answer.json() == {"predictions": expected}


def test_one_text_may_stand_alone(client: httpx.Client, expected: list[dict[str, Any]]) -> None:
    for inputs in (TEXT, {"text": TEXT}):
        assert invoke(client, inputs=inputs).json() == {"predictions": expected[:1]}


def test_params_are_those_of_classify(client: httpx.Client) -> None:
    params = {"threshold": {"grid_management": 1.0}, "evidence": True}
    (prediction,) = invoke(client, inputs=[TEXT], params=params).json()["predictions"]
    assert prediction["labels"] == []
    assert "evidence" in prediction
    assert invoke(client, inputs=[TEXT], params=None).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param({}, "其中一个", id="nothing"),
        pytest.param({"inputs": [TEXT], "instances": [TEXT]}, "其中一个", id="both"),
        pytest.param({"messages": []}, "其中一个", id="chat"),
        pytest.param({"inputs": None}, "inputs", id="null"),
        pytest.param({"inputs": []}, "空", id="no rows"),
        pytest.param({"inputs": [3]}, "inputs.0", id="number"),
        pytest.param({"inputs": [[TEXT, TEXT]]}, "inputs.0", id="two cells"),
        pytest.param({"inputs": {}}, "text", id="no column"),
        pytest.param({"instances": TEXT}, "instances", id="one instance"),
        pytest.param({"instances": [{"a": TEXT, "b": 1}]}, "text", id="unnamed column"),
        pytest.param({"dataframe_records": TEXT}, "dataframe_records", id="no records"),
        pytest.param({"dataframe_records": [TEXT]}, "dataframe_records.0", id="no record"),
        pytest.param({"inputs": {"text": [{"text": TEXT}]}}, "inputs.0", id="record in a column"),
        pytest.param({"dataframe_records": {"text": [TEXT]}}, "dataframe_records", id="columns"),
        pytest.param({"dataframe_split": [TEXT]}, "dataframe_split", id="no split"),
        pytest.param(
            {"dataframe_split": {"columns": ["text"], "data": [[TEXT]], "rows": 1}},
            "dataframe_split",
            id="unknown part",
        ),
        pytest.param({"dataframe_split": {"columns": ["text"]}}, "dataframe_split", id="no data"),
        pytest.param(
            {"dataframe_split": {"columns": ["id", "text"], "data": [[1]]}}, "data.0", id="short"
        ),
        pytest.param(
            {"dataframe_split": {"columns": [[], {}], "data": [[1, 2]]}}, "text", id="odd columns"
        ),
        pytest.param({"inputs": [TEXT, " "]}, "第 2 行", id="blank row"),
        pytest.param({"inputs": ["字" * 1001]}, "1000", id="row too long"),
        pytest.param({"inputs": ["字"] * 51}, "50", id="too many rows"),
        pytest.param({"inputs": [TEXT], "params": {"top_k": 1}}, "top_k", id="unknown param"),
        pytest.param({"inputs": [TEXT], "params": []}, "JSON 对象", id="list of params"),
        pytest.param({"inputs": [TEXT], "params": {"threshold": 2}}, "threshold", id="range"),
        pytest.param({"inputs": [TEXT], "params": {"threshold": {"x": 0.1}}}, "x", id="label"),
    ],
)
def test_wrong_tables_are_400(client: httpx.Client, body: dict[str, Any], said: str) -> None:
    answer = invoke(client, **body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "BAD_REQUEST"
    assert said in answer.json()["message"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param(b"", "空", id="empty"),
        pytest.param(b"text\n", "空", id="no rows"),
        pytest.param(b'text\n"a', "CSV", id="open quote"),
        pytest.param(b"a,b\n1,2\n", "text", id="unnamed column"),
        pytest.param(b"a,text\n1\n", "第 1 行", id="short row"),
        pytest.param(b"text\n" + "网".encode("gbk"), "UTF-8", id="GBK"),
        pytest.param(b'text\n"' + b"x" * 140_000 + b'"', "CSV", id="cell too long"),
    ],
)
def test_wrong_csv_is_400(client: httpx.Client, table: bytes, said: str) -> None:
    answer = client.post("/mlflow/invocations", content=table, headers=CSV)
    assert answer.status_code == 400
    assert said in answer.json()["message"]


@pytest.mark.parametrize(
    "kind",
    ["text/csv; charset=gb18030", "application/json; charset=gbk", "text/plain", "text/xml"],
)
def test_only_utf8_json_and_csv_are_taken(client: httpx.Client, kind: str) -> None:
    answer = client.post("/mlflow/invocations", content=b"text\na", headers={"content-type": kind})
    assert answer.status_code == 415
    assert set(answer.json()) == {"error_code", "message"}


def test_utf8_may_be_named(client: httpx.Client) -> None:
    for charset in ("utf-8", "UTF-8", "utf8"):
        headers = {"content-type": f"text/csv; charset={charset}"}
        content = f"text\n{TEXT}".encode()
        assert client.post("/mlflow/invocations", content=content, headers=headers).is_success


def test_the_server_says_that_it_is_well(client: httpx.Client) -> None:
    for path in ("/mlflow/ping", "/mlflow/health"):
        assert client.get(path).status_code == 200
    assert client.get("/mlflow/version").text[0].isdigit()
