"""Limits the results of tools to a number of tokens: the model pays for them in each round."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connector.providers.pricing.tokens import count_tokens
from connector.tools.base import CUT_OFF

RESULT_TOKENS = 2_500  # of one result
ROUND_TOKENS = 4 * RESULT_TOKENS  # of all results of a round together
_LEAST_TOKENS = 50  # of a result, however little room there is

Measure = Callable[[str], int]


def truncate(text: str, max_tokens: int = RESULT_TOKENS, measure: Measure = count_tokens) -> str:
    """``text``, or its first ``max_tokens`` tokens and a mark that it was cut off."""
    if measure(text) <= max_tokens:
        return text
    fits = 0
    too_long = len(text) + 1
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if measure(text[:middle]) <= max_tokens:
            fits = middle
        else:
            too_long = middle
    return text[:fits].removesuffix(CUT_OFF) + CUT_OFF


def fit_results(outputs: Sequence[str], room: int, measure: Measure) -> list[str]:
    """The results of a round within ``room`` tokens together: the longest are cut off, so that all
    have an equal share or are complete."""
    room = min(room, ROUND_TOKENS)
    fitted = list(outputs)
    sizes = [measure(output) for output in outputs]
    shortest_first = sorted(range(len(outputs)), key=sizes.__getitem__)
    for done, index in enumerate(shortest_first):
        share = max(_LEAST_TOKENS, min(RESULT_TOKENS, room // (len(outputs) - done)))
        fitted[index] = truncate(outputs[index], share, measure)
        room -= min(sizes[index], share)
    return fitted
