"""`make bundle`: a folder from which the program is installed on a machine without a network.

It holds wheels for this machine's kind of system and Python, each one pinned by its hash; the
script that installs them; and, on request, trained models. Everything is listed in `SHA256SUMS`.
Wheels come from the package index, held against the lock file; nothing else touches a network.
"""

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from packaging.utils import parse_wheel_filename

from model.bundled import checkout
from model.errors import UserError
from model.store import ModelStore
from service.deployment.lock import needed, pinned

_HERE = Path(__file__).resolve().parent
COPIED = {
    "Containerfile": "Containerfile",
    "govtheme.env": "govtheme.env",
    "govtheme.service": "govtheme.service",
    "govtheme-workbench.service": "govtheme-workbench.service",
    "install.sh": "install.sh",
    "instructions.txt": "说明.txt",
}
"""Files beside this one, and what they are called in a bundle."""

EXTRAS = ("archive", "postgresql", "sign", "workbench")


class BundleError(UserError):
    """The bundle cannot be made; what was begun is gone."""


def make_bundle(target: Path, extras: Sequence[str] = (), models: Path | None = None) -> Path:
    """Make the folder and an archive of it beside it.

    Args:
        target: where they go; an older bundle of the same name is replaced when this one is whole.
        extras: extras of the distribution whose packages go along.
        models: a store whose served model goes along; without it the installation trains one.

    Returns:
        The folder.

    Raises:
        BundleError: not a checkout, or wheels that cannot be had.
        NoModelError: the store holds none.
    """
    root = checkout()
    if root is None:
        raise BundleError("安装包要在源码目录里制作：make bundle")
    # Looked for first: wheels take a while.
    model = ModelStore(models).folder() if models else None
    name = "-".join(("govtheme-bundle", version("govtheme"), *extras))
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        folder = Path(scratch) / name
        _gather_wheels(root, folder / "wheels", extras)
        _write_requirements(folder)
        _copy_files(folder, model)
        _write_sums(folder)
        archive = folder.with_name(f"{name}.tar.gz")
        _pack(folder, archive)
        shutil.rmtree(target / name, ignore_errors=True)
        folder.replace(target / name)
        archive.replace(target / archive.name)
    return target / name


def _gather_wheels(root: Path, wheels: Path, extras: Sequence[str]) -> None:
    """Wheels of everything locked, of the program, and of pip as it came with Python."""
    names = needed("govtheme", frozenset(extras))
    # The longer lock holds the extras too; a test holds that both pin alike.
    lock = (root / "requirements-dev.lock").read_text(encoding="utf-8")
    chosen = wheels.with_name("chosen.txt")
    chosen.parent.mkdir()
    chosen.write_text(pinned(lock, names), encoding="utf-8")
    _pip("wheel", "--require-hashes", "--no-deps", "-r", str(chosen), "-w", str(wheels))
    chosen.unlink()
    _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(root))
    for wheel in files("ensurepip").joinpath("_bundled").iterdir():
        if wheel.name.startswith("pip-"):
            (wheels / wheel.name).write_bytes(wheel.read_bytes())


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BundleError(f"取不到安装所需的包：\n{done.stderr.strip()}")


def _write_requirements(folder: Path) -> None:
    """What the script installs: these very files. A wheel built here is in no lock file."""
    lines = []
    for wheel in sorted((folder / "wheels").iterdir()):
        name, release, _, _ = parse_wheel_filename(wheel.name)
        if name != "pip":
            lines.append(f"{name}=={release} --hash=sha256:{_sha256(wheel)}\n")
    (folder / "requirements.txt").write_text("".join(lines), encoding="utf-8")


def _copy_files(folder: Path, model: Path | None) -> None:
    for name, shown in COPIED.items():
        shutil.copy(_HERE / name, folder / shown)
    facts = {
        "version": version("govtheme"),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "machine": platform.machine(),
    }
    lines = [f"{name}={value}\n" for name, value in facts.items()]
    (folder / "platform").write_text("".join(lines), encoding="utf-8")
    if model is not None:
        _copy_model(model, folder / "models")


def _copy_model(model: Path, store: Path) -> None:
    shutil.copytree(model, store / model.name)
    (store / "current").write_text(f"{model.name}\n", encoding="utf-8")


def _write_sums(folder: Path) -> None:
    lines = [f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _pack(folder: Path, archive: Path) -> None:
    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        return entry

    # Wheels are compressed already; more effort gains nothing.
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(folder, folder.name, filter=plain)


def main() -> int:
    """Make a bundle as the words after the command say."""
    parser = argparse.ArgumentParser(prog="make bundle", description="制作无网络机器用的安装包")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="放在哪里（默认 dist）")
    parser.add_argument("--extra", action="append", default=[], choices=EXTRAS, help="附加的功能")
    parser.add_argument("--models", type=Path, help="把这个文件夹里正在使用的模型一并带上")
    given = parser.parse_args()
    try:
        folder = make_bundle(given.out, given.extra, given.models)
    except (UserError, LookupError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    size = sum(path.stat().st_size for path in _files(folder))
    sys.stdout.write(f"{folder} 与 {folder.name}.tar.gz：{size / 1e6:.0f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
