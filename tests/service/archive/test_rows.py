"""Batches of documents, and reading ahead of them."""

import threading
import time
from collections.abc import Iterator

import pytest

from model.classifier import ThemeClassifier
from model.document import Document
from model.features import BATCH_TEXTS
from service.archive.rows import BatchScorer, ahead, batches, overlapped
from service.reading.errors import Rejected


def test_batches_go_across_documents_and_end_where_they_are_full() -> None:
    long = Document("路修通了。\n" * (BATCH_TEXTS + 10), source="长")
    found = list(batches([Document("一。", source="一"), Rejected("坏", ""), long]))
    assert [len(batch.paragraphs) for batch in found] == [BATCH_TEXTS, 11]
    assert [[each.source for each in batch.documents] for batch in found] == [["一", "长"], ["长"]]
    assert [batch.finished for batch in found] == [0, 2]
    assert [each.doc for batch in found for each in batch.rejected] == ["坏"]
    assert found[0].numbers.tolist() == [0, *range(BATCH_TEXTS - 1)]
    assert found[1].numbers.tolist() == list(range(BATCH_TEXTS - 1, BATCH_TEXTS + 10))
    assert set(found[1].paragraphs.document_of.tolist()) == {0}


def test_a_mark_between_documents_ends_a_batch() -> None:
    one, two = Document("一。", source="一"), Document("", source="二")
    found = list(batches([None, one, None, None, two, None, Rejected("坏", "")]))
    assert [(batch.finished, len(batch.rejected)) for batch in found] == [(1, 0), (1, 0), (0, 1)]


def test_a_table_cell_is_one_row_whatever_it_looks_like(classifier: ThemeClassifier) -> None:
    cell = Document("路。\n桥。", source="t.csv#2", columns={"编号": "1", "kind": "甲"}, whole=True)
    (batch,) = batches([cell])
    scored = BatchScorer(classifier, evidence=False, keep_text=True).score(batch)
    (row,) = scored.rows()
    assert (row["kind"], row["text"], row["编号"], row["kind_input"]) == (
        "body",
        "路。\n桥。",
        "1",
        "甲",
    )


def test_an_empty_batch_has_no_rows(classifier: ThemeClassifier) -> None:
    (batch,) = batches([Document("", source="空")])
    for evidence in (False, True):
        scored = BatchScorer(classifier, evidence=evidence, keep_text=True).score(batch)
        assert list(scored.rows()) == []


def test_reading_ahead_keeps_the_order() -> None:
    assert list(ahead(iter(range(1000)), 2)) == list(range(1000))


def test_an_error_while_reading_ahead_comes_in_its_place() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise OSError("disk")

    read = ahead(failing(), 2)
    assert next(read) == 1
    with pytest.raises(OSError, match="disk"):
        next(read)


def test_nobody_reads_ahead_for_one_who_has_left() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 0

    read = ahead(endless(), 2)
    next(read)
    read.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "reading"]


@pytest.mark.parametrize("slow", [False, True])
def test_a_thread_reads_ahead_only_where_reading_waits(slow: bool) -> None:
    readers = []

    def reading() -> Iterator[int]:
        for number in range(5):
            readers.append(threading.current_thread().name)
            time.sleep(0.05 * slow)
            yield number

    assert list(overlapped(reading(), 2)) == list(range(5))
    assert (set(readers[1:]) == {"reading"}) == slow
