"""The words around a model: a model card in Markdown and a report in HTML, from its figures.

The card follows the sections of Mitchell et al., Model Cards for Model Reporting (2019). Both are
made from the manifest and the metrics alone and hold no text of the corpus.
"""

import html
from collections.abc import Mapping
from typing import Any

from model.codebook import Codebook

Figures = Mapping[str, Any]


def card(manifest: Figures, metrics: Figures, codebook: Codebook) -> str:
    """The model card, Markdown in Chinese."""
    corpus = manifest["corpus"]
    low, high = metrics["macro_f1_interval"]
    themes = "\n".join(
        f"| {codebook.name(label)} | {corpus['labels'][label]} | {scores['precision']:.3f} "
        f"| {scores['recall']:.3f} | {scores['f1']:.3f} | {metrics['thresholds'][label]:.3f} |"
        for label, scores in metrics["labels"].items()
    )
    libraries = "、".join(f"{name} {number}" for name, number in manifest["libraries"].items())
    return f"""# 模型卡

## 模型
每个主题一个线性支持向量机，特征为词与字的 n 元 TF-IDF，分词用 jieba 词典（不开 HMM）。
编码手册版本：{manifest["codebook"]}。训练参数：`{manifest["parameters"]}`。库版本：{libraries}。

## 用途
判断治理类中文段落的主题，供检索、统计和人工复核前的筛选。
不适合用来评价个人、单位，或代替人对单件诉求作决定。

## 训练数据
{corpus["rows"]} 段，其中 {corpus["none"]} 段不属于任何主题；语料的 SHA-256：`{corpus["sha256"]}`。

## 成绩
以下来自对训练语料的 {manifest["parameters"]["folds"]} 折交叉验证；阈值也由同一批折外分数选出，所以略偏乐观。
换一种来源的文字，成绩会变：请用 `govtheme evaluate` 在自己的文字上检验。

| 主题 | 段数 | 精确率 | 召回率 | F1 | 阈值 |
|---|--:|--:|--:|--:|--:|
{themes}

宏平均 F1 {metrics["macro_f1"]:.3f}（95 % 区间 {low:.3f}–{high:.3f}，按段自助抽样），完全一致 {metrics["exact_match"]:.3f}。
{guarantee(metrics, codebook)}

## 局限
- 只看一段，不看上下文；反讽、缩写和很短的句子容易判错。
- 分数是在训练语料上校准的概率，换了来源就只能当作排序。
- 词典之外的新词按单字和字组处理。
"""


def guarantee(metrics: Figures, codebook: Codebook) -> str:
    """What is promised of the answers outside the bands, and for which themes; one paragraph."""
    stated = metrics["guarantee"]
    lines = [
        f"不确定的段占 {metrics['uncertain_share']:.1%}：主题的分数落在阈值两侧的区间内，应由人看一眼。"
    ]
    promises = {
        "given": f"给出而不带问号的主题，至少 {stated['given_right']:.0%} 是对的",
        "withheld": f"不给出也不带问号的主题，至少 {stated['withheld_right']:.0%} 确实没有",
    }
    for key, promise in promises.items():
        names = "、".join(codebook.name(label) for label in stated[key]) or "（没有）"
        lines.append(f"置信度 {stated['confidence']:.0%}，对与语料相似的文字，{promise}：{names}。")
    lines.append("未列出的主题段数太少或太难，证明不了；换了来源的文字，这些话不再成立。")
    return "\n".join(lines)


def report(manifest: Figures, metrics: Figures, codebook: Codebook) -> str:
    """The report, one HTML file without scripts, styles or images from elsewhere."""
    low, high = metrics["macro_f1_interval"]
    rows = "".join(
        f"<tr><th>{html.escape(codebook.name(label))}</th>"
        f"<td>{manifest['corpus']['labels'][label]}</td>"
        + "".join(_bar(scores[key]) for key in ("precision", "recall", "f1"))
        + f"<td>{metrics['thresholds'][label]:.2f}</td></tr>"
        for label, scores in metrics["labels"].items()
    )
    genres = "".join(
        f"<tr><th>{html.escape(genre) or '（未注明）'}</th><td>{count}</td></tr>"
        for genre, count in manifest["corpus"]["genres"].items()
    )
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>模型报告</title><style>
body{{font-family:system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;line-height:1.7;color:#222}}
table{{border-collapse:collapse;width:100%;margin:1rem 0}}th,td{{padding:.35rem .6rem;border-bottom:1px solid #ddd;text-align:left}}
.bar{{background:linear-gradient(90deg,#9cc4e4 var(--w),transparent var(--w))}}small{{color:#666}}
</style></head><body>
<h1>模型报告</h1>
<p>用 {manifest["corpus"]["rows"]} 段带标签的文字训练，其中 {manifest["corpus"]["none"]} 段不属于任何主题。</p>
<h2>判断得有多准</h2>
<p>把语料分成 {manifest["parameters"]["folds"]} 份，轮流用其余几份训练、拿这一份来考。
精确率：判为某主题的段里有多少真是；召回率：真是某主题的段里找到了多少；F1 是两者的调和平均。</p>
<table><tr><th>主题</th><th>段数</th><th>精确率</th><th>召回率</th><th>F1</th><th>阈值</th></tr>{rows}</table>
<p>各主题 F1 的平均：<b>{metrics["macro_f1"]:.3f}</b>
<small>（95 % 区间 {low:.3f}–{high:.3f}）</small>；所有主题全部判对的段：{metrics["exact_match"]:.1%}；
拿不准、建议人工看一眼的段：{metrics["uncertain_share"]:.1%}。</p>
<h2>语料的体裁</h2><table><tr><th>体裁</th><th>段数</th></tr>{genres}</table>
<p><small>换一种来源的文字，成绩会不同；请用 govtheme evaluate 在自己的文字上检验。</small></p>
</body></html>
"""


def _bar(value: float) -> str:
    return f'<td class="bar" style="--w:{100 * value:.1f}%">{value:.3f}</td>'
