"""The Ray engine on two actors of this machine."""

from pathlib import Path

import pytest

from service.archive.errors import EngineError
from service.archive.run import How
from tests.service.archive.conftest import MakeJob, Score


# Ray's own code and its workers warn of what is not ours to change.
@pytest.mark.filterwarnings("ignore")
def test_rows_are_those_of_the_local_engine(
    archive: Path, make_job: MakeJob, score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    here = make_job(archive, "here", shard_files=2, evidence=True)
    there = make_job(archive, "there", shard_files=2, evidence=True)
    score(here, How(workers=2))
    summary = score(there, How(workers=2, engine="ray"))
    assert (summary.engine, summary.workers, summary.shards) == ("ray", 2, 4)
    parts = [sorted(path.iterdir()) for path in (here.out, there.out)]
    assert [path.name for path in parts[0]] == [path.name for path in parts[1]]
    for mine, rays in zip(*parts, strict=True):
        assert mine.read_bytes() == rays.read_bytes()
    rejected = [job.places.beside("rejected").read_bytes() for job in (here, there)]
    assert rejected[0] == rejected[1]


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_is_not_there_is_named(
    archive: Path, make_job: MakeJob, score: Score
) -> None:
    with pytest.raises(EngineError, match=r"127\.0\.0\.1:1"):
        score(make_job(archive, "out"), How(engine="ray", address="127.0.0.1:1"))
