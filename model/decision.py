"""From probabilities to what is said of a text: labels, a status, what is uncertain.

Each label has a threshold and a band around it. A text gets every label whose probability is at or
above its threshold; when a label lies in its band, the text is `uncertain` and that label is named,
whichever side of the threshold it is on. Where texts of the corpus never have two labels, only the
best one is looked at; where they never have none, the best one is given in any case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.features import Floats

Bools = NDArray[np.bool_]

Status = Literal["labelled", "none", "uncertain"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of text that moved a label's score.

    Attributes:
        label: the label's id.
        start, end: code points in the text as it came in, half-open.
        text: that stretch.
        weight: what it adds to the margin of the label, before calibration.
    """

    label: str
    start: int
    end: int
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What the model says of one text.

    Attributes:
        labels: ids at or above their thresholds, in codebook order.
        status: `uncertain` when a label lies in its band, else `labelled` or `none`.
        uncertain: the ids that lie in their bands, in codebook order.
        scores: the calibrated probability of every label, in codebook order.
        evidence: filled only when it was asked for.
    """

    labels: tuple[str, ...]
    status: Status
    uncertain: tuple[str, ...]
    scores: Mapping[str, float]
    evidence: tuple[Evidence, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The rule that turns probabilities into decisions.

    Attributes:
        labels: the ids, in codebook order.
        at: the threshold of each label, in [0, 1].
        bands: lower and upper edge of each label's band; an edge on either side of the threshold.
        at_least_one: the best label is given even when it is below its threshold.
        at_most_one: no label but the best is given.
    """

    labels: tuple[str, ...]
    at: tuple[float, ...]
    bands: tuple[tuple[float, float], ...]
    at_least_one: bool = False
    at_most_one: bool = False

    def replaced(self, wanted: float | Mapping[str, float]) -> "Thresholds":
        """These thresholds in place of the stored ones, for one label or for all, without a band.

        A text may then be below all of them and have no label.

        Raises:
            ValueError: a threshold outside 0 to 1, or a label that the model does not have.
        """
        given = dict.fromkeys(self.labels, wanted) if isinstance(wanted, int | float) else wanted
        unknown = sorted(set(given) - set(self.labels))
        if unknown:
            raise ValueError(f"没有标签 {'、'.join(unknown)}；可用的标签：{'、'.join(self.labels)}")
        for label, value in given.items():
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"标签 {label} 的阈值 {value} 不在 0 到 1 之间")
        at = tuple(given.get(label, old) for label, old in zip(self.labels, self.at, strict=True))
        bands = tuple(
            (given[label], given[label]) if label in given else band
            for label, band in zip(self.labels, self.bands, strict=True)
        )
        return Thresholds(self.labels, at, bands, self.at_least_one and not given, self.at_most_one)

    def apply(self, probabilities: Floats) -> tuple[Bools, Bools]:
        """Which labels are given and which are uncertain, shape (texts, labels) each."""
        given = probabilities >= np.array(self.at)
        low, high = np.array(self.bands).reshape(-1, 2).T
        unsure = (probabilities >= low) & (probabilities < high)
        if self.at_least_one or self.at_most_one:
            best = np.zeros_like(given)
            if len(best):
                best[np.arange(len(best)), probabilities.argmax(axis=1)] = True
            if self.at_most_one:
                given &= best
                unsure &= best
            if self.at_least_one:
                given |= best & ~given.any(axis=1, keepdims=True)
        # A label that is given only because it is the best may lie below its band.
        return given, unsure | (given & (probabilities < high))

    def decide(self, probabilities: Floats) -> list[Decision]:
        """One decision for each row of probabilities, shape (texts, labels)."""
        given, unsure = self.apply(probabilities)
        return [
            self._decision(*row)
            for row in zip(given.tolist(), unsure.tolist(), probabilities.tolist(), strict=True)
        ]

    def _decision(self, given: list[bool], unsure: list[bool], scores: list[float]) -> Decision:
        labels = tuple(compress(self.labels, given))
        uncertain = tuple(compress(self.labels, unsure))
        status: Status = "uncertain" if uncertain else "labelled" if labels else "none"
        return Decision(labels, status, uncertain, dict(zip(self.labels, scores, strict=True)))
