"""The report of a run: one HTML file for people, without scripts or anything from elsewhere.

It shows the figures of the tally: how many, over time, by folder and publisher, a few paragraphs of
each theme, and what was rejected.
"""

import html
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from model.codebook import Codebook, Theme
from service.archive.chart import COLOURS, line_chart
from service.archive.summary import Summary
from service.archive.tally import ALL, Example, Group, Tally
from service.tables.json_lines import read_rows

_MOST_GROUPS = 30
_MOST_TIMES = 36
_MOST_REASONS = 50
_MOST_REJECTED = 200
_NUMBER = re.compile(r"\d[\d,.]*")

_STYLE = """
body{font-family:system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:58rem;
margin:2rem auto;padding:0 1rem;line-height:1.65;color:#222}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.4rem;
border-bottom:1px solid #ddd;padding-bottom:.3rem}h3{font-size:1rem;margin:1.2rem 0 .3rem}
.cards{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}
.card{background:#f5f6f8;border-radius:.5rem;padding:.6rem 1rem;min-width:7rem}
.card b{display:block;font-size:1.35rem}.card span,small,.where{color:#666;font-size:.85rem}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
th,td{padding:.3rem .6rem;border-bottom:1px solid #e5e5e5;text-align:left;vertical-align:top}
th.n,td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.name{max-width:22rem;overflow-wrap:anywhere}
.bar{display:block;height:.7rem;border-radius:.2rem}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin:0 .35rem 0 1rem}
svg{width:100%;height:auto}svg text{font-size:12px;fill:#555}.grid{stroke:#e3e3e3}
blockquote{margin:.35rem 0 .7rem;padding:.1rem .8rem;border-left:3px solid var(--c);
overflow-wrap:anywhere}
@media print{body{max-width:none}h2{break-after:avoid}}
"""


def report(summary: Summary, tally: Tally, codebook: Codebook, rejected: Path) -> str:
    """The page.

    Args:
        summary, tally: what the run did and found.
        codebook: what the themes are called.
        rejected: the list of what was rejected, JSON Lines.
    """
    sections = [
        _overview(summary, codebook),
        _over_time(tally, codebook.themes),
        _groups("按文件夹", "文件夹", tally.folders, codebook.themes),
        _groups("按来源", "来源", tally.origins, codebook.themes),
        _examples(tally, codebook.themes),
        _rejected(summary, rejected),
    ]
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>档案主题报告</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(section for section in sections if section)
        + "\n</body></html>\n"
    )


def _overview(summary: Summary, codebook: Codebook) -> str:
    counted = summary.paragraphs - summary.furniture
    cards = [
        (f"{summary.documents:,}", "篇文档"),
        (f"{summary.paragraphs:,}", "段"),
        (f"{summary.furniture:,}", "段页面杂项"),
        (_share(summary.uncertain, counted), "拿不准，建议人工看"),
        (f"{summary.rejected:,}", "处未能读取"),
    ]
    shown = "".join(f'<div class="card"><b>{n}</b><span>{what}</span></div>' for n, what in cards)
    most = max([*summary.labels.values(), 1])
    rows = [
        (theme.name_zh, summary.labels[theme.id], COLOURS[n % len(COLOURS)])
        for n, theme in enumerate(codebook.themes)
    ]
    body = "".join(
        f"<tr><th>{html.escape(name)}</th><td class=n>{count:,}</td>"
        f"<td class=n>{_share(count, counted)}</td>"
        f'<td width="50%"><span class=bar style="width:{100 * count / most:.1f}%;'
        f'background:{colour}"></span></td></tr>'
        for name, count, colour in rows
    )
    none = f"<tr><th>无主题</th><td class=n>{summary.none:,}</td><td class=n>"
    none += f"{_share(summary.none, counted)}</td><td></td></tr>"
    return (
        f"<h1>档案主题报告</h1><small>{html.escape(Path(summary.out).name)} · "
        f"模型 {html.escape(summary.model)} · 编码手册 {html.escape(summary.codebook)}</small>"
        f'<div class="cards">{shown}</div>'
        "<h2>各主题的段落</h2><table><tr><th>主题</th><th class=n>段数</th><th class=n>占正文</th>"
        f"<th></th></tr>{body}{none}</table><small>一段可以有几个主题；正文不含页面杂项。</small>"
    )


def _over_time(tally: Tally, themes: Sequence[Theme]) -> str:
    if len(tally.months) < 2:
        return ""
    months = tally.months
    if len(months) > _MOST_TIMES:
        months = _by_year(months)
    times = sorted(months)
    shares = {theme.name_zh: [_part(months[time], theme) for time in times] for theme in themes}
    keys = "".join(
        f'<span class=key style="background:{COLOURS[n % len(COLOURS)]}"></span>{html.escape(name)}'
        for n, name in enumerate(shares)
    )
    dated = sum(group[ALL] for group in months.values())
    return (
        f"<h2>随时间的变化</h2><p>{keys}</p>{line_chart(times, shares)}"
        f"<small>各主题的段数占当期正文的比例；只计有日期的 {dated:,} 段，"
        "没有文档的时间不画。</small>"
    )


def _by_year(months: dict[str, Group]) -> dict[str, Group]:
    years: dict[str, Group] = {}
    for month, group in months.items():
        years.setdefault(month[:4], Counter()).update(group)
    return years


def _groups(title: str, what: str, groups: dict[str, Group], themes: Sequence[Theme]) -> str:
    if len(groups) < 2:
        return ""
    largest = sorted(groups.items(), key=lambda each: (-each[1][ALL], each[0]))[:_MOST_GROUPS]
    heads = "".join(f"<th class=n>{html.escape(theme.name_zh)}</th>" for theme in themes)
    most = max(_part(group, theme) for _, group in largest for theme in themes) or 1.0
    body = "".join(
        f"<tr><td class=name>{html.escape(name or '（最上层）')}</td>"
        f"<td class=n>{group[ALL]:,}</td>" + _cells(group, themes, most) + "</tr>"
        for name, group in largest
    )
    more = f"<small>共 {len(groups):,} 个，列出段数最多的 {len(largest)} 个。</small>"
    return (
        f"<h2>{title}</h2><table><tr><th>{what}</th><th class=n>正文段数</th>{heads}</tr>"
        f"{body}</table>" + (more if len(groups) > len(largest) else "")
    )


def _cells(group: Group, themes: Sequence[Theme], most: float) -> str:
    """A cell a theme, with a bar that is full at the largest share of the table."""
    found = []
    for n, theme in enumerate(themes):
        share = _part(group, theme)
        found.append(
            f"<td class=n>{share:.1%}"
            f'<span class=bar style="width:{100 * share / most:.1f}%;'
            f'background:{COLOURS[n % len(COLOURS)]}"></span></td>'
        )
    return "".join(found)


def _part(group: Group, theme: Theme) -> float:
    return group[theme.id] / group[ALL] if group[ALL] else 0.0


def _examples(tally: Tally, themes: Sequence[Theme]) -> str:
    parts = []
    for n, theme in enumerate(themes):
        colour = COLOURS[n % len(COLOURS)]
        certain = _quotes(tally.certain.get(theme.id, []), colour)
        doubtful = _quotes(tally.doubtful.get(theme.id, []), colour)
        if certain:
            parts.append(f"<h3>{html.escape(theme.name_zh)}：最有把握的</h3>{certain}")
        if doubtful:
            parts.append(f"<h3>{html.escape(theme.name_zh)}：最拿不准的</h3>{doubtful}")
    return "<h2>段落举例</h2>" + "".join(parts) if parts else ""


def _quotes(examples: Iterable[Example], colour: str) -> str:
    return "".join(
        f'<blockquote style="--c:{colour}">{html.escape(example.text)}'
        f'<div class="where">{html.escape(example.doc)} 段号 {example.para}，'
        f"概率 {example.score:.3f}</div></blockquote>"
        for example in examples
    )


def _rejected(summary: Summary, path: Path) -> str:
    if not summary.rejected:
        return ""
    reasons: Counter[str] = Counter()
    shown: list[dict[str, str]] = []
    for row in itertools.chain.from_iterable(read_rows(path)):
        # Positions and sizes differ from file to file; the reason is the same.
        reason = _NUMBER.sub("…", row["reason"])
        reasons[reason if reason in reasons or len(reasons) < _MOST_REASONS else "其他"] += 1
        if len(shown) < _MOST_REJECTED:
            shown.append(row)
    why = "".join(
        f"<tr><td class=n>{count:,}</td><td class=name>{html.escape(reason)}</td></tr>"
        for reason, count in reasons.most_common()
    )
    which = "".join(
        f"<tr><td class=name>{html.escape(row['doc'])}</td>"
        f"<td class=name>{html.escape(row['reason'])}</td></tr>"
        for row in shown
    )
    more = f"<small>列出前 {len(shown)} 处，共 {summary.rejected:,} 处。</small>"
    return (
        f"<h2>未能读取</h2><table><tr><th class=n>处数</th><th>原因</th></tr>{why}</table>"
        f"<details><summary>是哪些</summary><table><tr><th>文件</th><th>原因</th></tr>{which}"
        f"</table></details>" + (more if summary.rejected > len(shown) else "")
    )


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%}" if of else "–"
