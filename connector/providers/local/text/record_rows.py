"""Rows that a form holds as text: CSV with a line of titles, or JSON objects."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

_DIVIDERS = ",;\t|"
_HEAD = 20_000  # characters by which the divider is recognised
_MAX_CELLS = 2_000_000


@dataclass(frozen=True)
class RecordRows:
    """The titles in order, and a value for each of them in every row, without blanks around it.

    ``numeric``: the titles of the columns that hold numbers of JSON, and nothing else.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()


class InvalidRows(ValueError):
    """The text is no table; the message is the rest of a sentence that begins with its field."""


def read_rows(text: str) -> RecordRows:
    """The table in ``text``; ``InvalidRows`` when it is none."""
    text = text.lstrip("\ufeff").strip()
    if text.startswith(("[", "{")):
        return _from_json(text)
    return _from_csv(text)


def _from_json(text: str) -> RecordRows:
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise InvalidRows("begins as JSON but is not valid JSON.") from None
    entries = value if isinstance(value, list) else [value]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidRows("must be a list of objects, or CSV with a line of titles.")
    titles = tuple(dict.fromkeys(str(key) for entry in entries for key in entry))
    if len(titles) * len(entries) > _MAX_CELLS:
        raise InvalidRows(f"has more than {_MAX_CELLS:,} cells; send fewer rows or columns.")
    rows = tuple(tuple(_cell(entry.get(title)) for title in titles) for entry in entries)
    numeric = (
        title
        for title in titles
        if all(type(entry.get(title)) in {int, float, type(None)} for entry in entries)
    )
    return RecordRows(titles, rows, frozenset(numeric))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return " ".join(value.split())
    return json.dumps(value, ensure_ascii=False)


def _from_csv(text: str) -> RecordRows:
    first = text[:_HEAD].partition("\n")[0]
    divider = max(_DIVIDERS, key=first.count)
    try:
        lines = [
            tuple(_cell(cell) for cell in line)
            for line in csv.reader(io.StringIO(text), delimiter=divider, skipinitialspace=True)
            if any(cell.strip() for cell in line)
        ]
    except csv.Error:
        raise InvalidRows("cannot be read as CSV; check its quotation marks.") from None
    titles = tuple(title or f"column {number}" for number, title in enumerate(lines[0], 1))
    if len(set(titles)) < len(titles):
        raise InvalidRows("has a title twice in its first line; rename one of the columns.")
    width = len(titles)
    if width * len(lines) > _MAX_CELLS:
        raise InvalidRows(f"has more than {_MAX_CELLS:,} cells; send fewer rows or columns.")
    longer = next((number for number, line in enumerate(lines[1:], 1) if len(line) > width), 0)
    if longer:
        raise InvalidRows(f"has more cells in row {longer} than titles in its first line.")
    rows = tuple(line + ("",) * (width - len(line)) for line in lines[1:])
    return RecordRows(titles, rows)
