"""Office files, mails, books and images for tests, with invented content."""

from __future__ import annotations

import datetime
import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from typing import Any

import docx as python_docx
import openpyxl
import pptx
from openpyxl.comments import Comment
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_WORD = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": WORD,
        "r": _RELATIONS,
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "v": "urn:schemas-microsoft-com:vml",
    }.items()
)


def archive(members: Mapping[str, bytes | str]) -> bytes:
    """A ZIP file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def picture(form: str = "PNG", size: tuple[int, int] = (120, 80)) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, form)
    return out.getvalue()


def saved(file: Any) -> bytes:
    """The bytes of a file that a library saves."""
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


# --- DOCX -----------------------------------------------------------------------------------------


def paragraph(text: str, properties: str = "") -> str:
    """A paragraph of a DOCX file."""
    return (
        f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space='preserve'>{text}</w:t></w:r></w:p>"
    )


def word(
    body: str,
    *,
    parts: Mapping[str, str] | None = None,
    files: Mapping[str, bytes] | None = None,
    namespace: str = WORD,
) -> bytes:
    """A DOCX file of this body; ``parts`` by kind, such as footnotes, are related by their kind."""
    members: dict[str, bytes | str] = {"[Content_Types].xml": "<Types/>"}
    relations = []
    for kind, content in (parts or {}).items():
        name = kind.rstrip("0123456789")
        members[f"word/{kind}.xml"] = f"<w:{_root(name)} {_NAMES}>{content}</w:{_root(name)}>"
        relations.append(f'<Relationship Id="{kind}" Type="x/{name}" Target="{kind}.xml"/>')
    for name, data in (files or {}).items():
        members[f"word/media/{name}"] = data
        relations.append(f'<Relationship Id="{name}" Type="x/image" Target="media/{name}"/>')
    members["word/_rels/document.xml.rels"] = f"<Relationships>{''.join(relations)}</Relationships>"
    document = f"<w:document {_NAMES}><w:body>{body}</w:body></w:document>"
    members["word/document.xml"] = document.replace(WORD, namespace)
    return archive(members)


def _root(kind: str) -> str:
    return {"header": "hdr", "footer": "ftr"}.get(kind, kind)


def drawn(inner: str, *, width: int = 1_000_000, height: int = 500_000) -> str:
    """A drawing in a paragraph."""
    extent = f'<wp:extent cx="{width}" cy="{height}"/>'
    graphic = f"<a:graphic><a:graphicData>{inner}</a:graphicData></a:graphic>"
    return f"<w:p><w:r><w:drawing><wp:inline>{extent}{graphic}</wp:inline></w:drawing></w:r></w:p>"


def text_box(text: str) -> str:
    """A paragraph with a text box as Word writes it: as a drawing, and again for older programs."""
    content = f"<w:txbxContent>{paragraph(text)}</w:txbxContent>"
    new = f"<wps:wsp><wps:txbx>{content}</wps:txbx></wps:wsp>"
    choice = drawn(new).removeprefix("<w:p><w:r>").removesuffix("</w:r></w:p>")
    old = f"<w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict>"
    return (
        f'<w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps">{choice}</mc:Choice>'
        f"<mc:Fallback>{old}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )


def letter() -> bytes:
    """A DOCX file as a library writes it: two sections with headers of their own, and a table."""
    made = python_docx.Document()
    made.sections[0].header.paragraphs[0].text = "Reference: LT-204"
    made.add_paragraph("Dear Ms Moreau,")
    made.add_page_break()  # type: ignore[no-untyped-call]
    table = made.add_table(rows=2, cols=2)
    for row, texts in enumerate((("Fee", "Amount"), ("Mooring", "EUR 120.00"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    section = made.add_section()
    section.header.is_linked_to_previous = False
    section.header.paragraphs[0].text = "Annex A"
    made.add_paragraph("Terms of the harbour.")
    return saved(made)


# --- XLSX and PPTX --------------------------------------------------------------------------------


def workbook() -> bytes:
    """Two sheets and a hidden one: dates, currencies, per cent, a comment, a formula."""
    made = openpyxl.Workbook()
    sheet: Any = made.active
    sheet.title = "Orders"
    for row in (
        ("Item", "Ordered", "Price", "Share"),
        ("Pen", datetime.date(2026, 3, 14), 3.5, 0.15),
        ("Ink", datetime.date(2026, 3, 15), 1240, 0.85),
    ):
        sheet.append(row)
    for line in (2, 3):
        sheet.cell(line, 3).number_format = "[$€-407] #,##0.00"
        sheet.cell(line, 4).number_format = "0%"
    sheet["A2"].comment = Comment("the blue one", "Ana")
    totals: Any = made.create_sheet("Totals")
    totals["A1"], totals["B1"] = "Total", "=SUM(Orders!C2:C3)"
    hidden: Any = made.create_sheet("Rates")
    hidden["A1"] = "internal"
    hidden.sheet_state = "hidden"
    return saved(made)


def presentation() -> bytes:
    """Two slides: a list with speaker notes; a table, a chart and a picture."""
    made = pptx.Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text = "Harbour plan"
    first.placeholders[1].text = "Dredging in May\nNew crane in June"
    first.notes_slide.notes_text_frame.text = "Mention the permit."
    second = made.slides.add_slide(made.slide_layouts[5])
    second.shapes.title.text = "Traffic"
    table = second.shapes.add_table(2, 2, 0, 0, 4_000_000, 900_000).table
    for row, texts in enumerate((("Quay", "Ships"), ("North", "48"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["April", "May"]
    data.add_series("Tonnes", (192, 214))  # type: ignore[no-untyped-call]
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED
    second.shapes.add_chart(kind, 0, 0, 3_000_000, 3_000_000, data)
    second.shapes.add_picture(io.BytesIO(picture()), 0, 0, 2_000_000, 1_500_000)
    return saved(made)


# --- OpenDocument and EPUB ------------------------------------------------------------------------

_ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "text": "text",
        "table": "table",
        "style": "style",
        "draw": "drawing",
        "fo": "xsl-fo-compatible",
        "svg": "svg-compatible",
        "presentation": "presentation",
    }.items()
)


def open_document(
    body: str,
    *,
    styles: str = "",
    kind: str = "text",
    more: Mapping[str, bytes | str] | None = None,
) -> bytes:
    """An OpenDocument file of this body."""
    content = (
        f'<office:document-content {_ODF} xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
    media = f"application/vnd.oasis.opendocument.{kind}"
    return archive({"mimetype": media, "content.xml": content, **(more or {})})


def book(parts: Sequence[str], *, more: Mapping[str, bytes | str] | None = None) -> bytes:
    """An EPUB of these parts, each the body of a page."""
    items = "".join(
        f'<item id="p{number}" href="p{number}.xhtml" media-type="application/xhtml+xml"/>'
        for number in range(len(parts))
    )
    order = "".join(f'<itemref idref="p{number}"/>' for number in range(len(parts)))
    pages = {
        f"OEBPS/p{number}.xhtml": f"<!DOCTYPE html><html><body>{part}</body></html>"
        for number, part in enumerate(parts)
    }
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="OEBPS/b.opf"/></container>',
            "OEBPS/b.opf": f"<package><manifest>{items}</manifest><spine>{order}</spine></package>",
            **pages,
            **(more or {}),
        }
    )


# --- mails ----------------------------------------------------------------------------------------


def mail(
    text: str,
    attachments: Sequence[tuple[str, bytes, str]] = (),
    *,
    html: str = "",
    subject: str = "Order 77",
) -> bytes:
    """A mail; attachments are (name, content, media type)."""
    made = EmailMessage()
    made["From"] = "Petra Novák <petra@kestrel.example>"
    made["To"] = "Jonas Weir <jonas@weir.example>"
    made["Date"] = "Tue, 10 Mar 2026 09:14:22 +0100"
    made["Subject"] = subject
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    for name, content, media in attachments:
        main, _, sub = media.partition("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()


def outlook(properties: Mapping[str, bytes], folders: Mapping[str, Mapping[str, Any]]) -> bytes:
    """An Outlook mail; ``properties`` by the name of their stream, also those of ``folders``."""
    return compound_file({**properties, **folders})


def wide(text: str) -> bytes:
    """A text property of an Outlook mail."""
    return text.encode("utf-16-le")


def fixed_properties(header: int, values: Mapping[int, tuple[int, int]]) -> bytes:
    """The stream of properties of fixed size: by tag (type, value)."""
    entries = (struct.pack("<HHIQ", kind, tag, 6, value) for tag, (kind, value) in values.items())
    return bytes(header) + b"".join(entries)


_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound_file(tree: Mapping[str, Any]) -> bytes:
    """A compound file (OLE2) of streams and folders; each stream takes sectors of its own."""
    entries: list[list[Any]] = [["Root Entry", 5, None, _FREE, _FREE, _FREE]]

    def add(members: Mapping[str, Any], parent: int) -> None:
        numbers = []
        for name, content in members.items():
            is_folder = isinstance(content, Mapping)
            entries.append([name, 1 if is_folder else 2, content, _FREE, _FREE, _FREE])
            numbers.append(len(entries) - 1)
        # a directory is a tree of names; here each has its next one on the right
        ordered = sorted(numbers, key=lambda one: (len(entries[one][0]), entries[one][0].upper()))
        for number, following in zip(ordered, [*ordered[1:], _FREE], strict=True):
            entries[number][4] = following
        if ordered:
            entries[parent][5] = ordered[0]
        for number in numbers:
            if entries[number][1] == 1:
                add(entries[number][2], number)

    add(tree, 0)
    sectors: list[bytes] = []
    fat: list[int] = []

    def store(data: bytes) -> int:
        first = len(sectors)
        pieces = [data[at : at + _SECTOR] for at in range(0, len(data), _SECTOR)]
        sectors.extend(piece.ljust(_SECTOR, b"\0") for piece in pieces)
        fat.extend([*range(first + 1, first + len(pieces)), _END])
        return first

    records = []
    for name, kind, content, left, right, child in entries:
        data = content if kind == 2 else b""
        # streams below 4,096 bytes would be stored elsewhere, so they are filled up
        start = store(data.ljust(4_096, b"\0")) if data else _END
        encoded = (name + "\0").encode("utf-16-le")
        records.append(
            encoded.ljust(64, b"\0")
            + struct.pack("<HBB", len(encoded), kind, 1)
            + struct.pack("<III", left, right, child)
            + bytes(36)
            + struct.pack("<IQ", start, max(len(data), 4_096) if data else 0)
        )
    directory = store(b"".join(records))
    count = len(fat) // 127 + 1
    first_fat = len(sectors)
    fat += [_FAT] * count
    packed = struct.pack(f"<{len(fat)}I", *fat)
    sectors += [
        packed[at : at + _SECTOR].ljust(_SECTOR, b"\xff") for at in range(0, len(packed), _SECTOR)
    ]
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
        + struct.pack("<IIIIIIIII", 0, count, directory, 0, 4_096, _END, 0, _END, 0)
    )
    places = [first_fat + number for number in range(count)]
    header += struct.pack(f"<{count}I", *places).ljust(_SECTOR - len(header), b"\xff")
    return header + b"".join(sectors)


Make = Callable[[], bytes]
