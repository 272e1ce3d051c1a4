"""What the child process is given, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.catalogue.page_content import PageTable, Span


class Unreadable(Exception):
    """The file cannot be read: a stable code, and a sentence that follows the field's name."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class DecodeJob:
    """What to decode.

    ``pictures``  none, auto (of pages whose text does not tell all) or all
    ``pages``     page numbers from 1; empty for all
    ``sheet``     the name of a spreadsheet's sheet; empty for the first one
    ``ocr``       the languages in which images of text are read; empty: they are not read
    ``recogniser``   by which they are read: tesseract or ppocr
    ``ocr_seconds``  after this time no further image is read
    ``kind``      what the file is; empty if that is to be recognised by its bytes
    ``name``, ``media``, ``charset``  what its sender calls it, unverified
    ``depth``     how many files it is attached within
    """

    pictures: str
    max_pages: int
    max_pictures: int
    max_pixels: int
    max_patches: int
    pages: tuple[int, ...] = ()
    sheet: str = ""
    ocr: tuple[str, ...] = ()
    recogniser: str = "tesseract"
    ocr_seconds: float = 0.0
    kind: str = ""
    name: str = ""
    media: str = ""
    charset: str = ""
    depth: int = 0

    def select_pages(self, count: int) -> list[int]:
        """The numbers of the pages to read, of a file that has ``count`` pages.

        ``Unreadable`` when a page does not exist, or when these are too many.
        """
        missing = [page for page in self.pages if page > count]
        if missing:
            raise Unreadable(
                "no_such_page", f"has {count:,} pages; there is no page {missing[0]:,}."
            )
        selected = list(self.pages) or list(range(1, count + 1))
        if len(selected) > self.max_pages:
            raise Unreadable(
                "too_many_pages",
                f"has {len(selected):,} pages to read; {self.max_pages:,} are read at most.",
            )
        return selected


@dataclass(frozen=True)
class DecodedDocument:
    """The start of a document, whose pages follow: the file itself, or one attached to it."""

    kind: str
    name: str = ""


@dataclass(frozen=True)
class EncodedPicture:
    """An image as it is sent to a model, with its size in pixels."""

    media: str
    width: int
    height: int
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class DecodedPage:
    """One decoded page; its members are those of ``catalogue.files.Page``."""

    number: int
    text: str
    pictures: tuple[EncodedPicture, ...] = ()
    coverage: float = 1.0
    omissions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: tuple[PageTable, ...] = ()
    doubtful: tuple[Span, ...] = ()
