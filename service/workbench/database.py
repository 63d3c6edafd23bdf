"""The database: opened, brought up to date, and handed out one transaction at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from service.workbench.errors import DatabaseError

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_WAIT_SECONDS = 30
"""How long a transaction waits for another process that writes."""


class Database:
    """Where jobs, queues and labels are kept.

    Args:
        url: as SQLAlchemy writes it; empty for a SQLite file.
        file: that file; its folder is made.

    Raises:
        DatabaseError: it cannot be opened, or a newer program has changed it.
    """

    def __init__(self, url: str, file: Path) -> None:
        self._url = _url(url, file)
        self.shown = self._url.render_as_string(hide_password=True)
        try:
            self._engine = _engine(self._url)
            with self._engine.begin() as connection:
                _migrate(connection)
        except CommandError as error:
            raise DatabaseError(
                f"数据库 {self.shown} 由更新的版本写成，请升级 govtheme 再打开"
            ) from error
        except (SQLAlchemyError, ImportError) as error:
            raise DatabaseError(f"无法打开数据库 {self.shown}：{_reason(error)}") from error
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: written and synced when the block ends, undone when it fails."""
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _url(url: str, file: Path) -> URL:
    if not url:
        file.parent.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite", database=str(file))
    try:
        return make_url(url)
    except ArgumentError as error:
        raise DatabaseError(
            "GOVTHEME_DATABASE 不是数据库地址；例：postgresql+psycopg://用户:密码@主机/库"
        ) from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        # A server may have been restarted since the connection was last used.
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    """SQLite as a database that others may read while one writes, and that survives a power cut."""
    # Else the driver begins transactions by itself, and none before it changes a table's shape.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # Who reads first and then writes would otherwise fail when another wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "缺少驱动程序；PostgreSQL 请安装 pip install 'govtheme[postgresql]'"
    return str(getattr(error, "orig", None) or error).splitlines()[0]
