import csv
import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from model.bundled import bundled
from model.classifier import ThemeClassifier
from service.reading.files import find_files
from service.scoring import score_archive
from service.tables import TableError, columns, open_table

PAGE = bundled("sample_page.txt").read_bytes()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Nested folders, Chinese names, three encodings, and files that cannot be read."""
    root = tmp_path / "档案"
    for name, data in {
        "简报/2024/一.txt": PAGE,
        "简报/2024/二.txt": PAGE.decode().encode("gb18030"),
        "简报/三.md": b"\xef\xbb\xbf" + PAGE,
        "空.txt": b"",
        "坏.txt": b"\xff\xff\xff\x81",
        "表.xls": b"\xd0\xcf\x11\xe0",
        ".隐藏/四.txt": PAGE,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "链接.txt").symlink_to(root / "空.txt")
    return root


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_paragraph_of_every_readable_file_is_a_row(
    classifier: ThemeClassifier, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    summary = score_archive(classifier, find_files([archive]), out)
    rows = rows_of(out)
    assert [row["doc"] for row in rows if row["para"] == 0] == [
        "简报/2024/一.txt",
        "简报/2024/二.txt",
        "简报/三.md",
    ]
    assert list(rows[0]) == columns(classifier.labels, evidence=False)
    same = [{k: v for k, v in row.items() if k != "doc"} for row in rows]
    third = len(rows) // 3
    assert same[:third] == same[third : 2 * third] == same[2 * third :]
    assert rows[0]["title"] == "河湾街道：小院里的变化看得见"
    for row in rows:
        if row["kind"] == "furniture":
            assert (row["labels"], row["status"]) == ([], "none")
    assert summary.documents == 4
    assert summary.paragraphs == len(rows)
    assert summary.furniture == sum(row["kind"] == "furniture" for row in rows)


def test_what_cannot_be_read_is_listed_with_its_reason(
    classifier: ThemeClassifier, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    summary = score_archive(classifier, find_files([archive]), out)
    listed = {
        str(row["doc"]): str(row["reason"])
        for row in rows_of(tmp_path / "out.jsonl.rejected.jsonl")
    }
    assert set(listed) == {"坏.txt", "表.xls"}
    assert "无法解码" in listed["坏.txt"]
    assert "损坏" in listed["表.xls"]
    assert {r.doc for r in summary.rejected} == set(listed)
    (archive / "坏.txt").unlink()
    (archive / "表.xls").unlink()
    score_archive(classifier, find_files([archive]), out)
    assert not (tmp_path / "out.jsonl.rejected.jsonl").exists()


def test_rows_equal_what_the_classifier_says_of_the_document(
    classifier: ThemeClassifier, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    score_archive(classifier, find_files([archive / "简报/2024/一.txt"]), out, evidence=True)
    rows = rows_of(out)
    said = classifier.classify_document(PAGE.decode(), evidence=True)
    assert len(rows) == len(said)
    for row, item in zip(rows, said, strict=True):
        assert row["labels"] == list(item.decision.labels)
        for label, score in item.decision.scores.items():
            assert row[f"score_{label}"] == pytest.approx(score, abs=1e-6)
        assert len(row["evidence"]) == len(item.decision.evidence)  # type: ignore[arg-type]


def test_csv_opens_in_excel_and_parquet_keeps_lists(
    classifier: ThemeClassifier, archive: Path, tmp_path: Path
) -> None:
    for name in ("out.jsonl", "out.csv", "out.parquet"):
        score_archive(classifier, find_files([archive]), tmp_path / name)
    rows = rows_of(tmp_path / "out.jsonl")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        from_csv = list(csv.DictReader(file))
    from_parquet = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert from_parquet == rows
    assert [row["labels"] for row in from_csv] == [";".join(row["labels"]) for row in rows]  # type: ignore[arg-type]
    assert [row["text"] for row in from_csv] == [row["text"] for row in rows]


def test_several_roots_put_their_names_first(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "另"
    other.mkdir()
    (other / "a.txt").write_bytes(PAGE)
    names = [found.doc for found in find_files([archive / "简报", other])]
    assert names == ["简报/2024/一.txt", "简报/2024/二.txt", "简报/三.md", "另/a.txt"]


def test_a_run_that_fails_leaves_the_old_table_and_no_rest(
    classifier: ThemeClassifier, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old")

    def stop(_documents: int, _paragraphs: int, _rejected: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_archive(classifier, find_files([archive]), out, progress=stop)
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "档案"]


def test_an_unknown_format_is_refused(classifier: ThemeClassifier, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"\.csv"):
        open_table(tmp_path / "a.ods", columns(classifier.labels, evidence=False))
