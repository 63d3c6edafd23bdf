"""Formats that LibreOffice turns into docx, where it is installed: doc, wps, rtf, odt and others.

The program runs without a window, with a profile of its own in which macros and links to the
outside are off, and no longer than `max_seconds`.
"""

import atexit
import io
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from model.document import Document
from service.reading import word
from service.reading.errors import ReadingError, Rejected
from service.reading.options import ReadingOptions
from service.reading.source import Source

_NAMES = ("soffice", "libreoffice")
_PLACES = (
    Path("/Applications/LibreOffice.app/Contents/MacOS/soffice"),
    Path("C:/Program Files/LibreOffice/program/soffice.exe"),
)
_PROFILE = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""
_NOWHERE = "http://127.0.0.1:9"


def read(source: Source, options: ReadingOptions) -> Iterator[Document | Rejected]:
    """The document, by way of docx.

    Raises:
        ReadingError: LibreOffice is not installed, or cannot read the file, or not in time.
        LimitError: it is too large.
    """
    program = _program()
    if program is None:
        raise ReadingError(
            f"读 {source.suffix} 文件需要装有 LibreOffice（命令 soffice）；"
            "或在原软件中另存为 docx 后重试"
        )
    data = _docx(program, source.read(options), source.suffix, options.max_seconds)
    yield from word.read(Source(source.doc, io.BytesIO(data), len(data), source.depth), options)


def _program() -> str | None:
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or next((str(place) for place in _PLACES if place.is_file()), None)


def _docx(program: str, data: bytes, suffix: str, seconds: int) -> bytes:
    with tempfile.TemporaryDirectory(prefix="govtheme-") as name:
        folder = Path(name)
        (folder / f"in{suffix}").write_bytes(data)
        _run(program, folder, folder / f"in{suffix}", seconds)
        made = folder / "out" / "in.docx"
        if not made.is_file():
            raise ReadingError("LibreOffice 读不了这个文件：损坏、加了密码，或与扩展名不符")
        return made.read_bytes()


def _run(program: str, folder: Path, file: Path, seconds: int) -> None:
    words = [
        program,
        f"-env:UserInstallation={_profile(os.getpid()).as_uri()}",
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--convert-to",
        "docx:MS Word 2007 XML",
        "--outdir",
        str(folder / "out"),
        str(file),
    ]
    environment = {**os.environ, "http_proxy": _NOWHERE, "https_proxy": _NOWHERE, "no_proxy": ""}
    # In a session of its own, so that what it starts ends with it.
    with subprocess.Popen(  # noqa: S603  a program found by its name, a file named by us
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ReadingError(
                f"LibreOffice 用了 {seconds} 秒还没有读完（由 GOVTHEME_MAX_SECONDS 设定）"
            ) from error
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


@cache
def _profile(process: int) -> Path:
    """The profile of this process: two programs cannot share one, and making one takes seconds."""
    folder = Path(tempfile.mkdtemp(prefix=f"govtheme-office-{process}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "user").mkdir()
    (folder / "user" / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
    return folder
