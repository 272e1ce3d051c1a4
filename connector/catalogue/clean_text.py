"""What a text field was sent as (HTML, the source of a mail, JSON, escapes), read as clean text.

Triggers for e-mail deliver HTML, others whole mail sources or JSON. The form of a text tells which
it is; what is not unambiguous is left as it is. Every step is linear in the length of the text.
"""

from __future__ import annotations

import json
import quopri
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.catalogue.fields import Field
from connector.catalogue.html_text import HTML_TAGS, html_to_text, unescape_entities
from connector.catalogue.mail_text import decode_mail_bytes, is_mail_source, mail_to_text
from connector.errors import FieldError, InvalidInput
from connector.json_types import Json

_MAX_STEPS = 3  # HTML in a mail in JSON
_LAST_STEPS = {"mail", "html", "json", "image"}  # what they show stays, also if it looks like tags
_MAX_TAGS = 50  # tags that are looked at to recognise HTML
_FIRST_TAG = re.compile(
    r"\s*(?:<!doctype html|<!--|<\?xml[^<>]{0,200}\?>\s*<html|<([a-z][a-z0-9]*)\b)", re.I
)
_A_TAG = re.compile(r"<(/?)([a-z][a-z0-9]{0,20})(?=[\s/>])", re.IGNORECASE)
_MIN_TAGS = 2
# tags that structure a mail; one of them stands in any HTML that is not an example in a text
_STRUCTURE = frozenset(
    {
        *("a", "b", "blockquote", "body", "br", "center", "div", "em", "font", "h1", "h2", "h3"),
        *("hr", "html", "img", "li", "ol", "p", "pre", "span", "strong", "table", "td", "tr"),
        *("ul",),
    }
)
_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#x[0-9a-f]{1,6}|euro|szlig|hellip|"
    r"[aeiou](?:uml|acute|grave|circ)|[lr][sd]quo|[mn]dash);",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"(?<!\\)(?:\\u[0-9a-fA-F]{4})+")
_SOFT_BREAK = re.compile(r"=[ \t]*\r?\n")
_HEX_BYTE = re.compile(r"=[0-9A-F]{2}")
_NO_QUOTED_PRINTABLE = re.compile(r"=(?![0-9A-F]{2}|[ \t]*\r?\n|\Z)")
_DATA_URL = re.compile(
    r"data:[\w.+-]{1,60}/[\w.+-]{1,60}(?:;[\w.=+-]{1,60}){0,3};base64,[A-Za-z0-9+/=_%-]*+"
)
_LONGEST_VALUE_LINE = 200
# what tools send for a field that they could not fill: nothing but unfilled placeholders
_UNFILLED = re.compile(
    r"(?:(?:undefined|null|nan|\[object [A-Z][a-z]{1,30}\]|"
    r"=?\{\{[^{}]{1,200}\}\}|\$\{[^{}]{1,200}\}|<%[^<>%]{1,200}%>)[\s,]{0,20})+",
    re.IGNORECASE,
)
_LONGEST_UNFILLED = 1_000

KINDS = {
    "mail": "the source of an e-mail",
    "quoted-printable": "quoted-printable text",
    "html": "HTML",
    "json": "JSON",
    "json-text": "JSON",
    "entities": "text with HTML entities",
    "escapes": r"text with \u escapes",
    "image": "text with embedded images",
}


@dataclass(frozen=True)
class CleanText:
    """The text that is read, and what it was sent as; no ``kinds``: it is as it was sent."""

    text: str
    kinds: tuple[str, ...] = ()


def clean_values(
    fields: Mapping[str, Field], values: Mapping[str, Any], as_sent: Collection[str] = ()
) -> tuple[Json, dict[str, CleanText]]:
    """``values`` of a form with clean text in its long text fields, and by name what was changed.

    Nothing is changed in the fields ``as_sent``, and where the option ``clean`` is ``off``.
    ``InvalidInput`` for a text that is empty once it was read, and for one that is a placeholder
    which a tool did not fill.
    """
    for name, entry in fields.items():
        if entry.type == "longtext" and is_unfilled(values.get(name)):
            raise _empty_mapping(entry, str(values[name]).strip())
    changed: dict[str, CleanText] = {}
    if str(values.get("clean") or "").strip().lower() != "off":
        for name, entry in fields.items():
            value = values.get(name)
            if entry.type == "longtext" and isinstance(value, str) and name not in as_sent:
                cleaned = clean_text(value)
                if cleaned.kinds and not cleaned.text.strip():
                    raise _no_text(entry, cleaned)
                if cleaned.kinds:
                    changed[name] = cleaned
    return {**values, **{name: cleaned.text for name, cleaned in changed.items()}}, changed


def is_unfilled(value: Any) -> bool:
    """Whether a text is only placeholders that were not filled, such as ``{{1.text}}``."""
    if not isinstance(value, str) or len(value) > _LONGEST_UNFILLED:
        return False
    return _UNFILLED.fullmatch(value.strip()) is not None


def _empty_mapping(entry: Field, text: str) -> InvalidInput:
    detail = (
        f'"{entry.label}" is {text[:60]!r}, a placeholder and no text: the mapping is empty. '
        "Choose the field of the step before again, and check that it has a value there."
    )
    return InvalidInput([FieldError(entry.name, "empty_mapping", detail)])


def _no_text(entry: Field, cleaned: CleanText) -> InvalidInput:
    detail = (
        f'"{entry.label}" is {_sent_as(cleaned)} without any text in it. Send its text, or set '
        "clean to off to have it read as it was sent."
    )
    return InvalidInput([FieldError(entry.name, "no_text", detail)])


def _sent_as(cleaned: CleanText) -> str:
    return " and ".join(dict.fromkeys(KINDS[kind] for kind in cleaned.kinds))


def reading_note(entry: Field, cleaned: CleanText) -> str:
    """The sentence for ``warnings`` about a field that was read as clean text."""
    return (
        f'"{entry.label}" was sent as {_sent_as(cleaned)}, and was read as clean text; offsets are '
        "those of the text that was read (read_text). Set clean to off to read it as it was sent."
    )


def clean_text(text: str) -> CleanText:
    """``text`` as people read it, with what it was sent as."""
    kinds: list[str] = []
    for _ in range(_MAX_STEPS):
        step = next(_steps(text), None)
        if step is None:
            break
        kind, text = step
        kinds.append(kind)
        if kind in _LAST_STEPS:
            break
    return CleanText(text, tuple(dict.fromkeys(kinds)))


def _steps(text: str) -> Iterator[tuple[str, str]]:
    """The first of these is what ``text`` is: (kind, cleaner text); none where it is clean."""
    if is_mail_source(text):
        yield "mail", mail_to_text(text)
    yield from _read_json(text)
    if is_quoted_printable(text):
        yield "quoted-printable", decode_mail_bytes(quopri.decodestring(text.encode()))
    if is_html(text):
        yield "html", html_to_text(text)
    if "&" in text and _ENTITY.search(text):
        yield "entities", unescape_entities(text).replace("\xa0", " ")
    if "\\u" in text and _ESCAPE.search(text):
        yield "escapes", _ESCAPE.sub(_unescape, text)
    if "data:" in text and _DATA_URL.search(text):
        yield "image", _DATA_URL.sub("[image]", text)


def is_html(text: str) -> bool:
    """Whether ``text`` is HTML, and not a text that mentions a tag."""
    if "<" not in text or "```" in text:
        return False
    start = _FIRST_TAG.match(text)
    if start and not start[1]:
        return True
    names = []
    for match in _A_TAG.finditer(text):
        names.append((match[2].lower(), bool(match[1])))
        if len(names) == _MAX_TAGS:
            break
    known = [name for name, _ in names if name in HTML_TAGS]
    if len(known) < len(names) or _STRUCTURE.isdisjoint(known):
        return False  # XML, or generics of a programming language
    begins = bool(start and start[1].lower() in HTML_TAGS)
    closes = any(is_end for _, is_end in names) or "br" in known
    return closes and (begins or len(known) >= _MIN_TAGS)


def is_quoted_printable(text: str) -> bool:
    """Whether ``text`` is quoted-printable: broken lines and bytes in hexadecimal, nothing else."""
    if "=" not in text or _NO_QUOTED_PRINTABLE.search(text):
        return False
    return bool(_SOFT_BREAK.search(text) and _HEX_BYTE.search(text))


def _unescape(match: re.Match[str]) -> str:
    units = bytes.fromhex(match[0].replace("\\u", ""))
    return units.decode("utf-16-be", "replace")


# --- JSON -----------------------------------------------------------------------------------------


def _read_json(text: str) -> Iterator[tuple[str, str]]:
    """The values of a JSON object or list as lines, or the text of a JSON string."""
    stripped = text.strip()
    if stripped[:1] not in {"{", "[", '"'} or stripped[-1] not in {"}", "]", '"'}:
        return
    try:
        value = json.loads(stripped)
        if isinstance(value, str):
            yield "json-text", value
        else:
            yield "json", "\n".join(_json_lines(value, ""))
    except (ValueError, RecursionError):
        return


def _json_lines(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _json_lines(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _json_lines(item, f"{path}[{number}]")
    elif value is not None and value != "":
        yield _json_line(value, path)


def _json_line(value: Any, path: str) -> str:
    if not isinstance(value, str):
        return f"{path}: {json.dumps(value)}"
    text = html_to_text(value) if is_html(value) else value
    text = _DATA_URL.sub("[image]", text)
    divider = "\n" if "\n" in text or len(text) > _LONGEST_VALUE_LINE else " "
    return f"{path}:{divider}{text}"
