from pathlib import Path

import pytest

from model.errors import ArtifactError
from model.learnt import ROWS_FILE
from model.store import ModelStore
from tests.small import small_corpus
from training.corpus import Row
from training.memory import SKETCHES_FILE, Memory, marks_of, remembered, sort_rows

LONG = (
    "老城区的污水管网改造已经完成三公里，剩下的两公里年底前完工，沿线居民出行请绕道人民路和解放路。"
)
OTHER = (
    "大学生志愿服务队到村里支教一个月，教孩子们唱歌画画，还给村小学捐了三百本图书和二十台旧电脑。"
)


def memory_of(tmp_path: Path, *rows: Row) -> Memory:
    for name, text in remembered(rows).items():
        (tmp_path / name).write_text(text, encoding="ascii")
    memory = Memory.of(tmp_path)
    assert memory is not None
    return memory


def test_an_artifact_knows_its_rows(store: ModelStore, tmp_path: Path) -> None:
    memory = Memory.of(store.folder())
    assert memory is not None
    corpus = small_corpus()
    again = [Row("x", f" {row.text[:3]} {row.text[3:]}", ()) for row in corpus.rows]
    fresh = Row("y", "这一段谁也没有学过。", ())
    found = sort_rows([*corpus.rows, *again, fresh], memory)
    assert found.fresh == (fresh,)
    assert (found.known, found.near) == (2 * len(corpus.rows), 0)
    assert Memory.of(tmp_path) is None


def test_a_row_of_a_known_document_is_known(tmp_path: Path) -> None:
    known = memory_of(tmp_path, Row("1", "一", (), group="信7"))
    other, third = Row("2", "二", (), group="信7"), Row("3", "三", (), more={"doc": "信7"})
    assert sort_rows([other, third], known).fresh == (third,)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LONG.replace("三公里", "四公里"), id="another number"),
        pytest.param(f"{LONG}特此通知。", id="a line more"),
        pytest.param(LONG[6:], id="without the beginning"),
    ],
)
def test_a_near_copy_of_a_known_row_is_set_aside(tmp_path: Path, text: str) -> None:
    known = memory_of(tmp_path, Row("1", LONG, ()), Row("2", "短。", ()))
    found = sort_rows([Row("a", text, ()), Row("b", OTHER, ()), Row("c", "短", ())], known)
    assert [row.id for row in found.fresh] == ["b", "c"]
    assert (found.known, found.near) == (0, 1)
    assert found.said == "1 段与学过的几乎相同"


def test_what_any_of_several_models_knows_is_set_aside(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
    memories = memory_of(first, Row("1", LONG, ())), memory_of(second, Row("2", OTHER, ()))
    found = sort_rows([Row("a", f"{LONG}好。", ()), Row("b", OTHER, ())], *memories)
    assert found.fresh == ()
    assert found.said == "1 段是学过的，1 段与学过的几乎相同"


def test_a_model_without_sketches_knows_its_rows_by_their_hashes(tmp_path: Path) -> None:
    memory_of(tmp_path, Row("1", LONG, ()))
    (tmp_path / SKETCHES_FILE).unlink()
    known = Memory.of(tmp_path)
    assert known is not None
    near = Row("2", f"{LONG}好。", ())
    assert sort_rows([Row("1", LONG, ()), near], known).fresh == (near,)
    (tmp_path / ROWS_FILE).unlink()
    assert Memory.of(tmp_path) is None


def test_damaged_sketches_are_named(tmp_path: Path) -> None:
    memory_of(tmp_path, Row("1", LONG, ()))
    (tmp_path / SKETCHES_FILE).write_text("AAAA\n", encoding="ascii")
    with pytest.raises(ArtifactError, match=SKETCHES_FILE):
        Memory.of(tmp_path)


def test_no_text_can_be_read_from_what_is_kept() -> None:
    row = Row("1", f"张三住在幸福小区。{LONG}", (), group="信7")
    assert all(len(mark) == 16 and int(mark, 16) >= 0 for mark in marks_of(row))
    kept = "".join(remembered([row]).values())
    assert not any(character in kept for character in row.text)


def test_what_is_kept_does_not_hang_on_the_order_of_rows() -> None:
    rows = [Row(str(n), f"第{n}段：{LONG[n:]}", ()) for n in range(9)]
    assert remembered(rows) == remembered(rows[::-1])
