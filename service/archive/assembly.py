"""From finished shards to the table and what stands beside it, and all of it into its place."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from model.codebook import Codebook
from model.files import sync_folder
from service.archive.job import Job
from service.archive.places import Places, remove, sync_file
from service.archive.shard import finished_name
from service.archive.tally import Tally
from service.tables import columnar
from service.tables.columns import Columns, fixed_columns
from service.tables.formats import format_of, is_folder
from service.tables.json_lines import read_rows
from service.tables.separated import Separated
from service.tables.workbook import Workbook


def read_tally(folder: Path, shard: int) -> Tally:
    """What was counted of a finished shard."""
    return Tally.from_dict(orjson.loads((folder / finished_name(shard, "tally")).read_bytes()))


def whole_tally(folder: Path, shards: int, labels: Sequence[str]) -> Tally:
    """What was counted of all shards, in order."""
    tally = Tally()
    tally.labels.update(dict.fromkeys(labels, 0))
    for shard in range(shards):
        tally.merge(read_tally(folder, shard))
    return tally


def write_table(job: Job, shards: int, tally: Tally, codebook: Codebook) -> None:
    """Put the rows of all shards together, in the run folder."""
    places = job.places
    columns = Columns(
        fixed_columns(codebook.ids, evidence=job.evidence, keep_text=job.keep_text),
        tuple(tally.carried),
    )
    remove(places.table)
    if is_folder(job.out):
        _write_folder(job, shards, columns)
    else:
        _write_file(job, shards, columns, codebook)
        sync_file(places.table)


def write_rejected(places: Places, shards: int) -> None:
    """Put the lists of rejected files together, in the run folder."""
    lists = (places.shards / finished_name(shard, "rejected") for shard in range(shards))
    _concatenate(lists, places.draft("rejected"))


def put_in_place(places: Places) -> None:
    """Move everything that is in the run folder and not yet in its place; may be done again."""
    if places.table.is_dir():
        # A folder cannot take the place of one that has files in it.
        if places.out.exists():
            shutil.rmtree(places.run / "old", ignore_errors=True)
            os.replace(places.out, places.run / "old")
        os.replace(places.table, places.out)
    elif places.table.exists():
        os.replace(places.table, places.out)
    for what in ("summary", "report", "rejected"):
        draft = places.draft(what)
        if not draft.exists():
            continue
        if what == "rejected" and not draft.stat().st_size:
            places.beside(what).unlink(missing_ok=True)
            draft.unlink()
        else:
            os.replace(draft, places.beside(what))
    sync_folder(places.out.parent)


def _write_folder(job: Job, shards: int, columns: Columns) -> None:
    places = job.places
    places.table.mkdir()
    for shard in range(shards):
        mine = read_tally(places.shards, shard)
        if not mine.paragraphs and shards > 1:
            continue
        source = places.shards / finished_name(shard, "parquet")
        target = places.table / f"part-{shard:06d}.parquet"
        if tuple(mine.carried) == columns.carried:
            _link(source, target)
        else:
            columnar.join([source], target, columns, keep_text=job.keep_text)
    sync_folder(places.table)


def _write_file(job: Job, shards: int, columns: Columns, codebook: Codebook) -> None:
    places = job.places
    kind = format_of(job.out)
    ending = "parquet" if kind == "parquet" else "jsonl"
    parts = [places.shards / finished_name(shard, ending) for shard in range(shards)]
    if kind == "jsonl":
        _concatenate(iter(parts), places.table)
    elif kind == "parquet":
        columnar.join(parts, places.table, columns, keep_text=job.keep_text)
    else:
        table = (
            Separated(places.table, columns)
            if kind == "csv"
            else Workbook(places.table, columns, {t.id: t.name_zh for t in codebook.themes})
        )
        for part in parts:
            for rows in read_rows(part):
                table.write(rows)
        table.close()


def _concatenate(parts: Iterator[Path], out: Path) -> None:
    with out.open("wb") as file:
        for part in parts:
            with part.open("rb") as rows:
                shutil.copyfileobj(rows, file, 1 << 20)
    sync_file(out)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Not every file system has links.
        shutil.copyfile(source, target)
        sync_file(target)
