"""What a run did, in figures: `OUT.summary.json`, `--json`, and what the terminal shows."""

from dataclasses import asdict, dataclass
from typing import Any

from service.archive.tally import Tally


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a run.

    Attributes:
        out: the table.
        documents, paragraphs, furniture, rejected: how many; furniture is among the paragraphs.
        none, uncertain: how many body paragraphs and headings got none, or are uncertain.
        labels: how many paragraphs got each theme.
        carried: the columns that the input carried.
        model, codebook: their versions.
        engine, workers: what did it.
        bytes: of input.
        shards, resumed: how many there are, and how many an earlier session had done.
        scored, seconds: paragraphs of the last session, and how long it took.
    """

    out: str
    documents: int
    paragraphs: int
    furniture: int
    rejected: int
    none: int
    uncertain: int
    labels: dict[str, int]
    carried: list[str]
    model: str
    codebook: str
    engine: str
    workers: int
    bytes: int
    shards: int
    resumed: int
    scored: int
    seconds: float

    @classmethod
    def of(cls, tally: Tally, **known: Any) -> "Summary":
        """The summary of what was counted."""
        return cls(
            documents=tally.documents,
            paragraphs=tally.paragraphs,
            furniture=tally.furniture,
            rejected=tally.rejected,
            none=tally.none,
            uncertain=tally.uncertain,
            labels=dict(tally.labels),
            carried=list(tally.carried),
            **known,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
