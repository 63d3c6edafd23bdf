"""`govtheme keys`: who may use the server."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from service.commands import options
from service.display import answers, messages
from service.keys import SCOPES, KeyFileError, Scope, add_key, read_keys, remove_key
from service.settings import load_settings

app = typer.Typer(help="管理服务的密钥。", no_args_is_help=True)

KeyFile = Annotated[
    Path | None,
    typer.Option("--keys", help="密钥文件（默认：GOVTHEME_KEYS 所指）", show_default=False),
]
Name = Annotated[str, typer.Argument(help="谁用这个密钥，如 城运中心", show_default=False)]


@app.command()
def add(
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="权限：classify（判断）或 admin（切换模型），可多个", show_default="classify"
        ),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(help="每分钟最多几次请求，0 为不限", min=0, show_default="按服务的设置"),
    ] = None,
    keys: KeyFile = None,
) -> None:
    """添加一个密钥；同名的旧密钥立即作废。密钥只显示这一次。"""
    token = add_key(_file(keys), name, _scopes(scope or ["classify"]), rate)
    messages.print(f"{name} 的密钥如下，只显示这一次，请妥善保存：", markup=False)
    answers.print(token, markup=False, highlight=False, soft_wrap=True)


@app.command("list")
def list_keys(keys: KeyFile = None, as_json: options.AsJson = False) -> None:
    """列出密钥的名称和权限。"""
    found = read_keys(_file(keys))
    if as_json:
        shown = [{"name": k.name, "scopes": k.scopes, "rate": k.rate} for k in found]
        print(orjson.dumps(shown).decode())  # noqa: T201
        return
    for key in found:
        rate = (
            "按设置" if key.rate is None else "不限" if key.rate == 0 else f"每分钟 {key.rate} 次"
        )
        answers.print(f"{key.name}：{'、'.join(key.scopes)}；{rate}", markup=False, highlight=False)
    if not found:
        answers.print("还没有密钥")


@app.command()
def remove(name: Name, keys: KeyFile = None) -> None:
    """让一个密钥作废；正在运行的服务一秒内生效。"""
    remove_key(_file(keys), name)
    messages.print(f"{name} 的密钥已作废", markup=False)


def _file(keys: Path | None) -> Path:
    path = keys or load_settings().keys
    if path is None:
        raise KeyFileError("请用 --keys 或 GOVTHEME_KEYS 指明密钥文件")
    return path


def _scopes(given: list[str]) -> tuple[Scope, ...]:
    unknown = sorted(set(given) - set(SCOPES))
    if unknown:
        raise KeyFileError(f"没有权限 {'、'.join(unknown)}；可用 {'、'.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in given)
