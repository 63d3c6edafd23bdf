"""What a server's processes take of memory and of the processors, as Linux counts it."""

import os
from pathlib import Path


def memory(root: int) -> list[dict[str, float]]:
    """Megabytes of a process and of those that it has forked, in the order of their start.

    `resident` counts shared pages in full, `private` only those that no other process has too;
    `anonymous` are those that stand in no file, which an artifact's arrays do.
    """
    return [_rollup(process) for process in (root, *sorted(children(root)))]


def processor_seconds(process: int) -> float:
    """How long a process has kept processors busy; steadier on a busy machine than any clock."""
    stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(parent: int) -> list[int]:
    """The processes that the threads of a process have started."""
    listed = (
        path.read_text(encoding="ascii") for path in Path(f"/proc/{parent}/task").glob("*/children")
    )
    return [int(number) for numbers in listed for number in numbers.split()]


def _rollup(process: int) -> dict[str, float]:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    kilobytes = {name: int(rest.split()[0]) for name, rest in (line.split(":") for line in lines)}
    return {
        "anonymous_mb": kilobytes["Anonymous"] / 1024,
        "resident_mb": kilobytes["Rss"] / 1024,
        "private_mb": (kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]) / 1024,
    }
