"""From decisions to plain data: the one shape that the server and the command line share."""

from typing import Any

from model.classifier import Classified, ThemeClassifier
from model.codebook import Theme
from model.decision import Decision
from model.document import Document

DIGITS = 6
"""Scores and weights are shown to so many decimals; more say nothing."""


def result(decision: Decision, with_evidence: bool) -> dict[str, Any]:
    """The result of one text."""
    answer: dict[str, Any] = {
        "labels": list(decision.labels),
        "status": decision.status,
        "uncertain": list(decision.uncertain),
        "scores": {label: round(score, DIGITS) for label, score in decision.scores.items()},
    }
    if with_evidence:
        answer["evidence"] = [
            {
                "label": item.label,
                "start": item.start,
                "end": item.end,
                "text": item.text,
                "weight": round(item.weight, DIGITS),
            }
            for item in decision.evidence
        ]
    return answer


def paragraph_result(classified: Classified, with_evidence: bool) -> dict[str, Any]:
    """The result of one paragraph of a document."""
    paragraph = classified.paragraph
    return {
        "para": classified.number,
        "start": paragraph.start,
        "end": paragraph.end,
        "kind": paragraph.kind,
        "text": paragraph.text,
        **result(classified.decision, with_evidence),
    }


def document_head(document: Document) -> dict[str, Any]:
    """What is known of a document of a file beside its paragraphs."""
    return {
        "doc": document.source,
        "title": document.title,
        "date": document.date,
        "author": document.author,
        "origin": document.origin,
        "columns": dict(document.columns),
    }


def answer(classifier: ThemeClassifier, results: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole answer: who answered, and the results in order."""
    return {
        "model": {"version": classifier.version, "codebook": classifier.codebook.version},
        "results": results,
    }


def theme(entry: Theme) -> dict[str, Any]:
    """A theme as `GET /themes` shows it."""
    return {
        "id": entry.id,
        "number": entry.number,
        "name_zh": entry.name_zh,
        "name_en": entry.name_en,
        "definition": entry.definition,
        "counts": list(entry.counts),
        "excludes": list(entry.excludes),
    }
