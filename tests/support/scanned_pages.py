"""Pages as images, with the text they show: rendered here, skewed, blurred, or on their side."""

from __future__ import annotations

import io
from collections.abc import Sequence
from difflib import SequenceMatcher

import pypdfium2
from PIL import Image, ImageFilter

from tests.support.document_factory import filler, pdf

DPI = 200
PAGE = [
    *filler(3)[:30],
    "Invoice number: NP-2041",
    "Invoice date: 3 March 2026",
    "Total due: EUR 1,240.50",
]


def rendered(lines: Sequence[str] = PAGE) -> Image.Image:
    """The page in grey, at 200 dpi."""
    return page_image(pdf([lines]))


def page_image(content: bytes) -> Image.Image:
    """The first page of a PDF in grey, at 200 dpi."""
    image: Image.Image = pypdfium2.PdfDocument(content)[0].render(scale=DPI / 72).to_pil()
    return image.convert("L")


def skewed(image: Image.Image, degrees: float) -> Image.Image:
    """The page as it was laid on the scanner, with its corners kept."""
    return image.rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def blurred(image: Image.Image, radius: float = 1.5) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))


def photographed(image: Image.Image) -> bytes:
    """A JPEG of a camera that was held sideways, as its EXIF says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    image.rotate(90, expand=True).save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form, resolution=DPI)
    return out.getvalue()


def share_right(text: str, lines: Sequence[str] = PAGE) -> float:
    """The share of the page's characters that ``text`` has in their order; blanks are one."""
    expected = " ".join(" ".join(lines).split())
    matcher = SequenceMatcher(None, expected, " ".join(text.split()), autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(expected)
