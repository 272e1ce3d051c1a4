"""Mails of Outlook (MSG): properties in a compound file, as [MS-OXMSG] describes."""

from __future__ import annotations

import datetime
import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

from connector.documents.formats.archive import broken
from connector.documents.formats.attachments import (
    MAX_ATTACHMENTS,
    Attachment,
    DecodedPart,
    guarded,
)
from connector.documents.formats.charset_detection import decode_file
from connector.documents.formats.flow import Item
from connector.documents.formats.mail import decode_mail_parts
from connector.documents.formats.rich_text import rich_text_items
from connector.documents.formats.rtf_compression import decompress
from connector.documents.formats.web_page import html_items
from connector.documents.job import DecodedDocument, DecodeJob

_WHAT = "an Outlook mail (MSG)"
# tags of properties
_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_SENT, _DELIVERED, _CODE_PAGE = 0x0039, 0x0E06, 0x3FDE
_NAME, _ADDRESS, _SMTP, _RECIPIENT_TYPE = 0x3001, 0x3003, 0x39FE, 0x0C15
_LONG_NAME, _SHORT_NAME, _DATA, _MEDIA, _CONTENT_ID = 0x3707, 0x3704, 0x3701, 0x370E, 0x3712
_TO, _CC = 1, 2
_PROPERTIES = "__properties_version1.0"
_ENTRY = 16  # bytes of a property of fixed size
_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
_UTF_8 = 65_001
_MAX_RECIPIENTS = 500
_ERRORS = (OSError, ValueError, IndexError, KeyError, TypeError, struct.error, OverflowError)


def decode_msg(job: DecodeJob, content: bytes) -> Iterator[DecodedPart]:
    """The mail as one page, then its attachments."""
    import olefile

    try:
        container = olefile.OleFileIO(io.BytesIO(content))
        if not container.exists(_PROPERTIES):
            raise broken(_WHAT)
    except _ERRORS:
        raise broken(_WHAT) from None
    yield from _decode(job, _Storage(container, ""))


def _decode(job: DecodeJob, mail: _Storage) -> Iterator[DecodedPart]:
    try:
        files, mails = _attachments(mail)
        headers, body = _headers(mail), _body(mail, {one.name: one.content for one in files})
    except _ERRORS:
        raise broken(_WHAT) from None
    yield from decode_mail_parts(job, headers, body, files, [])
    for inner in mails[:MAX_ATTACHMENTS] if not job.pages else ():
        name = f"{inner.text(_SUBJECT) or 'mail'}.msg"
        inner_job = replace(job, name=name, pages=(), depth=job.depth + 1)
        yield from guarded(inner_job, _decode_inner(inner_job, inner))


def _decode_inner(job: DecodeJob, mail: _Storage) -> Iterator[DecodedPart]:
    yield DecodedDocument("msg", job.name)
    yield from _decode(job, mail)


class _Storage:
    """A mail, a recipient or an attachment: a folder of properties in the file."""

    def __init__(self, container: Any, folder: str, *, header: int = 32) -> None:
        self._container = container
        self._folder = folder
        self._fixed = self._fixed_properties(header)

    def storages(self, prefix: str) -> list[str]:
        """The names of the folders in this one that begin with ``prefix``."""
        depth = self._folder.count("/")
        paths = self._container.listdir(streams=False, storages=True)
        return sorted(
            "/".join(path)
            for path in paths
            if len(path) == depth + 1
            and "/".join(path).startswith(self._folder)
            and path[-1].startswith(prefix)
        )

    def within(self, folder: str, *, header: int) -> _Storage:
        """Another folder; ``header`` is the size of what precedes its properties."""
        return _Storage(self._container, f"{folder}/", header=header)

    def binary(self, tag: int) -> bytes:
        """A property that is bytes; b"" for none."""
        return self._stream(f"__substg1.0_{tag:04X}0102")

    def text(self, tag: int) -> str:
        """A property that is text; "" for none."""
        wide = self._stream(f"__substg1.0_{tag:04X}001F")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._stream(f"__substg1.0_{tag:04X}001E")
        return decode_file(narrow, self._charset).text.rstrip("\0") if narrow else ""

    def number(self, tag: int) -> int:
        """A property that is a number or a time; 0 for none."""
        return int.from_bytes(self._fixed.get(tag, b""), "little")

    def has_storage(self, name: str) -> bool:
        return bool(self.storages(name))

    @property
    def _charset(self) -> str:
        page = self.number(_CODE_PAGE) & 0xFFFF_FFFF
        return "utf-8" if page in {0, _UTF_8} else f"cp{page}"

    def _stream(self, name: str) -> bytes:
        path = self._folder + name
        if not self._container.exists(path):
            return b""
        content: bytes = self._container.openstream(path).read()
        return content

    def _fixed_properties(self, header: int) -> dict[int, bytes]:
        data = self._stream(_PROPERTIES)[header:]
        entries = (data[at : at + _ENTRY] for at in range(0, len(data) - _ENTRY + 1, _ENTRY))
        return {struct.unpack_from("<H", entry, 2)[0]: entry[8:] for entry in entries}


def _headers(mail: _Storage) -> list[tuple[str, str]]:
    recipients = [mail.within(folder, header=8) for folder in mail.storages("__recip_version1.0_")][
        :_MAX_RECIPIENTS
    ]
    people = {
        kind: ", ".join(
            _person(one.text(_NAME), one.text(_SMTP) or one.text(_ADDRESS))
            for one in recipients
            if (one.number(_RECIPIENT_TYPE) & 0xF or _TO) == kind
        )
        for kind in (_TO, _CC)
    }
    sender = _person(mail.text(_SENDER), mail.text(_SENDER_SMTP) or mail.text(_SENDER_ADDRESS))
    sent = mail.number(_SENT) or mail.number(_DELIVERED)
    return [
        ("From", sender),
        ("To", people[_TO]),
        ("Cc", people[_CC]),
        ("Date", format_datetime(_time(sent)) if sent else ""),
        ("Subject", mail.text(_SUBJECT)),
    ]


def _person(name: str, address: str) -> str:
    if "@" not in address or address == name:
        return name or (address if "@" in address else "")
    return f"{name} <{address}>" if name else address


def _time(ticks: int) -> datetime.datetime:
    """A count of tenths of a microsecond since 1601, to the second."""
    return _EPOCH + datetime.timedelta(seconds=ticks // 10_000_000)


def _body(mail: _Storage, pictures: dict[str, bytes]) -> list[Item]:
    """The text, or else what its HTML or its RTF shows."""
    html = mail.binary(_HTML) or mail.text(_HTML).encode()
    plain = mail.text(_BODY).replace("\r\n", "\n")
    if html and (b"<table" in html.lower() or not plain.strip()):

        def find(address: str) -> Callable[[], bytes] | None:
            content = pictures.get(address.removeprefix("cid:").partition("@")[0])
            return (lambda: content) if content else None

        return html_items(decode_file(html).text, find)
    if plain.strip():
        return [part for part in plain.split("\n\n") if part.strip()]
    compressed = mail.binary(_RTF)
    return list(rich_text_items(decompress(compressed))) if compressed else []


def _attachments(mail: _Storage) -> tuple[list[Attachment], list[_Storage]]:
    """The attached files, and the attached mails."""
    files: list[Attachment] = []
    mails: list[_Storage] = []
    for folder in mail.storages("__attach_version1.0_"):
        one = mail.within(folder, header=8)
        inner = one.storages(f"__substg1.0_{_DATA:04X}000D")
        if inner:
            mails.append(one.within(inner[0], header=24))
        elif content := one.binary(_DATA):
            name = one.text(_LONG_NAME) or one.text(_SHORT_NAME)
            files.append(Attachment(name or "attachment", content, one.text(_MEDIA).lower()))
    return files, mails
