"""The embedded engine: classification, extraction, summaries and answers without key or network.

This import is cheap: numpy, onnxruntime and phonenumbers are imported on first use.
"""

from __future__ import annotations

from connector.providers.local.provider import LocalProvider

__all__ = ["LocalProvider"]
