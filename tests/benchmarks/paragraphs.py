"""How well paragraphs and furniture are found, on the marked pages, in every format.

    python -m tests.benchmarks.paragraphs

A border is right when a paragraph that was found begins where a marked one begins, counted in
characters without blanks. Furniture is counted in paragraphs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from model.document import Document, Paragraph, paragraphs
from service.reading.files import read_bytes
from tests.archives import lines_of, mail, ofd, pdf, web_page, word, wrapped
from tests.pages import PAGES, Page


def hard_wrapped(text: str, columns: int = 38) -> bytes:
    """Every paragraph set in by two characters and broken at a width, as in old text files."""
    lines = ("　　" * begins + line for begins, line in wrapped(text, columns))
    return "\n".join(lines).encode("gb18030")


FORMATS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "txt": ("a.txt", str.encode),
    "txt gb18030, hard-wrapped": ("a.txt", hard_wrapped),
    "txt, an empty line between": ("a.txt", lambda t: "\r\n\r\n".join(lines_of(t)).encode()),
    "html": ("a.html", web_page),
    "docx": ("a.docx", word),
    "pdf": ("a.pdf", pdf),
    "ofd": ("a.ofd", ofd),
    "eml": ("a.eml", mail),
}


@dataclass
class Score:
    """Counts of what was found and what should have been."""

    right: int = 0
    found: int = 0
    wanted: int = 0

    def __str__(self) -> str:
        precision, recall = self.right / max(self.found, 1), self.right / max(self.wanted, 1)
        return f"P {precision:.3f}  R {recall:.3f}"


def measure(name: str, write: Callable[[str], bytes]) -> tuple[Score, Score]:
    """Borders and furniture over all pages in one format."""
    borders, furniture = Score(), Score()
    for page in PAGES:
        found = _read(name, write(page.text))
        marked = {_squeezed(text) for _, text in page.paragraphs}
        # Around the page stands the furniture of the format itself.
        own = (p.text for p in found if p.kind != "furniture" or _squeezed(p.text) in marked)
        _count(borders, _starts(own), _starts(text for _, text in page.paragraphs))
        _count(
            furniture,
            {_squeezed(p.text) for p in found if p.kind == "furniture"} & marked,
            {_squeezed(t) for t in _kept(page, found)},
        )
    return borders, furniture


def _read(name: str, data: bytes) -> list[Paragraph]:
    documents = (item for item in read_bytes(data, name) if isinstance(item, Document))
    return paragraphs(next(documents))


def _kept(page: Page, found: list[Paragraph]) -> Iterator[str]:
    """The furniture of a page that its reader did not leave out, which is as good."""
    everything = "".join(_squeezed(p.text) for p in found)
    for kind, text in page.paragraphs:
        if kind == "furniture" and _squeezed(text) in everything:
            yield text


def _starts(texts: Iterator[str]) -> set[str]:
    """The beginnings of paragraphs, as the paragraph's first characters and its number."""
    starts: set[str] = set()
    for text in texts:
        start = _squeezed(text)[:12]
        while start in starts:
            start += "+"
        starts.add(start)
    return starts


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _count(score: Score, found: set[str], wanted: set[str]) -> None:
    score.right += len(found & wanted)
    score.found += len(found)
    score.wanted += len(wanted)


def main() -> None:
    """Print a line a format."""
    for title, (name, write) in FORMATS.items():
        borders, furniture = measure(name, write)
        print(f"{title:28} borders {borders}   furniture {furniture}")  # noqa: T201


if __name__ == "__main__":
    main()
