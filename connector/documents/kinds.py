"""The kinds of files: recognised by their bytes, and the reader of each.

A name and a media type only distinguish texts. This runs in the child process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from connector.catalogue.mail_text import is_mail_source
from connector.documents.formats.archive import Archive, encrypted
from connector.documents.formats.charset_detection import decode_file, utf_16_without_mark
from connector.documents.job import DecodedDocument, DecodedPage, DecodeJob, Unreadable

_PILLOW = ("PIL", "pillow")


@dataclass(frozen=True)
class _KindReader:
    """``function`` of a module in this package, and the package that it needs."""

    function: str
    needs: tuple[str, str] | None = None


_IMAGE = _KindReader("images.decode_image", _PILLOW)
_READERS = {
    "pdf": _KindReader("pdf.decode_pdf", ("pypdfium2", "pypdfium2")),
    "docx": _KindReader("formats.word.decode_docx"),
    "pptx": _KindReader("formats.slides.decode_pptx"),
    "xlsx": _KindReader("formats.workbook.decode_workbook", ("python_calamine", "python-calamine")),
    "ods": _KindReader("formats.workbook.decode_workbook", ("python_calamine", "python-calamine")),
    "odt": _KindReader("formats.open_document.decode_odt"),
    "odp": _KindReader("formats.open_document.decode_odp"),
    "rtf": _KindReader("formats.rich_text.decode_rtf"),
    "epub": _KindReader("formats.book.decode_epub"),
    "eml": _KindReader("formats.mail.decode_mail"),
    "msg": _KindReader("formats.outlook.decode_msg", ("olefile", "olefile")),
    "html": _KindReader("formats.web_page.decode_html"),
    "xml": _KindReader("formats.plain_text.decode_xml"),
    "json": _KindReader("formats.plain_text.decode_json"),
    "md": _KindReader("formats.plain_text.decode_text_file"),
    "csv": _KindReader("formats.delimited.decode_delimited"),
    "txt": _KindReader("formats.plain_text.decode_text_file"),
    **dict.fromkeys(("png", "jpeg", "webp", "gif", "bmp", "avif"), _IMAGE),
    "tiff": _KindReader("formats.photos.decode_tiff", _PILLOW),
    "heic": _KindReader("formats.photos.decode_heic", ("pi_heif", "pi-heif")),
    "sheet": _KindReader("spreadsheet.decode_spreadsheet"),
    "article": _KindReader("formats.article.decode_article", ("trafilatura", "trafilatura")),
}
SUPPORTED_KINDS = tuple(kind for kind in _READERS if kind not in {"sheet", "article"})
_SUPPORTED = "PDF, Office files, mails, texts and images are read"
_HEAD = 4_096  # bytes
_LONG_HEAD = 64 * _HEAD
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
)
# recognised in order to state what to send instead
_REFUSED_SIGNATURES = (
    (b"\x1f\x8b", "a packed file (GZIP)", "Unpack it first"),
    (b"BZh", "a packed file (BZIP2)", "Unpack it first"),
    (b"\xfd7zXZ", "a packed file (XZ)", "Unpack it first"),
    (b"Rar!", "a packed file (RAR)", "Unpack it first"),
    (b"7z\xbc\xaf", "a packed file (7Z)", "Unpack it first"),
    (b"%!PS", "a PostScript file", "Save it as PDF"),
    (b"\x7fELF", "a program", "Send a document or an image"),
    (b"MZ", "a program", "Send a document or an image"),
)
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "heic"),
    **dict.fromkeys((b"avif", b"avis"), "avif"),
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_NAMES = (
    ("__properties_version1.0", "msg"),
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "xls"),
    ("Book", "xls"),
)
_OLD_OFFICE = {
    "": ("an old Office file", "Save it in a format of today, or as PDF"),
    "doc": ("an old Word file (DOC)", "Save it as DOCX or PDF"),
    "ppt": ("an old PowerPoint file (PPT)", "Save it as PPTX or PDF"),
    "xls": ("an old Excel file (XLS)", "Save it as XLSX"),
}
_ZIP_MEMBERS = (
    ("word/document", "docx"),
    ("ppt/presentation", "pptx"),
    ("xl/workbook", "xlsx"),
)
_ZIP_MEDIA = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/epub+zip": "epub",
}
_LONGEST_MEDIA = 200
_HTML = re.compile(
    r"(?:<\?xml[^<>]{0,200}+>)?+\s*+(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s++html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_SVG = re.compile(r"<svg\b", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TEXT_KINDS = (
    (("text/html", "application/xhtml+xml"), (".html", ".htm", ".xhtml"), "html"),
    (("application/json", "text/json"), (".json", ".jsonl", ".ndjson"), "json"),
    (("text/markdown", "text/x-markdown"), (".md", ".markdown"), "md"),
    (("text/csv", "text/tab-separated-values"), (".csv", ".tsv"), "csv"),
    (("message/rfc822",), (".eml",), "eml"),
)


def decode(job: DecodeJob, content: bytes) -> Iterator[DecodedDocument | DecodedPage]:
    """The documents of a file: each is followed by its pages. ``Unreadable`` says why it is not."""
    kind = job.kind or recognise(content, name=job.name, media=job.media)
    reader = _READERS[kind]
    if reader.needs and find_spec(reader.needs[0]) is None:
        raise Unreadable(
            "unsupported_file",
            f"cannot be read here, which needs {reader.needs[1]}: install "
            f'"formcall[{"heic" if kind == "heic" else "documents"}]".',
        )
    yield DecodedDocument(kind, job.name)
    module, _, function = reader.function.rpartition(".")
    yield from getattr(import_module(f"connector.documents.{module}"), function)(job, content)


def recognise(content: bytes, *, name: str = "", media: str = "") -> str:
    """The kind of a file, one of ``SUPPORTED_KINDS``.

    ``Unreadable`` (unsupported_file, or empty_file) names the kind of any other file and what to
    send instead.
    """
    if not content:
        raise Unreadable("empty_file", "is an empty file.")
    head = content[:_HEAD]
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\f\0")
    if start.startswith(b"%PDF-") or (b"%PDF-" in head[:1_024] and not _is_text(content)):
        return "pdf"
    if start.startswith(b"{\\rtf"):
        return "rtf"
    if kind := _binary_kind(content, head):
        return kind
    if _is_text(content):
        return _text_kind(content, name.lower(), media)
    for signature, what, fix in _REFUSED_SIGNATURES:
        if head.startswith(signature):
            raise _refused(what, fix)
    if head.startswith(b"BM"):
        return "bmp"
    raise Unreadable("unsupported_file", f"is a kind of file that is not known here; {_SUPPORTED}.")


def _binary_kind(content: bytes, head: bytes) -> str:
    """The kind of a file with a signature that no text begins with; "" for none."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _film_or_photo(head)
    if head.startswith(_OLE):
        return _ole_kind(content)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(content)
    return next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), "")


def _film_or_photo(head: bytes) -> str:
    kind = _BRANDS.get(head[8:12])
    if kind is None:
        raise _refused("a film or a sound", "Send a document or an image")
    return kind


def _ole_kind(content: bytes) -> str:
    """The kind of a file in the container of old Office files, by the names in its directory."""
    names = (kind for name, kind in _OLE_NAMES if name.encode("utf-16-le") in content)
    kind = next(names, "")
    if kind == "encrypted":
        raise encrypted("an Office file")
    if kind != "msg":
        raise _refused(*_OLD_OFFICE[kind])
    return kind


def _zip_kind(content: bytes) -> str:
    try:
        archive = Archive(content, "a packed file (ZIP)")
    except Unreadable as error:
        if error.code == "file_too_large":
            raise
        raise _refused("a packed file (ZIP)", "Unpack it first") from None
    if "mimetype" in archive and archive.size("mimetype") <= _LONGEST_MEDIA:
        media = archive.read("mimetype").strip()
        if kind := next((kind for start, kind in _ZIP_MEDIA.items() if media == start), ""):
            return kind
    for folder, kind in _ZIP_MEMBERS:
        if any(name.lower().startswith(folder) for name in archive.names):
            return kind
    if any(name.endswith(".iwa") for name in archive.names):
        raise _refused("a Pages, Numbers or Keynote file", "Export it as PDF")
    raise _refused("a packed file (ZIP)", "Unpack it first")


def _text_kind(content: bytes, name: str, media: str) -> str:
    head = decode_file(content[:_HEAD]).text.lstrip("\ufeff")
    if _HTML.match(head):
        return "html"
    if head.lstrip().startswith("<"):
        if _SVG.search(head):
            raise _refused("an SVG image", "Save it as PNG")
        if head.lstrip().startswith("<?xml") or name.endswith(".xml") or media.endswith("xml"):
            return "xml"
    if is_mail_source(content[:_LONG_HEAD].decode("latin-1")):
        return "eml"
    for medias, ends, kind in _TEXT_KINDS:
        is_declared = media in medias or name.endswith(ends)
        if is_declared and (kind != "html" or "<" in head):
            return kind
    return "txt"


def _is_text(content: bytes) -> bool:
    """Whether the bytes are text in some charset: without control characters."""
    sample = content[:_LONG_HEAD]
    is_utf_16 = sample.startswith((b"\xff\xfe", b"\xfe\xff")) or utf_16_without_mark(sample)
    text = decode_file(sample[: len(sample) & ~1]).text if is_utf_16 else sample.decode("latin-1")
    return not _CONTROL.search(text)


def _refused(what: str, fix: str) -> Unreadable:
    return Unreadable(
        "unsupported_file", f"is {what}, which is not read here. {fix}; {_SUPPORTED}."
    )
