"""Which texts a model was trained on."""

import shutil
from pathlib import Path

from model.learnt import learnt
from model.store import ModelStore
from tests.small import small_corpus


def test_a_model_knows_what_it_was_trained_on_and_nothing_else(store: ModelStore) -> None:
    texts = [row.text for row in small_corpus().rows]
    assert all(learnt(store.folder(), texts))
    assert not any(learnt(store.folder(), [f"{text}。" for text in texts]))


def test_blanks_make_no_other_text(store: ModelStore) -> None:
    text = small_corpus().rows[0].text
    assert learnt(store.folder(), [f" {text[:4]}\n{text[4:]}　"]) == [True]


def test_a_model_that_does_not_say_knows_nothing(store: ModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "silent"
    shutil.copytree(store.folder(), folder)
    (folder / "rows.txt").unlink()
    assert learnt(folder, [small_corpus().rows[0].text]) == [False]
