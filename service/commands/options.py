"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from model.bundled import default_store
from model.store import ModelStore

Models = Annotated[
    Path | None,
    typer.Option(
        "--models",
        envvar="GOVTHEME_MODELS",
        help="存放模型的文件夹（默认：源码目录的 artifacts 或用户数据的）",
        show_default=False,
    ),
]
Version = Annotated[
    str | None,
    typer.Option("--model", help="使用哪个版本（默认：正在使用的）", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="只在标准输出给出 JSON，供程序读取")]
Host = Annotated[str | None, typer.Option(help="监听的地址", show_default="127.0.0.1")]
Open = Annotated[bool, typer.Option("--open", help="没有密钥也可以监听本机以外的地址")]
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", help="设置文件，每行一个 GOVTHEME_…=…", show_default=False),
]
WithEvidence = Annotated[bool, typer.Option("--evidence", help="给出依据：哪些字词起了作用")]
Codebook = Annotated[
    str | None,
    typer.Option(
        help="编码手册（TOML）；none 表示照语料里写的；默认认得出就用自带的",
        show_default=False,
    ),
]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="语料的格式（默认看内容）：jsonl json csv xlsx parquet doccano-jsonl doccano-csv "
        "labelstudio fasttext",
        show_default=False,
    ),
]
Separator = Annotated[
    str | None,
    typer.Option(
        "--label-separator",
        help="标签之间的分隔符；默认 ; , 、 # | 都算，空串 '' 表示不拆",
        show_default=False,
    ),
]
TextColumn = Annotated[str | None, typer.Option(help="正文所在的列名", show_default=False)]
LabelColumn = Annotated[str | None, typer.Option(help="标签所在的列名", show_default=False)]


RESTART = "正在运行的服务会自动换用"
"""Said wherever the model in use changes."""


def store(models: Path | None) -> ModelStore:
    """The store that an option names, else the default one."""
    return ModelStore(models or default_store())


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
