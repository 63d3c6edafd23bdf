"""Keys: what the file holds, who gets in, and how the file changes under a running server."""

import json
import os
from pathlib import Path

import httpx
import pytest

from model.classifier import ThemeClassifier
from service.errors import ForbiddenError, UnauthorizedError
from service.keys import Key, KeyFileError, KeyRing, add_key, read_keys, remove_key, require
from service.settings import Settings
from tests.service.running import TEXT, logged, running


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_the_file_never_holds_a_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    token = add_key(path, "城运中心", ("classify",))
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    (key,) = read_keys(path)
    assert (key.name, key.scopes, key.rate) == ("城运中心", ("classify",), None)


def test_a_name_has_one_key_and_the_older_one_ends(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = add_key(path, "a", ("classify",))
    new = add_key(path, "a", ("admin",), rate=5)
    ring = KeyRing(path)
    assert ring.find(new).scopes == ("admin",)
    with pytest.raises(UnauthorizedError):
        ring.find(old)


def test_a_changed_file_counts_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = add_key(path, "a", ("classify",))
    ring = KeyRing(path)
    second = add_key(path, "b", ("classify",))
    remove_key(path, "a")
    ring.refresh()
    assert ring.find(second).name == "b"
    with pytest.raises(UnauthorizedError):
        ring.find(first)


def test_while_the_file_is_damaged_the_old_keys_count(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    token = add_key(path, "a", ("classify",))
    ring = KeyRing(path)
    path.write_text("{")
    ring.refresh()
    assert ring.failure
    assert ring.find(token).name == "a"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"keys": [{"name": "a"}]}',
        '{"keys": [{"name": "a", "scopes": ["root"], "sha256": "%s"}]}' % ("0" * 64),
        '{"keys": [{"name": "a b", "scopes": ["admin"], "sha256": "%s"}]}' % ("0" * 64),
        '{"keys": [{"name": "a", "scopes": ["admin"], "sha256": "abc"}]}',
        '{"keys": [{"name": "a", "scopes": ["admin"], "sha256": "%s", "rate": -1}]}' % ("0" * 64),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match=r"keys\.json"):
        read_keys(path)


def test_a_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    add_key(path, "a", ("classify",))
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod"):
        KeyRing(path)


def test_names_and_missing_keys_are_told(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(KeyFileError, match="名称"):
        add_key(path, "a b", ("classify",))
    with pytest.raises(KeyFileError, match="没有密钥文件"):
        remove_key(path, "a")
    add_key(path, "a", ("classify",))
    with pytest.raises(KeyFileError, match="没有叫 b"):
        remove_key(path, "b")


def test_scopes_are_kept_apart() -> None:
    classify, admin = Key("a", ("classify",), ""), Key("b", ("admin",), "")
    require(classify, "classify")
    require(admin, "admin")
    require(None, "classify")
    for key, scope in ((classify, "admin"), (admin, "classify"), (None, "admin")):
        with pytest.raises(ForbiddenError):
            require(key, scope)  # type: ignore[arg-type]


def test_a_server_with_keys(classifier: ThemeClassifier, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    token = add_key(path, "a", ("classify",))
    with running(Settings(keys=path, reload=0.05), classifier) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/docs").status_code == 200
        for headers in ({}, bearer("wrong"), {"authorization": token}, {"x-api-key": ""}):
            refused = client.post("/classify", json={"text": TEXT}, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        for auth in (bearer(token), {"x-api-key": token}):
            assert client.post("/classify", json={"text": TEXT}, headers=auth).status_code == 200
        basic = httpx.BasicAuth("anybody", token)
        assert client.get("/model", auth=basic).status_code == 200
        assert client.post("/admin/models/reload", headers=bearer(token)).status_code == 403


def test_a_key_s_rate_is_kept(classifier: ThemeClassifier, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    slow = add_key(path, "slow", ("classify",), rate=6)
    free = add_key(path, "free", ("classify",), rate=0)
    with running(Settings(keys=path, rate=6), classifier) as client:
        assert client.get("/model", headers=bearer(slow)).status_code == 200
        refused = client.get("/model", headers=bearer(slow))
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert {client.get("/model", headers=bearer(free)).status_code for _ in range(9)} == {200}


def test_no_key_reaches_the_log(
    classifier: ThemeClassifier, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keys.json"
    token = add_key(path, "城运中心", ("classify",))
    with running(Settings(keys=path), classifier) as client:
        client.get("/model", headers=bearer(token))
        client.get("/model", headers=bearer(token + "x"))
        err = logged(capfd, 2)
    assert token not in err
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line.get("key") for line in lines] == ["城运中心", None]


def test_a_file_that_is_put_back_atomically_is_never_half_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    add_key(path, "a", ("classify",))
    before = path.stat().st_ino
    add_key(path, "b", ("classify",))
    assert path.stat().st_ino != before
    assert os.listdir(tmp_path) == ["keys.json"]  # noqa: PTH208
