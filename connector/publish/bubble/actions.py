"""The server-side actions of the plug-in: one per operation it calls, with inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.catalogue import OPTIONS, Catalogue, Choice, Field
from connector.catalogue.form_schema import FormField
from connector.publish.bubble.ids import Ids
from connector.publish.bubble.widgets import EditorInput, Output, boxes_of, outputs_of
from connector.publish.operation import Operation, OperationParameter, action_operation
from connector.publish.operations import STEP_OPERATIONS
from connector.publish.schemas import field_schema

FIXED = ("get_run", "create_batch", "get_batch")  # beside running actions
STOP, RETURN = "stop the workflow", "return the error"
WAIT, HAND_OVER = "wait for it", "hand the run over"
_ON_ERROR = Field(
    "on_error",
    "choice",
    "On error",
    f"{STOP}: the message is shown and no later step runs. {RETURN}: Success is no, and the "
    "next steps can read Error code and Error message.",
    choices=(Choice(STOP, STOP), Choice(RETURN, RETURN)),
    default=STOP,
    required=True,
)
_WAIT = Field(
    "wait",
    "choice",
    "Wait for the answer",
    f"{WAIT}: for up to Wait (seconds). {HAND_OVER}: the run continues in the background; use ID "
    "with Get a run, or give a Callback URL.",
    choices=(Choice(WAIT, WAIT), Choice(HAND_OVER, HAND_OVER)),
    default=WAIT,
    required=True,
)
_ADVANCED = Field("advanced", "label", "Advanced: all of the following are optional", required=True)
_HERE_ONLY = {"stream"}  # a plug-in's action cannot stream; the API Connector can
_OURS = (
    Output("success", "Success", "boolean", "", words="No when there is an error."),
    Output("finished", "Finished", "boolean", "", words="No while the run or batch is open."),
    Output(
        "error_code",
        "Error code",
        "text",
        "",
        words="A code that never changes, to branch on; empty without an error.",
    ),
    Output(
        "error_message",
        "Error message",
        "text",
        "",
        words="What is wrong and what to do, in a sentence.",
    ),
    Output(
        "retryable", "Retryable", "boolean", "", words="Whether the same call can succeed later."
    ),
    Output("raw_json", "Raw JSON", "text", "", words="The whole answer as JSON text."),
)


@dataclass(frozen=True)
class ActionInput:
    """An input of the editor, its field, and where its value is sent: "body", "query", "path", or
    "" when it stays in the plug-in."""

    name: str
    field: Field
    box: EditorInput
    place: str

    @property
    def caption(self) -> str:
        return f"{self.field.label} ({self.box.words})" if self.box.words else self.field.label

    @property
    def help(self) -> str:
        listed = ", ".join(
            f"{choice.value} ({choice.label})" for choice in self.field.choices if self.place
        )
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
    inputs: tuple[ActionInput, ...]
    outputs: tuple[Output, ...]

    @property
    def id(self) -> str:
        return self.operation.operation_id

    @property
    def key(self) -> str:
        return f"action.{self.id}"


def bubble_actions(catalogue: Catalogue, ids: Ids) -> list[BubbleAction]:
    """The fixed actions, then one per action of the catalogue."""
    run = {action.id: action_operation(action) for action in catalogue.values()}
    oldest = sorted(run, key=lambda name: ids.age(f"action.{name}"))
    shown = {name: _shown(operation) for name, operation in run.items()}
    fixed = STEP_OPERATIONS
    later = _merged(_shown(fixed["get_run"]), [shown[name] for name in oldest])
    found = [
        _action(fixed[name], later if name == "get_run" else _shown(fixed[name])) for name in FIXED
    ]
    return found + [_action(operation, shown[name]) for name, operation in run.items()]


def _action(operation: Operation, outputs: Sequence[Output]) -> BubbleAction:
    return BubbleAction(operation, tuple(_inputs(operation)), (*_renamed(outputs), *_OURS))


# --- inputs ---------------------------------------------------------------------------------------


def _inputs(operation: Operation) -> Iterable[ActionInput]:
    """Parameters and fields, then the run options, then the error handling; names are unique."""
    schema = getattr(operation.body, "schema", None)
    entries = (
        [one.entry for one in schema.fields.values() if isinstance(one, FormField)]
        if schema
        else []
    )
    entries = [entry for entry in entries if entry.name not in _HERE_ONLY]
    own, options = (
        [one for one in entries if one.name not in OPTIONS],
        [one for one in entries if one.name in OPTIONS],
    )
    waits = [(_WAIT, "")] if any(one.name == "wait_seconds" for one in options) else []
    advanced = [(_ADVANCED, ""), *((entry, "body") for entry in options)] if options else []
    own_inputs = [
        *(
            (_of_parameter(one), one.location)
            for one in operation.parameters
            if one.name != "sample"
        ),
        *((one, "body") for one in own),
    ]
    taken = {_ON_ERROR.name, *(entry.name for entry, place in [*waits, *advanced] if not place)}
    for entry, place in [*own_inputs, *waits, (_ON_ERROR, ""), *advanced]:
        for box in boxes_of(entry):
            name = _free(_joined(entry.name, box.suffix), taken) if place else entry.name
            taken.add(name)
            yield ActionInput(name, entry, box, place)


def _of_parameter(parameter: OperationParameter) -> Field:
    """A parameter of the URL as a field of a form."""
    kind = parameter.schema["type"].replace("string", "text")
    return Field(parameter.name, kind, parameter.label, parameter.help, required=parameter.required)


def _joined(name: str, suffix: str) -> str:
    return f"{name}_{suffix}" if suffix else name


def _free(name: str, taken: Iterable[str]) -> str:
    """``name``, with as many _ appended as needed; no name of an action's file ends in one."""
    while name in taken:
        name += "_"
    return name


# --- outputs --------------------------------------------------------------------------------------


def _shown(operation: Operation) -> list[Output]:
    schema = operation.responses[min(operation.responses)].schema
    assert not isinstance(schema, Mapping)  # noqa: S101  every called operation has a named schema
    return outputs_of({name: field_schema(field) for name, field in schema.fields.items()})


def _merged(own: Sequence[Output], others: Iterable[Sequence[Output]]) -> list[Output]:
    """All outputs, each name and kind once; a name of another kind gets its kind appended."""
    found = {(one.name, one.kind): one for one in own}
    names = {one.name for one in own}
    for output in (one for outputs in others for one in outputs):
        if (output.name, output.kind) in found:
            continue
        shown = output
        if output.name in names:
            shown = replace(
                output,
                name=f"{output.name}_{output.kind}",
                caption=f"{output.caption} ({output.kind.replace('_', ' ')})",
            )
        names.add(output.name)
        found[output.name, output.kind] = shown
    return list(found.values())


def _renamed(outputs: Iterable[Output]) -> Iterable[Output]:
    """The outputs with unique names that differ from the plug-in's own."""
    taken = {one.name for one in _OURS}
    for output in outputs:
        name = _free(output.name, taken)
        taken.add(name)
        yield replace(
            output,
            name=name,
            caption=f"{output.caption} (answer)" if name != output.name else output.caption,
        )
