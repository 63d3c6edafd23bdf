"""The page: whole, offline, the same every time, and safe whatever people wrote."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from model.codebook import Codebook
from model.decision import Evidence
from model.store import ModelStore
from tests.training.judging import LABELS, some_judged
from training.card import card, search_outcome, shortfalls, tried
from training.judged import Judged
from training.metrics import figures
from training.mistakes import worst_mistakes
from training.plots import coverage_plot, curve_plot, label_plot, reliability_plot
from training.report import report

NASTY = '<script>alert("x")</script>&amp;"$x$'
BOOK = Codebook.of_labels(LABELS)


def speaking(text: str, labels: tuple[str, ...]) -> tuple[Evidence, ...]:
    """Evidence that says that the second and third characters spoke for the first label."""
    return (Evidence(labels[0], 1, 3, text[1:3], 0.5),)


def page_of(judged: Judged, book: Codebook = BOOK, **more: Any) -> str:
    metrics = {"measured_on": "corpus", **figures(judged, ["genre"]), **more}
    return report(metrics, book, [("语料", NASTY)], worst_mistakes(judged, speaking))


class Page(HTMLParser):
    """The tags, attributes and words of a page; says which tags stay open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "data")]
        if tag not in ("meta", "br", "path", "use", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "use", "rect"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_needs_nothing_else_and_is_well_formed() -> None:
    text = page_of(some_judged(), learning_curve=[{"rows": 5, "macro_f1": 0.5}] * 2)
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert all(link.startswith("#") for link in page.links)
    assert "://" not in text
    assert "url(http" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert page.tags.count("svg") == 4


def test_the_same_figures_give_the_same_page() -> None:
    judged = some_judged()
    assert page_of(judged) == page_of(judged)


def test_what_people_wrote_is_shown_and_never_obeyed() -> None:
    judged = some_judged(40)
    rows = tuple(
        replace(
            row,
            text=NASTY,
            genre=NASTY if i % 2 else "信",
            labels=tuple(NASTY if label == "a" else label for label in row.labels),
        )
        for i, row in enumerate(judged.rows)
    )
    book = Codebook.of_labels([NASTY, "b", "c"])
    labels = (NASTY, "b", "c")
    text = page_of(replace(judged, rows=rows, labels=labels), book)
    assert "<script" not in text
    assert '<script>alert("x")' in "".join(Page(text).words).replace("\n", "")


def test_the_deciding_words_are_marked() -> None:
    judged = some_judged(40)
    wrong = int(np.flatnonzero((judged.given != judged.true).any(axis=1))[0])
    text = page_of(judged)
    assert f"第<mark>{judged.rows[wrong].text[1:3]}</mark>" in text


def test_the_worst_come_first_and_right_ones_never() -> None:
    judged = some_judged(200)
    chances = judged.probabilities.copy()
    n = int(np.flatnonzero((judged.given != judged.true).any(axis=1))[5])
    chances[n] = np.where(judged.true[n], 1e-6, 1 - 1e-6)
    found = worst_mistakes(replace(judged, probabilities=chances), speaking)
    assert found[0].row is judged.rows[n]
    assert len(found) == 30
    for mistake in found:
        assert set(mistake.given) != set(mistake.row.labels)
        assert set(mistake.missed) | set(mistake.added) == set(mistake.probabilities)


def test_every_name_a_person_needs_is_there() -> None:
    words = "".join(Page(page_of(some_judged())).words)
    for name in ("宏平均 F1", "精确率", "召回率", "拿不准", "校准误差", "按体裁分", "95 % 区间"):
        assert name in words


def test_two_hundred_labels_still_make_a_page() -> None:
    labels = tuple(f"第{n}类" for n in range(200))
    generator = np.random.default_rng(0)
    true = generator.uniform(size=(300, 200)) < 0.02
    given = true ^ (generator.uniform(size=true.shape) < 0.005)
    rows = [
        replace(row, labels=tuple(np.array(labels)[marks]), group="")
        for row, marks in zip(some_judged(300).rows, true, strict=True)
    ]
    judged = Judged.marked(rows, labels, given, np.zeros_like(given), np.abs(given - 0.1))
    text = page_of(judged, Codebook.of_labels(labels))
    assert "只画 F1 最低的 40 个" in text
    assert "最常见的混淆" in text
    assert len(text) < 1_000_000


def test_perfect_figures_make_a_page_too() -> None:
    judged = some_judged(50)
    perfect = replace(judged, given=judged.true, probabilities=judged.true.astype(np.float64))
    assert "没有判错的段" in page_of(perfect)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: label_plot(
            ["基础设施", NASTY], [{"f1": 0.9, "intervals": {"f1": [0.8, 0.95]}}] * 2
        ),
        lambda: reliability_plot([{"predicted": 0.1, "observed": 0.2}]),
        lambda: coverage_plot([{"coverage": 1.0, "precision": 0.9, "exact_match": 0.8}]),
        lambda: curve_plot([{"rows": 10, "macro_f1": 0.5}, {"rows": 20, "macro_f1": 0.6}]),
    ],
    ids=["labels", "reliability", "coverage", "curve"],
)
def test_a_plot_has_its_words_as_text_and_no_place_holder_left(
    draw: Callable[[], str],
) -> None:
    svg = draw()
    words = Page(svg).words
    assert any(re.search(r"[\u4e00-\u9fff]", word) for word in words)
    assert not any(re.fullmatch(r"\s*k\d+z*k\s*", word) for word in words)
    assert svg == draw()
    assert "<dc:date>" not in svg


def test_the_card_has_the_usual_sections(store: ModelStore) -> None:
    text = (store.folder() / "card.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads == ["模型", "用途", "怎样衡量", "训练数据", "成绩", "伦理", "局限"]
    manifest = store.manifest()
    thresholds = dict.fromkeys(LABELS, 0.5)
    stated = {"confidence": 0.9, "given_right": 0.95, "given": ["a"], "withheld_right": 0.99}
    more: dict[str, Any] = {"thresholds": thresholds, "guarantee": {**stated, "withheld": []}}
    text = card(manifest, {**figures(some_judged(), ["genre"]), **more}, BOOK)
    assert "## 影响成绩的因素" in text
    assert "至少 95% 是对的：a。" in text
    assert "至少 95% 是对的：a。" in page_of(some_judged(), **more)
    assert "没有达到要求的精确率" not in text
    asked = {**manifest, "parameters": {**manifest["parameters"], "precision": 0.999}}
    text = card(asked, {**figures(some_judged(), ["genre"]), **more}, BOOK)
    assert "- a：要求精确率 0.999" in text.partition("## 成绩")[2].partition("## ")[0]


SEARCHED: dict[str, Any] = {
    "parameters": {"c": 0.7, "title": 8},
    "search": [
        {"parameters": {"c": 0.5, "title": 8}, "rows": 90, "macro_f1": 0.81, "seconds": 1.5},
        {"parameters": {"c": 0.7, "title": 8}, "rows": 30, "macro_f1": 0.99, "seconds": 0.5},
        {"parameters": {"c": 0.7, "title": 8}, "rows": 90, "macro_f1": 0.84, "seconds": 2.5},
        {"parameters": {"c": 0.5, "title": 0}, "rows": 90, "macro_f1": 0.79, "seconds": 1.2},
    ],
}


def test_what_a_search_tried_on_all_rows_is_told_best_first() -> None:
    assert tried(SEARCHED) == [
        ("c = 0.7", "0.8400", "2.5", "采用"),
        ("（起点）", "0.8100", "1.5", ""),
        ("title = 0", "0.7900", "1.2", ""),
    ]
    assert tried({}) == []


def test_the_start_and_the_chosen_are_told_however_many_were_tried() -> None:
    start = SEARCHED["search"][0]
    better = [
        {**start, "parameters": {**start["parameters"], "c": n}, "macro_f1": 0.9 + n / 1000}
        for n in range(2, 40)
    ]
    many = {**SEARCHED, "search": [*SEARCHED["search"], *better]}
    lines = tried(many)
    assert len(lines) == 22
    assert lines[0][0] == "c = 39"
    assert [line[0] for line in lines[-2:]] == ["c = 0.7", "（起点）"]
    assert [line[3] for line in lines].count("采用") == 1
    assert search_outcome(many) == "搜索试了 42 组参数：采用 c = 0.7，宏平均 F1 0.8100 → 0.8400。"
    kept = {**SEARCHED, "parameters": start["parameters"]}
    assert "保留起点的参数（宏平均 F1 0.8100）" in search_outcome(kept)
    assert search_outcome({}) == ""


def test_labels_below_the_precision_that_was_asked_for_are_named() -> None:
    one, two, *rest = LABELS
    scores = {label: {"precision": 0.97, "recall": 0.5} for label in LABELS}
    scores[one] = {"precision": 0.91, "recall": 0.42}
    metrics = {"labels": scores, "thresholds": dict.fromkeys(LABELS, 0.4) | {two: 1.0}}
    first, second = shortfalls(metrics, BOOK, 0.95)
    assert first == f"{one}：要求精确率 0.95，交叉验证为 0.910，召回率 0.420"
    assert second.startswith(f"{two}：")
    assert "没有达得到的阈值" in second
    assert shortfalls(metrics, BOOK, None) == []
    assert all(label not in first + second for label in rest)


def test_the_page_shows_what_a_search_tried_and_is_silent_without_one() -> None:
    text = page_of(some_judged(), **SEARCHED)
    assert Page(text).open == []
    assert "试了 4 次" in text
    assert text.index("<td>c = 0.7</td>") < text.index("（起点）") < text.index("title = 0")
    assert "试过哪些参数" not in page_of(some_judged())
