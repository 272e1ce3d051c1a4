"""The results of a batch as a table: each row as it came, what it was answered, what it cost; in order, however many there are."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connector.catalogue import TYPES, Action, Return
from connector.catalogue.answer import flat_schemas, is_word_list
from connector.catalogue.values import Fault, clean
from connector.jobs.telling import not_kept
from connector.store.money import usd
from connector.store.notes import OPEN

Json = dict[str, Any]

_PIECE = 100  # rows in one piece of text
_FIRST, _LAST = ("row", "status"), ("error_code", "error", "cost_usd", "run_id")
# what a spreadsheet takes for the beginning of a formula, also in the wide forms of East Asian keyboards
_ACTIVE = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?")


@dataclass(frozen=True)
class Column:
    """A column of the table: its name, and its value from a row's answer."""

    name: str
    value: Callable[[Json], Any]


class Results:
    """The rows of one batch as CSV or as JSON lines, made piece by piece while they are read."""

    def __init__(self, action: Action, batch: Any) -> None:
        self._columns: list[str] = json.loads(batch.columns)
        self._csv_values = list(_csv_values(action, json.loads(batch.fixed or "{}")))
        self._flat_names = list(flat_schemas(action))

    def csv(self, rows: Iterable[Any]) -> Iterator[str]:
        """Lines of CSV, the names of the columns first. No cell of text can be taken for a formula."""
        names = [column.name for column in self._csv_values]
        header = [*_FIRST, *_apart(self._columns, {*_FIRST, *names, *_LAST}), *names, *_LAST]
        yield _lines([[_harmless(name) for name in header]])
        for some in _pieces(rows):
            yield _lines([_cell(value) for value in self._csv_row(row)] for row in some)

    def jsonl(self, rows: Iterable[Any]) -> Iterator[str]:
        """A JSON object a line, each with the same keys; lists and records stay what they are."""
        inputs = _apart(self._columns, {*_FIRST, *self._flat_names, *_LAST})
        for some in _pieces(rows):
            yield "".join(clean(json.dumps(self._object(row, inputs), ensure_ascii=False)) + "\n" for row in some)

    def _csv_row(self, row: Any) -> list[Any]:
        form, answer, first, last = self._parts(row)
        values = [column.value(answer) if answer else None for column in self._csv_values]
        cost = None if last[2] is None else f"{last[2]:.9f}".rstrip("0").rstrip(".")
        return [*first, *(form.get(column) for column in self._columns), *values, *last[:2], _Plain(cost or ""), last[3]]

    def _object(self, row: Any, inputs: list[str]) -> Json:
        form, answer, first, last = self._parts(row)
        own = {name: form.get(column) for name, column in zip(inputs, self._columns, strict=True)}
        answered = {name: answer.get(name) for name in self._flat_names}
        return {**dict(zip(_FIRST, first, strict=True)), **own, **answered, **dict(zip(_LAST, last, strict=True))}

    def _parts(self, row: Any) -> tuple[Json, Json, tuple[int, str], tuple[str, str, float | None, str]]:
        """A row's form, its answer ({} without one), and what stands before and behind them."""
        form: Json = json.loads(row.form or "{}")
        told: Json = {} if row.status in OPEN else json.loads(row.answer) if row.answer else not_kept(row)
        is_done = row.status == "done"
        error = ("", "") if is_done or row.status in OPEN else (row.code or "", told.get("detail", ""))
        return form, told if is_done else {}, (row.row_no, row.status), (*error, usd(row.cost_nusd), row.id)


class _Plain(str):
    """A cell that is ours and is written as it is."""

    __slots__ = ()


def _csv_values(action: Action, fixed: Json) -> Iterator[Column]:
    """The columns of an action's answer: plain values, the texts of lists, and a column for each field of a record whose shape is
    the same for all rows."""
    for name, schema in flat_schemas(action).items():
        entry = action.returns.get(name)
        if entry and (keys := _record_keys(action, entry, fixed)):
            yield from (Column(f"{name}_{key}", _inside(name, key)) for key in keys)
        elif _is_told_otherwise(action, name, entry, fixed):
            continue
        else:
            yield Column(name, _as_json(name) if schema["type"] in {"array", "object"} else _plain(name))


def _is_told_otherwise(action: Action, name: str, entry: Return | None, fixed: Json) -> bool:
    """Whether a value stands in another column already: a list in its text, a record's names and values in itself."""
    if entry:
        return is_word_list(entry) or entry.type == "record"
    of_record = [one for one in action.returns.values() if one.type == "record"]
    if name in {"names", "values"}:
        return bool(of_record)
    return any(name == f"{one.name}_json" and _record_keys(action, one, fixed) for one in of_record)


def _record_keys(action: Action, entry: Return, fixed: Json) -> list[str]:
    """The names of a record's values, when the batch says them once for all rows."""
    field = action.fields.get(entry.shape_from)
    if entry.type != "record" or field is None or field.name not in fixed:
        return []
    read = TYPES[field.type].read
    try:
        return [one["name"] for one in read(fixed[field.name], field)] if read else []
    except Fault:
        return []


def _plain(name: str) -> Callable[[Json], Any]:
    return lambda answer: answer.get(name)


def _as_json(name: str) -> Callable[[Json], Any]:
    return lambda answer: json.dumps(answer[name], ensure_ascii=False) if answer.get(name) else None


def _inside(name: str, key: str) -> Callable[[Json], Any]:
    return lambda answer: (answer.get(name) or {}).get(key)


def _apart(columns: Iterable[str], taken: set[str]) -> list[str]:
    """Names for the caller's columns; one that is called like a value of the answer is put apart."""
    found = []
    for column in columns:
        name = column
        while name in taken:
            name = f"input_{name}"
        taken.add(name)
        found.append(name)
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | _Plain):
        return str(value)
    return _harmless(value if isinstance(value, str) else _joined(value))


def _joined(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _harmless(text: str) -> str:
    """A text that a spreadsheet shows and does not carry out."""
    return f"'{clean(text)}" if text.startswith(_ACTIVE) and not _NUMBER.fullmatch(text) else clean(text)


def _pieces(rows: Iterable[Any]) -> Iterator[list[Any]]:
    waiting = iter(rows)
    while some := list(itertools.islice(waiting, _PIECE)):
        yield some


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
