"""What people see in a terminal: tables, progress, colours. Machines get `--json` instead."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from model.classifier import Classified
from model.codebook import Codebook
from model.decision import Decision
from service.archive.standing import Standing
from service.archive.summary import Summary

COLOURS = ("blue", "green", "magenta", "yellow", "cyan", "red")

UNSURE = "？＝分数接近阈值，建议人工看一眼"

messages = Console(stderr=True)
"""Messages and progress: never on stdout, which belongs to the answer."""

answers = Console()
"""The answer, for people."""


def progress_bar(unit: str) -> Progress:
    """A bar on stderr with the rate that the task's `rate` field says."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("剩余"),
        TimeRemainingColumn(),
        console=messages,
    )


_PHASES = {"plan": "清点", "score": "判断", "write": "写表"}
_REDRAWN = 0.2


@contextmanager
def archive_bar() -> Iterator[Callable[[Standing], None]]:
    """A bar on stderr for an archive: bytes done, documents, paragraphs a second, rejected.

    It is drawn by the caller and not by a thread, so that worker processes may be forked.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        TextColumn("剩余"),
        TimeRemainingColumn(elapsed_when_finished=False),
        console=messages,
        auto_refresh=False,
    )
    task = bar.add_task("清点", total=None, counts="")
    drawn = time.monotonic()

    def progress(standing: Standing) -> None:
        nonlocal drawn
        now = time.monotonic()
        phase = "正在收尾，再按一次立即停止" if standing.stopping else _PHASES[standing.phase]
        changed = phase != bar.tasks[0].description
        if not changed and now - drawn < _REDRAWN:
            return
        drawn = now
        counts = (
            f"{standing.units:,} 个文件"
            if standing.phase == "plan"
            else f"{standing.documents:,} 篇  {standing.rate:,.0f} 段/秒  "
            f"未读 {standing.rejected:,}"
        )
        bar.update(
            task,
            description=phase,
            total=standing.total or None,
            completed=standing.size,
            counts=counts,
            refresh=True,
        )

    with bar:
        yield progress


def metrics_table(metrics: Mapping[str, Any], codebook: Codebook) -> Table:
    """Precision, recall, F1 and support a theme, and the macro row."""
    table = Table(title="交叉验证" if metrics.get("measured_on") == "cross-validation" else None)
    table.add_column("主题")
    for name in ("精确率", "召回率", "F1", "段数"):
        table.add_column(name, justify="right")
    for label, scores in metrics["labels"].items():
        table.add_row(
            codebook.name(label),
            *(f"{scores[key]:.3f}" for key in ("precision", "recall", "f1")),
            str(scores["support"]),
        )
    low, high = metrics["macro_f1_interval"]
    table.add_section()
    table.add_row("宏平均", "", "", f"{metrics['macro_f1']:.3f}", str(metrics["rows"]))
    table.add_row("95 % 区间", "", "", f"{low:.3f}–{high:.3f}", "")
    table.add_row("完全一致", "", "", f"{metrics['exact_match']:.3f}", "")
    return table


def unsure_line(metrics: Mapping[str, Any]) -> str:
    """How many rows a model is unsure of, and how often it is wholly right on the others."""
    found = metrics["answered"]
    parts = [f"拿不准的段占 {metrics['uncertain_share']:.1%}"]
    for key, which in (("exact_match", "其余的段"), ("exact_match_uncertain", "拿不准的段")):
        if found[key] is not None:
            parts.append(f"{which}里整段全对的占 {found[key]:.1%}")
    return "；".join(parts) + "。"


def decision_line(decision: Decision, codebook: Codebook) -> Text:
    """The labels of one text with their scores; uncertain ones carry a question mark."""
    line = Text()
    for n, theme in enumerate(codebook.themes):
        given, unsure = theme.id in decision.labels, theme.id in decision.uncertain
        if given or unsure:
            mark = "？" if unsure else ""
            style = f"{'bold ' if given else 'dim '}{COLOURS[n % len(COLOURS)]}"
            line.append(f"{theme.name_zh} {decision.scores[theme.id]:.2f}{mark}  ", style)
    if not decision.labels:
        line.append("无主题" if not line.plain else "（未达阈值）", "dim")
    return line


def decision_table(classified: Sequence[Classified], codebook: Codebook) -> Table:
    """The paragraphs of a document and what they are about."""
    unsure = any(item.decision.uncertain for item in classified)
    table = Table(show_lines=False, expand=True, caption=UNSURE if unsure else None)
    table.add_column("段", justify="right", no_wrap=True)
    table.add_column("主题", ratio=2)
    table.add_column("文字", ratio=5)
    for item in classified:
        furniture = item.paragraph.kind == "furniture"
        says = Text("页面杂项", "dim") if furniture else decision_line(item.decision, codebook)
        text = Text(
            item.paragraph.text,
            "dim" if furniture else "bold" if item.paragraph.kind == "heading" else "",
            overflow="ellipsis",
            no_wrap=True,
        )
        table.add_row(str(item.number), says, text)
    return table


def evidence_lines(decision: Decision, codebook: Codebook) -> list[str]:
    """The deciding stretches of each theme, heaviest first."""
    lines = []
    for theme in codebook.themes:
        mine = [item for item in decision.evidence if item.label == theme.id]
        if mine:
            shown = "、".join(f"{item.text}（{item.weight:+.2f}）" for item in mine)
            lines.append(f"  {theme.name_zh}：{shown}")
    return lines


def summary_table(summary: Summary, codebook: Codebook) -> Table:
    """What an archive run did."""
    counted = summary.paragraphs - summary.furniture
    table = Table(title="汇总")
    table.add_column("")
    table.add_column("数量", justify="right")
    table.add_column("占正文", justify="right")
    table.add_row("文档", f"{summary.documents:,}", "")
    table.add_row("段落", f"{summary.paragraphs:,}", "")
    table.add_row("其中页面杂项", f"{summary.furniture:,}", "")
    table.add_section()

    def share(count: int) -> str:
        return f"{count / counted:.1%}" if counted else "–"

    for theme in codebook.themes:
        count = summary.labels[theme.id]
        table.add_row(theme.name_zh, f"{count:,}", share(count))
    table.add_row("无主题", f"{summary.none:,}", share(summary.none))
    table.add_row("不确定", f"{summary.uncertain:,}", share(summary.uncertain))
    table.add_section()
    table.add_row("未能读取", f"{summary.rejected:,}", "")
    table.add_row("用时（秒）", f"{summary.seconds:.1f}", "")
    if summary.resumed:
        table.add_row("上次已做完的片", f"{summary.resumed:,}", "")
    if summary.seconds > 0:
        table.add_row("段/秒", f"{summary.scored / summary.seconds:,.0f}", "")
    return table
