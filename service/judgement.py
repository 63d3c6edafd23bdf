"""How evaluations and comparisons look in a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from model.codebook import Codebook

_KINDS = {"mended": "改对了", "broken": "改错了", "other": "都不对"}


def by_table(column: str, values: Mapping[str, Mapping[str, Any]]) -> Table:
    """The figures for each value of a column."""
    table = Table(title=f"按 {column} 分")
    table.add_column(column)
    for name in ("段数", "宏平均 F1", "95 % 区间", "完全一致"):
        table.add_column(name, justify="right")
    for value, one in values.items():
        low, high = one["macro_f1_interval"] or (None, None)
        table.add_row(
            value or "（未注明）",
            str(one["rows"]),
            "–" if one["macro_f1"] is None else f"{one['macro_f1']:.3f}",
            "–" if low is None else f"{low:.3f}–{high:.3f}",
            f"{one['exact_match']:.3f}",
        )
    return table


def comparison_lines(found: Mapping[str, Any], before: str, after: str) -> list[str]:
    """A comparison in words."""
    low, high = found["interval"]
    kinds = [change["kind"] for change in found["changes"]]
    verdict = (
        f"{after} 更好" if low > 0 else f"{after} 更差" if high < 0 else "看不出差别（区间里有 0）"
    )
    figures = (
        f"在 {found['rows']} 段（{found['documents']} 份文字）上，宏平均 F1："
        f"{before} {found['before']:.3f}，{after} {found['after']:.3f}"
    )
    difference = (
        f"差 {found['difference']:+.3f}（95 % 区间 {low:+.3f} 到 {high:+.3f}，"
        f"p = {found['p']:.3f}）：{verdict}"
    )
    changed = "，".join(f"{name} {kinds.count(kind)}" for kind, name in _KINDS.items())
    lines = [figures, difference, f"判断不同的 {len(kinds)} 段：{changed}"]
    if found["left_out"]:
        lines.append(f"只比较两个模型都有的标签；没有比较：{'、'.join(found['left_out'])}")
    return lines


def changes_table(changes: Sequence[Mapping[str, Any]], codebook: Codebook) -> Table:
    """The rows on which two models differ."""
    table = Table()
    for name in ("段", "", "标的是", "原来判", "现在判"):
        table.add_column(name)
    for change in changes:
        said = (names_of(change[key], codebook) for key in ("labels", "before", "after"))
        table.add_row(change["id"], _KINDS[change["kind"]], *said)
    return table


def mistake_lines(mistakes: Sequence[Mapping[str, Any]], codebook: Codebook) -> list[str]:
    """The worst mistakes: what was said, the text, the words behind it."""
    lines = ["", "错得最厉害的段："] if mistakes else []
    for mistake in mistakes:
        true, given = (names_of(mistake[key], codebook) for key in ("labels", "given"))
        found = [f"{item['text']}（{item['weight']:+.2f}）" for item in mistake["evidence"]]
        lines += [f"{mistake['id']}：标的是 {true}，模型说 {given}", f"  {mistake['text']}"]
        lines += [f"  依据：{'、'.join(found)}"] if found else []
    return lines


def suspicion_lines(suspicions: Sequence[Mapping[str, Any]], codebook: Codebook) -> list[str]:
    """Rows whose labels are doubted: how much, what they have, what they should have, and why."""
    return [
        f"{item['doubt']:.2f}  {item['id']}：标的是 {names_of(item['labels'], codebook)}，"
        f"疑为 {names_of(item['suggested'], codebook)}（{'、'.join(item['evidence'])}）"
        for item in suspicions
    ]


def names_of(labels: Sequence[str], codebook: Codebook) -> str:
    """The names of labels for people; 无 where there is none."""
    known = {theme.id: theme.name_zh for theme in codebook.themes}
    return "、".join(known.get(label, label) for label in labels) or "无"
