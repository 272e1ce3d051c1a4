"""ZIP archives (DOCX, XLSX, PPTX, ODT, EPUB) and the XML in them, read within limits."""

from __future__ import annotations

import io
import posixpath
import zipfile
from functools import cached_property
from xml.etree import ElementTree
from xml.parsers import expat

from connector.documents.job import Unreadable

Element = ElementTree.Element

_END = b"PK\x05\x06"  # the end of the directory: its entries and its size are in it
_MAX_COMMENT = 65_557  # bytes at the end of a file in which it is found
_MAX_DIRECTORY = 4_000_000  # bytes
MAX_MEMBERS = 20_000
_MAX_XML = 100_000_000  # bytes of one member
_MAX_TOTAL = 400_000_000  # bytes of all members that are read
_MAX_DEPTH = 2_000  # elements in elements
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CHUNK = 65_536
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    KeyError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    EOFError,
)
_BASE = "{http://www.w3.org/XML/1998/namespace}base"


def broken(what: str) -> Unreadable:
    """The error for a damaged file; ``what`` is its kind with an article."""
    return Unreadable("file_broken", f"is {what} that cannot be read: it is damaged or incomplete.")


class Archive:
    """The members of a ZIP file; ``what`` is the kind of the file with an article, for errors."""

    def __init__(self, content: bytes, what: str) -> None:
        self._what = what
        self._left = _MAX_TOTAL
        _check_directory(content, what)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _ZIP_ERRORS:
            raise broken(what) from None
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise self._too_large()
        # names are compared without case and without a first slash, as Office does
        self._members = {_key(member.filename): member for member in members}

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(member.filename for member in self._members.values())

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._members

    def size(self, name: str) -> int:
        """The size of a member in bytes, as the directory states it; 0 for none."""
        member = self._members.get(_key(name))
        return member.file_size if member else 0

    def read(self, name: str) -> bytes:
        """The bytes of a member; ``Unreadable`` if it is missing, damaged or too large."""
        member = self._members.get(_key(name))
        if member is None:
            raise broken(self._what)
        if member.flag_bits & _ENCRYPTED:
            raise encrypted(self._what)
        if member.file_size > min(_MAX_XML, self._left):
            raise self._too_large()
        if member.compress_type not in _METHODS:
            raise broken(self._what)
        try:
            with self._zip.open(member) as file:
                data = file.read(member.file_size + 1)
        except _ZIP_ERRORS:
            raise broken(self._what) from None
        except Exception as error:  # zlib.error has no other base
            if type(error).__name__ != "error":
                raise
            raise broken(self._what) from None
        self._left -= len(data)
        return data

    def xml(self, name: str) -> Element:
        """The root element of a member; ``Unreadable`` if it cannot be read."""
        return parse_xml(self.read(name), self._what)

    def xml_if_there(self, name: str) -> Element | None:
        """The root element of a member, or None where it is missing or damaged."""
        if name not in self:
            return None
        try:
            return self.xml(name)
        except Unreadable:
            return None

    def _too_large(self) -> Unreadable:
        return Unreadable(
            "file_too_large", f"is {self._what} with more content than is read. Split it."
        )


def encrypted(what: str) -> Unreadable:
    """The error for a file with a password; ``what`` is its kind with an article."""
    return Unreadable(
        "file_encrypted", f"is {what} with a password. Save it without one, and send that."
    )


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()


def _check_directory(content: bytes, what: str) -> None:
    """Refuse a directory that is too large, before it is read."""
    end = content.rfind(_END, max(0, len(content) - _MAX_COMMENT))
    if end < 0 or len(content) < end + 22:
        raise broken(what)
    entries = int.from_bytes(content[end + 10 : end + 12], "little")
    size = int.from_bytes(content[end + 12 : end + 16], "little")
    # the largest numbers say that a second, larger directory has the true ones
    is_large = entries == 0xFFFF or size == 0xFFFFFFFF  # noqa: PLR2004
    if is_large or entries > MAX_MEMBERS or size > _MAX_DIRECTORY:
        raise Unreadable(
            "file_too_large", f"is {what} of more than {MAX_MEMBERS:,} files. Split it."
        )


def parse_xml(data: bytes, what: str) -> Element:
    """The root element of ``data``; ``Unreadable`` for what is damaged or has declarations.

    Office programs write no document type, and with one a small file can expand without limit.
    """
    if len(data) > _MAX_XML:
        raise Unreadable("file_too_large", f"is {what} with more text than is read. Split it.")
    try:
        refuse_declarations(data, what)
        root = ElementTree.fromstring(data)  # noqa: S314  without declarations nothing expands, and the child has limits
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError):
        raise broken(what) from None
    return root


class _RootReached(Exception):
    """The part of an XML text in which declarations may be has ended."""


def refuse_declarations(data: bytes, what: str) -> None:
    """``Unreadable`` for XML with a document type, in whatever charset it is."""

    def refuse(*_: object) -> None:
        raise Unreadable(
            "file_broken",
            f"is {what} that cannot be read: its XML has a document type, which is not read.",
        )

    def stop(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        for start in range(0, len(data), _CHUNK):
            parser.Parse(data[start : start + _CHUNK], False)
        parser.Parse(b"", True)
    except _RootReached:
        pass


def relationships(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """By id (kind, path) of what ``part`` of an Office file uses; what is outside is left out.

    The kind is the last segment of its type, such as image or footnotes; "" is the part of the
    whole package.
    """
    folder, name = posixpath.split(part)
    root = archive.xml_if_there(posixpath.join(folder, "_rels", f"{name}.rels"))
    found: dict[str, tuple[str, str]] = {}
    for entry in root if root is not None else ():
        target = entry.get("Target", "")
        if entry.get("TargetMode") == "External" or not target:
            continue
        path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        kind = entry.get("Type", "").rpartition("/")[2]
        found[entry.get("Id", "")] = (kind, path)
    return found


def parts_of_kind(relations: dict[str, tuple[str, str]], kind: str) -> list[str]:
    """The paths of the parts of a kind, in their order."""
    return [path for one, path in relations.values() if one == kind]


def main_part(archive: Archive, usual: str, what: str) -> str:
    """The path of an Office file's main part; ``usual`` is where most programs put it."""
    paths = parts_of_kind(relationships(archive, ""), "officeDocument")
    path = next((one for one in (*paths, usual) if one in archive), "")
    if not path:
        raise broken(what)
    return path
