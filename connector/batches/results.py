"""Batch results as CSV, XLSX or JSON lines: each row's input, answer and cost, in order.

Everything is generated piece by piece, so memory does not grow with the number of rows.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connector.batches.workbook import Cell, write_xlsx
from connector.catalogue import TYPES, Action, ReturnField
from connector.catalogue.answer import flat_schemas, is_string_list
from connector.catalogue.values import InvalidValue, clean
from connector.json_types import Json
from connector.runs.responses import body_without_text
from connector.store.ledger.money import to_usd
from connector.store.ledger.records import OPEN_STATUSES
from connector.store.rows import BatchRow, RunRow

_CHUNK_ROWS = 100  # rows in one piece of text
_FIRST = ("row", "status")
_LAST = ("error_code", "error", "cost_usd", "run_id")
# characters that start a formula in a spreadsheet, also in their full-width forms
_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
# what begins like a formula and has nothing to run: "-", "---", amounts, and phone numbers
_SIGNS = r"[-+]{1,20}"
_CURRENCY = r"(?:[$€£¥₹]|[A-Z]{3}|kr\.?)"
_AMOUNT = (
    rf"[-+]\s?(?:{_CURRENCY}\s?)?[0-9]{{1,15}}(?:[.,'’\s][0-9]{{1,15}}){{0,8}}"
    rf"(?:\s?(?:%|{_CURRENCY}))?"
)
_PHONE = r"\+\s?[0-9(][0-9()./\s-]{3,28}[0-9)]"
_HARMLESS = re.compile(f"{_SIGNS}|{_AMOUNT}|{_PHONE}")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Column:
    """A column of the table: its name, and how to get its value from an answer."""

    name: str
    value: Callable[[Json], Any]


class Results:
    """Formats the rows of one batch as CSV, as XLSX or as JSON lines, lazily."""

    def __init__(self, action: Action, batch: BatchRow) -> None:
        self._columns: list[str] = json.loads(batch.columns)
        self._csv_values = list(_csv_values(action, json.loads(batch.fixed or "{}")))
        self._flat_names = list(flat_schemas(action))

    def csv(
        self, rows: Iterable[RunRow], *, delimiter: str = ",", bom: bool = False
    ) -> Iterator[str]:
        """CSV text with a header. Text cells are escaped so that none is run as a formula.

        ``bom``: begin with the byte order mark by which Excel recognises UTF-8.
        """
        header = _csv_text([[_escape_formula(name) for name in self._header()]], delimiter)
        yield f"{_BYTE_ORDER_MARK}{header}" if bom else header
        for chunk in _chunks(rows):
            cells = ([_cell(value) for value in self._table_row(row)] for row in chunk)
            yield _csv_text(cells, delimiter)

    def xlsx(self, rows: Iterable[RunRow]) -> Iterator[bytes]:
        """An XLSX file with the columns of the CSV; numbers are numbers, and texts are texts."""
        table = ([_typed_cell(value) for value in self._table_row(row)] for row in rows)
        return write_xlsx(itertools.chain([self._header()], table))

    def _header(self) -> list[str]:
        names = [column.name for column in self._csv_values]
        inputs = _unique_names(self._columns, {*_FIRST, *names, *_LAST})
        return [*_FIRST, *inputs, *names, *_LAST]

    def jsonl(self, rows: Iterable[RunRow]) -> Iterator[str]:
        """One JSON object per line, all with the same keys; lists and records keep their type."""
        inputs = _unique_names(self._columns, {*_FIRST, *self._flat_names, *_LAST})
        for chunk in _chunks(rows):
            yield "".join(
                clean(json.dumps(self._object(row, inputs), ensure_ascii=False)) + "\n"
                for row in chunk
            )

    def _table_row(self, row: RunRow) -> list[Any]:
        form, answer, first, last = self._parts(row)
        values = [column.value(answer) if answer else None for column in self._csv_values]
        cost = None if last[2] is None else f"{last[2]:.9f}".rstrip("0").rstrip(".")
        return [
            *first,
            *(form.get(column) for column in self._columns),
            *values,
            *last[:2],
            _TrustedCell(cost or ""),
            last[3],
        ]

    def _object(self, row: RunRow, inputs: list[str]) -> Json:
        form, answer, first, last = self._parts(row)
        columns = zip(inputs, self._columns, strict=True)
        return {
            **dict(zip(_FIRST, first, strict=True)),
            **{name: form.get(column) for name, column in columns},
            **{name: answer.get(name) for name in self._flat_names},
            **dict(zip(_LAST, last, strict=True)),
        }

    def _parts(
        self, row: RunRow
    ) -> tuple[Json, Json, tuple[int | None, str], tuple[str, str, float | None, str]]:
        """(form, answer or {}, values of the _FIRST columns, values of the _LAST columns)."""
        form: Json = json.loads(row.form or "{}")
        first = (row.row_no, row.status)
        cost = to_usd(row.cost_nusd)
        if row.status in OPEN_STATUSES:
            return form, {}, first, ("", "", cost, row.id)
        body: Json = json.loads(row.answer) if row.answer else body_without_text(row)
        if row.status == "done":
            return form, body, first, ("", "", cost, row.id)
        return form, {}, first, (row.code or "", body.get("detail", ""), cost, row.id)


class _TrustedCell(str):
    """A cell that this module generated and that is written without escaping."""

    __slots__ = ()


def _csv_values(action: Action, fixed: Json) -> Iterator[Column]:
    """The columns of an action's answer.

    A record whose shape is the same for all rows has one column per field; lists have their text.
    """
    for name, schema in flat_schemas(action).items():
        entry = action.returns.get(name)
        keys = _record_keys(action, entry, fixed) if entry else []
        if keys:
            yield from (Column(f"{name}_{key}", _record_getter(name, key)) for key in keys)
        elif not _is_redundant(action, name, entry, fixed):
            is_json = schema["type"] in {"array", "object"}
            yield Column(name, _json_getter(name) if is_json else _value_getter(name))


def _is_redundant(action: Action, name: str, entry: ReturnField | None, fixed: Json) -> bool:
    """Whether other columns already hold the value: the text of a list, the fields of a record."""
    if entry:
        return is_string_list(entry) or entry.type == "record"
    records = [returned for returned in action.returns.values() if returned.type == "record"]
    if name in {"names", "values"}:
        return bool(records)
    return any(
        name == f"{record.name}_json" and _record_keys(action, record, fixed) for record in records
    )


def _record_keys(action: Action, entry: ReturnField, fixed: Json) -> list[str]:
    """The field names of a record whose shape is fixed for the whole batch; [] for any other."""
    field = action.fields.get(entry.shape_from)
    if entry.type != "record" or field is None or field.name not in fixed:
        return []
    read = TYPES[field.type].read
    try:
        return [item["name"] for item in read(fixed[field.name], field)] if read else []
    except InvalidValue:
        return []


def _value_getter(name: str) -> Callable[[Json], Any]:
    return lambda answer: answer.get(name)


def _json_getter(name: str) -> Callable[[Json], Any]:
    return lambda answer: json.dumps(answer[name], ensure_ascii=False) if answer.get(name) else None


def _record_getter(name: str, key: str) -> Callable[[Json], Any]:
    return lambda answer: (answer.get(name) or {}).get(key)


def _unique_names(columns: Iterable[str], taken: set[str]) -> list[str]:
    """Names for the caller's columns; one that is taken by the answer gets the prefix input_."""
    names = []
    for column in columns:
        name = column
        while name in taken:
            name = f"input_{name}"
        taken.add(name)
        names.append(name)
    return names


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | _TrustedCell):
        return str(value)
    return _escape_formula(value if isinstance(value, str) else _list_text(value))


def _typed_cell(value: Any) -> Cell:
    """The value of an XLSX cell."""
    if isinstance(value, _TrustedCell):
        return float(value) if value else None
    if value is None or isinstance(value, str | int | float):
        return value
    return _list_text(value)


def _list_text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _escape_formula(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would run it as a formula."""
    is_formula = text.startswith(_FORMULA_STARTS) and not _HARMLESS.fullmatch(text)
    return f"'{clean(text)}" if is_formula else clean(text)


def _chunks(rows: Iterable[RunRow]) -> Iterator[list[RunRow]]:
    remaining = iter(rows)
    while chunk := list(itertools.islice(remaining, _CHUNK_ROWS)):
        yield chunk


def _csv_text(rows: Iterable[Iterable[str]], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()
