"""The text of an HTML fragment: blocks, cells, lists, links and quotations, without styles.

Own scanner instead of ``html.parser``, whose time is quadratic for some unclosed constructs: every
character is passed once, and whatever is not closed ends at the end of the text.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Protocol

_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]{0,30})")
_SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
_LONG_REFERENCE = re.compile(r"&#[0-9]{8,}+;?+")  # no character; `html.unescape` refuses some
# fillers of preview lines: zero-width characters, soft hyphens, joiners
_FILLERS = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u034f\xad"))
_IGNORED = frozenset(("style", "script", "head", "title", "template", "noscript", "svg"))
_ENDS = {tag: re.compile(f"</{tag}(?![A-Za-z0-9])", re.IGNORECASE) for tag in _IGNORED}
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr"),
    }
)
_PARAGRAPHS = frozenset(
    {
        *("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "pre"),
        *("blockquote",),
    }
)
_BLOCKS = _PARAGRAPHS | frozenset(
    {
        *("address", "article", "aside", "body", "br", "center", "dd", "details", "div", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "li"),
        *("main", "nav", "option", "section", "summary", "tbody", "tfoot", "thead", "tr"),
    }
)
_CELLS = frozenset(("td", "th"))
_INLINE = frozenset(
    {
        *("a", "abbr", "b", "big", "caption", "code", "em", "font", "i", "kbd", "label", "small"),
        *("span", "strike", "strong", "sub", "sup", "u"),
    }
)
HTML_TAGS = _BLOCKS | _CELLS | _IGNORED | _VOID | _INLINE
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_ATTRIBUTES = {
    name: re.compile(rf"(?<![\w-]){name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.I)
    for name in ("href", "alt", "style", "src", "colspan", "width", "height")
}
_LONGEST_ATTRIBUTES = 4_096  # characters of a tag in which attributes are looked up
_LONGEST_LINK = 300
_EMPTY_LINES = re.compile(r"\n{3,}")
_MAX_QUOTES = 20


class HtmlReader(Protocol):
    """What is done with the text and the tags of HTML, in their order."""

    def add_text(self, text: str) -> None: ...
    def open(self, name: str, attributes: str) -> None: ...
    def close(self, name: str) -> None: ...


def html_to_text(source: str) -> str:
    """The text of ``source`` as people see it; linear in its length."""
    writer = HtmlTextWriter()
    read_html(source, writer)
    return writer.finish()


def read_html(source: str, writer: HtmlReader) -> None:
    """Give the text and the tags of ``source`` to ``writer``; linear in its length."""
    position = 0
    while position < len(source):
        markup = _MARKUP.search(source, position)
        if markup is None:
            writer.add_text(source[position:])
            break
        writer.add_text(source[position : markup.start()])
        position = _read_markup(source, markup.start(), writer)


def unescape_entities(text: str) -> str:
    """``text`` with the characters that its references stand for."""
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text))


def _read_markup(source: str, start: int, writer: HtmlReader) -> int:
    """Read what begins with ``<`` at ``start``; the position after it."""
    if source.startswith("<!--", start):
        return _after(source, "-->", start + 4)
    if source.startswith(("<!", "<?"), start):
        return _after(source, ">", start + 2)
    match = _TAG.match(source, start)
    if match is None:
        writer.add_text("<")
        return start + 1
    name = match[1].lower()
    end = _tag_end(source, match.end())
    if source.startswith("</", start):
        writer.close(name)
        return end
    if name in _IGNORED:
        closing = _ENDS[name].search(source, end)
        return _after(source, ">", closing.end()) if closing else len(source)
    attributes = source[match.end() : min(end, match.end() + _LONGEST_ATTRIBUTES)]
    writer.open(name, attributes)
    return end


def _after(source: str, mark: str, start: int) -> int:
    found = source.find(mark, start)
    return len(source) if found < 0 else found + len(mark)


def _tag_end(source: str, start: int) -> int:
    """The position after the ``>`` of a tag, which an attribute in double quotes may contain."""
    end = _after(source, ">", start)
    if source.count('"', start, end) % 2 == 0:
        return end
    quote = source.find('"', end, end + _LONGEST_ATTRIBUTES)
    return end if quote < 0 else _after(source, ">", quote)


@dataclass
class HtmlTextWriter:
    """Collects the lines that people see.

    ``_quotes`` counts open quotations, whose lines begin with ``>``.
    """

    _lines: list[str] = field(default_factory=list)
    _line: list[str] = field(default_factory=list)
    _links: list[tuple[str, int]] = field(default_factory=list)
    _quotes: int = 0
    _in_pre: int = 0
    _hidden: str = ""  # the tag whose content is not displayed
    _hidden_depth: int = 0
    _row_has_cell: bool = False

    def add_text(self, text: str) -> None:
        if self._hidden or not text:
            return
        if "&" in text:
            text = unescape_entities(text)
        if not text.isascii():
            text = text.translate(_FILLERS)
        if self._in_pre:
            first, *others = text.split("\n")
            self._line.append(first)
            for line in others:
                self._end_line()
                self._line.append(line)
            return
        self._line.append(_SPACE.sub(" ", text))

    def open(self, name: str, attributes: str) -> None:
        if self._hidden:
            self._hidden_depth += name == self._hidden
            return
        if name not in _VOID and _HIDDEN.search(html_attribute(attributes, "style")):
            self._hidden = name
            self._hidden_depth = 1
            return
        if name in _BLOCKS:
            self._open_block(name)
        elif name in _CELLS:
            if self._row_has_cell:
                self._line.append("\t")
            self._row_has_cell = True
        elif name == "a":
            self._links.append((html_attribute(attributes, "href"), len(self._line)))
        elif name == "img" and (alt := html_attribute(attributes, "alt").strip()):
            self._line.append(f"[image: {alt[:_LONGEST_LINK]}]")

    def close(self, name: str) -> None:
        if self._hidden:
            self._hidden_depth -= name == self._hidden
            if not self._hidden_depth:
                self._hidden = ""
            return
        if name == "a" and self._links:
            self._close_link(*self._links.pop())
        if name in _BLOCKS:
            self._end_line(is_paragraph=name in _PARAGRAPHS)
        if name == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif name == "pre":
            self._in_pre = max(0, self._in_pre - 1)

    @property
    def is_hidden(self) -> bool:
        """Whether the text that follows is not displayed."""
        return bool(self._hidden)

    def finish(self) -> str:
        """All lines as one text."""
        self._end_line()
        return _EMPTY_LINES.sub("\n\n", "\n".join(self._lines)).strip()

    def _open_block(self, name: str) -> None:
        self._end_line(is_paragraph=name in _PARAGRAPHS)
        if name == "blockquote":
            self._quotes += 1
        elif name == "pre":
            self._in_pre += 1
        elif name == "li":
            self._line.append("- ")
        elif name == "tr":
            self._row_has_cell = False

    def _close_link(self, address: str, start: int) -> None:
        """Write the address after the text of the link, unless it is the text."""
        address = unescape_entities(address).strip()
        if not address.lower().startswith(("http://", "https://", "mailto:", "tel:")):
            return
        shown = "".join(self._line[start:]).strip()
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if shown and bare not in shown and len(address) <= _LONGEST_LINK:
            self._line.append(f" ({bare})")

    def _end_line(self, *, is_paragraph: bool = False) -> None:
        text = "".join(self._line)
        if not self._in_pre:
            text = "\t".join(_SPACE.sub(" ", cell).strip() for cell in text.split("\t"))
        self._line.clear()
        self._links.clear()
        prefix = "> " * min(self._quotes, _MAX_QUOTES)
        if text.strip() and text.strip() != "-":
            self._lines.append(prefix + text)
        if is_paragraph and self._lines and self._lines[-1]:
            self._lines.append("")


def html_attribute(attributes: str, name: str) -> str:
    """An attribute of a tag, one of those that are read here; "" for none."""
    match = _ATTRIBUTES[name].search(attributes) if name in attributes.lower() else None
    return next((value for value in match.groups() if value), "") if match else ""
