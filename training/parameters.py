"""The settings of a training, kept in the artifact."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

Classifier = Literal["svm", "logistic", "ridge", "average"]

_TITLE = 8
_LARGE_ROWS = 5000
_LARGE_CHARACTERS = 1_200_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """How to train.

    Attributes:
        words, characters: n-gram lengths as (shortest, longest); (0, 0) is none.
        min_df_words, min_df_characters: a feature must stand in at least so many rows; None lets
            it grow with the corpus.
        title: what stands in a title counts so many times more, 0 to 100; None is 8 where at
            least half of the rows have a title (`model.title`), else 0.
        sublinear: 1 + ln(count) in place of counts.
        classifier: a linear support vector machine, logistic regression, ridge, or the mean of all.
        c: inverse regularisation strength of the classifier, > 0.
        ratio_floor: features are multiplied with the size of their log-count ratio and this, ≥ 0;
            None leaves them as they are.
        balanced: weigh the rows of a label so that its positives count as much as the others.
        folds: folds of the cross-validation that gives calibration and thresholds, 2 to 20; None is
            5, and 3 on a large corpus.
        precision: choose thresholds that give labels with this precision, in (0, 1); None chooses
            them for F1.
        given_right, withheld_right: what share of the labels that are given outside the bands, and
            of those that are not, is to be right; in (0, 1).
        confidence: with what confidence that is to hold, in (0, 1).

    Raises:
        ValueError: a value out of range.
    """

    words: tuple[int, int] = (1, 2)
    characters: tuple[int, int] = (1, 2)
    min_df_words: int | None = None
    min_df_characters: int | None = None
    title: int | None = None
    sublinear: bool = True
    classifier: Classifier = "svm"
    c: float = 0.7
    ratio_floor: float | None = 0.7
    balanced: bool = False
    folds: int | None = None
    precision: float | None = None
    given_right: float = 0.95
    withheld_right: float = 0.99
    confidence: float = 0.9

    def __post_init__(self) -> None:
        if self.classifier not in get_args(Classifier):
            raise ValueError(f"classifier must be one of {get_args(Classifier)}")
        if not 0.0 < self.c < float("inf"):
            raise ValueError(f"c must be above 0, not {self.c}")
        if self.ratio_floor is not None and not 0.0 <= self.ratio_floor < float("inf"):
            raise ValueError(f"ratio_floor must be at least 0, not {self.ratio_floor}")
        if self.title is not None and not 0 <= self.title <= 100:
            raise ValueError(f"title must be 0 to 100, not {self.title}")
        if self.folds is not None and not 2 <= self.folds <= 20:
            raise ValueError(f"folds must be 2 to 20, not {self.folds}")
        for name, least in (("words", self.min_df_words), ("characters", self.min_df_characters)):
            if least is not None and least < 1:
                raise ValueError(f"min_df_{name} must be at least 1, not {least}")
        for name in ("precision", "given_right", "withheld_right", "confidence"):
            share = getattr(self, name)
            if share is not None and not 0.0 < share < 1.0:
                raise ValueError(f"{name} must be between 0 and 1, not {share}")

    def min_df(self, kind: str, rows: int, characters: int) -> int:
        """In how many rows a feature of a kind (`word`, `character`) must stand.

        Large corpora can do without rare features: they leave a third of the vocabulary and lose
        nothing that could be measured; short texts need them.

        Args:
            kind: of the feature.
            rows, characters: how large the corpus is.
        """
        given = self.min_df_words if kind == "word" else self.min_df_characters
        if given is not None:
            return given
        if rows < 500:
            return 1
        return {"word": 2, "character": 4}[kind] * (2 if characters > _LARGE_CHARACTERS else 1)

    def settled(self, rows: int, titled: float) -> "Parameters":
        """These parameters with what hangs on the corpus: how much a title counts, how many folds.

        Args:
            rows: how many there are.
            titled: what share of them has a title.
        """
        title = (_TITLE if titled >= 0.5 else 0) if self.title is None else self.title
        return replace(self, title=title, folds=self.folds or (5 if rows < _LARGE_ROWS else 3))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Parameters":
        """The parameters of an artifact's manifest.

        Raises:
            ValueError: a name that is not one of a parameter, or a value out of range.
        """
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in content.items()
        }
        try:
            return cls(**plain)
        except TypeError as error:
            raise ValueError(str(error)) from error

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the artifact."""
        return asdict(self)
