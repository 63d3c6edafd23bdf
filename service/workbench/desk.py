"""What every page works with: the settings, the database, the jobs, the server that classifies."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from model.bundled import bundled
from model.codebook import Codebook, Theme, load_codebook
from model.store import ModelStore
from service.client import AsyncClient
from service.client import Theme as ServedTheme
from service.client.errors import ClientError
from service.settings import Settings
from service.workbench.database import Database
from service.workbench.errors import NoServerError
from service.workbench.jobs import Jobs
from service.workbench.people import People
from service.workbench.wording import say

_PATIENCE_SECONDS = 3.0


@dataclass
class Desk:
    """Made once when the workbench starts, and handed to every page.

    Attributes:
        settings: all settings.
        database: jobs, queues and labels.
        people: who is signed in.
        client: of the server that classifies; closed with the workbench.
        jobs: what runs in processes of its own.
    """

    settings: Settings
    database: Database
    people: People
    client: AsyncClient
    jobs: Jobs

    @property
    def folder(self) -> Path:
        """Where the workbench keeps everything."""
        return self.settings.workbench

    @property
    def store(self) -> ModelStore:
        """The folder of models."""
        return ModelStore(self.settings.models)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of this machine that jobs may read, resolved."""
        named = (part.strip() for part in self.settings.roots.split(","))
        return tuple(Path(part).resolve() for part in named if part)

    async def codebook(self) -> Codebook:
        """The themes of the model in use, with examples where the bundled codebook has them.

        Raises:
            NoServerError: the server does not answer, or has no model.
        """
        try:
            # A page should not wait as long as a program that sends thousands of texts.
            served = await asyncio.wait_for(self.client.themes(), _PATIENCE_SECONDS)
        except (ClientError, TimeoutError) as error:
            raise NoServerError(
                say("判断服务没有回答", "The server that classifies does not answer")
            ) from error
        book = load_codebook(bundled("codebook.toml"))
        known = {theme.id: theme for theme in book.themes}
        return Codebook(book.version, tuple(_with_examples(t, known) for t in served), book.rules)


def _with_examples(served: ServedTheme, known: dict[str, Theme]) -> Theme:
    theme = known.get(served.id)
    if theme is not None and theme.definition == served.definition:
        return theme
    return Theme(
        served.id,
        served.number,
        served.name_zh,
        served.name_en,
        served.definition,
        served.counts,
        served.excludes,
    )
