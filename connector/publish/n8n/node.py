"""The node's description: one operation per action, and those of runs and reviews. A field type is
one row of ``WIDGETS``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connector.catalogue import Action, Catalogue, Field
from connector.catalogue.form_schema import FormField, FormSchema
from connector.json_types import Json
from connector.publish.operation import RUN_PATH, Operation, OperationParameter
from connector.publish.operations import SERVICE_OPERATIONS

Widget = Callable[[Field], Json]

_OPERATIONS = {operation.operation_id: operation for operation in SERVICE_OPERATIONS}
_OF_RUNS = {"get_run": "Get", "list_runs": "Find"}
_OF_REVIEWS = {"list_reviews": "Find", "get_review": "Get", "decide_review": "Decide"}
NOT_SHOWN = ("stream",)  # a node cannot read a streamed answer
_ROWS = 4
_FILE_HINT = (
    "The name of a binary field of the item, such as data, stands for the file in it. "
    "Several: one a line."
)
# one connection has the address and the key
_BASE_URL = '={{$credentials.address.trim().replace(/\\/+$/, "")}}'


def _text(entry: Field) -> Json:
    return {"type": "string", "default": entry.default or ""}


def _lines(entry: Field) -> Json:
    return {
        "type": "string",
        "typeOptions": {"rows": _ROWS},
        "default": entry.default if isinstance(entry.default, str) else "",
    }


def _number(**more: Any) -> Widget:
    """A number box starts with its default, or with its minimum."""

    def widget(entry: Field) -> Json:
        bounds = {"minValue": entry.min, "maxValue": entry.max, **more}
        options = {name: value for name, value in bounds.items() if value is not None}
        first = entry.default if entry.default is not None else entry.min or 0
        return {"type": "number", "typeOptions": options, "default": first}

    return widget


def _boolean(entry: Field) -> Json:
    return {"type": "boolean", "default": bool(entry.default)}


def _choice(entry: Field) -> Json:
    first = entry.default if entry.default is not None else entry.choices[0].value
    return {"type": "options", "options": _choices(entry), "default": first}


def _list(entry: Field) -> Json:
    if entry.choices:
        return {"type": "multiOptions", "options": _choices(entry), "default": []}
    return _lines(entry)


def _choices(entry: Field) -> list[Json]:
    return [{"name": choice.label, "value": choice.value} for choice in entry.choices]


def _file(entry: Field) -> Json:
    """A text, or the names of binary fields of the item, whose contents the node's code sends."""
    return {
        **_lines(entry),
        "typeOptions": {"rows": 1, "binaryDataProperty": True},
        "hint": _FILE_HINT,
    }


# None: the type has no place in a form
WIDGETS: dict[str, Widget | None] = {
    "text": _text,
    "longtext": _lines,
    "number": _number(),
    "integer": _number(numberPrecision=0),
    "boolean": _boolean,
    "choice": _choice,
    "list": _list,
    "options": _lines,
    "shape": _lines,
    "file": _file,
    "record": None,
}
_PARAMETERS: dict[str, Json] = {
    "string": {"type": "string", "default": ""},
    "number": {"type": "number", "default": 0},
    "integer": {"type": "number", "typeOptions": {"numberPrecision": 0}, "default": 1},
    "boolean": {"type": "boolean", "default": True},
}


def description(catalogue: Catalogue) -> Json:
    """The description that ``Formcall.node.js`` gives to n8n."""
    actions = list(catalogue.values())
    return {
        "displayName": "Formcall",
        "name": "formcall",
        "icon": "file:formcall.svg",
        "group": ["transform"],
        "version": 1,
        "subtitle": '={{$parameter["operation"]}}',
        "description": "AI steps that a workflow can branch on",
        "defaults": {"name": "Formcall"},
        "usableAsTool": True,
        "inputs": ["main"],
        "outputs": ["main"],
        "credentials": [{"name": "formcallApi", "required": True}],
        "requestDefaults": {"baseURL": _BASE_URL, "headers": {"Accept": "application/json"}},
        "properties": [
            _select(
                "Resource",
                "resource",
                [
                    {"name": "Action", "value": "action"},
                    {"name": "Run", "value": "run"},
                    {"name": "Review", "value": "review"},
                ],
            ),
            _select(
                "Operation",
                "operation",
                [_operation(action) for action in actions],
                resource=["action"],
            ),
            *(entry for action in actions for entry in _form(action)),
            *_resource("run", _OF_RUNS),
            *_resource("review", _OF_REVIEWS),
        ],
    }


def _select(label: str, name: str, options: list[Json], **show: list[str]) -> Json:
    shown = {"displayOptions": {"show": show}} if show else {}
    kind = {"displayName": label, "name": name, "type": "options", "noDataExpression": True}
    return {**kind, **shown, "options": options, "default": options[0]["value"]}


# --- actions --------------------------------------------------------------------------------------


def _operation(action: Action) -> Json:
    request = {"method": "POST", "url": RUN_PATH.format(action_id=action.id)}
    return {
        "name": action.title,
        "value": action.id,
        "action": action.title,
        "description": action.summary,
        "routing": {"request": request},
    }


def _form(action: Action) -> Iterable[Json]:
    """Required fields are at the top; all others are options to add."""
    show = {"resource": ["action"], "operation": [action.id]}
    yield from (
        {**_field(entry), "displayOptions": {"show": show}}
        for entry in action.form.values()
        if entry.required
    )
    options = [
        _field(entry)
        for entry in action.form.values()
        if not entry.required and entry.name not in NOT_SHOWN
    ]
    yield _collection(options, show)


def _collection(options: list[Json], show: Json) -> Json:
    return {
        "displayName": "Options",
        "name": "options",
        "type": "collection",
        "placeholder": "Add option",
        "default": {},
        "displayOptions": {"show": show},
        "options": options,
    }


def _field(entry: Field) -> Json:
    """One field of a form; ``KeyError`` for a type that has no row, ``TypeError`` for one that no
    form has."""
    widget = WIDGETS[entry.type]
    if widget is None:
        raise TypeError(entry.type)
    required = {"required": True} if entry.required else {}
    shown = {"description": entry.help, "placeholder": entry.placeholder}
    return {
        "displayName": entry.label,
        "name": entry.name,
        **widget(entry),
        **required,
        **{name: words for name, words in shown.items() if words},
        "routing": {"send": {"type": "body", "property": entry.name}},
    }


# --- runs and reviews -----------------------------------------------------------------------------


def _resource(resource: str, names: Mapping[str, str]) -> Iterable[Json]:
    """The operations of the service called ``names``, and their parameters."""
    shown = [(name, _OPERATIONS[key]) for key, name in names.items()]
    operations = [_service_operation(name, one) for name, one in shown]
    yield _select("Operation", "operation", operations, resource=[resource])
    for _, one in shown:
        yield from _parameters(one, resource)


def _service_operation(name: str, operation: Operation) -> Json:
    path = operation.path
    for parameter in operation.parameters:
        path = path.replace(
            f"{{{parameter.name}}}", f'{{{{encodeURIComponent($parameter["{parameter.name}"])}}}}'
        )
    return {
        "name": name,
        "value": operation.operation_id,
        "action": operation.summary,
        "description": operation.description,
        "routing": {
            "request": {
                "method": operation.method.upper(),
                "url": path if path == operation.path else f"={path}",
            }
        },
    }


def _parameters(operation: Operation, resource: str) -> Iterable[Json]:
    """What an operation needs, then the rest as options to add."""
    show = {"resource": [resource], "operation": [operation.operation_id]}
    fields = [(one.required, _field(one)) for one in _body_fields(operation)]
    shown = [*((one.required, _parameter(one)) for one in operation.parameters), *fields]
    yield from (
        {**entry, "required": True, "displayOptions": {"show": show}}
        for is_required, entry in shown
        if is_required
    )
    options = [entry for is_required, entry in shown if not is_required]
    if options:
        yield _collection(options, show)


def _body_fields(operation: Operation) -> list[Field]:
    schema = operation.body.schema if operation.body else None
    if not isinstance(schema, FormSchema):
        return []
    return [one.entry for one in schema.fields.values() if isinstance(one, FormField)]


def _parameter(one: OperationParameter) -> Json:
    routing = (
        {"routing": {"send": {"type": "query", "property": one.name}}}
        if one.location == "query"
        else {}
    )
    return {
        "displayName": one.label,
        "name": one.name,
        **_kind(one.schema),
        "description": one.help,
        **routing,
    }


def _kind(schema: Json) -> Json:
    if "enum" in schema:
        options = [{"name": value.capitalize(), "value": value} for value in schema["enum"]]
        return {"type": "options", "options": options, "default": schema["enum"][0]}
    return _PARAMETERS[schema["type"]]
