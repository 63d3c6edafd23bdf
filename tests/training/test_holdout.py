import random
from dataclasses import replace

import pytest

from model.codebook import Codebook
from training.corpus import Corpus, Row, read_corpus
from training.holdout import bundled_held_out, hold_out, place

BOOK = Codebook.of_labels(["a", "b"])


def corpus_of(rows: int) -> Corpus:
    made = [Row(str(n), f"第{n}段话。", ("a",) if n % 2 else ("b",)) for n in range(rows)]
    return Corpus(tuple(made), BOOK)


def test_about_a_tenth_is_held_out_and_nothing_is_lost() -> None:
    corpus = corpus_of(2000)
    found = hold_out(corpus)
    assert 150 < len(found.held_out) < 250
    assert sorted(r.id for r in (*found.rows, *found.held_out)) == sorted(r.id for r in corpus.rows)


def test_the_same_rows_are_held_out_whatever_else_is_there() -> None:
    """In any order, under other ids, and when the corpus has grown: what was held out stays out."""
    corpus = corpus_of(1000)
    first = {row.text for row in hold_out(corpus).held_out}
    more = [replace(row, id=f"x{row.id}", line=7) for row in corpus_of(1500).rows]
    random.Random(2).shuffle(more)
    later = {row.text for row in hold_out(Corpus(tuple(more), BOOK)).held_out}
    assert first == {text for text in later if text in {row.text for row in corpus.rows}}


def test_a_group_is_never_parted() -> None:
    rows = [Row(str(n), f"第{n}段。", ("a", "b")[n % 2 :], group=f"g{n // 5}") for n in range(1000)]
    found = hold_out(Corpus(tuple(rows), BOOK))
    kept, held = ({row.group for row in some} for some in (found.rows, found.held_out))
    assert held
    assert not kept & held


def test_a_small_corpus_and_a_rare_label_are_learnt_from_whole() -> None:
    assert hold_out(corpus_of(150)).held_out == ()
    rows = [*corpus_of(1000).rows, *(Row(f"r{n}", f"少见{n}", ("c",)) for n in range(40))]
    found = hold_out(Corpus(tuple(rows), BOOK))
    assert not any("c" in row.labels for row in found.held_out)


def test_the_bundled_corpus_has_its_own_held_out_part() -> None:
    bundled = read_corpus()
    mixed = replace(bundled, rows=bundled.rows[:900] + corpus_of(600).rows)
    found = hold_out(mixed)
    assert found.held_out
    assert all(row.text.startswith("第") for row in found.held_out)
    assert hold_out(bundled).held_out == ()
    assert len(bundled_held_out()) > 400


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_share_can_be_chosen(share: float) -> None:
    found = hold_out(corpus_of(2000), share)
    assert len(found.held_out) == pytest.approx(2000 * share, abs=120)
    assert all(place(row) < share for row in found.held_out)
