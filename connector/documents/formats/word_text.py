"""The content of a part of a DOCX file in reading order, with tracked changes as accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from connector.documents.formats.archive import Element
from connector.documents.formats.drawings import DrawingReader, extent_share, vml_items
from connector.documents.formats.flow import FlowTable, Item, Omission, PageBreak, PageNote
from connector.documents.formats.office_xml import (
    child,
    children,
    is_on,
    value,
    whole_number,
)
from connector.documents.formats.word_math import math_text
from connector.documents.formats.word_numbering import Numbering
from connector.documents.job import Unreadable

MAX_DEPTH = 60  # tables and boxes in one another, and elements around a run
_MAX_SPAN = 1_000  # columns that a cell covers
_INVISIBLE = frozenset(
    {
        *("w:del", "w:moveFrom", "w:instrText", "w:delText", "w:delInstrText", "w:rPr", "w:pPr"),
        *("w:sdtPr", "w:tcPr", "w:trPr", "w:tblPr", "w:tblGrid", "w:sdtEndPr", "m:ctrlPr"),
        *("w:proofErr", "w:bookmarkStart", "w:bookmarkEnd", "w:rt", "w:sectPr", "w:annotationRef"),
        *("w:footnoteRef", "w:endnoteRef", "w:separator", "w:continuationSeparator"),
    }
)
_CHARACTERS = {
    "w:tab": "\t",
    "w:ptab": "\t",
    "w:cr": "\n",
    "w:noBreakHyphen": "\u2011",
    "w:softHyphen": "",
}
# characters of symbol fonts that stand for boxes and marks
_SYMBOLS = {
    **dict.fromkeys(("F0FE", "F078", "F053", "F052"), "☒"),
    **dict.fromkeys(("F0A8", "F06F", "F071", "F0A3"), "☐"),
    **dict.fromkeys(("F0FC", "F050"), "✓"),
    "F0B7": "•",
}


@dataclass
class WordContext:
    """What the parts of a document share.

    ``styles_with_break``  the paragraph styles that begin a page
    ``style_lists``        by paragraph style its list and level
    ``note``               the items of a footnote or endnote, by its kind and id
    ``comments``           the texts of comments by their ids
    ``section_start``      what a new section adds; its argument counts sections from 0
    """

    numbering: Numbering
    styles_with_break: frozenset[str] = frozenset()
    style_lists: dict[str, tuple[str, int]] = field(default_factory=dict)
    note: Callable[[str, str], str] = lambda _kind, _id: ""
    comments: dict[str, str] = field(default_factory=dict)
    section_start: Callable[[int], Iterable[Item]] = lambda _: ()


class WordText:
    """Reads the blocks of one part."""

    def __init__(self, context: WordContext, drawings: DrawingReader) -> None:
        self._context = context
        self._drawings = drawings
        self._sections = 0
        self._notes: dict[str, int] = {"w:footnoteReference": 0, "w:endnoteReference": 0}

    # --- blocks ---

    def blocks(self, element: Element, depth: int = 0) -> Iterator[Item]:
        """Paragraphs, tables and what stands in them, in their order."""
        if depth > MAX_DEPTH:
            raise Unreadable("file_broken", "cannot be read: it is nested too deeply.")
        waiting: list[Item] = []  # a paragraph whose end was deleted goes on in the next one
        for entry in element:
            if entry.tag == "w:p":
                waiting += self._paragraph(entry, depth)
                if child(entry, "w:pPr", "w:rPr", "w:del") is None:
                    yield from _joined(waiting)
                    yield from self._section_end(entry)
                    waiting = []
            elif entry.tag == "w:tbl":
                yield self._table(entry, depth + 1)
            elif entry.tag == "mc:AlternateContent":
                yield from self._alternative(entry, lambda one: self.blocks(one, depth + 1))
            elif entry.tag in {"m:oMathPara", "m:oMath"}:
                yield math_text(entry)
            elif entry.tag == "w:altChunk":
                yield Omission("embedded document", 0.5)
            elif entry.tag == "w:sdt":
                if not _is_placeholder(entry):
                    yield from self.blocks(entry, depth + 1)
            elif entry.tag not in _INVISIBLE:
                yield from self.blocks(entry, depth + 1)
        yield from _joined(waiting)

    def _paragraph(self, paragraph: Element, depth: int) -> list[Item]:
        properties = child(paragraph, "w:pPr")
        style = value(properties, "w:pStyle")
        own = child(properties, "w:pageBreakBefore")
        begins = is_on(properties, "w:pageBreakBefore") if own is not None else None
        items: list[Item] = []
        if begins or (begins is None and style in self._context.styles_with_break):
            items.append(PageBreak())
        pieces = list(self._inline(paragraph, depth))
        label = self._label(properties, style)  # an empty paragraph of a list counts too
        has_text = any(isinstance(piece, str) and piece.strip() for piece in pieces)
        return [*items, *([label] if label and has_text else []), *pieces]

    def _label(self, properties: Element | None, style: str) -> str:
        list_id, level = self._context.style_lists.get(style, ("", 0))
        if child(properties, "w:numPr") is not None:
            list_id = value(properties, "w:numPr", "w:numId") or list_id
            level = whole_number(value(properties, "w:numPr", "w:ilvl"), default=level)
        text = self._context.numbering.label(list_id, level) if list_id != "0" else ""
        return f"{text} " if text else ""

    def _section_end(self, paragraph: Element) -> Iterator[Item]:
        if child(paragraph, "w:pPr", "w:sectPr") is not None:
            self._sections += 1
            yield from self._context.section_start(self._sections)

    def _table(self, table: Element, depth: int) -> FlowTable:
        found = FlowTable()
        look = child(table, "w:tblPr", "w:tblLook")
        if look is not None and look.get("w:firstRow") in {"1", "true", "on"}:
            found.header_rows = 1
        for row in _rows(table, depth):
            properties = child(row, "w:trPr")
            if child(properties, "w:del") is None:
                found.rows.append(self._row(row, properties, depth))
                if is_on(properties, "w:tblHeader") and len(found.rows) == found.header_rows + 1:
                    found.header_rows += 1
        return found

    def _row(self, row: Element, properties: Element | None, depth: int) -> list[list[Item]]:
        before = whole_number(value(properties, "w:gridBefore"), largest=_MAX_SPAN)
        cells: list[list[Item]] = [[] for _ in range(before)]
        for cell in _cells(row, depth):
            shape = child(cell, "w:tcPr")
            merge = child(shape, "w:vMerge")
            is_continued = merge is not None and merge.get("w:val", "continue") == "continue"
            cells.append([] if is_continued else list(self.blocks(cell, depth + 1)))
            span = whole_number(value(shape, "w:gridSpan"), default=1, largest=_MAX_SPAN)
            cells += [[] for _ in range(span - 1)]
        return cells

    # --- within a paragraph ---

    def _inline(self, element: Element, depth: int) -> Iterator[Item]:
        if depth > 2 * MAX_DEPTH:
            raise Unreadable("file_broken", "cannot be read: it is nested too deeply.")
        for entry in element:
            tag = entry.tag
            if tag == "w:t":
                yield entry.text or ""
            elif tag in _CHARACTERS:
                yield _CHARACTERS[tag]
            elif tag == "w:br":
                yield PageBreak(is_rendered=False) if entry.get("w:type") == "page" else "\n"
            elif tag == "w:lastRenderedPageBreak":
                yield PageBreak()
            elif tag == "w:r" and is_on(entry, "w:rPr", "w:vanish"):
                if any((text.text or "").strip() for text in entry.iter("w:t")):
                    yield Omission("hidden text", 0.01)
            elif tag in {"m:oMath", "m:oMathPara"}:
                yield math_text(entry)
            elif tag not in _INVISIBLE:
                yield from self._special(entry, depth)

    def _special(self, entry: Element, depth: int) -> Iterator[Item]:
        """What a run has beside text, or the content of an element around runs."""
        match entry.tag:
            case "w:sym":
                yield _SYMBOLS.get(entry.get("w:char", "").upper(), "")
            case "w:fldChar":
                yield _form_field(entry)
            case "w:drawing":
                for anchor in entry:
                    yield from self._drawing(anchor, depth)
            case "w:pict" | "w:object":
                yield from vml_items(entry, self._drawings)
                yield from self._boxes(entry, depth)
            case "mc:AlternateContent":
                yield from self._alternative(entry, lambda one: self._inline(one, depth + 1))
            case "w:footnoteReference" | "w:endnoteReference":
                yield from self._note(entry)
            case "w:commentReference":
                if text := self._context.comments.get(entry.get("w:id", ""), ""):
                    yield PageNote(text)
            case "w:sdt" if _is_placeholder(entry):
                return
            case _:
                yield from self._inline(entry, depth + 1)

    def _alternative(
        self, entry: Element, read: Callable[[Element], Iterator[Item]]
    ) -> Iterator[Item]:
        """The first of alternatives that shows anything: the same stands in each of them."""
        for option in entry:
            items = list(read(option))
            if any(not isinstance(item, str) or item.strip() for item in items):
                yield from items
                return

    def _drawing(self, anchor: Element, depth: int) -> Iterator[Item]:
        graphic = child(anchor, "a:graphic")
        if graphic is not None:
            yield from self._drawings.graphic(graphic, extent_share(anchor, self._drawings))
            yield from self._boxes(graphic, depth)

    def _boxes(self, element: Element, depth: int) -> Iterator[Item]:
        """The text boxes in a drawing, each as a block behind the paragraph."""
        for box in _outermost(element, "w:txbxContent"):
            content = list(self.blocks(box, depth + 1))
            if content:
                yield FlowTable([[content]])

    def _note(self, reference: Element) -> Iterator[Item]:
        text = self._context.note(reference.tag, reference.get("w:id", ""))
        if text:
            self._notes[reference.tag] += 1
            number = self._notes[reference.tag]
            mark = f"[{'endnote ' if 'end' in reference.tag else ''}{number}]"
            yield mark
            yield PageNote(f"{mark} {text}")


def _joined(pieces: Iterable[Item]) -> Iterator[Item]:
    """Pieces of text as paragraphs, which page breaks divide; then what stands beside the text."""
    text: list[str] = []
    beside: list[Item] = []
    for piece in pieces:
        if isinstance(piece, str):
            text.append(piece)
        elif isinstance(piece, PageBreak):
            yield from _block(text, beside)
            yield piece
            text, beside = [], []
        else:
            beside.append(piece)
    yield from _block(text, beside)


def _block(text: list[str], beside: list[Item]) -> Iterator[Item]:
    joined = "".join(text).strip("\n").rstrip()
    if joined.strip():
        yield joined
    yield from beside


def _rows(table: Element, depth: int) -> Iterator[Element]:
    """The rows, also those within elements around them."""
    return _through(table, "w:tr", depth)


def _cells(row: Element, depth: int) -> Iterator[Element]:
    return (
        cell for cell in _through(row, "w:tc", depth) if child(cell, "w:tcPr", "w:cellDel") is None
    )


def _through(element: Element, tag: str, depth: int) -> Iterator[Element]:
    """The nearest descendants with a tag."""
    if depth > 2 * MAX_DEPTH:
        raise Unreadable("file_broken", "cannot be read: it is nested too deeply.")
    for entry in element:
        if entry.tag == tag:
            yield entry
        elif entry.tag in {"w:sdt", "w:sdtContent", "w:ins", "w:moveTo", "w:customXml"}:
            yield from _through(entry, tag, depth + 1)


def _outermost(element: Element, tag: str) -> Iterator[Element]:
    """The descendants with a tag that are not within another of them."""
    stack = list(reversed(element))
    while stack:
        entry = stack.pop()
        if entry.tag == tag:
            yield entry
        elif entry.tag == "mc:AlternateContent":
            stack += list(entry)[:1]
        else:
            stack.extend(reversed(entry))


def _is_placeholder(entry: Element) -> bool:
    """Whether a form's control shows only its prompt, such as "Click to enter text"."""
    return is_on(entry, "w:sdtPr", "w:showingPlcHdr")


def _form_field(entry: Element) -> str:
    """The state of a check box or a list of an older form."""
    box = child(entry, "w:ffData", "w:checkBox")
    if box is not None:
        has_state = child(box, "w:checked") is not None
        return "☒ " if is_on(box, "w:checked" if has_state else "w:default") else "☐ "
    choices = child(entry, "w:ffData", "w:ddList")
    if choices is None:
        return ""
    entries = [one.get("w:val", "") for one in children(choices, "w:listEntry")]
    chosen = whole_number(value(choices, "w:result"))
    return entries[chosen] if chosen < len(entries) else ""
