"""The account that a training gives of itself: its figures and the files that tell of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from model.classifier import ThemeClassifier
from model.codebook import Codebook
from training.card import card
from training.judged import Judged
from training.memory import remembered
from training.metrics import MOST_VALUES, figures
from training.mistakes import explainer, worst_mistakes
from training.report import report


def cross_validated(judged: Judged, curve: Sequence[Any]) -> dict[str, Any]:
    """The figures of rows that were judged by a classifier that had not seen them.

    Args:
        judged: the out-of-fold decisions.
        curve: the learning curve.
    """
    genres = {row.genre for row in judged.rows}
    by = ["genre"] if 2 <= len(genres) <= MOST_VALUES else []
    return {
        "measured_on": "cross-validation",
        **figures(judged, by),
        "learning_curve": list(curve),
    }


def files(
    content: Mapping[str, Any],
    manifest: Mapping[str, Any],
    metrics: Mapping[str, Any],
    judged: Judged,
    codebook: Codebook,
) -> dict[str, str]:
    """The files that stand beside a model, by name."""
    final = ThemeClassifier(content, {**manifest, "version": ""})
    mistakes = worst_mistakes(judged, explainer(final))
    return {
        "metrics.json": json.dumps(metrics, ensure_ascii=False, indent=1),
        "card.md": card(manifest, metrics, codebook),
        "report.html": report(metrics, codebook, about(manifest), mistakes),
        **remembered(judged.rows),
    }


def about(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How a model came about, as name and value, for people."""
    corpus = manifest["corpus"]
    parameters = "，".join(f"{name} = {value}" for name, value in manifest["parameters"].items())
    libraries = "，".join(f"{name} {number}" for name, number in manifest["libraries"].items())
    return [
        ("语料", f"{corpus['rows']:,} 段，其中 {corpus['none']:,} 段没有标签"),
        ("留作检验", f"{corpus['held_out']:,} 段没有参加训练"),
        ("语料的 SHA-256", corpus["sha256"]),
        ("编码手册", manifest["codebook"]),
        ("训练参数", parameters),
        ("库", libraries),
    ]
