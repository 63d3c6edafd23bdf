"""Scored tables read back, as `govtheme score` really writes them, in every format."""

from pathlib import Path

import pytest

from model.bundled import bundled
from model.codebook import load_codebook
from model.store import ModelStore
from service.cli import main
from service.tables.formats import TableError
from service.tables.scored import ScoredRow, find_table, read_scored
from tests.small import small_corpus

NAMES = {theme.name_zh: theme.id for theme in load_codebook(bundled("codebook.toml")).themes}
SENTENCES = [row.text for row in small_corpus().rows[:12]]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Letters, one that Excel would run, and a table with columns of its own."""
    folder = tmp_path_factory.mktemp("inputs")
    page = ["=HYPERLINK开头的一段，说的是路灯和水管。", *SENTENCES, "责任编辑：张三"]
    (folder / "page.txt").write_text("\n".join(page), encoding="utf-8")
    rows = ["编号,正文,score_weather", f"7,{SENTENCES[0]}业主都来了。,0.9"]
    (folder / "table.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def scored(inputs: Path, out: Path, store: ModelStore, *options: str) -> Path:
    words = ["score", str(inputs), "--out", str(out), "--models", str(store.root), "--workers", "1"]
    assert main([*words, *options]) == 0
    return find_table(out.parent)


def read(table: Path) -> list[ScoredRow]:
    return list(read_scored(table, NAMES))


def test_every_format_says_the_same(inputs: Path, store: ModelStore, tmp_path: Path) -> None:
    found = {}
    for name in ("o.jsonl", "o.csv", "o.xlsx", "o.parquet", "folder"):
        (tmp_path / name.replace(".", "_")).mkdir()
        out = tmp_path / name.replace(".", "_") / name
        found[name] = read(scored(inputs, out, store))
    lines = found.pop("o.jsonl")
    texts = [item.text for item in lines]
    assert set(SENTENCES) < set(texts)
    assert "=HYPERLINK开头的一段，说的是路灯和水管。" in texts
    assert not any("责任编辑" in text for text in texts)
    assert {item.model for item in lines} == {store.current()}
    assert all(list(item.scores or {}) == list(NAMES.values()) for item in lines)
    for other in found.values():
        assert sorted(other, key=lambda item: (item.doc, item.para)) == sorted(
            lines, key=lambda item: (item.doc, item.para)
        )


def test_a_table_without_texts_is_refused(inputs: Path, store: ModelStore, tmp_path: Path) -> None:
    table = scored(inputs, tmp_path / "o.csv", store, "--no-keep-text")
    with pytest.raises(TableError, match="没有原文"):
        read(table)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        pytest.param(
            "a.jsonl", '{"text": "一段", "kind": "body"}', "不是判断的结果", id="no scores"
        ),
        pytest.param("a.jsonl", '{"text": "一段", ', "读不出来", id="half a line"),
        pytest.param("a.csv", "text,score_a,model\n一段,高,x", "读不出来", id="no number"),
    ],
)
def test_what_is_no_scored_table_is_refused(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(TableError, match=reason):
        read(tmp_path / name)


def test_one_table_is_found_and_only_one(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="没有结果表"):
        find_table(tmp_path / "missing")
    for name in ("o.csv", "o.csv.rejected.jsonl", "o.csv.summary.json", "o.csv.report.html"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert find_table(tmp_path).name == "o.csv"
    (tmp_path / "p.xlsx").write_text("", encoding="utf-8")
    with pytest.raises(TableError, match="有 2 张表"):
        find_table(tmp_path)
