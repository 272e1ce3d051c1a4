# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures

"""Splitting text into sentences with their positions, in time linear in the text's length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


def word_set(words: str) -> frozenset[str]:
    """The set of the words in ``words``; word lists are easier to read without quotes."""
    return frozenset(words.split())


MAX_LENGTH = 600  # characters; longer text without a full stop is cut, at white space if possible
MIN_WRAPPED_LENGTH = 45  # a line of this length without a full stop continues in the next line
MIN_COLUMN_LENGTH = 18  # characters; shorter lines are labels or cells
FULL_LINE = 0.65  # of the usual length of a paragraph's lines
CLOSING_MARKS = "\"'”’»)]"
MAX_FIELD_LINE = 60  # a longer line is prose, even if it starts with a word and a colon
MAX_SENTENCES = 50_000

ABBREVIATIONS = word_set(
    "mr mrs ms dr prof st sr jr no nos nr vs etc approx dept est inc ltd co corp fig vol pp ca "
    "cf al art tel ext ref jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri "
    "bzw usw evtl inkl exkl zzgl ggf str hr fr z.b d.h u.a e.g i.e a.m p.m u.s u.k m mm mme mlle "
    "env sra dra núm pág approx max min"
)
# words that begin a sentence and no name of a month or a thing that is counted
_STARTERS = word_set(
    "the he she it we they i you this that these those in on at a an but and if please our my your "
    "for there his her what when as after before"
)
_SHORTEST_BEFORE_NUMBER = 15  # characters; a shorter one is the number of a list
_STOP = re.compile(r"[.!?…]{1,9}[\"'”’»)\]]{0,3}(?=\s)|[。！？]{1,9}[」』”）]{0,3}|[؟۔।]")
_LINE = re.compile(r"[^\r\n\x85\u2028\u2029]+")
_ITEM = re.compile(r"\s{0,40}(?:[-*•‣▪–—·+>]\s|\(?\d{1,3}[.)]\s|\(?[a-z][.)]\s)")
_WIDE = re.compile(r"\S(?:\s{3}|\t)")  # columns
_FIELD = re.compile(r"^\s{0,8}[^\W\d_][^:.,;!?\n]{1,30}\s?:\s")  # "Label: value"
_LAST_WORD = re.compile(r"[\w.]{0,12}$")


@dataclass(frozen=True)
class Sentence:
    """A sentence with its position: ``source[start:end]`` is ``raw``."""

    start: int
    end: int
    raw: str

    @property
    def text(self) -> str:
        """The sentence on one line, without its bullet."""
        bullet = _ITEM.match(self.raw)
        return " ".join(self.raw[bullet.end() if bullet else 0 :].split())


def sentences(text: str, max_count: int = MAX_SENTENCES) -> list[Sentence]:
    """The first ``max_count`` sentences of ``text``; headings and list items are sentences too."""
    result = []
    for start, end in _spans(text):
        raw = text[start:end]
        leading = len(raw) - len(raw.lstrip())
        raw = raw.strip()
        if any(char.isalnum() for char in raw):
            result.append(Sentence(start + leading, start + leading + len(raw), raw))
        if len(result) >= max_count:
            break
    return result


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for start, end in _blocks(text):
        begin = start
        for stop in _STOP.finditer(text, start, end):
            if _ends_sentence(text, begin, stop):
                yield from _cut(text, begin, stop.end())
                begin = stop.end()
        yield from _cut(text, begin, end)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Lines that belong together: a wrapped paragraph, a heading, or a list item."""
    for lines in _paragraphs(text):
        wrapped = _wrapped_length([line.group() for line in lines])
        start, end = lines[0].span()
        for line in lines[1:]:
            if not _continues(text, start, end, line, wrapped):
                yield start, end
                start = line.start()
            end = line.end()
        yield start, end


def _paragraphs(text: str) -> Iterator[list[re.Match[str]]]:
    """The lines between empty lines."""
    lines: list[re.Match[str]] = []
    for line in _LINE.finditer(text):
        if not line.group().strip():
            continue
        if lines and text.count("\n", lines[-1].end(), line.start()) > 1:
            yield lines
            lines = []
        lines.append(line)
    if lines:
        yield lines


def _wrapped_length(lines: Sequence[str]) -> float:
    """The length from which a line continues in the next one, by the lines of its paragraph.

    It is less in a narrow column, where most lines have nearly the same length and many begin
    within a sentence.
    """
    lengths = sorted(map(len, lines[:-1]))
    if not lengths:
        return MIN_WRAPPED_LENGTH
    usual = lengths[len(lengths) * 3 // 4]
    full = sum(length >= FULL_LINE * usual for length in lengths) / len(lengths)
    begun = sum(line[0].islower() for line in lines[1:]) / len(lengths)
    is_column = usual >= MIN_COLUMN_LENGTH and full >= 0.6 and begun >= 0.3
    return min(MIN_WRAPPED_LENGTH, FULL_LINE * usual) if is_column else MIN_WRAPPED_LENGTH


def _continues(text: str, start: int, end: int, line: re.Match[str], wrapped: float) -> bool:
    if _ITEM.match(line.group()) or _WIDE.search(line.group()) or _FIELD.search(line.group()):
        return False
    last = text.rfind("\n", start, end) + 1 or start
    before = text[max(last, start) : end]
    if _WIDE.search(before) or (len(before) < MAX_FIELD_LINE and _FIELD.search(before)):
        return False
    return end - max(last, start) >= wrapped and text[end - 1] not in ":;"


def _ends_sentence(text: str, begin: int, stop: re.Match[str]) -> bool:
    punctuation = stop.group()
    if text[stop.end() : stop.end() + 1] == "\t":
        return False  # the end of a cell: the value of "Invoice no." is in the next one
    if (
        punctuation[-1] in CLOSING_MARKS
        and text[stop.end() : stop.end() + 40].lstrip()[:1].islower()
    ):
        return False  # as in: She said "Stop!" and ran.
    if not punctuation.startswith(".") or punctuation.startswith(".."):
        return True
    before = _LAST_WORD.search(text[max(begin, stop.start() - 12) : stop.start()])
    word = before.group().lower() if before else ""
    if word in ABBREVIATIONS or (len(word) == 1 and word.isalpha()):
        return False
    after = text[stop.end() : stop.end() + 40].lstrip()
    is_ordinal = word.isdigit() and len(word) < 3  # "3. März", "2. item"
    if is_ordinal and not _ends_with_number(text, begin, stop, after):
        return False
    return not after[:1].islower()


def _ends_with_number(text: str, begin: int, stop: re.Match[str], after: str) -> bool:
    """Whether a sentence ends with a small number: "at 11:45. Vince", "He is 12. The others …"."""
    is_time = text[max(begin, stop.start() - 3) : stop.start() - 2] == ":"
    starts_anew = after.split(" ", 1)[0].lower() in _STARTERS and after[:1].isupper()
    return is_time or (starts_anew and stop.start() - begin > _SHORTEST_BEFORE_NUMBER)


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_LENGTH:
        space = text.rfind(" ", start + MAX_LENGTH // 2, start + MAX_LENGTH)
        middle = space if space > 0 else start + MAX_LENGTH
        yield start, middle
        start = middle
    yield start, end
