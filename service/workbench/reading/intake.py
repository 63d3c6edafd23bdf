"""Where what a page's person sends arrives: an address for every open page, each file checked.

An address is guessed by nobody, is used by its page's person alone, and ends with the page.
"""

import secrets
from typing import Generic, Protocol, TypeVar

from nicegui import app, ui
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from model.errors import UserError
from service.keys import Scope
from service.workbench.people import People, Person
from service.workbench.reading.inbox import refusal


class Receiver(Protocol):
    """A page that files are sent to."""

    async def receive(self, request: Request) -> None:
        """Take a file in.

        Raises:
            UserError: it is not taken; the message is shown to the person.
        """

    def tell(self, error: UserError) -> None:
        """Say on the page why a file was not taken."""


R = TypeVar("R", bound=Receiver)


class Intake(Generic[R]):
    """The addresses of one kind of page.

    Args:
        people: who is signed in.
        path: what the addresses begin with.
        scope: what it takes to send.
    """

    def __init__(self, people: People, path: str, scope: Scope) -> None:
        self._people = people
        self._path = path
        self._scope = scope
        self._open: dict[str, tuple[str, R]] = {}
        app.post(f"{path}/{{token}}")(self._take)

    def address(self, person: Person, receiver: R) -> str:
        """An address for the page that is being made; it ends with that page."""
        token = secrets.token_urlsafe(16)
        self._open[token] = (person.name, receiver)
        ui.context.client.on_delete(lambda: self._open.pop(token, None))
        return f"{self._path}/{token}"

    def find(self, token: str) -> R | None:
        """The page of an address, when it is that of who is signed in."""
        person = self._people.present()
        name, receiver = self._open.get(token, ("", None))
        return receiver if person is not None and person.name == name else None

    async def _take(self, token: str, request: Request) -> Response:
        receiver = self.find(token)
        if receiver is None:
            return PlainTextResponse("", 403)
        try:
            self._people.allowed(self._scope)
            await receiver.receive(request)
        except UserError as error:
            receiver.tell(error)
            return PlainTextResponse(str(error), refusal(error))
        return Response(status_code=204)
