"""What our server is held against, each a server of its own.

    python -m tests.benchmarks.rivals empty PORT
    python -m tests.benchmarks.rivals stock PORT FOLDER
    python -m tests.benchmarks.rivals unjoined PORT FOLDER

`empty` is FastAPI with a body and an answer of our shapes and no work between them; `stock` is the
recipe that everybody writes first; `unjoined` is ours, with every request scored by itself.
All run under the same uvicorn as ours, over uvloop and httptools, without an access log.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import uvicorn
from fastapi import FastAPI

from service.requests import ClassifyRequest, ClassifyResponse, ModelName, Result
from tests.benchmarks.words import words
from training.corpus import Corpus

PIPELINE = "pipeline.joblib"


def main(name: str, port: str, folder: str = "") -> None:
    """Serve one of them until killed."""
    makers: dict[str, Callable[[], Any]] = {
        "empty": empty,
        "stock": lambda: stock(Path(folder)),
        "unjoined": lambda: unjoined(Path(folder)),
    }
    uvicorn.run(
        makers[name](),
        port=int(port),
        log_level="critical",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )


def empty() -> FastAPI:
    """A route that does nothing."""
    api = FastAPI()
    scores = {
        "infrastructure": 0.123457,
        "grid_management": 0.976543,
        "volunteer_services": 0.012346,
        "property_management": 0.034568,
    }
    answer = ClassifyResponse(
        model=ModelName(version="000000000000", codebook="1.0.0"),
        results=[
            Result(labels=["grid_management"], status="labelled", uncertain=[], scores=scores)
        ],
    )

    @api.post("/classify", response_model_exclude_unset=True)
    async def classify(_: ClassifyRequest) -> ClassifyResponse:
        return answer

    @api.get("/readyz")
    async def ready() -> str:
        return "ok"

    return api


def stock(folder: Path) -> FastAPI:
    """A scikit-learn pipeline behind a route."""
    pipeline = joblib.load(folder / PIPELINE)
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    api = FastAPI()

    @api.post("/classify", response_model_exclude_unset=True)
    def classify(wanted: ClassifyRequest) -> ClassifyResponse:
        margins = pipeline.decision_function([wanted.text])[0]
        given = [label for label, margin in zip(labels, margins, strict=True) if margin > 0]
        result = Result(
            labels=given,
            status="labelled" if given else "none",
            uncertain=[],
            scores=dict(zip(labels, margins.tolist(), strict=True)),
        )
        return ClassifyResponse(model=ModelName(version="0", codebook="1.0.0"), results=[result])

    @api.get("/readyz")
    def ready() -> str:
        return "ok"

    return api


def unjoined(store: Path) -> Any:
    """Our application, but for small requests being scored one by one."""
    from model.store import ModelStore
    from service import app, inference
    from service.live import LiveModel
    from service.metrics import Tallies
    from service.settings import Settings

    class Unjoined(inference.Inference):
        async def _joined(  # type: ignore[override]
            self, texts: Any
        ) -> inference.Answered:
            classifier = self.live.classifier
            decisions = classifier.classify(texts)
            self._meters.count(Tallies.of(classifier, decisions))
            return inference.Answered(classifier, decisions)

    app.Inference = Unjoined  # type: ignore[attr-defined]
    return app.create_app(Settings(log="off"), LiveModel.open(ModelStore(store)))


def train_stock(corpus: Corpus, folder: Path) -> None:
    """Train the pipeline that `stock` serves, on the corpus that ours was trained on."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    labels = corpus.codebook.ids
    targets = np.array([[label in row.labels for label in labels] for row in corpus.rows], int)
    vectorizer = TfidfVectorizer(tokenizer=words, token_pattern=None, ngram_range=(1, 2))
    pipeline = make_pipeline(vectorizer, OneVsRestClassifier(LinearSVC()))
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(pipeline.fit([row.text for row in corpus.rows], targets), folder / PIPELINE)
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
