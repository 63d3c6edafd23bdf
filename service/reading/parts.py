"""Where a large table is cut, so that several workers read it: stretches of bytes, whole rows each.

A stretch knows the number of its first row and how wide the table was until there, so its rows are
those that reading the whole table gives. A table that is out of the ordinary in any way (a line or
a number of rows beyond the limits, line ends of old, bytes that are no text, a quote left open) is
not cut, and is reported on by whoever reads it whole. Workbooks are not cut, for their rows cannot
be found without reading all before them, and neither are members of archives.
"""

import importlib
from pathlib import Path

from model.errors import UserError
from service.reading.options import ReadingOptions
from service.reading.source import Part, Source

_MODULES = {".csv": "delimited", ".tsv": "delimited", ".jsonl": "records", ".ndjson": "records"}
_LEAST = 2
"""A table is cut when it is more than so many parts."""


def parts_of(path: Path, size: int, options: ReadingOptions, most: int) -> list[Part]:
    """The parts of a table in order, each of about so many bytes; none where it is not cut."""
    module = _MODULES.get(path.suffix.lower())
    if module is None or not _LEAST * most < size <= options.max_table:
        return []
    cut = importlib.import_module(f"service.reading.{module}").parts
    try:
        with path.open("rb") as file:
            found = list(cut(Source(path.name, file, size), options, most))
    except (UserError, OSError):
        return []
    whole = sum(part.length for part in found) == size
    return found if whole and len(found) > 1 else []
