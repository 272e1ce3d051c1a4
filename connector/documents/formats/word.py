"""DOCX and HTML: their words, in order, a table's row as a line. Runs in the child."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from connector.documents.job import Job, Read, Unreadable

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BREAK = "\f"
_MOST_XML = 100_000_000
_BROKEN = "is a DOCX file that cannot be read: it is damaged, or did not arrive whole."
_BLOCKS = {
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "footer", "form", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "title", "tr", "ul",
}  # fmt: skip
_APART = {"td", "th"}
_SILENT = {"script", "style", "template", "noscript", "svg", "math"}
_BLANK = re.compile(r"[ \u00a0]+")
_LINES = re.compile(r"\n\s*\n\s*")


def pages(job: Job, content: bytes) -> Iterator[Read]:
    """A DOCX file's pages as far as it says where they end: at page breaks, and where Word last broke them."""
    text = _LINES.sub("\n\n", "".join(_words(_body(content))).replace("\f\f", _BREAK))
    found = [part.strip() for part in text.split(_BREAK)]
    while len(found) > 1 and not found[-1]:
        found.pop()
    for number in job.wanted(len(found)):
        yield Read(number, found[number - 1])


def _body(content: bytes) -> ElementTree.Element:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if packed.getinfo("word/document.xml").file_size > _MOST_XML:
                raise Unreadable("file_too_large", "is a DOCX file with more text than is read. Split it.")
            with packed.open("word/document.xml") as file:
                xml = file.read(_MOST_XML + 1)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        raise Unreadable("file_broken", _BROKEN) from None
    if b"<!DOCTYPE" in xml[:4_096] or b"<!ENTITY" in xml[:65_536] or len(xml) > _MOST_XML:
        raise Unreadable("file_broken", _BROKEN)  # Word writes none, and it is how such a file grows without end
    try:
        return ElementTree.fromstring(xml)  # noqa: S314  without declarations there is nothing to expand, and the child has limits
    except ElementTree.ParseError:
        raise Unreadable("file_broken", _BROKEN) from None


def _words(element: ElementTree.Element) -> Iterator[str]:
    """The words in order: ``w:t`` is text, a paragraph ends a line, a cell is set apart; what was deleted is left out."""
    waiting: list[Any] = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
            continue
        kind = one.tag.removeprefix(_W) if isinstance(one.tag, str) else ""
        if kind == "t":
            yield one.text or ""
        elif kind in {"tab", "br", "cr", "lastRenderedPageBreak"}:
            yield {"tab": "\t", "cr": "\n"}.get(kind) or (_BREAK if kind != "br" or one.get(f"{_W}type") == "page" else "\n")
        elif kind not in {"del", "moveFrom", "instrText", "delText"}:
            waiting.append({"p": "\n", "tr": "\n", "tc": "\t"}.get(kind, ""))
            waiting.extend(reversed(list(one)))


def html_pages(job: Job, content: bytes) -> Iterator[Read]:
    """The words of an HTML page (in UTF-8 by now), as one page."""
    job.wanted(1)
    parser = _Words()
    parser.feed(content.decode("utf-8", "replace"))
    parser.close()
    lines = (_BLANK.sub(" ", line).strip() for line in "".join(parser.words).splitlines())
    yield Read(1, _LINES.sub("\n\n", "\n".join(lines)).strip())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BLOCKS or tag in _APART:
            self.words.append("\n" if tag in _BLOCKS else "\t")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)
