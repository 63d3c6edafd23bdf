"""What any model of the store says of some texts, found in a process of its own.

A model that is not served has to be loaded, which takes memory and time that the pages need for
themselves.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from model.classifier import ThemeClassifier
from model.errors import UserError
from model.learnt import learnt
from service.workbench.errors import WorkbenchError

_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says of a text: its labels, and whether it was trained on that very text."""

    labels: tuple[str, ...]
    learnt: bool


def opinions(folder: Path, texts: Sequence[str]) -> list[Opinion]:
    """What a model says of each text; takes a second or two.

    Args:
        folder: the artifact.

    Raises:
        WorkbenchError: the model cannot be used; the message says why.
    """
    done = subprocess.run(  # noqa: S603  a folder of our own store
        [sys.executable, "-m", "service.workbench.models.opinions", str(folder)],
        input=orjson.dumps(list(texts)),
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise WorkbenchError(done.stderr.decode("utf-8", "replace").strip()[-1000:])
    return [Opinion(tuple(labels), known) for labels, known in orjson.loads(done.stdout)]


def main(folder: Path) -> int:
    """Read texts as a JSON array, write pairs of labels and whether they were learnt from."""
    texts = orjson.loads(sys.stdin.buffer.read())
    try:
        decisions = ThemeClassifier.load(folder).classify(texts)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    said = [
        [decision.labels, known]
        for decision, known in zip(decisions, learnt(folder, texts), strict=True)
    ]
    sys.stdout.buffer.write(orjson.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
