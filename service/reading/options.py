"""How an archive is read: which column holds the text, and the limits of what is opened."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.settings import Settings


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What a reader may open, and how much of it.

    The limits (`max_…`) are fields of `Settings`, under the same names and with their defaults.

    Attributes:
        text_column: the table column that holds the text; None to find it.
        max_file: bytes of a file or of an archive's member that is read in one piece.
        max_markup: bytes of a web page, or of one XML part of an office file.
        max_table: bytes of a table that is read row by row.
        max_depth: archives inside each other.
        max_members: members of one archive.
        max_unpacked: bytes that one archive may unpack to, inner archives included.
        max_ratio: times that unpacking may enlarge.
        max_rows: rows of a table.
        max_cell: characters of a table's cell.
        max_pages: pages of a document.
        max_text: characters of a document.
        max_seconds: seconds that one document may take where a native library or another
            program reads it.
        max_memory: bytes of address space of the process in which a native library reads.
        discreet: reasons then do not repeat what a file says. No field of `Settings`: a run that
            keeps no text asks for it.
    """

    text_column: str | None = None
    max_file: int = 64 * 1024 * 1024
    max_markup: int = 20_000_000
    max_table: int = 2 * 1024 * 1024 * 1024
    max_depth: int = 4
    max_members: int = 100_000
    max_unpacked: int = 8 * 1024 * 1024 * 1024
    max_ratio: int = 200
    max_rows: int = 2_000_000
    max_cell: int = 100_000
    max_pages: int = 2_000
    max_text: int = 10_000_000
    max_seconds: int = 60
    max_memory: int = 2 * 1024 * 1024 * 1024
    discreet: bool = False


def reading_options(settings: "Settings", text_column: str | None = None) -> ReadingOptions:
    """The limits that the settings give."""
    limits = {
        field.name: getattr(settings, field.name)
        for field in fields(ReadingOptions)
        if field.name.startswith("max_")
    }
    return ReadingOptions(text_column, **limits)
