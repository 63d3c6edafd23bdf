"""Where a run keeps what: the table and what stands beside it, and the run folder `OUT.run/`."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from service.archive.errors import OccupiedError
from service.tables.formats import SUFFIXES, is_folder

_BESIDE = {
    "rejected": ".rejected.jsonl",
    "summary": ".summary.json",
    "report": ".report.html",
}
_PART = "part-"
_OF_RESULTS = frozenset((*SUFFIXES, *(Path(ending).suffix for ending in _BESIDE.values())))


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of a run.

    Attributes:
        out: the table, a file or a folder; absolute.
    """

    out: Path

    @property
    def run(self) -> Path:
        """The folder of an unfinished run."""
        return self.out.with_name(self.out.name + ".run")

    @property
    def lock(self) -> Path:
        """Locked by the process that works on the run."""
        return self.run / "lock"

    @property
    def manifest(self) -> Path:
        """What was asked for, and which shards are done."""
        return self.run / "manifest.jsonl"

    @property
    def progress(self) -> Path:
        """How far the run is, for other processes to read."""
        return self.run / "progress.json"

    @property
    def plan(self) -> Path:
        """Every unit of work in order."""
        return self.run / "plan.jsonl"

    @property
    def shards(self) -> Path:
        """The folder of finished shards, and of those being written."""
        return self.run / "shards"

    @property
    def table(self) -> Path:
        """The table while it is put together."""
        return self.run / f"table{self.out.suffix}"

    def beside(self, what: str) -> Path:
        """What stands beside the table: `rejected`, `summary` or `report`."""
        return self.out.with_name(self.out.name + _BESIDE[what])

    def draft(self, what: str) -> Path:
        """The same while it is written."""
        return self.run / f"draft{_BESIDE[what]}"

    def is_ours(self, path: Path) -> bool:
        """Whether a file belongs to this run or to an earlier one of the same name."""
        if not any(part.startswith(self.out.name) for part in path.parts):
            return False
        path = path.resolve()
        ours = (self.out, *map(self.beside, _BESIDE))
        return path in ours or any(folder in path.parents for folder in (self.out, self.run))

    def check_free(self) -> None:
        """Make sure that the table replaces nothing but the table of an earlier run.

        Raises:
            OccupiedError: there is something else, such as a table of the archive itself.
        """
        if is_folder(self.out):
            if self.out.is_dir():
                if any(not _is_part(path) for path in self.out.iterdir()):
                    raise OccupiedError(self.out, "是一个文件夹，里面有别的文件")
            elif self.out.exists():
                raise OccupiedError(self.out, "是一个没有扩展名的文件")
        if self._is_taken():
            raise OccupiedError(
                self.out,
                f"已经存在，旁边没有 {self.beside('summary').name}，不是以前运行的结果",
            )
        if self.run.exists() and not (self.run.is_dir() and _is_run(self.run)):
            raise OccupiedError(self.run, "不是运行时留下的文件夹")

    def _is_taken(self) -> bool:
        """Whether what stands under the table's name is no table of an earlier run."""
        if self.beside("summary").exists() or self.manifest.exists():
            return False
        return any(self.out.iterdir()) if self.out.is_dir() else self.out.exists()

    def clear(self) -> None:
        """Remove the run folder: the manifest last but one, the lock last."""
        for path in self.run.iterdir():
            if path not in (self.manifest, self.lock):
                remove(path)
        self.manifest.unlink(missing_ok=True)
        self.lock.unlink(missing_ok=True)
        self.run.rmdir()


def is_result(path: Path) -> bool:
    """Whether a file is a table that some run has written, a part of one, or stands beside one."""
    if path.suffix.lower() not in _OF_RESULTS:
        return False
    table = path.parent if _is_part(path) else path
    for ending in _BESIDE.values():
        table = table.with_name(table.name.removesuffix(ending))
    return Places(table).beside("summary").exists()


def _is_part(path: Path) -> bool:
    return path.name.startswith(_PART) and path.suffix == ".parquet"


def _is_run(folder: Path) -> bool:
    return not any(folder.iterdir()) or (folder / "lock").exists()


def sync_file(path: Path) -> None:
    """Put what was written to a file on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
