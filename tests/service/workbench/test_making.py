"""A queue made in a process of its own, from what `govtheme score` wrote and from files."""

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.cli import main
from service.client import AsyncClient
from service.reading.options import ReadingOptions
from service.settings import Settings
from service.tables.scored import read_scored
from service.workbench.database import Database
from service.workbench.errors import WorkbenchError
from service.workbench.labelling.making import Making, Order, make, pasted, score, uploaded
from service.workbench.labelling.queues import Wish
from service.workbench.labelling.selection import Plan
from service.workbench.schema import Paragraph, Queue
from tests.service.running import TEXT, running
from tests.service.workbench.labelling import LABELS
from tests.small import small_corpus


def order(table: Path, store: ModelStore, url: str, wanted: int = 20) -> Order:
    wish = Wish("档案一", "王一", "档案：测试", LABELS, readers=2, blind=True)
    return Order(table, {}, Plan(wanted, 0.2, 1), wish, store.root, url, table.parent / "w.sqlite")


def score_letters(store: ModelStore, folder: Path) -> Path:
    texts = folder / "letters.txt"
    lines = [row.text for row in small_corpus().rows if len(row.labels) < 2]
    texts.write_text("\n".join([*lines, "责任编辑：张三"]), encoding="utf-8")
    table = folder / "o.jsonl"
    words = ["score", str(texts), "--out", str(table), "--models", str(store.root)]
    assert main([*words, "--workers", "1"]) == 0
    return table


def test_a_scored_archive_becomes_a_queue(
    store: ModelStore, tmp_path: Path, database: Database, database_url: str
) -> None:
    making = Making("档案一", "王一")
    asked = order(score_letters(store, tmp_path), store, database_url)
    make(asked, making)
    assert (making.step, making.reason) == ("done", "")
    with database.session() as session:
        queue = session.get_one(Queue, making.queue)
        rows = session.scalars(select(Paragraph).order_by(Paragraph.place)).all()
    assert (queue.model, queue.labels, queue.readers) == (store.current(), list(LABELS), 2)
    assert "随机种子 1" in queue.origin
    assert [row.place for row in rows] == list(range(20))
    assert sum(row.random for row in rows) == 4
    assert all(set(row.scores) == set(LABELS) for row in rows)
    assert not any("责任编辑" in row.text for row in rows)
    # The name is taken now: nothing is added, and the reason is told.
    again = Making("档案一", "王一")
    make(asked, again)
    assert again.step == "failed"
    assert "已有名为" in again.reason


def test_a_process_that_is_killed_leaves_no_queue(store: ModelStore, tmp_path: Path) -> None:
    """Its table is a pipe that never ends, so that it is certainly in the middle."""
    table = tmp_path / "o.jsonl"
    os.mkfifo(table)
    url = f"sqlite:///{tmp_path / 'w.sqlite'}"
    making = Making("档案一", "王一")
    thread = threading.Thread(target=make, args=(order(table, store, url), making))
    thread.start()
    # Opening it waits for the process that reads.
    with table.open("wb"):
        assert making.process is not None
        os.kill(making.process.pid or 0, signal.SIGKILL)
        thread.join()
    assert making.step == "failed"
    assert "中断" in making.reason
    database = Database(url, tmp_path / "unused")
    with database.session() as session:
        assert session.scalars(select(Queue)).all() == []
    database.close()


def test_a_table_without_paragraphs_is_told_of(store: ModelStore, tmp_path: Path) -> None:
    table = tmp_path / "o.jsonl"
    table.write_text("", encoding="utf-8")
    making = Making("档案一", "王一")
    make(order(table, store, ""), making)
    assert "没有可标的段落" in making.reason


def test_lists_and_tables_are_taken_a_row_at_a_time(tmp_path: Path) -> None:
    rows = ["网格员入户走访，登记台账。", "物业涨价，业主不同意。"]
    assert pasted(f"\n {rows[0]} \r\n\n{rows[1]}\n") == rows
    text = tmp_path / "list.txt"
    text.write_bytes("\n".join(rows).encode("gb18030"))
    book = tmp_path / "list.xlsx"
    sheet = openpyxl.Workbook()
    for cells in (["编号", "诉求内容"], ["1", rows[0]], ["2", rows[1]]):
        sheet.active.append(cells)
    sheet.save(book)
    for path in (text, book):
        assert uploaded(path, path.name, ReadingOptions()) == rows
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(WorkbenchError, match=r"broken\.xlsx 读不进来"):
        uploaded(broken, broken.name, ReadingOptions())


def test_what_the_server_refuses_is_left_out_and_counted(
    classifier: ThemeClassifier, tmp_path: Path
) -> None:
    texts = [TEXT, "长" * 100, "修路灯。"]
    making, table = Making("清单", "王一"), tmp_path / "o.jsonl"

    async def ask(address: str) -> None:
        async with AsyncClient(address) as client:
            await score(client, texts, table, making)

    # In a thread: the browser of other tests has a loop in this one.
    with (
        running(Settings(max_characters=50), classifier) as http,
        ThreadPoolExecutor(1) as pool,
    ):
        pool.submit(asyncio.run, ask(str(http.base_url))).result()
    assert (making.step, making.count, making.refused) == ("score", 3, 1)
    found = list(read_scored(table, {}))
    assert [item.text for item in found] == [TEXT, "修路灯。"]
    assert [item.codebook for item in found] == [classifier.codebook.version] * 2
    assert found[0].proposed == ("grid_management",)
