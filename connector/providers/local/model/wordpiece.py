"""WordPiece: tokenization of text as in BERT (uncased).

The rules are those of the model's training: clean the text, separate CJK characters, strip accents,
lower the case, split at white space and punctuation, then take the longest known piece from the
left. The text is read lazily, so that the first 256 tokens of two megabytes cost as little as those
of a short text. Written here, since the package tokenizers and its dependencies add 31 MB.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

# ids of special tokens
UNKNOWN = 100
START = 101
END = 102
MAX_WORD_LENGTH = 100  # a longer word is one unknown token, as in BERT
DROPPED = {"Cc", "Cf", "Co", "Cs"}  # control, format, private and surrogate characters
CHUNK = 2000  # characters without white space that are read at a time

# white space as in BERT; other control characters are removed and join their neighbours
_RUN = re.compile(f"[^\t\n\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{{1,{CHUNK}}}")
_CJK = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f]"
)
_ASCII_WORD = re.compile(r"[a-z0-9]+|[!-~]")


@cache
def vocabulary() -> dict[str, int]:
    """{piece: id} of the 30,522 pieces."""
    data = files(__package__).joinpath("vocab.txt.gz").read_bytes()
    pieces = gzip.decompress(data).decode("utf-8").split("\n")[:-1]
    return {piece: number for number, piece in enumerate(pieces)}


def token_ids(text: str, limit: int = 256) -> list[int]:
    """At most ``limit`` ids of ``text``, including the start and the end token."""
    return [START, *pieces(text, limit - 2), END]


def pieces(text: str, limit: int) -> list[int]:
    """The first ``limit`` ids of ``text``, without the start and the end token."""
    ids: list[int] = []
    for word in words(text):
        ids += word_ids(word)
        if len(ids) >= limit:
            break
    return ids[: max(0, limit)]


def words(text: str) -> Iterator[str]:
    """The normalized words and punctuation marks of ``text``, lazily."""
    for run in _RUN.finditer(text):
        chunk = run.group()
        if chunk.isascii() and chunk.isprintable():
            yield from _ASCII_WORD.findall(chunk.lower())
        else:
            yield from _split(_normal(chunk))


def _normal(chunk: str) -> str:
    printable = "".join(
        char for char in chunk if unicodedata.category(char) not in DROPPED and char != "\ufffd"
    )
    decomposed = unicodedata.normalize("NFD", _CJK.sub(r" \g<0> ", printable))
    # lower() for each character, as in BERT: it keeps a Greek sigma at the end of a word unchanged
    return "".join(char.lower() for char in decomposed if unicodedata.category(char) != "Mn")


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
    # in BERT all ASCII characters but letters and digits are punctuation, also $ + < = > ^ ` | ~
    if char.isascii():
        return char.isprintable() and not char.isalnum()
    return unicodedata.category(char)[0] == "P"


@lru_cache(maxsize=20_000)
def word_ids(word: str) -> tuple[int, ...]:
    """The ids of a word's pieces, or the unknown token if the word has an unknown part."""
    if len(word) > MAX_WORD_LENGTH:
        return (UNKNOWN,)
    known_pieces = vocabulary()
    ids: list[int] = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            number = known_pieces.get(word[start:end] if start == 0 else "##" + word[start:end])
            if number is not None:
                break
        else:
            return (UNKNOWN,)
        ids.append(number)
        start = end
    return tuple(ids)
