"""The embedded engine: classification, extraction, summaries and answers without a key and without a network.

Importing this is cheap; numpy, onnxruntime and phonenumbers are imported when the first answer needs them.
"""

from __future__ import annotations

from .provider import LocalProvider

__all__ = ["LocalProvider"]
