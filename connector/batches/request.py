"""What is asked of a batch: one action, its rows, what is the same for all of them, and which column is which field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connector.catalogue import OPTIONS, Action, Field
from connector.catalogue.action import read_values
from connector.catalogue.fields import FormSchema, form_schema
from connector.catalogue.options import PROMPT_OPTIONS
from connector.catalogue.values import clean, is_absent, nearest, shown
from connector.errors import FieldError, InvalidInput
from connector.jobs.sheets import Sheet, read_sheet

Json = dict[str, Any]

ROW_OPTIONS = (*PROMPT_OPTIONS, "quality", "votes", "max_cost_usd", "tag")  # the other options of a run are no matter of a single row
_OF_BATCH = {"idempotency_key", "callback_url"}
_MOST_SHOWN = 20

FIELDS: dict[str, Field] = {
    entry.name: entry
    for entry in (
        Field("action", "text", "Action", "The action to run on each row, such as classify.", required=True, max=64),
        Field("budget_usd", "number", "Budget (US dollars)", "The batch waits before it costs more; it can be resumed.", max=1_000_000),
        OPTIONS["tag"],
        OPTIONS["callback_url"],
        OPTIONS["idempotency_key"],
        Field("economy", "boolean", "Economy", "Half the price, within a day, through the provider's own batches."),
        Field(
            "live_retry",
            "boolean",
            "Ask again live",
            "With economy: ask once more, at the full price, for a row whose answer cannot be used. On unless you turn it off.",
        ),
    )
}
_TABLES = ("rows", "fixed", "mapping")


@dataclass(frozen=True)
class Order:
    """A batch as it was asked for. ``mapping`` is {field: column} as far as the caller gave it; money is US dollars."""

    action: str
    sheet: Sheet
    fixed: Json
    mapping: Json
    budget_usd: float | None = None
    tag: str = ""
    callback_url: str = ""
    idempotency_key: str = ""
    economy: bool = False
    live_retry: bool = True


def read_order(values: Mapping[str, Any], file: bytes | None = None) -> Order:
    """The batch that a request asks for, with its rows in ``file`` or in the field ``rows``; ``InvalidInput`` names what is not right."""
    found = _read({name: value for name, value in values.items() if name not in _TABLES}, *FIELDS)
    rows = file if file is not None else values.get("rows")
    if is_absent(rows):
        raise _wrong("rows", "missing", 'is empty. Send a list of objects, or a CSV as text or as the file "file".')
    fixed, mapping = (read_pairs(values.get(name), name) for name in ("fixed", "mapping"))
    return Order(sheet=read_sheet(rows), fixed=fixed, mapping=mapping, **found)


def read_budget(values: Mapping[str, Any]) -> float | None:
    """The budget in US dollars that a batch is to go on with, if one is given; ``InvalidInput`` for anything else."""
    return _read(values, "budget_usd").get("budget_usd")


def _read(values: Mapping[str, Any], *names: str) -> Json:
    found = read_values(_schema(*names), values)
    if found.get("budget_usd", 1) <= 0:
        raise InvalidInput([FieldError("budget_usd", "out_of_range", f'"{FIELDS["budget_usd"].label}" takes a number above 0.')])
    return found


@lru_cache
def _schema(*names: str) -> FormSchema:
    return form_schema({name: FIELDS[name] for name in names})


def read_pairs(value: Any, name: str) -> Json:
    """An object of names and values, from JSON or from lines ``name: value``; lines that are indented belong to the one before."""
    if is_absent(value):
        return {}
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise _wrong(name, "wrong_type", "is not JSON. Check quotes and commas, or write a line `name: value` for each.") from None
    if isinstance(value, str):
        return _from_lines(value, name)
    if not isinstance(value, dict):
        raise _wrong(name, "wrong_type", "takes an object, or a line `name: value` for each.")
    return {clean(key): one for key, one in value.items()}


def _from_lines(text: str, name: str) -> Json:
    found: dict[str, list[str]] = {}
    last = ""
    for number, line in enumerate(clean(text).splitlines(), 1):
        if line[:1].isspace() and last and line.strip():
            found[last].append(line.strip())
        elif line.strip():
            key, colon, value = line.partition(":")
            last = key.strip()
            if not colon or not last or last in found:
                raise _wrong(name, "bad_line", f"is not `name: value` in line {number}: {shown(line)}. Indent a value's further lines.")
            found[last] = [value.strip()] if value.strip() else []
    return {key: "\n".join(lines) for key, lines in found.items()}


# --- which column is which field -----------------------------------------------------------------------------------------


def resolve(action: Action, order: Order) -> dict[str, str]:
    """The column of each field that the rows fill: as the caller mapped them, the others by their names.

    ``InvalidInput`` names fields and columns that there are not, options that a row cannot have, and rows that fill nothing.
    """
    columns = order.sheet.columns
    errors = [_unknown_field(name, action) for name in [*order.fixed, *order.mapping] if name not in action.form]
    mapping, missing = _given(order.mapping, columns)
    by_name = _by_name(action, [column for column in columns if column not in mapping.values()])
    mapping = {**{name: column for name, column in by_name.items() if name not in mapping}, **mapping}
    errors += missing + [_no_option(name) for name in dict.fromkeys([*order.fixed, *mapping]) if _is_refused(name)]
    if not errors and not mapping:
        errors = [FieldError("rows", "unknown_field", _nothing_fits(action, columns))]
    if errors:
        raise InvalidInput(errors)
    return mapping


def _given(mapping: Mapping[str, Any], columns: Sequence[str]) -> tuple[dict[str, str], list[FieldError]]:
    found, errors = {}, []
    for name, wanted in mapping.items():
        if is_absent(wanted):
            continue
        if (column := _column(wanted, columns)) is None:
            errors.append(FieldError(name, "unknown_column", _no_column(name, wanted, columns)))
        else:
            found[name] = column
    return found, errors


def _column(wanted: Any, columns: Sequence[str]) -> str | None:
    if not isinstance(wanted, str) or wanted in columns:
        return wanted if isinstance(wanted, str) else None
    alike = [column for column in columns if _folded(column) == _folded(wanted)]
    return alike[0] if len(alike) == 1 else None


def _by_name(action: Action, columns: Sequence[str]) -> dict[str, str]:
    """Fields and the columns named like them; a name that is written alike counts only if none is the same."""
    found = {column: column for column in columns if column in action.form}
    for column in columns:
        name = _folded(column)
        if name in action.form and name not in found:
            found[name] = column
    return found


def _folded(name: str) -> str:
    return "_".join(name.replace("-", " ").replace("_", " ").split()).casefold()


def _is_refused(name: str) -> bool:
    return name in OPTIONS and name not in ROW_OPTIONS


def _no_option(name: str) -> FieldError:
    fix = "Give it once, beside the rows." if name in _OF_BATCH else "Leave it out, or give the column another name."
    return FieldError(name, "not_allowed", f'"{name}" cannot be an option of the rows of a batch. {fix}')


def _unknown_field(name: str, action: Action) -> FieldError:
    hint = nearest(name, action.form) or f" The fields are {', '.join(action.form)}."
    return FieldError(name[:100], "unknown_field", f'"{action.title}" has no field {shown(name)}.{hint}')


def _no_column(name: str, wanted: Any, columns: Sequence[str]) -> str:
    hint = nearest(wanted, columns) if isinstance(wanted, str) else ""
    return f'"mapping" takes {name[:100]} from a column {shown(wanted)}, which the rows do not have.{hint or _listed("columns", columns)}'


def _nothing_fits(action: Action, columns: Sequence[str]) -> str:
    words = f'No column of the rows is a field of "{action.title}".{_listed("columns", columns)}{_listed("fields", action.fields)}'
    return f'{words} Rename a column, or say in "mapping" which field is which column.'


def _listed(what: str, names: Iterable[str]) -> str:
    shown_names = [name[:60] for name in names]
    more = f" and {len(shown_names) - _MOST_SHOWN} more" if len(shown_names) > _MOST_SHOWN else ""
    return f" The {what} are {', '.join(shown_names[:_MOST_SHOWN])}{more}."


def _wrong(name: str, code: str, words: str) -> InvalidInput:
    return InvalidInput([FieldError(name, code, f'"{name}" {words}')])
