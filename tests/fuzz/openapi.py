"""A server held to its own description by schemathesis, with every check that there is.

    make fuzz                                      # hundreds of requests a route
    python -m tests.fuzz.openapi --examples 10     # fewer

This module is also what schemathesis loads to learn the one media type that it does not know.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import schemathesis

from model.store import ModelStore
from service.keys import add_key
from tests.service.running import serving
from tests.small import small_corpus
from training.parameters import Parameters
from training.train import train

_BEYOND_SCHEMAS = """
# A label config is XML in a JSON text; a tensor's shape must agree with its data.
[[operations]]
include-path-regex = "^/(labelstudio/(setup|predict)|v2/models/.*infer)$"
checks.positive_data_acceptance.enabled = false
"""
"""What a JSON schema cannot say, so that a request may fit it and yet be wrong."""


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """Lines are described as a text, and sent as they are."""
    return str(value).encode("utf-8", "replace")


def held_to_description(
    models: Path, folder: Path, examples: int, phases: str, seed: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run schemathesis against a server that wants keys; the exit status is 0 when all agreed.

    Args:
        folder: an empty one, for keys and logs.
        examples: requests a route, beside those that cover each limit of the description.
        phases: of schemathesis: examples, coverage, fuzzing, stateful.
    """
    token = add_key(folder / "keys.json", "schemathesis", ("classify", "admin"))
    keys, config = str(folder / "keys.json"), folder / "schemathesis.toml"
    config.write_text(_BEYOND_SCHEMAS, encoding="utf-8")
    with serving(models, folder / "log", keys=keys, log="off") as (_, client):
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", f"{client.base_url}/openapi.json", "--phases", phases),
            # Every check is on by default; naming them here would overrule the configuration.
            *("--mode", "all", "--no-color", "--continue-on-failure"),
            *("--max-examples", str(examples), "--seed", str(seed)),
            *("--header", f"Authorization: Bearer {token}"),
        ]
        return subprocess.run(
            command,
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "SCHEMATHESIS_HOOKS": "tests.fuzz.openapi",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def main() -> int:
    """Train a model, hold its server to its description, show what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.openapi")
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = ModelStore(folder / "models")
        store.promote(train(small_corpus(), store.root, Parameters()).version, "schemathesis")
        every = "examples,coverage,fuzzing,stateful"
        done = held_to_description(store.root, folder, wanted.examples, every, wanted.seed)
    print(done.stdout)  # noqa: T201
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
