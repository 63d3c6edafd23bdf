"""What was read becomes the tables that `govtheme score` writes, and HTML in which nothing runs."""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from model.bundled import bundled
from model.classifier import ThemeClassifier
from model.codebook import load_codebook
from model.store import ModelStore
from service.cli import main
from service.client import Client
from service.client.results import Document, Evidence, Rejected, Result, Scored
from service.settings import Settings
from service.workbench.reading import markup
from service.workbench.reading.markup import Themes, underlined
from service.workbench.reading.sheet import KINDS, Sheet
from tests.service.running import running

BOOK = load_codebook(bundled("codebook.toml"))
NAMES = tuple(theme.name_zh for theme in BOOK.themes)
THEMES = Themes(BOOK.ids, NAMES)


@pytest.fixture(scope="module")
def client(classifier: ThemeClassifier) -> Iterator[Client]:
    with running(Settings(), classifier) as http, Client(str(http.base_url)) as client:
        yield client


def packed() -> bytes:
    """An archive of a page, a table, and a file that cannot be read."""
    page = bundled("sample_page.txt").read_bytes()
    table = "编号,诉求内容,text\n1,网格员每天入户走访。,=甲\n2,=1+1 路修通了，路灯装好了。,乙\n"
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("简报/一.txt", page)
        archive.writestr("热线.csv", table)
        archive.writestr("坏.pdf", b"%PDF-nothing")
    return kept.getvalue()


@pytest.fixture(scope="module")
def sheet(client: Client) -> Sheet:
    return Sheet(client.classify_bytes(packed(), "档案.zip", evidence=True), BOOK.ids, NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_is_the_one_that_the_command_writes(
    sheet: Sheet, kind: str, store: ModelStore, tmp_path: Path
) -> None:
    archive, out = tmp_path / "档案.zip", tmp_path / f"out.{kind}"
    archive.write_bytes(packed())
    words = ["score", str(archive), "--out", str(out), "--evidence", "--workers", "1"]
    assert main([*words, "--models", str(store.root)]) == 0
    table = sheet.table(kind)
    if kind == "xlsx":
        # A workbook holds the time at which it was made.
        assert cells(table) == cells(out.read_bytes())
    else:
        assert table == out.read_bytes()


def cells(table: bytes) -> list[tuple[object, ...]]:
    (page,) = load_workbook(io.BytesIO(table)).worksheets
    return list(page.iter_rows(values_only=True))


def test_shares_count_paragraphs(sheet: Sheet) -> None:
    shares = sheet.shares()
    results = list(sheet.results)
    assert shares.paragraphs == len(results) == 15
    assert shares.furniture == sum(result.kind == "furniture" for result in results) > 0
    assert shares.text == shares.paragraphs - shares.furniture
    given = sum(bool(result.labels) for result in results)
    assert shares.none == shares.text - given
    assert sum(shares.labels.values()) == sum(len(result.labels) for result in results)
    assert list(shares.labels) == list(BOOK.ids)


def test_every_paragraph_is_in_some_chunk_and_the_first_chunk_is_small() -> None:
    results = tuple(result(f"第{n}段") for n in range(250))
    sheet = Sheet(Scored((Document("a.txt", "", results),), ()), BOOK.ids, NAMES)
    chunks = list(markup.chunks(sheet, THEMES))
    assert [piece.html.count('class="para') for piece in chunks] == [20, 100, 100, 30]
    assert {name for piece in chunks for name in piece.classes} == {"t0"}
    said = plain("".join(piece.html for piece in chunks))
    assert all(f"第{n}段" in said for n in range(250))


def test_a_very_long_document_is_shown_in_part_and_kept_whole() -> None:
    results = tuple(result(f"第{n}段") for n in range(markup.MOST_ROWS + 50))
    sheet = Sheet(Scored((Document("a.txt", "", results),), ()), BOOK.ids, NAMES)
    shown = sum(piece.html.count('class="para') for piece in markup.chunks(sheet, THEMES))
    assert shown == markup.MOST_ROWS
    assert sheet.table("jsonl").count(b"\n") == markup.MOST_ROWS + 50


def test_several_documents_have_heads_and_the_rows_of_a_table_their_names(sheet: Sheet) -> None:
    ((shown, classes),) = [(p.html, p.classes) for p in markup.chunks(sheet, THEMES)]
    assert {"t1", "t2", "furniture"} <= classes
    assert shown.count('<h2 class="para doc') == 1
    assert "档案.zip!/简报/一.txt" in shown
    assert shown.count('<span class="where">档案.zip!/热线.csv') == 2
    assert "坏.pdf" in markup.rejected(sheet.scored.rejected)


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>&amp;'


def test_nothing_that_comes_from_outside_is_markup() -> None:
    evil = Result(
        labels=("x'\"><b>",),
        status="uncertain",
        uncertain=("x'\"><b>",),
        scores={"x'\"><b>": 0.5},
        model="1",
        evidence=(Evidence("x'\"><b>", 2, 9, "", 0.5),),
        para=0,
        text=EVIL,
        kind="heading",
    )
    documents = tuple(Document(EVIL, EVIL, (evil, evil)) for _ in range(2))
    themes = Themes(("x'\"><b>",), (EVIL,))
    sheet = Sheet(Scored(documents, ()), tuple(themes.labels), themes.names)
    (piece,) = markup.chunks(sheet, themes)
    shown = piece.html + markup.rejected([Rejected(EVIL, EVIL)])
    assert set(re.findall(r"<(\w+)", shown)) <= {
        *("h2", "h3", "b", "i", "u", "p", "li", "div", "span", "button", "details", "summary")
    }
    assert "onerror=alert(2)&gt;" in shown
    assert plain(shown).count(EVIL) >= 8


@given(
    st.text(max_size=40).map(lambda text: text + "<&>"),
    st.lists(st.tuples(st.integers(0, 43), st.integers(0, 43), st.floats(0.01, 5)), max_size=6),
)
def test_underlining_changes_no_character(
    text: str, stretches: list[tuple[int, int, float]]
) -> None:
    evidence = [
        Evidence(BOOK.ids[n % 4], min(a, b, len(text)), min(max(a, b), len(text)), "", weight)
        for n, (a, b, weight) in enumerate(stretches)
    ]
    shown = underlined(text, evidence, THEMES)
    assert plain(shown) == text
    marked = "".join(re.findall(r"<u [^>]*>(.*?)</u>", shown, re.DOTALL))
    covered = {i for item in evidence for i in range(item.start, item.end)}
    assert html.unescape(marked) == "".join(text[i] for i in sorted(covered))


def test_the_heavier_of_two_words_gives_the_colour() -> None:
    evidence = [Evidence(BOOK.ids[0], 0, 3, "", 0.2), Evidence(BOOK.ids[1], 1, 4, "", 0.9)]
    shown = underlined("修路网格", evidence, THEMES)
    assert re.findall(r'<u class="theme-(\d)"[^>]*>(.)', shown) == [
        ("1", "修"),
        ("2", "路"),
        ("2", "格"),
    ]


def plain(shown: str) -> str:
    """What a person would read."""
    return html.unescape(re.sub(r"<[^>]*>", "", shown))


def result(text: str) -> Result:
    """A paragraph without a theme."""
    scores = dict.fromkeys(BOOK.ids, 0.01)
    return Result((), "none", (), scores, "1", (), 0, text, 0, len(text), "body")


def test_the_answer_is_what_the_server_says(client: Client) -> None:
    """A server that answers without a date would give another table."""
    with httpx.Client(base_url=client.address, trust_env=False) as plain_client:
        files = {"file": ("例.txt", bundled("sample_page.txt").read_bytes())}
        (document,) = plain_client.post("/classify/file", files=files).json()["documents"]
    assert document["date"] == "2025-11-06"
    assert document["columns"] == {}
