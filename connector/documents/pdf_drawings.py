"""Images and drawings on a PDF page, and the straight lines of its tables."""

from __future__ import annotations

import ctypes
import hashlib
from dataclasses import dataclass, field
from typing import Any

from connector.documents.pdf_words import Box

_MAX_OBJECTS = 6_000  # of one page
_MAX_SEGMENTS = 20_000
_MAX_DEPTH = 4
_TEXT, _PATH, _IMAGE, _SHADING, _FORM = 1, 2, 3, 4, 5  # FPDF_PAGEOBJ_
_INVISIBLE = 3  # text render mode
_THIN = 2.5  # points; a box as thin as this is a line
_MIN_BOX = 6.0  # points; a side of a box that is no tick or bullet
_RECTANGLE = 10  # a path of so few segments may be a box, with round corners
_MAX_HASHED = 2_000_000  # bytes of an image

Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass
class Drawings:
    """What is on a page beside its text, in the PDF's own coordinates.

    ``images``    boxes of images, each with a key that equal images in the same place share
    ``shapes``    boxes of drawn shapes that are neither lines nor boxes
    ``fills``     filled boxes, such as the bars of a chart or the background of a cell
    ``lines``     straight lines along the page, and the sides of boxes
    ``objects``   the number of objects of any kind
    """

    images: list[tuple[Box, str]] = field(default_factory=list)
    shapes: list[Box] = field(default_factory=list)
    fills: list[Box] = field(default_factory=list)
    lines: list[Box] = field(default_factory=list)
    visible_texts: int = 0
    invisible_texts: int = 0
    objects: int = 0

    @property
    def is_text_invisible(self) -> bool:
        """Whether the text over the images is a scanner's, which repeats what the images show."""
        return self.invisible_texts > self.visible_texts


def read_drawings(page: Any) -> Drawings:
    """The drawings of ``page``, at most of its first ``_MAX_OBJECTS`` objects."""
    import pypdfium2.raw as pdfium

    reader = _Reader(pdfium, page.raw)
    reader.read(
        pdfium.FPDFPage_CountObjects(page.raw),
        lambda index: pdfium.FPDFPage_GetObject(page.raw, index),
        _IDENTITY,
        0,
    )
    return reader.result


class _Reader:
    def __init__(self, pdfium: Any, page: Any) -> None:
        self._pdfium = pdfium
        self._page = page
        self._floats = [ctypes.c_float() for _ in range(4)]
        self._segments = 0
        self.result = Drawings()

    def read(self, count: int, get: Any, matrix: Matrix, depth: int) -> None:
        for index in range(count):
            if self.result.objects >= _MAX_OBJECTS:
                return
            self.result.objects += 1
            raw = get(index)
            if raw:
                self._read_object(raw, matrix, depth)

    def _read_object(self, raw: Any, matrix: Matrix, depth: int) -> None:
        pdfium = self._pdfium
        kind = pdfium.FPDFPageObj_GetType(raw)
        if kind == _TEXT:
            self._count_text(raw)
        elif kind == _PATH:
            self._read_path(raw, matrix)
        elif kind in {_IMAGE, _SHADING}:
            box = self._bounds(raw, matrix)
            key = self._image_key(raw, box) if kind == _IMAGE else str(box)
            self.result.images.append((box, key))
        elif kind == _FORM and depth < _MAX_DEPTH:
            own = pdfium.FS_MATRIX()
            pdfium.FPDFPageObj_GetMatrix(raw, ctypes.byref(own))
            inner = (own.a, own.b, own.c, own.d, own.e, own.f)
            self.read(
                pdfium.FPDFFormObj_CountObjects(raw),
                lambda index: pdfium.FPDFFormObj_GetObject(raw, index),
                _multiply(inner, matrix),
                depth + 1,
            )

    def _count_text(self, raw: Any) -> None:
        if self.result.images:  # a scan with a text layer has its image first
            if self._pdfium.FPDFTextObj_GetTextRenderMode(raw) == _INVISIBLE:
                self.result.invisible_texts += 1
            else:
                self.result.visible_texts += 1

    def _bounds(self, raw: Any, matrix: Matrix) -> Box:
        left, bottom, right, top = self._floats
        found = self._pdfium.FPDFPageObj_GetBounds(
            raw,
            ctypes.byref(left),
            ctypes.byref(bottom),
            ctypes.byref(right),
            ctypes.byref(top),
        )
        if not found:
            return Box(0.0, 0.0, 0.0, 0.0)
        box = Box(left.value, bottom.value, right.value, top.value)
        return box if matrix is _IDENTITY else _moved(box, matrix)

    def _image_key(self, raw: Any, box: Box) -> str:
        get = self._pdfium.FPDFImageObj_GetImageDataRaw
        size = get(raw, None, 0)
        if not 0 < size <= _MAX_HASHED:
            return f"{box} {size} {len(self.result.images)}"
        buffer = ctypes.create_string_buffer(size)
        get(raw, buffer, size)
        digest = hashlib.sha256(buffer.raw).hexdigest()
        return f"{[round(side) for side in box]} {digest}"

    def _read_path(self, raw: Any, matrix: Matrix) -> None:
        box = self._bounds(raw, matrix)
        count = self._pdfium.FPDFPath_CountSegments(raw)
        width, height = box.right - box.left, box.top - box.bottom
        if min(width, height) <= _THIN:
            self.result.lines.append(_line(box))
            return
        self._segments += count
        if self._segments > _MAX_SEGMENTS:
            self.result.shapes.append(box)
            return
        lines, others = self._path_lines(raw, count, matrix)
        if others and not (count <= _RECTANGLE and len(lines) >= others):
            self.result.shapes.append(box)
            return
        self.result.lines += lines
        if count <= _RECTANGLE and self._is_filled(raw) and min(width, height) >= _MIN_BOX:
            self.result.fills.append(box)

    def _is_filled(self, raw: Any) -> bool:
        mode, stroke = ctypes.c_int(), ctypes.c_int()
        self._pdfium.FPDFPath_GetDrawMode(raw, ctypes.byref(mode), ctypes.byref(stroke))
        return bool(mode.value) and not self._is_white(raw)

    def _is_white(self, raw: Any) -> bool:
        colours = [ctypes.c_uint() for _ in range(4)]
        self._pdfium.FPDFPageObj_GetFillColor(raw, *map(ctypes.byref, colours))
        return min(colour.value for colour in colours[:3]) >= 250  # noqa: PLR2004

    def _path_lines(self, raw: Any, count: int, matrix: Matrix) -> tuple[list[Box], int]:
        """The lines along the page of a path, and the number of its other segments."""
        pdfium = self._pdfium
        own = pdfium.FS_MATRIX()
        pdfium.FPDFPageObj_GetMatrix(raw, ctypes.byref(own))
        whole = _multiply((own.a, own.b, own.c, own.d, own.e, own.f), matrix)
        x, y = ctypes.c_float(), ctypes.c_float()
        lines: list[Box] = []
        others = 0
        start = last = (0.0, 0.0)
        for index in range(count):
            segment = pdfium.FPDFPath_GetPathSegment(raw, index)
            pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
            point = _apply(whole, x.value, y.value)
            kind = pdfium.FPDFPathSegment_GetType(segment)
            if kind == pdfium.FPDF_SEGMENT_MOVETO:
                start = point
            elif kind == pdfium.FPDF_SEGMENT_LINETO:
                others += not _add_line(lines, last, point)
            else:
                others += 1
            last = point
            if pdfium.FPDFPathSegment_GetClose(segment) and kind != pdfium.FPDF_SEGMENT_BEZIERTO:
                _add_line(lines, last, start)
        return lines, others


def _add_line(lines: list[Box], start: tuple[float, float], end: tuple[float, float]) -> bool:
    """Add the line if it goes along the page; whether it does, or has no length."""
    box = Box(
        min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1])
    )
    width, height = box.right - box.left, box.top - box.bottom
    if min(width, height) > _THIN:
        return False
    if max(width, height) > _THIN:
        lines.append(_line(box))
    return True


def _line(box: Box) -> Box:
    """A thin box as a line without thickness."""
    if box.right - box.left >= box.top - box.bottom:
        middle = (box.top + box.bottom) / 2
        return Box(box.left, middle, box.right, middle)
    middle = (box.left + box.right) / 2
    return Box(middle, box.bottom, middle, box.top)


def _multiply(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    k, l, m, n, o, p = other  # noqa: E741
    return (
        a * k + b * m,
        a * l + b * n,
        c * k + d * m,
        c * l + d * n,
        e * k + f * m + o,
        e * l + f * n + p,
    )


def _apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _moved(box: Box, matrix: Matrix) -> Box:
    corners = [_apply(matrix, x, y) for x in (box.left, box.right) for y in (box.bottom, box.top)]
    xs, ys = zip(*corners, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))
