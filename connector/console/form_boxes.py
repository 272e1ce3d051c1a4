"""The form of an action as boxes of a page. A field type is one row of ``WIDGETS``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from connector.catalogue import Action, Choice, Field
from connector.catalogue.list_values import read_lines, read_options
from connector.catalogue.user_field_parser import read_user_fields
from connector.catalogue.user_fields import WRITABLE_TYPES
from connector.catalogue.values import InvalidValue, is_absent, read_boolean
from connector.json_types import Json

# how a run is started and followed, which the page does itself
NOT_SHOWN = ("dry_run", "idempotency_key", "wait_seconds", "callback_url", "stream")
_ONE_LINE = 120  # characters
_FIRST_ROWS = 3  # of an empty editor

Rows = list[list[str]]


class EditorColumn(NamedTuple):
    """A column of a row editor; ``choices`` make it a select."""

    name: str
    label: str
    choices: tuple[str, ...] = ()


class FormBox(NamedTuple):
    """One field of the form.

    ``text`` is what stands in it, ``chosen`` which of its choices are marked. ``rows`` are the same
    as rows of ``columns``, for an editor; None where the text has more than they can hold.
    """

    field: Field
    kind: str
    text: str
    chosen: frozenset[str]
    problem: str
    columns: tuple[EditorColumn, ...] = ()
    rows: Rows | None = None

    @property
    def choices(self) -> tuple[Choice, ...]:
        return self.field.choices

    @property
    def is_checked(self) -> bool:
        """Whether a box to tick is ticked."""
        return self.text == "true"


class BoxWidget(NamedTuple):
    """How a type is shown: the kind of box, and for an editor its columns and reader of rows."""

    kind: str
    columns: tuple[EditorColumn, ...] = ()
    read_rows: Callable[[Any], Rows | None] | None = None


def _option_rows(value: Any) -> Rows | None:
    return [[option["name"], option["description"]] for option in read_options(value)]


def _line_rows(value: Any) -> Rows | None:
    return [[line] for line in read_lines(value)]


def _shape_rows(value: Any) -> Rows | None:
    fields = [field for field in read_user_fields(value) if not field["of"]]
    if any(field["type"] == "rows" for field in fields):
        return None
    return [
        [field["name"], field["type"], field["hint"] or "", " | ".join(field["choices"] or [])]
        for field in fields
    ]


_OPTION_COLUMNS = (EditorColumn("name", "Name"), EditorColumn("description", "What belongs there"))
_SHAPE_COLUMNS = (
    EditorColumn("name", "Name"),
    EditorColumn("type", "Type", tuple(kind for kind in WRITABLE_TYPES if kind != "rows")),
    EditorColumn("hint", "Hint"),
    EditorColumn("choices", "Choices, as a | b"),
)
# None: the type has no place in a form
WIDGETS: dict[str, BoxWidget | None] = {
    "text": BoxWidget("text"),
    "longtext": BoxWidget("longtext"),
    "number": BoxWidget("number"),
    "integer": BoxWidget("number"),
    "boolean": BoxWidget("boolean"),
    "choice": BoxWidget("choice"),
    "list": BoxWidget("lines"),
    "options": BoxWidget("rows", _OPTION_COLUMNS, _option_rows),
    "shape": BoxWidget("rows", _SHAPE_COLUMNS, _shape_rows),
    "file": BoxWidget("file"),
    "record": None,
}


def form_boxes(
    action: Action, values: Mapping[str, Any], problems: Mapping[str, str]
) -> tuple[list[FormBox], list[FormBox]]:
    """(the boxes of an action's own fields, those of its options), filled with ``values``."""
    options = [entry for name, entry in action.options.items() if name not in NOT_SHOWN]
    return (
        _boxes(action.fields.values(), values, problems),
        _boxes(options, values, problems),
    )


def _boxes(
    entries: Iterable[Field], values: Mapping[str, Any], problems: Mapping[str, str]
) -> list[FormBox]:
    return [_box(entry, values.get(entry.name), problems.get(entry.name, "")) for entry in entries]


def _box(entry: Field, value: Any, problem: str) -> FormBox:
    widget = WIDGETS[entry.type]
    if widget is None:
        raise TypeError(entry.type)
    kind = "choices" if widget.kind == "lines" and entry.choices else widget.kind
    value = entry.default if is_absent(value) else value
    text = "" if kind == "file" else as_text(value)
    if kind == "boolean":
        text = str(_is_true(value)).lower()
    chosen = frozenset(_lines(value)) if kind in {"choice", "choices"} else frozenset()
    return FormBox(entry, kind, text, chosen, problem, widget.columns, _editor_rows(widget, value))


def _editor_rows(widget: BoxWidget, value: Any) -> Rows | None:
    if widget.read_rows is None:
        return None
    empty = [""] * len(widget.columns)
    if is_absent(value):
        return [list(empty) for _ in range(_FIRST_ROWS)]
    try:
        return widget.read_rows(value)
    except InvalidValue:  # as it is, it is shown as text, where it can be corrected
        return None


def _is_true(value: Any) -> bool:
    try:
        return not is_absent(value) and read_boolean(value)
    except InvalidValue:
        return False


def _lines(value: Any) -> list[str]:
    entries = value if isinstance(value, list) else as_text(value).splitlines()
    return [str(entry).strip() for entry in entries]


def as_text(value: Any) -> str:
    """A value of a form as the text of a box: lists of texts as lines, other data as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, indent=2)


def sent_values(action: Action, given: Json) -> Json:
    """The values of a form that was sent: fields of the action that are not as they were at first.

    An unticked box sends nothing, so it is false where the default is true.
    """
    values: Json = {}
    for name, entry in action.form.items():
        value = given.get(name)
        if isinstance(value, list):
            value = [one for one in value if not is_absent(one)]
        if entry.type == "boolean":
            is_on = _is_true(value[-1] if isinstance(value, list) and value else value)
            if is_on != bool(entry.default):
                values[name] = is_on
        elif not is_absent(value) and as_text(value) != as_text(entry.default):
            values[name] = value.replace("\r\n", "\n") if isinstance(value, str) else value
    return values
