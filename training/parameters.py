"""The settings of a training, kept in the artifact."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parameters:
    """How to train.

    Attributes:
        words, characters: n-gram lengths as (shortest, longest); (0, 0) is none.
        min_df_words, min_df_characters: a feature must stand in at least so many rows; None lets
            it grow with the corpus.
        sublinear: 1 + ln(count) in place of counts.
        c: inverse regularisation strength of the support vector machines, > 0.
        balanced: weigh the rows of a label so that its positives count as much as the others.
        folds: folds of the cross-validation that gives calibration and thresholds, 2 to 20.

    Raises:
        ValueError: a value out of range.
    """

    words: tuple[int, int] = (1, 2)
    characters: tuple[int, int] = (2, 3)
    min_df_words: int | None = None
    min_df_characters: int | None = None
    sublinear: bool = True
    c: float = 1.0
    balanced: bool = False
    folds: int = 5

    def __post_init__(self) -> None:
        if not 0.0 < self.c < float("inf"):
            raise ValueError(f"c must be above 0, not {self.c}")
        if not 2 <= self.folds <= 20:
            raise ValueError(f"folds must be 2 to 20, not {self.folds}")
        for name, least in (("words", self.min_df_words), ("characters", self.min_df_characters)):
            if least is not None and least < 1:
                raise ValueError(f"min_df_{name} must be at least 1, not {least}")

    def min_df(self, kind: str, rows: int) -> int:
        """In how many of so many rows a feature of a kind (`word`, `character`) must stand.

        Large corpora can do without rare features: on 10,000 rows these leave 60,000 of 200,000
        and lose nothing that could be measured.
        """
        given = self.min_df_words if kind == "word" else self.min_df_characters
        if given is not None:
            return given
        words, characters = (1, 1) if rows < 500 else (2, 4) if rows < 4000 else (4, 10)
        return words if kind == "word" else characters

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the artifact."""
        return asdict(self)
