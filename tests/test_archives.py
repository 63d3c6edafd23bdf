"""The script that builds an archive of every format, and reading what it builds."""

from pathlib import Path

from model.bundled import bundled
from model.document import Document
from service.reading.files import Found, find_files, read_documents
from tests.archives import build, main


def test_what_is_built_is_read_whole(tmp_path: Path) -> None:
    """Each of the texts is found again, in each format, in archives and beside them."""
    page = bundled("sample_page.txt").read_text(encoding="utf-8")
    texts = [(f"{i % 7}/{i:03}.txt", f"第{i}号简报\n{page if i < 10 else ''}") for i in range(108)]
    build(texts, tmp_path / "out", 9)
    found = list(find_files([tmp_path / "out"]))
    assert all(isinstance(item, Found) for item in found)
    read = [d for item in found if isinstance(item, Found) for d in read_documents(item)]
    documents = [d for d in read if isinstance(d, Document)]
    assert len(documents) == len(read)
    everything = "\n".join(d.text for d in documents)
    assert all(name in everything for name in (f"第{i}号简报" for i in range(108)))
    suffixes = {item.doc.rsplit(".", 1)[-1] for item in found}
    assert suffixes == {
        "txt", "md", "html", "htm", "docx", "pdf", "ofd", "eml", "csv", "xlsx", "jsonl",
    }  # fmt: skip


def test_it_is_built_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in" / "夹").mkdir(parents=True)
    (tmp_path / "in" / "夹" / "一.txt").write_bytes("网格员上门走访。".encode("gb18030"))
    main([str(tmp_path / "in"), str(tmp_path / "out")])
    assert (tmp_path / "out" / "夹" / "一.txt").read_text(encoding="utf-8") == "网格员上门走访。"
