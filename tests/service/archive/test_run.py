import csv
import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pyarrow.dataset as dataset
import pyarrow.parquet as parquet
import pytest

from model.classifier import ThemeClassifier
from service.archive.errors import (
    BusyError,
    ChangedError,
    EmptyError,
    OccupiedError,
    RunError,
    StoppedError,
)
from service.archive.lock import locked
from service.archive.manifest import Manifest
from service.archive.run import How
from service.archive.standing import Progress, Standing
from service.reading.options import ReadingOptions
from service.tables.columns import fixed_columns
from service.tables.separated import unguarded
from tests.service.archive.conftest import PAGE, MakeJob, Score

Rows = list[dict[str, object]]


def rows_of(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def stop_at(documents: int) -> Progress:
    """Progress that breaks a run off, as a second Ctrl-C would, when it has so many documents."""

    def progress(standing: Standing) -> None:
        if standing.documents >= documents:
            raise KeyboardInterrupt

    return progress


def test_every_paragraph_of_every_readable_file_is_a_row(
    classifier: ThemeClassifier, archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl")
    summary = score(job)
    rows = rows_of(job.out)
    assert [row["doc"] for row in rows if row["para"] == 0] == [
        "简报/2024/一.txt",
        "简报/2024/二.txt",
        "简报/三.md",
        "诉求/热线.csv#2",
        "诉求/热线.csv#3",
    ]
    assert tuple(rows[0]) == fixed_columns(classifier.labels)
    pages = [{k: v for k, v in row.items() if k != "doc"} for row in rows[:-2]]
    third = len(pages) // 3
    assert pages[:third] == pages[third : 2 * third] == pages[2 * third :]
    assert rows[0]["title"] == "河湾街道：小院里的变化看得见"
    for row in rows:
        if row["kind"] == "furniture":
            assert (row["labels"], row["status"]) == ([], "none")
    assert summary.documents == 6
    assert summary.paragraphs == len(rows)
    assert summary.furniture == sum(row["kind"] == "furniture" for row in rows)
    assert sum(summary.labels.values()) == sum(len(row["labels"]) for row in rows)  # type: ignore[arg-type, misc]


def test_what_the_input_carried_comes_along_and_clashes_are_renamed(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl")
    summary = score(job)
    assert summary.carried == ["编号", "text_input"]
    last = rows_of(job.out)[-1]
    assert (last["编号"], last["text"], last["text_input"]) == ("2", "网格员每天入户走访。", "乙")


def test_what_cannot_be_read_is_listed_with_its_reason(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl")
    summary = score(job)
    listed = {row["doc"]: str(row["reason"]) for row in rows_of(job.places.beside("rejected"))}
    assert set(listed) == {"坏.txt", "表.bin", "链接.txt"}
    assert summary.rejected == 3
    assert "无法解码" in listed["坏.txt"]
    assert ".bin" in listed["表.bin"]
    assert "符号链接" in listed["链接.txt"]
    for name in listed:
        (archive / str(name)).unlink()
    score(job)
    assert not job.places.beside("rejected").exists()


def test_rows_equal_what_the_classifier_says_of_the_document(
    classifier: ThemeClassifier, archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive / "简报/2024/一.txt", "out.jsonl", evidence=True)
    score(job)
    rows = rows_of(job.out)
    said = classifier.classify_document(PAGE.decode(), evidence=True)
    assert len(rows) == len(said)
    for row, item in zip(rows, said, strict=True):
        assert row["labels"] == list(item.decision.labels)
        for label, value in item.decision.scores.items():
            assert row[f"score_{label}"] == pytest.approx(value, abs=1e-6)
        assert len(row["evidence"]) == len(item.decision.evidence)  # type: ignore[arg-type]


def test_every_format_holds_the_same_rows(archive: Path, make_job: MakeJob, score: Score) -> None:
    """One shard a file, so that those with carried columns and those without are put together."""
    jobs = {
        out: make_job(archive, out, shard_files=1, evidence=True)
        for out in ("a.jsonl", "a.csv", "a.parquet", "a.xlsx", "a")
    }
    for job in jobs.values():
        score(job, How(workers=2))
    rows = rows_of(jobs["a.jsonl"].out)
    names = [*rows[0], "编号", "text_input"]
    full: Rows = [{name: row.get(name) for name in names} for row in rows]
    assert parquet.read_table(jobs["a.parquet"].out).to_pylist() == full
    assert parquet.read_table(jobs["a"].out).to_pylist() == full
    assert dataset.dataset(jobs["a"].out).to_table().to_pylist() == full
    assert jobs["a.csv"].out.read_bytes().startswith(b"\xef\xbb\xbf")
    with jobs["a.csv"].out.open(encoding="utf-8-sig", newline="") as file:
        from_csv = list(csv.DictReader(file))
    assert list(from_csv[0]) == names
    assert [row["labels"] for row in from_csv] == [";".join(row["labels"]) for row in rows]  # type: ignore[arg-type]
    assert [unguarded(row["text"]) for row in from_csv] == [row["text"] for row in rows]
    sheet = openpyxl.load_workbook(jobs["a.xlsx"].out).active
    assert sheet.max_row == len(rows) + 1
    assert [cell.value for cell in sheet[1]][:5] == ["文件", "标题", "日期", "作者", "来源"]


def test_without_text_nothing_repeats_what_the_documents_say(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    (archive / "无表头.csv").write_text("齐望春,男,北门\n某某某,女,南门", encoding="utf-8")
    (archive / "来源.txt").write_text("来源：齐望春捐款\n\n这条水泥路已经修好。", encoding="utf-8")
    for out in ("a.jsonl", "a"):
        job = make_job(archive, out, evidence=True, keep_text=False)
        score(job)
    rows = rows_of(make_job(archive, "a.jsonl").out)
    assert parquet.read_table(make_job(archive, "a").out).to_pylist() == rows
    assert {"text", "title", "author", "origin", "编号", "text_input"}.isdisjoint(
        rows[0] | rows[-1]
    )
    assert any(row["evidence"] for row in rows)
    written = [p for p in job.out.parent.rglob("a*") if p.is_file() and p.suffix != ".parquet"]
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert not any(words in text for words in ("小院", "水泥路", "齐望春")), path


def test_a_run_that_is_broken_off_leaves_the_old_table_and_goes_on(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl", shard_files=1)
    job.out.write_text("old")
    job.places.beside("summary").write_text("{}")
    with pytest.raises(StoppedError, match="同一条命令"):
        score(job, progress=stop_at(3))
    assert job.out.read_text() == "old"
    assert job.places.manifest.exists()
    summary = score(job)
    assert 0 < summary.resumed < summary.shards
    assert summary.scored < summary.paragraphs
    again = make_job(archive, "again.jsonl")
    score(again)
    assert job.out.read_bytes() == again.out.read_bytes()
    assert not job.places.run.exists()


def test_a_changed_input_is_refused_and_named(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl", shard_files=1)
    with pytest.raises(StoppedError):
        score(job, progress=stop_at(1))
    (archive / "新.txt").write_bytes(PAGE)
    with pytest.raises(ChangedError, match=r"多了 新\.txt"):
        score(job)
    (archive / "新.txt").unlink()
    (archive / "简报/三.md").rename(archive.parent / "三.md")
    with pytest.raises(ChangedError, match=r"少了 简报/三\.md"):
        score(job)
    (archive.parent / "三.md").rename(archive / "简报/三.md")
    (archive / "简报/三.md").write_bytes(PAGE + PAGE)
    with pytest.raises(ChangedError, match=r"简报/三\.md 改动过.*--restart"):
        score(job)
    score(job, How(restart=True))
    fresh = make_job(archive, "fresh.jsonl")
    score(fresh)
    assert job.out.read_bytes() == fresh.out.read_bytes()


def test_changed_options_are_refused_and_named(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl", shard_files=1)
    with pytest.raises(StoppedError):
        score(job, progress=stop_at(1))
    for changed, said in (
        ({"evidence": True}, "--evidence：当时是 没有，现在是 有"),
        ({"keep_text": False}, "--keep-text：当时是 有，现在是 没有"),
        ({"version": "0" * 12}, "模型：当时是 .*，现在是 000000000000"),
        ({"shard_files": 2}, "GOVTHEME_SHARD_FILES：当时是 1，现在是 2"),
        ({"reading": ReadingOptions("正文")}, "--text-column：当时是 未指定，现在是 正文"),
        ({"reading": ReadingOptions(max_rows=9)}, "GOVTHEME_MAX_ROWS：当时是 2000000，现在是 9"),
    ):
        with pytest.raises(ChangedError, match=said):
            score(replace(job, **changed))
    with pytest.raises(RunError, match="--no-resume"):
        score(job, How(resume=False))
    assert score(job).resumed > 0


def test_a_whole_table_that_was_not_yet_in_its_place_is_put_there(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    """The state that is left when the power goes before the last renames."""
    for how in (How(), How(restart=True)):
        job = make_job(archive, f"{how.restart}/table")
        places = job.places
        score(job)
        parts = {path.name: path.read_bytes() for path in job.out.iterdir()}
        places.run.mkdir()
        places.lock.touch()
        Manifest.begin(places.manifest, job.asked()).finish()
        job.out.rename(places.table)
        places.beside("summary").rename(places.draft("summary"))
        assert score(job, how).documents == 6
        assert {path.name: path.read_bytes() for path in job.out.iterdir()} == parts
        assert not places.run.exists()


def test_a_damaged_shard_is_scored_again(archive: Path, make_job: MakeJob, score: Score) -> None:
    job = make_job(archive, "out.jsonl", shard_files=1)
    with pytest.raises(StoppedError):
        score(job, progress=stop_at(3))
    done = sorted(job.places.shards.glob("0*.jsonl"))
    done[0].write_bytes(b"")
    done[1].unlink()
    score(job)
    fresh = make_job(archive, "fresh.jsonl")
    score(fresh)
    assert job.out.read_bytes() == fresh.out.read_bytes()


def test_a_second_run_on_the_same_table_is_refused(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    job = make_job(archive, "out.jsonl")
    with locked(job.places), pytest.raises(BusyError, match=r"out\.jsonl"):
        score(job)


def test_a_folder_with_other_files_is_never_replaced(
    archive: Path, make_job: MakeJob, score: Score, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "报告.docx").write_bytes(b"x")
    with pytest.raises(OccupiedError, match="别的文件"):
        score(make_job(archive, "mine"))
    (tmp_path / "out.csv.run").mkdir()
    (tmp_path / "out.csv.run" / "a").write_bytes(b"x")
    with pytest.raises(OccupiedError):
        score(make_job(archive, "out.csv"))
    score(make_job(archive, "table"))
    assert score(make_job(archive, "table")).documents == 6


@pytest.mark.parametrize("name", ["诉求/热线.csv", "别人的.xlsx"])
def test_a_file_that_is_no_table_of_ours_is_never_replaced(
    archive: Path, make_job: MakeJob, score: Score, name: str
) -> None:
    theirs = archive / name
    data = theirs.read_bytes() if theirs.exists() else b"theirs"
    theirs.write_bytes(data)
    with pytest.raises(OccupiedError, match=r"summary\.json，不是以前运行的结果"):
        score(make_job(archive, f"档案/{name}"))
    assert theirs.read_bytes() == data
    assert not [path for path in theirs.parent.iterdir() if path.name.startswith(theirs.name + ".")]


def test_a_folder_of_somebody_elses_parts_is_never_replaced(
    archive: Path, make_job: MakeJob, score: Score, tmp_path: Path
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "part-0.parquet").write_bytes(b"x")
    with pytest.raises(OccupiedError, match="不是以前运行的结果"):
        score(make_job(archive, "parts"))


def test_tables_of_other_runs_are_not_read(archive: Path, make_job: MakeJob, score: Score) -> None:
    first = score(make_job(archive, "档案/去年.csv"))
    score(make_job(archive, "档案/部分"))
    second = score(make_job(archive, "档案/今年.xlsx"))
    assert (first.documents, first.paragraphs) == (second.documents, second.paragraphs)
    asked_for = score(make_job(archive / "去年.csv", "去年的去年.jsonl"))
    assert asked_for.documents == first.paragraphs


def test_an_empty_folder_says_so_and_leaves_nothing(
    make_job: MakeJob, score: Score, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmptyError):
        score(make_job(tmp_path / "empty", "out.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_tables_of_the_run_are_not_read(archive: Path, make_job: MakeJob, score: Score) -> None:
    for out in ("档案/out.csv", "档案/out"):
        job = make_job(archive, out)
        first, second = score(job), score(job)
        assert (first.documents, first.rejected) == (second.documents, second.rejected)
        for path in archive.glob("out*"):
            assert path.name != "out.run"
        for what in ("summary", "report", "rejected"):
            job.places.beside(what).unlink()
        if job.out.is_file():
            job.out.unlink()
