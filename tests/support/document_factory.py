"""PDF, DOCX and image files for tests: pages of text, tables, and scanned pages."""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from collections.abc import Sequence

from PIL import Image, ImageDraw, PngImagePlugin

_SUBJECTS = (
    "The warehouse|Our supplier|A customer|The finance team|Each driver|The old "
    "contract|The new plant"
).split("|")
_VERBS = "reported|reviewed|moved|confirmed|delayed|replaced|counted|described".split("|")
_OBJECTS = (
    "the monthly figures|a set of spare parts|the delivery rules|several open "
    "invoices|two packing lines"
).split("|")
_PLACES = (
    "in Bergen|in the second quarter|without further cost|for the third time|after a long talk"
).split("|")


def filler(number: int, lines: int = 42) -> list[str]:
    """Lines of prose for a page; the same number gives the same lines."""
    pick = random.Random(number)
    return [
        (
            f"{pick.choice(_SUBJECTS)} {pick.choice(_VERBS)} {pick.choice(_OBJECTS)} "
            f"{pick.choice(_PLACES)}."
        )
        for _ in range(lines)
    ]


def table(number: int, rows: int = 30) -> list[str]:
    """Lines of a table of figures."""
    pick = random.Random(number)
    lines = (
        f"{row:02}/2025    {pick.randint(100, 9999):>6}    {pick.randint(0, 99):>6}"
        for row in range(1, rows)
    )
    return ["Month      Sold      Returned", *lines]


def pdf(pages: Sequence[Sequence[str] | Image.Image]) -> bytes:
    """A PDF of pages that are lines of text, or one picture each."""
    objects: list[bytes] = [
        b"",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for page in pages:
        kids.append(len(objects) + 1)
        objects.append(b"")
        number = len(objects)
        if isinstance(page, Image.Image):
            objects.append(_stream(b"q 595 0 0 842 0 0 cm /I Do Q"))
            raw = zlib.compress(page.convert("L").tobytes())
            head = (
                b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray "
                b"/BitsPerComponent 8 /Filter /FlateDecode"
            )
            objects.append(_stream(raw, head % page.size))
            resources = b"/XObject << /I %d 0 R >>" % (number + 2)
        else:
            shown = b" T* ".join(b"(" + _escaped(line) + b") Tj" for line in page)
            objects.append(
                _stream(
                    zlib.compress(b"BT /F 11 Tf 14 TL 50 800 Td " + shown + b" ET"),
                    b"/Filter /FlateDecode",
                )
            )
            resources = b"/Font << /F 3 0 R >>"
        box = b"/MediaBox [0 0 595 842] /Parent 2 0 R"
        objects[number - 1] = b"<< /Type /Page %s /Resources << %s >> /Contents %d 0 R >>" % (
            box,
            resources,
            number + 1,
        )
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (
        len(kids),
        b" ".join(b"%d 0 R" % kid for kid in kids),
    )
    return _file(objects)


def _stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(data), data)


def _escaped(line: str) -> bytes:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(
        out
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, start)
    )


def scan(words: str, size: tuple[int, int] = (620, 877)) -> Image.Image:
    """A page as a scanner sees it: grey, speckled, with words that are no text."""
    pick = random.Random(words)
    image = Image.new("L", size, 248)
    draw = ImageDraw.Draw(image)
    for line in range(12):
        draw.text((60, 60 + 40 * line), f"{words} {line}", fill=20)
    for _ in range(400):
        draw.point((pick.randrange(size[0]), pick.randrange(size[1])), fill=pick.randrange(200))
    return image


def photo(
    size: tuple[int, int] = (640, 480),
    *,
    form: str = "JPEG",
    turned: bool = False,
    place: bool = False,
) -> bytes:
    """A picture with many colours; ``turned``: lying on its side, as its EXIF says; ``place``: with
    the place where it was taken."""
    image = Image.effect_noise(size, 80).convert("RGB")
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    if place:
        exif[0x010F] = "SecretCamera"
        exif.get_ifd(0x8825)[2] = (47.0, 22.0, 7.0)
    out = io.BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "SecretComment")
    more = {"pnginfo": info} if form == "PNG" else {}
    image.save(out, form, exif=exif, **more)
    return out.getvalue()


def docx(body: str, *, head: str = "") -> bytes:
    """A DOCX file with this XML as its body."""
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?>{head}<w:document {names}><w:body>{body}</w:body></w:document>',
        )
    return out.getvalue()
