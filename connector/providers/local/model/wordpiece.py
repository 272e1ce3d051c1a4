"""WordPiece, the way BERT (uncased) cuts text into numbered pieces.

The rules are those of the model's training: clean, give each CJK character room, strip accents, lower the case, split at
white space and punctuation, then take the longest known piece from the left. Text is read lazily, so that the first
256 pieces of a two-megabyte text cost as little as those of a short one.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

UNKNOWN, START, END = 100, 101, 102
LONGEST_WORD = 100  # a longer word is one unknown piece, as in BERT
DROPPED = {"Cc", "Cf", "Co", "Cs"}  # control, format, private and surrogate characters
CHUNK = 2000  # characters without white space that are read at a time

# White space as BERT means it: other control characters vanish and join their neighbours.
_RUN = re.compile(f"[^\t\n\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{{1,{CHUNK}}}")
_CJK = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f]")
_ASCII_WORD = re.compile(r"[a-z0-9]+|[!-~]")


@cache
def vocabulary() -> dict[str, int]:
    """Each piece with its id (30,522 of them)."""
    data = files(__package__).joinpath("vocab.txt.gz").read_bytes()
    pieces = gzip.decompress(data).decode("utf-8").split("\n")[:-1]
    return {piece: number for number, piece in enumerate(pieces)}


def token_ids(text: str, limit: int = 256) -> list[int]:
    """The ids of ``text`` between the start and the end mark, at most ``limit`` numbers in all."""
    return [START, *pieces(text, limit - 2), END]


def pieces(text: str, limit: int) -> list[int]:
    """The first ``limit`` ids of ``text``, without marks."""
    found: list[int] = []
    for word in words(text):
        found += word_ids(word)
        if len(found) >= limit:
            break
    return found[: max(0, limit)]


def words(text: str) -> Iterator[str]:
    """The words and punctuation marks of ``text``, normalised, one after the other."""
    for run in _RUN.finditer(text):
        chunk = run.group()
        if chunk.isascii() and chunk.isprintable():
            yield from _ASCII_WORD.findall(chunk.lower())
        else:
            yield from _split(_normal(chunk))


def _normal(chunk: str) -> str:
    kept = "".join(char for char in chunk if unicodedata.category(char) not in DROPPED and char != "\ufffd")
    apart = unicodedata.normalize("NFD", _CJK.sub(r" \g<0> ", kept))
    # One character at a time: a Greek sigma at a word's end stays the common one, as in BERT.
    return "".join(char.lower() for char in apart if unicodedata.category(char) != "Mn")


def _split(text: str) -> Iterator[str]:
    word: list[str] = []
    for char in text:
        if char.isspace() or _is_punctuation(char):
            if word:
                yield "".join(word)
                word = []
            if not char.isspace():
                yield char
        else:
            word.append(char)
    if word:
        yield "".join(word)


def _is_punctuation(char: str) -> bool:
    # BERT counts every ASCII sign that is no letter or digit as punctuation, also $ + < = > ^ ` | ~.
    if char.isascii():
        return char.isprintable() and not char.isalnum()
    return unicodedata.category(char)[0] == "P"


@lru_cache(maxsize=20_000)
def word_ids(word: str) -> tuple[int, ...]:
    """The pieces of one word, or one unknown piece when it cannot be put together."""
    if len(word) > LONGEST_WORD:
        return (UNKNOWN,)
    known, found, start = vocabulary(), list[int](), 0
    while start < len(word):
        for end in range(len(word), start, -1):
            number = known.get(word[start:end] if start == 0 else "##" + word[start:end])
            if number is not None:
                break
        else:
            return (UNKNOWN,)
        found.append(number)
        start = end
    return tuple(found)
