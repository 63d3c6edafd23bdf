"""The model card: what a model is, what it is for, how good it is and where it fails, in Markdown.

The sections are those of Mitchell et al., Model Cards for Model Reporting (2019). It is made from
the manifest and the metrics alone and holds no text of the corpus.
"""

from collections.abc import Mapping
from typing import Any

from model.codebook import Codebook

Figures = Mapping[str, Any]

_WEAKEST = 3
_SHOWN = 20


def card(manifest: Figures, metrics: Figures, codebook: Codebook) -> str:
    """The model card, Markdown in Chinese."""
    parts = (
        "# 模型卡",
        _details(manifest),
        _use(),
        _factors(metrics),
        _measures(manifest, metrics),
        _data(manifest),
        _results(manifest, metrics, codebook),
        _search(metrics),
        _ethics(),
        _caveats(metrics, codebook),
    )
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _details(manifest: Figures) -> str:
    libraries = "、".join(f"{name} {number}" for name, number in manifest["libraries"].items())
    return f"""## 模型
每个标签一个线性分类器，特征为词与字的 n 元 TF-IDF，分词用 jieba 词典（不开 HMM）；分数校准为概率，各标签有自己的阈值。
编码手册版本：{manifest["codebook"]}。训练参数：`{manifest["parameters"]}`。库版本：{libraries}。"""


def _use() -> str:
    return """## 用途
判断与训练语料同类的中文段落属于哪些标签，供检索、统计和人工复核前的筛选。
不适合用来评价个人、单位，或代替人对单件诉求作决定。"""


def _factors(metrics: Figures) -> str:
    genres = metrics.get("by", {}).get("genre")
    if not genres:
        return ""
    rows = "\n".join(
        f"| {genre or '（未注明）'} | {one['rows']} | {_or_dash(one['macro_f1'])} | {one['exact_match']:.3f} |"
        for genre, one in genres.items()
    )
    return f"""## 影响成绩的因素
文字的体裁、来源和写法。各体裁的成绩：

| 体裁 | 段数 | 宏平均 F1 | 整段全对 |
|---|--:|--:|--:|
{rows}"""


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _measures(manifest: Figures, metrics: Figures) -> str:
    return f"""## 怎样衡量
精确率、召回率、F1（逐标签、宏平均、微平均），平均精确率，整段全对，汉明损失，校准误差；区间为 95 %，按文字自助抽样（{metrics["documents"]} 份）。
以下来自对训练语料的 {manifest["parameters"]["folds"]} 折交叉验证；每一折的校准和阈值由其余各折定出，没有一段参与定自己的阈值。
换一种来源的文字，成绩会变：请用 `govtheme evaluate` 在自己的文字上检验。全部数字在 `metrics.json`，带图的说明在 `report.html`。"""


def _data(manifest: Figures) -> str:
    corpus = manifest["corpus"]
    return f"""## 训练数据
{corpus["rows"]} 段，其中 {corpus["none"]} 段没有标签；另有 {corpus["held_out"]} 段留作检验，没有参加训练。语料的 SHA-256：`{corpus["sha256"]}`。"""


def _results(manifest: Figures, metrics: Figures, codebook: Codebook) -> str:
    rows = "\n".join(
        f"| {codebook.name(label)} | {one['support']} | {one['precision']:.3f} | {one['recall']:.3f} "
        f"| {one['f1']:.3f} | {one['intervals']['f1'][0]:.3f}–{one['intervals']['f1'][1]:.3f} "
        f"| {one['average_precision']:.3f} | {metrics['thresholds'][label]:.3f} |"
        for label, one in metrics["labels"].items()
    )
    low, high = metrics["intervals"]["macro_f1"]
    low_match, high_match = metrics["intervals"]["exact_match"]
    sure = metrics["answered"]["exact_match"]
    kept = "" if sure is None else f"其余的段里，整段全对的占 {sure:.1%}。"
    short = shortfalls(metrics, codebook, manifest["parameters"].get("precision"))
    missed = "".join(f"\n- {line}" for line in short)
    stated = f"\n\n没有达到要求的精确率：\n{missed}\n" if short else ""
    return f"""## 成绩

| 标签 | 段数 | 精确率 | 召回率 | F1 | F1 区间 | 平均精确率 | 阈值 |
|---|--:|--:|--:|--:|--:|--:|--:|
{rows}

宏平均 F1 {metrics["macro_f1"]:.3f}（{low:.3f}–{high:.3f}），微平均 F1 {metrics["micro_f1"]:.3f}，整段全对 {metrics["exact_match"]:.3f}（{low_match:.3f}–{high_match:.3f}），汉明损失 {metrics["hamming_loss"]:.4f}，校准误差 {metrics["reliability"]["expected_calibration_error"]:.3f}。
拿不准的段占 {metrics["uncertain_share"]:.1%}（有标签的概率落在阈值附近的区间里）；{kept}
{guarantee(metrics, codebook)}{stated}"""


def shortfalls(metrics: Figures, codebook: Codebook, asked: float | None) -> list[str]:
    """The labels that do not reach the precision that was asked for, a line each.

    Args:
        metrics: of a training.
        codebook: the labels' names.
        asked: the precision; None asks for none.
    """
    if asked is None:
        return []
    lines = []
    for label, one in metrics["labels"].items():
        unreached = metrics["thresholds"][label] >= 1.0
        if unreached or one["precision"] < asked:
            lines.append(
                f"{codebook.name(label)}：要求精确率 {asked:g}，"
                f"交叉验证为 {one['precision']:.3f}，召回率 {one['recall']:.3f}"
                + ("；没有达得到的阈值，几乎不会给出" if unreached else "")
            )
    return lines


def _search(metrics: Figures) -> str:
    lines = tried(metrics)
    if not lines:
        return ""
    rows = "\n".join(f"| {different} | {f1} | {remark} |" for different, f1, _, remark in lines)
    return f"""## 参数搜索
试过 {len(metrics["search"])} 次（段数少的几轮先筛选），在全部段上比过的，最好的在前；只有好得超出运气的才取代起点：

| 与起点不同之处 | 宏平均 F1 | |
|---|--:|---|
{rows}"""


def tried(metrics: Figures) -> list[tuple[str, str, str, str]]:
    """What a search compared on all rows, best first: difference, macro-F1, seconds, remark.

    Of many the best alone, and always the start and the one that was chosen.

    Args:
        metrics: of a training; without a search there is nothing.
    """
    candidates = metrics.get("search", [])
    if not candidates:
        return []
    start = candidates[0]["parameters"]
    whole = [one for one in candidates if one["rows"] == candidates[0]["rows"]]
    ranked = sorted(whole, key=lambda one: -one["macro_f1"])
    lines = []
    for place, one in enumerate(ranked):
        # The start and what was chosen are what the others are compared with.
        if place >= _SHOWN and one["parameters"] not in (start, metrics["parameters"]):
            continue
        said = _different(one["parameters"], start) or "（起点）"
        chosen = "采用" if one["parameters"] == metrics["parameters"] else ""
        lines.append((said, f"{one['macro_f1']:.4f}", f"{one['seconds']:.1f}", chosen))
    return lines


def search_outcome(metrics: Figures) -> str:
    """How a search ended: how many were tried, what was chosen; empty without a search."""
    candidates = metrics.get("search", [])
    if not candidates:
        return ""
    start, rows = candidates[0], candidates[0]["rows"]
    number = f"搜索试了 {len(candidates)} 组参数："
    if metrics["parameters"] == start["parameters"]:
        return f"{number}没有明显更好的，保留起点的参数（宏平均 F1 {start['macro_f1']:.4f}）。"
    best = next(
        one
        for one in candidates
        if one["rows"] == rows and one["parameters"] == metrics["parameters"]
    )
    return (
        f"{number}采用 {_different(best['parameters'], start['parameters'])}，"
        f"宏平均 F1 {start['macro_f1']:.4f} → {best['macro_f1']:.4f}。"
    )


def _different(parameters: Figures, start: Figures) -> str:
    return "，".join(
        f"{name} = {value}" for name, value in parameters.items() if value != start[name]
    )


def guarantee(metrics: Figures, codebook: Codebook) -> str:
    """What is promised of the answers outside the bands, and for which themes; one paragraph."""
    stated = metrics["guarantee"]
    lines = []
    promises = {
        "given": f"给出而不带问号的主题，至少 {stated['given_right']:.0%} 是对的",
        "withheld": f"不给出也不带问号的主题，至少 {stated['withheld_right']:.0%} 确实没有",
    }
    for key, promise in promises.items():
        names = "、".join(codebook.name(label) for label in stated[key]) or "（没有）"
        lines.append(f"置信度 {stated['confidence']:.0%}，对与语料相似的文字，{promise}：{names}。")
    lines.append("未列出的主题段数太少或太难，证明不了；换了来源的文字，这些话不再成立。")
    return "\n".join(lines)


def _ethics() -> str:
    return """## 伦理
语料里的写法决定了模型认得什么；少见的写法、方言和弱势的来信人更容易被判错。
不要只凭模型的判断把来信归档、退回或不予受理。"""


def _caveats(metrics: Figures, codebook: Codebook) -> str:
    weak = sorted(metrics["labels"], key=lambda label: metrics["labels"][label]["f1"])
    named = "、".join(
        f"{codebook.name(label)}（{metrics['labels'][label]['f1']:.2f}）"
        for label in weak[:_WEAKEST]
    )
    return f"""## 局限
- 判得最差的标签：{named}。
- 只看一段，不看上下文；反讽、缩写和很短的句子容易判错。
- 概率是在训练语料上校准的，换了来源就只能当作排序。
- 词典之外的新词按单字和字组处理。"""
