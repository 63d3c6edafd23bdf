"""What a run is asked for, and how that is held against what an unfinished run was asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from service.archive.manifest import FORMAT
from service.archive.places import Places, is_result
from service.archive.plan import Unit
from service.archive.shard import Work
from service.reading.files import Found, find_files
from service.reading.options import ReadingOptions
from service.tables.formats import format_of

_SHOWN = {
    "format": "运行文件夹的格式",
    "program": "govtheme 的版本",
    "model": "模型",
    "inputs": "输入",
    "table": "输出格式",
    "evidence": "--evidence",
    "keep_text": "--keep-text",
    "text_column": "--text-column",
    "shard_files": "GOVTHEME_SHARD_FILES",
    "shard_bytes": "GOVTHEME_SHARD_BYTES",
}


@dataclass(frozen=True, slots=True)
class Job:
    """A run over an archive.

    Attributes:
        inputs: files and folders; absolute.
        out: the table; absolute.
        model: the folder of the artifact.
        version: its version.
        reading: what may be opened, and which column of a table is the text.
        evidence: with the words that decided.
        keep_text: with the text and everything else that repeats what the documents say.
        shard_files, shard_bytes: how large a shard is.
    """

    inputs: tuple[Path, ...]
    out: Path
    model: Path
    version: str
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    evidence: bool = False
    keep_text: bool = True
    shard_files: int = 512
    shard_bytes: int = 4_000_000

    @property
    def places(self) -> Places:
        """Where the run keeps what."""
        return Places(self.out)

    @property
    def work(self) -> Work:
        """What a worker must know."""
        return Work(
            plan=self.places.plan,
            folder=self.places.shards,
            model=self.model,
            version=self.version,
            kind="parquet" if format_of(self.out) == "parquet" else "jsonl",
            reading=replace(self.reading, discreet=not self.keep_text),
            evidence=self.evidence,
            keep_text=self.keep_text,
        )

    def units(self) -> Iterator[Unit]:
        """Everything to score, in order; tables of this run and of any other are left out.

        A table that is itself one of the inputs is read.
        """
        places = self.places
        for unit in find_files(self.inputs, self.reading, self.shard_bytes):
            if isinstance(unit, Found) and (
                places.is_ours(unit.path) or (is_result(unit.path) and unit.path not in self.inputs)
            ):
                continue
            yield unit

    def asked(self) -> dict[str, Any]:
        """Everything that must be the same when the run goes on; plain data."""
        limits = {
            name: value for name, value in asdict(self.reading).items() if name.startswith("max_")
        }
        return {
            "format": FORMAT,
            "program": installed_version("govtheme"),
            "model": self.version,
            "inputs": [str(path) for path in self.inputs],
            "table": format_of(self.out),
            "evidence": self.evidence,
            "keep_text": self.keep_text,
            "text_column": self.reading.text_column,
            "shard_files": self.shard_files,
            "shard_bytes": self.shard_bytes,
            **limits,
        }

    def changes(self, head: Mapping[str, Any]) -> list[str]:
        """What an unfinished run was asked for that this one is not."""
        return [
            f"{_SHOWN.get(name, 'GOVTHEME_' + name.upper())}："
            f"当时是 {_short(head.get(name))}，现在是 {_short(value)}"
            for name, value in self.asked().items()
            if head.get(name) != value
        ]


def _short(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "有", False: "没有", None: "未指定"}[value]
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)
