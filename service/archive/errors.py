"""What can go wrong with a run over an archive.

RunError                the base
├── EmptyError          there is nothing to read
├── BusyError           another process writes the same table
├── ChangedError        an unfinished run began with another model, input or option
├── OccupiedError       the output would replace something that is no table of ours
├── StoppedError        the user stopped the run; it can be continued
├── EngineError         an engine is not installed, or cannot be reached
└── WorkerError         worker processes die whatever they are given
"""

from collections.abc import Sequence
from pathlib import Path

from model.errors import UserError


class RunError(UserError):
    """A run over an archive cannot begin or go on."""


class EmptyError(RunError):
    """There is nothing to read."""

    def __init__(self, inputs: Sequence[Path]) -> None:
        super().__init__(f"{'、'.join(map(str, inputs))} 里没有文件")


class BusyError(RunError):
    """Another process writes the same table."""

    def __init__(self, out: Path) -> None:
        super().__init__(f"另一个进程正在写 {out}；等它结束，或者换一个 --out")


class ChangedError(RunError):
    """An unfinished run began with something else; each change says what it was and what it is."""

    def __init__(self, run: Path, changes: Sequence[str]) -> None:
        self.changes = tuple(changes)
        super().__init__(
            f"{run} 里有一次没有做完的运行，与这一次不同：{'；'.join(changes)}。"
            "改回原样可接着做；加 --restart 则丢弃它，从头开始"
        )


class OccupiedError(RunError):
    """The output would replace something that is no table of ours."""

    def __init__(self, out: Path, why: str) -> None:
        super().__init__(f"{out} {why}，不会覆盖；请换一个 --out")


class StoppedError(RunError):
    """The user stopped the run."""

    def __init__(self, done: int, shards: int) -> None:
        super().__init__(
            f"已停止：{shards} 片中做完了 {done} 片，都已存好。同一条命令再运行一次，就从这里继续"
        )


class EngineError(RunError):
    """An engine is not installed, or cannot be reached."""


class WorkerError(RunError):
    """Worker processes die whatever they are given."""

    def __init__(self, code: int | None) -> None:
        how = f"被信号 {-code} 终止" if code is not None and code < 0 else f"退出码 {code}"
        super().__init__(
            f"工作进程一再意外退出（{how}），多半是内存不足。"
            "已做完的都已存好；请减少 --workers 后用同一条命令继续"
        )
