"""The installed command, and small corpora."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("govtheme"))
KINDS = {
    "基础设施": ("水泥路", "管网", "路灯", "桥梁", "水库", "电梯"),
    "物业管理": ("物业费", "业主", "保安", "门禁", "保洁", "维修资金"),
}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the installed command in a folder of its own, with a store `m` in it."""

    def go(*words: str) -> subprocess.CompletedProcess[str]:
        store = () if words[0] == "corpus" else ("--models", "m")
        return subprocess.run(
            [COMMAND, *words, *store], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return go


def corpus(path: Path, rows: int, wrong: bool = False) -> None:
    """Rows of two labels, told apart by their words; `wrong` gives each the other's label."""
    kinds = list(KINDS.items())
    lines = ["正文,标签,县"]
    for n in range(rows):
        _, words = kinds[n % 2]
        label, _ = kinds[(n + wrong) % 2]
        text = f"第{n}号来信说{words[n % 6]}和{words[n // 6 % 6]}的事，盼第{n * 7 % 31}天答复。"
        lines.append(f"{text},{label},{'东' if n % 3 else '西'}")
    path.write_text("\n".join(lines), encoding="utf-8")
