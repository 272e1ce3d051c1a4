"""Rows that are about the same thing, within one list or between two, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.errors import FieldError, InvalidInput
from connector.providers.local.text.record_linkage import RecordMatch, connected, find_matches
from connector.providers.local.text.record_rows import InvalidRows, RecordRows, read_rows

MAX_ROWS = 10_000
_MAX_LISTED = 5_000
_LABELS = {"rows": "Rows", "other": "Other rows"}
_WORDS = {1.0: "equal", 0.9: "one character differs", 0.85: "one digit differs"}


def answer(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``pairs``, ``groups`` and the counts of the form's rows; numbers of rows begin with 1."""
    first = _read(values, "rows")
    second = _read(values, "other") if values.get("other") else None
    count = len(first.rows) + (len(second.rows) if second else 0)
    if count > MAX_ROWS:
        raise _invalid("rows", "too_many", f"and {MAX_ROWS:,} is the most; there are {count:,}.")
    titles = [title for title in first.titles if second is None or title in second.titles]
    weights = _weights(values.get("columns") or (), titles)
    border = len(first.rows) if second else 0
    records = [*_records(first), *(_records(second) if second else ())]
    threshold = float(values.get("threshold") or 0)
    matches = find_matches(records, list(weights), weights, threshold, border=border)
    groups = connected((match.a, match.b) for match in matches)
    in_groups = sum(map(len, groups))
    result = {
        "pairs": [_pair(match, border) for match in matches[:_MAX_LISTED]],
        "groups": [_group(group, border) for group in groups[:_MAX_LISTED]],
        "pair_count": len(matches),
        "row_count": count,
        "matched_rows": in_groups,
        "single_rows": count - in_groups,
        "distinct_count": count - in_groups + len(groups),
    }
    return result, _warnings(len(matches))


def _warnings(count: int) -> tuple[str, ...]:
    if count <= _MAX_LISTED:
        return ()
    return (f"The {_MAX_LISTED:,} surest of {count:,} pairs are listed.",)


def _invalid(field: str, code: str, rest: str) -> InvalidInput:
    return InvalidInput([FieldError(field, code, f'"{_LABELS.get(field, "Columns")}" {rest}')])


def _read(values: Mapping[str, Any], field: str) -> RecordRows:
    try:
        table = read_rows(str(values[field]))
    except InvalidRows as error:
        raise _invalid(field, "bad_rows", str(error)) from None
    if not table.rows:
        raise _invalid(field, "too_few", "has a line of titles and no row below it.")
    return table


def _records(table: RecordRows) -> list[dict[str, str]]:
    return [dict(zip(table.titles, row, strict=True)) for row in table.rows]


def _weights(columns: Sequence[Mapping[str, str]], titles: Sequence[str]) -> dict[str, float]:
    """The columns to compare with their weights; all that both lists have, if none is named."""
    if not titles:
        raise _invalid("other", "no_column", "has no title that the first rows have.")
    if not columns:
        return dict.fromkeys(titles, 1.0)
    by_name = {title.casefold().strip(): title for title in titles}
    weights = {}
    for column in columns:
        title = by_name.get(column["name"].casefold().strip())
        if title is None:
            shown = ", ".join(titles[:20])
            rest = f'has "{column["name"][:60]}", which is no column. They are {shown}.'
            raise _invalid("columns", "unknown_column", rest)
        weights[title] = _weight(column.get("description") or "")
    return weights


def _weight(text: str) -> float:
    try:
        weight = float(text.replace(",", ".") or 1)
    except ValueError:
        weight = -1.0
    if not 0 < weight <= 100:  # noqa: PLR2004 - a factor, not a share
        rest = f'has the weight "{text[:40]}"; it takes a number above 0 and up to 100.'
        raise _invalid("columns", "not_a_number", rest)
    return weight


def _pair(match: RecordMatch, border: int) -> dict[str, Any]:
    return {
        "a": match.a + 1,
        "b": match.b + 1 - border,
        "score": match.score,
        "why": "; ".join(f"{title}: {_alike(alike)}" for title, alike in match.columns),
    }


def _alike(alike: float) -> str:
    return _WORDS.get(alike) or f"{alike:.0%} alike"


def _group(group: Sequence[int], border: int) -> dict[str, Any]:
    """The numbers of rows; those of the second list have a letter b."""
    names = [f"b{row - border + 1}" if border and row >= border else str(row + 1) for row in group]
    return {"rows": ", ".join(names), "size": len(group)}
