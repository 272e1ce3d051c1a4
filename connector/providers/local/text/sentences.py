# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""Cutting text into sentences, each with its place in the source, in time linear in the text's length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


def word_set(words: str) -> frozenset[str]:
    """The words of a line, for lists that are easier to read without quotes."""
    return frozenset(words.split())


LONGEST = 600  # characters; a longer run without a full stop is cut at white space, or anywhere
WRAPPED = 45  # a line at least this long that ends without a stop goes on in the next line
CLOSING = "\"'”’»)]"
SHORT = 60  # a longer line is prose even when a word with a colon begins it
MANY = 50_000  # sentences after which nobody reads on

ABBREVIATIONS = word_set(
    "mr mrs ms dr prof st sr jr no nos nr vs etc approx dept est inc ltd co corp fig vol pp ca cf al art tel ext ref "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri bzw usw evtl inkl exkl zzgl ggf str hr fr "
    "z.b d.h u.a e.g i.e a.m p.m u.s u.k m mm mme mlle env sra dra núm pág approx max min"
)
_STOP = re.compile(r"[.!?…]{1,9}[\"'”’»)\]]{0,3}(?=\s)|[。！？]{1,9}[」』”）]{0,3}|[؟۔।]")
_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]+")
_ITEM = re.compile(r"\s{0,40}(?:[-*•‣▪–—·+>]\s|\(?\d{1,3}[.)]\s|\(?[a-z][.)]\s)")
_WIDE = re.compile(r"\S(?:\s{3}|\t)")  # columns
_FIELD = re.compile(r"^\s{0,8}[^\W\d_][^:.,;!?\n]{1,30}\s?:\s")  # "Label: value"
_LAST_WORD = re.compile(r"[\w.]{0,12}$")


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it stands: ``source[start:end]`` is it, verbatim."""

    start: int
    end: int
    raw: str

    @property
    def text(self) -> str:
        """The sentence on one line, without its bullet."""
        bullet = _ITEM.match(self.raw)
        return " ".join(self.raw[bullet.end() if bullet else 0 :].split())


def sentences(text: str, most: int = MANY) -> list[Sentence]:
    """The sentences of ``text`` in order, at most ``most`` of them; headings and list items count as sentences."""
    found = []
    for start, end in _spans(text):
        raw = text[start:end]
        left = len(raw) - len(raw.lstrip())
        raw = raw.strip()
        if any(char.isalnum() for char in raw):
            found.append(Sentence(start + left, start + left + len(raw), raw))
        if len(found) >= most:
            break
    return found


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for start, end in _blocks(text):
        begin = start
        for stop in _STOP.finditer(text, start, end):
            if _ends_sentence(text, begin, stop):
                yield from _cut(text, begin, stop.end())
                begin = stop.end()
        yield from _cut(text, begin, end)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Runs of lines that belong together: a wrapped paragraph, a heading, a list item."""
    start = end = -1
    for line in _LINE.finditer(text):
        if not line.group().strip():
            continue
        if start >= 0 and not _goes_on(text, start, end, line):
            yield start, end
            start = -1
        if start < 0:
            start = line.start()
        end = line.end()
    if start >= 0:
        yield start, end


def _goes_on(text: str, start: int, end: int, line: re.Match[str]) -> bool:
    gap = text[end : line.start()]
    if gap.count("\n") > 1 or _ITEM.match(line.group()) or _WIDE.search(line.group()) or _FIELD.search(line.group()):
        return False
    last = text.rfind("\n", start, end) + 1 or start
    before = text[max(last, start) : end]
    if _WIDE.search(before) or (len(before) < SHORT and _FIELD.search(before)):
        return False
    return end - max(last, start) >= WRAPPED and text[end - 1] not in ":;"


def _ends_sentence(text: str, begin: int, stop: re.Match[str]) -> bool:
    mark = stop.group()
    if mark[-1] in CLOSING and text[stop.end() : stop.end() + 40].lstrip()[:1].islower():
        return False  # She said "Stop!" and ran.
    if not mark.startswith(".") or mark.startswith(".."):
        return True
    before = _LAST_WORD.search(text[max(begin, stop.start() - 12) : stop.start()])
    word = before.group().lower() if before else ""
    if word in ABBREVIATIONS or (len(word) == 1 and word.isalpha()):
        return False
    after = text[stop.end() : stop.end() + 40].lstrip()[:1]
    if word.isdigit() and len(word) < 3:  # "3. März", "2. item": an ordinal, not an end
        return False
    return not after.islower()


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        space = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        middle = space if space > 0 else start + LONGEST
        yield start, middle
        start = middle
    yield start, end
