"""The one alias for JSON objects, so that a signature names what it passes on."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
