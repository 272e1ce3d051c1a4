"""The server-side actions of the plug-in: one for each operation of ours that it calls, with its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.catalogue import OPTIONS, Catalogue, Choice, Field
from connector.catalogue.fields import FormField
from connector.publish.bubble.ids import Ids
from connector.publish.bubble.widgets import Box, Output, boxes_of, outputs_of
from connector.publish.fixed import FIXED_OPERATIONS
from connector.publish.operations import Operation, Parameter, action_operation
from connector.publish.schemas import published

FIXED = ("get_run", "create_batch", "get_batch")  # what the plug-in can do beside running actions
STOP, RETURN = "stop the workflow", "return the error"
WAIT, HAND_OVER = "wait for it", "hand the run over"
_ON_ERROR = Field(
    "on_error", "choice", "On error", f"{STOP}: the sentence is shown and no later step runs. {RETURN}: Success is no, and the next steps "
    "may look at Error code and Error message.", choices=(Choice(STOP, STOP), Choice(RETURN, RETURN)), default=STOP, required=True,
)  # fmt: skip
_WAIT = Field(
    "wait", "choice", "Wait for the answer", f"{WAIT}: as long as Wait (seconds) says. {HAND_OVER}: the run goes on by itself; ID is what "
    "Get a run asks for, and Callback URL is told of its end.", choices=(Choice(WAIT, WAIT), Choice(HAND_OVER, HAND_OVER)), default=WAIT,
    required=True,
)  # fmt: skip
_ADVANCED = Field("advanced", "label", "Advanced: all of the following may stay empty", required=True)
_HERE_ONLY = {"stream"}  # a plug-in's action cannot stream; the API Connector can
_OURS = (
    Output("success", "Success", "boolean", "", words="No when there is an error."),
    Output("finished", "Finished", "boolean", "", words="No while the run or batch goes on."),
    Output("error_code", "Error code", "text", "", words="A word that never changes, to branch on; empty without an error."),
    Output("error_message", "Error message", "text", "", words="What went wrong and what to do, in a sentence."),
    Output("retryable", "Retryable", "boolean", "", words="Whether the same call may work later."),
    Output("raw_json", "Raw JSON", "text", "", words="The whole answer as JSON text."),
)


@dataclass(frozen=True)
class Input:
    """A box of the editor, its field and where its value is sent: "body", "query", "path", or "" when it stays in the plug-in."""

    name: str
    field: Field
    box: Box
    place: str

    @property
    def caption(self) -> str:
        return f"{self.field.label} ({self.box.words})" if self.box.words else self.field.label

    @property
    def help(self) -> str:
        listed = ", ".join(f"{choice.value} ({choice.label})" for choice in self.field.choices if self.place)
        hints = (
            "Used when the box above is empty." if self.box.suffix else "",
            self.field.help,
            f"Any of: {listed}." if listed else "",
            f"For example: {self.field.placeholder}" if self.field.placeholder else "",
        )
        return " ".join(filter(None, hints))


@dataclass(frozen=True)
class BubbleAction:
    """One entry of the workflow menu."""

    operation: Operation
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]

    @property
    def id(self) -> str:
        return self.operation.operation_id

    @property
    def key(self) -> str:
        return f"action.{self.id}"


def bubble_actions(catalogue: Catalogue, ids: Ids) -> list[BubbleAction]:
    """The fixed actions, then one for each of the catalogue's."""
    run = {action.id: action_operation(action) for action in catalogue.values()}
    oldest = sorted(run, key=lambda name: ids.age(f"action.{name}"))
    shown = {name: _shown(operation) for name, operation in run.items()}
    fixed = {one.operation_id: one for one in FIXED_OPERATIONS}
    later = _together(_shown(fixed["get_run"]), [shown[name] for name in oldest])
    found = [_action(fixed[name], later if name == "get_run" else _shown(fixed[name])) for name in FIXED]
    return found + [_action(operation, shown[name]) for name, operation in run.items()]


def _action(operation: Operation, outputs: Sequence[Output]) -> BubbleAction:
    return BubbleAction(operation, tuple(_inputs(operation)), (*_renamed(outputs), *_OURS))


# --- inputs ------------------------------------------------------------------------------------------------------------


def _inputs(operation: Operation) -> Iterable[Input]:
    """Parameters and fields, then the run options, then what happens on an error; no name stands twice."""
    schema = getattr(operation.body, "schema", None)
    entries = [one.entry for one in schema.fields.values() if isinstance(one, FormField)] if schema else []
    entries = [entry for entry in entries if entry.name not in _HERE_ONLY]
    own, options = [one for one in entries if one.name not in OPTIONS], [one for one in entries if one.name in OPTIONS]
    waits = [(_WAIT, "")] if any(one.name == "wait_seconds" for one in options) else []
    advanced = [(_ADVANCED, ""), *((entry, "body") for entry in options)] if options else []
    asked = [*((_of_parameter(one), one.place) for one in operation.parameters if one.name != "sample"), *((one, "body") for one in own)]
    taken = {_ON_ERROR.name, *(entry.name for entry, place in [*waits, *advanced] if not place)}
    for entry, place in [*asked, *waits, (_ON_ERROR, ""), *advanced]:
        for box in boxes_of(entry):
            name = _free(_joined(entry.name, box.suffix), taken) if place else entry.name
            taken.add(name)
            yield Input(name, entry, box, place)


def _of_parameter(parameter: Parameter) -> Field:
    """A value in the address as a field of a form."""
    kind = parameter.schema["type"].replace("string", "text")
    return Field(parameter.name, kind, parameter.label, parameter.help, required=parameter.required)


def _joined(name: str, suffix: str) -> str:
    return f"{name}_{suffix}" if suffix else name


def _free(name: str, taken: Iterable[str]) -> str:
    """``name``, with as many _ behind it as it takes; no name of an action's file ends in one."""
    while name in taken:
        name += "_"
    return name


# --- outputs -----------------------------------------------------------------------------------------------------------


def _shown(operation: Operation) -> list[Output]:
    schema = operation.answers[min(operation.answers)].schema
    assert not isinstance(schema, Mapping)  # noqa: S101  what the plug-in calls answers with a named schema
    return outputs_of({name: published(field) for name, field in schema.fields.items()})


def _together(own: Sequence[Output], others: Iterable[Sequence[Output]]) -> list[Output]:
    """The outputs of all: of the same name and kind once, and of the same name and another kind under a name with its kind."""
    found = {(one.name, one.kind): one for one in own}
    names = {one.name for one in own}
    for output in (one for outputs in others for one in outputs):
        if (output.name, output.kind) in found:
            continue
        shown = output
        if output.name in names:
            shown = replace(output, name=f"{output.name}_{output.kind}", caption=f"{output.caption} ({output.kind.replace('_', ' ')})")
        names.add(output.name)
        found[output.name, output.kind] = shown
    return list(found.values())


def _renamed(outputs: Iterable[Output]) -> Iterable[Output]:
    """With names that are neither ours nor given twice."""
    taken = {one.name for one in _OURS}
    for output in outputs:
        name = _free(output.name, taken)
        taken.add(name)
        yield replace(output, name=name, caption=f"{output.caption} (answer)" if name != output.name else output.caption)
