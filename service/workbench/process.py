"""The process that a job runs in: it starts the command, waits, and writes down how it ended.

It is no child of the workbench in the sense that matters: it has a session of its own, so that a
workbench that stops or dies leaves it at work, and the next one finds it again by its folder. The
workbench takes the lock of the folder and hands it over; it and its command hold it while either
lives, and the system lets it go, whatever kills them.

    FOLDER/job.json         the words after `govtheme`
    FOLDER/input/           what was uploaded
    FOLDER/output/          what the command makes
    FOLDER/said.txt         its standard output
    FOLDER/errors.txt       its standard error
    FOLDER/progress.json    how far it is, where the command tells
    FOLDER/stop             somebody asked to stop it
    FOLDER/processes.json   its own process id and the command's
    FOLDER/ended.json       {"status": the exit status, "stopped": a signal came}, at the end
    FOLDER/lock             held while it runs
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from model.files import write_text
from service.progress import VARIABLE

JOB_FILE = "job.json"
ERRORS_FILE = "errors.txt"
PROGRESS_FILE = "progress.json"
STOP_FILE = "stop"
PROCESSES_FILE = "processes.json"
ENDED_FILE = "ended.json"
LOCK_FILE = "lock"


class Supervisor:
    """Runs the command of one job.

    Args:
        folder: the job's.
        lock: the open, taken lock of the folder; the command holds it too, for it may outlive this
            process.
    """

    def __init__(self, folder: Path, lock: int) -> None:
        self._folder = folder
        self._lock = lock
        self._stopped = False
        self._command: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Run the job to its end; a SIGTERM is passed on to the command."""
        signal.signal(signal.SIGTERM, self._stop)
        self._tell_processes()
        # Whoever asks to stop leaves this file first and then looks for a process to signal.
        if (self._folder / STOP_FILE).exists():
            self._end(-signal.SIGTERM, stopped=True)
            return
        status = self._wait()
        self._end(status, stopped=self._stopped)

    def _wait(self) -> int:
        words = json.loads((self._folder / JOB_FILE).read_text(encoding="utf-8"))
        environment = os.environ | {VARIABLE: str(self._folder / PROGRESS_FILE)}
        said, errors = self._folder / "said.txt", self._folder / ERRORS_FILE
        with said.open("wb") as out, errors.open("wb") as err:
            self._command = subprocess.Popen(  # noqa: S603  the words come from our own pages
                [sys.executable, "-m", "service", *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=(self._lock,),
            )
        self._tell_processes()
        if self._stopped:
            self._command.terminate()
        return self._command.wait()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped = True
        if self._command is not None:
            self._command.terminate()

    def _tell_processes(self) -> None:
        command = [self._command.pid] if self._command else []
        write_text(self._folder / PROCESSES_FILE, json.dumps([os.getpid(), *command]))

    def _end(self, status: int, *, stopped: bool) -> None:
        ended = json.dumps({"status": status, "stopped": stopped})
        write_text(self._folder / ENDED_FILE, ended)


if __name__ == "__main__":
    Supervisor(Path(sys.argv[1]), int(sys.argv[2])).run()
