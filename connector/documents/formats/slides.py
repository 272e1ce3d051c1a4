"""PPTX: each slide as a page, with its tables, pictures, charts, speaker notes and comments."""

from __future__ import annotations

from collections.abc import Iterator

from connector.documents.formats.archive import (
    Archive,
    Element,
    broken,
    main_part,
    parts_of_kind,
    relationships,
)
from connector.documents.formats.drawings import DrawingReader
from connector.documents.formats.flow import FlowTable, Item, Omission, PageItems, PageNote
from connector.documents.formats.office_xml import (
    child,
    children,
    is_true,
    office_part,
    office_part_if_there,
    value,
    whole_number,
)
from connector.documents.formats.pages import decode_pages
from connector.documents.formats.word_math import math_text
from connector.documents.job import DecodedPage, DecodeJob, Unreadable

_WHAT = "a PowerPoint file"
_MAX_DEPTH = 60  # of groups in groups
_MAX_SPAN = 1_000
_SIZE = (9_144_000, 6_858_000)  # of a slide, in English Metric Units
_TITLES = {"title", "ctrTitle"}
# what repeats on each slide, and what its notes show beside the notes
_RUNNING = {"sldNum", "dt", "ftr", "hdr", "sldImg"}
_VIDEOS = {"a:videoFile", "a:audioFile", "p:video", "p:audio"}


def decode_pptx(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The slides of a presentation as pages."""
    archive = Archive(content, _WHAT)
    part = main_part(archive, "ppt/presentation.xml", _WHAT)
    root = office_part(archive, part)
    relations = relationships(archive, part)
    area = _slide_area(root)
    paths = [
        relations.get(entry.get("r:id", ""), ("", ""))[1]
        for entry in children(child(root, "p:sldIdLst"), "p:sldId")
    ]
    if not paths:
        raise Unreadable("file_broken", "is a PowerPoint file without slides.")
    selected = set(job.select_pages(len(paths)))
    pages = [
        _slide_items(archive, path, area) if number in selected else []
        for number, path in enumerate(paths, 1)
    ]
    yield from decode_pages(job, pages)


def _slide_area(root: Element) -> float:
    width, height = (
        whole_number(value(root, "p:sldSz", attribute=name), default=usual, largest=100_000_000)
        for name, usual in zip(("cx", "cy"), _SIZE, strict=True)
    )
    return float(max(width, 1) * max(height, 1))


def _slide_items(archive: Archive, path: str, area: float) -> PageItems:
    if path not in archive:
        raise broken(_WHAT)
    root = office_part(archive, path)
    relations = relationships(archive, path)
    reader = _ShapeReader(DrawingReader(archive, relations, area))
    items = list(reader.shapes(child(root, "p:cSld", "p:spTree"), 0))
    for notes in parts_of_kind(relations, "notesSlide"):
        items += _notes(archive, notes, area)
    for comments in parts_of_kind(relations, "comments"):
        items += _comments(archive, comments)
    return items


class _ShapeReader:
    def __init__(self, drawings: DrawingReader) -> None:
        self._drawings = drawings

    def shapes(self, tree: Element | None, depth: int) -> Iterator[Item]:
        """What the shapes show: the title first, then in their order."""
        if depth > _MAX_DEPTH:
            raise Unreadable("file_broken", "cannot be read: it is nested too deeply.")
        entries = list(tree) if tree is not None else []
        for entry in sorted(entries, key=lambda one: _placeholder(one) not in _TITLES):
            yield from self._shape(entry, depth)

    def _shape(self, entry: Element, depth: int) -> Iterator[Item]:
        if is_true(_own_properties(entry).get("hidden", "")):
            yield Omission("hidden shape", 0.01)
        elif entry.tag in {"p:grpSp", "mc:Choice", "mc:Fallback"}:
            yield from self.shapes(entry, depth + 1)
        elif entry.tag == "mc:AlternateContent":
            for option in entry:
                items = list(self.shapes(option, depth + 1))
                if items:
                    yield from items
                    return
        elif entry.tag == "p:graphicFrame":
            yield from self._frame(entry)
        elif entry.tag == "p:pic":
            yield from self._picture(entry)
        elif entry.tag in {"p:sp", "p:cxnSp"} and _placeholder(entry) not in _RUNNING:
            yield from _paragraphs(child(entry, "p:txBody"))
            fill = child(entry, "p:spPr", "a:blipFill", "a:blip")
            if fill is not None:
                yield from self._drawings.picture(fill.get("r:embed", ""), self._share(entry))

    def _picture(self, entry: Element) -> Iterator[Item]:
        if any(one.tag in _VIDEOS for one in entry.iter()):
            yield Omission("video or sound", 0.1)
        blip = child(entry, "p:blipFill", "a:blip")
        if blip is not None:
            yield from self._drawings.picture(blip.get("r:embed", ""), self._share(entry))

    def _frame(self, entry: Element) -> Iterator[Item]:
        for table in entry.iter("a:tbl"):
            yield _table(table)
        graphic = child(entry, "a:graphic")
        if graphic is not None and child(graphic, "a:graphicData", "a:tbl") is None:
            yield from self._drawings.graphic(graphic, self._share(entry))

    def _share(self, entry: Element) -> float:
        size = next((one for one in entry.iter() if one.tag == "a:ext" and one.get("cx")), None)
        if size is None:
            return 0.0
        return self._drawings.share(size.get("cx", ""), size.get("cy", ""))


def _own_properties(entry: Element) -> Element:
    """The name and state of a shape."""
    for holder in entry:
        found = child(holder, "p:cNvPr")
        if found is not None:
            return found
    return entry


def _placeholder(entry: Element) -> str:
    """What a shape stands for in its layout, such as title; "" for none."""
    for holder in entry:
        found = child(holder, "p:nvPr", "p:ph")
        if found is not None:
            return found.get("type", "body")
    return ""


def _paragraphs(body: Element | None) -> Iterator[str]:
    """The text of a shape, as one block of lines."""
    lines = [_paragraph(entry) for entry in children(body, "a:p")]
    text = "\n".join(line for line in lines if line.strip())
    if text:
        yield text


def _paragraph(paragraph: Element) -> str:
    pieces = []
    for entry in paragraph:
        if entry.tag in {"a:r", "a:fld"}:
            text = child(entry, "a:t")
            pieces.append((text.text or "") if text is not None else "")
        elif entry.tag == "a:br":
            pieces.append("\n")
        elif entry.tag not in {"a:pPr", "a:endParaRPr"}:
            pieces += map(math_text, entry.iter("m:oMath"))
    return "".join(pieces)


def _table(table: Element) -> FlowTable:
    properties = child(table, "a:tblPr")
    has_header = properties is not None and is_true(properties.get("firstRow", ""))
    found = FlowTable(header_rows=int(has_header))
    for row in children(table, "a:tr"):
        cells: list[list[Item]] = []
        for cell in children(row, "a:tc"):
            is_covered = is_true(cell.get("hMerge", "")) or is_true(cell.get("vMerge", ""))
            cells.append([] if is_covered else list(_paragraphs(child(cell, "a:txBody"))))
        found.rows.append(cells[:_MAX_SPAN])
    return found


def _notes(archive: Archive, path: str, area: float) -> Iterator[Item]:
    root = office_part_if_there(archive, path)
    reader = _ShapeReader(DrawingReader(archive, relationships(archive, path), area))
    items = list(reader.shapes(child(root, "p:cSld", "p:spTree"), 0))
    text = "\n".join(item for item in items if isinstance(item, str))
    if text:
        yield PageNote(f"[speaker notes: {text}]")


def _comments(archive: Archive, path: str) -> Iterator[Item]:
    root = office_part_if_there(archive, path)
    for entry in root.iter() if root is not None else ():
        if entry.tag in {"p:text", "a:t"} and (entry.text or "").strip():
            yield PageNote(f"[comment: {(entry.text or '').strip()}]")
