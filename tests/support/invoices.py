"""Invoices of ten layouts as PDFs, with the items that they state; their content is invented."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

_LEFT = 50.0
_TEXT = getSampleStyleSheet()["Normal"]


class Item(NamedTuple):
    item: str
    quantity: int
    price: float
    amount: float


ITEMS = [
    Item(name, quantity, price, round(quantity * price, 2))
    for name, quantity, price in (
        ("Envelopes C5, white", 30, 0.35),
        ("Copy paper A4 80 g", 12, 4.95),
        ("Pens, blue", 50, 0.45),
        ("Delivery by van", 1, 18.0),
        ("Binder 8 cm", 6, 3.2),
    )
]
TOTAL = round(sum(item.amount for item in ITEMS), 2)


def english(value: float) -> str:
    return f"{value:,.2f}"


def german(value: float) -> str:
    return f"{value:,.2f}".replace(",", "\0").replace(".", ",").replace("\0", ".")


def _columns(canvas: Canvas, y: float, cells: Sequence[str], edges: Sequence[float]) -> None:
    """Cells in a line: a negative edge is the right one of a cell."""
    for cell, edge in zip(cells, edges, strict=True):
        if edge < 0:
            canvas.drawRightString(-edge, y, cell)
        else:
            canvas.drawString(edge, y, cell)


def _drawn(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    edges: Sequence[float],
    *,
    total: str,
    ruled: bool = False,
    pitch: float = 18.0,
    break_after: int = 0,
    head: Sequence[str] = ("Northwind Paper Ltd", "Invoice NP-2041 of 3 March 2026"),
    size: tuple[float, float] = A4,
) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size)
    y = size[1] - 60
    for line in head:
        canvas.drawString(_LEFT, y, line)
        y -= 16
    y -= 30
    _columns(canvas, y, titles, edges)
    for number, row in enumerate(rows):
        y -= pitch
        if ruled:
            canvas.line(_LEFT, y + pitch - 4, 545, y + pitch - 4)
        if break_after and number == break_after:
            canvas.showPage()
            y = size[1] - 60
            _columns(canvas, y, titles, edges)
            y -= pitch
        _columns(canvas, y, row, edges)
    _columns(canvas, y - 2 * pitch, ["Total due", total], [_LEFT, edges[-1]])
    canvas.drawString(_LEFT, 60, "Thank you for your order. Please pay within 30 days.")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _built(data: Sequence[Sequence[object]], style: list[tuple[object, ...]], total: str) -> bytes:
    out = io.BytesIO()
    flow = [
        Paragraph("Northwind Paper Ltd, 1 Harbour Road", _TEXT),
        Spacer(1, 20),
        Table(data, colWidths=[220, 70, 80, 90], style=style),
        Spacer(1, 12),
        Paragraph(f"Total due: {total} EUR", _TEXT),
    ]
    SimpleDocTemplate(out, pagesize=A4).build(flow)
    return out.getvalue()


def _rows(number: Callable[[float], str] = english) -> list[list[str]]:
    return [[one.item, str(one.quantity), number(one.price), number(one.amount)] for one in ITEMS]


_EDGES = (_LEFT, -330.0, -430.0, -545.0)
_TITLES = ["Description", "Qty", "Unit price", "Amount"]


def unruled() -> bytes:
    return _drawn(_TITLES, _rows(), _EDGES, total=english(TOTAL))


def ruled() -> bytes:
    return _drawn(_TITLES, _rows(), _EDGES, total=english(TOTAL), ruled=True)


def grid() -> bytes:
    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("ALIGN", (1, 0), (-1, -1), "RIGHT")]
    return _built([_TITLES, *_rows()], style, english(TOTAL))


def several_lines() -> bytes:
    """Descriptions of two lines in ruled cells."""
    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    rows = [[Paragraph(f"{row[0]}<br/>from stock", _TEXT), *row[1:]] for row in _rows()]
    return _built([_TITLES, *rows], style, english(TOTAL))


def numbered() -> bytes:
    """A position, an article number, and the German way to write numbers."""
    rows = [[str(number), f"A-{700 + number}", *row] for number, row in enumerate(_rows(german), 1)]
    titles = ["Pos.", "Art.-Nr.", "Bezeichnung", "Menge", "Einzelpreis", "Betrag"]
    edges = (_LEFT, 80.0, 140.0, -360.0, -450.0, -545.0)
    return _drawn(titles, rows, edges, total=german(TOTAL), head=("Nordwind GmbH", "Rechnung 12"))


def quantity_first() -> bytes:
    rows = [[row[1], row[0], row[2], row[3]] for row in _rows()]
    titles = ["Quantity", "Item", "Price", "Total"]
    edges = (_LEFT, 120.0, -430.0, -545.0)
    return _drawn(titles, rows, edges, total=english(TOTAL))


def with_currency() -> bytes:
    rows = [[row[0], row[1], f"EUR {row[2]}", f"EUR {row[3]}"] for row in _rows()]
    return _drawn(_TITLES, rows, _EDGES, total=f"EUR {english(TOTAL)}")


def two_pages() -> bytes:
    return _drawn(_TITLES, _rows(), _EDGES, total=english(TOTAL), break_after=3)


def narrow_lines() -> bytes:
    return _drawn(_TITLES, _rows(), _EDGES, total=english(TOTAL), pitch=12.0)


def wide_page() -> bytes:
    edges = (_LEFT, -460.0, -600.0, -780.0)
    return _drawn(_TITLES, _rows(), edges, total=english(TOTAL), size=landscape(A4))


LAYOUTS: dict[str, Callable[[], bytes]] = {
    layout.__name__: layout
    for layout in (
        *(unruled, ruled, grid, several_lines, numbered),
        *(quantity_first, with_currency, two_pages, narrow_lines, wide_page),
    )
}
