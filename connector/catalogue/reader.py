"""Reading an action from one inert file: every key known, every name linked, every example tried.

``read_action`` takes the plain value of a file (or of a JSON body) and either gives an ``Action`` or raises ``TemplateError``
with a sentence that names the file and the line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from connector.catalogue.action import ENVELOPE, Action, Example
from connector.catalogue.answer import twins
from connector.catalogue.fields import FORM_TYPES, RETURN_TYPES, TYPES, Field, Return
from connector.catalogue.fills import FILLS
from connector.catalogue.function import answer_function
from connector.catalogue.options import OPTIONS
from connector.catalogue.prompt import Prompt
from connector.catalogue.reply import check_arguments
from connector.catalogue.shape import read_shape
from connector.catalogue.values import Choice, Fault, is_absent, nearest, refuse_twice
from connector.errors import FormcallError, TemplateError
from connector.strictyaml import Lines, read_yaml

Json = dict[str, Any]

EFFORTS = ("low", "medium", "high")
LONG = ("merge", "ask")  # how the answers to the parts of a long document become one: by the server, or by one more call
LOCAL_METHODS = ("classify", "extract", "summarize", "answer", "quotes", "findings")  # what the embedded engine can do
ACTION_KEYS = (
    "title", "summary", "group", "effort", "local", "long", "tools", "max_steps", "fields", "returns", "instructions", "message",
    "examples",
)  # fmt: skip
REQUIRED_KEYS = ("title", "summary", "group", "fields", "returns", "instructions", "message", "examples")
FIELD_KEYS = (
    "type", "label", "help", "placeholder", "required", "default", "choices", "choices_from", "or_text", "pages_from", "min", "max",
)  # fmt: skip
RETURN_KEYS = ("type", "help", "nullable", "choices", "choices_from", "shape_from", "shape", "min", "max", "when", "fill", "from")
SOURCES = ("tools",)  # where a value must come from, if the model may not make it up
EXAMPLE_KEYS = ("name", "input", "calls", "output", "check")
_CALL_KEYS = {"tool", "arguments", "output"}
# the types that a key goes with, on each side; a key that is not here goes with all
_COUNTED = ("text", "longtext", "number", "integer", "list", "options", "shape")
FIELD_FITS = {
    "choices": ("choice", "list"),
    "choices_from": ("list",),
    "or_text": ("file",),
    "pages_from": ("file",),
    "min": _COUNTED,
    "max": (*_COUNTED, "file"),
}
RETURN_FITS = {
    "choices": ("choice", "list"),
    "choices_from": ("choice", "list"),
    "shape_from": ("record", "list"),
    "shape": ("list",),
    "nullable": ("text", "longtext", "number", "integer", "boolean", "choice"),
    "from": ("text",),
    "min": _COUNTED,
    "max": _COUNTED,
}
_MOST_CASES = 1_000
_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_CHOICE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_ID_LENGTH = 40
_SUMMARY_LENGTH, _HELP_LENGTH, _SHAPE_LENGTH = 300, 700, 4_000


def read_action(action_id: str, value: Any, *, lines: Lines | None = None, file: str = "") -> Action:
    """The action that ``value`` describes; ``TemplateError`` for the first thing that is not right."""
    return _Reader(action_id, lines or Lines(), file).read(value)


def read_action_file(action_id: str, text: str, *, file: str) -> Action:
    """The action in the YAML ``text`` of ``file``."""
    value, lines = read_yaml(text, file=file)
    return read_action(action_id, value, lines=lines, file=file)


class _Reader:
    """Reads one action, keeping the file and lines at hand for its sentences."""

    def __init__(self, action_id: str, lines: Lines, file: str) -> None:
        self._id, self._lines, self._file = action_id, lines, file

    def read(self, value: Any) -> Action:
        if not _ID.fullmatch(self._id) or len(self._id) > _ID_LENGTH:
            raise self._wrong(f'"{self._id}" is not an id: lower-case words joined by _, at most {_ID_LENGTH} characters.')
        top = self._map(value, ACTION_KEYS, required=REQUIRED_KEYS)
        fields = {name: self._field(name, entry) for name, entry in self._map_of(top["fields"], "fields").items()}
        returns = {name: self._return(name, entry, fields) for name, entry in self._map_of(top["returns"], "returns").items()}
        self._check_links(fields, returns)
        tools = tuple(self._texts(top.get("tools", []), "tools"))
        action = Action(
            id=self._id,
            title=self._text(top, "title", limit=60),
            summary=self._text(top, "summary", limit=_SUMMARY_LENGTH),
            group=self._text(top, "group", limit=40),
            effort=self._one_of(top.get("effort", "low"), EFFORTS, "effort"),
            fields=fields,
            returns=returns,
            instructions=self._prompt(top, "instructions", fields),
            message=self._prompt(top, "message", fields),
            examples=(),
            local=self._one_of(top["local"], LOCAL_METHODS, "local") if "local" in top else None,
            long=self._long(top, fields),
            tools=tools,
            max_steps=self._whole(top.get("max_steps", 8 if tools else 0), "max_steps"),
        )
        return replace(action, examples=self._examples(action, top["examples"]))

    # --- fields and returns ---

    def _field(self, name: str, value: Any) -> Field:
        path = ("fields", name)
        self._name(name, path)
        if name in OPTIONS:
            raise self._wrong(f"`{name}` is an option that every action has; choose another name.", *path)
        entry = self._map(value, FIELD_KEYS, *path, required=("type", "label"))
        kind = self._one_of(entry["type"], FORM_TYPES, *path, "type")
        self._fits(entry, kind, FIELD_FITS, path)
        low, high = self._bounds(entry, path)
        field = Field(
            name=name,
            type=kind,
            label=self._text(entry, "label", *path, limit=60),
            help=self._text(entry, "help", *path, limit=_HELP_LENGTH),
            placeholder=self._text(entry, "placeholder", *path, limit=_HELP_LENGTH),
            required=self._switch(entry, "required", *path),
            choices=self._choices(entry, path),
            choices_from=self._text(entry, "choices_from", *path, limit=_ID_LENGTH),
            or_text=self._text(entry, "or_text", *path, limit=_ID_LENGTH),
            pages_from=self._text(entry, "pages_from", *path, limit=_ID_LENGTH),
            min=low,
            max=high,
        )
        if kind == "choice" and not field.choices:
            raise self._wrong("a choice needs `choices`, such as {short: Short, long: Long}.", *path)
        return self._with_default(field, entry, path)

    def _with_default(self, field: Field, entry: Json, path: tuple[str, ...]) -> Field:
        if entry.get("default") is None:
            return field
        if field.required:
            raise self._wrong("a field that is required has no use for a default; remove one of the two.", *path, "default")
        reader = TYPES[field.type].read
        try:
            return replace(field, default=reader(entry["default"], field) if reader else None)
        except Fault as fault:
            raise self._wrong(f"the default {fault.message}", *path, "default") from None

    def _return(self, name: str, value: Any, fields: Mapping[str, Field]) -> Return:
        path = ("returns", name)
        self._name(name, path)
        if name in ENVELOPE:
            raise self._wrong(f"`{name}` is a name that every answer has already; choose another.", *path)
        entry = self._map(value, RETURN_KEYS, *path, required=("type",))
        kind = self._one_of(entry["type"], RETURN_TYPES, *path, "type")
        self._fits(entry, kind, RETURN_FITS, path)
        low, high = self._bounds(entry, path)
        return Return(
            name=name,
            type=kind,
            help=self._text(entry, "help", *path, limit=_HELP_LENGTH),
            nullable=self._switch(entry, "nullable", *path),
            choices=self._choices(entry, path),
            choices_from=self._text(entry, "choices_from", *path, limit=_ID_LENGTH),
            shape_from=self._text(entry, "shape_from", *path, limit=_ID_LENGTH),
            shape=self._shape(entry, path),
            min=low,
            max=high,
            when=self._when(entry, path, fields),
            fill=self._fill(entry, path),
            source=self._source(entry, path),
        )

    def _source(self, entry: Json, path: tuple[str, ...]) -> str:
        if "from" not in entry:
            return ""
        if entry.get("fill") or not entry.get("nullable"):
            words = "a value `from` tools has no `fill` and is `nullable: true`, since a tool may give none."
            raise self._wrong(words, *path, "from")
        return self._one_of(entry["from"], SOURCES, *path, "from")

    def _choices(self, entry: Json, path: tuple[str, ...]) -> tuple[Choice, ...]:
        if "choices" not in entry:
            return ()
        found = self._map_of(entry["choices"], *path, "choices")
        for value, label in found.items():
            if not _CHOICE.fullmatch(value) or not isinstance(label, str) or "," in label or not label:
                raise self._wrong(f"`{value}`: a choice is a lower-case word and a label without commas.", *path, "choices", value)
        try:
            refuse_twice([*found, *(label for value, label in found.items() if label.casefold() != value)])
        except Fault as fault:
            raise self._wrong(f"`choices` {fault.message}", *path, "choices") from None
        return tuple(Choice(value, label) for value, label in found.items())

    def _shape(self, entry: Json, path: tuple[str, ...]) -> tuple[Json, ...]:
        if "shape" not in entry:
            return ()
        if "shape_from" in entry:
            raise self._wrong("`shape` and `shape_from` exclude each other; keep one.", *path, "shape")
        try:
            return tuple(read_shape(self._text(entry, "shape", *path, limit=_SHAPE_LENGTH)))
        except Fault as fault:
            raise self._wrong(f"`shape` {fault.message}", *path, "shape") from None

    def _long(self, top: Json, fields: Mapping[str, Field]) -> str:
        if "long" not in top:
            return ""
        if sum(TYPES[field.type].of_files for field in fields.values()) != 1:
            raise self._wrong("`long` is for a form with one field of type file, whose pages are read in parts.", "long")
        return self._one_of(top["long"], LONG, "long")

    def _when(self, entry: Json, path: tuple[str, ...], fields: Mapping[str, Field]) -> tuple[str, tuple[Any, ...]] | None:
        if "when" not in entry:
            return None
        found = self._map_of(entry["when"], *path, "when")
        name, wanted = next(iter(found.items()))
        if len(found) != 1 or name not in fields:
            raise self._wrong("`when` names one field of the form and its value, such as {multiple: true}.", *path, "when")
        values = tuple(wanted) if isinstance(wanted, list) else (wanted,)
        if unknown := [value for value in values if value not in _settled(fields[name])]:
            raise self._wrong(f"`{name}` can never be `{unknown[0]}`; `when` names a value of a choice or a boolean.", *path, "when")
        return name, values

    def _fill(self, entry: Json, path: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
        if "fill" not in entry:
            return None
        value = entry["fill"]
        found = {value: []} if isinstance(value, str) else self._map_of(value, *path, "fill")
        name, args = next(iter(found.items()))
        self._one_of(name, tuple(FILLS), *path, "fill")
        names = tuple(self._texts(args if isinstance(args, list) else [args], *path, "fill"))
        if len(found) != 1 or len(names) != len(FILLS[name].args):
            raise self._wrong(f"`fill: {name}` takes {len(FILLS[name].args)} name{'s' * (len(FILLS[name].args) != 1)}.", *path, "fill")
        return name, names

    def _check_links(self, fields: Mapping[str, Field], returns: Mapping[str, Return]) -> None:
        """Every name that points to a field or to another value must be there and be of the right type."""
        for field in fields.values():
            self._link(field.choices_from, fields, "options", "fields", field.name, "choices_from")
            self._link(field.or_text, fields, "longtext", "fields", field.name, "or_text")
            self._link(field.pages_from, fields, "text", "fields", field.name, "pages_from")
        for entry in returns.values():
            self._link(entry.choices_from, fields, "options", "returns", entry.name, "choices_from")
            self._link(entry.shape_from, fields, "shape", "returns", entry.name, "shape_from")
            if entry.type == "record" and not entry.shape_from:
                raise self._wrong("a record needs `shape_from`, the form's field of type shape.", "returns", entry.name)
            if entry.type == "choice" and not (entry.choices or entry.choices_from):
                raise self._wrong("a choice needs `choices` or `choices_from`.", "returns", entry.name)
            if entry.fill:
                self._check_fill(entry, fields, returns)
            elif entry.when:
                raise self._wrong("a value with `when` needs `fill` too, for the times it is not asked.", "returns", entry.name)
        drawn: set[str] = set()
        for entry in returns.values():
            if entry.choices_from and entry.choices_from in drawn and not entry.nullable and entry.type == "choice" and not entry.fill:
                raise self._wrong("a second value from the same choices must be `nullable: true`.", "returns", entry.name)
            drawn.add(entry.choices_from)
        records = [entry.name for entry in returns.values() if entry.type == "record"]
        if len(records) > 1:
            raise self._wrong("an answer may have one record.", "returns", records[1])
        taken = set(returns)
        for entry in returns.values():
            if again := taken.intersection(twins(entry)):
                raise self._wrong(f"`{min(again)}` comes along with this value; give the other one another name.", "returns", entry.name)
            taken.update(twins(entry))
        self._check_cases(fields, returns)

    def _check_cases(self, fields: Mapping[str, Field], returns: Mapping[str, Return]) -> None:
        """However the form is filled in, the model must be asked for something, and all else must follow from that."""
        names = sorted({entry.when[0] for entry in returns.values() if entry.when})
        cases = [_settled(fields[name]) if _is_set(fields[name]) else (*_settled(fields[name]), None) for name in names]
        if math.prod(map(len, cases)) > _MOST_CASES:
            raise self._wrong("`when` depends on too many fields; use fewer.", "returns")
        for case in product(*cases):
            form = dict(zip(names, case, strict=True))
            known = {name for name, entry in returns.items() if entry.is_asked(form)}
            said = " and ".join(f"`{name}` is {'empty' if value is None else str(value).lower()}" for name, value in form.items())
            if not known:
                raise self._wrong(f"the model is asked for nothing{' when ' * bool(said)}{said}.", "returns")
            waiting = [entry for entry in returns.values() if entry.name not in known]
            while ready := [entry for entry in waiting if known.issuperset(_filled_from(entry))]:
                known.update(entry.name for entry in ready)
                waiting = [entry for entry in waiting if entry not in ready]
            if waiting:
                words = f"this cannot be worked out{' when ' * bool(said)}{said}: what it is filled from is not there either."
                raise self._wrong(words, "returns", waiting[0].name, "fill")

    def _check_fill(self, entry: Return, fields: Mapping[str, Field], returns: Mapping[str, Return]) -> None:
        assert entry.fill is not None  # noqa: S101  the caller looked
        rule, names = entry.fill
        path = ("returns", entry.name, "fill")
        if entry.type not in FILLS[rule].gives:
            raise self._wrong(f"`fill: {rule}` gives {' or '.join(FILLS[rule].gives)}; this value is {entry.type}.", *path)
        for kind, name, types in zip(FILLS[rule].args, names, FILLS[rule].takes, strict=True):
            known: Mapping[str, Any] = fields if kind == "field" else returns
            if name not in known or name == entry.name:
                raise self._wrong(f"`{name}` is not one of the {'form' if kind == 'field' else 'answer'}'s names.", *path)
            if types and known[name].type not in types:
                raise self._wrong(f"`fill: {rule}` works on {' or '.join(types)}; `{name}` is {known[name].type}.", *path)
            if rule in {"first", "only"} and known[name].shape_from != entry.shape_from:
                raise self._wrong(f"`{name}` must have the same `shape_from`.", *path)

    def _link(self, name: str, fields: Mapping[str, Field], kind: str, *path: str) -> None:
        if name and (name not in fields or fields[name].type != kind):
            raise self._wrong(f"`{name}` is not a field of type {kind}.", *path)

    # --- prompts and examples ---

    def _prompt(self, top: Json, key: str, fields: Mapping[str, Field]) -> Prompt:
        lists = [name for name, field in fields.items() if TYPES[field.type].list_like]
        source = self._text(top, key, limit=None)
        line = self._lines.of(key) + (1 if "\n" in source else 0)
        return Prompt(source, names=tuple(fields), lists=lists, file=self._file, line=line)

    def _examples(self, action: Action, value: Any) -> tuple[Example, ...]:
        if not isinstance(value, list) or not value:
            raise self._wrong("an action needs at least one example; the first is its sample.", "examples")
        return tuple(self._example(action, entry, number) for number, entry in enumerate(value))

    def _example(self, action: Action, value: Any, number: int) -> Example:
        path = ("examples", number)
        entry = self._map(value, EXAMPLE_KEYS, *path, required=("name", "input", "output"))
        try:
            form = action.read_form(self._map_of(entry["input"], *path, "input"))
            action.instructions.render(form)
            action.message.render(form)
            answer_function(action, form)
        except TemplateError:
            raise
        except FormcallError as error:
            words = error.errors[0].message if error.errors else error.detail
            raise self._wrong(f"the example's input: {words}", *path, "input", *(one.field for one in error.errors[:1])) from None
        output = self._map_of(entry["output"], *path, "output")
        if faults := check_arguments(action, form, output).faults:
            raise self._wrong(f"the example's output: {faults[0]}.", *path, "output")
        checked = tuple(self._texts(entry.get("check", []), *path, "check"))
        if unknown := [name for name in checked if name not in action.returns]:
            raise self._wrong(f"`check` names {unknown[0]}, which the answer does not have.", *path, "check")
        calls = entry.get("calls", [])
        if not isinstance(calls, list) or any(not isinstance(call, dict) or set(call) != _CALL_KEYS for call in calls):
            raise self._wrong("`calls` is a list of {tool, arguments, output}.", *path, "calls")
        kinds = [(call["tool"] in action.tools, isinstance(call["arguments"], dict), isinstance(call["output"], str)) for call in calls]
        if not all(map(all, kinds)):
            words = "a call names one of the action's `tools`, its arguments as a map and its output as text."
            raise self._wrong(words, *path, "calls")
        return Example(self._text(entry, "name", *path, limit=60), entry["input"], output, tuple(calls), checked)

    # --- small readers, each with its sentence ---

    def _map(self, value: Any, known: tuple[str, ...], *path: str | int, required: tuple[str, ...] = ()) -> Json:
        found = self._map_of(value, *path)
        if unknown := [key for key in found if key not in known]:
            hint = nearest(unknown[0], known) or f" Known here: {', '.join(known)}."
            raise self._wrong(f"`{unknown[0]}` is not known here.{hint}", *path, unknown[0])
        if missing := [key for key in required if is_absent(found.get(key)) and found.get(key) != []]:
            raise self._wrong(f"`{missing[0]}` is missing here.", *path)
        return found

    def _map_of(self, value: Any, *path: str | int) -> Json:
        if not isinstance(value, dict) or (not value and path[-1:] != ("input",)):
            raise self._wrong(f"`{path[-1] if path else 'the file'}` must be a map of names to values.", *path)
        return value

    def _text(self, entry: Json, key: str, *path: str | int, limit: int | None) -> str:
        value = entry.get(key, "")
        if not isinstance(value, str):
            raise self._wrong(f"`{key}` must be text; quote it.", *path, key)
        if limit is not None and len(value) > limit:
            raise self._wrong(f"`{key}` has {len(value)} characters; {limit} are allowed.", *path, key)
        return value.strip() if limit is not None else value

    def _texts(self, value: Any, *path: str | int) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self._wrong(f"`{path[-1]}` must be a list of texts.", *path)
        return value

    def _one_of(self, value: Any, known: tuple[str, ...], *path: str | int) -> str:
        if value not in known:
            hint = nearest(str(value), known)
            raise self._wrong(f"`{path[-1]}` must be one of {', '.join(known)}; not `{value}`.{hint}", *path)
        return str(value)

    def _switch(self, entry: Json, key: str, *path: str | int) -> bool:
        value = entry.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(f"`{key}` must be true or false.", *path, key)
        return value

    def _whole(self, value: Any, *path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(f"`{path[-1]}` must be a whole number.", *path)
        return value

    def _bounds(self, entry: Json, path: tuple[str, ...]) -> tuple[int | float | None, int | float | None]:
        low, high = entry.get("min"), entry.get("max")
        for key, value in (("min", low), ("max", high)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise self._wrong(f"`{key}` must be a number.", *path, key)
        if low is not None and high is not None and low > high:
            raise self._wrong("`min` is more than `max`.", *path, "min")
        return low, high

    def _fits(self, entry: Json, kind: str, fits: Mapping[str, tuple[str, ...]], path: tuple[str, ...]) -> None:
        for key, kinds in fits.items():
            if entry.get(key) and kind not in kinds:
                raise self._wrong(f"`{key}` does not go with the type {kind}; it goes with {', '.join(kinds)}.", *path, key)
        if "choices" in entry and "choices_from" in entry:
            raise self._wrong("`choices` and `choices_from` exclude each other; keep one.", *path, "choices")

    def _name(self, name: str, path: tuple[str, ...]) -> None:
        if not _ID.fullmatch(name) or len(name) > _ID_LENGTH:
            raise self._wrong(f"`{name}` is not a name: lower-case words joined by one _, at most {_ID_LENGTH} characters.", *path)

    def _wrong(self, problem: str, *path: str | int) -> TemplateError:
        place = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
        where = f"{place}: " if place else ""
        return TemplateError(where + problem, file=self._file, line=self._lines.of(*path) if self._file else 0)


def _settled(field: Field) -> tuple[Any, ...]:
    """The values that a field can have, where they can be counted."""
    return (True, False) if field.type == "boolean" else tuple(choice.value for choice in field.choices if field.type == "choice")


def _is_set(field: Field) -> bool:
    return field.required or field.default is not None


def _filled_from(entry: Return) -> list[str]:
    """The values of the answer that this one is worked out from."""
    rule, names = entry.fill or ("steps", ())
    return [name for kind, name in zip(FILLS[rule].args, names, strict=True) if kind == "returns"]
