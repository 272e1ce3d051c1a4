"""Form-encoded and multipart bodies, each text in its declared charset.

The charset is declared by the part, by the field ``_charset_`` (RFC 7578) or by the body's
Content-Type, in this order; otherwise it is UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from connector.catalogue.values import clean
from connector.charsets import CharsetError, decode
from connector.errors import FormcallError
from connector.web.fields import MAX_NAME, invalid_field

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FORMS = {URL_ENCODED, MULTIPART}
_CHARSET_FIELD = "_charset_"
_MAX_PARTS = 1_000
_MAX_PAIRS = 10_000  # of an encoded form; each takes hundreds of bytes
_UNREADABLE = "The form cannot be read: its parts do not match the boundary in its Content-Type."


@dataclass(frozen=True)
class FilePart:
    """A file in a multipart body; ``charset`` is the one that it declares, or ""."""

    field: str
    filename: str
    media_type: str
    content: bytes
    charset: str = ""


@dataclass(frozen=True)
class FormBody:
    """A form: its texts, of which a name may have several, and its files."""

    values: MultiDict[str, str]
    files: tuple[FilePart, ...] = ()

    def files_of(self, name: str) -> list[FilePart]:
        return [part for part in self.files if part.field == name]


@dataclass(frozen=True)
class _Text:
    """A text as it was sent; ``charset`` is that of its part ("": not declared)."""

    name: str
    content: bytes
    charset: str = ""


def read_form(data: bytes, content_type: str) -> FormBody:
    """The form in ``data``; ``FormcallError`` when it cannot be read."""
    kind, options = parse_options_header(content_type)
    if kind.lower() == URL_ENCODED:
        return FormBody(_url_encoded(data, options.get("charset", "")))
    parts = list(_parts(data, options.get("boundary", "")))
    if not parts:
        raise FormcallError("bad_request", _UNREADABLE)
    files = tuple(part for part in parts if isinstance(part, FilePart))
    texts = [part for part in parts if isinstance(part, _Text)]
    charset = _declared_charset(texts) or options.get("charset", "")
    return FormBody(_decode_texts(texts, charset), files)


def _url_encoded(data: bytes, charset: str) -> MultiDict[str, str]:
    if data.count(b"&") >= _MAX_PAIRS:
        raise FormcallError(
            "bad_request",
            f"The form has more than {_MAX_PAIRS:,} values. Send a list as one text, or as JSON.",
        )
    # in Latin-1 each byte is one character, which is turned back into its byte below
    pairs = parse_qsl(data.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    texts = [_Text(name, value.encode("latin-1")) for name, value in pairs]
    charset = _declared_charset(texts) or charset
    named = [replace(text, name=_decode_name(text.name, charset)) for text in texts]
    return _decode_texts(named, charset)


def _declared_charset(texts: Iterable[_Text]) -> str:
    """The value of the field ``_charset_``, or ""."""
    declared = (text.content for text in texts if text.name == _CHARSET_FIELD)
    return next(declared, b"").decode("latin-1").strip()


def _decode_texts(texts: Iterable[_Text], charset: str) -> MultiDict[str, str]:
    values: MultiDict[str, str] = MultiDict()
    for text in texts:
        if text.name != _CHARSET_FIELD:
            values.add(text.name, _decode_value(text, text.charset or charset))
    return values


def _decode_value(text: _Text, charset: str) -> str:
    try:
        return decode(text.content, charset)
    except CharsetError as error:
        name = clean(text.name)[:MAX_NAME]
        raise invalid_field(name, "wrong_charset", f'"{name}" {error}') from None


def _decode_name(name: str, charset: str) -> str:
    if name.isascii():
        return name
    try:
        return decode(name.encode("latin-1"), charset)
    except CharsetError as error:
        raise FormcallError("bad_request", f"The name of a field {error}") from None


def _parts(data: bytes, boundary: str) -> Iterator[_Text | FilePart]:
    """The parts of a multipart body; none when it is not one."""
    if not boundary:
        return
    decoder = MultipartDecoder(boundary.encode(), max_parts=_MAX_PARTS)
    decoder.receive_data(data)
    decoder.receive_data(None)
    try:
        head: Field | File | None = None
        content = b""
        while not isinstance(event := decoder.next_event(), Epilogue):
            if isinstance(event, Field | File):
                head, content = event, b""
            elif isinstance(event, Data) and head:
                content += event.data
                if not event.more_data:
                    yield _part(head, content)
    except UnicodeDecodeError:
        raise FormcallError(
            "bad_request",
            "The headers of a part of the form are not UTF-8 text. Send the names of fields and "
            "files in UTF-8.",
        ) from None
    except ValueError:  # the last boundary is missing
        raise FormcallError("bad_request", _UNREADABLE) from None


def _part(head: Field | File, content: bytes) -> _Text | FilePart:
    media_type, options = parse_options_header(head.headers.get("Content-Type", ""))
    name = head.name or ""
    if isinstance(head, File):
        return FilePart(name, head.filename, media_type, content, options.get("charset", ""))
    return _Text(name, content, options.get("charset", ""))
