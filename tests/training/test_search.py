from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.artifact import read_manifest
from tests.small import small_corpus
from training.candidates import draw, neighbours
from training.corpus import Corpus, read_corpus
from training.examples import Examples
from training.features import build_features
from training.fit import folded, out_of_fold
from training.metrics import macro_f1
from training.parameters import Parameters
from training.pool import Pool
from training.search import search
from training.source import Source
from training.train import train
from training.trials import Tried, influences

CORPUS = Corpus(tuple(read_corpus().rows[::8]), read_corpus().codebook)
START = Parameters(words=(1, 1), characters=(0, 0), c=0.001, ratio_floor=None, title=0, folds=2)
"""A poor beginning, so that there is something to find."""


@pytest.fixture(scope="module")
def source() -> Source:
    return Source.bundled()


def test_a_search_finds_something_better_and_keeps_what_it_tried(source: Source) -> None:
    examples = Examples.of(CORPUS)
    told: list[tuple[int, int]] = []
    best, tried = search(
        examples, source, START, 3600.0, 2, lambda *step: told.append(step), most=3
    )
    whole = {one.parameters: one.macro_f1 for one in tried if one.rows == len(examples.rows)}
    assert tried[0].parameters == START
    assert len(whole) >= 4
    assert whole[best] == max(whole.values())
    assert whole[best] > whole[START] + 0.02
    assert told[-1][1] == 3600


def tried_with(given: np.ndarray, true: np.ndarray) -> Tried:
    return Tried(START, len(true), macro_f1(given, true), influences(given, true), 1.0)


def test_influences_give_the_standard_error_of_a_difference() -> None:
    """Held against drawing the rows anew a thousand times."""
    generator = np.random.default_rng(0)
    true = generator.uniform(size=(800, 4)) < 0.3
    first, second = (true ^ (generator.uniform(size=true.shape) < 0.1) for _ in range(2))
    drawn = [generator.integers(0, len(true), len(true)) for _ in range(1000)]
    differences = [
        macro_f1(first[some], true[some]) - macro_f1(second[some], true[some]) for some in drawn
    ]
    one, other = (influences(given, true) for given in (first, second))
    assert one.sum() == pytest.approx(0.0, abs=1e-12)
    error = np.sqrt(np.square(one - other).sum())
    assert error == pytest.approx(np.std(differences), rel=0.1)


def test_the_best_of_many_equals_does_not_take_the_place_of_the_start() -> None:
    generator = np.random.default_rng(1)
    true = generator.uniform(size=(600, 3)) < 0.4

    def tried(wrong: float) -> Tried:
        return tried_with(true ^ (generator.uniform(size=true.shape) < wrong), true)

    start, equals = tried(0.1), [tried(0.1) for _ in range(40)]
    luckiest = max(equals, key=lambda one: one.macro_f1)
    assert luckiest.macro_f1 > start.macro_f1
    assert not luckiest.clearly_better(start, 41)
    assert tried(0.03).clearly_better(start, 41)
    assert not start.clearly_better(start, 1)


def test_without_time_the_start_is_kept(source: Source) -> None:
    examples = Examples.of(small_corpus())
    best, tried = search(examples, source, START, 1e-6, 1, lambda *_: None)
    assert best == START
    assert [one.parameters for one in tried] == [START]


def test_candidates_are_the_same_every_time_and_all_different() -> None:
    drawn = draw(Parameters(), 60)
    assert drawn == draw(Parameters(), 60)
    assert len(set(drawn)) == 60
    assert Parameters() not in drawn
    assert draw(Parameters(), 10) == drawn[:10]
    assert {one.precision for one in draw(replace(Parameters(), precision=0.9), 10)} == {0.9}


def test_neighbours_differ_in_one_thing() -> None:
    usual = Parameters(title=8).as_dict()
    near = neighbours(Parameters(title=8))
    assert len(near) == len(set(near)) > 20
    for one in near:
        changed = {name for name, value in one.as_dict().items() if value != usual[name]}
        pairs = {"min_df_words", "min_df_characters"}, {"words", "characters"}
        assert len(changed) == 1 or changed in pairs
    assert any(one.title != 8 for one in near)
    assert not any(one.title for one in neighbours(Parameters(title=0)))


@pytest.mark.parametrize("title", [0, 8])
def test_a_candidate_gets_from_the_pool_what_would_be_built_for_it(
    source: Source, title: int
) -> None:
    """Columns may stand in another order: the products of all rows are the same."""
    texts = [row.text.replace("，", "\n", 1) for row in CORPUS.rows[::4]]
    start = Parameters(title=title)
    candidates = [start, *(one for one in neighbours(start) if one.c == start.c)]
    pool = Pool.of(source, texts, candidates, 2)
    assert all(pool.has(one) for one in candidates)
    part = np.arange(0, len(texts), 3)
    for one in candidates:
        built = build_features(source.reader(one), texts, one).matrix
        chosen = pool.matrix(one)
        assert chosen.shape == built.shape
        np.testing.assert_allclose((chosen @ chosen.T - built @ built.T).data, 0.0, atol=1e-9)
    some = [texts[i] for i in part.tolist()]
    built = build_features(source.reader(start), some, start).matrix
    chosen = pool.part(part).matrix(start)
    assert chosen.shape == built.shape
    np.testing.assert_allclose((chosen @ chosen.T - built @ built.T).data, 0.0, atol=1e-9)


def test_a_pool_says_what_it_does_not_have(source: Source) -> None:
    pool = Pool.of(source, [row.text for row in small_corpus().rows], [Parameters(title=0)], 1)
    assert pool.has(Parameters(title=0, words=(1, 1), characters=(2, 2), min_df_words=3))
    assert not pool.has(Parameters(title=0, characters=(1, 3)))
    assert not pool.has(Parameters(title=3))
    assert pool.has(Parameters(title=0, words=(0, 0)))


def test_what_was_found_can_be_trained_again_to_the_same_bytes(tmp_path: Path) -> None:
    found = train(small_corpus(), tmp_path / "a", Parameters(), budget=2.0)
    manifest = read_manifest(tmp_path / "a" / found.version)
    parameters = Parameters.from_dict(manifest["parameters"])
    again = train(small_corpus(), tmp_path / "b", parameters, jobs=1)
    assert again.version == found.version
    assert found.metrics["search"][0]["parameters"] == Parameters(title=0, folds=5).as_dict()
    assert "search" not in again.metrics


@pytest.mark.parametrize("content", [{"c": -1.0}, {"colour": "red"}])
def test_parameters_that_are_none_are_refused(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"c must be|colour"):
        Parameters.from_dict(content)


def test_fits_that_nobody_waits_for_any_more_are_left(source: Source) -> None:
    examples = Examples.of(small_corpus())
    matrix = build_features(source.reader(Parameters()), examples.texts, Parameters()).matrix
    folds = folded(matrix, np.arange(len(examples.rows)) % 5)
    told = []

    def look(done: int, total: int) -> None:
        told.append((done, total))
        raise InterruptedError

    with pytest.raises(InterruptedError):
        out_of_fold(folds, examples.targets, examples.weights, Parameters(), 1, look)
    assert told == [(1, 5)]
