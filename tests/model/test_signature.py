"""Signed models: what the owner of a key signed is recognised, and every change is noticed."""

import json
import shutil
import stat
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from model.errors import ArtifactError
from model.signature import (
    SIGNATURE_FILE,
    KeyFileError,
    SignatureError,
    make_keys,
    sign,
    signer,
    verify,
)
from model.store import ModelStore


@pytest.fixture
def folder(store: ModelStore, tmp_path: Path) -> Path:
    """A copy of a good artifact, to sign and to spoil."""
    return Path(shutil.copytree(store.folder(), tmp_path / "artifact"))


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "key", make_keys(tmp_path / "key")


def test_what_was_signed_is_recognised(folder: Path, keys: tuple[Path, Path]) -> None:
    assert signer(folder) is None
    fingerprint = sign(folder, keys[0])
    assert verify(folder, keys[1]) == fingerprint == signer(folder)
    assert sign(folder, keys[0]) == fingerprint


def test_the_private_key_is_for_its_owner_and_never_overwritten(keys: tuple[Path, Path]) -> None:
    private, public = keys
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"PRIVATE" in private.read_bytes()
    assert b"PRIVATE" not in public.read_bytes()
    with pytest.raises(KeyFileError, match="不会覆盖"):
        make_keys(private)


@pytest.mark.parametrize("name", ["model.joblib", "manifest.json", "card.md", "rows.txt"])
def test_a_changed_file_is_noticed(folder: Path, keys: tuple[Path, Path], name: str) -> None:
    sign(folder, keys[0])
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(SignatureError, match=f"有改动：{name}"):
        verify(folder, keys[1])


def test_an_added_and_a_removed_file_are_noticed(folder: Path, keys: tuple[Path, Path]) -> None:
    sign(folder, keys[0])
    (folder / "extra.py").write_text("", encoding="utf-8")
    (folder / "card.md").unlink()
    with pytest.raises(SignatureError, match=r"card\.md、extra\.py"):
        verify(folder, keys[1])


def test_a_list_that_was_mended_to_fit_is_noticed(folder: Path, keys: tuple[Path, Path]) -> None:
    sign(folder, keys[0])
    (folder / "extra.py").write_text("", encoding="utf-8")
    told = json.loads((folder / SIGNATURE_FILE).read_text(encoding="utf-8"))
    told["files"]["extra.py"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (folder / SIGNATURE_FILE).write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(SignatureError, match="签名不对"):
        verify(folder, keys[1])


def test_somebody_elses_signature_vouches_for_nothing(
    folder: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    other = make_keys(tmp_path / "other")
    sign(folder, tmp_path / "other")
    with pytest.raises(SignatureError, match="不是这把钥匙签的"):
        verify(folder, keys[1])
    told = json.loads((folder / SIGNATURE_FILE).read_text(encoding="utf-8"))
    sign(folder, keys[0])
    told["key"] = signer(folder)
    (folder / SIGNATURE_FILE).write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(SignatureError, match="签名不对"):
        verify(folder, keys[1])
    assert other.is_file()


@pytest.mark.parametrize(
    "spoilt",
    [b"", b"[]", b"{}", b"[" * 100_000, b'{"files": {}, "format": 9}', b'{"files": 3}', b"\xff"],
)
def test_a_damaged_signature_is_refused(
    folder: Path, keys: tuple[Path, Path], spoilt: bytes
) -> None:
    (folder / SIGNATURE_FILE).write_bytes(spoilt)
    with pytest.raises(SignatureError):
        verify(folder, keys[1])


def test_a_model_without_a_signature_says_how_to_get_one(
    folder: Path, keys: tuple[Path, Path]
) -> None:
    with pytest.raises(SignatureError, match="govtheme models sign"):
        verify(folder, keys[1])


def test_a_link_in_the_folder_is_not_signed(folder: Path, keys: tuple[Path, Path]) -> None:
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(ArtifactError, match="符号链接"):
        sign(folder, keys[0])


def test_keys_made_elsewhere_work(folder: Path, tmp_path: Path) -> None:
    """Standard PEM, as `openssl genpkey -algorithm ed25519` writes it."""
    private = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "a.pem").write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (tmp_path / "b.pem").write_bytes(
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert sign(folder, tmp_path / "a.pem") == verify(folder, tmp_path / "b.pem")


def test_files_that_are_no_fitting_key_are_named(
    folder: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    other = rsa.generate_private_key(65537, 2048)
    secret = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    for data, reason in ((b"no key", "不是 PEM 私钥"), (secret, "Ed25519"), (locked, "口令")):
        (tmp_path / "bad").write_bytes(data)
        with pytest.raises(KeyFileError, match=reason):
            sign(folder, tmp_path / "bad")
    sign(folder, keys[0])
    with pytest.raises(KeyFileError, match="不是 PEM 公钥"):
        verify(folder, keys[0])


def test_without_the_library_the_extra_is_named(
    folder: Path, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(KeyFileError, match=r"govtheme\[sign\]"):
        sign(folder, keys[0])
