from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.artifact import read_manifest
from tests.small import small_corpus
from training.corpus import Corpus, Row, read_corpus
from training.features import Features, build_features
from training.folds import canonical
from training.parameters import Parameters
from training.search import Tried, draw, search
from training.train import corpus_reader, train

CORPUS = Corpus(tuple(read_corpus().rows[::8]), read_corpus().codebook)
START = Parameters(words=(1, 1), characters=(0, 0), c=0.001, ratio_floor=None, folds=2)
"""A poor beginning, so that there is something to find."""


def build(rows: Sequence[Row], parameters: Parameters) -> Features:
    return build_features(corpus_reader(parameters), [row.text for row in rows], parameters)


def test_a_search_finds_something_better_and_keeps_what_it_tried() -> None:
    rows = canonical(CORPUS.rows)
    targets = np.array([[label in row.labels for label in CORPUS.codebook.ids] for row in rows])
    told: list[tuple[int, int]] = []
    best, tried = search(
        rows, targets, START, build, 3600.0, 2, lambda *step: told.append(step), most=3
    )
    whole = {one.parameters: one.macro_f1 for one in tried if one.rows == len(rows)}
    assert tried[0].parameters == START
    assert len(whole) == 4
    assert whole[best] == max(whole.values())
    assert whole[best] > whole[START] + 0.02
    assert told[-1][1] == 3600


def test_only_what_most_folds_find_better_takes_the_place_of_the_start() -> None:
    def tried(*by_fold: float) -> Tried:
        return Tried(START, 100, float(np.mean(by_fold)), by_fold, 1.0)

    start = tried(0.80, 0.82, 0.78)
    assert tried(0.82, 0.84, 0.81).clearly_better(start)
    assert not tried(0.90, 0.78, 0.76).clearly_better(start)
    assert not start.clearly_better(start)
    assert not tried(0.79, 0.81, 0.77).clearly_better(start)


def test_without_time_the_start_is_kept() -> None:
    rows = canonical(small_corpus().rows)
    ids = small_corpus().codebook.ids
    targets = np.array([[label in row.labels for label in ids] for row in rows])
    best, tried = search(rows, targets, START, build, 1e-6, 1, lambda *_: None)
    assert best == START
    assert len({one.parameters for one in tried}) <= 2


def test_candidates_are_the_same_every_time_and_all_different() -> None:
    drawn = draw(Parameters(), 60)
    assert drawn == draw(Parameters(), 60)
    assert len(set(drawn)) == 60
    assert Parameters() not in drawn
    assert draw(Parameters(), 10) == drawn[:10]
    assert {one.precision for one in draw(replace(Parameters(), precision=0.9), 10)} == {0.9}


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
