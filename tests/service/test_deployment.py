"""What goes to machines without a network: pins, the unit, the container, the script's refusals.

That a bundle installs and classifies is held by `make check-bundle`, which needs the wheels.
"""

import hashlib
import os
import platform
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from model.errors import UserError
from model.store import ModelStore
from service.deployment import bundle
from service.deployment.bundle import COPIED, EXTRAS, BundleError, make_bundle
from service.deployment.lock import needed, pinned
from service.settings import Settings
from tests.test_rooms import ROOT

HERE = ROOT / "service" / "deployment"
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, rest in re.findall(r"^([a-z0-9._-]+)==(\S+(?: ; [^\\\n]+)?)", lock, re.MULTILINE):
        found.setdefault(name, set()).add(rest.strip())
    return found


def test_both_locks_pin_alike() -> None:
    """The bundle takes its pins from the longer one."""
    short, long = (
        {name: {rest.split(" ;")[0] for rest in found} for name, found in pins(lock).items()}
        for lock in ((ROOT / "requirements.lock").read_text(encoding="utf-8"), LOCK)
    )
    assert {name: long[name] for name in short} == short


def test_what_is_needed_is_what_is_asked_for_and_what_that_needs() -> None:
    base = needed("govtheme")
    assert {"numpy", "scikit-learn", "fastapi", "starlette", "h11"} <= base
    assert not {"govtheme", "pyarrow", "pytest", "mypy", "hatchling"} & base
    more = needed("govtheme", frozenset({"archive"}))
    assert more > base
    assert {"pyarrow", "trafilatura", "lxml"} <= more


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_everything_needed_is_pinned_with_hashes(extra: str) -> None:
    names = needed("govtheme", frozenset({extra} - {""}))
    chosen = pinned(LOCK, names)
    assert set(pins(chosen)) == names
    entries = [entry for entry in re.split(r"^(?=\w)", chosen, flags=re.MULTILINE) if entry]
    assert all("--hash=sha256:" in entry for entry in entries)
    for entry in entries:
        Requirement(entry.split("\\")[0])


def test_an_entry_keeps_its_markers_and_is_taken_whole() -> None:
    lock = (
        "# written by hand\n"
        "a==1 ; python_full_version < '3.12' \\\n    --hash=sha256:11\n    # via b\n"
        "a==2 ; python_full_version >= '3.12' \\\n    --hash=sha256:22\n"
        "A-b==3 \\\n    --hash=sha256:33 \\\n    --hash=sha256:34\n"
    )
    assert pinned(lock, {"a"}).count("--hash") == 2
    assert pinned(lock, {"a-b"}).splitlines()[1:] == [
        "    --hash=sha256:33 \\",
        "    --hash=sha256:34",
    ]
    with pytest.raises(LookupError, match="c, d"):
        pinned(lock, {"a", "d", "c"})


def test_an_installation_makes_no_bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "checkout", lambda: None)
    with pytest.raises(BundleError, match="make bundle"):
        make_bundle(tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_a_bundle_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that is a closed port, and no cache to fall back on."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(BundleError, match="取不到安装所需的包"):
        make_bundle(tmp_path / "dist")
    assert list((tmp_path / "dist").iterdir()) == []


def test_a_store_without_a_model_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="govtheme train"):
        make_bundle(tmp_path / "dist", models=tmp_path / "nothing")
    assert not (tmp_path / "dist").exists()


def small_bundle(folder: Path, **facts: str) -> Path:
    """A bundle with all but the wheels, with sums that are right."""
    folder.mkdir()
    for name, shown in COPIED.items():
        (folder / shown).write_bytes((HERE / name).read_bytes())
    platform_ = {"version": "9.9", "python": MINOR, "machine": platform.machine(), **facts}
    lines = "".join(f"{name}={value}\n" for name, value in platform_.items())
    (folder / "platform").write_text(lines, encoding="utf-8")
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
    ]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return folder


def install(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(folder / "install.sh"), "--to", str(folder.parent / "program"), *words],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("facts", "words", "message"),
    [
        pytest.param({"machine": "vax"}, [], "vax", id="another machine"),
        pytest.param({"python": "3.99"}, [], "3.99", id="no such Python"),
        pytest.param({"python": "3.99"}, ["--python", sys.executable], "3.99", id="wrong Python"),
        pytest.param({}, ["--python", "no-such-python"], "no-such-python", id="no Python"),
        pytest.param({}, ["--bogus"], "--bogus", id="unknown option"),
        pytest.param({}, ["--models"], "--models", id="option without a value"),
    ],
)
def test_the_script_refuses_what_cannot_work(
    tmp_path: Path, facts: dict[str, str], words: list[str], message: str
) -> None:
    done = install(small_bundle(tmp_path / "b", **facts), *words)
    assert done.returncode == 1
    assert "错误：" in done.stderr
    assert message in done.stderr
    assert not (tmp_path / "program").exists()


@pytest.mark.parametrize("name", ["govtheme.service", "install.sh", "platform"])
def test_a_changed_file_is_found_before_anything_is_installed(tmp_path: Path, name: str) -> None:
    folder = small_bundle(tmp_path / "b")
    with (folder / name).open("a", encoding="utf-8") as changed:
        changed.write("\n# changed\n")
    done = install(folder)
    assert done.returncode == 1
    assert "SHA256SUMS" in done.stderr
    assert not (tmp_path / "program").exists()


def test_an_installation_that_fails_is_not_switched_to(tmp_path: Path) -> None:
    """Without wheels pip cannot run: the version in use stays."""
    folder = small_bundle(tmp_path / "b")
    (tmp_path / "program" / "1.0").mkdir(parents=True)
    (tmp_path / "program" / "current").symlink_to("1.0")
    done = install(folder, "--python", sys.executable)
    assert done.returncode == 1
    assert "半成品" in done.stderr
    assert (tmp_path / "program" / "current").readlink() == Path("1.0")


def test_the_help_names_every_option() -> None:
    script = (HERE / "install.sh").read_text(encoding="utf-8")
    shown = subprocess.run(
        ["sh", str(HERE / "install.sh"), "--help"], capture_output=True, text=True, check=True
    ).stdout
    cases = set(re.findall(r"--[a-z-]+", script.split("while [", 1)[1].split("esac\ndone", 1)[0]))
    assert cases == set(re.findall(r"^  (--[a-z-]+)", shown, re.MULTILINE))


def unit(key: str) -> list[str]:
    lines = (HERE / "govtheme.service").read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def test_the_unit_waits_longer_than_the_server_takes_to_stop() -> None:
    from service.server import _PATIENCE

    (seconds,) = unit("TimeoutStopSec")
    assert int(seconds) > Settings.model_fields["stop_timeout"].default + _PATIENCE


def test_the_unit_starts_what_the_script_installs() -> None:
    (command,) = unit("ExecStart")
    assert shlex.split(command) == ["/opt/govtheme/current/bin/govtheme", "serve"]
    script = (HERE / "install.sh").read_text(encoding="utf-8")
    assert "s|/opt/govtheme/|$to/|g" in script
    assert unit("StateDirectory") == ["govtheme"]
    assert "GOVTHEME_MODELS=/var/lib/govtheme" in unit("Environment")[0].split()


@pytest.mark.parametrize("name", ["govtheme.env", "govtheme.service", "Containerfile"])
def test_every_variable_named_is_a_setting(name: str) -> None:
    text = (HERE / name).read_text(encoding="utf-8")
    named = {found.lower() for found in re.findall(r"GOVTHEME_([A-Z_]+)", text)}
    assert named
    assert named <= set(Settings.model_fields)


def test_the_settings_file_is_one_the_server_takes(tmp_path: Path) -> None:
    """As it comes, and with every line in use."""
    text = (HERE / "govtheme.env").read_text(encoding="utf-8")
    for content in (text, re.sub(r"^#(?=GOVTHEME_)", "", text, flags=re.MULTILINE)):
        given = tmp_path / "govtheme.env"
        given.write_text(content, encoding="utf-8")
        chosen = Settings(_env_file=given)  # type: ignore[call-arg]
        assert chosen.port == 8000
    assert (chosen.host, chosen.workers) == ("0.0.0.0", 2)  # noqa: S104


def test_the_model_in_use_is_what_goes_along(store: ModelStore, tmp_path: Path) -> None:
    bundle._copy_model(store.folder(), tmp_path / "models")
    assert ModelStore(tmp_path / "models").current() == store.current()
    assert ModelStore(tmp_path / "models").folder().is_dir()
