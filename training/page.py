"""The bricks of a report's page: sections, tables, bars, and how they look on a screen and on paper.

Everything that goes in is HTML already; whoever calls escapes what people wrote.
"""

from collections.abc import Iterable, Sequence

STYLE = """
body{font-family:"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","WenQuanYi Micro Hei",system-ui,sans-serif;
max-width:60rem;margin:2rem auto;padding:0 1.25rem;line-height:1.75;color:#1f2933;background:#fff}
h1{font-size:1.9rem;margin:0 0 1rem}h2{font-size:1.3rem;margin:2.4rem 0 .6rem;padding-top:.8rem;border-top:2px solid #1f2933}
p{max-width:46rem}small,figcaption{color:#52606d}figcaption{font-size:.92rem;max-width:46rem}
table{border-collapse:collapse;width:100%;margin:.8rem 0;font-size:.95rem;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .6rem;border-bottom:1px solid #d9e0e6;text-align:left;vertical-align:top}
thead th{border-bottom:2px solid #9aa5b1;white-space:nowrap}td:first-child{overflow-wrap:anywhere}
.bar{display:block;padding:0 .3rem;background:linear-gradient(90deg,#cfe3f5 var(--w),transparent var(--w))}
.square td{padding:.15rem;text-align:center}.square td:first-child{text-align:left;padding:.4rem .6rem}
.cell{display:block;min-width:2.2rem;padding:.25rem;background:rgba(214,120,40,calc(var(--a)*.65))}
.cards{display:grid;grid-template-columns:repeat(4,1fr);gap:.8rem;margin:1rem 0}
.card{border:1px solid #d9e0e6;border-radius:.5rem;padding:.8rem 1rem}.card b{display:block;font-size:1.7rem;line-height:1.3}
.card small{display:block;line-height:1.5;margin-top:.3rem}
figure{margin:.8rem 0}svg{max-width:100%;height:auto;font:15px/1 inherit}svg text{font-family:inherit}
.two{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem}
.mistake{border-left:4px solid #d67828;padding:.3rem 0 .3rem 1rem;margin:1rem 0;break-inside:avoid}
.mistake p{margin:.2rem 0;overflow-wrap:anywhere;white-space:pre-wrap}mark{background:#ffe3b8;color:inherit}
@media(max-width:50rem){.cards,.two{grid-template-columns:1fr 1fr}}
@media print{body{margin:0;max-width:none;font-size:10.5pt}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
h2{break-after:avoid}tr,figure,.card{break-inside:avoid}}
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(title: str, style: str, body: str) -> str:
    """A whole page that loads nothing."""
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{style}</style></head>\n"
        f"<body>\n<h1>{title}</h1>\n{body}\n</body></html>\n"
    )


def section(title: str, body: str) -> str:
    """A part of the page under a heading."""
    return f"<section><h2>{title}</h2>\n{body}</section>\n"


def cards(items: Iterable[tuple[str, str, str]]) -> str:
    """The main figures: name, figure, what it means."""
    shown = "".join(
        f'<div class="card">{name}<b>{figure}</b><small>{meaning}</small></div>'
        for name, figure, meaning in items
    )
    return f'<div class="cards">{shown}</div>\n'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table; without words in its head it has none."""
    cells = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    top = f"<thead><tr>{cells}</tr></thead>" if any(head) else ""
    return f'<table class="{kind}">{top}<tbody>{body}</tbody></table>\n'


def bar(value: float) -> str:
    """A share with a bar behind it as long as the share."""
    return f'<span class="bar" style="--w:{100 * value:.1f}%">{value:.3f}</span>'


def details(head: str, text: str) -> str:
    """One mistake: what was said, and the text."""
    return f'<div class="mistake"><p>{head}</p><p>{text}</p></div>\n'
