"""OpenDocument texts and presentations (ODT, ODP), with tracked changes as accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from connector.documents.formats.archive import Archive, Element, broken, encrypted
from connector.documents.formats.flow import (
    FlowPicture,
    FlowTable,
    Item,
    Omission,
    PageBreak,
    PageItems,
    PageNote,
    RunningHead,
    cell_paragraphs,
)
from connector.documents.formats.open_numbering import ListNumbers
from connector.documents.formats.pages import decode_flow, decode_pages
from connector.documents.job import DecodedPage, DecodeJob, Unreadable

_MAX_DEPTH = 100
_MAX_REPEATED = 200  # rows or columns that stand for several
_MAX_SPACES = 1_000
_PREFIX = re.compile(r"\{(?:urn:oasis:names:tc:opendocument:xmlns:)?([^}]*?)(?::1\.0)?\}")
_SHORT = {
    "xsl-fo-compatible": "fo",
    "svg-compatible": "svg",
    "http://www.w3.org/1999/xlink": "xlink",
    "drawing": "draw",
    "http://purl.org/dc/elements/1.1/": "dc",
}
_INVISIBLE = frozenset(
    {
        *("text:tracked-changes", "text:sequence-decls", "text:variable-decls", "office:forms"),
        *("text:user-field-decls", "text:alphabetical-index-mark", "text:toc-mark", "svg:desc"),
        *("text:note-citation", "svg:title", "office:event-listeners", "text:bookmark"),
        *("dc:creator", "dc:date", "draw:glue-point", "presentation:notes", "text:hidden-text"),
    }
)
_LENGTH = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,9})?)(cm|mm|in|pt)")
_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 0.0353}
_PAGE_AREA = 21.0 * 29.7  # square centimetres
_VECTORS = (".svm", ".emf", ".wmf", ".svg", ".pdf")
_BREAK_BEFORE, _BREAK_AFTER = "fo:break-before", "fo:break-after"


def decode_odt(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The pages of a text: between page breaks, and where a program last began pages."""
    what = "an OpenDocument text (ODT)"
    document = _Document(content, what)
    body = document.body("office:text")
    has_pages = next(body.iter("text:soft-page-break"), None) is not None
    items = [*document.running_heads(), *document.blocks(body, 0)]
    yield from decode_flow(job, items, has_pages=has_pages)


def decode_odp(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The slides of a presentation as pages, each with its notes."""
    what = "an OpenDocument presentation (ODP)"
    document = _Document(content, what)
    pages = [
        [*document.blocks(page, 0), *document.speaker_notes(page)]
        for page in document.body("office:presentation")
        if page.tag == "draw:page"
    ]
    if not pages:
        raise Unreadable("file_broken", f"is {what} without slides.")
    plain: list[PageItems] = [
        [item for item in page if not isinstance(item, PageBreak)] for page in pages
    ]
    yield from decode_pages(job, plain)


@dataclass
class _Document:
    content: bytes
    what: str
    notes: int = 0
    archive: Archive = field(init=False)
    root: Element = field(init=False)
    styles: Element | None = field(init=False)
    breaks: dict[str, tuple[str, str]] = field(default_factory=dict)
    lists: ListNumbers = field(default_factory=ListNumbers)

    def __post_init__(self) -> None:
        self.archive = Archive(self.content, self.what)
        if "META-INF/manifest.xml" in self.archive:
            manifest = self.archive.read("META-INF/manifest.xml")
            if b"encryption-data" in manifest:
                raise encrypted(self.what)
        self.root = _shorten(self.archive.xml("content.xml"))
        self.breaks = dict(_page_breaks(self.root))
        styles = self.archive.xml_if_there("styles.xml")
        self.styles = _shorten(styles) if styles is not None else None
        if self.styles is not None:
            self.lists.add_styles(self.styles)
        self.lists.add_styles(self.root)

    def body(self, tag: str) -> Element:
        found = next(self.root.iter(tag), None)
        if found is None:
            raise broken(self.what)
        return found

    def running_heads(self) -> Iterator[Item]:
        """The headers of the page styles, and their footers for the end of the first page."""
        seen: set[str] = set()
        for entry in self.styles.iter() if self.styles is not None else ():
            if entry.tag in {"style:header", "style:header-first", "style:footer"}:
                items = list(self.blocks(entry, 0))
                text = items_text(items)
                if not text or text in seen:
                    continue
                seen.add(text)
                is_footer = entry.tag == "style:footer"
                yield PageNote(text) if is_footer else RunningHead(tuple(items))

    def speaker_notes(self, page: Element) -> Iterator[Item]:
        for notes in page:
            if notes.tag == "presentation:notes":
                text = items_text(list(self.blocks(notes, 0)))
                if text:
                    yield PageNote(f"[speaker notes: {text}]")

    # --- blocks ---

    def blocks(self, element: Element, depth: int) -> Iterator[Item]:
        """Paragraphs, tables and what stands in them, in their order."""
        if depth > _MAX_DEPTH:
            raise Unreadable("file_broken", "cannot be read: it is nested too deeply.")
        for entry in element:
            if entry.tag in {"text:p", "text:h"}:
                yield from self._paragraph(entry, depth)
            elif entry.tag == "table:table":
                before, after = self._breaks_of(entry, "table:style-name")
                yield from before
                yield self._table(entry, depth + 1)
                yield from after
            elif entry.tag == "text:list":
                with self.lists.open(entry):
                    yield from self.blocks(entry, depth + 1)
            elif entry.tag == "text:list-item":
                label = self.lists.label(entry)
                yield from _with_label(label, self.blocks(entry, depth + 1))
            elif entry.tag == "text:soft-page-break":
                yield PageBreak()
            elif entry.tag == "draw:frame":
                yield from self._frame(entry, depth)
            elif entry.tag not in _INVISIBLE:
                yield from self.blocks(entry, depth + 1)

    def _paragraph(self, paragraph: Element, depth: int) -> Iterator[Item]:
        before, after = self._breaks_of(paragraph, "text:style-name")
        yield from before
        text: list[str] = []
        beside: list[Item] = []
        for piece in self._inline(paragraph, depth):
            if isinstance(piece, str):
                text.append(piece)
            elif isinstance(piece, PageBreak):
                yield from filter(None, ["".join(text).strip()])
                yield from beside
                yield piece
                text, beside = [], []
            else:
                beside.append(piece)
        yield from filter(None, ["".join(text).strip()])
        yield from beside
        yield from after

    def _breaks_of(self, entry: Element, attribute: str) -> tuple[list[Item], list[Item]]:
        before, after = self.breaks.get(entry.get(attribute, ""), ("", ""))
        return (
            [PageBreak()] if before == "page" else [],
            [PageBreak()] if after == "page" else [],
        )

    def _table(self, table: Element, depth: int) -> FlowTable:
        found = FlowTable()
        for row in table.iter("table:table-row"):
            cells: list[list[Item]] = []
            for cell in row:
                if cell.tag == "table:table-cell":
                    content = list(self.blocks(cell, depth + 1))
                    cells += [content] * _repeated(cell, "table:number-columns-repeated")
                elif cell.tag == "table:covered-table-cell":
                    cells += [[]] * _repeated(cell, "table:number-columns-repeated")
            found.rows += [cells] * _repeated(row, "table:number-rows-repeated")
        header = next(table.iter("table:table-header-rows"), None)
        found.header_rows = sum(1 for _ in header) if header is not None else 0
        return found

    # --- within a paragraph ---

    def _inline(self, element: Element, depth: int) -> Iterator[Item]:
        if depth > 2 * _MAX_DEPTH:
            raise Unreadable("file_broken", "cannot be read: it is nested too deeply.")
        yield _spaced(element.text)
        for entry in element:
            yield from self._inline_element(entry, depth)
            yield _spaced(entry.tail)

    def _inline_element(self, entry: Element, depth: int) -> Iterator[Item]:
        match entry.tag:
            case "text:s":
                count = entry.get("text:c", "1")
                yield " " * (min(int(count[:6]), _MAX_SPACES) if count.isdigit() else 1)
            case "text:tab":
                yield "\t"
            case "text:line-break":
                yield "\n"
            case "text:soft-page-break":
                yield PageBreak()
            case "text:note":
                yield from self._note(entry, depth)
            case "office:annotation":
                yield from self._comment(entry, depth)
            case "draw:frame":
                yield from self._frame(entry, depth)
            case "text:p" | "text:h" | "table:table":
                yield FlowTable([[list(self.blocks(entry, depth + 1))]])
            case tag if tag not in _INVISIBLE:
                yield from self._inline(entry, depth + 1)

    def _note(self, entry: Element, depth: int) -> Iterator[Item]:
        body = next((one for one in entry if one.tag == "text:note-body"), None)
        text = items_text(list(self.blocks(body, depth + 1))) if body is not None else ""
        if text:
            self.notes += 1
            yield f"[{self.notes}]"
            yield PageNote(f"[{self.notes}] {text}")

    def _comment(self, entry: Element, depth: int) -> Iterator[Item]:
        author = next((one.text or "" for one in entry if one.tag == "dc:creator"), "")
        text = items_text(list(self.blocks(entry, depth + 1)))
        if text:
            by = f" by {author[:100]}" if author else ""
            yield PageNote(f"[comment{by}: {text}]")

    def _frame(self, frame: Element, depth: int) -> Iterator[Item]:
        """What a frame shows: a box of text, a table, or the first picture that can be read."""
        share = _share(frame)
        for entry in frame:
            if entry.tag in {"draw:text-box", "table:table"}:
                holder = entry if entry.tag == "draw:text-box" else frame
                yield FlowTable([[list(self.blocks(holder, depth + 1))]])
                return
            if entry.tag == "draw:image":
                yield self._picture(entry.get("xlink:href", ""), share)
                return
            if entry.tag == "draw:object" and (text := self._formula(entry)):
                yield text
                return
        if any(entry.tag.startswith("draw:") for entry in frame):
            yield Omission("embedded object", share or 0.1)

    def _picture(self, path: str, share: float) -> Item:
        if path not in self.archive:
            return Omission("linked picture", share or 0.05)
        if path.lower().endswith(_VECTORS):
            return Omission("vector drawing", share or 0.05)
        return FlowPicture(lambda: self.archive.read(path), share)

    def _formula(self, entry: Element) -> str:
        """An equation as its program writes it."""
        path = entry.get("xlink:href", "").removeprefix("./")
        root = self.archive.xml_if_there(f"{path}/content.xml")
        for one in root.iter() if root is not None else ():
            if one.tag.endswith("}annotation"):
                return " ".join((one.text or "").split())
        return ""


def items_text(items: list[Item]) -> str:
    """The text of items, a paragraph or a row on a line."""
    lines: list[str] = []
    for item in items:
        if isinstance(item, str):
            lines.append(item)
        elif isinstance(item, FlowTable):
            lines += ["\t".join(map(cell_paragraphs, row)).strip() for row in item.rows]
    return "\n".join(filter(None, lines))


def _with_label(label: str, items: Iterator[Item]) -> Iterator[Item]:
    for number, item in enumerate(items):
        is_labelled = number == 0 and isinstance(item, str) and label
        yield f"{label} {item}" if is_labelled else item


def _shorten(root: Element) -> Element:
    names: dict[str, str] = {}

    def short(name: str) -> str:
        if name not in names:
            match = _PREFIX.match(name)
            prefix = _SHORT.get(match[1], match[1]) if match else ""
            names[name] = f"{prefix}:{name[match.end() :]}" if match else name
        return names[name]

    for element in root.iter():
        element.tag = short(element.tag)
        if element.attrib:
            element.attrib = {short(name): value for name, value in element.attrib.items()}
    return root


def _page_breaks(root: Element) -> Iterator[tuple[str, tuple[str, str]]]:
    """By style whether a page begins before or after it. A page style of its own begins one too."""
    for style in root.iter("style:style"):
        for entry in style:
            before, after = entry.get(_BREAK_BEFORE, ""), entry.get(_BREAK_AFTER, "")
            if before or after:
                yield style.get("style:name", ""), (before, after)
                break
        else:
            if style.get("style:master-page-name"):
                yield style.get("style:name", ""), ("page", "")


def _repeated(entry: Element, attribute: str) -> int:
    text = entry.get(attribute, "1")
    return min(int(text[:9]), _MAX_REPEATED) if text.isascii() and text.isdigit() else 1


def _spaced(text: str | None) -> str:
    """Text in which white space of any length is a blank."""
    return re.sub(r"[ \t\r\n]+", " ", text) if text else ""


def _share(frame: Element) -> float:
    sides = [_LENGTH.fullmatch(frame.get(f"svg:{side}", "")) for side in ("width", "height")]
    area = 1.0
    for side in sides:
        if side is None:
            return 0.0
        area *= float(side[1]) * _CENTIMETRES[side[2]]
    return min(1.0, area / _PAGE_AREA)
