"""The date in a file's own name, where its text says none."""

import datetime
from pathlib import Path
from zipfile import ZipFile

import docx
import pytest

from model.document import Document
from service.reading.files import find_files, read_documents
from service.reading.formats import named_date

BODY = "河湾街道组织志愿者清理了河道两岸的垃圾。"


def documents(root: Path) -> dict[str, str]:
    """The date of each document below a folder."""
    found = [item for one in find_files([root]) for item in read_documents(one)]  # type: ignore[arg-type]
    return {item.source: item.date for item in found if isinstance(item, Document)}


@pytest.mark.parametrize(
    ("doc", "wanted"),
    [
        ("20241120-10.txt", "2024-11-20"),
        ("条例(2019-07-26).txt", "2019-07-26"),
        ("简报 2024年3月5日.docx", "2024-03-05"),
        ("2024.3.5会议.pdf", "2024-03-05"),
        ("简报_2024_03_05.txt", "2024-03-05"),
        ("通知二〇二四年三月五日.txt", "2024-03-05"),
        ("t20240305_1234567.html", "2024-03-05"),
        ("2024-01-01/包.zip!/内/20240305.txt", "2024-03-05"),
        ("20240305/通知.txt", ""),
        ("20240305.zip!/通知.txt", ""),
        ("120240305.txt", ""),
        ("2024030512.txt", ""),
        ("8a20240305b1c4.txt", ""),
        ("ff20110203e.txt", ""),
        ("20240230.txt", ""),
        ("2024年3月.txt", ""),
        ("19480101.txt", ""),
        ("19491001.txt", "1949-10-01"),
        ("通知.txt", ""),
        ("1a" * 100_000 + ".txt", ""),
    ],
)
def test_a_name_says_a_date_that_can_be_a_document_s(doc: str, wanted: str) -> None:
    assert named_date(doc) == wanted


def test_tomorrow_may_be_and_the_day_after_it_not() -> None:
    today = datetime.date.today()
    tomorrow, later = (today + datetime.timedelta(days=days) for days in (1, 3))
    assert named_date(f"{tomorrow:%Y%m%d}.txt") == tomorrow.isoformat()
    assert named_date(f"{later:%Y%m%d}.txt") == ""


def test_the_text_counts_before_the_name(tmp_path: Path) -> None:
    (tmp_path / "20240305-甲.txt").write_text(f"标题\n发布时间：2024-03-02\n{BODY}", "utf-8")
    (tmp_path / "20240305-乙.txt").write_text(BODY, "utf-8")
    (tmp_path / "丙.txt").write_text(BODY, "utf-8")
    assert documents(tmp_path) == {
        "20240305-甲.txt": "2024-03-02",
        "20240305-乙.txt": "2024-03-05",
        "丙.txt": "",
    }


def test_the_name_counts_before_the_day_on_which_the_file_was_made(tmp_path: Path) -> None:
    for name, line in (("简报 2024年3月5日", BODY), ("简报", BODY), ("20240305", "2024年3月2日")):
        file = docx.Document()
        file.core_properties.created = datetime.datetime(2013, 12, 23)
        file.add_paragraph(line)
        file.add_paragraph(BODY)
        file.save(str(tmp_path / f"{name}.docx"))
    assert documents(tmp_path) == {
        "简报 2024年3月5日.docx": "2024-03-05",
        "简报.docx": "2013-12-23",
        "20240305.docx": "2024-03-02",
    }


def test_the_name_of_a_page_does_not_count_before_what_the_page_says(tmp_path: Path) -> None:
    head = '<html><head><meta name="PubDate" content="2024-03-02"></head>'
    (tmp_path / "t20240305_1.html").write_text(f"{head}<body><p>{BODY * 9}</p></body></html>")
    assert documents(tmp_path) == {"t20240305_1.html": "2024-03-02"}


def test_rows_of_a_table_do_not_have_the_date_of_the_table(tmp_path: Path) -> None:
    for length in (1, 200):
        (tmp_path / f"20240305-{length}.csv").write_text(f"正文\n{BODY * length}\n", "utf-8")
    found = documents(tmp_path)
    assert len(found) == 2
    assert set(found.values()) == {""}


def test_a_member_of_an_archive_has_its_own_name(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "20240301.zip", "w") as archive:
        archive.writestr("20240305.txt", BODY)
        archive.writestr("b.txt", BODY)
    assert documents(tmp_path) == {
        "20240301.zip!/20240305.txt": "2024-03-05",
        "20240301.zip!/b.txt": "",
    }
