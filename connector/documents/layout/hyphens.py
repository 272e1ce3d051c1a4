"""Words that are divided at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

SOFT_HYPHEN = "\u00ad"
_HYPHENS = "-\u2010" + SOFT_HYPHEN
_DIVIDED = re.compile(rf"([^\W\d_]{{2,40}})([{_HYPHENS}])$")
_CONTINUED = re.compile(r"([^\W\d_]{2,40})\S{0,40}")
# words that are the first part of a compound with a hyphen more often than of a divided word
_COMPOUNDS = (
    "all anti co cross double ex far fast first five four free full half hard high in inter late "
    "left light long low mid multi near non off old on one open over part post pre pro quasi re "
    "right second self semi short single six small so soft state sub ten third three top two "
    "under up well wide year"
)
_COMPOUND = frozenset(_COMPOUNDS.split())


def join_divided_words(lines: Sequence[str]) -> list[str]:
    """The lines of a paragraph, with each divided word put together on its first line.

    A hyphen stays where it belongs to the word: behind a number or a code, before a capital, in a
    compound such as "long-term", or when the paragraph has the word with its hyphen elsewhere.
    """
    result = list(lines)
    for index in range(len(result) - 1):
        divided = _DIVIDED.search(result[index])
        continued = _CONTINUED.match(result[index + 1])
        if not divided or not continued or not continued[1][0].islower():
            continue
        word = continued[0]
        joint = "" if _is_one_word(divided, continued[1], result) else "-"
        result[index] = f"{result[index][: divided.start(2)]}{joint}{word}"
        result[index + 1] = result[index + 1][len(word) :].lstrip()
    return [line for line in result if line]


def _is_one_word(divided: re.Match[str], rest: str, lines: Sequence[str]) -> bool:
    if divided[2] == SOFT_HYPHEN:
        return True
    with_hyphen = f"{divided[1]}-{rest}"
    if divided[1].casefold() in _COMPOUND:
        return any(f"{divided[1]}{rest}" in line for line in lines)
    return not any(with_hyphen in line for line in lines)
