"""What people say of paragraphs, on both databases: kept, taken back, shared out, never lost."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from service.workbench.database import Database
from service.workbench.errors import UnknownThingError, WorkbenchError
from service.workbench.labelling.judging import judge, standing
from service.workbench.labelling.labels import settled
from service.workbench.labelling.queues import (
    check_name,
    close_queue,
    get_queue,
    overviews,
    remove_queue,
)
from service.workbench.labelling.seat import HELD_SECONDS, Reservations, Seat
from service.workbench.labelling.settling import settle
from service.workbench.schema import Judgement, Paragraph
from tests.service.workbench.labelling import GRID, HOME, LABELS, ROAD, make_queue

READERS = 2


def seat(database: Database, queue: int, person: str, reservations: Reservations) -> Seat:
    return Seat(database, reservations, queue, person)


def test_a_person_goes_through_a_queue_in_its_order(database: Database) -> None:
    queue, paragraphs = make_queue(database, 4)
    mine = seat(database, queue, "甲", Reservations())
    sheet = mine.sit()
    shown = []
    while sheet.paragraph is not None:
        shown.append(sheet.paragraph.id)
        sheet = mine.save(sheet.paragraph.id, [ROAD])
    assert shown == paragraphs
    assert (mine.standing().mine, mine.standing().left) == (4, 0)


def test_labels_are_kept_in_the_codebooks_order_and_none_is_an_answer(database: Database) -> None:
    queue, paragraphs = make_queue(database, 2)
    mine = seat(database, queue, "甲", Reservations())
    mine.save(paragraphs[0], [HOME, ROAD])
    mine.save(paragraphs[1], [])
    with database.session() as session:
        assert [item.labels for item in settled(session, queue)] == [(ROAD, HOME), ()]


def test_undo_goes_back_and_brings_what_was_said(database: Database) -> None:
    queue, paragraphs = make_queue(database, 3)
    mine = seat(database, queue, "甲", Reservations())
    mine.save(paragraphs[0], [GRID])
    mine.skip(paragraphs[1])
    skipped = mine.undo()
    assert skipped.paragraph is not None
    assert (skipped.paragraph.id, skipped.labels) == (paragraphs[1], None)
    judged = mine.undo()
    assert judged.paragraph is not None
    assert (judged.paragraph.id, judged.labels) == (paragraphs[0], (GRID,))
    with pytest.raises(WorkbenchError, match="没有可以撤销的"):
        mine.undo()
    assert mine.standing().left == 3


def test_undo_works_for_whoever_comes_back(database: Database) -> None:
    """A page that was closed, or a workbench that was started again, forgets nothing."""
    queue, paragraphs = make_queue(database, 3)
    seat(database, queue, "甲", Reservations()).save(paragraphs[0], [GRID])
    again = seat(database, queue, "甲", Reservations()).undo()
    assert again.paragraph is not None
    assert again.paragraph.id == paragraphs[0]


def test_rows_are_only_added(database: Database) -> None:
    queue, paragraphs = make_queue(database, 1)
    mine = seat(database, queue, "甲", Reservations())
    mine.save(paragraphs[0], [GRID])
    mine.undo()
    mine.save(paragraphs[0], [ROAD])
    with database.session() as session:
        rows = session.scalars(select(Judgement).order_by(Judgement.id)).all()
    assert [row.labels for row in rows] == [[GRID], None, [ROAD]]
    assert [row.latest for row in rows] == [False, False, True]


def test_what_was_skipped_can_be_taken_up_again(database: Database) -> None:
    queue, paragraphs = make_queue(database, 2)
    mine = seat(database, queue, "甲", Reservations())
    mine.skip(paragraphs[0])
    assert mine.skip(paragraphs[1]).paragraph is None
    assert (mine.standing().skipped, mine.standing().left) == (2, 0)
    sheet = mine.take_up_skipped()
    assert sheet.paragraph is not None
    assert mine.standing().left == 2


def test_each_paragraph_goes_to_as_many_people_as_wanted(database: Database) -> None:
    queue, paragraphs = make_queue(database, 3, readers=READERS)
    reservations = Reservations()
    for person in ("甲", "乙"):
        for paragraph in paragraphs:
            seat(database, queue, person, reservations).save(paragraph, [])
        seat(database, queue, person, reservations).leave()
    assert seat(database, queue, "丙", reservations).sit().paragraph is None
    with database.session() as session:
        (seen,) = overviews(session, "甲")
    assert (seen.total, seen.done, seen.mine, seen.random) == (3, 3, 3, 1)
    assert set(seen.people) == {"甲", "乙"}


def test_two_people_do_not_take_the_last_place_of_one_paragraph(database: Database) -> None:
    now = [0.0]
    queue, paragraphs = make_queue(database, 2)
    reservations = Reservations(lambda: now[0])
    people = [seat(database, queue, person, reservations) for person in ("甲", "乙", "丙")]
    first, second, third = (one.sit() for one in people)
    assert first.paragraph is not None
    assert second.paragraph is not None
    assert [first.paragraph.id, second.paragraph.id] == paragraphs
    assert third.paragraph is None
    assert third.busy
    # Who stays away too long has it no more.
    now[0] += HELD_SECONDS + 1
    late = people[2].sit()
    assert late.paragraph is not None
    assert late.paragraph.id == paragraphs[0]


def test_nobody_gets_what_is_settled_or_closed(database: Database) -> None:
    queue, paragraphs = make_queue(database, 2, readers=READERS)
    with database.session() as session:
        settle(session, paragraphs[0], "甲", [ROAD])
    sheet = seat(database, queue, "乙", Reservations()).sit()
    assert sheet.paragraph is not None
    assert sheet.paragraph.id == paragraphs[1]
    with database.session() as session:
        close_queue(session, queue, True)
    assert seat(database, queue, "乙", Reservations()).sit().paragraph is None
    with pytest.raises(WorkbenchError, match="已经收起"):
        seat(database, queue, "乙", Reservations()).save(paragraphs[1], [])


def test_what_cannot_be_is_refused_and_nothing_is_written(database: Database) -> None:
    queue, paragraphs = make_queue(database, 1)
    mine = seat(database, queue, "甲", Reservations())
    with pytest.raises(WorkbenchError, match="没有标签 weather"):
        mine.save(paragraphs[0], [ROAD, "weather"])
    with pytest.raises(UnknownThingError, match="没有段落"):
        mine.save(10**6, [ROAD])
    with database.session() as session:
        assert session.scalars(select(Judgement)).all() == []
        with pytest.raises(UnknownThingError):
            get_queue(session, queue + 1)
        with pytest.raises(WorkbenchError, match="已有名为“试标”的队列"):
            check_name(session, " 试标 ")


def test_a_removed_queue_takes_everything_with_it(database: Database) -> None:
    queue, paragraphs = make_queue(database, 2)
    kept, _ = make_queue(database, 2, name="另一个")
    seat(database, queue, "甲", Reservations()).save(paragraphs[0], [])
    with database.session() as session:
        settle(session, paragraphs[1], "甲", [])
        remove_queue(session, queue)
    with database.session() as session:
        assert [seen.queue.id for seen in overviews(session, "甲")] == [kept]
        assert session.scalars(select(Judgement)).all() == []


def test_many_at_once_lose_nothing_and_double_nothing(database: Database) -> None:
    """Eight people label one queue with two readers a paragraph, all at the same time."""
    queue, paragraphs = make_queue(database, 40, readers=READERS)
    reservations = Reservations()

    def label(person: str) -> int:
        mine = seat(database, queue, person, reservations)
        sheet, count = mine.sit(), 0
        while sheet.paragraph is not None:
            count += 1
            sheet = mine.save(sheet.paragraph.id, [LABELS[count % 4]])
        return count

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(label, "甲乙丙丁戊己庚辛"))
    with database.session() as session:
        rows = session.scalars(select(Judgement)).all()
    assert len(rows) == sum(counts) == READERS * len(paragraphs)
    assert all(row.latest for row in rows)
    assert len({(row.paragraph_id, row.person) for row in rows}) == len(rows)


def test_two_pages_of_one_person_leave_one_latest_word(database: Database) -> None:
    queue, paragraphs = make_queue(database, 1)

    def say(n: int) -> None:
        with database.session() as session:
            judge(session, paragraphs[0], "甲", [LABELS[n % 4]])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say, range(40)))
    with database.session() as session:
        rows = session.scalars(select(Judgement)).all()
        assert standing(session, get_queue(session, queue), "甲").mine == 1
    assert len(rows) == 40
    assert sum(row.latest for row in rows) == 1


LABELLING = """
import sys
from pathlib import Path
from service.workbench.database import Database
from service.workbench.labelling.seat import Reservations, Seat

seat = Seat(Database(sys.argv[1], Path("unused")), Reservations(), int(sys.argv[2]), "甲")
sheet = seat.sit()
while sheet.paragraph is not None:
    done = sheet.paragraph.id
    sheet = seat.save(done, ["infrastructure"])
    print(done, flush=True)
"""


def test_every_acknowledged_judgement_outlives_a_kill(
    database: Database, database_url: str
) -> None:
    queue, paragraphs = make_queue(database, 400)
    words = [sys.executable, "-c", LABELLING, database_url, str(queue)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(25)]
        process.kill()
        told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    with database.session() as session:
        kept = [row.paragraph_id for row in session.scalars(select(Judgement))]
        left = session.get(Paragraph, paragraphs[-1])
    assert set(told) <= set(kept)
    assert len(kept) - len(told) in (0, 1)
    assert left is not None
    assert len(kept) < len(paragraphs)
    # Whoever comes next goes on behind it.
    sheet = seat(database, queue, "甲", Reservations()).sit()
    assert sheet.paragraph is not None
    assert sheet.paragraph.id == paragraphs[len(kept)]
