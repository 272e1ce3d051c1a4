"""What Retool shows for each type of field: one row of ``WIDGETS`` per type.

hook   the state of a component, as Retool's own hooks hold it
box    what the component shows
tag    the widget of a classic app
value  the expression that reads that widget
kind   the type of the value in TypeScript
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue import OPTIONS, Action, Field
from connector.catalogue.options import (
    CONDITIONAL_OPTIONS,
    FILE_OPTIONS,
    MODEL_OPTIONS,
    TEXT_OPTIONS,
)
from connector.publish.retool.names import camel, distinct, is_raw

UNSET = "unset"
UNREAD = {"stream"}  # Retool's queries cannot read a streamed answer
# those that only some actions have
OWN_OPTIONS = {*CONDITIONAL_OPTIONS, *TEXT_OPTIONS, *FILE_OPTIONS, *MODEL_OPTIONS}
RUN_OPTIONS = {
    name: entry for name, entry in OPTIONS.items() if name not in OWN_OPTIONS
}  # those that every action has


def retool_form(action: Action) -> dict[str, Field]:
    """The form that Retool shows: the action's own fields, then the run options."""
    return {**action.fields, **RUN_OPTIONS, **own_options(action)}


def own_options(action: Action) -> dict[str, Field]:
    """The options that only some actions have."""
    return {
        name: entry
        for name, entry in action.form.items()
        if name in OWN_OPTIONS and name not in UNREAD
    }


@dataclass(frozen=True)
class StateHook:
    """One state of a component: ``kind`` is the end of the hook's name, ``choices`` are a choice's
    keys with their labels."""

    kind: str
    initial: Any
    inspector: str = "text"
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tag:
    """A widget of a classic app: ``options`` are its values with their labels, ``label`` is where
    it takes its own."""

    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    height: float = 1.0
    label: str = "label"


@dataclass(frozen=True)
class Widget:
    """A row: one function per column."""

    hook: Callable[[Field], StateHook]
    box: Callable[[Field], str]
    tag: Callable[[Field], Tag]
    kind: Callable[[Field], str]
    value: str = "{id}.value"


def choice_keys(entry: Field) -> dict[str, str]:
    """Retool's key for each choice: letters and digits only, as it requires."""
    return distinct((choice.value for choice in entry.choices), camel)


def unset_key(entry: Field) -> str:
    """The key for "nothing chosen"; "" for a field that always has a choice."""
    return (
        ""
        if entry.default is not None
        else distinct([UNSET], str, taken=choice_keys(entry).values())[UNSET]
    )


# --- states of components ---


def _text_hook(entry: Field) -> StateHook:
    # a default that Retool's manifest cannot hold is applied by the service to an empty box
    default = entry.default if isinstance(entry.default, str) else ""
    return StateHook("String", default if is_raw(default) else "")


def _number_hook(entry: Field) -> StateHook:
    # a state for numbers has no value for an empty box
    return StateHook("String", "") if entry.default is None else StateHook("Number", entry.default)


def _boolean_hook(entry: Field) -> StateHook:
    return StateHook("Boolean", bool(entry.default), "checkbox")


def _choice_hook(entry: Field) -> StateHook:
    keys = choice_keys(entry)
    unset = unset_key(entry)
    labels = {
        **({unset: "Not set"} if unset else {}),
        **{keys[choice.value]: choice.label for choice in entry.choices},
    }
    return StateHook("Enumeration", unset or keys[str(entry.default)], "select", labels)


def _list_hook(entry: Field) -> StateHook:
    return StateHook("Array", list(entry.default or [])) if entry.choices else _text_hook(entry)


# --- widgets of classic apps ---


def _text_tag(entry: Field) -> Tag:
    return Tag("TextInput", {"value": _given(entry.default), "showClear": True})


def _lines_tag(entry: Field) -> Tag:
    return Tag(
        "TextArea",
        {"value": _given(entry.default), "minLines": 4, "maxLines": "8", "autoResize": True},
        height=2.6,
    )


def _number_tag(entry: Field) -> Tag:
    bounds = {
        name: str(bound)
        for name, bound in (("min", entry.min), ("max", entry.max))
        if bound is not None
    }
    default = {"value": "{{ null }}"} if entry.default is None else {"value": str(entry.default)}
    return Tag("NumberInput", {"allowNull": True, "showClear": True, **bounds, **default})


def _switch_tag(entry: Field) -> Tag:
    return Tag("Switch", {"value": "true" if entry.default else "false"}, height=0.6)


def _select_tag(entry: Field) -> Tag:
    value = {} if entry.default is None else {"value": str(entry.default)}
    shown = {
        "itemMode": "static",
        "showClear": entry.default is None,
        "showSelectionIndicator": True,
        "emptyMessage": "No options",
    }
    return Tag(
        "Select", {**shown, **value}, {choice.value: choice.label for choice in entry.choices}
    )


def _list_tag(entry: Field) -> Tag:
    if not entry.choices:
        return _lines_tag(entry)
    shown = {
        "itemMode": "static",
        "showSelectionIndicator": True,
        "wrapTags": True,
        "emptyMessage": "No options",
    }
    return Tag(
        "Multiselect",
        {**shown, "value": "{{ [] }}"},
        {choice.value: choice.label for choice in entry.choices},
    )


def _file_tag(entry: Field) -> Tag:
    attributes = {
        "_isUpgraded": True,
        "maxCount": int(entry.max or 1),
        "maxSize": "20mb",
        "styleVariant": "outline",
    }
    return Tag("FileButton", attributes, label="text")


def _given(default: Any) -> str:
    return default if isinstance(default, str) else ""


# --- types in TypeScript ---


def _choice_kind(entry: Field) -> str:
    return " | ".join(f'"{choice.value}"' for choice in entry.choices)


def _list_kind(entry: Field) -> str:
    return f"({_choice_kind(entry)})[]" if entry.choices else "string | string[]"


def _is(word: str) -> Callable[[Field], str]:
    return lambda entry: word


# the chosen files as data URLs with their names
_FILE_VALUE = (
    "({id}.value || []).map((one, index) => 'data:' + {id}.files[index].type + ';name=' + "
    "encodeURIComponent({id}.files[index].name)"
    " + ';base64,' + one).join(' ')"
)
_LINES = Widget(_text_hook, _is("longtext"), _lines_tag, _is("string"))
_NUMBER = Widget(_number_hook, _is("number"), _number_tag, _is("number"))

WIDGETS: dict[str, Widget] = {
    "text": Widget(_text_hook, _is("text"), _text_tag, _is("string")),
    "longtext": _LINES,
    "number": _NUMBER,
    "integer": _NUMBER,
    "boolean": Widget(_boolean_hook, _is("switch"), _switch_tag, _is("boolean")),
    "choice": Widget(_choice_hook, _is("select"), _select_tag, _choice_kind),
    "list": Widget(
        _list_hook, lambda entry: "checks" if entry.choices else "longtext", _list_tag, _list_kind
    ),
    "options": Widget(
        _text_hook, _is("longtext"), _lines_tag, _is("string | string[] | Record<string, string>")
    ),
    "shape": Widget(
        _text_hook, _is("longtext"), _lines_tag, _is("string | string[] | Record<string, string>")
    ),
    "file": Widget(_text_hook, _is("file"), _file_tag, _is("string | string[]"), _FILE_VALUE),
}
