"""Settings: from the environment (`GOVTHEME_*`) or a file, overruled by options of the command.

A file holds lines such as `GOVTHEME_PORT=8000`; the environment overrules it.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.bundled import default_store, user_folder
from model.errors import UserError

FILE_VARIABLE = "GOVTHEME_SETTINGS"
"""Names the file of settings where no option does."""


class SettingsError(UserError):
    """A setting has a value that it cannot have; the message names the variable."""


def load_settings(file: Path | None = None, **given: Any) -> "Settings":
    """The settings from the environment, overruled by those given here that are not None.

    Args:
        file: a file of settings; None takes the one that `GOVTHEME_SETTINGS` names, if any.

    Raises:
        SettingsError: one of them cannot be used, or the file cannot be read.
    """
    chosen = file or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    if chosen is not None and not chosen.is_file():
        raise SettingsError(f"没有设置文件 {chosen}")
    overruling = {name: value for name, value in given.items() if value is not None}
    try:
        # What the arguments with an underscore do is described at pydantic-settings.
        return Settings(_env_file=chosen, _env_file_encoding="utf-8", **overruling)  # type: ignore[call-arg]
    except ValidationError as error:
        faults = [
            f"GOVTHEME_{str(fault['loc'][0]).upper()}（{_wanted(str(fault['loc'][0]))}），"
            f"收到的是 {str(fault['input'])[:40]!r}"
            for fault in error.errors()
        ]
        raise SettingsError(f"设置有误：{'；'.join(faults)}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"设置文件 {chosen} 不是 UTF-8 编码") from error


def _wanted(name: str) -> str:
    return Settings.model_fields[name].description or name


class Settings(BaseSettings):
    """Every setting, with its unit and its bounds; the README lists them from here."""

    model_config = SettingsConfigDict(env_prefix="GOVTHEME_", extra="ignore")

    models: Path = Field(default_factory=default_store, description="存放模型的文件夹")
    host: Annotated[str, Field(description="监听的地址")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="监听的端口，0 到 65535，0 为任选")] = (
        8000
    )
    open: Annotated[bool, Field(description="没有密钥也可以监听本机以外的地址")] = False
    workers: Annotated[int, Field(ge=1, le=256, description="工作进程数，1 到 256")] = 1
    keys: Annotated[
        Path | None, Field(description="密钥文件（govtheme keys add 写入）；不设则不要密钥")
    ] = None
    rate: Annotated[int, Field(ge=0, description="每个密钥每分钟最多几次请求，0 为不限")] = 0
    max_body: Annotated[int, Field(ge=1024, description="请求体的上限，字节，至少 1024")] = (
        2_000_000
    )
    max_upload: Annotated[int, Field(ge=1024, description="上传文件的上限，字节，至少 1024")] = (
        20_000_000
    )
    max_texts: Annotated[int, Field(ge=1, description="一次请求最多几段，至少 1")] = 4096
    max_characters: Annotated[int, Field(ge=1, description="一段最多几个字，至少 1")] = 20_000
    concurrency: Annotated[int, Field(ge=1, description="每个进程同时处理几个请求，至少 1")] = 64
    queue: Annotated[int, Field(ge=0, description="再多的请求最多几个排队，其余回答 503")] = 256
    timeout: Annotated[float, Field(gt=0, description="一个请求最多几秒，超过回答 503")] = 60.0
    receive_timeout: Annotated[
        float, Field(gt=0, description="等请求的下一部分最多几秒，超过回答 408")
    ] = 15.0
    stop_timeout: Annotated[
        int, Field(ge=0, description="停止时最多等几秒，让正在处理的请求做完")
    ] = 20
    reload: Annotated[float, Field(gt=0, description="每隔几秒看一次是否换了模型、改了密钥")] = 1.0
    cors: Annotated[str, Field(description="允许哪些网站的网页调用，逗号分隔；空为不允许")] = ""
    proxies: Annotated[
        str, Field(description="可信的反向代理的地址，逗号分隔；空为不信任任何代理")
    ] = ""
    log: Annotated[Literal["json", "off"], Field(description="请求日志：json 或 off")] = "json"
    max_file: Annotated[
        int, Field(ge=1024, description="一个文件或压缩包成员的上限，字节，至少 1024")
    ] = 64 * 1024 * 1024
    max_markup: Annotated[
        int, Field(ge=1024, description="一个网页、Office 文件里一份 XML 的上限，字节，至少 1024")
    ] = 20_000_000
    max_table: Annotated[
        int, Field(ge=1024, description="逐行读的表格（csv、xlsx、jsonl）的上限，字节，至少 1024")
    ] = 2 * 1024 * 1024 * 1024
    max_depth: Annotated[
        int, Field(ge=0, description="压缩包套压缩包最多几层，0 为不打开压缩包")
    ] = 4
    max_members: Annotated[int, Field(ge=1, description="一个压缩包最多几个成员，至少 1")] = 100_000
    max_unpacked: Annotated[
        int, Field(ge=1024, description="一个压缩包解开后的上限，字节，至少 1024")
    ] = 8 * 1024 * 1024 * 1024
    max_ratio: Annotated[int, Field(ge=1, description="压缩包解开后最多是原来的几倍，至少 1")] = 200
    max_rows: Annotated[int, Field(ge=1, description="一张表最多几行，至少 1")] = 2_000_000
    max_cell: Annotated[int, Field(ge=1, description="一个单元格最多几个字，至少 1")] = 100_000
    max_pages: Annotated[int, Field(ge=1, description="一份 PDF 或 OFD 最多几页，至少 1")] = 2_000
    max_text: Annotated[int, Field(ge=1, description="一份文档最多几个字，至少 1")] = 10_000_000
    max_seconds: Annotated[
        int, Field(ge=1, description="读一份 PDF、Word 等文档最多几秒，至少 1")
    ] = 60
    max_memory: Annotated[
        int,
        Field(
            ge=512 * 1024 * 1024,
            description="读 PDF、网页、Word 的进程的内存上限，字节，至少 536870912",
        ),
    ] = 2 * 1024 * 1024 * 1024
    shard_files: Annotated[int, Field(ge=1, description="成批处理时一片最多几个文件，至少 1")] = 512
    shard_bytes: Annotated[int, Field(ge=1, description="成批处理时一片约多少字节，至少 1")] = (
        4_000_000
    )

    workbench: Path = Field(
        default_factory=lambda: user_folder() / "workbench",
        description="工作台存放标注、任务和会话的文件夹",
    )
    workbench_port: Annotated[
        int, Field(ge=0, le=65535, description="工作台监听的端口，0 到 65535，0 为任选")
    ] = 8080
    database: Annotated[
        str,
        Field(
            description="标注存在哪个数据库，如 postgresql+psycopg://用户@主机/库；"
            "空为工作台文件夹里的 SQLite 文件"
        ),
    ] = ""
    roots: Annotated[
        str, Field(description="工作台可以处理哪些服务器上的文件夹，逗号分隔；空为只处理上传的文件")
    ] = ""
    max_archive: Annotated[
        int, Field(ge=1024, description="工作台上传的一份档案的上限，字节，至少 1024")
    ] = 2 * 1024 * 1024 * 1024
    server: Annotated[
        str, Field(description="工作台调用哪个服务，如 http://127.0.0.1:8000；空为自己启动一个")
    ] = ""
    server_key: Annotated[
        SecretStr, Field(description="调用那个服务的密钥；换模型需要 admin 权限")
    ] = SecretStr("")
    jobs: Annotated[int, Field(ge=1, le=64, description="工作台同时做几个任务，1 到 64")] = 1

    @property
    def origins(self) -> Sequence[str]:
        """The origins whose pages may call."""
        return [origin.strip() for origin in self.cors.split(",") if origin.strip()]
