"""The server does what its description says, and the description says all that it does."""

from pathlib import Path

import httpx

from model.store import ModelStore
from service.keys import add_key
from service.settings import Settings
from tests.fuzz.openapi import held_to_description
from tests.service.running import running


def test_the_server_is_as_described(store: ModelStore, tmp_path: Path) -> None:
    done = held_to_description(store.root, tmp_path, examples=3, phases="examples,fuzzing")
    assert done.returncode == 0, done.stdout


def test_the_description_tells_how_a_key_is_shown(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    token = add_key(keys, "reader", ("classify",))
    with running(Settings(keys=keys)) as client:
        client.headers["authorization"] = f"Bearer {token}"
        described = client.get("/openapi.json").json()
        assert described["paths"]["/livez"]["get"]["security"] == []
        shown = described["components"]["securitySchemes"][_only(described["security"][1])]
        by_header = httpx.get(
            f"{client.base_url}/themes", headers={shown["name"]: token}, trust_env=False
        )
        assert by_header.status_code == 200
    with running(Settings()) as client:
        assert "securitySchemes" not in client.get("/openapi.json").json()["components"]


def _only(requirement: dict[str, list[str]]) -> str:
    (name,) = requirement
    return name
