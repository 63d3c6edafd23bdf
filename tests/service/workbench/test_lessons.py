"""What is learnt from labels: which rows, in which shape, and what is kept back."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from model.bundled import bundled
from model.codebook import load_codebook
from service.tables.scored import ScoredRow
from service.workbench.database import Database
from service.workbench.errors import WorkbenchError
from service.workbench.labelling.judging import judge
from service.workbench.labelling.queues import Wish, add_queue
from service.workbench.models.accuracy import TooFewError
from service.workbench.models.estimation import estimate, random_share
from service.workbench.models.lessons import (
    Plan,
    labelled_queues,
    lessons,
    write_lessons,
    write_paragraphs,
)
from service.workbench.schema import Paragraph
from tests.service.workbench.labelling import GRID, LABELS, ROAD, make_queue
from tests.small import Versions, small_corpus
from training.corpus import read_corpus

BOOK = load_codebook(bundled("codebook.toml"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database("", tmp_path / "workbench.sqlite")
    yield database
    database.close()


def say_of(database: Database, paragraphs: list[int], *labels: str) -> None:
    with database.session() as session:
        for paragraph in paragraphs:
            judge(session, paragraph, "王一", labels)


def test_random_paragraphs_are_left_out_unless_asked_for(database: Database) -> None:
    queue, paragraphs = make_queue(database, 10)
    say_of(database, paragraphs[:8], ROAD)
    with database.session() as session:
        found = lessons(session, [queue])
        everything = lessons(session, [queue], with_random=True)
        (told,) = labelled_queues(session)
    # The paragraphs 0 and 5 of every ten are random.
    assert (len(found.rows), found.kept) == (6, 2)
    assert (len(everything.rows), everything.kept) == (8, 0)
    assert (told.decided, told.random, told.name) == (8, 2, "试标")


def test_a_text_that_is_random_in_another_queue_is_left_out_too(database: Database) -> None:
    first, paragraphs = make_queue(database, 10)
    say_of(database, paragraphs, ROAD)
    with database.session() as session:
        (text, *_) = session.scalars(
            select(Paragraph.text).where(Paragraph.queue_id == first, ~Paragraph.random)
        )
        add_queue(session, Wish("另一个", "李二", "测试", LABELS), [(ScoredRow(text=text), True)])
        found = lessons(session, [first])
    assert (len(found.rows), found.kept) == (7, 3)
    assert text not in {row["text"] for row in found.rows}


def test_queues_that_contradict_each_other_teach_nothing(database: Database) -> None:
    first, paragraphs = make_queue(database, 4)
    second, others = make_queue(database, 4, name="另一个")
    say_of(database, paragraphs, ROAD)
    say_of(database, others[:2], ROAD)
    say_of(database, others[2:], GRID)
    with database.session() as session:
        found = lessons(session, [first, second], with_random=True)
    assert [len(found.rows), found.contradicted] == [2, 2]


def test_lessons_are_a_corpus_that_keeps_documents_together(
    database: Database, tmp_path: Path
) -> None:
    queue, paragraphs = make_queue(database, 10)
    say_of(database, paragraphs[:5], ROAD, GRID)
    say_of(database, paragraphs[5:])
    with database.session() as session:
        write_lessons(tmp_path / "labels.jsonl", lessons(session, [queue]).rows)
    corpus = read_corpus([str(tmp_path / "labels.jsonl")], codebook=BOOK)
    assert {row.labels for row in corpus.rows} == {(ROAD, GRID), ()}
    assert {row.group for row in corpus.rows} == {"0.txt", "1.txt", "2.txt"}
    assert {row.source for row in corpus.rows} == {"试标"}


def test_all_paragraphs_of_a_queue_are_written_labelled_or_not(
    database: Database, tmp_path: Path
) -> None:
    queue, _ = make_queue(database, 7)
    with database.session() as session:
        assert write_paragraphs(session, queue, tmp_path / "p.jsonl") == 7
    rows = [orjson.loads(line) for line in (tmp_path / "p.jsonl").read_bytes().splitlines()]
    assert rows[5] == {
        "text": "第5段：网格员走访5户，修好路灯5盏。",
        "doc": "1.txt",
        "title": "简报",
        "para": 1,
    }


def test_the_words_of_a_training() -> None:
    words = Plan(True, [Path("/j/labels.jsonl")], 300, 0.95).words(Path("/m"))
    assert words == [
        *("train", "--models", "/m", "--corpus", "bundled", "--corpus", "/j/labels.jsonl"),
        *("--no-promote", "--json", "--search", "--budget", "300s", "--precision", "0.95"),
    ]
    with pytest.raises(WorkbenchError):
        Plan(False, []).words(Path("/m"))


def test_an_estimate_leaves_out_what_the_model_has_learnt(
    database: Database, versions: Versions
) -> None:
    """All sentences of the corpus and 24 others, at random; one is not labelled."""
    store, first, _ = versions
    known = [(row.text, row.labels) for row in small_corpus().rows]
    # A full stop more makes a sentence that was never seen and that is read alike.
    fresh = [(f"{text}。", labels) for text, labels in known[:24]]
    with database.session() as session:
        chosen = [(ScoredRow(text=text), True) for text, _ in known + fresh]
        queue = add_queue(session, Wish("样", "王一", "测试", LABELS), chosen)
        said = dict(known + fresh)
        for paragraph in session.scalars(select(Paragraph)).all():
            if paragraph.text != fresh[0][0]:
                judge(session, paragraph.id, "王一", said[paragraph.text])
        sample = random_share(session, queue)
    assert (len(sample.rows), sample.undecided) == (len(known) + 23, 1)
    found = estimate(sample, store.folder(first), LABELS)
    assert (found.accuracy.rows, found.learnt, found.sample.undecided) == (23, len(known), 1)
    assert not found.sample.blind
    assert found.accuracy.documents == 23
    assert found.accuracy.exact.value > 0.8


def test_an_estimate_of_a_handful_is_refused(database: Database, versions: Versions) -> None:
    queue, paragraphs = make_queue(database, 10)
    say_of(database, paragraphs, ROAD)
    with database.session() as session:
        sample = random_share(session, queue)
    with pytest.raises(TooFewError, match="只有 2 段"):
        estimate(sample, versions[0].folder(versions[1]), LABELS)
