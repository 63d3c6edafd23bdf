"""Labels with scores, best first: the answer of Hugging Face's tools."""

import math
from typing import Any

from pydantic import BaseModel

from model.decision import Decision
from service.answers import DIGITS

_EDGE = 1e-15


class LabelScore(BaseModel):
    """A label's id and its score."""

    label: str
    score: float


def ranked(decision: Decision, raw: bool = False) -> list[dict[str, Any]]:
    """Every label with its score, highest first, equal ones in codebook order.

    Args:
        raw: log-odds in place of probabilities: the numbers whose sigmoid the probabilities are.
    """
    scores = sorted(decision.scores.items(), key=lambda item: -item[1])
    return [
        {"label": label, "score": round(_log_odds(score) if raw else score, DIGITS)}
        for label, score in scores
    ]


def _log_odds(probability: float) -> float:
    inside = min(max(probability, _EDGE), 1.0 - _EDGE)
    return math.log(inside / (1.0 - inside))
