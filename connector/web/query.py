"""The query of a URL: its parameters, and the run options that may stand there.

A name that an address does not know is refused: a mistyped ``dry_run`` would be a paid run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from urllib.parse import unquote_to_bytes

import marshmallow
from flask import request

from connector.batches.request import FIELDS as BATCH_FIELDS
from connector.catalogue import OPTIONS
from connector.catalogue.values import clean, is_absent, quoted, read_number, suggestion
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.json_types import Json
from connector.publish.operation import RUN_PATH, SAMPLE, Operation
from connector.publish.operations import SERVICE_OPERATIONS
from connector.web.fields import MAX_NAME, convert_field, invalid_field
from connector.web.request_parsing import form_values

_MAX_LIMIT = 100
_DEFAULT_LIMIT = 25
_FREE_QUERY = {"receive_hook", "check_hook"}  # the query of a hook is a part of what is posted
# a batch takes its fields from the query too, since a CSV body has no room for them
BATCH_NAMES = (*BATCH_FIELDS, "fixed", "mapping")


# --- which names an address knows -----------------------------------------------------------------


def check_query() -> None:
    """``InvalidInput`` names each parameter of the query that this address does not know."""
    if not request.query_string or request.url_rule is None:
        return
    method = "get" if request.method == "HEAD" else request.method.lower()
    address = (method, _template(request.url_rule.rule))
    known = _known_names().get(address, frozenset())
    if known is None:
        return
    unknown = [name for name in request.args if name not in known]
    if unknown:
        raise InvalidInput([_unknown(name, known, address) for name in unknown])


def _template(path: str) -> str:
    """A path with its variable parts left out, which Flask and the operations write differently."""
    return re.sub(r"<[^<>]*>|{[^{}]*}", "{}", path)


@cache
def _known_names() -> Mapping[tuple[str, str], frozenset[str] | None]:
    """The names that each method and path knows; None: any."""
    known = {
        (operation.method, _template(operation.path)): _names_of(operation)
        for operation in SERVICE_OPERATIONS
    }
    return {**known, ("post", _template(RUN_PATH)): frozenset({SAMPLE.name, *OPTIONS})}


def _names_of(operation: Operation) -> frozenset[str] | None:
    if operation.operation_id in _FREE_QUERY:
        return None
    names = {one.name for one in operation.parameters if one.location == "query"}
    if operation.operation_id == "create_batch":
        return frozenset({*names, *BATCH_NAMES})
    return frozenset(names | (_body_fields(operation) & set(OPTIONS)))


def _body_fields(operation: Operation) -> set[str]:
    schema = operation.body.schema if operation.body else None
    return set(schema.fields) if isinstance(schema, marshmallow.Schema) else set()


def _unknown(name: str, known: Collection[str], address: tuple[str, str]) -> FieldError:
    shown = clean(name)[:MAX_NAME]
    listed = f"It takes {', '.join(sorted(known))}." if known else "This URL takes none."
    hint = suggestion(shown, known).strip() or listed
    if address == ("post", _template(RUN_PATH)):
        hint += " The fields of the action go into the body."
    message = f'There is no parameter "{shown}" in the query of this URL. {hint}'
    return FieldError(shown, "unknown_field", message)


def check_characters() -> None:
    """Refuse a query that holds a null character or is not UTF-8.

    PostgreSQL can neither store the former nor search for it.
    """
    query = request.query_string
    if b"%00" in query:
        raise FormcallError(
            "bad_request",
            "The URL contains a null character (%00). Check how it is built.",
        )
    if b"%" in query or not query.isascii():
        try:
            unquote_to_bytes(query).decode()
        except UnicodeDecodeError:
            raise FormcallError(
                "bad_request",
                "The query of the URL is not UTF-8 text. Encode it as UTF-8 before the percent "
                "signs are added.",
            ) from None


# --- values ---------------------------------------------------------------------------------------


def with_query(values: Json, names: Collection[str] = tuple(OPTIONS)) -> Json:
    """``values`` of a body with those of the query that are in ``names``.

    ``InvalidInput`` when both give a different value: neither is the one that was meant.
    """
    if not request.query_string:
        return values
    given = {
        name: value
        for name, value in form_values(request.args).items()
        if name in names and not is_absent(value)
    }
    for name, value in given.items():
        other = values.get(name)
        if not is_absent(other) and _plain(other) != _plain(value):
            message = (
                f'"{name}" is {quoted(value)} in the query and another value in the body. Send '
                "one of them."
            )
            raise invalid_field(name, "not_the_same", message)
    return {**values, **given}


def _plain(value: object) -> str:
    return str(value).strip().lower()


def read_query_number(name: str, default: float, *, low: float, high: float) -> float:
    """The number ``name`` of the query, within its bounds."""
    given = request.args.get(name, "")
    if not given.strip():
        return default
    number = convert_field(name, given, read_number)
    if not low <= number <= high:
        message = f'"{name}" takes a number from {low:g} to {high:g}, not {number:g}.'
        raise invalid_field(name, "out_of_range", message)
    return number


def read_query_limit() -> int:
    """The number of entries that a list is limited to."""
    return int(read_query_number("limit", _DEFAULT_LIMIT, low=1, high=_MAX_LIMIT))


def read_query_choice(name: str, choices: Sequence[str], *, code: str = "not_allowed") -> str:
    """The value ``name`` of the query, one of ``choices``, or "" when it is not given."""
    value = request.args.get(name, "")
    if value and value not in choices:
        raise invalid_field(name, code, f'"{name}" takes one of {", ".join(choices)}.')
    return value
