"""Labels out and in, through the real `govtheme corpus`."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from model.bundled import bundled
from model.codebook import load_codebook
from service.workbench.database import Database
from service.workbench.errors import WorkbenchError
from service.workbench.labelling.corpora import (
    Imported,
    Labelled,
    export,
    export_by_person,
    import_judgements,
    read_labelled,
)
from service.workbench.labelling.judging import judge
from service.workbench.labelling.labels import settled
from tests.service.workbench.labelling import GRID, HELP, HOME, ROAD, candidates, make_queue

CODEBOOK = load_codebook(bundled("codebook.toml"))
TEXT = "志愿者帮物业清理楼道。"


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def labelled(database: Database) -> int:
    """A queue that two people have been through; they differ on the last."""
    queue, paragraphs = make_queue(database, 4, readers=2)
    with database.session() as session:
        for person, said in (
            ("甲", [[ROAD], [], [GRID, HELP], [ROAD]]),
            ("乙", [[ROAD], [], [GRID, HELP], []]),
        ):
            for paragraph, labels in zip(paragraphs, said, strict=True):
                judge(session, paragraph, person, labels)
    return queue


def test_a_corpus_for_training_holds_what_is_decided(database: Database) -> None:
    queue = labelled(database)
    with database.session() as session:
        data = export(session, queue, "jsonl")
    rows = lines(data)
    assert [row["labels"] for row in rows] == [[ROAD], [], [GRID, HELP]]
    assert {row["group"] for row in rows} == {"0.txt"}
    assert all(set(row["annotators"]) == {"甲", "乙"} for row in rows)
    assert rows[0]["text"] == candidates(1)[0][0].text
    assert rows[0]["source"] == "试标"


@pytest.mark.parametrize("form", ["csv", "doccano"])
def test_what_goes_out_comes_in_again(tmp_path: Path, form: str) -> None:
    database = Database("", tmp_path / "workbench.sqlite")
    queue = labelled(database)
    with database.session() as session:
        data = export(session, queue, form)
    path = tmp_path / {"csv": "o.csv"}.get(form, "o.jsonl")
    path.write_bytes(data)
    rows = read_labelled(path, CODEBOOK)
    assert [row.labels for row in rows] == [(ROAD,), (), (GRID, HELP)]
    again, _ = make_queue(database, 4, name="再来一次")
    with database.session() as session:
        assert import_judgements(session, again, "丙", rows) == Imported(3, 0)
        found = [item.labels for item in settled(session, again)]
    database.close()
    assert found == [row.labels for row in rows]


def test_all_queues_come_as_one_corpus(database: Database) -> None:
    """A text once where they agree; where they do not, nobody knows."""
    for name, labels in (("一", [[ROAD], [GRID], []]), ("二", [[ROAD], [HELP]])):
        _, paragraphs = make_queue(database, len(labels), name=name)
        with database.session() as session:
            for paragraph, said in zip(paragraphs, labels, strict=True):
                judge(session, paragraph, "甲", said)
    with database.session() as session:
        rows = lines(export(session, None, "jsonl"))
    assert [row["labels"] for row in rows] == [[ROAD], []]


def test_each_person_has_a_file(database: Database) -> None:
    queue = labelled(database)
    with database.session() as session:
        data = export_by_person(session, queue)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = {name: lines(archive.read(name)) for name in archive.namelist()}
    assert set(found) == {"甲.jsonl", "乙.jsonl"}
    assert [row["labels"] for row in found["乙.jsonl"]] == [[ROAD], [], [GRID, HELP], []]


def test_nothing_decided_is_no_corpus(database: Database) -> None:
    queue, _ = make_queue(database, 1)
    with database.session() as session:
        with pytest.raises(WorkbenchError, match="还没有定下来的标签"):
            export(session, queue, "jsonl")
        with pytest.raises(WorkbenchError, match="还没有人标过"):
            export_by_person(session, queue)


def label_studio(choices: Sequence[str]) -> str:
    result = {"from_name": "t", "to_name": "x", "type": "choices", "value": {"choices": choices}}
    task = {"id": 1, "data": {"text": TEXT}, "annotations": [{"result": [result]}]}
    return json.dumps([task])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.jsonl", json.dumps({"text": TEXT, "label": ["3", "4"]}), id="doccano"),
        pytest.param("a.csv", f"id,text,label\n1,{TEXT},志愿服务#物业管理\n", id="doccano csv"),
        pytest.param("a.json", label_studio(["志愿服务", HOME]), id="Label Studio"),
        pytest.param("a.csv", f"正文,主题\n{TEXT},物业管理;志愿服务\n", id="a table"),
    ],
)
def test_other_tools_files_are_read(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert read_labelled(path, CODEBOOK) == [Labelled(TEXT, (HELP, HOME))]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param('{"text": "一段", "label": ["天气"]}', "不认识的标签.*天气", id="label"),
        pytest.param('{"content": "一段"}', "没有标签列", id="no labels"),
        pytest.param("不是 JSON", "不是 JSON", id="no JSON"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(WorkbenchError, match=reason) as caught:
        read_labelled(path, CODEBOOK)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_contradicts_itself_changes_nothing(database: Database) -> None:
    queue, _ = make_queue(database, 2)
    text = candidates(1)[0][0].text
    with (
        pytest.raises(WorkbenchError, match="两种标签"),
        database.session() as session,
    ):
        import_judgements(session, queue, "丙", [Labelled(text, (ROAD,)), Labelled(text, ())])
    with database.session() as session:
        assert list(settled(session, queue)) == []
        found = import_judgements(session, queue, "丙", [Labelled("不在里面", ())])
    assert found == Imported(0, 1)
