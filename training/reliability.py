"""Whether probabilities mean what they say, and what is gained by answering only what is sure.

A reliability curve holds what was predicted against what was true, in ten equal bins; the expected
calibration error is the mean gap, weighted by rows (Naeini, Cooper and Hauskrecht 2015).
"""

from typing import Any

import numpy as np

from model.features import Floats
from training.judged import Bools, Judged

BINS = 10
COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


def curve(probabilities: Floats, true: Bools) -> list[dict[str, float]]:
    """For each bin that is not empty: its share of decisions, mean probability, share true."""
    flat, hits = probabilities.ravel(), true.ravel()
    bins = np.minimum((flat * BINS).astype(np.int64), BINS - 1)
    counts, sums, found = (
        np.bincount(bins, weights, BINS) for weights in (None, flat, hits.astype(np.float64))
    )
    return [
        {
            "from": n / BINS,
            "to": (n + 1) / BINS,
            "decisions": int(counts[n]),
            "predicted": float(sums[n] / counts[n]),
            "observed": float(found[n] / counts[n]),
        }
        for n in range(BINS)
        if counts[n]
    ]


def calibration_error(probabilities: Floats, true: Bools) -> float:
    """The expected calibration error, 0 (probabilities mean what they say) to 1."""
    bins = curve(probabilities, true)
    total = sum(one["decisions"] for one in bins)
    gaps = sum(one["decisions"] * abs(one["predicted"] - one["observed"]) for one in bins)
    return gaps / total if total else 0.0


def reliability(judged: Judged) -> dict[str, Any]:
    """The reliability curve over all labels, the mean calibration error, and Brier's score."""
    errors = [
        calibration_error(judged.probabilities[:, n], judged.true[:, n])
        for n in range(len(judged.labels))
    ]
    return {
        "expected_calibration_error": float(np.mean(errors)) if errors else 0.0,
        "by_label": dict(zip(judged.labels, errors, strict=True)),
        "brier": float(np.mean((judged.probabilities - judged.true) ** 2)) if errors else 0.0,
        "curve": curve(judged.probabilities, judged.true),
    }


def sureness(judged: Judged) -> Floats:
    """How likely the whole answer is right, were labels independent: log scale, shape (rows,)."""
    right = np.where(judged.given, judged.probabilities, 1 - judged.probabilities)
    sums: Floats = np.log(np.clip(right, 1e-12, 1.0)).sum(axis=1)
    return sums


def coverage(judged: Judged) -> list[dict[str, float]]:
    """What is right when only the surest rows are answered: precision of labels, exact matches."""
    order = np.argsort(-sureness(judged), kind="stable")
    points = []
    for share in COVERAGES:
        chosen = order[: max(1, round(share * len(order)))]
        given, true = judged.given[chosen], judged.true[chosen]
        points.append(
            {
                "coverage": share,
                "rows": len(chosen),
                "precision": float((given & true).sum() / max(1, given.sum())),
                "exact_match": float((given == true).all(axis=1).mean()) if len(chosen) else 0.0,
            }
        )
    return points


def answered(judged: Judged) -> dict[str, Any]:
    """What was observed on the rows that the model did not call uncertain, and on the others."""
    unsure = judged.unsure
    right = (judged.given == judged.true).all(axis=1)
    kept = ~judged.uncertain
    correct = (judged.given == judged.true) & kept
    return {
        "share": float((~unsure).mean()) if len(unsure) else 0.0,
        "exact_match": _mean(right[~unsure]),
        "exact_match_uncertain": _mean(right[unsure]),
        "decisions_right": {
            label: _mean(correct[:, n][kept[:, n]]) for n, label in enumerate(judged.labels)
        },
    }


def _mean(values: Bools) -> float | None:
    return float(values.mean()) if len(values) else None
