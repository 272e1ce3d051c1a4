"""What was added to a PDF page: values of form fields, notes, stamps. Read as words in place."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connector.documents.pdf_words import Box, PlacedWord

_MAX_ANNOTATIONS = 3_000  # of one page
_MAX_BYTES = 200_000  # of one value
_MAX_OPTIONS = 500
_HIDDEN = 2 | 32  # flags: hidden, and not shown on a screen
_PASSWORD = 1 << 13  # flag of a text field
_TEXT_NOTE, _FREE_TEXT, _STAMP, _WIDGET = 1, 3, 13, 20
_MARKUP = frozenset({4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15})  # lines, shapes, highlights, ink
_CHECKBOX, _RADIO, _COMBO, _LIST, _TEXT_FIELD, _SIGNATURE = 2, 3, 4, 5, 6, 7
_LINE_HEIGHT = 12.0  # points, of a value in a field that is higher
_CHARACTER = 0.5  # of a line's height: the usual width


@dataclass
class Additions:
    """The annotations of a page.

    ``words``      what is seen on the page: values of fields, free text, stamps
    ``notes``      what is behind a sign on the page: comments
    ``omissions``  what is neither
    """

    words: list[PlacedWord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    omissions: list[str] = field(default_factory=list)


def read_additions(page: Any, direction: int) -> Additions:
    """The annotations of ``page``, whose text is read in ``direction``."""
    import pypdfium2.raw as pdfium

    result = Additions()
    count = min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MAX_ANNOTATIONS)
    form = page.formenv.raw if page.formenv else None
    for index in range(count):
        raw = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not raw:
            continue
        try:
            if not pdfium.FPDFAnnot_GetFlags(raw) & _HIDDEN:
                _Annotation(pdfium, raw, form, direction).add_to(result)
        finally:
            pdfium.FPDFPage_CloseAnnot(raw)
    return result


class _Annotation:
    def __init__(self, pdfium: Any, raw: Any, form: Any, direction: int) -> None:
        self._pdfium = pdfium
        self._raw = raw
        self._form = form
        self._direction = direction

    def add_to(self, result: Additions) -> None:
        kind = self._pdfium.FPDFAnnot_GetSubtype(self._raw)
        if kind == _WIDGET:
            if self._form:
                result.words += self._words(self._field_text())
        elif kind == _FREE_TEXT:
            result.words += self._words(self._string("Contents"))
        elif kind == _STAMP:
            self._add_stamp(result)
        elif (kind == _TEXT_NOTE or kind in _MARKUP) and (text := self._string("Contents")):
            result.notes.append(text)

    def _add_stamp(self, result: Additions) -> None:
        text = self._string("Contents") or self._string("Name").lstrip("#")
        if text:
            result.words += self._words(text)
        else:
            result.omissions.append("a stamp")

    def _field_text(self) -> str:
        kind = self._pdfium.FPDFAnnot_GetFormFieldType(self._form, self._raw)
        if kind in {_CHECKBOX, _RADIO}:
            return "[x]" if self._pdfium.FPDFAnnot_IsChecked(self._form, self._raw) else "[ ]"
        if kind in {_COMBO, _LIST}:
            return ", ".join(self._selected_options()) or self._field_value()
        if kind == _SIGNATURE:
            return "[signed]" if self._field_value() else ""
        if kind != _TEXT_FIELD:
            return ""
        is_secret = self._pdfium.FPDFAnnot_GetFormFieldFlags(self._form, self._raw) & _PASSWORD
        return "" if is_secret else self._field_value()

    def _selected_options(self) -> Iterator[str]:
        pdfium, form, raw = self._pdfium, self._form, self._raw
        for index in range(min(pdfium.FPDFAnnot_GetOptionCount(form, raw), _MAX_OPTIONS)):
            if pdfium.FPDFAnnot_IsOptionSelected(form, raw, index):
                yield _read_string(partial(pdfium.FPDFAnnot_GetOptionLabel, form, raw, index))

    def _field_value(self) -> str:
        return _read_string(
            partial(self._pdfium.FPDFAnnot_GetFormFieldValue, self._form, self._raw)
        )

    def _string(self, key: str) -> str:
        return _read_string(partial(self._pdfium.FPDFAnnot_GetStringValue, self._raw, key.encode()))

    def _words(self, text: str) -> Iterator[PlacedWord]:
        """The words of ``text``, distributed over the annotation's box as they are usually set."""
        rectangle = self._pdfium.FS_RECTF()
        if not self._pdfium.FPDFAnnot_GetRect(self._raw, ctypes.byref(rectangle)):
            return
        box = Box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        lines = [line for line in text.splitlines() if line.strip()]
        for number, line in enumerate(lines):
            yield from _line_words(line, _line_box(box, number, len(lines)), self._direction)


def _read_string(call: Callable[[Any, int], int]) -> str:
    """A string of PDFium, whose length a first call without a buffer states."""
    size = call(None, 0)
    if not 2 < size <= _MAX_BYTES:  # noqa: PLR2004  two bytes end each string
        return ""
    buffer = ctypes.create_string_buffer(size)
    call(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    text = buffer.raw[: size - 2].decode("utf-16-le", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def _line_box(box: Box, number: int, count: int) -> Box:
    """The box of a line: a single one is in the middle, several are below each other."""
    height = min(_LINE_HEIGHT, (box.top - box.bottom) / count)
    top = (box.top + box.bottom + height) / 2 if count == 1 else box.top - number * height
    return Box(box.left, top - height, box.right, top)


def _line_words(line: str, box: Box, direction: int) -> Iterator[PlacedWord]:
    height = box.top - box.bottom
    width = min((box.right - box.left) / max(len(line), 1), _CHARACTER * height)
    position = 0
    for word in ["[ ]"] if line == "[ ]" else line.split():
        position = line.index(word, position)
        left = box.left + position * width
        position += len(word)
        right = box.left + position * width
        yield PlacedWord(word, left, box.bottom, right, box.top, direction)
