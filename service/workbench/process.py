"""The process that a job runs in: it starts the command, waits, and writes down how it ended.

It is no child of the workbench in the sense that matters: it has a session of its own, so that a
workbench that stops or dies leaves it at work, and the next one finds it again by its folder. While
it or its command lives a lock is held there; the system lets that go, whatever kills it.

    FOLDER/job.json        the words after `govtheme`
    FOLDER/input/          what was uploaded
    FOLDER/output/         what the command makes
    FOLDER/said.txt        its standard output
    FOLDER/errors.txt      its standard error
    FOLDER/progress.json   how far it is, where the command tells
    FOLDER/ended.json      {"status": the exit status}, once it has ended
    FOLDER/lock            held while it runs
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from model.files import write_text
from service.locks import take

JOB_FILE = "job.json"
ERRORS_FILE = "errors.txt"
PROGRESS_FILE = "progress.json"
ENDED_FILE = "ended.json"
LOCK_FILE = "lock"

PROGRESS_VARIABLE = "GOVTHEME_PROGRESS"
"""Names the file in which a command tells how far it is: `{"step", "done", "total"}`."""


def main(folder: Path) -> None:
    """Run the job of a folder to its end; a SIGTERM is passed on to the command."""
    with (folder / LOCK_FILE).open("ab") as lock:
        if take(lock) and not (folder / ENDED_FILE).exists():
            status = _run(folder, lock)
            write_text(folder / ENDED_FILE, json.dumps({"status": status}))


def _run(folder: Path, lock: BinaryIO) -> int:
    words = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
    environment = os.environ | {PROGRESS_VARIABLE: str(folder / PROGRESS_FILE)}
    with (folder / "said.txt").open("wb") as said, (folder / ERRORS_FILE).open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603  the words come from our own pages
            [sys.executable, "-m", "service", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=errors,
            # The command holds the lock too: it may outlive this process.
            pass_fds=() if sys.platform == "win32" else (lock.fileno(),),
        )

        def stop(_number: int, _frame: FrameType | None) -> None:
            process.terminate()

        signal.signal(signal.SIGTERM, stop)
        return process.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
