"""A line chart in SVG: shares over time, one line a theme, readable without any script."""

import html
from collections.abc import Mapping, Sequence

COLOURS = ("#2f6fb3", "#2e8b57", "#a44aa0", "#c98a00", "#0f8b99", "#c2452d")
"""One a theme, in codebook order; dark enough to be told apart on white."""

_WIDTH, _HEIGHT = 860, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 32, 12, 34
_TICKS = 4
_MOST_LABELS = 12
_STEPS = (0.004, 0.008, 0.02, 0.04, 0.08, 0.2, 0.4, 0.6, 0.8, 1.0)


def line_chart(times: Sequence[str], shares: Mapping[str, Sequence[float]]) -> str:
    """The chart, an `svg` element.

    Args:
        times: what stands below the axis, in order, at least one.
        shares: for each line its name and its values, 0 to 1, one a time.
    """
    top = _top(max((value for values in shares.values() for value in values), default=0.0))
    lines = [
        _line(times, values, top, name, COLOURS[n % len(COLOURS)])
        for n, (name, values) in enumerate(shares.items())
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="各主题所占比例的变化">'
        + "".join([*_scale(top), *_axis(times), *lines])
        + "</svg>"
    )


def _top(most: float) -> float:
    """The upper end of the scale: a round number not below the largest value."""
    return next((step for step in _STEPS if most <= step), 1.0)


def _x(n: int, count: int) -> float:
    width = _WIDTH - _LEFT - _RIGHT
    return _LEFT + (width * n / (count - 1) if count > 1 else width / 2)


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top


def _scale(top: float) -> list[str]:
    digits = 1 if top < 0.04 else 0
    found = []
    for tick in range(_TICKS + 1):
        value = top * tick / _TICKS
        y = _y(value, top)
        found.append(
            f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.{digits}%}</text>'
        )
    return found


def _axis(times: Sequence[str]) -> list[str]:
    step = -(-len(times) // _MOST_LABELS)
    return [
        f'<text x="{_x(n, len(times)):.1f}" y="{_HEIGHT - 12}" text-anchor="middle">'
        f"{html.escape(time)}</text>"
        for n, time in enumerate(times)
        if n % step == 0
    ]


def _line(times: Sequence[str], values: Sequence[float], top: float, name: str, colour: str) -> str:
    points = [(_x(n, len(times)), _y(value, top)) for n, value in enumerate(values)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}">'
        f"<title>{html.escape(name)} {html.escape(time)} {value:.1%}</title></circle>"
        for (x, y), time, value in zip(points, times, values, strict=True)
    )
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'
