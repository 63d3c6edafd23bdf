"""Plots for reports: SVG to stand in a page, drawn by matplotlib without a display.

Words are Chinese and matplotlib's own fonts are not, so it is given place-holders of about the same
width; the words take their places in the SVG, where the browser sets them in a font of its own.
The same figures give the same bytes.
"""

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

BLUE, ORANGE, GREY, INK = "#2b6cb0", "#b7611f", "#9aa5b1", "#1f2933"

_FONT = 11
_KEY = re.compile(r"k(\d+)z*k")
_NOT_IN_A_PAGE = (
    # Names of groups, which would stand twice in a page with two plots.
    re.compile(r' id="[A-Za-z0-9.]+_\d+"'),
    re.compile(r"<metadata>.*?</metadata>", re.DOTALL),
    re.compile(r' xmlns(:xlink)?="[^"]*"|xlink:(?=href)'),
    # The page's own font.
    re.compile(r"font:[^;\"]*(?=[;\"])"),
)


class _Plot:
    """One figure with one pair of axes, and the words that are to stand in it."""

    def __init__(self, width: float, height: float) -> None:
        self.figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(self.figure)
        self.axes = self.figure.add_subplot()
        self.axes.spines[["top", "right"]].set_visible(False)
        self.axes.grid(color="#e4e7eb", linewidth=0.8)
        self.axes.set_axisbelow(True)
        self._words: list[str] = []

    def word(self, text: str) -> str:
        """The place-holder of a word: as wide as it will be, about."""
        self._words.append(text)
        width = sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
        key = f"k{len(self._words) - 1}"
        return key + "z" * max(0, width - len(key) - 1) + "k"

    def name(self, x: str, y: str) -> None:
        """Say what the axes are."""
        self.axes.set_xlabel(self.word(x))
        self.axes.set_ylabel(self.word(y))

    def svg(self, title: str) -> str:
        """The figure as an SVG element that carries its title for screen readers."""
        out = io.StringIO()
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": title, "font.size": _FONT}):
            self.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        text = out.getvalue()
        text = text[text.index("<svg") :].rstrip()
        for pattern in _NOT_IN_A_PAGE:
            text = pattern.sub("", text)
        text = _KEY.sub(lambda key: html.escape(self._words[int(key[1])]), text)
        label = html.escape(title, quote=True)
        return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _percent(value: float, _place: int) -> str:
    return f"{100 * value:.3g}%"


def label_plot(names: Sequence[str], scores: Sequence[Mapping[str, Any]]) -> str:
    """F1 of each label with its interval, the first at the top."""
    plot = _Plot(7.2, 0.9 + 0.32 * len(names))
    places = list(range(len(names)))[::-1]
    for place, score in zip(places, scores, strict=True):
        low, high = score["intervals"]["f1"]
        plot.axes.plot([low, high], [place, place], color=BLUE, linewidth=2)
    plot.axes.plot([s["f1"] for s in scores], places, "o", color=BLUE)
    plot.axes.set_yticks(places, [plot.word(name) for name in names])
    plot.axes.set_ylim(-0.6, len(names) - 0.4)
    least = min((score["intervals"]["f1"][0] for score in scores), default=0.0)
    plot.axes.set_xlim(max(0.0, int(least * 10) / 10 - 0.1), 1.005)
    plot.axes.set_xlabel(plot.word("F1，越靠右越好；横线是 95 % 区间"))
    return plot.svg("各标签的 F1")


def reliability_plot(bins: Sequence[Mapping[str, float]]) -> str:
    """What was predicted against what was true, with the diagonal where both are equal."""
    plot = _Plot(4.6, 4.2)
    plot.axes.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1.2)
    plot.axes.plot([b["predicted"] for b in bins], [b["observed"] for b in bins], "o-", color=BLUE)
    plot.axes.set_xlim(0, 1)
    plot.axes.set_ylim(0, 1)
    for axis in (plot.axes.xaxis, plot.axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_percent))
    plot.name("模型说的概率", "其中真的有这个标签的")
    return plot.svg("概率与事实")


def coverage_plot(points: Sequence[Mapping[str, float]]) -> str:
    """Precision and exact matches when only the surest rows are answered."""
    plot = _Plot(4.6, 4.2)
    for key, word, style in (
        ("precision", "给出的标签中对的", "o-"),
        ("exact_match", "整段全对的", "s--"),
    ):
        plot.axes.plot(
            [p["coverage"] for p in points],
            [p[key] for p in points],
            style,
            color=BLUE if key == "precision" else ORANGE,
            label=plot.word(word),
            markersize=5,
        )
    plot.axes.legend(loc="lower left", frameon=False)
    plot.axes.set_xlim(1.02, 0)
    least = min((p[key] for p in points for key in ("precision", "exact_match")), default=0.0)
    plot.axes.set_ylim(max(0.0, min(0.8, int(least * 10) / 10)), 1.005)
    for axis in (plot.axes.xaxis, plot.axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_percent))
    plot.name("由模型回答的段（从最有把握的答起）", "其中对的")
    return plot.svg("只答有把握的，对得有多少")


def curve_plot(points: Sequence[Mapping[str, float]]) -> str:
    """The learning curve."""
    plot = _Plot(6.2, 3.4)
    plot.axes.plot([p["rows"] for p in points], [p["macro_f1"] for p in points], "o-", color=BLUE)
    plot.axes.set_xlim(left=0)
    plot.name("用来学习的段数", "宏平均 F1")
    return plot.svg("学习曲线")
