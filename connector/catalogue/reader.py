"""Reading an action from an inert file: keys, references and examples are all validated.

``read_action`` takes the parsed value of a file (or of a JSON body) and returns an ``Action``, or
raises ``TemplateError`` with the file, the line and a sentence about the problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.catalogue.action import RESERVED_NAMES, Action
from connector.catalogue.derived_rules import DERIVED_RULES
from connector.catalogue.fields import FORM_TYPES, RETURN_TYPES, TYPES, Field, ReturnField
from connector.catalogue.options import OPTIONS
from connector.catalogue.prompt import Prompt
from connector.catalogue.reader_examples import read_examples
from connector.catalogue.reader_links import check_links, possible_values
from connector.catalogue.template_format import (
    ACTION_KEYS,
    CHOICE_VALUE,
    EFFORTS,
    FIELD_KEY_TYPES,
    FIELD_KEYS,
    GROUP_LENGTH,
    HELP_LENGTH,
    ID,
    ID_LENGTH,
    LOCAL_METHODS,
    LONG,
    REQUIRED_KEYS,
    RETURN_KEY_TYPES,
    RETURN_KEYS,
    SHAPE_LENGTH,
    SOURCES,
    SUMMARY_LENGTH,
    TITLE_LENGTH,
)
from connector.catalogue.template_source import TemplateSource
from connector.catalogue.user_field_parser import read_user_fields
from connector.catalogue.values import Choice, InvalidValue, reject_duplicates
from connector.json_types import Json
from connector.yaml_subset import LineNumbers, read_yaml

_MAX_STEPS = 8


def read_action(
    action_id: str, value: Any, *, lines: LineNumbers | None = None, file: str = ""
) -> Action:
    """The action that ``value`` describes; ``TemplateError`` for the first problem."""
    source = TemplateSource(file, lines or LineNumbers())
    return _ActionReader(action_id, source).read(value)


def read_action_file(action_id: str, text: str, *, file: str) -> Action:
    """The action in the YAML ``text`` of ``file``."""
    value, lines = read_yaml(text, file=file)
    return read_action(action_id, value, lines=lines, file=file)


class _ActionReader:
    def __init__(self, action_id: str, source: TemplateSource) -> None:
        self._id = action_id
        self._source = source

    def read(self, value: Any) -> Action:
        source = self._source
        if not ID.fullmatch(self._id) or len(self._id) > ID_LENGTH:
            raise source.error(
                f'"{self._id}" is not an id: lower-case words joined by _, at most {ID_LENGTH} '
                "characters."
            )
        top = source.known_mapping(value, ACTION_KEYS, required=REQUIRED_KEYS)
        fields = {
            name: self._field(name, entry)
            for name, entry in source.mapping(top["fields"], "fields").items()
        }
        returns = {
            name: self._return(name, entry, fields)
            for name, entry in source.mapping(top["returns"], "returns").items()
        }
        check_links(source, fields, returns)
        tools = tuple(source.texts(top.get("tools", []), "tools"))
        max_steps = top.get("max_steps", _MAX_STEPS if tools else 0)
        action = Action(
            id=self._id,
            title=source.text(top, "title", limit=TITLE_LENGTH),
            summary=source.text(top, "summary", limit=SUMMARY_LENGTH),
            group=source.text(top, "group", limit=GROUP_LENGTH),
            effort=source.one_of(top.get("effort", "low"), EFFORTS, "effort"),
            fields=fields,
            returns=returns,
            instructions=self._prompt(top, "instructions", fields),
            message=self._prompt(top, "message", fields),
            examples=(),
            local=self._local(top),
            computed=self._computed(top),
            long=self._long(top, fields),
            tools=tools,
            max_steps=source.whole_number(max_steps, "max_steps"),
        )
        return replace(action, examples=read_examples(source, action, top["examples"]))

    def _prompt(self, top: Json, key: str, fields: Mapping[str, Field]) -> Prompt:
        lists = [name for name, field in fields.items() if TYPES[field.type].is_list]
        text = self._source.raw_text(top, key)
        line = self._source.lines.of(key) + (1 if "\n" in text else 0)
        return Prompt(text, names=tuple(fields), lists=lists, file=self._source.file, line=line)

    def _local(self, top: Json) -> str | None:
        if "local" not in top:
            return None
        return self._source.one_of(top["local"], tuple(LOCAL_METHODS), "local")

    def _computed(self, top: Json) -> bool:
        is_computed = self._source.boolean(top, "computed")
        if is_computed and ("local" not in top or "tools" in top or "long" in top):
            raise self._source.error(
                "`computed` goes with `local`, the method that always answers, and without `tools` "
                "and `long`.",
                "computed",
            )
        return is_computed

    def _long(self, top: Json, fields: Mapping[str, Field]) -> str:
        if "long" not in top:
            return ""
        if sum(TYPES[field.type].is_file for field in fields.values()) != 1:
            raise self._source.error(
                "`long` is for a form with one field of type file, whose pages are read in parts.",
                "long",
            )
        return self._source.one_of(top["long"], LONG, "long")

    # --- form fields ---

    def _field(self, name: str, value: Any) -> Field:
        source = self._source
        path = ("fields", name)
        source.check_name(name, path)
        if name in OPTIONS:
            raise source.error(
                f"`{name}` is an option that every action has; choose another name.", *path
            )
        entry = source.known_mapping(value, FIELD_KEYS, *path, required=("type", "label"))
        kind = source.one_of(entry["type"], FORM_TYPES, *path, "type")
        source.check_key_types(entry, kind, FIELD_KEY_TYPES, path)
        low, high = source.bounds(entry, path)
        field = Field(
            name=name,
            type=kind,
            label=source.text(entry, "label", *path, limit=TITLE_LENGTH),
            help=source.text(entry, "help", *path, limit=HELP_LENGTH),
            placeholder=source.text(entry, "placeholder", *path, limit=HELP_LENGTH),
            required=source.boolean(entry, "required", *path),
            choices=self._choices(entry, path),
            choices_from=source.text(entry, "choices_from", *path, limit=ID_LENGTH),
            or_text=source.text(entry, "or_text", *path, limit=ID_LENGTH),
            pages_from=source.text(entry, "pages_from", *path, limit=ID_LENGTH),
            min=low,
            max=high,
        )
        if kind == "choice" and not field.choices:
            raise source.error(
                "a choice needs `choices`, such as {short: Short, long: Long}.", *path
            )
        return self._with_default(field, entry, path)

    def _with_default(self, field: Field, entry: Json, path: tuple[str, ...]) -> Field:
        default = entry.get("default")
        if default is None:
            return field
        if field.required:
            raise self._source.error(
                "a required field cannot have a default; remove one of the two.", *path, "default"
            )
        read = TYPES[field.type].read
        try:
            return replace(field, default=read(default, field) if read else None)
        except InvalidValue as error:
            raise self._source.error(f"the default {error.message}", *path, "default") from None

    def _choices(self, entry: Json, path: tuple[str, ...]) -> tuple[Choice, ...]:
        if "choices" not in entry:
            return ()
        path = (*path, "choices")
        labels = self._source.mapping(entry["choices"], *path)
        for value, label in labels.items():
            if not CHOICE_VALUE.fullmatch(value) or not _is_label(label):
                raise self._source.error(
                    f"`{value}`: a choice is a lower-case word and a label without commas.",
                    *path,
                    value,
                )
        other_labels = [label for value, label in labels.items() if label.casefold() != value]
        try:
            reject_duplicates([*labels, *other_labels])
        except InvalidValue as error:
            raise self._source.error(f"`choices` {error.message}", *path) from None
        return tuple(Choice(value, label) for value, label in labels.items())

    # --- values of the answer ---

    def _return(self, name: str, value: Any, fields: Mapping[str, Field]) -> ReturnField:
        source = self._source
        path = ("returns", name)
        source.check_name(name, path)
        if name in RESERVED_NAMES:
            raise source.error(
                f"`{name}` is a name that answers, runs or errors have already; choose another.",
                *path,
            )
        entry = source.known_mapping(value, RETURN_KEYS, *path, required=("type",))
        kind = source.one_of(entry["type"], RETURN_TYPES, *path, "type")
        source.check_key_types(entry, kind, RETURN_KEY_TYPES, path)
        low, high = source.bounds(entry, path)
        return ReturnField(
            name=name,
            type=kind,
            help=source.text(entry, "help", *path, limit=HELP_LENGTH),
            nullable=source.boolean(entry, "nullable", *path),
            choices=self._choices(entry, path),
            choices_from=source.text(entry, "choices_from", *path, limit=ID_LENGTH),
            shape_from=source.text(entry, "shape_from", *path, limit=ID_LENGTH),
            shape=self._shape(entry, path),
            rows_for=self._rows_for(entry, path),
            min=low,
            max=high,
            when=self._when(entry, path, fields),
            fill=self._fill(entry, path),
            source=self._from(entry, path),
            fallback_from=source.text(entry, "fallback_from", *path, limit=ID_LENGTH),
        )

    def _shape(self, entry: Json, path: tuple[str, ...]) -> tuple[Json, ...]:
        if "shape" not in entry:
            return ()
        if "shape_from" in entry:
            raise self._source.error(
                "`shape` and `shape_from` exclude each other; keep one.", *path, "shape"
            )
        text = self._source.text(entry, "shape", *path, limit=SHAPE_LENGTH)
        try:
            return tuple(read_user_fields(text))
        except InvalidValue as error:
            raise self._source.error(f"`shape` {error.message}", *path, "shape") from None

    def _rows_for(self, entry: Json, path: tuple[str, ...]) -> tuple[str, ...]:
        if "rows_for" not in entry:
            return ()
        if "shape" not in entry:
            raise self._source.error("`rows_for` goes with `shape`.", *path, "rows_for")
        given = entry["rows_for"]
        return tuple(
            self._source.texts(given if isinstance(given, list) else [given], *path, "rows_for")
        )

    def _when(
        self, entry: Json, path: tuple[str, ...], fields: Mapping[str, Field]
    ) -> tuple[str, tuple[Any, ...]] | None:
        if "when" not in entry:
            return None
        path = (*path, "when")
        condition = self._source.mapping(entry["when"], *path)
        name, accepted = next(iter(condition.items()))
        if len(condition) != 1 or name not in fields:
            raise self._source.error(
                "`when` names one field of the form and its value, such as {multiple: true}.",
                *path,
            )
        values = tuple(accepted) if isinstance(accepted, list) else (accepted,)
        for value in values:
            if value not in possible_values(fields[name]):
                raise self._source.error(
                    f"`{name}` can never be `{value}`; `when` names a value of a choice or a "
                    "boolean.",
                    *path,
                )
        return name, values

    def _fill(self, entry: Json, path: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
        if "fill" not in entry:
            return None
        path = (*path, "fill")
        value = entry["fill"]
        call = {value: []} if isinstance(value, str) else self._source.mapping(value, *path)
        rule, given = next(iter(call.items()))
        self._source.one_of(rule, tuple(DERIVED_RULES), *path)
        args = tuple(self._source.texts(given if isinstance(given, list) else [given], *path))
        count = len(DERIVED_RULES[rule].args)
        if len(call) != 1 or len(args) != count:
            noun = "name" if count == 1 else "names"
            raise self._source.error(f"`fill: {rule}` takes {count} {noun}.", *path)
        return rule, args

    def _from(self, entry: Json, path: tuple[str, ...]) -> str:
        if "from" not in entry:
            return ""
        if entry.get("fill") or not entry.get("nullable"):
            raise self._source.error(
                "a value `from` tools has no `fill` and is `nullable: true`, since a tool may "
                "return none.",
                *path,
                "from",
            )
        return self._source.one_of(entry["from"], SOURCES, *path, "from")


def _is_label(label: Any) -> bool:
    return isinstance(label, str) and bool(label) and "," not in label
