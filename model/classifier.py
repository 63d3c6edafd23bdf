"""The classifier: a loaded artifact that says what texts are about.

This is the one way from text to labels; the command line, the server and the archive runs all take
it. It is read-only once loaded.
"""

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from model.artifact import read_artifact
from model.calibration import Calibration
from model.codebook import Codebook
from model.content import ContentError, check_content
from model.decision import Decision, Thresholds
from model.dictionary import Dictionary
from model.document import Paragraph, split
from model.errors import ArtifactError
from model.evidence import evidence_of
from model.features import Counter, Counts, Floats, Weighting, batches
from model.grams import GramRanges, GramReader
from model.lattice import Lattice
from model.linear import LinearModel
from model.normalisation import Normaliser
from model.segmentation import Segmenter, load_segmenter
from model.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Classified:
    """A paragraph of a document and what the model says of it."""

    number: int
    paragraph: Paragraph
    decision: Decision


class ThemeClassifier:
    """Says which themes texts are about; make one with `load`.

    Attributes:
        version: the artifact's version.
        codebook: names of the labels, as they were when the model was trained.
        manifest: what describes the artifact.
    """

    def __init__(self, content: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        self.version: str = manifest["version"]
        self.manifest = manifest
        self.codebook = Codebook.from_summary(content["codebook"])
        self.labels = tuple(content["labels"])
        self._reader = reader(content)
        self._counter = Counter(
            self._reader,
            Vocabulary.from_content(content["vocabulary"]),
            # Format 2 knew no titles.
            content.get("title", 0),
        )
        self._weighting = Weighting(content["idf"], content["block_ends"], content["sublinear"])
        self._linear = LinearModel(
            np.asarray(content["weights"]), np.asarray(content["intercepts"])
        )
        self._calibration = Calibration(
            np.asarray(content["slopes"]),
            np.asarray(content["offsets"]),
            {
                label: (np.asarray(margins), np.asarray(logits))
                for label, margins, logits in content["isotonic"]
            },
        )
        self._thresholds = Thresholds(
            self.labels,
            tuple(content["thresholds"]),
            tuple((low, high) for low, high in content["bands"]),
            content["at_least_one"],
            content["at_most_one"],
        )

    @classmethod
    def load(cls, folder: Path) -> "ThemeClassifier":
        """Load an artifact.

        Raises:
            ArtifactError: it is missing, damaged, changed, of another format, not to be trusted, or
                holds what cannot be used.
        """
        content, manifest = read_artifact(folder)
        try:
            check_content(content)
            return cls(content, manifest)
        except ContentError as error:
            raise ArtifactError(folder, f"内容不能用：{error}。请重新训练") from error
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ArtifactError(folder, f"内容不完整（{error!r}），请重新训练") from error

    @property
    def thresholds(self) -> Thresholds:
        """The stored decision rule."""
        return self._thresholds

    def margins(self, texts: Sequence[str]) -> Floats:
        """The margin of each text for each label before calibration, shape (texts, labels)."""
        margins = np.empty((len(texts), len(self.labels)), np.float64)
        for batch in batches(texts):
            counts = self._counter.count(self._reader.words(texts[batch.start : batch.stop]))
            margins[batch.start : batch.stop] = self._margins(counts)
        return margins

    def scores(self, texts: Sequence[str]) -> Floats:
        """The calibrated probability of each label for each text, shape (texts, labels)."""
        return self._calibration.probabilities(self.margins(texts))

    def classify(
        self,
        texts: Sequence[str],
        *,
        evidence: bool = False,
        threshold: float | Mapping[str, float] | None = None,
    ) -> list[Decision]:
        """Decide for each text, taken as one paragraph.

        Args:
            texts: any strings; an empty one gets the decision of a text without known words.
            evidence: say which stretches moved the labels that were given or are uncertain.
            threshold: used in place of the stored thresholds, for all labels or for those named.

        Raises:
            ValueError: a threshold outside 0 to 1, or for a label that the model does not have.
        """
        rule = self._thresholds if threshold is None else self._thresholds.replaced(threshold)
        if not evidence:
            return rule.decide(self.scores(texts))
        decisions: list[Decision] = []
        for batch in batches(texts):
            decisions += self._explained(texts[batch.start : batch.stop], rule)
        return decisions

    def classify_document(
        self,
        text: str,
        *,
        evidence: bool = False,
        threshold: float | Mapping[str, float] | None = None,
    ) -> list[Classified]:
        """Split a decoded document and decide for each paragraph; furniture gets no label.

        Raises:
            ValueError: as `classify`.
        """
        return self.classify_paragraphs(split(text), evidence=evidence, threshold=threshold)

    def classify_paragraphs(
        self,
        paragraphs: Sequence[Paragraph],
        *,
        evidence: bool = False,
        threshold: float | Mapping[str, float] | None = None,
    ) -> list[Classified]:
        """Decide for each paragraph; furniture has scores, but no label and no evidence."""
        decisions = self.classify(
            [paragraph.text for paragraph in paragraphs], evidence=evidence, threshold=threshold
        )
        return [
            Classified(
                number,
                paragraph,
                decision
                if paragraph.kind != "furniture"
                else Decision((), "none", (), decision.scores),
            )
            for number, (paragraph, decision) in enumerate(zip(paragraphs, decisions, strict=True))
        ]

    def _margins(self, counts: Counts) -> Floats:
        return self._linear.margins(counts, self._weighting)

    def _explained(self, texts: Sequence[str], rule: Thresholds) -> list[Decision]:
        words = self._reader.words(texts)
        counts, hits = self._counter.locate(words)
        values = self._weighting.values(counts)
        decisions = rule.decide(self._calibration.probabilities(self._margins(counts)))
        wanted = np.array(
            [[label in (*d.labels, *d.uncertain) for label in self.labels] for d in decisions], bool
        )
        evidence = evidence_of(
            texts, wanted, self.labels, (counts, values, hits), words.normal, self._linear
        )
        return [replace(d, evidence=e) for d, e in zip(decisions, evidence, strict=True)]


def reader(content: Mapping[str, Any]) -> GramReader:
    """The reader of n-grams that an artifact's content describes."""
    words = content["words"]
    return GramReader(
        Normaliser(content["traditional"], content["simplified"]),
        Segmenter(
            load_segmenter(dict(zip(words, content["frequencies"], strict=True))),
            Lattice(Dictionary.from_content(content["dictionary"])),
        ),
        GramRanges(tuple(content["ranges"]["words"]), tuple(content["ranges"]["characters"])),
        content["seed"],
    )


def library_versions() -> dict[str, str]:
    """The versions of the libraries that a model's numbers depend on."""
    names = ("numpy", "scipy", "scikit-learn", "joblib", "jieba", "rjieba")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
