"""What a tool's result may cost: it is cut to so many tokens before the model reads it, and pays for it again in each round."""

from __future__ import annotations

from connector.providers.tokens import count_tokens
from connector.tools.base import CUT_OFF

RESULT_TOKENS = 2_500


def cut_to_tokens(text: str, most: int = RESULT_TOKENS) -> str:
    """``text``, or as much of its beginning as is ``most`` tokens, with a word that it was cut."""
    if len(text.encode("utf-8", "replace")) <= most or count_tokens(text) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_tokens(text[:middle]) <= most else (low, middle - 1)
    return text[:low].removesuffix(CUT_OFF) + CUT_OFF
