"""The settings of a training, kept in the artifact."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parameters:
    """How to train.

    Attributes:
        words, characters: n-gram lengths as (shortest, longest); (0, 0) is none.
        min_df_words, min_df_characters: a feature must stand in at least so many rows.
        sublinear: 1 + ln(count) in place of counts.
        c: inverse regularisation strength of the logistic regressions, > 0.
        balanced: weigh the rows of a label so that its positives count as much as the others.
        folds: folds of the cross-validation that gives calibration and thresholds, 2 to 20.
        seed: of everything that is drawn.

    Raises:
        ValueError: a value out of range.
    """

    words: tuple[int, int] = (1, 2)
    characters: tuple[int, int] = (1, 3)
    min_df_words: int = 2
    min_df_characters: int = 2
    sublinear: bool = True
    c: float = 10.0
    balanced: bool = True
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.c < float("inf"):
            raise ValueError(f"c must be above 0, not {self.c}")
        if not 2 <= self.folds <= 20:
            raise ValueError(f"folds must be 2 to 20, not {self.folds}")
        if min(self.min_df_words, self.min_df_characters) < 1:
            raise ValueError(
                "min_df must be at least 1, not "
                f"{self.min_df_words} (words) and {self.min_df_characters} (characters)"
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the artifact."""
        return asdict(self)
