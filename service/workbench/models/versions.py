"""The models of the store, as their own files describe them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model.artifact import MANIFEST_FILE
from model.errors import UserError
from model.signature import signer
from model.store import ModelStore

METRICS_FILE = "metrics.json"


@dataclass(frozen=True, slots=True)
class Score:
    """A figure, 0 to 1, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ThemeScores:
    """How well a model knows a theme, by the cross-validation of its training.

    Attributes:
        support: paragraphs of the corpus that have it.
        threshold: the probability from which on it is given.
    """

    precision: float
    recall: float
    f1: Score
    support: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Version:
    """A model of the store; one that cannot be used has `wrong` and nothing else.

    Attributes:
        trained: when its files were written.
        wrong: why it cannot be used; empty when it can.
        rows, held_out, none: paragraphs that it learnt from, that were kept from it, and, of the
            first, those without a theme.
        macro_f1, exact: by cross-validation.
        uncertain: the share of paragraphs with a theme in its band.
        reliability: of paragraphs with about one probability: its mean, how often the theme was
            true, and how many decisions there were.
        signed_by: the fingerprint that a signature claims, unchecked; None without one.
    """

    version: str
    trained: datetime
    wrong: str = ""
    codebook: str = ""
    rows: int = 0
    held_out: int = 0
    none: int = 0
    macro_f1: Score = Score(0, 0, 0)
    exact: Score = Score(0, 0, 0)
    uncertain: float = 0.0
    themes: Mapping[str, ThemeScores] = field(default_factory=dict)
    reliability: tuple[tuple[float, float, int], ...] = ()
    signed_by: str | None = None


def versions(store: ModelStore) -> list[Version]:
    """All models, the newest first."""
    return [read_version(store, name) for name in reversed(store.versions())]


def read_version(store: ModelStore, version: str) -> Version:
    """One model.

    Raises:
        NoModelError: there is none of this version.
    """
    folder = store.folder(version)
    written = (folder / MANIFEST_FILE).stat().st_mtime
    trained = datetime.fromtimestamp(written, UTC)
    try:
        manifest = store.manifest(version)
        metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
        return _described(version, trained, manifest, metrics, folder)
    except (UserError, OSError) as error:
        return Version(version, trained, _reason(error, folder))
    except (KeyError, TypeError, ValueError) as error:
        return Version(
            version, trained, f"{METRICS_FILE} 或 {MANIFEST_FILE} 损坏（{type(error).__name__}）"
        )


def labels_of(versions: Sequence[Version]) -> list[str]:
    """The labels of all models, in the order in which they first come."""
    return list(dict.fromkeys(label for one in versions for label in one.themes))


def _described(
    version: str,
    trained: datetime,
    manifest: Mapping[str, Any],
    metrics: Mapping[str, Any],
    folder: Path,
) -> Version:
    corpus, intervals = manifest["corpus"], metrics["intervals"]
    return Version(
        version,
        trained,
        codebook=manifest["codebook"],
        rows=corpus["rows"],
        held_out=corpus["held_out"],
        none=corpus["none"],
        macro_f1=Score(metrics["macro_f1"], *intervals["macro_f1"]),
        exact=Score(metrics["exact_match"], *intervals["exact_match"]),
        uncertain=metrics["uncertain_share"],
        themes={
            label: ThemeScores(
                one["precision"],
                one["recall"],
                Score(one["f1"], *one["intervals"]["f1"]),
                one["support"],
                metrics["thresholds"][label],
            )
            for label, one in metrics["labels"].items()
        },
        reliability=tuple(
            (part["predicted"], part["observed"], part["decisions"])
            for part in metrics["reliability"]["curve"]
            if part["decisions"]
        ),
        signed_by=signer(folder),
    )


def _reason(error: Exception, folder: Path) -> str:
    """Why, without the folder: whoever looks knows which model it is, and need not know where."""
    return str(error).replace(f"模型 {folder} 不能使用：", "").replace(str(folder), folder.name)
