"""Files in a form: what a caller sends of a document or an image, and its pages once somebody has read them.

On the wire a file is one string: an address (https://...), a data URL, or base64; a multipart part becomes a data URL with its
name. Here it is only taken apart; fetching, recognising and reading it is up to who runs the action, since that needs time,
a network and libraries. Until then a form holds ``Files`` without pages.
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

from connector.catalogue.values import Fault, clean, is_absent, read_text, shown

MOST_FILES = 20
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_DATA = re.compile(r"data:(?P<media>[\w.+-]+/[\w.+-]+)?(?P<rest>(?:;[\w-]+(?:=[^;,]*)?)*),", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_FILE_START = re.compile(r"(?:https?://|data:)", re.IGNORECASE)
_PAGES = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_RANGE = re.compile(r"\s*[-\u2013]\s*")
_LAST_PAGE = 100_000
_NAME_LENGTH = 200
_TEXT_MEDIA = "text/plain"


@dataclass(frozen=True)
class FileInput:
    """One file as it was sent: an address, or its bytes. ``media`` is what the sender calls it, which proves nothing."""

    url: str = ""
    content: bytes = field(default=b"", repr=False)
    name: str = ""
    media: str = ""

    @cached_property
    def digest(self) -> str:
        """The same for the same address, or the same bytes."""
        return hashlib.sha256(b"%d\0" % bool(self.url) + (self.url.encode("utf-8", "replace") or self.content)).hexdigest()

    def as_text(self) -> str:
        """The string that reads as this file again."""
        return self.url or data_url(self.content, media=self.media, name=self.name)


@dataclass(frozen=True)
class Picture:
    """An image as a model is shown it: already decoded and encoded anew, upright, without what a camera noted beside."""

    media: str
    content: bytes = field(repr=False)
    width: int
    height: int

    def data_url(self) -> str:
        return data_url(self.content, media=self.media)


@dataclass(frozen=True)
class Page:
    """A page of a document, numbered from 1: its ``text``, or its ``picture`` where there is little text, or both.

    ``seen`` is False for a page that shows something which nobody can read from here: a scan without its picture.
    """

    file: int
    number: int
    text: str = ""
    picture: Picture | None = None
    seen: bool = True


@dataclass(frozen=True)
class Document:
    """One file that was read. ``kind`` is its type as found out from its bytes, such as pdf; ``number`` counts the files from 1."""

    number: int
    name: str
    kind: str
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Files:
    """What a box for files holds. ``documents`` is None until they were read; two are equal when the same was sent.

    ``wanted`` are the numbers of the pages that are to be read, none for all.
    """

    inputs: tuple[FileInput, ...]
    documents: tuple[Document, ...] | None = field(default=None, compare=False)
    wanted: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        told = (*(one.digest for one in self.inputs), *map(str, self.wanted))
        return hashlib.sha256(" ".join(told).encode()).hexdigest()

    @property
    def is_text(self) -> bool:
        """Whether all of it is plain text that came with the form, which anybody can read at once."""
        return all(one.media == _TEXT_MEDIA and one.content for one in self.inputs)

    def with_texts(self) -> Files:
        """These files with their pages, if they are plain text; ``Fault`` when a page is wanted that they do not have."""
        if self.documents is not None or not self.is_text:
            return self
        documents = []
        for number, one in enumerate(self.inputs, 1):
            pages = chosen(text_pages(number, text_of(one.content)), self.wanted)
            documents.append(Document(number, one.name or f"file {number}", "txt", pages))
        return replace(self, documents=tuple(documents))

    def and_text(self, text: str) -> Files:
        """These files and a text that was typed."""
        return replace(self, inputs=(*self.inputs, FileInput(content=text.encode("utf-8", "replace"), name="text", media=_TEXT_MEDIA)))

    @property
    def coverage(self) -> float:
        """The share of pages that could be read, from 0 to 1."""
        return sum(page.seen for page in self.pages) / len(self.pages) if self.pages else 0.0

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        return tuple(page for document in self.documents or () for page in document.pages)

    def name_of(self, file: int) -> str:
        """What the file of that number is called."""
        return next((one.name for one in self.documents or () if one.number == file), f"file {file}")

    def __len__(self) -> int:
        return len(self.inputs)

    def __str__(self) -> str:
        """The text of all pages, each behind its mark, as a prompt is given it."""
        return "\n\n".join(marked(self))


def marked(files: Files) -> Iterator[str]:
    """Each page behind a line that names it, by which a model can say where it read something; not those that are shown as pictures."""
    return (words_of(files, page) for page in files.pages if page.picture is None)


def words_of(files: Files, page: Page) -> str:
    """The text of a page behind the line that names it."""
    return f"{mark(files, page)}\n{page.text}".rstrip()


def mark(files: Files, page: Page) -> str:
    """The line that stands before a page. With several files each has a number too."""
    return f"[file {page.file}, page {page.number}]" if len(files) > 1 else f"[page {page.number}]"


def text_of(content: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16, or else in the alphabet of western Europe, with plain line ends."""
    coding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(coding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"))


def text_pages(file: int, text: str) -> tuple[Page, ...]:
    """A text's pages, which form feeds divide; without one it is a single page."""
    return tuple(Page(file, number, part.strip("\n")) for number, part in enumerate(text.rstrip("\f\n").split("\f"), 1))


def chosen(pages: tuple[Page, ...], wanted: tuple[int, ...]) -> tuple[Page, ...]:
    """Those of ``pages`` that are ``wanted``, or all; ``Fault`` names the first that is not there."""
    if missing := [number for number in wanted if number > len(pages)]:
        raise Fault("no_such_page", f"has {len(pages):,} pages; there is no page {missing[0]:,}.")
    return tuple(pages[number - 1] for number in wanted) or pages


def read_page_numbers(text: str) -> tuple[int, ...]:
    """The pages that a person names, such as ``1-3, 7``, in order and each once; ``Fault`` says how they are written."""
    found: set[int] = set()
    for part in filter(None, re.split(r"[,;\s]+", _RANGE.sub("-", text))):
        bounds = _PAGES.fullmatch(part)
        low, high = (int(bounds[1]), int(bounds[2] or bounds[1])) if bounds else (0, 0)
        if not 0 < low <= high <= _LAST_PAGE:
            raise Fault("bad_line", f"takes page numbers such as 1-3, 7; not {shown(part)}.")
        found.update(range(low, high + 1))
    return tuple(sorted(found))


def data_url(content: bytes, *, media: str = "", name: str = "") -> str:
    """``content`` as a data URL; the parameter ``name`` is ours, and is read back."""
    named = f";name={quote(name, safe='')}" if name else ""
    return f"data:{media or 'application/octet-stream'}{named};base64,{base64.b64encode(content).decode()}"


def read_files(value: Any, most: int = 1) -> Files:
    """Up to ``most`` files from what a form sends; ``Fault`` says what to send instead."""
    given = [one for one in _entries(value, most) if not is_absent(one)]
    if len(given) > most:
        raise Fault("too_many", f"takes {'one file' if most == 1 else f'at most {most} files'}; there are {len(given)}.")
    return Files(tuple(_read_file(one) for one in given))


def _entries(value: Any, most: int) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    if most > 1 and isinstance(value, str) and _FILE_START.match(value.strip()):
        return value.split()  # neither an address nor a data URL has white space in it
    return [value]


def _read_file(value: Any) -> FileInput:
    text = value.strip() if isinstance(value, str) else read_text(value)
    if _ADDRESS.fullmatch(text):
        return FileInput(url=text)
    if found := _DATA.match(text):
        return _of_data_url(found, text[found.end() :])
    if text[:5].lower() == "data:":
        raise Fault("bad_file", "has a data URL that cannot be read; it is written data:application/pdf;base64,… .")
    packed = "".join(text.split())
    if _BASE64.fullmatch(packed):
        return FileInput(content=_unpacked(packed))
    raise Fault("bad_file", f"takes an address that begins with https://, a data URL or base64; not {shown(text)}.")


def _of_data_url(found: re.Match[str], rest: str) -> FileInput:
    words = [word for word in found["rest"].split(";") if word]
    given = {name.lower(): value for name, _, value in (word.partition("=") for word in words)}
    content = _unpacked("".join(unquote(rest).split())) if "base64" in given else unquote_to_bytes(rest)
    if not content:
        raise Fault("bad_file", "is a file without anything in it.")
    name = clean(unquote(given.get("name") or given.get("filename") or "")).strip(' "')[-_NAME_LENGTH:]
    return FileInput(content=content, name=name, media=(found["media"] or _TEXT_MEDIA).lower())


def _unpacked(packed: str) -> bytes:
    """What is in base64, of either alphabet, with or without the signs at its end."""
    packed = packed.rstrip("=").translate(_URL_SAFE)
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Fault("bad_file", "has base64 that cannot be read: it is cut off, or has signs that base64 does not have.") from None


_URL_SAFE = str.maketrans("-_", "+/")
