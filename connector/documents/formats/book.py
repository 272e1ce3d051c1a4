"""EPUB: each part of a book as a page, in the order in which it is read."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import unquote

from connector.documents.formats.archive import Archive, Element, broken, encrypted
from connector.documents.formats.charset_detection import decode_file
from connector.documents.formats.flow import Item, PageItems
from connector.documents.formats.pages import decode_pages
from connector.documents.formats.web_page import html_items
from connector.documents.job import DecodedPage, DecodeJob

_WHAT = "an e-book (EPUB)"
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# the obfuscation of fonts, which does not concern the text
_FONT_METHODS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_TEXTS = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def decode_epub(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The parts of a book as pages; ``Unreadable`` for one with copy protection."""
    archive = Archive(content, _WHAT)
    _refuse_protected(archive)
    paths = list(_reading_order(archive))
    if not paths:
        raise broken(_WHAT)
    selected = set(job.select_pages(len(paths)))
    pages: list[PageItems] = [
        _part_items(archive, path) if number in selected else []
        for number, path in enumerate(paths, 1)
    ]
    yield from decode_pages(job, pages)


def _refuse_protected(archive: Archive) -> None:
    root = archive.xml_if_there(_ENCRYPTION)
    for entry in _all(root, "EncryptionMethod"):
        if entry.get("Algorithm", "") not in _FONT_METHODS:
            raise encrypted(_WHAT)


def _reading_order(archive: Archive) -> Iterator[str]:
    container = archive.xml(_CONTAINER)
    package = next((one.get("full-path", "") for one in _all(container, "rootfile")), "")
    root = archive.xml(package)
    folder = posixpath.dirname(package)
    items = {
        one.get("id", ""): _path(folder, one.get("href", ""))
        for one in _all(root, "item")
        if one.get("media-type") in _TEXTS
    }
    for entry in _all(root, "itemref"):
        path = items.get(entry.get("idref", ""), "")
        if path in archive:
            yield path


def _part_items(archive: Archive, path: str) -> list[Item]:
    source = decode_file(archive.read(path)).text
    return html_items(source, partial(_find_picture, archive, posixpath.dirname(path)))


def _find_picture(archive: Archive, folder: str, address: str) -> Callable[[], bytes] | None:
    path = _path(folder, address)
    return partial(archive.read, path) if path in archive else None


def _path(folder: str, address: str) -> str:
    joined = posixpath.join("/", folder, unquote(address.partition("#")[0]))
    return posixpath.normpath(joined).lstrip("/")


def _all(root: Element | None, name: str) -> Iterator[Element]:
    """The descendants with a local name."""
    for entry in root.iter() if root is not None else ():
        if entry.tag.rpartition("}")[2] == name:
            yield entry
