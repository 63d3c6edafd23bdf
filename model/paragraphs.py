"""The paragraphs of many documents at once, column by column.

What `document.paragraphs` finds in one document, found in a batch of them by numpy: where lines
begin and end, and what their characters rule out. What that leaves open (a document that may be
hard-wrapped, a line that may have to be cut, a line that may be furniture) is decided by the code
of `lines` and `kinds`, so there is one rule for both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.candidates import Candidates
from model.document import Document, Paragraph, paragraphs
from model.kinds import KINDS
from model.sheet import Ints, Sheet


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """Paragraphs of several documents, in order.

    Attributes:
        texts: each without blanks at its ends; hard-wrapped lines are joined.
        starts, ends: places in the text of the document, code points, shape (paragraphs,).
        kinds: places in `KINDS`, shape (paragraphs,).
        document_of: which document each belongs to, ascending, shape (paragraphs,).
    """

    texts: list[str]
    starts: Ints
    ends: Ints
    kinds: Ints
    document_of: Ints

    @classmethod
    def of(cls, found: Sequence[Paragraph], document_of: Sequence[int]) -> "Paragraphs":
        """From paragraphs and the number of each one's document."""
        return cls(
            [paragraph.text for paragraph in found],
            np.array([paragraph.start for paragraph in found], np.int64),
            np.array([paragraph.end for paragraph in found], np.int64),
            np.array([KINDS.index(paragraph.kind) for paragraph in found], np.int64),
            np.array(document_of, np.int64),
        )

    @property
    def numbers(self) -> Ints:
        """The number of each paragraph in its document, from 0; all of them must be here."""
        first: Ints = np.searchsorted(self.document_of, self.document_of)
        return np.arange(len(self)) - first

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, part: slice) -> "Paragraphs":
        return Paragraphs(
            self.texts[part],
            self.starts[part],
            self.ends[part],
            self.kinds[part],
            self.document_of[part],
        )

    def __add__(self, other: "Paragraphs") -> "Paragraphs":
        """Both, in the order of documents."""
        of = np.concatenate((self.document_of, other.document_of))
        order = of.argsort(kind="stable")
        texts = self.texts + other.texts
        return Paragraphs(
            [texts[n] for n in order.tolist()],
            np.concatenate((self.starts, other.starts))[order],
            np.concatenate((self.ends, other.ends))[order],
            np.concatenate((self.kinds, other.kinds))[order],
            of[order],
        )

    def each(self) -> list[Paragraph]:
        """The same, one by one."""
        columns = (self.starts.tolist(), self.ends.tolist(), self.kinds.tolist())
        return [
            Paragraph(text, start, end, KINDS[kind])
            for text, start, end, kind in zip(self.texts, *columns, strict=True)
        ]


def cut(documents: Sequence[Document]) -> Paragraphs:
    """The paragraphs of documents, of each those that `document.paragraphs` finds."""
    together = [n for n, document in enumerate(documents) if not document.whole]
    found, left = _on_a_sheet([documents[n].text for n in together])
    found.document_of[:] = np.array(together, np.int64)[found.document_of]
    alone = {n for n, document in enumerate(documents) if document.whole}
    alone.update(together[n] for n in left)
    if not alone:
        return found
    one_by_one = [(each, n) for n in sorted(alone) for each in paragraphs(documents[n])]
    return found + Paragraphs.of([each for each, _ in one_by_one], [n for _, n in one_by_one])


def _on_a_sheet(texts: Sequence[str]) -> tuple[Paragraphs, list[int]]:
    """The paragraphs of texts, and which texts have been left out, for they may be wrapped."""
    sheet = Sheet(texts)
    begin, starts, stops = sheet.lines()
    if not len(starts):
        return Paragraphs.of([], []), []
    wrapped = sheet.wrapped(begin, starts, stops)
    kept = ~wrapped[sheet.text_of(starts)]
    left = np.flatnonzero(wrapped).tolist()
    if not kept.any():
        return Paragraphs.of([], []), left
    starts, stops = sheet.cut_up(starts[kept], stops[kept])
    text, of = sheet.text, sheet.text_of(starts)
    found = [text[a:b] for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
    kinds = Candidates(sheet, found, starts, stops, of).kinds()
    begins = sheet.begins[of]
    return Paragraphs(found, starts - begins, stops - begins, kinds, of), left
