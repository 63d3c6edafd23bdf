"""Whether a freshly trained model is served: what `govtheme train` asks, and what it then says."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model.classifier import ThemeClassifier
from model.store import ModelStore
from service.commands import options
from service.commands.labelled import ReadingOptions, load

if TYPE_CHECKING:
    from training.corpus import Corpus, Row
    from training.gate import Verdict

_LATER = "未启用；启用：govtheme models promote {}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants done with a new model.

    Attributes:
        promote: serve it, when the gate allows it.
        force: serve it whatever the gate would say.
        gate: a labelled file to judge by, in place of the rows that were held out.
        margin: macro-F1 by which it may be worse than the current one.
        separator: what parts the labels in a cell of that file; see `training.corpus.read_corpus`.
    """

    promote: bool
    force: bool
    gate: Path | None
    margin: float
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a new model.

    Attributes:
        serving: whether it is served.
        refused: whether the gate kept it from that.
        reason: why, in words for the user.
        passed: what the gate says of it; None where it was not asked.
    """

    serving: bool
    refused: bool
    reason: str
    passed: bool | None = None


def decide(
    store: ModelStore, version: str, corpus: "Corpus", names: list[str], wish: Wish
) -> Outcome:
    """Serve a new model, or not; what the gate says of it is told in either case.

    Args:
        store: where it is.
        version: the new model.
        corpus: what it was trained on, and what was held out.
        names: the corpora as the user named them.
        wish: what the user wants.
    """
    current = store.current()
    if current == version:
        return Outcome(True, False, "与正在使用的模型相同", True)
    if current is None or (wish.force and wish.promote):
        if not wish.promote:
            return Outcome(False, False, _LATER.format(version))
        store.promote(version, "first" if current is None else "forced")
        return Outcome(True, False, f"已选用（{options.RESTART}）")
    verdict = _asked(store, version, current, corpus, names, wish)
    if not wish.promote:
        reason = f"{_LATER.format(version)}。检验的结果：{verdict.reason}"
        return Outcome(False, False, reason, verdict.passed)
    if not verdict.passed:
        return Outcome(False, True, f"没有选用，仍在使用 {current}。{verdict.reason}", False)
    store.promote(version, f"gate: {verdict.reason}")
    return Outcome(True, False, f"{verdict.reason}。已选用（{options.RESTART}）", True)


def _asked(
    store: ModelStore, version: str, current: str, corpus: "Corpus", names: list[str], wish: Wish
) -> "Verdict":
    """What the gate says."""
    from training.gate import gate

    return gate(
        store.folder(version),
        store.root / current,
        _rows(store, version, corpus, names, wish),
        margin=wish.margin,
        named=wish.gate is not None,
    )


def _rows(
    store: ModelStore, version: str, corpus: "Corpus", names: list[str], wish: Wish
) -> tuple["Row", ...]:
    """The rows to judge by: those of the file, else what was held out of each corpus."""
    from training.corpus import BUNDLED
    from training.holdout import bundled_held_out

    if wish.gate is not None:
        book = ThemeClassifier.load(store.folder(version)).codebook
        return load([str(wish.gate)], ReadingOptions(separator=wish.separator), book).rows
    return corpus.held_out + (bundled_held_out() if BUNDLED in names else ())
