"""DOCX: the pages of a document with its notes, comments, headers, footers and pictures."""

from __future__ import annotations

from collections.abc import Iterator

from connector.documents.formats.archive import (
    Archive,
    Element,
    main_part,
    parts_of_kind,
    relationships,
)
from connector.documents.formats.drawings import DrawingReader
from connector.documents.formats.flow import (
    FlowTable,
    Item,
    PageBreak,
    PageNote,
    RunningHead,
    cell_paragraphs,
)
from connector.documents.formats.office_xml import (
    child,
    children,
    is_on,
    office_part,
    office_part_if_there,
    value,
    whole_number,
)
from connector.documents.formats.pages import decode_flow
from connector.documents.formats.word_numbering import Numbering
from connector.documents.formats.word_text import WordContext, WordText
from connector.documents.job import DecodedPage, DecodeJob

_WHAT = "a DOCX file"
_TWIP = 635  # in English Metric Units
_A4 = (11_906, 16_838)  # in twips
_MAX_BASES = 20  # of a style
_MAX_NOTES = 20_000
_NO_NOTES = {"separator", "continuationSeparator", "continuationNotice"}
_MAX_AUTHOR = 100  # characters


def decode_docx(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The pages of a DOCX file: between page breaks, and where Word last began pages."""
    archive = Archive(content, _WHAT)
    reader = _DocumentReader(archive, main_part(archive, "word/document.xml", _WHAT))
    yield from decode_flow(job, reader.items(), has_pages=reader.has_rendered_pages)


class _DocumentReader:
    def __init__(self, archive: Archive, part: str) -> None:
        self._archive = archive
        self._root = office_part(archive, part)
        self._relations = relationships(archive, part)
        self._sections = list(_sections(self._root))
        self._shown_parts: set[str] = set()
        self._has_even_pages = self._is_setting_on("w:evenAndOddHeaders")
        self._page_area = _page_area(self._sections[0] if self._sections else None)
        styles = self._part("styles")
        self._context = WordContext(
            numbering=Numbering(self._part("numbering")),
            styles_with_break=_styles_with_break(styles),
            style_lists=_style_lists(styles),
            section_start=self._section_start,
        )
        self._notes = {
            f"w:{kind}Reference": self._notes_of(f"{kind}s", f"w:{kind}")
            for kind in ("footnote", "endnote")
        }
        self._context.note = lambda kind, name: self._notes[kind].get(name, "")
        self._context.comments = self._comments()

    @property
    def has_rendered_pages(self) -> bool:
        """Whether the file states where Word last began each page."""
        return next(self._root.iter("w:lastRenderedPageBreak"), None) is not None

    def items(self) -> Iterator[Item]:
        yield from self._running_heads(0)
        body = child(self._root, "w:body")
        if body is not None:
            drawings = DrawingReader(self._archive, self._relations, self._page_area)
            yield from WordText(self._context, drawings).blocks(body)

    def _part(self, kind: str) -> Element | None:
        return next(
            (
                office_part_if_there(self._archive, path)
                for path in parts_of_kind(self._relations, kind)
            ),
            None,
        )

    def _is_setting_on(self, tag: str) -> bool:
        return is_on(self._part("settings"), tag)

    def _read_part(self, path: str, root: Element) -> list[Item]:
        """The items of another part, which has its own relations."""
        drawings = DrawingReader(self._archive, relationships(self._archive, path), self._page_area)
        context = WordContext(numbering=self._context.numbering)
        return list(WordText(context, drawings).blocks(root))

    # --- notes and comments ---

    def _notes_of(self, kind: str, tag: str) -> dict[str, str]:
        path = next(iter(parts_of_kind(self._relations, kind)), "")
        root = office_part_if_there(self._archive, path)
        entries = list(children(root, tag))[:_MAX_NOTES]
        return {
            entry.get("w:id", ""): _as_text(self._read_part(path, entry))
            for entry in entries
            if entry.get("w:type") not in _NO_NOTES
        }

    def _comments(self) -> dict[str, str]:
        path = next(iter(parts_of_kind(self._relations, "comments")), "")
        root = office_part_if_there(self._archive, path)
        found = {}
        for entry in list(children(root, "w:comment"))[:_MAX_NOTES]:
            author = entry.get("w:author", "")[:_MAX_AUTHOR].strip()
            text = _as_text(self._read_part(path, entry))
            if text:
                by = f" by {author}" if author else ""
                found[entry.get("w:id", "")] = f"[comment{by}: {text}]"
        return found

    # --- sections ---

    def _section_start(self, index: int) -> Iterator[Item]:
        section = self._sections[index] if index < len(self._sections) else None
        if value(section, "w:type") != "continuous":
            yield PageBreak()
        yield from self._running_heads(index)

    def _running_heads(self, index: int) -> Iterator[Item]:
        """The headers and footers that a section begins to use, on its first page."""
        section = self._sections[index] if index < len(self._sections) else None
        wanted = {"default"}
        wanted |= {"first"} if is_on(section, "w:titlePg") else set()
        wanted |= {"even"} if self._has_even_pages else set()
        for tag in ("w:headerReference", "w:footerReference"):
            for reference in children(section, tag):
                _, path = self._relations.get(reference.get("r:id", ""), ("", ""))
                if reference.get("w:type", "default") not in wanted or path in self._shown_parts:
                    continue
                self._shown_parts.add(path)
                root = office_part_if_there(self._archive, path)
                items = self._read_part(path, root) if root is not None else []
                if tag == "w:footerReference":
                    items = [_at_end(item) for item in items]
                yield RunningHead(tuple(items))


def _at_end(item: Item) -> Item:
    """An item of a footer, whose text stands at the end of the page."""
    if isinstance(item, str | FlowTable):
        return PageNote(_as_text([item]))
    return item


def _as_text(items: list[Item]) -> str:
    lines: list[str] = []
    for item in items:
        if isinstance(item, str):
            lines.append(item)
        elif isinstance(item, FlowTable):
            lines += [
                "\t".join(" ".join(cell_paragraphs(cell).split()) for cell in row).strip()
                for row in item.rows
            ]
        elif isinstance(item, PageNote):
            lines.append(item.text)
    return "\n".join(filter(None, lines))


def _sections(root: Element) -> Iterator[Element]:
    """The properties of each section; those that a tracked change replaced are left out."""
    for properties in root.iter("w:pPr"):
        yield from children(properties, "w:sectPr")
    yield from children(child(root, "w:body"), "w:sectPr")


def _page_area(section: Element | None) -> float:
    """The area of a page, in square English Metric Units."""
    sides = (
        whole_number(value(section, "w:pgSz", attribute=name), default=usual, largest=100_000)
        for name, usual in zip(("w:w", "w:h"), _A4, strict=True)
    )
    width, height = sides
    return max(width, 1) * max(height, 1) * _TWIP * _TWIP


# --- styles ---------------------------------------------------------------------------------------


def _styles_with_break(styles: Element | None) -> frozenset[str]:
    """The paragraph styles that begin a page, by themselves or by the style they are based on."""
    own = {
        entry.get("w:styleId", ""): is_on(entry, "w:pPr", "w:pageBreakBefore")
        for entry in children(styles, "w:style")
        if child(entry, "w:pPr", "w:pageBreakBefore") is not None
    }
    bases = _bases(styles)
    return frozenset(
        name
        for name in bases
        if next((own[one] for one in _line(name, bases) if one in own), False)
    )


def _style_lists(styles: Element | None) -> dict[str, tuple[str, int]]:
    """By paragraph style the list and level that its paragraphs have."""
    own = {}
    for entry in children(styles, "w:style"):
        properties = child(entry, "w:pPr", "w:numPr")
        if list_id := value(properties, "w:numId"):
            own[entry.get("w:styleId", "")] = (list_id, whole_number(value(properties, "w:ilvl")))
    bases = _bases(styles)
    lists = {
        name: next((own[one] for one in _line(name, bases) if one in own), None) for name in bases
    }
    return {name: found for name, found in lists.items() if found}


def _bases(styles: Element | None) -> dict[str, str]:
    return {
        entry.get("w:styleId", ""): value(entry, "w:basedOn")
        for entry in children(styles, "w:style")
    }


def _line(name: str, bases: dict[str, str]) -> Iterator[str]:
    """A style, and those it is based on."""
    for _ in range(_MAX_BASES):
        if not name:
            return
        yield name
        name = bases.get(name, "")
