"""`/models/accuracy`: how good a model is on an archive, from a queue's random share."""

import asyncio
from collections.abc import Mapping

from nicegui import ui
from sqlalchemy import select
from starlette.responses import RedirectResponse

from service.workbench.desk import Desk
from service.workbench.errors import WorkbenchError
from service.workbench.frame import Page, frame, told, turned_away
from service.workbench.look import theme_class
from service.workbench.models.accuracy import FEWEST_OF_THEME, Accuracy, Estimate, ThemeAccuracy
from service.workbench.models.estimation import Estimation, estimate, random_share
from service.workbench.models.parts import in_use, shown_percent, tabs
from service.workbench.models.plots import whiskers
from service.workbench.models.versions import versions
from service.workbench.schema import Paragraph, Queue
from service.workbench.wording import say, theme_name


def register(desk: Desk) -> None:
    """Make the page."""

    @ui.page("/models/accuracy", title="govtheme")
    async def page() -> RedirectResponse | None:
        if away := turned_away(desk):
            return away
        async with frame(desk, "/models") as shown:
            tabs("/models/accuracy")
            await _Accuracy(desk, shown).build()
        return None


class _Accuracy:
    def __init__(self, desk: Desk, page: Page) -> None:
        self._desk = desk
        self._names = {theme.id: theme_name(theme) for theme in page.codebook.themes}

    async def build(self) -> None:
        """The form, and a place for the answer."""
        current = await in_use(self._desk)
        models = await asyncio.to_thread(versions, self._desk.store)
        names = {
            model.version: model.version
            + (say("（使用中）", " (in use)") if model.version == current else "")
            for model in models
            if not model.wrong
        }
        queues = await asyncio.to_thread(self._queues)
        with ui.element("section").classes("panel form"):
            ui.label(say("在手头的档案上有多准", "How good on the archive at hand")).classes(
                "title"
            )
            ui.label(
                say(
                    "队列里有一份段落是从档案里随机抽出的。人给它们定了标签，就能估计模型在整个档案上的准确度。",
                    "A share of each queue is drawn at random from its archive. Once people have "
                    "labelled it, it tells how good a model is on all of the archive.",
                )
            ).classes("quiet")
            with ui.row().classes("choices"):
                self._queue = ui.select(
                    queues, label=say("队列", "queue"), value=next(iter(queues), None)
                )
                self._queue.props("outlined dense").mark("queue")
                chosen = current if current in names else next(iter(names), None)
                self._model = ui.select(names, label=say("模型", "model"), value=chosen)
                self._model.props("outlined dense").mark("model")
            start = ui.button(say("估计", "Estimate"), icon="straighten", on_click=self._start)
            start.props("unelevated no-caps").mark("estimate")
            if not queues:
                ui.label(
                    say(
                        "还没有带随机抽样的队列：在“标注”里建队列时留一份随机的。",
                        "No queue has a random share yet: give it one when you make it.",
                    )
                ).classes("quiet")
        self._place = ui.column().classes("jobs").mark("answer")

    def _queues(self) -> dict[int, str]:
        """The queues that have a random share."""
        chosen = (
            select(Queue.id, Queue.name)
            .where(Queue.id.in_(select(Paragraph.queue_id).where(Paragraph.random)))
            .order_by(Queue.id.desc())
        )
        with self._desk.database.session() as session:
            return {row.id: row.name for row in session.execute(chosen)}

    @told
    async def _start(self) -> None:
        self._desk.people.allowed("classify")
        queue, version = self._queue.value, self._model.value
        if not (queue and version):
            raise WorkbenchError(say("请选一个队列和一个模型", "Choose a queue and a model"))
        self._place.clear()
        with self._place:
            ui.spinner()
        try:
            found = await asyncio.to_thread(self._estimated, queue, version)
        except WorkbenchError as error:
            self._place.clear()
            with self._place:
                ui.label(str(error)).classes("reason")
            return
        self._place.clear()
        with self._place:
            self._show(found, version)

    def _estimated(self, queue: int, version: str) -> Estimation:
        with self._desk.database.session() as session:
            labels = session.scalars(select(Queue.labels).where(Queue.id == queue)).one()
            sample = random_share(session, queue)
        return estimate(sample, self._desk.store.folder(version), labels)

    def _show(self, found: Estimation, version: str) -> None:
        accuracy = found.accuracy
        with ui.element("section").classes("panel"):
            ui.label(sentence(accuracy, version)).classes("sentence")
            ui.label(_more(accuracy))
            for line in _cautions(found):
                ui.label(line).classes("quiet")
            with ui.element("div").classes("scroller plain"):
                self._table(accuracy)
        told_of = {theme.label: theme.f1 for theme in accuracy.themes}
        if any(told_of.values()):
            with ui.element("div").classes("plots"), ui.element("figure"):
                ui.label(say("各主题的 F1 和 95% 区间", "F1 of each theme, 95% intervals"))
                names = [self._names.get(label, label) for label in told_of]
                ui.echart(whiskers(names, {version: list(told_of.values())}))

    def _table(self, accuracy: Accuracy) -> None:
        with ui.element("table").classes("figures"):
            with ui.element("thead"), ui.element("tr"):
                for zh, en in (
                    ("主题", "theme"),
                    ("人／模型", "people / model"),
                    ("精确率", "precision"),
                    ("召回率", "recall"),
                    ("F1", "F1"),
                ):
                    with ui.element("th"):
                        ui.label(say(zh, en))
            with ui.element("tbody"):
                for number, theme in enumerate(accuracy.themes, 1):
                    _theme(number, theme, self._names)


def sentence(accuracy: Accuracy, version: str) -> str:
    """What the estimate means, in words."""
    low, value, high = (
        shown_percent(x) for x in (accuracy.exact.low, accuracy.exact.value, accuracy.exact.high)
    )
    rows, documents = f"{accuracy.rows:,}", f"{accuracy.documents:,}"
    return say(
        f"在随机抽出的 {rows} 段（来自 {documents} 篇）上，模型 {version} 有 {value} 整段全对；"
        f"放到整个档案上，全对的比例大约在 {low} 到 {high} 之间（95% 区间）。",
        f"On {rows} random paragraphs (of {documents} documents) the model {version} gets {value} "
        f"entirely right; on the whole archive it is about {low} to {high} (95% interval).",
    )


def _more(accuracy: Accuracy) -> str:
    count = f"{accuracy.more:,}"
    return say(
        f"要让区间窄一半，大约还要再标 {count} 段随机抽出的。",
        f"To halve the interval takes about {count} more random paragraphs.",
    )


def _cautions(found: Estimation) -> list[str]:
    """What would make the estimate wrong."""
    lines = []
    if not found.sample.blind:
        lines.append(
            say(
                "这个队列标注时看得到模型的判断，人容易跟着它走，估计会偏高；盲标的队列更可信。",
                "People saw the model's opinion while they labelled this queue, and tend to follow "
                "it: the estimate is too good. A blind queue is more to be trusted.",
            )
        )
    if undecided := found.sample.undecided:
        lines.append(
            say(
                f"另有 {undecided} 段随机抽出的还没有定下来：没标，或大家意见不一。"
                "意见不一的往往是难的，裁定之前估计会偏高。",
                f"{undecided} random paragraphs are not decided yet. Those on which people "
                "differ are often hard: until they are settled the estimate is too good.",
            )
        )
    if found.learnt:
        lines.append(
            say(
                f"有 {found.learnt} 段这个模型训练时学过，没有算在内。",
                f"{found.learnt} were left out because this model has learnt from them.",
            )
        )
    if any(theme.f1 is None for theme in found.accuracy.themes):
        lines.append(
            say(
                f"少于 {FEWEST_OF_THEME} 段的主题不给数字。",
                f"No figures are given for fewer than {FEWEST_OF_THEME} paragraphs.",
            )
        )
    return lines


def _theme(number: int, theme: ThemeAccuracy, names: Mapping[str, str]) -> None:
    with ui.element("tr"):
        with ui.element("th").classes(theme_class(number)):
            ui.label(names.get(theme.label, theme.label))
        with ui.element("td"):
            counts = ui.label(f"{theme.true:,} / {theme.given:,}")
            counts.tooltip(
                say(
                    "人给了几段、模型给了几段",
                    "How many got it from people, how many from the model",
                )
            )
        for figure in (theme.precision, theme.recall, theme.f1):
            with ui.element("td"):
                _figure(figure)


def _figure(figure: Estimate | None) -> None:
    if figure is None:
        ui.label(say("太少", "too few")).classes("quiet")
        return
    ui.label(f"{figure.value:.2f}").classes("figure")
    ui.label(f"[{figure.low:.2f}, {figure.high:.2f}]").classes("quiet")
