"""`/signin`: a key of the service, or a name where there are no keys."""

from nicegui import ui

from service.workbench.desk import Desk
from service.workbench.frame import STATIC, told
from service.workbench.wording import say


def register(desk: Desk) -> None:
    """Make the page."""

    @ui.page("/signin", title="govtheme")
    def page() -> None:
        ui.add_css(STATIC / "workbench.css", shared=False)
        with ui.card().classes("signin"):
            ui.label(say("治理文本工作台", "Workbench for governance writing")).classes(
                "signin-title"
            )
            if desk.people.keys_wanted:
                field = ui.input(say("密钥", "Key"), password=True)
                hint = say(
                    "密钥由管理员用 govtheme keys add 发放", "Keys are given by govtheme keys add"
                )
            else:
                field = ui.input(say("您的名字", "Your name"))
                hint = say(
                    "标注会记在这个名字下；这个工作台不设密码",
                    "Labels are kept under this name; there is no password here",
                )
            ui.label(hint).classes("quiet")

            @told
            async def enter() -> None:
                desk.people.sign_in(field.value or "")
                ui.navigate.to("/")

            field.props("autofocus outlined").classes("w-full").on("keydown.enter", enter)
            field.mark("key")
            ui.button(say("进入", "Enter"), on_click=enter).props("unelevated").mark("enter")
