"""A Python client of the server, synchronous and asynchronous.

    from service.client import Client

    with Client("http://127.0.0.1:8000") as client:
        print(client.classify("网格员每天入户走访。").labels)

It needs httpx and nothing of the classifier: neither numpy nor scikit-learn is imported.
"""

from service.client.clients import AsyncClient, Client
from service.client.errors import (
    AnswerError,
    BadAnswerError,
    BadTextError,
    BusyError,
    ClientError,
    KeyRefusedError,
    NoConnectionError,
)
from service.client.results import (
    Document,
    Evidence,
    Model,
    Promotion,
    Rejected,
    Result,
    Scored,
    Streamed,
    Theme,
)

__all__ = [
    "AnswerError",
    "AsyncClient",
    "BadAnswerError",
    "BadTextError",
    "BusyError",
    "Client",
    "ClientError",
    "Document",
    "Evidence",
    "KeyRefusedError",
    "Model",
    "NoConnectionError",
    "Promotion",
    "Rejected",
    "Result",
    "Scored",
    "Streamed",
    "Theme",
]
