"""The language of a text, and where it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.providers.local.text.identify import identify, language_parts, script_of
from connector.providers.local.text.language_names import LANGUAGES, SCRIPTS


def answer(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``language``, ``language_code``, ``script``, ``sureness``, ``mixed`` and ``parts``."""
    text = str(values["text"])
    code, sureness = identify(text)
    script = script_of(text)
    parts = language_parts(text)
    distinct = {part.code for part in parts}
    is_mixed = len(distinct) > 1
    result = {
        "language": LANGUAGES.get(code),
        "language_code": code or None,
        "script": SCRIPTS[script][0] if script else None,
        "sureness": sureness,
        "mixed": is_mixed,
        "languages": [LANGUAGES[one] for one in sorted(distinct)] if is_mixed else _only(code),
        "parts": [
            {"language": LANGUAGES[part.code], "language_code": part.code}
            | _place(part.start, part.end)
            for part in (parts if is_mixed else ())
        ],
    }
    return result, ()


def _only(code: str) -> list[str]:
    return [LANGUAGES[code]] if code else []


def _place(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": end}
