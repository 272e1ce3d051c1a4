"""What drawings of Office files show: pictures, charts as tables of their values, and diagrams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from connector.documents.formats.archive import Archive, Element
from connector.documents.formats.flow import FlowPicture, FlowTable, Item, Omission
from connector.documents.formats.office_xml import child, children, office_part_if_there, value

_MAX_SERIES = 50
_MAX_POINTS = 5_000
_MAX_PARTS = 200  # of a diagram
_MIN_SHARE = 0.0005  # of a page; what is smaller is a dot or a line
_POINTS = re.compile(r"(?<![\w-])(width|height)\s{0,5}:\s{0,5}(\d{1,5}(?:\.\d{0,6})?)\s{0,5}pt")
_POINT = 12_700  # in English Metric Units
_VECTORS = (".emf", ".wmf", ".svg")

Relations = Mapping[str, tuple[str, str]]


class DrawingReader:
    """Reads the drawings of one part, with the parts that they refer to.

    ``page_area`` is in square English Metric Units.
    """

    def __init__(self, archive: Archive, relations: Relations, page_area: float) -> None:
        self._archive = archive
        self._relations = relations
        self._page_area = page_area

    def share(self, width: str, height: str) -> float:
        """The share of the page that a drawing covers, from its size; 0 if unknown."""
        if not (width.isdigit() and height.isdigit() and self._page_area):
            return 0.0
        return min(1.0, int(width[:12]) * int(height[:12]) / self._page_area)

    def vml_share(self, style: str) -> float:
        """The share of the page that a shape with that style covers; 0 if unknown."""
        sizes = dict(_POINTS.findall(style[:2_000]))
        if len(sizes) < 2 or not self._page_area:  # noqa: PLR2004
            return 0.0
        area = float(sizes["width"]) * float(sizes["height"]) * _POINT * _POINT
        return min(1.0, area / self._page_area)

    def graphic(self, element: Element, share: float) -> Iterator[Item]:
        """What a graphic shows; nothing for shapes without content."""
        for entry in element.iter():
            if entry.tag == "a:blip":
                yield from self.picture(entry.get("r:embed", ""), share)
            elif entry.tag == "c:chart":
                yield from self._chart(entry.get("r:id", ""), share)
            elif entry.tag == "dgm:relIds":
                yield from self._diagram(entry.get("r:dm", ""), share)

    def picture(self, relation: str, share: float) -> Iterator[Item]:
        """The picture with that relation id; one that is linked or a vector drawing is not read."""
        if share and share < _MIN_SHARE:
            return
        _, path = self._relations.get(relation, ("", ""))
        if path not in self._archive:
            yield Omission("linked picture", share or 0.05)
        elif path.lower().endswith(_VECTORS):
            yield Omission("vector drawing", share or 0.05)
        else:
            yield FlowPicture(lambda: self._archive.read(path), share)

    def _chart(self, relation: str, share: float) -> Iterator[Item]:
        _, path = self._relations.get(relation, ("", ""))
        root = office_part_if_there(self._archive, path)
        table = chart_table(root) if root is not None else None
        if table is None:
            yield Omission("chart", share or 0.1)
            return
        if title := _chart_title(root):
            yield title
        yield table

    def _diagram(self, relation: str, share: float) -> Iterator[Item]:
        _, path = self._relations.get(relation, ("", ""))
        root = office_part_if_there(self._archive, path)
        texts = [text for text in map(_diagram_text, _iter(root, "dgm:pt")) if text]
        if not texts:
            yield Omission("diagram", share or 0.1)
        yield from texts[:_MAX_PARTS]


def _iter(root: Element | None, tag: str) -> Iterator[Element]:
    return root.iter(tag) if root is not None else iter(())


def _diagram_text(point: Element) -> str:
    return "".join(entry.text or "" for entry in point.iter("a:t")).strip()


def _chart_title(root: Element | None) -> str:
    title = child(root, "c:chart", "c:title")
    return "".join(entry.text or "" for entry in _iter(title, "a:t")).strip()


def chart_table(root: Element) -> FlowTable | None:
    """The values of a chart, a row for each category; None for a chart without stored values."""
    series = list(_iter(root, "c:ser"))[:_MAX_SERIES]
    columns = [_stored(child(one, "c:val")) or _stored(child(one, "c:yVal")) for one in series]
    categories = next(
        (found for one in series if (found := _stored(child(one, "c:cat")))),
        next((found for one in series if (found := _stored(child(one, "c:xVal")))), {}),
    )
    points = sorted({point for column in columns for point in column})[:_MAX_POINTS]
    if not points:
        return None
    names = [next(iter(_stored(child(one, "c:tx")).values()), "") for one in series]
    rows = [
        [categories.get(point, str(point + 1)), *(column.get(point, "") for column in columns)]
        for point in points
    ]
    cells: list[list[list[Item]]] = [[[cell] for cell in row] for row in [["", *names], *rows]]
    return FlowTable(cells, header_rows=1)


def _stored(element: Element | None) -> dict[int, str]:
    """The stored values below ``element`` by their position."""
    found: dict[int, str] = {}
    for point in _iter(element, "c:pt"):
        index = point.get("idx", "")
        text = child(point, "c:v")
        if text is not None and index.isdigit() and len(found) <= _MAX_POINTS:
            found[int(index[:9])] = (text.text or "").strip()
    return found


def vml_items(element: Element, drawings: DrawingReader) -> Iterator[Item]:
    """The pictures of a drawing in the older language (VML)."""
    for shape in element.iter():
        for entry in children(shape, "v:imagedata"):
            yield from drawings.picture(
                entry.get("r:id", ""), drawings.vml_share(shape.get("style", ""))
            )


def extent_share(element: Element, drawings: DrawingReader) -> float:
    """The share of the page that a drawing with an extent covers."""
    return drawings.share(
        value(element, "wp:extent", attribute="cx"), value(element, "wp:extent", attribute="cy")
    )
