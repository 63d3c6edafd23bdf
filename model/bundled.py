"""Where the files that ship with the distribution are: codebook, words, characters, corpus."""

from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """The root of the checkout that this code runs from; None when installed from a wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "data").is_dir() else None


def bundled(name: str) -> Path:
    """The path of a bundled file or folder, such as `codebook.toml` or `corpus`.

    The wheel carries `data/` as `model/_data/`; a checkout has it beside the packages.

    Raises:
        FileNotFoundError: nothing of that name is bundled.
    """
    root = checkout()
    path = (root / "data" if root else _PACKAGE / "_data") / name
    if not path.exists():
        raise FileNotFoundError(f"随程序安装的文件缺失：{path}。请重新安装 govtheme。")
    return path


def default_store() -> Path:
    """The folder of trained models when none is named: the checkout's, else the user's own."""
    root = checkout()
    return root / "artifacts" if root else user_folder() / "artifacts"


def user_folder() -> Path:
    """The user's own folder for what govtheme keeps between two runs."""
    return Path(platformdirs.user_data_dir("govtheme"))
