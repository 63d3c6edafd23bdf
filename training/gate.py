"""The gate: whether a new model may take the place of the one that is served.

It may when it is not worse beyond a margin, which is shown on labelled rows that neither model was
trained on: with 95 % confidence its macro-F1 is at most the margin below (a test of
non-inferiority, by paired bootstrap and the rule of three; `training.compare`). Too few rows, or
too few of one label, leave too much open, and then the gate says no: whoever knows better can
promote by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.classifier import ThemeClassifier
from model.errors import ArtifactError
from training.compare import Comparison, compare, judge_both
from training.corpus import Row
from training.holdout import FEWEST_EXAMPLES
from training.judged import Judged
from training.memory import Memory, Sorted, sort_rows

MARGIN = 0.02
"""Macro-F1 by which a new model may be worse: two trainings that are equally good differ by so much
on a few hundred rows."""

FEWEST_POSITIVES = 10
"""Rows that each label must have among those judged.

Simulated with four labels, one of them rare, and a new model that misses a quarter of the rare one
(0.035 of macro-F1): it passes in 47 % of cases where that label has 3 rows, in 27 % where it has 5,
and in 5 % where it has 10.
"""

_FORCE = "要直接换上，请加 --force，或用 govtheme models promote"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says.

    Attributes:
        passed: whether the new model may be served.
        reason: why, in words for the user.
        comparison: the figures; None where nothing could be compared.
    """

    passed: bool
    reason: str
    comparison: Comparison | None = None


def gate(
    folder: Path,
    current: Path,
    rows: Sequence[Row],
    *,
    margin: float = MARGIN,
    named: bool = False,
) -> Verdict:
    """Judge a new model against the current one.

    Args:
        folder, current: the artifacts of the new model and of the one being served.
        rows: labelled rows to judge by; those that a model was trained on are left out.
        margin: macro-F1 by which the new model may be worse, 0 to 1.
        named: the user chose these rows, and so wants models with different labels compared.
    """
    try:
        new = ThemeClassifier.load(folder)
    except ArtifactError as error:
        return Verdict(False, f"新模型读不出来：{error}")
    try:
        old = ThemeClassifier.load(current)
    except ArtifactError as error:
        # Nothing can be served with it, so anything is better.
        return Verdict(True, f"原来的模型已不能使用（{error}）")
    if set(old.labels) != set(new.labels):
        refusal = _other_labels(old, new, named)
        if refusal:
            return Verdict(False, refusal)
    found = _sorted(folder, current, rows, named)
    if isinstance(found, str):
        return Verdict(False, found)
    return _judged(*judge_both(old, new, found.fresh), margin, found.said, named)


def _other_labels(old: ThemeClassifier, new: ThemeClassifier, named: bool) -> str:
    """Why two models with different labels cannot be compared; empty when they can."""
    added = "、".join(sorted(set(new.labels) - set(old.labels))) or "无"
    gone = "、".join(sorted(set(old.labels) - set(new.labels))) or "无"
    said = f"两个模型的标签不同（新有：{added}；不再有：{gone}）"
    if not set(old.labels) & set(new.labels):
        return f"{said}，没有相同的标签可比。{_FORCE}"
    if not named:
        return f"{said}。要在相同的标签上比较，请用 --gate 文件；{_FORCE}"
    return ""


def _sorted(folder: Path, current: Path, rows: Sequence[Row], named: bool) -> Sorted | str:
    """The rows that neither model was trained on; where there are none, why there is no gate."""
    memories = [Memory.of(path) for path in (current, folder)]
    if None in memories and not named:
        return f"正在使用的模型没有记下它学过哪些段。请用 --gate 文件 给出检验用的段；{_FORCE}"
    found = sort_rows(rows, *(memory for memory in memories if memory is not None))
    if not found.fresh:
        why = f"（{found.said}）" if found.said else ""
        return (
            f"没有可以检验的段：{len(rows)} 段里没有一段是两个模型都没学过的{why}。"
            f"请用 --gate 文件 给出另外标好的段；{_FORCE}"
        )
    return found


def _judged(before: Judged, after: Judged, margin: float, aside: str, named: bool) -> Verdict:
    """The verdict by the labels that have rows, unless a label has too few."""
    shared = [label for label in after.labels if label in before.labels]
    positives = dict(zip(shared, after.only(shared).true.sum(axis=0).tolist(), strict=True))
    few = {label: count for label, count in positives.items() if count < FEWEST_POSITIVES}
    occur = [label for label, count in positives.items() if count]
    found = compare(before.only(occur), after.only(occur)) if occur else None
    if found is None or few:
        said = _figures(found, aside) if found else _where(len(after.rows), aside)
        return Verdict(False, f"{said}：{_too_few(few, len(shared), named)}", found)
    return verdict_of(found, margin, aside)


def _too_few(few: Mapping[str, int], labels: int, named: bool) -> str:
    """Why there is no judging a model on rows of which some labels have too few."""
    counts = "、".join(f"{label}（{count} 段）" for label, count in few.items())
    whole = "" if named else f"（语料里不足 {FEWEST_EXAMPLES} 段的标签全部用来学习，不留出）"
    return (
        f"段数太少，不足以检验。{labels} 个标签每个至少要有 {FEWEST_POSITIVES} 段，"
        f"不够的有：{counts}。可以多标一些这些标签的段{whole}；"
        f"请用 --gate 文件 给出另外标好的段；{_FORCE}"
    )


def verdict_of(found: Comparison, margin: float, aside: str = "") -> Verdict:
    """What the figures of a comparison mean for the gate.

    Args:
        found: the comparison.
        margin: macro-F1 by which the new model may be worse.
        aside: which rows were not looked at, for people.
    """
    said = _figures(found, aside)
    if found.low >= -margin:
        return Verdict(True, f"{said}：不比正在使用的差 {margin:g} 以上", found)
    if found.difference < -margin:
        return Verdict(False, f"{said}：比正在使用的差。{_FORCE}", found)
    return Verdict(
        False,
        f"{said}：段数太少，不能排除差 {margin:g} 以上（最坏 {found.low:+.3f}）。"
        f"请用 --gate 给出更多的段，或用 --margin 放宽；{_FORCE}",
        found,
    )


def _figures(found: Comparison, aside: str) -> str:
    low, high = found.interval
    return (
        f"{_where(found.rows, aside)}，宏平均 F1 从 {found.before:.3f} 到 {found.after:.3f}"
        f"（{found.difference:+.3f}，95 % 区间 {low:+.3f} 到 {high:+.3f}）"
    )


def _where(rows: int, aside: str) -> str:
    return f"在两个模型都没学过的 {rows} 段上{f'（另有 {aside}，不算）' if aside else ''}"
