"""`/`: a text or a file, paragraph by paragraph, with its themes."""

from nicegui import ui
from starlette.responses import RedirectResponse

from service.workbench.desk import Desk
from service.workbench.frame import frame, turned_away


def register(desk: Desk) -> None:
    """Make the page."""

    @ui.page("/", title="govtheme")
    async def page() -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/") as _:
            pass
        return None
