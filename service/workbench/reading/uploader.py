"""The button that files are chosen with or dropped on, which sends each as it is."""

from collections.abc import Callable

from nicegui import ui

from service.workbench.reading.inbox import NAME_HEADER, megabytes
from service.workbench.wording import say


def uploader(
    address: str,
    most: int,
    *,
    several: bool = False,
    begun: Callable[[], None] | None = None,
) -> ui.element:
    """The library's own would take any number of bytes, whoever sends them.

    Args:
        address: where to; its route checks the session.
        most: bytes of a file; the route checks that too.
        several: whether more than one may be chosen at a time.
        begun: called when the first byte is about to go.
    """
    element = ui.element("q-uploader").classes("uploader").mark("files")
    label = say("选择文件", "Choose files")
    element.props(f'url="{address}" max-file-size={most} label="{label}"')
    element.props("auto-upload send-raw flat bordered" + (" multiple" if several else ""))
    name = f"name: '{NAME_HEADER}', value: encodeURIComponent(files[0].name)"
    element.props(f':headers="files => [{{{name}}}]"')

    def refused() -> None:
        ui.notify(
            say(
                f"没有收下：文件是空的、超过 {megabytes(most)}，或者不是这里读的类型",
                f"Not taken: empty, more than {megabytes(most)}, or of a kind not read here",
            ),
            type="negative",
        )

    # What has arrived is shown by the page, under the name that it has here.
    element.on("uploaded", js_handler=f"() => getElement({element.id}).removeUploadedFiles()")
    element.on("rejected", refused, args=[])
    if begun is not None:
        element.on("start", begun, args=[])
    return element
