"""What a file is, told from its bytes; its name and what its sender calls it only tell texts apart."""

from __future__ import annotations

import io
import re
import zipfile

from connector.catalogue import Fault

IMAGES = ("png", "jpeg", "webp", "gif")
TEXTS = ("txt", "csv", "html")
READ = ("pdf", "docx", *IMAGES, *TEXTS)
_SAID = "PDF, DOCX, TXT, CSV, HTML, PNG, JPEG, WebP and GIF are read"
_HEAD = 2_048
_MOST_NAMES = 2_000
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
# what is recognised in order to say what to send instead
_REFUSED_STARTS = (
    (b"\xd0\xcf\x11\xe0", "an old Office file (DOC, XLS, PPT)", "Save it as DOCX or PDF"),
    (b"{\\rtf", "an RTF file", "Save it as DOCX or PDF"),
    (b"II*\0", "a TIFF image", "Save it as PDF or PNG"),
    (b"MM\0*", "a TIFF image", "Save it as PDF or PNG"),
    (b"BM", "a BMP image", "Save it as PNG or JPEG"),
    (b"\x1f\x8b", "a packed file (GZIP)", "Unpack it first"),
    (b"Rar!", "a packed file (RAR)", "Unpack it first"),
    (b"7z\xbc\xaf", "a packed file (7Z)", "Unpack it first"),
    (b"\x7fELF", "a program", "Send a document or an image"),
    (b"MZ", "a program", "Send a document or an image"),
)
_IN_ZIP = (
    ("word/document.xml", "docx", ""),
    ("xl/workbook.xml", "an Excel file", "Save the sheet as CSV"),
    ("ppt/presentation.xml", "a PowerPoint file", "Save it as PDF"),
    ("mimetype", "an OpenDocument or e-book file", "Save it as DOCX or PDF"),
)
_HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_SVG = re.compile(r"<svg\b", re.IGNORECASE)
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def recognise(content: bytes, *, name: str = "", media: str = "") -> str:
    """The kind of a file, one of ``READ``; ``Fault`` (unsupported_file) names what else it is and what to send instead."""
    if not content:
        raise Fault("unsupported_file", "is a file without anything in it.")
    head = content[:_HEAD]
    if b"%PDF-" in head[:1_024]:
        return "pdf"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        raise _refused("a HEIC or AVIF photo, or a film", "Save it as JPEG")
    for start, what, fix in _REFUSED_STARTS:
        if head.startswith(start) and not _is_text(content):
            raise _refused(what, fix)
    return _in_zip(content) if head.startswith(b"PK") else _text_kind(content, name.lower(), media)


def _in_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist()[:_MOST_NAMES])
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        names = set()
    for wanted, kind, fix in _IN_ZIP:
        if wanted in names:
            if fix:
                raise _refused(kind, fix)
            return kind
    raise _refused("a packed file (ZIP)", "Unpack it first")


def _text_kind(content: bytes, name: str, media: str) -> str:
    if not _is_text(content):
        raise Fault("unsupported_file", f"is a kind of file that is not known here; {_SAID}.")
    head = content[:_HEAD].decode("utf-8", "replace")
    if _HTML.match(head) or (media == "text/html" and "<" in head) or name.endswith((".html", ".htm")):
        return "html"
    if _SVG.search(head) and head.lstrip("\ufeff \r\n\t").startswith("<"):
        raise _refused("an SVG image", "Save it as PNG")
    return "csv" if media == "text/csv" or name.endswith(".csv") else "txt"


def _is_text(content: bytes) -> bool:
    return content.startswith((b"\xff\xfe", b"\xfe\xff")) or not _NOT_TEXT.search(content[: 64 * _HEAD])


def _refused(what: str, fix: str) -> Fault:
    return Fault("unsupported_file", f"is {what}, which is not read here. {fix}; {_SAID}.")
