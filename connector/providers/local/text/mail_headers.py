"""The headers of a mail as values: names and addresses apart, the date, the subject."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from connector.providers.local.text.label_matching import FieldQuery, is_specific
from connector.providers.local.text.labelled_pairs import mail_header_length
from connector.providers.local.text.typed_values import SourceText, read_value

# the header of a name of a field, and of a header in other languages
_HEADERS: dict[str, str] = {
    **dict.fromkeys(("from", "sender", "von", "absender", "de", "expéditeur"), "from"),
    **dict.fromkeys(("to", "recipient", "recipients", "an", "empfänger", "à"), "to"),
    **dict.fromkeys(("cc", "bcc"), "cc"),
    **dict.fromkeys(("date", "sent", "received", "datum", "gesendet", "envoyé"), "date"),
    **dict.fromkeys(("subject", "betreff", "objet"), "subject"),
}
_ADDRESS_WORDS = frozenset({"email", "mail", "address", "addresses", "emails", "adresse"})
_OTHER_WORDS = frozenset({"name", "names", "at", "on", "of", "the", "message", "e", "header"})
_OF_MAIL = frozenset(
    {"email", "sender", "issue", "header", "=sent", "=received", "=sending", "=writt", "=messag"}
)
_WORD = re.compile(r"[^\W\d_]{1,40}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MAX_ADDRESSES = 200


def mail_headers(text: str) -> dict[str, str]:
    """{from, to, cc, date, subject: its text} of those at the beginning of a mail."""
    headers: dict[str, str] = {}
    name = ""
    for line in text[: mail_header_length(text)].split("\n"):
        if line.startswith((" ", "\t")):
            if name:
                headers[name] = f"{headers[name]} {line.strip()}"
            continue
        label, _, value = line.partition(":")
        name = _HEADERS.get(label.strip().casefold(), "")
        if name and name not in headers:
            headers[name] = value.strip()
        else:
            name = ""
    return headers


def header_value(field: FieldQuery, headers: Mapping[str, str], source: SourceText) -> Any:
    """The value of the header that the field's name means; None for any other field."""
    words = {word.casefold() for word in _WORD.findall(_CAMEL.sub(" ", field.title))}
    names = {_HEADERS.get(word, "") for word in words - _ADDRESS_WORDS - _OTHER_WORDS}
    header = names.pop() if len(names) == 1 else ""
    text = headers.get(header, "")
    if not text or (header == "date" and set(filter(is_specific, field.hint)) - _OF_MAIL):
        return None  # "date: day of the dinner" is another date than that of the mail
    if header in {"from", "to", "cc"}:
        return _addresses(field, text, is_address=bool(words & _ADDRESS_WORDS))
    if header == "date":
        return _date(field, text, source)
    return text if field.kind == "text" else None


def _addresses(field: FieldQuery, text: str, *, is_address: bool) -> Any:
    text_of_list = text.replace(";", ",")
    found = [(name.strip(), "") for name in text_of_list.split(",")]
    if "@" in text:  # else they are names alone
        found = getaddresses([text_of_list])
    found = [pair for pair in found[:_MAX_ADDRESSES] if any(pair)]
    addresses = [address.lower() for _, address in found if "@" in address]
    people = [name or address for name, address in found]
    values = addresses if is_address or field.kind == "email" else people
    if field.kind == "list":
        return values or None
    if field.kind == "email":
        return addresses[0] if addresses else None
    if field.kind != "text" or not values:
        return None
    return values[0] if len(values) == 1 else text  # as written, so that it is found again


def _date(field: FieldQuery, text: str, source: SourceText) -> Any:
    formats = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%dT%H:%M", "time": "%H:%M"}
    if field.kind == "text":
        return text
    if field.kind not in formats:
        return None
    try:
        sent = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return read_value(field, text, source)
    if field.kind == "datetime" and sent.tzinfo:
        return sent.isoformat("T", "minutes")
    return sent.strftime(formats[field.kind])
