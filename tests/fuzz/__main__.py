"""Bad requests without end, through the whole application.

    make fuzz                                  # a million inputs
    python -m tests.fuzz --inputs 20000        # what CI runs
    python -m tests.fuzz --seed 7 --only 1234  # one input again

Each input follows from the seed and its number. Nothing may crash: every answer is whole, none is
a 500, errors have their shape, and no place for a request is lost on the way.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from model.store import ModelStore
from tests.fuzz.campaign import Statuses, campaign
from tests.small import small_corpus
from training.parameters import Parameters
from training.train import train

BLOCK = 20_000
SHOWN = 10


def main() -> int:
    """Send them all; the exit status is 1 when something was found."""
    wanted = _arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        store = ModelStore(Path(folder) / "models")
        store.promote(train(small_corpus(), store.root, Parameters()).version, "fuzz")
        numbers = (
            range(wanted.inputs) if wanted.only is None else range(wanted.only, wanted.only + 1)
        )
        blocks = [numbers[first : first + BLOCK] for first in range(0, len(numbers), BLOCK)]
        statuses: Statuses = Statuses()
        faults: list[str] = []
        with multiprocessing.get_context("spawn").Pool(wanted.processes) as pool:
            task = partial(campaign, Path(folder), wanted.seed)
            for found, some in pool.imap_unordered(task, blocks):
                statuses += found
                faults += some
                print(f"{statuses.total():,}", file=sys.stderr)  # noqa: T201
    print(  # noqa: T201
        f"{statuses.total():,} inputs in {time.monotonic() - began:.0f} s, seed {wanted.seed}: "
        + ", ".join(f"{status or 'none'} x {count:,}" for status, count in sorted(statuses.items()))
    )
    for fault in faults[:SHOWN]:
        print(fault, file=sys.stderr)  # noqa: T201
    print(f"{len(faults)} faults")  # noqa: T201
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="the number of one input, to see it again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
