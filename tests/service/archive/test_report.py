"""What is counted, and the page that shows it."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from model.bundled import bundled
from model.codebook import load_codebook
from model.document import Document, Paragraph
from model.paragraphs import Paragraphs
from service.archive.chart import line_chart
from service.archive.report import report
from service.archive.scored import ScoredBatch
from service.archive.summary import Summary
from service.archive.tally import ALL, EXAMPLES, OTHERS, Tally, folder_of
from service.tables.columns import fixed_columns
from service.tables.json_lines import JsonLines
from tests.service.archive.conftest import MakeJob, Score

BOOK = load_codebook(bundled("codebook.toml"))
HALVES = (0.5,) * len(BOOK.ids)

Fact = dict[str, Any]


def fact(n: int, label: str = "infrastructure", score: float = 0.9, **known: Any) -> Fact:
    """A paragraph in a document of its own, and what was said of it."""
    return {
        "document": Document(
            "",
            source=known.get("source", f"简报/{n}.txt"),
            date=known.get("date", ""),
            origin=known.get("origin", ""),
        ),
        "number": n,
        "paragraph": Paragraph(known.get("text", f"第{n}段<b>"), 0, 1, known.get("kind", "body")),
        "scores": [score if each == label else 0.0 for each in BOOK.ids],
        "uncertain": [bool(known.get("unsure")) and each == label for each in BOOK.ids],
    }


def tallied(facts: list[Fact]) -> Tally:
    tally = Tally(documents=1)
    scores = np.array([each["scores"] for each in facts])
    body = np.array([each["paragraph"].kind == "body" for each in facts])[:, None]
    batch = ScoredBatch(
        labels=BOOK.ids,
        documents=[each["document"] for each in facts],
        numbers=np.array([each["number"] for each in facts]),
        paragraphs=Paragraphs.of([each["paragraph"] for each in facts], range(len(facts))),
        scores=scores,
        given=(scores >= 0.5) & body,
        uncertain=np.array([each["uncertain"] for each in facts]) & body,
        evidence=None,
        constants={},
        fixed=fixed_columns(BOOK.ids),
    )
    tally.add(batch, HALVES)
    return tally


def test_shards_counted_apart_and_together_give_the_same() -> None:
    rows = [
        fact(
            n,
            BOOK.ids[n % 4],
            0.4 + n % 7 / 10,
            date=f"2024-{n % 12 + 1:02}-01" if n % 3 else "",
            origin=f"单位{n % 5}",
            unsure=n % 3 == 1,
            kind="furniture" if n % 11 == 0 else "body",
        )
        for n in range(200)
    ]
    whole = tallied(rows)
    parts = Tally()
    for start in range(0, 200, 30):
        part = orjson.loads(orjson.dumps(tallied(rows[start : start + 30]).as_dict()))
        parts.merge(Tally.from_dict(part))
    parts.documents = whole.documents
    assert parts == whole
    assert whole.paragraphs == 200
    assert whole.furniture == 19
    assert sum(group[ALL] for group in whole.origins.values()) == 181


def test_the_most_certain_and_the_closest_to_the_threshold_are_kept() -> None:
    rows = [fact(n, score=0.5 + n / 100, unsure=True) for n in range(40)]
    tally = tallied([*rows, fact(99, score=0.5 + 0.39, text="第39段<b>")])
    certain, doubtful = tally.certain["infrastructure"], tally.doubtful["infrastructure"]
    assert [example.para for example in certain] == [39, 38, 37, 36, 35]
    assert [example.para for example in doubtful] == [0, 1, 2, 3, 4]
    assert len(certain) == EXAMPLES


def test_a_tally_stays_small() -> None:
    tally = tallied([fact(n, origin=f"单位{n}") for n in range(3000)])
    assert len(tally.origins) == 2001
    assert tally.origins[OTHERS][ALL] == 1000


@pytest.mark.parametrize(
    ("doc", "folder"),
    [("甲/乙/c.txt", "甲"), ("c.txt", ""), ("a.zip!/b/c.txt", "a.zip"), ("t.csv#17", "t.csv")],
)
def test_the_first_folder_of_a_name(doc: str, folder: str) -> None:
    assert folder_of(doc) == folder


def summary_of(tally: Tally) -> Summary:
    tally.labels.update(dict.fromkeys(BOOK.ids, 0))
    known = {"out": "/x/结果", "model": "m", "codebook": "1", "engine": "local", "workers": 1}
    figures = {"bytes": 1, "shards": 1, "resumed": 0, "scored": 1, "seconds": 1.0}
    return Summary.of(tally, **known, **figures)


def test_the_page_shows_time_folders_examples_and_reasons(tmp_path: Path) -> None:
    tally = tallied(
        [fact(n, date=f"2024-0{n % 9 + 1}-01", source=f"甲{n % 2}/x") for n in range(30)]
    )
    tally.rejected = 3
    table = JsonLines(tmp_path / "rejected")
    table.write([{"doc": f"<{n}>.txt", "reason": f"第 {n} 字节无法解码"} for n in range(3)])
    table.close()
    page = report(summary_of(tally), tally, BOOK, tmp_path / "rejected")
    for heading in ("各主题的段落", "随时间的变化", "按文件夹", "段落举例", "未能读取"):
        assert f"<h2>{heading}</h2>" in page
    assert "按来源" not in page
    assert "第 … 字节无法解码" in page
    assert page.count("&lt;1&gt;.txt") == 1
    assert "段<b>" not in page
    assert not re.search(r"<script|https?://|src=|@import|url\(", page)


def test_many_months_are_shown_as_years(tmp_path: Path) -> None:
    rows = [fact(n, date=f"{2000 + n // 12}-{n % 12 + 1:02}-01") for n in range(60)]
    tally = tallied(rows)
    page = report(summary_of(tally), tally, BOOK, tmp_path / "none")
    assert ">2003</text>" in page
    assert "2003-01" not in page


def test_a_chart_goes_from_bottom_to_top() -> None:
    """Of 0 and 0.2 on a scale to 0.2: y is 280 − 34 = 246, and 12."""
    chart = line_chart(["一", "二"], {"甲": [0.0, 0.2]})
    assert 'points="52.0,246.0 828.0,12.0"' in chart
    assert ">20%</text>" in chart


def test_the_page_of_a_run_holds_its_figures(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl")
    summary = score(job)
    page = job.places.beside("report").read_text(encoding="utf-8")
    assert f"<b>{summary.documents}</b><span>篇文档" in page
    assert "无法解码" in page
    assert "表.bin" in page
    assert orjson.loads(job.places.beside("summary").read_bytes()) == summary.as_dict()
