"""A real PostgreSQL server for the tests, in a folder of its own, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWNER = "postgres"
"""Who may run the server where we are root: it refuses to run as that."""


@contextmanager
def postgres() -> Iterator[str]:
    """A server without a password on a port of its own; its address without a database's name."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert programs, "postgresql is missing: run make postgresql"
    folder = Path(tempfile.mkdtemp(prefix="govtheme-postgres-"))
    try:
        _own(folder)
        data = folder / "data"
        _run(programs[-1] / "initdb", "-D", data, "-U", _OWNER, "-A", "trust", "-E", "UTF8", "-N")
        port = _free_port()
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        )
        server = (programs[-1] / "pg_ctl", "-D", data, "-l", folder / "log", "-w")
        _run(*server, "-o", options, "start")
        try:
            yield f"postgresql+psycopg://{_OWNER}@127.0.0.1:{port}"
        finally:
            _run(*server, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, _OWNER, _OWNER)


def _run(*words: str | Path) -> None:
    become = ("runuser", "-u", _OWNER, "--") if os.geteuid() == 0 else ()
    # The server keeps what it inherits open: a pipe would never end.
    subprocess.run(
        [*become, *words], cwd="/", check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
