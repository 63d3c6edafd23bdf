"""Small queues for the tests, made as the workbench makes them."""

from service.tables.scored import ScoredRow
from service.workbench.database import Database
from service.workbench.labelling.queues import Wish, add_queue
from service.workbench.schema import Paragraph

LABELS = ("infrastructure", "grid_management", "volunteer_services", "property_management")
ROAD, GRID, HELP, HOME = LABELS


def candidates(count: int) -> list[tuple[ScoredRow, bool]]:
    """Paragraphs that differ, every fifth drawn at random, with scores."""
    scores = {ROAD: 0.8, GRID: 0.4, HELP: 0.1, HOME: 0.05}
    return [
        (
            ScoredRow(
                text=f"第{n}段：网格员走访{n}户，修好路灯{n}盏。",
                doc=f"{n // 4}.txt",
                title="简报",
                para=n % 4,
                scores=scores,
                proposed=(ROAD,),
                uncertain=(GRID,),
                model="0123456789ab",
                codebook="1.0.0",
            ),
            n % 5 == 0,
        )
        for n in range(count)
    ]


def make_queue(
    database: Database, count: int, *, name: str = "试标", readers: int = 1, blind: bool = False
) -> tuple[int, list[int]]:
    """A queue of so many paragraphs; its id, and theirs in order."""
    wish = Wish(
        name,
        "王一",
        "测试",
        LABELS,
        readers=readers,
        blind=blind,
        model="0123456789ab",
        codebook="1.0.0",
    )
    with database.session() as session:
        queue = add_queue(session, wish, candidates(count))
        found = session.query(Paragraph.id).filter_by(queue_id=queue).order_by(Paragraph.place)
        return queue, [row.id for row in found]
