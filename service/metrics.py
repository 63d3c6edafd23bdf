"""Figures of a running server for Prometheus, right across all of its workers.

With several workers each one writes its figures to files of its own in a folder that
`PROMETHEUS_MULTIPROC_DIR` names, and whichever worker is asked adds them up. The library looks at
that variable when it is imported: see `workers.py`.

What was decided is added up in plain numbers and handed on once a second: a counter costs a
microsecond, and every text would need a dozen.
"""

import os
import time
from collections import Counter as Tally
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from model.classifier import ThemeClassifier
from model.decision import Decision
from model.distribution import BINS, histogram, stability_index
from service.live import LiveModel

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meters:
    """The figures of one worker.

    Args:
        live: the model in use.
    """

    def __init__(self, live: LiveModel) -> None:
        self._live = live
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "govtheme_requests",
            "Requests by route and status.",
            ("route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "govtheme_request_seconds",
            "Time from the head of a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._texts = Counter("govtheme_texts", "Texts that were classified.", registry=registry)
        self._labels = Counter(
            "govtheme_labels", "Texts that got a label.", ("label",), registry=registry
        )
        self._statuses = Counter(
            "govtheme_decisions", "Texts by status.", ("status",), registry=registry
        )
        self._bins = Counter(
            "govtheme_scores",
            "Scores by label and bin.",
            ("version", "label", "bin"),
            registry=registry,
        )
        self._failures = Counter(
            "govtheme_model_failures",
            "Promoted models that could not be loaded.",
            registry=registry,
        )
        self._since = Gauge(
            "govtheme_model_since_seconds",
            "When the model in use was taken into use, by version.",
            ("version",),
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self._children: dict[tuple[str, int], tuple[Any, Any]] = {}
        self._tallies = Tallies("", ())
        self._failures_told = 0

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one request that has been answered."""
        key = route, status
        children = self._children.get(key)
        if children is None:
            children = self._requests.labels(route, str(status)), self._seconds.labels(route)
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def count(self, tallies: "Tallies") -> None:
        """Count what was decided; on the event loop only."""
        if tallies.version != self._tallies.version:
            self.flush()
            self._tallies = tallies
        else:
            self._tallies.add(tallies)

    def flush(self) -> None:
        """Hand on what has been added up; called once a second and before figures are shown."""
        tallies = self._tallies
        self._tallies = Tallies(tallies.version, tallies.labels)
        self._texts.inc(sum(tallies.statuses.values()))
        for label, count in tallies.given.items():
            self._labels.labels(label).inc(count)
        for status, count in tallies.statuses.items():
            self._statuses.labels(status).inc(count)
        for label, counts in zip(tallies.labels, tallies.scores.tolist(), strict=True):
            for position, count in enumerate(counts):
                if count:
                    self._bins.labels(tallies.version, label, str(position)).inc(count)
        self._failures.inc(self._live.failures - self._failures_told)
        self._failures_told = self._live.failures
        if self._live.present is not None:
            self._since.labels(self._live.present.version).set(self._live.since)

    def exposition(self) -> bytes:
        """All figures of all workers in Prometheus' text format."""
        self.flush()
        registry: CollectorRegistry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        drift = CollectorRegistry()
        drift.register(_Fixed(self._drift(registry)))
        return generate_latest(registry) + generate_latest(drift)

    def _drift(self, registry: CollectorRegistry) -> list[Metric]:
        classifier = self._live.present
        age = GaugeMetricFamily("govtheme_model_age_seconds", "Since the model was taken into use.")
        failing = GaugeMetricFamily(
            "govtheme_model_failing", "1 while the promoted model cannot be loaded."
        )
        index = GaugeMetricFamily(
            "govtheme_score_drift",
            "Population stability index of scores against the training's, by label.",
            labels=("version", "label"),
        )
        failing.add_metric([], float(self._live.failure is not None))
        if classifier is not None:
            age.add_metric([], time.time() - self._live.since)
            reference = classifier.manifest.get("score_shares", {})
            for label, counts in _bins(registry, classifier.version).items():
                if label in reference:
                    drift = stability_index(reference[label], counts)
                    index.add_metric([classifier.version, label], drift)
        return [age, failing, index]


class Tallies:
    """What one model has decided, added up.

    Args:
        version, labels: the model's.
    """

    def __init__(self, version: str, labels: Sequence[str]) -> None:
        self.version = version
        self.labels = labels
        self.scores = np.zeros((len(labels), BINS), np.int64)
        self.given: Tally[str] = Tally()
        self.statuses: Tally[str] = Tally()

    @classmethod
    def of(cls, classifier: ThemeClassifier, decisions: Sequence[Decision]) -> "Tallies":
        """Decisions of a model added up; furniture should not be among them."""
        tallies = cls(classifier.version, classifier.labels)
        tallies.statuses.update(decision.status for decision in decisions)
        tallies.given.update(chain.from_iterable(decision.labels for decision in decisions))
        if decisions:
            tallies.scores += histogram(np.array([[*d.scores.values()] for d in decisions]))
        return tallies

    def add(self, more: "Tallies") -> None:
        """Add what the same model has decided besides."""
        self.scores += more.scores
        self.given.update(more.given)
        self.statuses.update(more.statuses)


class _Fixed:
    """Figures that were worked out before."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics


def _bins(registry: CollectorRegistry, version: str) -> dict[str, list[float]]:
    """The counts of scores by bin for each label of a version."""
    found: dict[str, list[float]] = {}
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name == "govtheme_scores_total" and sample.labels["version"] == version:
                counts = found.setdefault(sample.labels["label"], [0.0] * BINS)
                counts[int(sample.labels["bin"])] += sample.value
    return found
