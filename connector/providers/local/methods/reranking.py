"""How well sentences answer a question: a cross-encoder that reads both together.

Its scores decide between the sentences that look most alike the question, and whether the best of
them is an answer at all. Without its weights (``weights.RERANKER``) there are no scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any

from connector.providers.local.model import wordpiece
from connector.providers.local.model.weights import RERANKER

MAX_QUESTION = 64  # tokens
MAX_SENTENCE = 128  # tokens


class Reranker:
    """The cross-encoder, loaded on first use. Thread-safe."""

    def __init__(self) -> None:
        self._session: Any = None
        self._lock = Lock()

    def score(self, question: str, sentences: Sequence[str]) -> list[float]:
        """A logit for each sentence: above 0 it rather answers the question, below it does not.

        One pair at a time, since the 8-bit arithmetic scales its numbers by all that is in a batch.
        """
        asked = wordpiece.token_ids(question, MAX_QUESTION)
        return [self._logit(asked, sentence) for sentence in sentences]

    def _logit(self, asked: Sequence[int], sentence: str) -> float:
        import numpy as np

        told = [*wordpiece.pieces(sentence, MAX_SENTENCE), wordpiece.END]
        ids = np.array([[*asked, *told]], dtype=np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.array([[0] * len(asked) + [1] * len(told)], dtype=np.int64),
        }
        session = self._load()
        names = {entry.name for entry in session.get_inputs()}
        outputs = session.run(None, {name: feed[name] for name in names})
        return float(outputs[0].reshape(-1)[0])

    def _load(self) -> Any:
        if self._session is None:
            with self._lock:
                if self._session is None:
                    self._session = RERANKER.session()
        return self._session


@cache
def installed_reranker() -> Reranker | None:
    """The reranker of this process; None if its weights are not installed."""
    return Reranker() if RERANKER.path() else None
