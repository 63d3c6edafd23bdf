"""Settings: from the environment (`GOVTHEME_*`), overruled by options of the command line."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.bundled import default_store
from model.errors import UserError


class SettingsError(UserError):
    """A setting has a value that it cannot have; the message names the variable."""


def load_settings(**given: Any) -> "Settings":
    """The settings from the environment, overruled by those given here that are not None.

    Raises:
        SettingsError: one of them cannot be used.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = [
            f"GOVTHEME_{str(fault['loc'][0]).upper()}（{_wanted(str(fault['loc'][0]))}），"
            f"收到的是 {str(fault['input'])[:40]!r}"
            for fault in error.errors()
        ]
        raise SettingsError(f"设置有误：{'；'.join(faults)}") from error


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
    max_body: Annotated[int, Field(ge=1024, description="请求体的上限，字节，至少 1024")] = (
        2_000_000
    )
    max_texts: Annotated[int, Field(ge=1, description="一次请求最多几段，至少 1")] = 4096
    max_characters: Annotated[int, Field(ge=1, description="一段最多几个字，至少 1")] = 20_000
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
