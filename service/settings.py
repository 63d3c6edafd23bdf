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
