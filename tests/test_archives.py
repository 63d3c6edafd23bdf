"""The script that builds an archive of every format, and reading what it builds."""

import subprocess
import sys
from pathlib import Path

from model.bundled import bundled
from model.document import Document
from service.reading.files import Found, find_files, read_documents
from tests.test_rooms import ROOT


def test_what_is_built_is_read_whole(tmp_path: Path) -> None:
    """Each of the texts is found again, in each format, in archives and beside them."""
    page = bundled("sample_page.txt").read_text(encoding="utf-8")
    for i in range(320):
        text = f"第{i}号简报\n{page}" if i < 10 else f"第{i}号简报\n街道修好了路灯，居民都说好。\n"
        (tmp_path / "in" / f"{i % 7}").mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / f"{i % 7}" / f"{i:03}.txt").write_text(text, encoding="utf-8")
    words = ["-m", "tests.archives", str(tmp_path / "in"), str(tmp_path / "out")]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True)
    found = list(find_files([tmp_path / "out"]))
    assert all(isinstance(item, Found) for item in found)
    read = [d for item in found if isinstance(item, Found) for d in read_documents(item)]
    documents = [d for d in read if isinstance(d, Document)]
    assert len(documents) == len(read)
    everything = "\n".join(d.text for d in documents)
    assert all(f"第{i}号简报" in everything for i in range(320))
    suffixes = {item.doc.rsplit(".", 1)[-1] for item in found}
    assert {"txt", "md", "html", "htm", "docx", "pdf", "ofd", "eml", "csv", "xlsx"} <= suffixes
