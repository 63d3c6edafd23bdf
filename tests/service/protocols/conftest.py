"""One server with tight limits for all tests of the protocols."""

from collections.abc import Iterator

import httpx
import pytest

from model.classifier import ThemeClassifier
from service.settings import Settings
from tests.service.running import running

LIMITS = Settings(max_body=200_000, max_texts=50, max_characters=1000)


@pytest.fixture(scope="package")
def client(classifier: ThemeClassifier) -> Iterator[httpx.Client]:
    with running(LIMITS, classifier) as client:
        yield client
