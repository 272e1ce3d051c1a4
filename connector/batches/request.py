"""A batch request: one action, its rows, the values common to all rows, and the column mapping."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connector.batches.rows import Rows, read_rows
from connector.catalogue import OPTIONS, Action, Field
from connector.catalogue.form_schema import FormSchema, form_schema, read_values
from connector.catalogue.options import PROMPT_OPTIONS
from connector.catalogue.values import clean, is_absent, quoted, suggestion
from connector.errors import FieldError, InvalidInput
from connector.json_types import Json

# the run options that a single row may have
ROW_OPTIONS = (
    *PROMPT_OPTIONS,
    "timezone",
    "region",
    "quality",
    "votes",
    "max_cost_usd",
    "tag",
    "clean",
)
_BATCH_OPTIONS = {"idempotency_key", "callback_url"}
_MAX_LISTED = 20

FIELDS: dict[str, Field] = {
    entry.name: entry
    for entry in (
        Field(
            "action",
            "text",
            "Action",
            "The action to run on each row, such as classify.",
            required=True,
            max=64,
        ),
        Field(
            "budget_usd",
            "number",
            "Budget (US dollars)",
            "The batch pauses before it would cost more; it can be resumed.",
            max=1_000_000,
        ),
        OPTIONS["tag"],
        OPTIONS["callback_url"],
        OPTIONS["idempotency_key"],
        Field(
            "economy",
            "boolean",
            "Economy",
            "Half the price, within a day, through the provider's own batches.",
        ),
        Field(
            "live_retry",
            "boolean",
            "Retry live",
            "With economy: a row without a usable answer is retried once at the full price. "
            "On unless you turn it off.",
        ),
        Field(
            "sheet",
            "text",
            "Sheet",
            "The name of the sheet to read, of rows sent as a spreadsheet. Empty: the first one.",
            max=100,
        ),
        Field(
            "charset",
            "text",
            "Charset",
            "The encoding of rows sent as a file, such as windows-1252. Empty: UTF-8, or what the "
            "file itself says.",
            max=40,
        ),
    )
}
# read separately, since they hold tables and not single values
_TABLES = ("rows", "fixed", "mapping")


@dataclass(frozen=True)
class BatchRequest:
    """A validated batch request. Money is in US dollars.

    ``mapping`` is {field: column} for the fields that the caller mapped explicitly.
    """

    action: str
    rows: Rows
    fixed: Json
    mapping: Json
    budget_usd: float | None = None
    tag: str = ""
    callback_url: str = ""
    idempotency_key: str = ""
    economy: bool = False
    live_retry: bool = True


def read_batch_request(
    values: Mapping[str, Any], file: bytes | None = None, *, charset: str = ""
) -> BatchRequest:
    """Read a batch request; the rows are in ``file`` or in the field ``rows``.

    ``charset`` is what came with the file; the field "charset" comes before it. Raises
    ``InvalidInput`` with the fields that are invalid.
    """
    plain_values = {name: value for name, value in values.items() if name not in _TABLES}
    fields = _read_fields(plain_values, *FIELDS)
    rows = file if file is not None else values.get("rows")
    if is_absent(rows):
        raise _invalid(
            "rows",
            "missing",
            "is empty. Send a list of objects, a CSV as text, or a CSV or a spreadsheet as a file.",
        )
    table = read_rows(
        rows, sheet=fields.pop("sheet", ""), charset=fields.pop("charset", "") or charset
    )
    fixed = read_pairs(values.get("fixed"), "fixed")
    mapping = read_pairs(values.get("mapping"), "mapping")
    return BatchRequest(rows=table, fixed=fixed, mapping=mapping, **fields)


def read_budget(values: Mapping[str, Any]) -> float | None:
    """The new budget in US dollars with which a batch is resumed, if any.

    Raises ``InvalidInput`` for an invalid budget and for unknown fields.
    """
    return _read_fields(values, "budget_usd").get("budget_usd")


def _read_fields(values: Mapping[str, Any], *names: str) -> Json:
    fields = read_values(_schema(*names), values)
    if fields.get("budget_usd", 1) <= 0:
        message = f'"{FIELDS["budget_usd"].label}" takes a number above 0.'
        raise InvalidInput([FieldError("budget_usd", "out_of_range", message)])
    return fields


@lru_cache
def _schema(*names: str) -> FormSchema:
    return form_schema({name: FIELDS[name] for name in names})


def read_pairs(value: Any, name: str) -> Json:
    """Read {name: value} from an object, from JSON, or from lines ``name: value``.

    An indented line continues the value of the line before it.
    """
    if is_absent(value):
        return {}
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise _invalid(
                name,
                "wrong_type",
                "is not JSON. Check quotes and commas, or write a line `name: value` for each.",
            ) from None
    if isinstance(value, str):
        return _from_lines(value, name)
    if not isinstance(value, dict):
        raise _invalid(name, "wrong_type", "takes an object, or a line `name: value` for each.")
    return {clean(key): item for key, item in value.items()}


def _from_lines(text: str, name: str) -> Json:
    pairs: dict[str, list[str]] = {}
    last = ""
    for number, line in enumerate(clean(text).splitlines(), 1):
        if line[:1].isspace() and last and line.strip():
            pairs[last].append(line.strip())
        elif line.strip():
            key, colon, value = line.partition(":")
            last = key.strip()
            if not colon or not last or last in pairs:
                raise _invalid(
                    name,
                    "bad_line",
                    (
                        f"is not `name: value` in line {number}: {quoted(line)}. Indent a value's "
                        "further lines."
                    ),
                )
            pairs[last] = [value.strip()] if value.strip() else []
    return {key: "\n".join(lines) for key, lines in pairs.items()}


# --- mapping columns to fields --------------------------------------------------------------------


def resolve_mapping(action: Action, request: BatchRequest) -> dict[str, str]:
    """{field: column}: explicitly mapped fields first, the others matched by name.

    Raises ``InvalidInput`` for unknown fields and columns, for options that a row cannot have, and
    if no column matches a field.
    """
    columns = request.rows.columns
    errors = [
        _unknown_field(name, action)
        for name in [*request.fixed, *request.mapping]
        if name not in action.form
    ]
    explicit, unknown_columns = _explicit_mapping(request.mapping, columns)
    unmapped = [column for column in columns if column not in explicit.values()]
    by_name = _match_by_name(action, unmapped)
    mapping = {
        **{name: column for name, column in by_name.items() if name not in explicit},
        **explicit,
    }
    errors += unknown_columns
    errors += [
        _disallowed_option(name)
        for name in dict.fromkeys([*request.fixed, *mapping])
        if _is_disallowed_option(name)
    ]
    if not errors and not mapping:
        errors = [FieldError("rows", "unknown_field", _no_match_message(action, columns))]
    if errors:
        raise InvalidInput(errors)
    return mapping


def _explicit_mapping(
    mapping: Mapping[str, Any], columns: Sequence[str]
) -> tuple[dict[str, str], list[FieldError]]:
    resolved: dict[str, str] = {}
    errors: list[FieldError] = []
    for name, value in mapping.items():
        if is_absent(value):
            continue
        column = _find_column(value, columns)
        if column is None:
            message = _unknown_column_message(name, value, columns)
            errors.append(FieldError(name, "unknown_column", message))
        else:
            resolved[name] = column
    return resolved, errors


def _find_column(name: Any, columns: Sequence[str]) -> str | None:
    """The column called ``name``, or the only one whose normalized name is equal."""
    if not isinstance(name, str):
        return None
    if name in columns:
        return name
    similar = [column for column in columns if _normalized(column) == _normalized(name)]
    return similar[0] if len(similar) == 1 else None


def _match_by_name(action: Action, columns: Sequence[str]) -> dict[str, str]:
    """{field: column} for equal names; normalized names count only where no name is equal."""
    matches = {column: column for column in columns if column in action.form}
    for column in columns:
        name = _normalized(column)
        if name in action.form and name not in matches:
            matches[name] = column
    return matches


def _normalized(name: str) -> str:
    return "_".join(name.replace("-", " ").replace("_", " ").split()).casefold()


def _is_disallowed_option(name: str) -> bool:
    return name in OPTIONS and name not in ROW_OPTIONS


def _disallowed_option(name: str) -> FieldError:
    fix = (
        "Give it once, beside the rows."
        if name in _BATCH_OPTIONS
        else "Leave it out, or give the column another name."
    )
    return FieldError(
        name, "not_allowed", f'"{name}" cannot be an option of the rows of a batch. {fix}'
    )


def _unknown_field(name: str, action: Action) -> FieldError:
    hint = suggestion(name, action.form) or f" The fields are {', '.join(action.form)}."
    return FieldError(
        name[:100], "unknown_field", f'"{action.title}" has no field {quoted(name)}.{hint}'
    )


def _unknown_column_message(name: str, column: Any, columns: Sequence[str]) -> str:
    hint = suggestion(column, columns) if isinstance(column, str) else ""
    return (
        f'"mapping" takes {name[:100]} from a column {quoted(column)}, which the rows do not '
        f"have.{hint or _name_list('columns', columns)}"
    )


def _no_match_message(action: Action, columns: Sequence[str]) -> str:
    names = _name_list("columns", columns) + _name_list("fields", action.fields)
    return (
        f'No column of the rows is a field of "{action.title}".{names} '
        'Rename a column, or map fields to columns in "mapping".'
    )


def _name_list(kind: str, names: Iterable[str]) -> str:
    short_names = [name[:60] for name in names]
    hidden = len(short_names) - _MAX_LISTED
    more = f" and {hidden} more" if hidden > 0 else ""
    return f" The {kind} are {', '.join(short_names[:_MAX_LISTED])}{more}."


def _invalid(name: str, code: str, message: str) -> InvalidInput:
    return InvalidInput([FieldError(name, code, f'"{name}" {message}')])
