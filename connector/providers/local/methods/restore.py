"""Putting back what a redaction replaced, also where a model has written the placeholders anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connector.errors import FieldError, InvalidInput
from connector.providers.local.text.sealed import InvalidSeal, open_seal

# as written, with a backslash before its signs as in Markdown, in any case, or with blanks in it
_PLACEHOLDER = re.compile(
    r"\\?[\[\uff3b]\s?[A-Za-z][A-Za-z0-9_\\ ]{0,40}?\\?[_ -][0-9A-Fa-f]{8,12}\s?\\?[\]\uff3d]"
)
_WRONG = (
    '"Token" cannot be opened: it is not the whole token of a redaction, or "Secret" is not the '
    "one that the redaction was given."
)


def answer(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``text_out``, ``restored``, ``unknown`` and ``unused`` of the form's ``values``."""
    try:
        originals = open_seal(str(values["token"]), str(values["secret"]).strip())
    except InvalidSeal:
        raise InvalidInput([FieldError("token", "invalid", _WRONG)]) from None
    by_key = {_key(name): name for name in originals}
    used: list[str] = []
    unknown: list[str] = []

    def restored(match: re.Match[str]) -> str:
        name = by_key.get(_key(match.group()))
        if name is None:
            unknown.append(match.group())
            return match.group()
        used.append(name)
        return originals[name]

    text = _PLACEHOLDER.sub(restored, str(values["text"]))
    unused = [name for name in originals if name not in set(used)]
    strange = list(dict.fromkeys(unknown))
    result = {"text_out": text, "restored": len(used), "unknown": strange, "unused": unused}
    return result, _warnings(strange)


def _warnings(unknown: list[str]) -> tuple[str, ...]:
    if not unknown:
        return ()
    shown = ", ".join(unknown[:8])
    return (f"These placeholders are not of this token and were left: {shown}.",)


def _key(placeholder: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", placeholder.upper())
