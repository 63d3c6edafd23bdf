"""What the pages say of models: figures from their files, plots, and paragraphs as HTML."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from model.signature import make_keys, sign
from service.workbench.models.changes import (
    CHUNK,
    MOST,
    as_csv,
    as_html,
    filters,
    read_summary,
    shown_rows,
)
from service.workbench.models.plots import reliability, whiskers
from service.workbench.models.versions import Score, labels_of
from service.workbench.models.versions import versions as versions_of
from tests.service.workbench.labelling import GRID, LABELS, ROAD
from tests.small import Versions

OLD = '{"format": 1, "sha256": "", "version": ""}'


def test_models_are_told_as_their_files_have_them(versions: Versions, tmp_path: Path) -> None:
    store, first, second = versions
    sign(store.folder(second), make_keys(tmp_path / "key").with_suffix(""))
    found = {one.version: one for one in versions_of(store)}
    assert set(found) == {first, second}
    metrics = json.loads((store.folder(first) / "metrics.json").read_text(encoding="utf-8"))
    one = found[first]
    assert one.macro_f1.value == metrics["macro_f1"]
    assert [one.macro_f1.low, one.macro_f1.high] == metrics["macro_f1_interval"]
    assert one.rows == store.manifest(first)["corpus"]["rows"]
    assert labels_of([one]) == list(LABELS)
    assert one.themes[ROAD].threshold == metrics["thresholds"][ROAD]
    assert one.themes[ROAD].f1.value == metrics["labels"][ROAD]["f1"]
    assert sum(count for *_, count in one.reliability) == one.rows * len(LABELS)
    assert one.signed_by is None
    assert found[second].signed_by


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("metrics.json", "{}", "损坏", id="empty"),
        pytest.param("metrics.json", "{", "损坏", id="broken"),
        pytest.param(
            "manifest.json", '{"format": 1, "sha256": "", "version": ""}', "格式号", id="old"
        ),
    ],
)
def test_a_damaged_model_is_told_of_and_hides_no_other(
    versions: Versions, name: str, content: str, said: str
) -> None:
    store, first, second = versions
    (store.folder(second) / name).write_text(content, encoding="utf-8")
    found = {one.version: one for one in versions_of(store)}
    assert said in found[second].wrong
    assert str(store.root) not in found[second].wrong
    assert found[first].wrong == ""


def test_whiskers_hold_the_figures_and_begin_below_them() -> None:
    option = whiskers(["甲", "乙"], {"a": [Score(0.9, 0.84, 0.95), None]})
    (series,) = option["series"]
    assert series["data"] == [[0, 0.9, 0.84, 0.95]]
    assert option["yAxis"]["min"] <= 0.84
    json.dumps(option)


def test_the_reliability_plot_has_a_line_for_each_model_beside_the_diagonal() -> None:
    option = reliability(("x", "y"), {"a": [(0.1, 0.12, 50)], "b": [(0.9, 0.88, 7)]})
    assert [one["data"] for one in option["series"]] == [
        [[0, 0], [1, 1]],
        [[0.1, 0.12, 50]],
        [[0.9, 0.88, 7]],
    ]


def row(text: str, gained: list[str], lost: list[str], kept: list[str]) -> dict[str, Any]:
    scores = {f"score_{when}_{label}": 0.5 for when in ("before", "after") for label in LABELS}
    sets = {"before": [*kept, *lost], "after": [*kept, *gained], "gained": gained, "lost": lost}
    return {"doc": "<i>.txt", "title": "", "para": 1, "text": text, "shift": 1.0, **sets, **scores}


NAMES: Mapping[str, str] = {ROAD: "基础<设施>", GRID: "网格管理"}


def test_what_users_wrote_is_text_and_what_changed_has_a_class() -> None:
    html = as_html([row("<img src=x onerror=alert(1)>", [GRID], [ROAD], [])], LABELS, NAMES)
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "&lt;i&gt;.txt" in html
    assert "基础&lt;设施&gt;" in html
    assert 'class="change g2 l1"' in html
    assert html.count("<article") == html.count("</article>") == 1


def test_a_score_that_a_model_does_not_have_is_a_dash() -> None:
    changed = row("修路", [], [ROAD], []) | {f"score_after_{ROAD}": None}
    assert "0.50 → –" in as_html([changed], LABELS, NAMES)


def test_every_filter_has_its_rule() -> None:
    style = filters(LABELS)
    for code in ("g1", "l4", "t2"):
        assert f'data-only="{code}"' in style


def test_the_most_changed_are_shown_and_all_are_downloaded(tmp_path: Path) -> None:
    table = tmp_path / "differences.jsonl"
    line = json.dumps(row("=1+1", [GRID], [], []), ensure_ascii=False)
    table.write_text(f"{line}\n" * (MOST + 250), encoding="utf-8")
    pieces = list(shown_rows(table))
    assert sum(map(len, pieces)) == MOST
    assert {len(piece) for piece in pieces} == {CHUNK}
    out = as_csv(table, tmp_path / "differences.csv")
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == MOST + 250
    assert rows[0]["text"] == "'=1+1"
    assert rows[-1]["gained"] == GRID


def test_without_differences_the_download_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(b"")
    assert as_csv(tmp_path / "d.jsonl", tmp_path / "d.csv").read_text("utf-8-sig").strip() == "text"


def test_a_summary_is_read_or_missing(tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    assert read_summary(said) is None
    said.write_text("Traceback", encoding="utf-8")
    assert read_summary(said) is None
    told = {"before": "a", "after": "b", "paragraphs": 2, "changed": 1, "themes": {}}
    said.write_text(json.dumps(told | {"later": 1}), encoding="utf-8")
    found = read_summary(said)
    assert found is not None
    assert (found.before, found.paragraphs, found.changed) == ("a", 2, 1)
