"""Files in a form: a document or an image as the caller sent it, and its pages once it is read.

On the wire a file is one string: a URL (https://...), a data URL, or base64; a multipart part
becomes a data URL with its name. This module only parses that string. Fetching, recognising and
reading the file need time, a network and libraries, and happen when the action runs; until then a
form holds ``Files`` without pages.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from connector.catalogue.mail_text import is_mail_source
from connector.catalogue.page_content import PageTable, Span
from connector.catalogue.values import InvalidValue, clean, is_absent, quoted, read_text

MAX_FILES = 20
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_DATA_URL = re.compile(
    r"data:(?P<media>[\w.+-]+/[\w.+-]+)?(?P<rest>(?:;[\w-]+(?:=[^;,]*)?)*),", re.IGNORECASE
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_FILE_START = re.compile(r"(?:https?://|data:)", re.IGNORECASE)
_PAGES = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_RANGE = re.compile(r"(?<!\s)\s*+[-\u2013]\s*+")
_LAST_PAGE = 100_000
_NAME_LENGTH = 200
_CHARSET_LENGTH = 40
_TEXT_MEDIA = "text/plain"
_TEXT_HEAD = 1_024  # bytes in which another kind of file is recognised
_UTF_8 = ("", "utf-8", "utf8", "us-ascii", "ascii")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKUP_STARTS = (b"<", b"{\\rtf")
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class FileInput:
    """One file as it was sent: a URL, or its bytes.

    ``media`` and ``charset`` are the sender's claims, unverified. A typed text is one whatever it
    looks like.
    """

    url: str = ""
    content: bytes = field(default=b"", repr=False)
    name: str = ""
    media: str = ""
    charset: str = ""
    is_typed: bool = False

    @cached_property
    def is_plain_text(self) -> bool:
        """Whether this is called a text, and looks like nothing else.

        What may be another kind of file is recognised when the action runs.
        """
        if self.media != _TEXT_MEDIA or not self.content:
            return False
        return self.is_typed or _is_plain_text(self.content, self.charset)

    @cached_property
    def digest(self) -> str:
        """A hash of the URL, or of the bytes and their charset."""
        data = self.url.encode("utf-8", "replace") or self.content + self.charset.encode()
        return hashlib.sha256(b"%d\0" % bool(self.url) + data).hexdigest()

    def as_text(self) -> str:
        """The string from which ``read_files`` makes this file again."""
        media = f"{self.media};charset={self.charset}" if self.charset else self.media
        return self.url or data_url(self.content, media=media, name=self.name)


@dataclass(frozen=True)
class Picture:
    """An image as sent to a model: decoded and re-encoded, upright, without metadata."""

    media: str
    content: bytes = field(repr=False)
    width: int
    height: int

    def data_url(self) -> str:
        return data_url(self.content, media=self.media)


@dataclass(frozen=True)
class Page:
    """A page of a document, numbered from 1: its ``text``, or ``pictures`` of it, or both.

    ``pictures``   the page itself where its text does not tell all, or the images within it
    ``coverage``   the share of the page's content, from 0 to 1, that the text and the pictures have
    ``omissions``  what they lack, as nouns with an article: "a picture", "3 equations"
    ``warnings``   further sentences about the page, such as a charset that was guessed
    ``tables``     the tables in the text
    ``repeated``   parts of the text that repeat on many pages: running heads and feet
    ``doubtful``   parts of the text that were read with too little confidence to be quoted
    """

    file: int
    number: int
    text: str = ""
    pictures: tuple[Picture, ...] = ()
    coverage: float = 1.0
    omissions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: tuple[PageTable, ...] = ()
    repeated: tuple[Span, ...] = ()
    doubtful: tuple[Span, ...] = ()

    @property
    def is_readable(self) -> bool:
        """Whether anything of the page is available, in its text or in pictures."""
        return self.coverage > 0

    @property
    def body(self) -> str:
        """The text with empty lines in the place of running heads and feet; offsets stay."""
        text = self.text
        for start, end in self.repeated:
            text = f"{text[:start]}{chr(10) * (end - start)}{text[end:]}"
        return text


@dataclass(frozen=True)
class Document:
    """One file that was read, numbered from 1; ``kind`` is its type by its bytes, such as pdf."""

    number: int
    name: str
    kind: str
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Files:
    """The files of one form field. ``documents`` is None until they are read.

    ``page_numbers`` are the pages to read, empty for all. ``attached`` counts the documents that
    were found within the files; their numbers follow those of the files. Two are equal if the same
    was sent.
    """

    inputs: tuple[FileInput, ...]
    documents: tuple[Document, ...] | None = field(default=None, compare=False)
    page_numbers: tuple[int, ...] = ()
    attached: int = field(default=0, compare=False)

    @property
    def digest(self) -> str:
        parts = [one.digest for one in self.inputs]
        parts += map(str, self.page_numbers)
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    @property
    def is_text(self) -> bool:
        """Whether all files are plain text sent with the form, readable without a process."""
        return all(one.is_plain_text for one in self.inputs)

    @property
    def has_several(self) -> bool:
        """Whether the number of a page needs that of its file."""
        return len(self.inputs) + self.attached > 1

    def read_plain_text(self) -> Files:
        """These files with their pages, if they are plain text; else unchanged.

        ``InvalidValue`` if a selected page does not exist, or if there is no text.
        """
        if self.documents is not None or not self.is_text:
            return self
        documents = (
            read_plain_text(number, one, self.page_numbers)
            for number, one in enumerate(self.inputs, 1)
        )
        return replace(self, documents=tuple(documents))

    def add_text(self, text: str) -> Files:
        """These files and a text that was typed."""
        content = text.encode("utf-8", "replace")
        typed = FileInput(content=content, name="text", media=_TEXT_MEDIA, is_typed=True)
        return replace(self, inputs=(*self.inputs, typed))

    @property
    def coverage(self) -> float:
        """The share of the pages' content that could be read, from 0 to 1."""
        if not self.pages:
            return 0.0
        return round(sum(page.coverage for page in self.pages) / len(self.pages), 4)

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        return tuple(page for document in self.documents or () for page in document.pages)

    def file_name(self, file: int) -> str:
        """The name of the file with that number."""
        names = (one.name for one in self.documents or () if one.number == file)
        return next(names, f"file {file}")

    def __len__(self) -> int:
        return len(self.inputs)

    def __str__(self) -> str:
        """The text of all pages for a prompt, each after its label."""
        return "\n\n".join(labelled_pages(self))


def _is_plain_text(content: bytes, charset: str) -> bool:
    """Whether ``content`` is UTF-8 without the marks of another kind of file."""
    if charset.lower() not in _UTF_8 or _CONTROL_BYTES.search(content):
        return False
    head = content[:_TEXT_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n\f")
    if head.startswith(_MARKUP_STARTS) or b"%PDF-" in head:
        return False
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not is_mail_source(text)


def labelled_pages(files: Files) -> Iterator[str]:
    """The text of each page after its label, except for pages that have pictures."""
    return (labelled_text(files, page) for page in files.pages if not page.pictures)


def labelled_text(files: Files, page: Page) -> str:
    """The text of a page after its label."""
    return f"{page_label(files, page)}\n{page.text}".rstrip()


def page_label(files: Files, page: Page) -> str:
    """The line before a page; it includes the file's number when there are several files."""
    if files.has_several:
        return f"[file {page.file}, page {page.number}]"
    return f"[page {page.number}]"


def picture_label(files: Files, page: Page, number: int) -> str:
    """The line before picture ``number`` of a page, from 1."""
    return f"{page_label(files, page)[:-1]}, picture {number}]"


def read_plain_text(number: int, source: FileInput, page_numbers: tuple[int, ...]) -> Document:
    """The document of a plain text; ``InvalidValue`` if it is empty or lacks a selected page."""
    text = source.content.decode("utf-8-sig", "replace")
    text = clean(text.replace("\r\n", "\n").replace("\r", "\n"))
    pages = select_pages(split_pages(number, text), page_numbers)
    if not any(map(has_content, pages)):
        raise empty_file(page_numbers)
    return Document(number, source.name or f"file {number}", "txt", pages)


def empty_file(page_numbers: tuple[int, ...] = ()) -> InvalidValue:
    """The error for a file in which there is nothing to read, or not on the pages selected."""
    where = " on the selected pages" if page_numbers else ""
    return InvalidValue(
        "empty_file",
        f"has no content{where}: neither text nor a picture. Check that the right file was sent.",
    )


def has_content(page: Page) -> bool:
    """Whether a page has text, pictures, or something that is not read."""
    return bool(page.text.strip() or page.pictures or page.omissions or page.coverage < 1)


def split_pages(file: int, text: str) -> tuple[Page, ...]:
    """The pages of a text, separated by form feeds; a text without one is a single page."""
    parts = text.rstrip("\f\n").split("\f")
    return tuple(Page(file, number, part.strip("\n")) for number, part in enumerate(parts, 1))


def select_pages(pages: tuple[Page, ...], page_numbers: tuple[int, ...]) -> tuple[Page, ...]:
    """The pages with these numbers, or all; ``InvalidValue`` if one does not exist."""
    if missing := [number for number in page_numbers if number > len(pages)]:
        raise InvalidValue(
            "no_such_page", f"has {len(pages):,} pages; there is no page {missing[0]:,}."
        )
    return tuple(pages[number - 1] for number in page_numbers) or pages


def read_page_numbers(text: str) -> tuple[int, ...]:
    """The distinct page numbers in a text such as ``1-3, 7``, sorted; else ``InvalidValue``."""
    numbers: set[int] = set()
    for part in filter(None, re.split(r"[,;\s]+", _RANGE.sub("-", text))):
        bounds = _PAGES.fullmatch(part)
        low = int(bounds[1]) if bounds else 0
        high = int(bounds[2] or low) if bounds else 0
        if not 0 < low <= high <= _LAST_PAGE:
            raise InvalidValue(
                "bad_line", f"takes page numbers such as 1-3, 7; not {quoted(part)}."
            )
        numbers.update(range(low, high + 1))
    return tuple(sorted(numbers))


def data_url(content: bytes, *, media: str = "", name: str = "") -> str:
    """``content`` as a data URL; ``name`` is our own parameter, which ``read_files`` reads back."""
    media_type = media or "application/octet-stream"
    name_parameter = f";name={quote(name, safe='')}" if name else ""
    return f"data:{media_type}{name_parameter};base64,{base64.b64encode(content).decode()}"


def read_files(value: Any, max_files: int = 1) -> Files:
    """The files in a form value, at most ``max_files``; else ``InvalidValue``."""
    entries = [entry for entry in _entries(value, max_files) if not is_absent(entry)]
    if len(entries) > max_files:
        limit = "one file" if max_files == 1 else f"at most {max_files} files"
        raise InvalidValue("too_many", f"takes {limit}; there are {len(entries)}.")
    return Files(tuple(_read_file(entry) for entry in entries))


def _entries(value: Any, max_files: int) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    if max_files > 1 and isinstance(value, str) and _FILE_START.match(value.strip()):
        return value.split()  # neither a URL nor a data URL contains white space
    return [value]


def _read_file(value: Any) -> FileInput:
    text = value.strip() if isinstance(value, str) else read_text(value)
    if _URL.fullmatch(text):
        return FileInput(url=text)
    if header := _DATA_URL.match(text):
        return _from_data_url(header, text[header.end() :])
    if text[:5].lower() == "data:":
        raise InvalidValue(
            "bad_file",
            "has a data URL that cannot be read; it is written data:application/pdf;base64,… .",
        )
    encoded = "".join(text.split())
    if _BASE64.fullmatch(encoded):
        return FileInput(content=_decode_base64(encoded))
    raise InvalidValue(
        "bad_file",
        f"takes a URL that begins with https://, a data URL or base64; not {quoted(text)}.",
    )


def _from_data_url(header: re.Match[str], data: str) -> FileInput:
    parameters: dict[str, str] = {}
    for parameter in header["rest"].split(";"):
        name, _, value = parameter.partition("=")
        parameters[name.lower()] = value
    if "base64" in parameters:
        content = _decode_base64("".join(unquote(data).split()))
    else:
        content = unquote_to_bytes(data)
    if not content:
        raise InvalidValue("bad_file", "is an empty file.")
    name = clean(unquote(parameters.get("name") or parameters.get("filename") or ""))
    return FileInput(
        content=content,
        name=name.strip(' "')[-_NAME_LENGTH:],
        media=(header["media"] or _TEXT_MEDIA).lower(),
        charset=unquote(parameters.get("charset") or "").strip(' "')[:_CHARSET_LENGTH],
    )


def _decode_base64(encoded: str) -> bytes:
    """The bytes of base64 in the standard or the URL-safe alphabet, with or without padding."""
    encoded = encoded.rstrip("=").translate(_URL_SAFE)
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidValue(
            "bad_file",
            "has base64 that cannot be read: it is cut off or has characters not in base64.",
        ) from None
