"""An ML backend for Label Studio, by the bodies that its caller sends."""

import httpx
import pytest

from model.classifier import ThemeClassifier
from service.settings import Settings
from tests.service.running import TEXT, running

NONE = "今年粮食再获丰收。"
PROPERTY = "物业公司涨了物业费，业主都不同意。"
NAMES = ("基础设施", "网格管理", "志愿服务", "物业管理")


def config(*choices: str, kind: str = "multiple", more: str = "") -> str:
    inner = "".join(f'<Choice value="{choice}"/>' for choice in choices)
    return (
        f'<View><Text name="text" value="$text"/>{more}'
        f'<Choices name="label" toName="text" choice="{kind}">{inner}</Choices></View>'
    )


def predict(client: httpx.Client, xml: str, *texts: object) -> httpx.Response:
    """As `api_connector.py` of Label Studio does."""
    body = {
        "tasks": [
            {"id": n, "data": {"text": text}, "annotations": [], "project": 12}
            for n, text in enumerate(texts, 1)
        ],
        "model_version": "undefined",
        "project": "12.1710000000",
        "label_config": xml,
        "params": {"login": None, "password": None, "context": None},
    }
    return client.post("/labelstudio/predict", json=body)


def chosen(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200
    return [
        [choice for region in one["result"] for choice in region["value"]["choices"]]
        for one in answer.json()["results"]
    ]


def test_health_is_told_where_they_look(client: httpx.Client) -> None:
    for path in ("/labelstudio/health", "/labelstudio/", "/labelstudio"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.json() == {"status": "UP", "model_class": "govtheme"}
    assert client.get("/labelstudio/metrics").json() == {}


def test_a_project_is_connected(client: httpx.Client, classifier: ThemeClassifier) -> None:
    body = {
        "project": "12.1710000000",
        "schema": config(*NAMES),
        "hostname": "http://localhost:8080",
        "access_token": "token-of-a-user",
        "extra_params": None,
    }
    answer = client.post("/labelstudio/setup", json=body)
    assert answer.status_code == 200
    assert answer.json() == {"model_version": classifier.version}


def test_the_access_token_is_not_logged(
    classifier: ThemeClassifier, capfd: pytest.CaptureFixture[str]
) -> None:
    with running(Settings(), classifier) as client:
        for schema in (config(*NAMES), "<View>"):
            body = {"project": "1.1", "schema": schema, "access_token": "token-of-a-user"}
            client.post("/labelstudio/setup", json=body)
        predict(client, config(*NAMES), "秘密诉求")
    out, err = capfd.readouterr()
    assert "/labelstudio/setup" in err
    assert "token-of-a-user" not in out + err
    assert "秘密诉求" not in out + err


def test_a_prediction_has_their_shape(client: httpx.Client, classifier: ThemeClassifier) -> None:
    answer = predict(client, config(*NAMES), TEXT).json()
    (decision,) = classifier.classify([TEXT])
    assert answer["results"] == [
        {
            "result": [
                {
                    "from_name": "label",
                    "to_name": "text",
                    "type": "choices",
                    "value": {"choices": ["网格管理"]},
                }
            ],
            "score": round(decision.scores["grid_management"], 6),
            "model_version": classifier.version,
        }
    ]


def test_tasks_are_answered_in_order(client: httpx.Client) -> None:
    answer = predict(client, config(*NAMES), TEXT, NONE, PROPERTY)
    assert chosen(answer) == [["网格管理"], [], ["物业管理"]]


@pytest.mark.parametrize(
    "names",
    [
        ("infrastructure", "grid_management", "volunteer_services", "property_management"),
        NAMES,
        ("1", "2", "3", "4"),
        ("Infrastructure", "Grid management", "Volunteer services", "Property management"),
    ],
    ids=["ids", "Chinese names", "numbers", "English names"],
)
def test_choices_are_answered_as_the_project_calls_them(
    client: httpx.Client, names: tuple[str, ...], classifier: ThemeClassifier
) -> None:
    resolved = [classifier.codebook.resolve(name) for name in names]
    assert resolved == list(classifier.labels)
    assert chosen(predict(client, config(*names), TEXT, PROPERTY)) == [[names[1]], [names[3]]]


def test_an_alias_takes_the_place_of_the_value(client: httpx.Client) -> None:
    xml = config("基础设施").replace(
        "</Choices>", '<Choice value="网格管理" alias="wg"/></Choices>'
    )
    assert chosen(predict(client, xml, TEXT)) == [["wg"]]


def test_one_choice_is_the_surest(client: httpx.Client, classifier: ThemeClassifier) -> None:
    both = f"{TEXT}{PROPERTY}"
    (decision,) = classifier.classify([both])
    assert set(decision.labels) == {"grid_management", "property_management"}
    surest = max(decision.labels, key=lambda label: decision.scores[label])
    weakest = min(decision.labels, key=lambda label: decision.scores[label])
    several = predict(client, config(*NAMES), both)
    assert chosen(several) == [[classifier.codebook.name(label) for label in (surest, weakest)]]
    assert several.json()["results"][0]["score"] == round(decision.scores[weakest], 6)
    for kind in ("single", "single-radio"):
        single = predict(client, config(*NAMES, kind=kind), both)
        assert chosen(single) == [[classifier.codebook.name(surest)]]
        assert single.json()["results"][0]["score"] == round(decision.scores[surest], 6)


def test_a_word_for_no_theme_is_used(client: httpx.Client, classifier: ThemeClassifier) -> None:
    answer = predict(client, config(*NAMES, "无主题"), NONE)
    assert chosen(answer) == [["无主题"]]
    (decision,) = classifier.classify([NONE])
    assert answer.json()["results"][0]["score"] == round(1 - max(decision.scores.values()), 6)


def test_themes_that_the_project_does_not_have_are_left_out(client: httpx.Client) -> None:
    assert chosen(predict(client, config("基础设施", "别的"), TEXT)) == [[]]


def test_tasks_without_a_text_get_no_choice(client: httpx.Client) -> None:
    answer = predict(client, config(*NAMES), "", TEXT, None, " \n")
    assert chosen(answer) == [[], ["网格管理"], [], []]
    assert [one["score"] > 0 for one in answer.json()["results"]] == [False, True, False, False]
    assert predict(client, config(*NAMES)).json()["results"] == []


def test_the_right_choices_are_found_among_others(client: httpx.Client) -> None:
    """Those over a picture, those over a text that must be fetched, those that name no label."""
    more = (
        '<Image name="photo" value="$photo"/><Choices name="a" toName="photo">'
        '<Choice value="网格管理"/></Choices>'
        '<Text name="far" value="$url" valueType="url"/><Choices name="b" toName="far">'
        '<Choice value="网格管理"/></Choices>'
        '<Choices name="c" toName="text"><Choice value="正面"/></Choices>'
    )
    answer = predict(client, config(*NAMES, more=more), TEXT).json()
    assert answer["results"][0]["result"][0]["from_name"] == "label"


BOMB = (
    '<!DOCTYPE v [<!ENTITY a "网格"><!ENTITY b "&a;&a;&a;">]>'
    '<View><Text name="t" value="$t"/>'
    '<Choices name="c" toName="t"><Choice value="&b;"/></Choices></View>'
)


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        pytest.param("", "XML", id="empty"),
        pytest.param("<View>", "XML", id="not closed"),
        pytest.param("<View/>", "Choices", id="nothing in it"),
        pytest.param(config(), "Choices", id="no choices"),
        pytest.param(config("正面", "负面"), "网格管理", id="other choices"),
        pytest.param(config(*NAMES).replace("$text", "text"), "$列名", id="constant text"),
        pytest.param(config(*NAMES).replace('toName="text"', ""), "toName", id="over nothing"),
        pytest.param(BOMB, "DOCTYPE", id="entities"),
        pytest.param('<!DOCTYPE v SYSTEM "file:///etc/passwd"><v/>', "DOCTYPE", id="file"),
        pytest.param("<View>&x;</View>", "XML", id="unknown entity"),
        pytest.param("<View>\0</View>", "XML", id="NUL"),
        pytest.param("<a>" * 20_000, "XML", id="deep"),
    ],
)
def test_configurations_that_cannot_be_used_are_refused(
    client: httpx.Client, xml: str, said: str
) -> None:
    for answer in (
        client.post("/labelstudio/setup", json={"project": "1.1", "schema": xml}),
        predict(client, xml, TEXT),
    ):
        assert answer.status_code == 422
        assert said in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"label_config": config(*NAMES)}, "tasks"),
        ({"tasks": [{"data": {"text": TEXT}}]}, "label_config"),
        ({"tasks": {}, "label_config": config(*NAMES)}, "tasks"),
        ({"tasks": [{"id": 1}], "label_config": config(*NAMES)}, "tasks.0.data"),
        ({"tasks": [{"data": []}], "label_config": config(*NAMES)}, "tasks.0.data"),
        ({"tasks": [{"data": {"body": "a"}}], "label_config": config(*NAMES)}, "data.text"),
        ({"tasks": [{"data": {"text": 3}}], "label_config": config(*NAMES)}, "data.text"),
        ({"tasks": [{"data": {"text": "字" * 1001}}], "label_config": config(*NAMES)}, "1000"),
        ({"tasks": [{"data": {"text": "字"}}] * 51, "label_config": config(*NAMES)}, "50"),
        ([], "JSON"),
    ],
)
def test_wrong_requests_name_the_field(client: httpx.Client, body: object, said: str) -> None:
    answer = client.post("/labelstudio/predict", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["error"]


@pytest.mark.parametrize(
    "action",
    ["ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATION_DELETED", "START_TRAINING"],
)
def test_events_are_acknowledged(client: httpx.Client, action: str) -> None:
    body = {"action": action, "project": {"id": 12, "label_config": config(*NAMES)}}
    answer = client.post("/labelstudio/webhook", json=body)
    assert answer.status_code == 201
    assert answer.json() == {"result": {"trained": False}, "status": "ok"}


@pytest.mark.parametrize("body", [{"action": "TASKS_CREATED"}, {}])
def test_unknown_events_are_told_so(client: httpx.Client, body: dict[str, object]) -> None:
    answer = client.post("/labelstudio/webhook", json=body)
    assert answer.status_code == 200
    assert answer.json() == {"status": "Unknown event"}


@pytest.mark.parametrize("body", [{"action": ["START_TRAINING"]}, ["START_TRAINING"]])
def test_what_is_no_event_is_refused(client: httpx.Client, body: object) -> None:
    answer = client.post("/labelstudio/webhook", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]
