"""The report: figures as one HTML page for people who do not program.

The page needs nothing else: no scripts, no fonts, styles or images from anywhere. It is made from
the figures alone, so the same figures give the same bytes. It holds the texts of the worst
mistakes, and no other text of the corpus.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from model.codebook import Codebook
from training.card import guarantee, tried
from training.metrics import NONE
from training.mistakes import Mistake
from training.page import STYLE, bar, cards, details, page, section, table

Figures = Mapping[str, Any]

_PLOTTED = 40
_SQUARE = 14


def report(
    metrics: Figures,
    codebook: Codebook,
    about: Sequence[tuple[str, str]],
    mistakes: Sequence[Mistake] = (),
) -> str:
    """The page.

    Args:
        metrics: as `training.metrics.figures` gives them.
        codebook: the labels' names.
        about: what was measured and how it came about, as name and value.
        mistakes: the worst mistakes, worst first.
    """
    trained = metrics["measured_on"] == "cross-validation"
    parts = [
        _overview(metrics, trained),
        _labels(metrics, codebook),
        _confusion(metrics, codebook),
        _certainty(metrics, codebook),
        _learning(metrics),
        *(_by(column, values) for column, values in metrics.get("by", {}).items()),
        _mistakes(mistakes, codebook, trained),
        _search(metrics),
        section("来历", table(["", ""], [[html.escape(a), html.escape(b)] for a, b in about])),
    ]
    return page("模型报告" if trained else "检验报告", STYLE, "".join(parts))


def _overview(metrics: Figures, trained: bool) -> str:
    low, high = metrics["intervals"]["macro_f1"]
    how = (
        "这些成绩来自训练语料本身：把语料分成几份，轮流用其余几份训练、拿这一份来考，"
        "所以每一段都由没有见过它的模型来判断，阈值也只由其余几份选出。"
        "换一种来源的文字，成绩会变，请用 govtheme evaluate 在自己的文字上检验。"
        if trained
        else "这些成绩是模型在这份语料上判断一遍、与语料里的标签逐段对照得出的。"
    )
    unsure = metrics["answered"]["exact_match_uncertain"]
    doubtful = "" if unsure is None else f"拿不准的段里，全对的占 {unsure:.1%}。"
    sure = metrics["answered"]["exact_match"]
    certain = "" if sure is None else f"其余的段里，全对的占 {sure:.1%}；"
    return (
        cards(
            (
                (
                    "宏平均 F1",
                    f"{metrics['macro_f1']:.3f}",
                    f"各标签 F1 的平均；真实值大约在 {low:.3f} 到 {high:.3f} 之间",
                ),
                ("整段全对", f"{metrics['exact_match']:.1%}", "所有标签一个不多、一个不少的段"),
                (
                    "拿不准",
                    f"{metrics['uncertain_share']:.1%}",
                    f"建议人工看一眼的段。{certain}{doubtful}",
                ),
                (
                    "检验的段数",
                    f"{metrics['rows']:,}",
                    f"来自 {metrics['documents']:,} 份文字，其中 {metrics['none_share']:.1%} 不属于任何标签",
                ),
            )
        )
        + f"<p>{how}</p>"
    )


def _labels(metrics: Figures, codebook: Codebook) -> str:
    from training.plots import label_plot

    scores = metrics["labels"]
    thresholds = metrics.get("thresholds", {})
    ordered = sorted(scores, key=lambda label: scores[label]["f1"])
    plotted = ordered[:_PLOTTED] if len(scores) > _PLOTTED else list(scores)
    rows = [
        [
            html.escape(codebook.name(label)),
            f"{one['support']:,}",
            bar(one["precision"]),
            bar(one["recall"]),
            bar(one["f1"]),
            "{:.3f}–{:.3f}".format(*one["intervals"]["f1"]),
            f"{one['average_precision']:.3f}",
            f"{thresholds[label]:.2f}" if label in thresholds else "–",
        ]
        for label, one in scores.items()
    ]
    totals = [
        "<b>宏平均</b>",
        "",
        *(f"<b>{metrics[f'macro_{name}']:.3f}</b>" for name in ("precision", "recall", "f1")),
        "{:.3f}–{:.3f}".format(*metrics["intervals"]["macro_f1"]),
        f"{metrics['macro_average_precision']:.3f}",
        "",
    ]
    micro = [
        "微平均",
        "",
        *(f"{metrics[f'micro_{name}']:.3f}" for name in ("precision", "recall", "f1")),
        "{:.3f}–{:.3f}".format(*metrics["intervals"]["micro_f1"]),
        "",
        "",
    ]
    head = ["标签", "段数", "精确率", "召回率", "F1", "F1 的 95 % 区间", "平均精确率", "阈值"]
    few = f"<p>标签很多，图上只画 F1 最低的 {_PLOTTED} 个。</p>" if len(scores) > _PLOTTED else ""
    return section(
        "每个标签判得有多准",
        "<p><b>精确率</b>：模型说“是”的段里，有多少真的是。<b>召回率</b>：真的是的段里，有多少被找到了。"
        "<b>F1</b> 把两者合成一个数，一边很低它就低。<b>平均精确率</b>与阈值无关，看的是排序："
        "真的是的段有没有排在前面。宏平均把每个标签同等看待（没有一段标了、也没有一段判成的标签不计），微平均把每一次判断同等看待。</p>"
        + few
        + f"<figure>{label_plot([codebook.name(x) for x in plotted], [scores[x] for x in plotted])}</figure>"
        + table(head, [*rows, totals, micro])
        + f"<p>逐个标签地看，判错的判断占 {metrics['hamming_loss']:.2%}（汉明损失）。</p>",
    )


def _confusion(metrics: Figures, codebook: Codebook) -> str:
    pairs = metrics["confusion"]
    if not pairs:
        return section("把什么当成了什么", "<p>没有判错的段。</p>")

    def name(label: str) -> str:
        return "（没有）" if label == NONE else codebook.name(label)

    explained = (
        "<p>左边是漏掉的标签，上边是同一段里多给的标签，格里是段数。"
        "“（没有）”一列是漏掉而没有另给的，“（没有）”一行是凭空多给的。颜色越深，越容易混。</p>"
    )
    labels = [*metrics["labels"], NONE]
    if len(labels) <= _SQUARE:
        counts = {(pair["true"], pair["given"]): pair["rows"] for pair in pairs}
        most = max(counts.values())
        head = ["漏掉 ＼ 多给", *(html.escape(name(label)) for label in labels)]
        rows = [
            [
                html.escape(name(true)),
                *(_shaded(counts.get((true, given), 0), most) for given in labels),
            ]
            for true in labels
        ]
        return section("把什么当成了什么", explained + table(head, rows, "square"))
    rows = [
        [html.escape(name(p["true"])), html.escape(name(p["given"])), str(p["rows"])]
        for p in pairs[:30]
    ]
    return section(
        "把什么当成了什么",
        "<p>最常见的混淆：漏掉了左边的标签，同一段里多给了右边的标签。</p>"
        + table(["漏掉", "多给", "段数"], rows),
    )


def _shaded(count: int, most: int) -> str:
    return f'<span class="cell" style="--a:{count / most:.2f}">{count or ""}</span>'


def _certainty(metrics: Figures, codebook: Codebook) -> str:
    from training.plots import coverage_plot, reliability_plot

    error = metrics["reliability"]["expected_calibration_error"]
    half = next((p for p in metrics["coverage"] if p["coverage"] == 0.8), None)
    answer = (
        f"例如只回答最有把握的 80 %，给出的标签有 {half['precision']:.1%} 是对的，"
        f"整段全对的占 {half['exact_match']:.1%}。"
        if half
        else ""
    )
    return section(
        "概率可信吗，只答有把握的会怎样",
        '<div class="two"><figure>'
        + reliability_plot(metrics["reliability"]["curve"])
        + "<figcaption>模型说 70 % 的那些判断里，真有七成是对的，点就落在虚线上。"
        f"平均差距（校准误差）{error:.1%}，越小越好。</figcaption></figure><figure>"
        + coverage_plot(metrics["coverage"])
        + f"<figcaption>越往右，交给人的越多、模型只答越有把握的。{answer}</figcaption></figure></div>"
        + "".join(f"<p>{html.escape(line)}</p>" for line in _promises(metrics, codebook)),
    )


def _promises(metrics: Figures, codebook: Codebook) -> list[str]:
    """What is promised of the answers outside the bands; nothing where figures promise nothing."""
    return guarantee(metrics, codebook).split("\n") if "guarantee" in metrics else []


def _learning(metrics: Figures) -> str:
    from training.plots import curve_plot

    points = metrics.get("learning_curve") or []
    if len(points) < 2:
        return ""
    gain = points[-1]["macro_f1"] - points[-2]["macro_f1"]
    says = (
        "线的右端还在上升，再标一些会更好"
        if gain > 0.005
        else "线的右端已经平缓，再多标同样的文字帮助不大，不如补充容易判错的和没见过的写法"
    )
    return section(
        "再多标一些会更好吗",
        f"<figure>{curve_plot(points)}<figcaption>只用一部分语料来学时的成绩（用分类器本来的界线，"
        f"与上面的成绩略有不同）。从 {points[-2]['rows']:,} 段到 {points[-1]['rows']:,} 段，"
        f"F1 变化 {gain:+.3f}：{says}。</figcaption></figure>",
    )


def _search(metrics: Figures) -> str:
    found = tried(metrics)
    if not found:
        return ""
    rows = [[html.escape(cell) for cell in one] for one in found]
    return section(
        "试过哪些参数",
        f"<p>搜索一共试了 {len(metrics['search'])} 次：先在一部分段上筛选，好的再在全部段上比。"
        "下面是在全部段上比过的，最好的在前；试得多了总有几个碰巧好一点，所以只有好得超出运气的才取代起点。</p>"
        + table(["与起点不同之处", "宏平均 F1", "用时（秒）", ""], rows),
    )


_COLUMNS = {"genre": "体裁", "source": "来源", "group": "组", "file": "文件"}


def _by(column: str, values: Figures) -> str:
    rows = [
        [
            html.escape(value) or "（未注明）",
            f"{one['rows']:,}",
            "–" if one["macro_f1"] is None else bar(one["macro_f1"]),
            "–" if one["macro_f1"] is None else "{:.3f}–{:.3f}".format(*one["macro_f1_interval"]),
            f"{one['exact_match']:.1%}",
        ]
        for value, one in values.items()
    ]
    name = html.escape(_COLUMNS.get(column, column))
    return section(
        f"按{name}分",
        "<p>哪一类文字判得好，哪一类要当心。段数少的，区间就宽，别看得太死；"
        "宏平均只算那一类里标了或判了的标签。</p>"
        + table([name, "段数", "宏平均 F1", "95 % 区间", "整段全对"], rows),
    )


def _mistakes(mistakes: Sequence[Mistake], codebook: Codebook, trained: bool) -> str:
    if not mistakes:
        return ""
    whose = "（依据由学过全部语料的最终模型给出）" if trained else ""
    return section(
        "错得最厉害的段",
        "<p>模型最有把握、却与标签不符的段，最离谱的在前。有的是模型错了，有的是标签标错了，值得逐段看一看。"
        f"标亮的是把模型引过去的字词{whose}。</p>"
        + "".join(_mistake(mistake, codebook) for mistake in mistakes),
    )


def _mistake(mistake: Mistake, codebook: Codebook) -> str:
    def names(labels: Sequence[str]) -> str:
        return "、".join(html.escape(codebook.name(label)) for label in labels) or "无"

    chances = "，".join(
        f"{html.escape(codebook.name(label))} {chance:.2f}"
        for label, chance in mistake.probabilities.items()
    )
    head = (
        f"标的是<b>{names(mistake.row.labels)}</b>，模型说<b>{names(mistake.given)}</b>"
        f"<small>（{chances}；{html.escape(mistake.row.id)}）</small>"
    )
    return details(head, _marked(mistake))


def _marked(mistake: Mistake) -> str:
    """The text with the deciding stretches marked."""
    text = mistake.row.text
    inside = [False] * len(text)
    for item in mistake.evidence:
        inside[item.start : item.end] = [True] * (item.end - item.start)
    out = []
    start = 0
    for n in range(1, len(text) + 1):
        if n == len(text) or inside[n] != inside[start]:
            piece = html.escape(text[start:n])
            out.append(f"<mark>{piece}</mark>" if inside[start] else piece)
            start = n
    return "".join(out)
