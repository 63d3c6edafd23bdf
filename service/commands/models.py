"""`govtheme models`: which models there are, which of them is used, and whether they are sound."""

import re
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from model import signature
from model.artifact import check_files, read_manifest
from model.classifier import ThemeClassifier, library_versions
from model.errors import ArtifactError
from model.store import ModelStore
from service.commands import diff, options
from service.display import answers, messages

app = typer.Typer(help="查看、比较、切换、核对模型。", no_args_is_help=True)
app.command("diff", epilog="例：govtheme models diff 89cdad3f761a f751b6ba4853 结果.parquet")(
    diff.diff
)

VersionArgument = Annotated[str, typer.Argument(help="模型的版本号", show_default=False)]
AnyVersion = Annotated[str | None, typer.Argument(help="版本号（默认：正在使用的）")]

_SIDE_BY_SIDE = 4
_CAPTION = "来自各自训练语料上的交叉验证，括号里是 95 % 区间；语料不同的，请用 evaluate 比"


@app.command("list")
def list_models(models: options.Models = None, as_json: options.AsJson = False) -> None:
    """列出所有模型和它们的成绩，旧的在前。"""
    store = options.store(models)
    rows = [_listed(store, version) for version in store.versions()]
    if as_json:
        print(orjson.dumps(rows).decode())  # noqa: T201
    elif rows:
        answers.print(_table(rows))
        answers.print(_label_table(rows))
    else:
        answers.print(f"{store.root} 里还没有模型。请运行 govtheme train", markup=False)


def _listed(store: ModelStore, version: str) -> dict[str, Any]:
    """What the list says of a model; a damaged one is listed with what is wrong with it."""
    row: dict[str, Any] = {"version": version, "current": version == store.current()}
    try:
        manifest = store.manifest(version)
        metrics = orjson.loads((store.folder(version) / "metrics.json").read_bytes())
        return row | {
            "rows": manifest["corpus"]["rows"],
            "macro_f1": metrics["macro_f1"],
            "macro_f1_interval": metrics["macro_f1_interval"],
            "exact_match": metrics["exact_match"],
            "labels": {label: one["f1"] for label, one in metrics["labels"].items()},
            "codebook": manifest["codebook"],
            "signed_by": signature.signer(store.folder(version)),
        }
    except (ArtifactError, OSError) as error:
        return row | {"wrong": str(error)}
    except (KeyError, TypeError, ValueError) as error:
        return row | {"wrong": f"metrics.json 或 manifest.json 损坏（{type(error).__name__}）"}


def _table(rows: list[dict[str, Any]]) -> Table:
    """Scores over all labels, a model a row."""
    table = Table(caption=_CAPTION)
    for name in ("", "版本", "语料段数", "宏平均 F1", "完全一致", "编码手册", "签名"):
        table.add_column(name, no_wrap=name == "版本")
    for row in rows:
        head = ["▶" if row["current"] else "", row["version"]]
        if "wrong" in row:
            table.add_row(*head, "", f"不能使用：{row['wrong']}", style="red")
            continue
        low, high = row["macro_f1_interval"]
        table.add_row(
            *head,
            str(row["rows"]),
            f"{row['macro_f1']:.3f}（{low:.3f}–{high:.3f}）",
            f"{row['exact_match']:.3f}",
            row["codebook"],
            (row["signed_by"] or "–")[:8],
        )
    return table


def _label_table(rows: list[dict[str, Any]]) -> Table:
    """F1 of each label, the newest models and the one in use side by side."""
    sound = [row for row in rows if "wrong" not in row]
    older, shown = sound[:-_SIDE_BY_SIDE], sound[-_SIDE_BY_SIDE:]
    used = [row for row in older if row["current"]]
    shown = used + shown[len(used) :]
    table = Table(title="各标签的 F1")
    table.add_column("标签")
    for row in shown:
        table.add_column(("▶" if row["current"] else "") + row["version"], justify="right")
    labels = dict.fromkeys(label for row in shown for label in row["labels"])
    for label in labels:
        table.add_row(
            label,
            *(f"{row['labels'][label]:.3f}" if label in row["labels"] else "–" for row in shown),
        )
    return table


@app.command()
def show(version: AnyVersion = None, models: options.Models = None) -> None:
    """显示一个模型的说明（JSON）。"""
    manifest = options.store(models).manifest(version)
    print(orjson.dumps(manifest, option=orjson.OPT_INDENT_2).decode())  # noqa: T201


@app.command()
def promote(version: VersionArgument, models: options.Models = None) -> None:
    """开始使用一个版本。"""
    store = options.store(models)
    ThemeClassifier.load(store.folder(version))
    store.promote(version, "by hand")
    answers.print(f"已选用 {version}；{options.RESTART}。", markup=False)


@app.command()
def rollback(models: options.Models = None) -> None:
    """退回上一个使用过的版本。"""
    answers.print(f"已退回 {options.store(models).rollback()}；{options.RESTART}。", markup=False)


@app.command()
def log(models: options.Models = None, as_json: options.AsJson = False) -> None:
    """谁在什么时候换用了哪个版本，为什么。"""
    entries = options.store(models).promotions()
    if as_json:
        print(orjson.dumps(entries).decode())  # noqa: T201
        return
    actions = {"promote": "选用", "rollback": "退回"}
    for entry in entries:
        answers.print(
            f"{entry['time']}  {entry['user']}  {actions.get(entry['action'], entry['action'])} "
            f"{entry['version']}（原来：{entry['before'] or '无'}）  {_reason(entry['reason'])}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


_REASONS = {"first": "第一个模型", "forced": "没有比较（--force）", "by hand": "人工选用"}


def _reason(stored: str) -> str:
    """Why a version was changed, in the words of the user: the log is kept in words of its own."""
    if stored in _REASONS:
        return _REASONS[stored]
    if stored.startswith("gate: "):
        return f"经过比较：{stored.removeprefix('gate: ')}"
    if left := re.fullmatch(r"from (\w+)(?:, (.*))?", stored, re.DOTALL):
        said = _reason(left[2]) if left[2] else ""
        return f"从 {left[1]} 退回" + (f"：{said}" if said else "")
    if stored.startswith("HTTP, "):
        key, *person = stored.removeprefix("HTTP, ").split(", ", 1)
        return f"经服务，密钥 {key}" + "".join(f"，替 {name}" for name in person)
    return stored


@app.command()
def verify(
    version: AnyVersion = None,
    key: Annotated[
        Path | None, typer.Option(help="同时核对签名：签名人的公钥", show_default=False)
    ] = None,
    models: options.Models = None,
) -> None:
    """检查模型文件是否完好、能否载入、库版本是否相同；给出公钥时核对签名。"""
    folder = options.store(models).folder(version)
    # What a key vouches for is checked before anything of it is opened.
    fingerprint = signature.verify(folder, key) if key else None
    check_files(folder)
    classifier = ThemeClassifier.load(folder)
    for line in _other_libraries(folder):
        messages.print(f"注意：{line}", style="yellow", markup=False, highlight=False)
    signed = f"，签名正确（{fingerprint}）" if fingerprint else ""
    if fingerprint is None and signature.signer(folder) is not None:
        signed = "；有签名，没有核对（--key 公钥文件）"
    answers.print(f"{classifier.version} 完好{signed}。", markup=False, highlight=False)


def _other_libraries(folder: Path) -> list[str]:
    """Libraries that have another version here than where the model was trained."""
    trained = read_manifest(folder).get("libraries", {})
    here = library_versions()
    return [
        f"训练时用的是 {name} {number}，这里是 {here.get(name, '没有装')}"
        for name, number in sorted(trained.items())
        if here.get(name) != number
    ]


@app.command()
def keygen(
    file: Annotated[Path, typer.Argument(help="私钥写到哪个文件", show_default=False)],
) -> None:
    """造一对签名用的钥匙：私钥自己留好，公钥（.pub）交给核对的人。"""
    public = signature.make_keys(file)
    answers.print(f"私钥：{file}　公钥：{public}", markup=False, highlight=False)


@app.command()
def sign(
    key: Annotated[Path, typer.Option(help="签名用的私钥（PEM，Ed25519）", show_default=False)],
    version: AnyVersion = None,
    models: options.Models = None,
) -> None:
    """给一个模型签名；以后用 models verify --key 公钥 核对。"""
    folder = options.store(models).folder(version)
    ThemeClassifier.load(folder)
    fingerprint = signature.sign(folder, key)
    answers.print(f"{folder.name} 已签名（{fingerprint}）。", markup=False, highlight=False)
