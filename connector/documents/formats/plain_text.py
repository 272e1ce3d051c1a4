"""Texts: plain ones, Markdown and JSON as they stand, and XML as its names and values."""

from __future__ import annotations

import json
from collections.abc import Iterator

from connector.documents.formats.archive import Element, parse_xml
from connector.documents.formats.charset_detection import DecodedText, decode_file
from connector.documents.job import DecodedPage, DecodeJob, Unreadable

_MAX_TEXT = 20_000_000  # characters
_MAX_DEPTH = 500  # of elements
_MAX_INDENT = 20  # levels
_MAX_ATTRIBUTES = 20


def decode_text_file(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The pages of a text, which form feeds separate."""
    decoded = decode_file(content, job.charset)
    yield from _text_pages(job, decoded.text, decoded)


def decode_json(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """A JSON text as one page, each value on a line of its own; what is damaged as it stands."""
    decoded = decode_file(content, job.charset)
    text = decoded.text
    if "\n" not in text.strip():
        try:
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
        except (ValueError, RecursionError):
            pass
    yield from _text_pages(job, text, decoded)


def decode_xml(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """An XML text as one page: a line for each element, with its name, attributes and text."""
    lines = _element_lines(parse_xml(content.strip(), "an XML file"))
    yield from _text_pages(job, "\n".join(lines), DecodedText(""))


def _text_pages(job: DecodeJob, text: str, decoded: DecodedText) -> Iterator[DecodedPage]:
    if len(text) > _MAX_TEXT:
        raise Unreadable("file_too_large", "has more text than is read. Split it.")
    pages = text.rstrip("\f\n").split("\f")
    warnings = (decoded.warning,) if decoded.warning else ()
    for number in job.select_pages(len(pages)):
        yield DecodedPage(number, pages[number - 1].strip("\n"), warnings=warnings)


def _element_lines(root: Element) -> Iterator[str]:
    stack: list[tuple[Element | str, int]] = [(root, 0)]
    while stack:
        entry, depth = stack.pop()
        if depth > _MAX_DEPTH:
            raise Unreadable("file_broken", "cannot be read: it is nested too deeply.")
        indent = "  " * min(depth, _MAX_INDENT)
        if isinstance(entry, str):
            yield indent + entry
            continue
        yield indent + _element_line(entry)
        for child in reversed(entry):
            tail = " ".join((child.tail or "").split())
            stack += [(tail, depth + 1)] if tail else []
            stack.append((child, depth + 1))


def _element_line(element: Element) -> str:
    text = " ".join((element.text or "").split())
    attributes = list(element.attrib.items())[:_MAX_ATTRIBUTES]
    listed = ", ".join(f"{_local(name)} {value}" for name, value in attributes)
    name = _local(element.tag) + (f" ({listed})" if listed else "")
    return f"{name}: {text}" if text else name


def _local(name: str) -> str:
    return name.rpartition("}")[2]
