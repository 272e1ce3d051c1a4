"""Mails as text: the source of a mail read, and the newest message divided from what it quotes."""

from __future__ import annotations

import binascii
import quopri
import re
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser

from connector.catalogue.html_text import html_to_text

# --- the source of a mail -------------------------------------------------------------------------

_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}):")
# headers that programs write and people do not
_MACHINE_HEADERS = {
    *("mime-version", "content-type", "message-id", "received", "return-path", "delivered-to"),
    *("dkim-signature", "content-transfer-encoding"),
}
_FIRST_HEADER = re.compile(r"\s*+((?:From [^\n]{1,200}\n)?[A-Za-z][A-Za-z0-9-]{1,60}:)")
_MIN_HEADERS = 3
_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MAX_HEAD = 65_536  # characters of a mail's headers
_MAX_PART_HEAD = 8_192  # and of those of a part
_MAX_HEADER = 998  # characters of one header, as the standard allows for a line
_MAX_DEPTH = 6  # of parts in parts
_MAX_PARTS = 100
_MAIL_INSIDE = "-----Original Message-----"  # by which it is divided from the newest message
_HEAD_END = re.compile(r"\r?\n\r?\n")


def is_mail_source(text: str) -> bool:
    """Whether ``text`` begins with the headers of a mail, as its source does."""
    names: list[str] = []
    start = _FIRST_HEADER.match(text)
    if start is None:
        return False
    for line in text[start.start(1) : start.start(1) + _MAX_HEAD].splitlines():
        if not line.strip():
            break
        match = _HEADER.match(line)
        if match:
            names.append(match[1].lower())
        elif not (line[0].isspace() or (line.startswith("From ") and not names)):
            return False
    return len(names) >= _MIN_HEADERS and not _MACHINE_HEADERS.isdisjoint(names)


def mail_to_text(source: str) -> str:
    """The headers that people read, the text of the mail, and the names of its attachments; then
    the mails in it, as what it answers."""
    return _read_mail(source, _Texts(), depth=0)


def _read_mail(source: str, texts: _Texts, *, depth: int) -> str:
    head, body = _split_head(source.lstrip())
    message = HeaderParser().parsestr(head)
    lines = [
        f"{name}: {value}" for name in _SHOWN_HEADERS if (value := header_text(message.get(name)))
    ]
    _read_part(message, body, texts, depth=depth)
    lines += [f"Attachment: {name}" for name in texts.attachments]
    text = texts.plain.strip() or texts.html.strip()
    mail = "\n".join([*lines, "", text]).strip()
    return "\n\n".join([mail, *(f"{_MAIL_INSIDE}\n{inner}" for inner in texts.mails)])


@dataclass
class _Texts:
    plain: str = ""
    html: str = ""
    attachments: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    parts: int = 0


def _split_head(source: str, limit: int = _MAX_HEAD) -> tuple[str, str]:
    end = _HEAD_END.search(source, 0, limit)
    return (source[: end.start()], source[end.end() :]) if end else (source[:limit], "")


def _read_part(message: Message, body: str, texts: _Texts, *, depth: int) -> None:
    """Add the texts of a part, and of the parts in it."""
    texts.parts += 1
    boundary = message.get_boundary() if message.get_content_maintype() == "multipart" else None
    if boundary and depth < _MAX_DEPTH:
        _, *parts = f"\n{body}".split(f"\n--{boundary}")
        for part in parts:
            if part.startswith("--") or texts.parts > _MAX_PARTS:
                break
            # a part without headers begins with an empty line
            lines = part[2:] if part.startswith("\r\n") else part[1:]
            has_head = not lines.startswith(("\n", "\r\n"))
            head, inner = _split_head(lines, _MAX_PART_HEAD) if has_head else ("", lines)
            _read_part(HeaderParser().parsestr(head), inner, texts, depth=depth + 1)
        return
    kind = message.get_content_type()
    if kind == "message/rfc822" and depth < _MAX_DEPTH:
        inside = _Texts(parts=texts.parts)
        texts.mails += (_read_mail(_decoded(message, body), inside, depth=depth + 1),)
        texts.parts = inside.parts
        return
    if name := header_text(message.get_filename()):
        texts.attachments += (name,)
        return
    if kind == "text/html":
        texts.html += html_to_text(_decoded(message, body)) + "\n"
    elif kind == "text/plain":
        texts.plain += _decoded(message, body) + "\n"


# charsets whose bytes are all ASCII, so that they arrive as they are, with escape sequences
_SEVEN_BIT = ("iso-2022-", "hz-gb-", "utf-7")


def _decoded(message: Message, body: str) -> str:
    encoding = str(message.get("Content-Transfer-Encoding") or "").strip().lower()
    charset = str(message.get_content_charset() or "")
    if encoding == "quoted-printable":
        raw = quopri.decodestring(body.encode("utf-8", "replace"))
    elif encoding == "base64":
        try:
            raw = binascii.a2b_base64(body.encode("ascii", "ignore"))
        except binascii.Error:
            return ""
    elif charset.startswith(_SEVEN_BIT) and body.isascii():
        raw = body.encode()
    else:
        return body
    return decode_mail_bytes(raw, charset)


def decode_mail_bytes(raw: bytes, charset: str = "") -> str:
    """``raw`` in ``charset``, or else in UTF-8 or, where it is none, in Windows-1252."""
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name or "utf-8")
        except (LookupError, ValueError):
            continue
    return raw.decode("cp1252", "replace")


def header_text(value: object) -> str:
    """The text of a header of a mail, decoded; "" for none."""
    if not value:
        return ""
    text = " ".join(str(value)[:_MAX_HEADER].split())
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError):
        return text


# --- the newest message ---------------------------------------------------------------------------

# "On Monday, 2 March 2026 at 10:00, Jane Doe <jane@example.com> wrote:" in the languages of clients
_ATTRIBUTION_START = re.compile(r"(?:On|Am|Le|El|Il|Op|Em|Den|Dne|W dniu)\b", re.IGNORECASE)
_WROTE = (
    *("wrote", "schrieb", "écrit", "escribió", "ha scritto", "schreef", "escreveu", "skrev"),
    *("napsal", "napisał"),
)
_SEPARATOR = re.compile(
    r"-{2,}\s*(?:Original Message|Original-Nachricht|Ursprüngliche Nachricht|Message d'origine|"
    r"Mensaje original|Messaggio originale|Oorspronkelijk bericht|Mensagem original)\s*-{2,}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"(?:-{2,}\s*(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|"
    r"Mensaje reenviado|Messaggio inoltrato|Doorgestuurd bericht)|Begin forwarded message:)",
    re.IGNORECASE,
)
# the headers that Outlook writes above the message that is answered
_FROM = re.compile(r"\*?(?:From|Von|De|Da|Van|Från|Od)\s?:\*? *\S", re.IGNORECASE)
_SENT = re.compile(
    r"\*?(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Inviato|Data|Verzonden|Skickat|Wysłano)\s?:",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"(?:Sent from my|Get Outlook for|Von meinem .{1,40} gesendet|Envoyé de mon|Enviado desde mi|"
    r"Inviato da)",
    re.IGNORECASE,
)
_SHOWN_PREFIXES = tuple(f"{name}: " for name in (*_SHOWN_HEADERS, "Attachment"))
_LONGEST_LINE = 400  # characters of a line in which the patterns are looked up
EARLIER_MESSAGES = "[earlier messages]"
SIGNATURE = "[signature]"


@dataclass(frozen=True)
class DividedMail:
    """``newest`` is the newest message without what it quotes and without its signature."""

    newest: str
    signature: str = ""
    earlier: str = ""

    @property
    def is_divided(self) -> bool:
        return bool(self.signature or self.earlier)

    def as_text(self) -> str:
        """The newest message first, then the signature and what was quoted, under their names."""
        parts = [self.newest]
        if self.signature:
            parts.append(f"{SIGNATURE}\n{self.signature}")
        if self.earlier:
            parts.append(f"{EARLIER_MESSAGES}\n{self.earlier}")
        return "\n\n".join(parts)


def divide_mail(text: str) -> DividedMail:
    """The newest message of ``text``; all of it where it quotes nothing or has no words of its own.

    Nothing is divided from a text that only forwards another.
    """
    lines = text.splitlines()
    newest: list[str] = []
    earlier: list[str] = []
    has_words = False
    for index, line in enumerate(lines):
        if _FORWARDED.match(line[:_LONGEST_LINE].strip()):
            return DividedMail(text)
        if _starts_earlier(lines, index):
            if has_words:
                earlier += lines[index:]
                break
            if not _is_quoted(lines, index + 1):
                return DividedMail(text)  # a forwarded message
            earlier.append(line)
        elif line.startswith(">"):
            earlier.append(line)
        else:
            newest.append(line)
            has_words = has_words or not _is_header(line)
    if not has_words:
        return DividedMail(text)
    message, signature = _split_signature(newest)
    return DividedMail(message, signature, "\n".join(earlier).strip())


def _starts_earlier(lines: list[str], index: int) -> bool:
    line = lines[index][:_LONGEST_LINE].strip()
    if _SEPARATOR.match(line):
        return True
    following = lines[index + 1][:_LONGEST_LINE].strip() if index + 1 < len(lines) else ""
    if _ATTRIBUTION_START.match(line):
        # a long one is broken into two lines
        return any(_is_attribution(one) for one in (line, f"{line} {following}"))
    return index > 0 and bool(_FROM.match(line) and _SENT.match(following))


def _is_attribution(line: str) -> bool:
    return line.endswith(":") and any(verb in line.lower() for verb in _WROTE)


def _is_quoted(lines: list[str], index: int) -> bool:
    """Whether the next line with words begins with ``>``."""
    following = (line for line in lines[index : index + 4] if line.strip())
    return any(line.startswith(">") for line in following)


def _is_header(line: str) -> bool:
    """Whether the line is blank, or one of the headers above the text of a mail."""
    return not line.strip() or line.startswith(_SHOWN_PREFIXES)


def _split_signature(lines: list[str]) -> tuple[str, str]:
    for index, line in enumerate(lines):
        is_mark = line.rstrip("\r") in {"-- ", "--"} or _SENT_FROM.match(
            line[:_LONGEST_LINE].strip()
        )
        if is_mark and any(kept.strip() for kept in lines[:index]):
            return "\n".join(lines[:index]).strip(), "\n".join(lines[index:]).strip()
    return "\n".join(lines).strip(), ""
