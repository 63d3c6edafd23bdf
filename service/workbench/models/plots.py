"""What the plots of models show, as ECharts takes it: plain data but for how a whisker is drawn."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Option = dict[str, Any]

COLOURS = ("#1f4e79", "#c4600e", "#2a8c45", "#9a3fb0", "#0e8a8a", "#7a6a10")

# A dot at the figure and a line over its interval; the models of a theme stand beside each other.
_WHISKER = """(params, api) => {
  const places = api.barLayout({ count: COUNT, barGap: '10%', barCategoryGap: '40%' });
  const shift = places[PLACE].offsetCenter;
  const at = (n) => {
    const point = api.coord([api.value(0), api.value(n)]);
    return [point[0] + shift, point[1]];
  };
  const [middle, low, high] = [at(1), at(2), at(3)];
  const style = { stroke: api.visual('color'), fill: null, lineWidth: 2 };
  const line = (a, b) => ({ type: 'line', style,
    shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] } });
  const cap = (p) => line([p[0] - 5, p[1]], [p[0] + 5, p[1]]);
  return { type: 'group', children: [line(low, high), cap(low), cap(high), { type: 'circle',
    shape: { cx: middle[0], cy: middle[1], r: 5 }, style: { fill: api.visual('color') } }] };
}"""


class Interval(Protocol):
    """A figure with its interval."""

    @property
    def value(self) -> float:
        """The figure."""

    @property
    def low(self) -> float:
        """Its lower edge."""

    @property
    def high(self) -> float:
        """Its upper edge."""


def whiskers(names: Sequence[str], series: Mapping[str, Sequence[Interval | None]]) -> Option:
    """Figures with intervals, side by side.

    Args:
        names: what stands below each group.
        series: by the series' name, a figure for each group, or None where there is none.
    """
    figures = [one for some in series.values() for one in some if one is not None]
    floor = _floor(figures)
    return _common(list(series)) | {
        "xAxis": {
            "type": "category",
            "data": list(names),
            "axisTick": {"show": False},
            "axisLabel": {"interval": 0, "width": 84, "overflow": "break"},
        },
        "yAxis": {"type": "value", "min": floor, "max": 1, "interval": round((1 - floor) / 4, 4)},
        "series": [
            {
                "type": "custom",
                "name": name,
                "data": [
                    [n, *(round(x, 4) for x in (one.value, one.low, one.high))]
                    for n, one in enumerate(some)
                    if one is not None
                ],
                "encode": {"x": 0, "y": [1, 2, 3], "tooltip": [1, 2, 3]},
                "dimensions": ["", "F1", "2.5 %", "97.5 %"],
                ":renderItem": _WHISKER.replace("COUNT", str(len(series))).replace(
                    "PLACE", str(place)
                ),
            }
            for place, (name, some) in enumerate(series.items())
        ],
    }


def reliability(
    title: tuple[str, str], series: Mapping[str, Sequence[tuple[float, float, int]]]
) -> Option:
    """How often what was given with a probability was true; the diagonal would be perfect.

    Args:
        title: of the axes, across and up.
        series: by name, triples of mean probability, share true, decisions.
    """
    across, up = title
    return _common(list(series)) | {
        "xAxis": {"type": "value", "min": 0, "max": 1, "name": across, **_NAMED, "nameGap": 26},
        "yAxis": {"type": "value", "min": 0, "max": 1, "name": up, **_NAMED, "nameGap": 34},
        "series": [
            {
                "type": "line",
                "data": [[0, 0], [1, 1]],
                "showSymbol": False,
                "silent": True,
                "lineStyle": {"type": "dashed", "color": "#9aa5b1", "width": 1},
                "tooltip": {"show": False},
            },
            *(
                {
                    "type": "line",
                    "name": name,
                    "symbolSize": 7,
                    "color": COLOURS[n % len(COLOURS)],
                    "data": [[round(x, 4), round(y, 4), count] for x, y, count in points],
                }
                for n, (name, points) in enumerate(series.items())
            ),
        ],
    }


_NAMED = {"nameLocation": "middle"}


def _common(names: Sequence[str]) -> Option:
    return {
        "animation": False,
        "color": list(COLOURS),
        "grid": {"left": 48, "right": 16, "top": 36, "bottom": 44},
        "legend": {"top": 0, "data": list(names)},
        "tooltip": {"trigger": "item"},
        "aria": {"enabled": True},
    }


def _floor(figures: Sequence[Interval]) -> float:
    """Where the axis begins: below the lowest edge, at a tenth, so that differences are seen."""
    lowest = min((one.low for one in figures), default=0.0)
    return max(0.0, int(lowest * 10 - 0.5) / 10)
