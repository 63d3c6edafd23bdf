"""What each model answers to each question, asked in process, and which model was current when."""

import json
import time
from collections.abc import Sequence
from typing import Any

from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.answers import answer, paragraph_result, result

GRACE = 4.0
"""Seconds that a worker may take to notice another model and load it, on a busy machine."""

_CLOSE = 2e-6
"""Scores are shown to six decimals, and may fall to either side of the last one."""


class Oracle:
    """Knows the right answers.

    Args:
        versions: the models that may be current.
    """

    def __init__(self, store: ModelStore, versions: Sequence[str]) -> None:
        self._models = {v: ThemeClassifier.load(store.folder(v)) for v in versions}
        self._known: dict[tuple[str, str], Any] = {}
        self._promoted: list[tuple[float, str]] = []

    def promoted(self, version: str) -> None:
        """A model is current from now on."""
        self._promoted.append((time.monotonic(), version))

    def current(self, began: float, ended: float) -> set[str]:
        """The models that a request in this time may have been answered by."""
        found = set()
        for number, (when, version) in enumerate(self._promoted):
            after = self._promoted[number + 1 :]
            until = after[0][0] + GRACE if after else float("inf")
            if when <= ended and until >= began:
                found.add(version)
        return found

    def fault(self, question: dict[str, Any], said: Any, began: float, ended: float) -> str:
        """What is wrong with an answer; empty when nothing is."""
        version = said["model"]["version"]
        if version not in (current := self.current(began, ended)):
            return f"version {version}, when {sorted(current)} was current"
        expected = self._expected(version, question)
        return "" if same(said, expected) else f"answer differs from {version}'s own: {said!r:.300}"

    def line_fault(self, text: str, said: Any, began: float, ended: float) -> str:
        """The same for a line of a stream."""
        version = said.get("model", "none")
        results = {name: value for name, value in said.items() if name not in ("model", "id")}
        whole = {"model": {"version": version, "codebook": "1.0.0"}, "results": [results]}
        return self.fault({"text": text}, whole, began, ended)

    def _expected(self, version: str, question: dict[str, Any]) -> Any:
        key = version, json.dumps(question, sort_keys=True)
        if key not in self._known:
            self._known[key] = _answer(self._models[version], **question)
        return self._known[key]


def _answer(
    classifier: ThemeClassifier,
    text: str | None = None,
    texts: Sequence[str] | None = None,
    document: str | None = None,
    **options: Any,
) -> Any:
    evidence = options.get("evidence", False)
    if document is not None:
        found = classifier.classify_document(document, **options)
        return answer(classifier, [paragraph_result(item, evidence) for item in found])
    asked = [text] if text is not None else list(texts or ())
    return answer(classifier, [result(d, evidence) for d in classifier.classify(asked, **options)])


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal, but for the last decimal of a number."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _CLOSE
    return bool(one == other)
