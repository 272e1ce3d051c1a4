"""The form of a run as it was sent, with the places marked from which its answer was taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from connector.catalogue import OPTIONS, Action
from connector.console.form_boxes import as_text
from connector.console.formats import label
from connector.json_types import Json

_SHOWN_FILE = 60  # characters of a file that was sent as a text
_MIN_QUOTE = 2  # characters; a shorter one would be found anywhere


class Segment(NamedTuple):
    """A part of a text; ``found`` names the value that was taken from it, "" for none."""

    text: str
    found: str = ""


class SentValue(NamedTuple):
    """A field of a form as it was sent."""

    name: str
    label: str
    segments: tuple[Segment, ...]
    is_long: bool


def sent_form(action: Action | None, form: Json, evidence: Any) -> list[SentValue]:
    """The fields of ``form``; ``evidence`` is that of the answer, which may be anything."""
    entries = action.form if action else {}
    shown = []
    for name, value in form.items():
        if name in OPTIONS and name in ("wait_seconds", "dry_run"):
            continue
        is_file = bool(action) and name in (action.file_fields if action else ())
        text = _file_text(value) if is_file else as_text(value)
        segments = mark(text, _quotes(evidence)) if "\n" in text or len(text) > _SHOWN_FILE else ()
        title = entries[name].label if name in entries else label(name)
        shown.append(SentValue(name, title, segments or (Segment(text),), bool(segments)))
    return shown


def mark(text: str, quotes: Iterable[tuple[str, str, int]]) -> tuple[Segment, ...]:
    """``text`` in segments, of which those of ``quotes`` (quote, value, offset) are marked.

    The offset may be one in a cleaned text; the quote is then looked for.
    """
    spans: list[tuple[int, int, str]] = []
    for quote, value, offset in quotes:
        start = offset if text[offset : offset + len(quote)] == quote else text.find(quote)
        if start >= 0 and len(quote) >= _MIN_QUOTE:
            spans.append((start, start + len(quote), value))
    segments: list[Segment] = []
    done = 0
    for start, end, value in sorted(spans):
        if start >= done:
            segments += [Segment(text[done:start]), Segment(text[start:end], value)]
            done = end
    return tuple(one for one in (*segments, Segment(text[done:])) if one.text)


def _quotes(evidence: Any) -> list[tuple[str, str, int]]:
    found = []
    for entry in evidence if isinstance(evidence, list) else ():
        quote, start = (
            (entry.get("quote"), entry.get("start")) if isinstance(entry, dict) else ("", 0)
        )
        if isinstance(quote, str) and quote:
            offset = start if isinstance(start, int) and start >= 0 else 0
            found.append((quote, label(str(entry.get("field", "the answer"))), offset))
    return found


def _file_text(value: Any) -> str:
    """The names of files, not their bytes."""
    texts = value if isinstance(value, list) else [value]
    return "\n".join(_file_name(str(text)) for text in texts if text)


def _file_name(text: str) -> str:
    """The address of a file, or what is known of one that was sent."""
    if text.startswith("formcall-kept:"):
        return f"A file ({text.split(';')[1:2][0] if ';' in text else 'kept'})"
    if text.startswith(("https:", "http:")):
        return text
    return f"A file of {len(text):,} characters"
