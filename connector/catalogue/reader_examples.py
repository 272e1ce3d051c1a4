"""Reading an action's examples; each is validated against the action's own form and answer."""

from __future__ import annotations

from typing import Any

from connector.catalogue.action import Action, Example
from connector.catalogue.function import answer_function
from connector.catalogue.reply import check_arguments
from connector.catalogue.template_format import CALL_KEYS, EXAMPLE_KEYS, TITLE_LENGTH
from connector.catalogue.template_source import TemplateSource
from connector.errors import FormcallError, TemplateError
from connector.json_types import Json


def read_examples(source: TemplateSource, action: Action, value: Any) -> tuple[Example, ...]:
    """The examples of ``action``; ``TemplateError`` for the first that does not fit it."""
    if not isinstance(value, list) or not value:
        raise source.error(
            "an action needs at least one example; the first is its sample.", "examples"
        )
    return tuple(_example(source, action, entry, number) for number, entry in enumerate(value))


def _example(source: TemplateSource, action: Action, value: Any, number: int) -> Example:
    path = ("examples", number)
    entry = source.known_mapping(value, EXAMPLE_KEYS, *path, required=("name", "input", "output"))
    form = _read_input(source, action, entry, path)
    output = source.mapping(entry["output"], *path, "output")
    if errors := check_arguments(action, form, output).errors:
        raise source.error(f"the example's output: {errors[0]}.", *path, "output")
    checked = source.texts(entry.get("check", []), *path, "check")
    for name in checked:
        if name not in action.returns:
            raise source.error(
                f"`check` names {name}, which the answer does not have.", *path, "check"
            )
    return Example(
        name=source.text(entry, "name", *path, limit=TITLE_LENGTH),
        input=entry["input"],
        output=output,
        calls=_calls(source, action, entry.get("calls", []), path),
        check=tuple(checked),
    )


def _read_input(
    source: TemplateSource, action: Action, entry: Json, path: tuple[str | int, ...]
) -> Json:
    """The example's form values, after rendering both prompts and the function with them."""
    try:
        form = action.read_form(source.mapping(entry["input"], *path, "input"))
        action.instructions.render(form)
        action.message.render(form)
        answer_function(action, form)
    except TemplateError:
        raise
    except FormcallError as error:
        first = error.errors[0] if error.errors else None
        message = first.message if first else error.detail
        field = (first.field,) if first else ()
        raise source.error(f"the example's input: {message}", *path, "input", *field) from None
    return form


def _calls(
    source: TemplateSource, action: Action, calls: Any, path: tuple[str | int, ...]
) -> tuple[Json, ...]:
    path = (*path, "calls")
    if not isinstance(calls, list) or not all(_has_call_keys(call) for call in calls):
        raise source.error("`calls` is a list of {tool, arguments, output}.", *path)
    for call in calls:
        is_valid = (
            call["tool"] in action.tools
            and isinstance(call["arguments"], dict)
            and isinstance(call["output"], str)
        )
        if not is_valid:
            raise source.error(
                "a call names one of the action's `tools`, its arguments as a map and its output "
                "as text.",
                *path,
            )
    return tuple(calls)


def _has_call_keys(call: Any) -> bool:
    return isinstance(call, dict) and set(call) == CALL_KEYS
