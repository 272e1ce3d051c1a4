"""XFA forms in PDFs: the values of their fields, which are in XML instead of on a page."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from typing import Any

from connector.documents.formats.archive import Element, parse_xml
from connector.documents.job import Unreadable

XFA_WARNING = (
    "The PDF is an XFA form: the values of its fields were read, with the names that they have in "
    "the file, but not its pages as they look. Print it to a PDF to show these."
)
_XFA_FULL = 2  # FORMTYPE_XFA_FULL
_DATASETS = "datasets"
_MAX_BYTES = 20_000_000
_MAX_FIELDS = 10_000
_WORD_START = re.compile(r"(?<=[a-z\d])(?=[A-Z])|_+")


def is_xfa(document: Any) -> bool:
    """Whether the pages of the PDF only say that another program shows them."""
    return bool(document.get_formtype() == _XFA_FULL)


def xfa_values(document: Any) -> str:
    """The fields that are filled in, one a line with its name; "" where none can be read."""
    try:
        root = parse_xml(_packet(document, _DATASETS).strip(b"\0 \r\n"), "an XFA form")
    except Unreadable:
        return ""
    data = next((part for part in root if part.tag.rpartition("}")[2] == "data"), None)
    if data is None:
        return ""
    return "\n".join(line for line, _ in zip(_lines(data), range(_MAX_FIELDS), strict=False))


def _packet(document: Any, name: str) -> bytes:
    """The content of a part of the form; b"" where it has none of this name, or is too large."""
    import pypdfium2.raw as pdfium

    for index in range(pdfium.FPDF_GetXFAPacketCount(document)):
        size = pdfium.FPDF_GetXFAPacketName(document, index, None, 0)
        title = ctypes.create_string_buffer(size)
        pdfium.FPDF_GetXFAPacketName(document, index, title, size)
        if title.value.decode("latin-1") == name:
            return _content(document, index)
    return b""


def _content(document: Any, index: int) -> bytes:
    import pypdfium2.raw as pdfium

    size = ctypes.c_ulong()
    pdfium.FPDF_GetXFAPacketContent(document, index, None, 0, ctypes.byref(size))
    if not 0 < size.value <= _MAX_BYTES:
        return b""
    content = ctypes.create_string_buffer(size.value)
    pdfium.FPDF_GetXFAPacketContent(document, index, content, size.value, ctypes.byref(size))
    return content.raw


def _lines(data: Element) -> Iterator[str]:
    for element in data.iter():
        text = " ".join((element.text or "").split())
        if text and not len(element) and isinstance(element.tag, str):
            name = " ".join(_WORD_START.sub(" ", element.tag.rpartition("}")[2]).split())
            yield f"{name}: {text}"
