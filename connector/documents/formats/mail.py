"""E-mails (EML): the headers that people read, the body, and the attachments as documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import policy
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser

from connector.catalogue.mail_text import decode_mail_bytes, header_text
from connector.documents.formats.attachments import (
    MAX_ATTACHMENTS,
    Attachment,
    DecodedPart,
    decode_attachments,
    skipped_warnings,
)
from connector.documents.formats.charset_detection import decode_file
from connector.documents.formats.flow import Item, Omission
from connector.documents.formats.pages import decode_flow
from connector.documents.formats.web_page import html_items
from connector.documents.job import DecodeJob, Unreadable

SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MAX_PARTS = 500
_MAX_DEPTH = 50  # of parts in parts
_HTML = "text/html"


def decode_mail(job: DecodeJob, content: bytes) -> Iterator[DecodedPart]:
    """The mail as one page, then its attachments."""
    message = BytesParser(policy=policy.compat32).parsebytes(content.lstrip())
    parts = _Parts()
    parts.add(message, 0)
    headers = [(name, header_text(_raw_header(message, name))) for name in SHOWN_HEADERS]
    yield from decode_mail_parts(job, headers, parts.body(), parts.attachments, parts.warnings)


def decode_mail_parts(
    job: DecodeJob,
    headers: list[tuple[str, str]],
    body: list[Item],
    attachments: list[Attachment],
    warnings: list[str],
) -> Iterator[DecodedPart]:
    """A mail as one page, then its attachments, unless pages were selected."""
    lines = [f"{name}: {value}" for name, value in headers if value]
    lines += [f"Attachment: {attachment.name}" for attachment in attachments]
    more = skipped_warnings(job, attachments)
    items: list[Item] = ["\n".join(lines), *body]
    dropped = len(attachments) - MAX_ATTACHMENTS
    items += [Omission("attachment")] * max(dropped, 0)
    yield from decode_flow(job, items, has_pages=True, warnings=(*warnings, *more))
    if not job.pages:
        yield from decode_attachments(job, attachments[:MAX_ATTACHMENTS])


@dataclass
class _Parts:
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    pictures: dict[str, Message] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, message: Message, depth: int) -> None:
        """Add a part, and those within it."""
        self.count += 1
        if self.count > _MAX_PARTS or depth > _MAX_DEPTH:
            raise Unreadable("file_broken", "is a mail of too many parts, or nested too deeply.")
        kind = message.get_content_type()
        payload = message.get_payload()
        if kind == "message/rfc822" and isinstance(payload, list) and payload:
            self._add_mail(_as_message(payload[0]))
        elif isinstance(payload, list):
            for part in payload:
                self.add(_as_message(part), depth + 1)
        else:
            self._add_leaf(message, kind)

    def body(self) -> list[Item]:
        """The text; the HTML one where it has tables or pictures, which the plain one lacks."""
        html = "\n".join(self.html)
        has_more = "<table" in html.lower() or "cid:" in html
        if html and (has_more or not "".join(self.plain).strip()):
            return html_items(html, self._picture)
        return [part for text in self.plain for part in text.split("\n\n") if part.strip()]

    def _add_leaf(self, message: Message, kind: str) -> None:
        name = header_text(message.get_filename())
        is_attached = message.get_content_disposition() == "attachment"
        if kind in {"text/plain", _HTML} and not name and not is_attached:
            decoded = decode_file(_content(message), _charset(message))
            self.warnings += [decoded.warning] if decoded.warning else []
            (self.html if kind == _HTML else self.plain).append(decoded.text)
            return
        content_id = str(message.get("Content-ID") or "").strip(" <>")
        if content_id and kind.startswith("image/") and not is_attached:
            self.pictures[content_id] = message
            return
        content = _content(message)
        if content:
            charset = _charset(message)
            self.attachments.append(Attachment(name or "attachment", content, kind, charset))

    def _add_mail(self, message: Message) -> None:
        name = header_text(_raw_header(message, "Subject")) or "mail"
        content = message.as_bytes(policy=policy.compat32)
        self.attachments.append(Attachment(f"{name}.eml", content, kind="eml"))

    def _picture(self, address: str) -> Callable[[], bytes] | None:
        part = self.pictures.get(address.removeprefix("cid:"))
        return (lambda: _content(part)) if part else None


def _as_message(part: object) -> Message:
    return part if isinstance(part, Message) else Message()


def _raw_header(message: Message, name: str) -> str:
    """The first header of that name, in UTF-8 where it has letters beyond ASCII as they are."""
    found = (value for key, value in message.raw_items() if key.lower() == name.lower())
    value = str(next(found, ""))
    return decode_mail_bytes(value.encode("utf-8", "surrogateescape"))


def _charset(message: Message) -> str:
    try:
        return str(message.get_content_charset() or "")
    except MessageError:
        return ""


def _content(message: Message) -> bytes:
    """The bytes of a part; b"" if its encoding is damaged."""
    payload = message.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
