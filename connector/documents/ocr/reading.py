"""Reads the image of a page: its text, its tables, and what of it is doubtful."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from connector.catalogue.page_content import Span
from connector.documents.job import DecodeJob
from connector.documents.layout.page import layout_page
from connector.documents.layout.words import Word
from connector.documents.ocr.recognisers import Recogniser
from connector.documents.ocr.straighten import straighten
from connector.documents.ocr.upright import total_confidence, turn_upright
from connector.documents.page_builder import PageBuilder

SCAN_WARNING = "The page is an image whose words were read by OCR; doubtful ones are not verified."
DOUBTFUL = 0.6  # a word below this confidence proves nothing
_NOISE = 0.25  # words below this confidence are specks and lines
_UNLIKELY = 0.5  # no text: the words of a picture that are not noise are below this confidence
_FIRST_SECONDS = 1.5  # that a page takes, before one was read
_TOKEN = re.compile(r"\S+")


class _Clock:
    """The time since the start of the process, which reads one file, and that of a page."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._page_seconds = _FIRST_SECONDS

    def count(self, seconds: float) -> None:
        """Add a page that took so long: the next one may take as long as the last two did."""
        self._page_seconds = (self._page_seconds + seconds) / 2

    def left(self, job: DecodeJob) -> float:
        """The seconds that are left for OCR."""
        return job.ocr_seconds - (time.monotonic() - self._started)

    def has_time(self, job: DecodeJob) -> bool:
        return self.left(job) > self._page_seconds


_clock = _Clock()


class ScannedPage(NamedTuple):
    """The text and the tables of a page, and the parts of the text that are doubtful."""

    builder: PageBuilder
    doubtful: tuple[Span, ...]


def read_image(image: Any, job: DecodeJob) -> ScannedPage | None:
    """What ``image`` (Pillow) shows as text.

    None when OCR is off, when its time is over, and when it found no word or failed.
    """
    if not has_time(job):
        return None
    started = time.monotonic()
    found = _find_words(image, job)
    _clock.count(time.monotonic() - started)
    words = [word for word in found if word.confidence >= _NOISE]
    if total_confidence(words) < _UNLIKELY * sum(len(word.text) for word in words):
        return None
    builder = PageBuilder()
    layout_page(words, (), builder)
    return ScannedPage(builder, tuple(_doubtful(builder.text, words))) if words else None


def has_time(job: DecodeJob) -> bool:
    """Whether images are read, and what is left of the time covers a further one."""
    return bool(job.ocr) and _clock.has_time(job)


def lacks_time(job: DecodeJob) -> bool:
    """Whether images would be read if there were time."""
    return bool(job.ocr) and not _clock.has_time(job)


def _find_words(image: Any, job: DecodeJob) -> list[Word]:
    recogniser = Recogniser(job.recogniser, job.ocr)

    def recognise(part: Any) -> list[Word]:
        left = _clock.left(job)
        return (recogniser.find_words(part, left) or []) if left > 0 else []

    return recognise(turn_upright(straighten(image), recognise))


def _doubtful(text: str, words: Sequence[Word]) -> Iterator[Span]:
    """Where ``text`` has a doubtful word, or one that is spelt the same."""
    doubtful = {word.text for word in words if word.confidence < DOUBTFUL}
    for token in _TOKEN.finditer(text) if doubtful else ():
        if token[0] in doubtful:
            yield token.span()
