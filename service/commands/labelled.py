"""Reading a labelled corpus for a command: its options, its notes on stderr."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from model.codebook import Codebook, load_codebook
from service.display import messages

if TYPE_CHECKING:
    from training.corpus import Corpus


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How a corpus is to be read, as the options say it; see `training.corpus.read_corpus`."""

    text_column: str | None = None
    label_column: str | None = None
    format: str | None = None
    separator: str | None = None

    def __post_init__(self) -> None:
        from training.formats.reading import FORMATS

        if self.format is not None and self.format not in FORMATS:
            raise typer.BadParameter(f"--format 不认识 {self.format}；可用 {'、'.join(FORMATS)}")


def load(
    names: Sequence[str], options: ReadingOptions, codebook: Codebook | str | None = None
) -> "Corpus":
    """Read a corpus; what the reader noted goes to stderr.

    Args:
        names: files, folders or `bundled`.
        options: how to read them.
        codebook: a codebook, the path of one, `none` for labels as written, or None.

    Raises:
        CorpusError: anything that is wrong with it.
        CodebookError: the codebook cannot be used.
    """
    from training.corpus import AS_WRITTEN, read_corpus

    if isinstance(codebook, str) and codebook != AS_WRITTEN:
        codebook = load_codebook(Path(codebook))
    loaded = read_corpus(
        names,
        codebook=codebook if isinstance(codebook, Codebook) else AS_WRITTEN if codebook else None,
        text_column=options.text_column,
        label_column=options.label_column,
        format=options.format,
        separator=options.separator,
    )
    for note in loaded.notes:
        messages.print(f"说明：{note}", markup=False, highlight=False, soft_wrap=True)
    return loaded
