"""How far people agree: kappa and alpha for each theme, alpha for whole label sets.

Cohen (1960) for each pair of people over the paragraphs that both judged, averaged over the pairs;
Krippendorff (2011) over all paragraphs that at least two judged. Label sets are compared by MASI
(Passonneau 2006), which is lenient where one set holds the other. A figure is None where it says
nothing: too few shared paragraphs, or everybody always said the same.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.workbench.schema import Judgement, Paragraph

Opinions = Mapping[str, frozenset[str]]
"""What each person said of one paragraph."""


@dataclass(frozen=True, slots=True)
class ThemeAgreement:
    """How far people agree on one theme.

    Attributes:
        kappa: Cohen's, averaged over pairs of people, -1 to 1.
        alpha: Krippendorff's, at most 1.
        given: judgements that hold the theme, among the shared paragraphs.
    """

    label: str
    kappa: float | None
    alpha: float | None
    given: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree in a queue.

    Attributes:
        shared: paragraphs that at least two people judged.
        equal: those of them on which all said exactly the same.
        alpha: Krippendorff's, of whole label sets by MASI.
        themes: one a label, in the queue's order.
        pairs: for each pair of people, how many paragraphs both judged and on how many they said
            exactly the same.
    """

    shared: int
    equal: int
    alpha: float | None
    themes: tuple[ThemeAgreement, ...]
    pairs: Mapping[tuple[str, str], tuple[int, int]]

    @property
    def exact(self) -> float | None:
        """The share of shared paragraphs on which all said the same."""
        return self.equal / self.shared if self.shared else None


def opinions(session: Session, queue: int) -> dict[int, dict[str, frozenset[str]]]:
    """What people say of each paragraph of a queue that anybody has judged, by its id."""
    said: dict[int, dict[str, frozenset[str]]] = {}
    rows = session.execute(
        select(Judgement.paragraph_id, Judgement.person, Judgement.labels)
        .join(Paragraph)
        .where(Paragraph.queue_id == queue, Judgement.latest, Judgement.labels.is_not(None))
        .order_by(Paragraph.place, Judgement.person)
    )
    for paragraph, person, labels in rows:
        said.setdefault(paragraph, {})[person] = frozenset(labels or ())
    return said


def agreement(said: Sequence[Opinions], labels: Sequence[str]) -> Agreement:
    """How far people agree, from what they said of each paragraph."""
    shared = [each for each in said if len(each) > 1]
    pairs = _pairs(shared)
    return Agreement(
        shared=len(shared),
        equal=sum(len(set(each.values())) == 1 for each in shared),
        alpha=_alpha([list(each.values()) for each in shared], _masi),
        themes=tuple(_theme(label, shared, pairs) for label in labels),
        pairs={
            pair: (len(both), sum(one == other for one, other in both))
            for pair, both in pairs.items()
        },
    )


def cohen_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Cohen's kappa of two people's answers; None when chance alone would make them equal."""
    if not pairs:
        return None
    total = len(pairs)
    observed = sum(one == other for one, other in pairs) / total
    first, second = (sum(answers) / total for answers in zip(*pairs, strict=True))
    chance = first * second + (1 - first) * (1 - second)
    return None if chance == 1 else (observed - chance) / (1 - chance)


def masi(one: frozenset[str], other: frozenset[str]) -> float:
    """The MASI distance of two sets, 0 for equal ones to 1 for ones without a common member."""
    common, either = len(one & other), len(one | other)
    if not either:
        return 0.0
    if one == other:
        weight = 1.0
    elif one <= other or other <= one:
        weight = 2 / 3
    else:
        weight = 1 / 3 if common else 0.0
    return 1.0 - weight * common / either


Both = list[tuple[frozenset[str], frozenset[str]]]


def _pairs(shared: Sequence[Opinions]) -> dict[tuple[str, str], Both]:
    """What both of each pair of people said of the paragraphs that both judged."""
    found: dict[tuple[str, str], Both] = {}
    for each in shared:
        for one, other in combinations(sorted(each), 2):
            found.setdefault((one, other), []).append((each[one], each[other]))
    return dict(sorted(found.items()))


def _theme(
    label: str, shared: Sequence[Opinions], pairs: Mapping[tuple[str, str], Both]
) -> ThemeAgreement:
    kappas = [
        cohen_kappa([(label in one, label in other) for one, other in both])
        for both in pairs.values()
    ]
    known = [kappa for kappa in kappas if kappa is not None]
    only = frozenset((label,))
    units = [[said & only for said in each.values()] for each in shared]
    return ThemeAgreement(
        label,
        fmean(known) if known else None,
        _alpha(units, None),
        sum(bool(said) for unit in units for said in unit),
    )


def _alpha(units: Sequence[Sequence[frozenset[str]]], distance: Any) -> float | None:
    """Krippendorff's alpha of values that are sets; None for nominal distance."""
    values = sorted({value for unit in units for value in unit}, key=sorted)
    if len(values) < 2:
        return None
    # Slow to load, and wanted by nobody who only labels.
    import krippendorff

    places = {value: place for place, value in enumerate(values)}
    counts = np.zeros((len(units), len(values)), dtype=np.int64)
    for row, unit in enumerate(units):
        for value, count in Counter(unit).items():
            counts[row, places[value]] = count
    return float(
        krippendorff.alpha(
            value_counts=counts,
            value_domain=list(range(len(values))),
            level_of_measurement=distance(values) if distance else "nominal",
        )
    )


def _masi(values: Sequence[frozenset[str]]) -> Any:
    """MASI as the library wants a distance: over arrays of places."""
    table = np.array([[masi(one, other) for other in values] for one in values])

    def distance(
        _v1: NDArray[Any], _v2: NDArray[Any], i1: NDArray[Any], i2: NDArray[Any], **_: Any
    ) -> NDArray[np.float64]:
        distances: NDArray[np.float64] = table[i1, i2]
        return distances

    return distance
