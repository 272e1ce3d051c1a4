"""PDF pages as programs lay them out: tables of ten layouts, columns of text, forms, comments."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from tests.support.document_factory import pdf

FONT = "Helvetica"
_ITEMS = (
    "Oak board|Steel bracket|Rubber seal|Garden hose|Copper pipe|Wall anchor|Brass hinge|"
    "Paint roller|Cable drum|Wood screw|Safety gloves|Work light"
).split("|")
_DETAILS = (
    "for outdoor use|galvanised, with four screws and washers|in a box of twelve pieces|"
    "cut to the length that was agreed with the buyer|grey|with two years of guarantee"
).split("|")
_WORDS = (
    "the old bridge over the river was closed in spring because its piers had moved and the "
    "council decided that a new deck should be built before winter while boats may still pass "
    "below it at any hour and people walk along the northern bank towards the market square"
).split()
Rows = list[list[str]]


@dataclass
class LaidOutPage:
    """A PDF of one page, and the rows that a person sees on it; "" for an empty cell."""

    content: bytes
    rows: Rows = field(default_factory=list)


class Sheet:
    """A page to draw on; lengths in points from the upper left corner."""

    def __init__(self, size: tuple[float, float] = A4, rotation: int = 0) -> None:
        self._out = io.BytesIO()
        self.canvas = Canvas(self._out, pagesize=size, invariant=1)
        self.width, self.height = size
        if rotation:
            self.canvas.setPageRotation(rotation)

    def text(self, x: float, y: float, text: str, size: float = 10, *, align: str = "left") -> None:
        self.canvas.setFont(FONT, size)
        width = stringWidth(text, FONT, size)
        x -= {"left": 0.0, "right": width, "centre": width / 2}[align]
        self.canvas.drawString(x, self.height - y, text)

    def line(self, x: float, y: float, to_x: float, to_y: float) -> None:
        self.canvas.line(x, self.height - y, to_x, self.height - to_y)

    def box(self, x: float, y: float, width: float, height: float, *, grey: float = 1) -> None:
        self.canvas.setFillGray(grey)
        self.canvas.rect(x, self.height - y - height, width, height, fill=grey < 1)
        self.canvas.setFillGray(0)

    def paragraph(
        self, x: float, y: float, text: str, width: float, *, size: float = 10, lead: float = 12
    ) -> float:
        """Write ``text`` in lines of ``width``; where the next line would be."""
        for line in wrapped(text, width, size):
            self.text(x, y, line, size)
            y += lead
        return y

    def next_page(self) -> None:
        self.canvas.showPage()

    def bytes(self) -> bytes:
        self.canvas.save()
        return self._out.getvalue()


def wrapped(text: str, width: float, size: float = 10) -> list[str]:
    """``text`` in lines of at most ``width``."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if stringWidth(longer, FONT, size) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def sentences(seed: int, count: int) -> list[str]:
    """Sentences of different length, each with a number that no other one has."""
    pick = random.Random(seed)
    return [
        " ".join([f"Note {seed}{number:02}:", *pick.choices(_WORDS, k=pick.randint(8, 22))]) + "."
        for number in range(count)
    ]


def amounts(seed: int, count: int, *, detail: bool = False) -> Rows:
    """Rows of an invoice: number, item, quantity, price, amount."""
    pick = random.Random(seed)
    rows = []
    for number in range(1, count + 1):
        quantity, price = pick.randint(1, 40), pick.randint(99, 99_999)
        item = f"{pick.choice(_ITEMS)} {pick.randint(10, 99)}"
        if detail:
            item += f" {pick.choice(_DETAILS)}"
        rows.append(
            [
                str(number),
                item,
                str(quantity),
                f"{price / 100:,.2f}",
                f"{quantity * price / 100:,.2f}",
            ]
        )
    return rows


TITLES = ["Pos", "Description", "Qty", "Unit price", "Amount"]
# the left edge of each column, or its right one where the cells are aligned to the right
_STOPS = (60.0, 95.0, 330.0, 420.0, 510.0)


def _draw_rows(
    sheet: Sheet,
    rows: Rows,
    *,
    y: float = 150,
    pitch: float = 18,
    stops: Sequence[float] = _STOPS,
    right_from: int = 2,
    size: float = 10,
) -> float:
    for row in rows:
        for index, (cell, x) in enumerate(zip(row, stops, strict=True)):
            sheet.text(x, y, cell, size, align="right" if index >= right_from else "left")
        y += pitch
    return y


def ruled(seed: int) -> LaidOutPage:
    """Lines around each cell."""
    rows = [TITLES, *amounts(seed, 14)]
    sheet = Sheet()
    sheet.text(60, 100, "Invoice of the timber yard", 16)
    end = _draw_rows(sheet, rows)
    for index in range(len(rows) + 1):
        sheet.line(55, 137 + 18 * index, 515, 137 + 18 * index)
    for x in (55, 90, 290, 335, 425, 515):
        sheet.line(x, 137, x, end - 13)
    return LaidOutPage(sheet.bytes(), rows)


def tight_grid(seed: int) -> LaidOutPage:
    """Lines around cells that are so full that hardly a blank is between them."""
    rows = [["Code", "Item", "Size", "Count"]]
    pick = random.Random(seed)
    for _ in range(12):
        item = f"{pick.choice(_ITEMS)} {pick.randint(10, 99)}"
        rows.append(
            [
                f"C{pick.randint(100, 999)}",
                item,
                f"{pick.randint(10, 99)} mm",
                str(pick.randint(1, 9)),
            ]
        )
    stops = (60.0, 86.0, 166.0, 206.0)
    sheet = Sheet()
    _draw_rows(sheet, rows, y=120, pitch=14, stops=stops, right_from=9)
    for index in range(len(rows) + 1):
        sheet.line(58, 109.5 + 14 * index, 240, 109.5 + 14 * index)
    for x in (58, 84, 164, 204, 240):
        sheet.line(x, 109.5, x, 109.5 + 14 * len(rows))
    return LaidOutPage(sheet.bytes(), rows)


def unruled(seed: int) -> LaidOutPage:
    """No lines at all, with text above and below."""
    rows = [TITLES, *amounts(seed, 16)]
    sheet = Sheet()
    y = sheet.paragraph(60, 90, " ".join(sentences(seed, 2)), 450)
    y = _draw_rows(sheet, rows, y=y + 20, pitch=13)
    sheet.paragraph(60, y + 20, " ".join(sentences(seed + 1, 2)), 450)
    return LaidOutPage(sheet.bytes(), rows)


def by_columns(seed: int) -> LaidOutPage:
    """Drawn column after column, as some programs do."""
    rows = [TITLES, *amounts(seed, 12)]
    sheet = Sheet()
    for index, x in enumerate(_STOPS):
        for number, row in enumerate(rows):
            sheet.text(x, 150 + 16 * number, row[index], align="right" if index >= 2 else "left")
    return LaidOutPage(sheet.bytes(), rows)


def _multi_line(seed: int, *, ruled: bool, pitch_after: float) -> LaidOutPage:
    rows = [TITLES, *amounts(seed, 9, detail=True)]
    sheet = Sheet()
    y = 120.0
    for row in rows:
        if ruled:
            sheet.line(55, y - 11, 515, y - 11)
        lines = wrapped(row[1], 150)
        for number, line in enumerate(lines):
            sheet.text(_STOPS[1], y + 12 * number, line)
        for index in (0, 2, 3, 4):
            sheet.text(_STOPS[index], y, row[index], align="right" if index >= 2 else "left")
        y += 12 * len(lines) + pitch_after
    if ruled:
        sheet.line(55, y - 11, 515, y - 11)
    return LaidOutPage(sheet.bytes(), rows)


def multi_line(seed: int) -> LaidOutPage:
    """Descriptions of several lines, with space between the rows."""
    return _multi_line(seed, ruled=False, pitch_after=7)


def multi_line_tight(seed: int) -> LaidOutPage:
    """Descriptions of several lines, without more space between the rows."""
    return _multi_line(seed, ruled=False, pitch_after=0)


def multi_line_ruled(seed: int) -> LaidOutPage:
    """Descriptions of several lines, with a line between the rows."""
    return _multi_line(seed, ruled=True, pitch_after=4)


def sparse(seed: int) -> LaidOutPage:
    """Empty cells, and sums below some of the columns."""
    rows = [["Account", "Debit", "Credit", "Balance"]]
    pick = random.Random(seed)
    for _ in range(13):
        value = f"{pick.randint(100, 99_999) / 100:,.2f}"
        row = [pick.choice(_ITEMS), value, "", f"{pick.randint(100, 99_999) / 100:,.2f}"]
        if pick.random() < 0.5:
            row[1], row[2] = row[2], row[1]
        rows.append(row)
    rows.append(["Sum", "1,234.00", "987.65", ""])
    sheet = Sheet()
    _draw_rows(sheet, rows, stops=(60.0, 300.0, 400.0, 500.0), right_from=1, pitch=15)
    return LaidOutPage(sheet.bytes(), rows)


def side_by_side(seed: int) -> LaidOutPage:
    """Two tables beside each other, of different length."""
    left = [["Month", "Sold"], *([f"{n:02}/2025", str(97 * n + seed)] for n in range(1, 13))]
    right = [
        ["Region", "Share"],
        *([f"{name} {seed}", f"{n}.5 %"] for n, name in enumerate(_ITEMS[:8], 4)),
    ]
    sheet = Sheet()
    _draw_rows(sheet, left, stops=(60.0, 220.0), right_from=1, pitch=15)
    _draw_rows(sheet, right, stops=(330.0, 500.0), right_from=1, pitch=16.5, y=154)
    for x, to, count, pitch, y in ((55, 225, 13, 15, 150), (325, 505, 9, 16.5, 154)):
        for index in range(count + 1):
            sheet.line(x, y - 11 + pitch * index, to, y - 11 + pitch * index)
    return LaidOutPage(sheet.bytes(), [*left, *right])


def shaded(seed: int) -> LaidOutPage:
    """Every other row on grey, titles centred on dark grey."""
    rows = [["Item", "Width", "Height", "Weight"]]
    pick = random.Random(seed)
    for _ in range(15):
        sizes = [f"{pick.randint(10, 999)} cm", f"{pick.randint(10, 999)} cm"]
        rows.append(
            [f"{pick.choice(_ITEMS)} {pick.randint(10, 99)}", *sizes, f"{pick.randint(1, 90)} kg"]
        )
    sheet = Sheet()
    for number, row in enumerate(rows):
        y = 120 + 17 * number
        if number % 2 == 0:
            sheet.box(55, y - 12, 460, 17, grey=0.8 if number else 0.6)
        sheet.text(60, y, row[0])
        for index, x in enumerate((260, 360, 460), 1):
            sheet.text(x, y, row[index], align="centre")
    return LaidOutPage(sheet.bytes(), rows)


def turned(seed: int) -> LaidOutPage:
    """A wide table on a page that is turned, as its reader shows it."""
    rows = [["Item", *(f"Q{number}" for number in range(1, 9))]]
    pick = random.Random(seed)
    rows += [
        [pick.choice(_ITEMS), *(str(pick.randint(10, 9_999)) for _ in range(8))] for _ in range(14)
    ]
    width, height = landscape(A4)
    sheet = Sheet((height, width), rotation=90)
    sheet.canvas.translate(height, 0)  # the page lies on its side; the reader turns it back
    sheet.canvas.rotate(90)
    sheet.height = height
    stops = (60.0, *(170.0 + 75 * number for number in range(1, 9)))
    _draw_rows(sheet, rows, y=90, stops=stops, right_from=1)
    return LaidOutPage(sheet.bytes(), rows)


def upwards(seed: int) -> LaidOutPage:
    """A table that is written upwards on an upright page."""
    rows = [TITLES, *amounts(seed, 11)]
    sheet = Sheet()
    sheet.canvas.translate(A4[0], 0)
    sheet.canvas.rotate(90)
    sheet.height = A4[0]
    _draw_rows(sheet, rows, y=100)
    return LaidOutPage(sheet.bytes(), rows)


def _described(seed: int) -> Iterator[tuple[list[str], list[str]]]:
    """Rows with a long first cell, and the lines of that cell."""
    for _, item, quantity, price, _ in amounts(seed, 9, detail=True):
        yield [item, quantity, price], wrapped(item, 150)


def centred_cells(seed: int) -> LaidOutPage:
    """Numbers beside the middle of a cell of two lines."""
    sheet, rows, y = Sheet(), [], 120.0
    for row, lines in _described(seed):
        for number, line in enumerate(lines):
            sheet.text(60, y + 12 * number, line)
        for text, x in zip(row[1:], (300, 420), strict=True):
            sheet.text(x, y + 6 * (len(lines) - 1), text, align="right")
        rows.append(row)
        y += 12 * len(lines) + 8
    return LaidOutPage(sheet.bytes(), rows)


def wrapped_first_cells(seed: int) -> LaidOutPage:
    """First cells of several lines, with the numbers beside the first line."""
    sheet, rows, y = Sheet(), [], 120.0
    for row, lines in _described(seed):
        for number, line in enumerate(lines):
            sheet.text(60, y + 12 * number, line)
        for text, x in zip(row[1:], (300, 420), strict=True):
            sheet.text(x, y, text, align="right")
        rows.append(row)
        y += 12 * len(lines) + 6
    return LaidOutPage(sheet.bytes(), rows)


def statement(seed: int) -> LaidOutPage:
    """The lines of an account: three lines of smaller text for each amount."""
    pick = random.Random(seed)
    sheet, rows, y = Sheet(), [], 110.0
    for day in range(1, 11):
        lines = ["Transfer", f"Mandate {pick.randint(1_000, 9_999)}", f"Ref 2026-{day}"]
        date, amount = f"{day:02}.05.2026", f"-{pick.randint(100, 99_999) / 100:,.2f}"
        sheet.text(60, y, date)
        sheet.text(500, y, amount, align="right")
        for number, line in enumerate(lines):
            sheet.text(140, y + 11 * number, line, 9)
        rows.append([date, " ".join(lines), amount])
        y += 39
    return LaidOutPage(sheet.bytes(), rows)


def sections(seed: int) -> LaidOutPage:
    """Headings between the rows, and titles of two lines above them."""
    pick = random.Random(seed)
    sheet, y = Sheet(), 118.0
    sheet.text(60, 100, "Item")
    for x, above, below in ((300, "Quantity", "ordered"), (400, "Unit", "price")):
        sheet.text(x, 89, above, align="right")
        sheet.text(x, 100, below, align="right")
    rows = [["Item", "Quantity ordered", "Unit price"]]
    for group in ("Wood", "Metal", "Tools"):
        sheet.text(60, y, f"{group} of lot {seed}")
        rows.append([f"{group} of lot {seed}"])
        parts = [
            [item, str(pick.randint(1, 99)), f"{pick.randint(100, 99_999) / 100:,.2f}"]
            for item in pick.sample(_ITEMS, 4)
        ]
        y = _draw_rows(sheet, parts, y=y + 14, pitch=14, stops=(60.0, 300.0, 400.0), right_from=1)
        rows += parts
    return LaidOutPage(sheet.bytes(), rows)


def close_numbers(seed: int) -> LaidOutPage:
    """Columns of numbers with hardly more than a blank between them."""
    pick = random.Random(seed)
    rows = [[str(pick.randint(10_000, 99_999)) for _ in range(7)] for _ in range(14)]
    sheet = Sheet()
    stops = [96.0 + 36 * number for number in range(7)]
    _draw_rows(sheet, rows, y=100, pitch=12, stops=stops, right_from=0)
    return LaidOutPage(sheet.bytes(), rows)


TABLES: dict[str, Callable[[int], LaidOutPage]] = {
    layout.__name__: layout
    for layout in (
        ruled,
        tight_grid,
        unruled,
        by_columns,
        multi_line,
        multi_line_tight,
        multi_line_ruled,
        sparse,
        side_by_side,
        shaded,
        turned,
        upwards,
        centred_cells,
        wrapped_first_cells,
        statement,
        sections,
        close_numbers,
    )
}


def columns(
    seed: int, count: int, *, title: bool = True, interleaved: bool = False
) -> tuple[bytes, list[str]]:
    """A page of running text in ``count`` columns, and its sentences as one reads them.

    ``interleaved``: drawn line by line across the columns.
    """
    gap = 18.0
    width = (A4[0] - 110 - gap * (count - 1)) / count
    text = sentences(seed, 12 * count)
    sheet = Sheet()
    y = 70.0
    if title:
        sheet.text(55, y, f"The works at the bridge, part {seed}", 18)
        y += 30
    lines = [line for part in _paragraphs(text) for line in wrapped(part, width)]
    per_column = -(-len(lines) // count)
    places = [
        (55 + (number // per_column) * (width + gap), y + 12 * (number % per_column), line)
        for number, line in enumerate(lines)
    ]
    if interleaved:
        places.sort(key=lambda place: (place[1], place[0]))
    for x, line_y, line in places:
        sheet.text(x, line_y, line)
    return sheet.bytes(), text


def _paragraphs(text: Sequence[str]) -> list[str]:
    return [" ".join(text[start : start + 4]) for start in range(0, len(text), 4)]


def filled_form() -> bytes:
    """A form with a text field of each kind, boxes, choices, a list, and a secret field."""
    sheet = Sheet()
    form = sheet.canvas.acroForm
    place = {"x": 220, "width": 200, "height": 18, "borderWidth": 1}
    labels = ("Company", "Contact person", "Country", "Delivery", "PIN", "Insured", "Express")
    for number, label in enumerate(labels):
        sheet.text(60, 120 + 40 * number, label)
    y = [sheet.height - 125 - 40 * number for number in range(len(labels))]
    form.textfield(name="company", value="Lindqvist Marine AB", y=y[0], **place)
    form.textfield(name="contact", value="Ida Berg", y=y[1], **place)
    form.choice(
        name="country", value="Sweden", options=["Norway", "Sweden", "Iceland"], y=y[2], **place
    )
    form.radio(name="delivery", value="ship", selected=True, x=220, y=y[3], size=16)
    form.radio(name="delivery", value="train", selected=False, x=300, y=y[3], size=16)
    sheet.text(242, 160 + 80, "by ship")
    sheet.text(322, 160 + 80, "by train")
    form.textfield(name="pin", value="918273", y=y[4], fieldFlags="password", **place)
    form.checkbox(name="insured", checked=True, x=220, y=y[5], size=16)
    form.checkbox(name="express", checked=False, x=220, y=y[6], size=16)
    return sheet.bytes()


def annotated() -> bytes:
    """A page with typed text on a line of a form, a stamp, a comment and hidden text."""
    sheet = Sheet()
    sheet.text(60, 100, "Approved by:")
    sheet.text(60, 140, "The price list of May is valid.")
    reader = PdfReader(io.BytesIO(sheet.bytes()))
    writer = PdfWriter(reader)
    top = sheet.height
    for kind, contents, box, flags in (
        ("FreeText", "Marta Kowalska", (200, top - 104, 340, top - 88), 4),
        ("Stamp", "PAID 12 May", (360, top - 190, 470, top - 160), 4),
        ("Text", "Ask for a discount", (300, top - 145, 316, top - 129), 4),
        ("Highlight", "Check this date", (60, top - 145, 160, top - 130), 4),
        ("FreeText", "not to be seen", (60, top - 300, 160, top - 280), 2),
    ):
        entries = {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject(f"/{kind}"),
            NameObject("/Contents"): TextStringObject(contents),
            NameObject("/Rect"): ArrayObject([FloatObject(side) for side in box]),
            NameObject("/F"): NumberObject(flags),
        }
        writer.add_annotation(0, DictionaryObject(entries))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_images(count: int = 2, *, side: float = 90, pages: int = 1) -> bytes:
    """Pages of text with the same images beside it, side by side at the top."""
    sheet = Sheet()
    images = [Image.effect_noise((60, 60), 40).convert("RGB") for _ in range(count)]
    for page in range(pages):
        for number, image in enumerate(images):
            x = 60 + number * (side + 30)
            y = sheet.height - 60 - side
            sheet.canvas.drawImage(ImageReader(image), x, y, width=side, height=side)
        sheet.paragraph(60, 90 + side, " ".join(sentences(page, 9)), 450)
        sheet.next_page()
    return sheet.bytes()


def chart() -> bytes:
    """A page of text with a curve and the bars of a chart."""
    sheet = Sheet()
    sheet.paragraph(60, 90, " ".join(sentences(5, 6)), 450)
    for number in range(6):
        sheet.box(100 + 50 * number, 500 - 30 * number, 30, 40 + 30 * number, grey=0.4)
    path = sheet.canvas.beginPath()
    path.moveTo(100, 200)
    for number in range(1, 8):
        path.curveTo(90 + 40 * number, 220, 95 + 40 * number, 170, 100 + 40 * number, 200)
    sheet.canvas.drawPath(path)
    return sheet.bytes()


def xfa_form(datasets: str) -> bytes:
    """A form whose only page asks for another program; its values are XML in the file."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf([["Please wait for the form to load."]])))
    parts = []
    for name, content in (("template", "<template/>"), ("datasets", datasets)):
        stream = DecodedStreamObject()
        stream.set_data(content.encode())
        parts += [TextStringObject(name), writer._add_object(stream)]
    form = DictionaryObject(
        {NameObject("/Fields"): ArrayObject(), NameObject("/XFA"): ArrayObject(parts)}
    )
    writer.root_object[NameObject("/AcroForm")] = form
    writer.root_object[NameObject("/NeedsRendering")] = BooleanObject(True)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
