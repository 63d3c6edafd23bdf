"""The model that a server answers with, swapped in place when another one is promoted.

A request takes the classifier once and keeps it to its end, so each answer is of one version. When
the new artifact cannot be loaded the old one goes on serving, and the reason is kept for all to
see.
"""

import threading
import time

from model.artifact import MANIFEST_FILE
from model.classifier import ThemeClassifier
from model.errors import UserError
from model.store import ModelStore
from service.errors import NotReadyError


class LiveModel:
    """Holds the classifier in use and follows the store's `current`.

    Args:
        store: where models are; None for a classifier that never changes.
        classifier: what to begin with; None when there is no model yet.

    Attributes:
        failure: why the promoted model is not in use; None when it is.
        failures: how often a swap failed.
        since: when the model in use was taken into use, seconds since the epoch.
    """

    def __init__(self, store: ModelStore | None, classifier: ThemeClassifier | None = None) -> None:
        self.store = store
        self._classifier = classifier
        # Loading happens in threads: two of them must not swap at once.
        self._swapping = threading.Lock()
        self._tried: tuple[str, int] | None = None
        self.failure: str | None = None
        self.failures = 0
        self.since = time.time()

    @classmethod
    def open(cls, store: ModelStore) -> "LiveModel":
        """Load the store's current model; without one the server starts and says so."""
        live = cls(store)
        live.refresh()
        return live

    @property
    def present(self) -> ThemeClassifier | None:
        """The classifier in use, if there is one."""
        return self._classifier

    @property
    def classifier(self) -> ThemeClassifier:
        """The classifier in use.

        Raises:
            NotReadyError: there is none.
        """
        if self._classifier is None:
            raise NotReadyError(
                self.failure or "还没有模型。请在服务器上运行 govtheme train，服务会自动换用"
            )
        return self._classifier

    def refresh(self, *, again: bool = False) -> bool:
        """Load the promoted model if it is not the one in use; takes a tenth of a second.

        Args:
            again: also try an artifact that has failed and has not changed since.

        Returns:
            Whether another model is in use now.
        """
        if self.store is None:
            return False
        with self._swapping:
            try:
                wanted = self.store.current()
                if wanted is None:
                    return False
                trying = wanted, _stamp(self.store, wanted)
                if trying == self._tried and not again:
                    return False
                self._tried = trying
                if self._classifier and wanted == self._classifier.version:
                    self.failure = None
                    return False
                fresh = ThemeClassifier.load(self.store.folder(wanted))
            except UserError as error:
                self._fail(str(error))
                return False
            self._classifier, self.failure, self.since = fresh, None, time.time()
            return True

    def _fail(self, reason: str) -> None:
        if reason != self.failure:
            self.failure = reason
            self.failures += 1


def _stamp(store: ModelStore, version: str) -> int:
    """Changes when the artifact is written anew, so that a mended one is tried again."""
    try:
        return (store.root / version / MANIFEST_FILE).stat().st_mtime_ns
    except OSError:
        return 0
