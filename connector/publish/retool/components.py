"""The component library: a React component per action on Retool's own hooks, and one for a run that
continues after its caller stopped waiting.

Retool reads the states out of the source, so every argument of a hook is a literal that needs no
backslash (``names.raw``). The form itself, what it shows and how it looks is the same for all
actions: ``assets/components/src/shared``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connector.catalogue import OPTIONS, Action, Catalogue, Field
from connector.catalogue.answer import companion_keys
from connector.json_types import Json
from connector.publish.javascript import CallExpression, Code, constant, header, literal, string
from connector.publish.retool.names import camel, distinct, pascal, raw
from connector.publish.retool.widgets import (
    RUN_OPTIONS,
    WIDGETS,
    StateHook,
    choice_keys,
    own_options,
    unset_key,
)

RUN_STATUS = "RunStatus"
_OWN_STATES = ("showAdvanced", "theme", "request", "response", "isRunning", "errorMessage")
# a component's size on Retool's canvas: columns, rows for all, rows for each field
_WIDTH = 6
_HEAD_ROWS = 20
_FIELD_ROWS = 7
_COMMAND = "formcall build retool"


@dataclass(frozen=True)
class ComponentState:
    """A state of a component: what a builder finds in the inspector."""

    name: str
    hook: StateHook
    label: str
    help: str = ""


def component_names(catalogue: Catalogue) -> dict[str, str]:
    """The name of each action's component."""
    return distinct(catalogue, pascal, taken=[RUN_STATUS])


def state_names(action: Action) -> dict[str, str]:
    """The state's name of each field of an action's form."""
    options = {name: camel(name) for name in OPTIONS}
    return {**distinct(action.fields, camel, taken=[*_OWN_STATES, *options.values()]), **options}


def build_components(catalogue: Catalogue) -> dict[str, str]:
    """The generated sources of the library, by their paths below its folder."""
    names = component_names(catalogue)
    actions = {
        f"src/actions/{names[action.id]}.tsx": _component(names[action.id], action)
        for action in catalogue.values()
    }
    all_actions = header("all actions of the service", _COMMAND)
    return {
        "src/index.tsx": all_actions + _index([*names.values(), RUN_STATUS]),
        "src/exchange.ts": header("connector/publish/retool/components.py", _COMMAND) + _exchange(),
        "src/options.ts": header("the options of every run", _COMMAND) + _options(),
        "src/outputs.ts": all_actions + _outputs(catalogue),
        f"src/actions/{RUN_STATUS}.tsx": header("connector/publish/retool/components.py", _COMMAND)
        + _run_status(),
        **actions,
    }


def _index(names: Iterable[str]) -> str:
    return "".join(f'export {{ {name} }} from "./actions/{name}"\n' for name in names)


# --- one component for each action ---


def _component(name: str, action: Action) -> str:
    states = state_names(action)
    fields = [_field(entry, states[field]) for field, entry in action.fields.items()]
    own = [_field(entry, states[field]) for field, entry in own_options(action).items()]
    options: Any = [Code("...useOptions()"), *own] if own else Code("useOptions()")
    return f"""\
{header(f"the action {action.id}", _COMMAND)}import {{ type FC }} from "react"
import {{ Retool }} from "@tryretool/custom-component-support"
import {{ useExchange }} from "../exchange"
import {{ useOptions }} from "../options"
import {{ OUTPUTS }} from "../outputs"
import {{ ActionForm }} from "../shared/ActionForm"
import {{ type Field }} from "../shared/types"

{constant("TITLE", action.title)}
{constant("SUMMARY", action.summary)}

export const {name}: FC = () => {{
  {_size(len(action.fields))}
  {_assigned("const fields: Field[]", fields)}
  {_state("[showOptions]", SHOW_ADVANCED)}
  const exchange = useExchange()
  {_assigned("const options: Field[]", options)}
  const run = Retool.useEventCallback({{ name: "run" }})
  return (
    <ActionForm
      title={{TITLE}}
      summary={{SUMMARY}}
      fields={{fields}}
      options={{options}}
      outputs={{OUTPUTS[{string(action.id)}] ?? []}}
      showOptions={{showOptions}}
      exchange={{exchange}}
      run={{run}}
    />
  )
}}
"""


def _size(fields: int) -> str:
    height = _HEAD_ROWS + _FIELD_ROWS * fields
    return f"Retool.useComponentSettings({{ defaultWidth: {_WIDTH}, defaultHeight: {height} }})"


def _assigned(target: str, value: Any, *, indent: int = 2) -> str:
    """The assignment of a literal, as a statement at column ``indent``."""
    start = f"{target} = "
    return start + literal(value, indent=indent, before=len(start), after=0)


def _field(entry: Field, state: str) -> Json:
    """A field of the form as the components take it, with its state."""
    widget = WIDGETS[entry.type]
    return {
        "name": entry.name,
        "box": widget.box(entry),
        "label": entry.label,
        "help": entry.help,
        "placeholder": entry.placeholder,
        "required": bool(entry.required),
        **_bounds(entry),
        "choices": [
            {"key": key, "value": value, "label": label} for key, value, label in _choices(entry)
        ],
        "state": _hook(ComponentState(state, widget.hook(entry), entry.label, entry.help)),
    }


def _bounds(entry: Field) -> Json:
    """The limits of a field, and the field that may be filled in instead, where there are any."""
    bounds = {"orText": entry.or_text or None, "min": entry.min, "max": entry.max}
    return {name: value for name, value in bounds.items() if value is not None}


def _choices(entry: Field) -> list[tuple[str, str, str]]:
    """Key, value and label of each choice; first that of none, where none may be chosen."""
    if not entry.choices:
        return []
    keys = choice_keys(entry)
    choices = [(keys[choice.value], choice.value, choice.label) for choice in entry.choices]
    unset = unset_key(entry)
    if unset and WIDGETS[entry.type].box(entry) == "select":
        return [(unset, "", "Not set"), *choices]
    return choices


# --- states ---


def _hook(state: ComponentState) -> CallExpression:
    return CallExpression(f"Retool.useState{state.hook.kind}", _arguments(state), raw)


def _arguments(state: ComponentState) -> Json:
    """The arguments of a hook."""
    choices = state.hook.choices
    enumeration = {"enumDefinition": list(choices), "enumLabels": dict(choices)}
    return {
        "name": state.name,
        "initialValue": state.hook.initial,
        **(enumeration if choices else {}),
        "inspector": state.hook.inspector,
        "label": state.label,
        **({"description": state.help} if state.help else {}),
    }


def _state(target: str, state: ComponentState, *, indent: int = 2) -> str:
    """The declaration of a state."""
    return _assigned(f"const {target}", _hook(state), indent=indent)


SHOW_ADVANCED = ComponentState(
    "showAdvanced",
    StateHook("Boolean", False, "checkbox"),
    "Show advanced options",
    "Also show the run options.",
)
REQUEST = ComponentState(
    "request",
    StateHook("Object", {}, "hidden"),
    "Request",
    "The body of the query, set by Run.",
)
RESPONSE = ComponentState(
    "response", StateHook("Object", {}), "Response", "The query's data, such as {{ query1.data }}."
)
IS_RUNNING = ComponentState(
    "isRunning",
    StateHook("Boolean", False, "text"),
    "Is running",
    "Whether the query is running: {{ query1.isFetching }}.",
)
ERROR_MESSAGE = ComponentState(
    "errorMessage",
    StateHook("String", ""),
    "Error message",
    "The query's error: {{ query1.error }}.",
)
RUN_ID = ComponentState(
    "runId",
    StateHook("String", ""),
    "Run id",
    "The id of a run that continues in the background: {{ query1.data.id }}.",
)
THEME = ComponentState(
    "theme",
    StateHook(
        "Enumeration",
        "light",
        "select",
        {"light": "Light", "dark": "Dark", "auto": "As the device"},
    ),
    "Theme",
    "How the component looks.",
)
EXCHANGE_STATES = (REQUEST, RESPONSE, IS_RUNNING, ERROR_MESSAGE, THEME)


def _exchange() -> str:
    """The states that connect every component with the app's query."""
    read = "\n  ".join(
        _state(f"[{state.name}]", state) for state in EXCHANGE_STATES if state is not REQUEST
    )
    return f"""\
import {{ Retool }} from "@tryretool/custom-component-support"
import {{ type Exchange, type Plain }} from "./shared/types"

export function useExchange(): Exchange {{
  {_state("[, setRequest]", REQUEST)}
  {read}
  return {{
    theme: theme ?? "light",
    setRequest,
    response: (response ?? {{}}) as Plain,
    isRunning: isRunning === true,
    errorMessage: errorMessage ?? "",
  }}
}}
"""


def _options() -> str:
    """The options that a run of any action has."""
    options = [_field(entry, camel(name)) for name, entry in RUN_OPTIONS.items()]
    return f"""\
import {{ Retool }} from "@tryretool/custom-component-support"
import {{ type Field }} from "./shared/types"

export function useOptions(): Field[] {{
  return {literal(options, indent=2, before=len("return "), after=0)}
}}
"""


def _run_status() -> str:
    return f"""\
import {{ type FC }} from "react"
import {{ Retool }} from "@tryretool/custom-component-support"
import {{ useExchange }} from "../exchange"
import {{ OUTPUTS }} from "../outputs"
import {{ StatusCard }} from "../shared/StatusCard"

export const {RUN_STATUS}: FC = () => {{
  {_size(1)}
  {_state("[runId]", RUN_ID)}
  const exchange = useExchange()
  const check = Retool.useEventCallback({{ name: "check" }})
  const cancel = Retool.useEventCallback({{ name: "cancel" }})
  const decide = Retool.useEventCallback({{ name: "decide" }})
  return (
    <StatusCard
      runId={{runId ?? ""}}
      outputs={{OUTPUTS}}
      exchange={{exchange}}
      check={{check}}
      cancel={{cancel}}
      decide={{decide}}
    />
  )
}}
"""


# --- the values of an answer ---


def _outputs(catalogue: Catalogue) -> str:
    outputs = {action.id: _own_values(action) for action in catalogue.values()}
    declared = _assigned("export const OUTPUTS: Outputs", outputs, indent=0)
    return f'import {{ type Outputs }} from "./shared/types"\n\n{declared}\n'


def _own_values(action: Action) -> list[Json]:
    """An action's own values and where a confidence comes from; other companions repeat a value."""
    names: list[str] = []
    for name, entry in action.returns.items():
        names.append(name)
        names += [
            companion for companion in companion_keys(entry) if companion == "confidence_kind"
        ]
    return [{"name": name, "label": name.replace("_", " ").capitalize()} for name in names]
