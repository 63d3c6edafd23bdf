"""What can be seen of a server from outside: its figures, its memory, its open files, its log."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks.processes import children, memory

WATCHED = ("/classify", "/classify/stream", "/themes", "/model", "/models", "other")
_HUNG_UP = 499
_GROWTH_MB = 15.0
_GROWTH_FILES = 2
_ENOUGH = 8


@dataclass(slots=True)
class Figures:
    """What `/metrics` tells: answers by route and status, and texts."""

    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    texts: int = 0

    @classmethod
    def read(cls, client: httpx.Client) -> "Figures":
        """Ask the server."""
        found = cls()
        for family in text_string_to_metric_families(
            client.get("/metrics").raise_for_status().text
        ):
            for sample in family.samples:
                if sample.name == "govtheme_texts_total":
                    found.texts += int(sample.value)
                elif sample.name == "govtheme_requests_total":
                    key = sample.labels["route"], int(sample.labels["status"])
                    found.answered[key] += int(sample.value)
        return found

    def faults(
        self, before: "Figures", answered: Counter[tuple[str, int]], texts: int
    ) -> list[str]:
        """What of the difference to an earlier look is not what was sent in between."""
        counted = Counter(
            {key: count - before.answered[key] for key, count in self.answered.items()}
        )
        keys = {
            key
            for key in counted.keys() | answered.keys()
            if key[0] in WATCHED and key[1] != _HUNG_UP
        }
        faults = [
            f"metrics: {counted[key]} x {key}, but {answered[key]} were answered"
            for key in sorted(keys)
            if counted[key] != answered[key]
        ]
        if (told := self.texts - before.texts) != texts:
            faults.append(f"metrics: {told} texts, but {texts} were answered")
        return faults


@dataclass(slots=True)
class Growth:
    """Memory and open files of the processes that live through the whole run, look by look.

    Args:
        processes: the one that watches, and the workers that are not killed.
    """

    root: int
    processes: Sequence[int]
    own: dict[int, list[float]] = field(default_factory=dict)
    files: dict[int, list[int]] = field(default_factory=dict)

    def look(self) -> None:
        """Take down what there is now; nobody should be connected."""
        every = (self.root, *sorted(children(self.root)))
        for process, megabytes in zip(every, memory(self.root), strict=True):
            if process in self.processes:
                self.own.setdefault(process, []).append(megabytes["anonymous_mb"])
                count = len(list(Path(f"/proc/{process}/fd").iterdir()))
                self.files.setdefault(process, []).append(count)

    def faults(self) -> list[str]:
        """What has grown: the last third against the third in the middle, once all is warm."""
        faults = []
        for process in self.processes:
            for name, values, most in (
                ("MB", self.own.get(process, []), _GROWTH_MB),
                ("open files", [float(n) for n in self.files.get(process, [])], _GROWTH_FILES),
            ):
                third = len(values) // 3
                if len(values) < _ENOUGH:
                    continue
                before, after = median(values[third : 2 * third]), median(values[-third:])
                if after - before > most:
                    faults.append(f"process {process} grew from {before:.1f} to {after:.1f} {name}")
        return faults


def log_faults(log: Path, mark: str) -> list[str]:
    """Lines of the log that are not JSON, tell of something unexpected, or hold a user's text."""
    faults = []
    for line in log.read_text(encoding="utf-8").splitlines():
        if mark in line:
            faults.append("log: a user's text")
        if line.startswith("服务地址"):
            continue
        try:
            event = json.loads(line)["event"]
        except (ValueError, KeyError):
            faults.append(f"log: no JSON: {line[:200]}")
            continue
        if event == "unexpected":
            faults.append(f"log: {line[:300]}")
    return faults
