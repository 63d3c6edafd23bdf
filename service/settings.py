"""Settings: from the environment (`GOVTHEME_*`), overruled by options of the command line."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.bundled import default_store


class Settings(BaseSettings):
    """Every setting, with its unit and its bounds; the README lists them from here."""

    model_config = SettingsConfigDict(env_prefix="GOVTHEME_", extra="ignore")

    models: Path = Field(default_factory=default_store, description="存放模型的文件夹")
    host: Annotated[str, Field(description="监听的地址")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="监听的端口，0 为任选")] = 8000
    max_body: Annotated[int, Field(ge=1024, description="请求体的上限，字节")] = 2_000_000
    max_texts: Annotated[int, Field(ge=1, description="一次请求最多几段")] = 4096
    max_characters: Annotated[int, Field(ge=1, description="一段最多几个字")] = 20_000
