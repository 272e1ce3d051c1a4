"""Comparing texts as people read them: the same letters, however a keyboard or a PDF wrote them.

Accents are composed (NFC). Quotation marks, dashes, ligatures, full-width letters and digits of any
script become their plain forms; soft hyphens, joiners and variation selectors disappear.
Superscripts and fractions stay, since 10² is not 102. Spaces stay too, since a narrow one may be
inside a number; who compares words compares them without their spaces.

``FoldedText`` keeps the way back to the source, so that a span found in the folded text is a span
of the source.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache

_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u00b4`\u02bc\u2039\u203a"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"
_IGNORED = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f"
_FOLDED = {
    **dict.fromkeys(_SINGLE_QUOTES, "'"),
    **dict.fromkeys(_DOUBLE_QUOTES, '"'),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_IGNORED, ""),
    **{chr(code): "" for code in range(0xFE00, 0xFE10)},  # variation selectors
    "\u066b": ".",  # the decimal and thousands separators between Arabic digits
    "\u066c": ",",
    "\u3001": ",",
}
# compatibility characters with one plain reading: ligatures, and full-width and half-width forms
_COMPATIBLE = ((0xFB00, 0xFB06), (0xFF01, 0xFFEE))
_MARKS = "\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a"
# a character with its combining marks, and any other character that is not ASCII; a run of marks is
# bounded, since composing it takes more than linear time
_CLUSTER = re.compile(
    rf"[^{_MARKS}](?:[{_IGNORED}\ufe00-\ufe0f]{{0,4}}[{_MARKS}]){{1,30}}|`|[^\x00-\x7f]", re.DOTALL
)
_CACHED_TEXTS = 4


def fold(text: str) -> str:
    """``text`` in the form in which texts are compared; its case and line breaks stay."""
    if text.isascii() and "`" not in text:
        return text  # nearly every text
    return _CLUSTER.sub(lambda match: _fold_cluster(match[0]), text)


def comparable(text: str) -> str:
    """The form in which two names are compared: folded, without case, with single spaces."""
    return " ".join(fold(text).split()).casefold()


class FoldedText:
    """A folded text, and for each span of it the span of the source. Immutable."""

    def __init__(self, source: str) -> None:
        pieces: list[str] = []
        # where a cluster starts in the folded text and in the source, and where the next one does
        self._folded_starts = [0]
        self._source_starts = [0]
        length = end = 0
        for match in _CLUSTER.finditer(source):
            folded = _fold_cluster(match[0])
            if folded == match[0]:
                continue
            pieces += (source[end : match.start()], folded)
            length += match.start() - end
            self._add(length, match.start())
            length += len(folded)
            end = match.end()
            self._add(length, end)
        self.text = "".join([*pieces, source[end:]])

    def _add(self, folded_start: int, source_start: int) -> None:
        self._folded_starts.append(folded_start)
        self._source_starts.append(source_start)

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the source from which ``text[start:end]`` was folded, whole clusters."""
        return self._source_offset(start), self._source_end(end)

    def _source_offset(self, offset: int) -> int:
        number = bisect_right(self._folded_starts, offset) - 1
        if number % 2:  # inside a folded cluster
            return self._source_starts[number]
        return self._source_starts[number] + offset - self._folded_starts[number]

    def _source_end(self, end: int) -> int:
        number = bisect_right(self._folded_starts, end - 1) - 1
        if number % 2:
            return self._source_starts[number + 1]
        return self._source_starts[number] + end - self._folded_starts[number]


@lru_cache(maxsize=_CACHED_TEXTS)
def folded_text(source: str) -> FoldedText:
    """The folded ``source``, made once for the many values that are looked up in it."""
    return FoldedText(source)


def _fold_cluster(cluster: str) -> str:
    return unicodedata.normalize("NFC", "".join(map(_fold_character, cluster)))


@lru_cache(maxsize=4_096)
def _fold_character(char: str) -> str:
    if (folded := _FOLDED.get(char)) is not None:
        return folded
    if any(low <= ord(char) <= high for low, high in _COMPATIBLE):
        return "".join(map(_fold_character, unicodedata.normalize("NFKC", char)))
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)
