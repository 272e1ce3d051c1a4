"""Merges the values from the parts of a document without a model: the first stated value counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.catalogue import ReturnField
from connector.catalogue.user_fields import LIST_TYPES
from connector.catalogue.values import quoted
from connector.json_types import Json

PartValues = Sequence[tuple[str, Any]]  # the page range of each part, and its value

_MAX_CONFLICTS = 10


def merge_answers(
    fields: Mapping[str, ReturnField], form: Mapping[str, Any], answers: Sequence[tuple[str, Json]]
) -> tuple[Json, list[str]]:
    """(the merged values, warnings about parts that state another value)."""
    conflicts: list[str] = []
    values = {}
    for name, field in fields.items():
        part_values = [(pages, answer[name]) for pages, answer in answers]
        if field.type == "record":
            values[name] = _merge_record(field.shape_fields(form), part_values, conflicts)
        else:
            values[name] = _merge_of_type(field)(part_values)
    return values, conflicts[:_MAX_CONFLICTS]


def is_empty(fields: Mapping[str, ReturnField], values: Json) -> bool:
    """Whether a part gave nothing: lists were requested, and all of them are empty."""
    lists = [values[name] for name, field in fields.items() if field.type == "list"]
    return bool(lists) and not any(lists)


def _merge_record(
    record_fields: Sequence[Json], part_values: PartValues, conflicts: list[str]
) -> Json:
    record: Json = {}
    part_of: dict[str, int] = {}  # the part that each value was taken from
    for field in record_fields:
        name = field["name"]
        values = [(pages, part_record[name]) for pages, part_record in part_values]
        if field["type"] in LIST_TYPES:
            record[name] = _all_entries(values)
            continue
        if field["of"] in part_of:  # the currency of an amount is taken from the same part
            record[name] = values[part_of[field["of"]]][1]
            continue
        index = _first_stated(values)
        record[name] = None if index is None else values[index][1]
        if index is not None:
            part_of[name] = index
            conflicts.extend(_conflict(name, values[index:]))
    return record


def _first_stated(values: PartValues) -> int | None:
    return next((index for index, (_, value) in enumerate(values) if value is not None), None)


def _conflict(name: str, values: PartValues) -> list[str]:
    """A warning when a later part states another value than the first one."""
    (first_pages, first), *others = values
    for pages, value in others:
        if value is not None and value != first:
            return [
                f"{name}: {quoted(str(first))} in {first_pages}, but {quoted(str(value))} in "
                f"{pages}; the first was taken."
            ]
    return []


def _merge_of_type(field: ReturnField) -> Callable[[PartValues], Any]:
    return {"list": _all_entries, "boolean": _any, "longtext": _join_texts}.get(field.type, _first)


def _all_entries(part_values: PartValues) -> list[Any]:
    """The entries of all parts: a text once, and a row as often as it stands in the document.

    No page is in two parts, so equal rows of two parts are two rows.
    """
    entries: list[Any] = []
    for _, values in part_values:
        known = {value for value in entries if not isinstance(value, dict)}
        entries += [value for value in values if isinstance(value, dict) or value not in known]
    return entries


def _any(part_values: PartValues) -> bool:
    return any(value for _, value in part_values)


def _join_texts(part_values: PartValues) -> str:
    return "\n\n".join(dict.fromkeys(value for _, value in part_values if value))


def _first(part_values: PartValues) -> Any:
    return next((value for _, value in part_values if value is not None), None)
