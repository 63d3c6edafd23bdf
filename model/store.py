"""The folder of trained models and which of them is served.

`<store>/<version>/` is an artifact; `<store>/current` names the one being served, replaced
atomically; `<store>/promotions.jsonl` says who changed it and when, which is what a rollback reads.
"""

import getpass
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model.artifact import MANIFEST_FILE, read_manifest
from model.errors import ArtifactError, NoModelError
from model.files import write_text

_CURRENT = "current"
_LOG = "promotions.jsonl"


@dataclass(frozen=True, slots=True)
class ModelStore:
    """Trained models by version.

    Attributes:
        root: the folder; it may be missing or empty.
    """

    root: Path

    def versions(self) -> list[str]:
        """All versions, oldest first."""
        if not self.root.is_dir():
            return []
        manifests = self.root.glob(f"*/{MANIFEST_FILE}")
        folders = [path for path in manifests if not path.parent.name.startswith(".")]
        return [
            path.parent.name
            for path in sorted(
                folders, key=lambda path: (path.stat().st_mtime_ns, path.parent.name)
            )
        ]

    def current(self) -> str | None:
        """The version being served; None when there is none."""
        try:
            return (self.root / _CURRENT).read_text(encoding="ascii").strip() or None
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ArtifactError(self.root / _CURRENT, f"无法读取（{error}）") from error

    def folder(self, version: str | None = None) -> Path:
        """The folder of a version, or of the one being served.

        Raises:
            NoModelError: no such version, or none at all; the message names the command to run.
        """
        chosen = version or self.current()
        if chosen is None:
            if self.versions():
                raise NoModelError(
                    self.root, "还没有选定使用哪个模型。请运行 govtheme models promote 版本号"
                )
            raise NoModelError(self.root, "文件夹里还没有模型。请先运行 govtheme train")
        if Path(chosen).name != chosen or chosen.startswith("."):
            raise NoModelError(self.root, f"{chosen!r} 不是版本号")
        folder = self.root / chosen
        if not (folder / MANIFEST_FILE).is_file():
            known = "、".join(self.versions()) or "无"
            raise NoModelError(self.root, f"没有版本 {chosen}；已有：{known}")
        return folder

    def manifest(self, version: str | None = None) -> dict[str, Any]:
        """The manifest of a version, or of the one being served."""
        return read_manifest(self.folder(version))

    def promote(self, version: str, reason: str) -> None:
        """Serve this version from now on.

        Raises:
            NoModelError: there is no such version.
        """
        self.folder(version)
        self._serve(version, "promote", reason)

    def _serve(self, version: str, action: str, reason: str) -> None:
        before = self.current()
        write_text(self.root / _CURRENT, version + "\n")
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "user": _user(),
            "action": action,
            "version": version,
            "before": before,
            "reason": reason,
        }
        with (self.root / _LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry, ensure_ascii=False) + "\n")
            log.flush()
            os.fsync(log.fileno())

    def rollback(self, reason: str = "") -> str:
        """Serve again what was served before the current version; returns that version.

        Args:
            reason: stands in the log beside the version that was left.

        Raises:
            NoModelError: nothing was served before, or it is gone.
        """
        version = self.current()
        for entry in reversed(self.promotions()):
            # A rollback's own entry would only lead back to what was just left.
            if (
                entry["version"] == version
                and entry["action"] == "promote"
                and entry["before"] not in (None, version)
            ):
                before = str(entry["before"])
                self.folder(before)
                said = f"from {version}, {reason}" if reason else f"from {version}"
                self._serve(before, "rollback", said)
                return before
        raise NoModelError(self.root, "没有可以退回的上一个版本")

    def promotions(self) -> list[dict[str, Any]]:
        """The log of what was served, oldest first."""
        try:
            lines = (self.root / _LOG).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines if line.strip()]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
