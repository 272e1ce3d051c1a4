"""The component library: a React component for each action, on Retool's own hooks, and one for a run that was handed over.

Retool reads the states out of the source, so every argument of a hook is a literal that needs no backslash (``names.raw``).
The form itself, what it shows and how it looks is the same for all actions: ``assets/components/src/shared``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.catalogue import OPTIONS, Action, Catalogue, Field
from connector.catalogue.answer import twins
from connector.publish.retool.names import camel, distinct, pascal, quoted, raw
from connector.publish.retool.widgets import RUN_OPTIONS, WIDGETS, Hook, choice_keys, own_options, unset_key

RUN_STATUS = "RunStatus"
_OWN_STATES = ("showAdvanced", "request", "response", "isRunning", "errorMessage")
_WIDTH, _HEAD_ROWS, _ROWS = 6, 20, 7  # a component's size on Retool's canvas: columns, rows for all, rows for each field


@dataclass(frozen=True)
class State:
    """A state of a component: what a builder finds in the inspector."""

    name: str
    hook: Hook
    label: str
    help: str = ""


def component_names(catalogue: Catalogue) -> dict[str, str]:
    """The component's name of each action."""
    return distinct(catalogue, pascal, taken=[RUN_STATUS])


def state_names(action: Action) -> dict[str, str]:
    """The state's name of each field of an action's form."""
    options = {name: camel(name) for name in OPTIONS}
    return {**distinct(action.fields, camel, taken=[*_OWN_STATES, *options.values()]), **options}


def build_components(catalogue: Catalogue) -> dict[str, str]:
    """The generated sources of the library, by their paths below its folder."""
    names = component_names(catalogue)
    actions = {f"src/actions/{names[action.id]}.tsx": _component(names[action.id], action) for action in catalogue.values()}
    return {
        "src/index.tsx": _index([*names.values(), RUN_STATUS]),
        "src/exchange.ts": _exchange(),
        "src/options.ts": _options(),
        "src/outputs.ts": _outputs(catalogue),
        f"src/actions/{RUN_STATUS}.tsx": _run_status(),
        **actions,
    }


def _index(names: Iterable[str]) -> str:
    return "".join(f"export {{ {name} }} from './actions/{name}'\n" for name in names)


# --- one component for each action ---


def _component(name: str, action: Action) -> str:
    states = state_names(action)
    fields = "".join(_field(entry, states[field]) for field, entry in action.fields.items())
    more = "".join(_field(entry, states[name]) for name, entry in own_options(action).items())
    return f"""\
import {{ type FC }} from 'react'
import {{ Retool }} from '@tryretool/custom-component-support'
import {{ useExchange }} from '../exchange'
import {{ useOptions }} from '../options'
import {{ OUTPUTS }} from '../outputs'
import {{ ActionForm }} from '../shared/ActionForm'
import {{ type Field }} from '../shared/types'

export const {name}: FC = () => {{
  Retool.useComponentSettings({{ defaultWidth: {_WIDTH}, defaultHeight: {_HEAD_ROWS + _ROWS * len(action.fields)} }})
  const fields: Field[] = [
{fields}  ]
{_declared("showOptions", SHOW_ADVANCED)}
  const exchange = useExchange()
  const options: Field[] = {f"[...useOptions(),{chr(10)}{more}  ]" if more else "useOptions()"}
  const run = Retool.useEventCallback({{ name: "run" }})
  return (
    <ActionForm
      title={{{quoted(action.title)}}}
      summary={{{quoted(action.summary)}}}
      fields={{fields}}
      options={{options}}
      outputs={{OUTPUTS[{quoted(action.id)}] ?? []}}
      showOptions={{showOptions}}
      exchange={{exchange}}
      run={{run}}
    />
  )
}}
"""


def _field(entry: Field, state: str) -> str:
    widget = WIDGETS[entry.type]
    choices = "".join(
        f"\n        {{ key: {quoted(key)}, value: {quoted(value)}, label: {quoted(label)} }}," for key, value, label in _choices(entry)
    )
    return f"""\
    {{
      name: {quoted(entry.name)},
      box: {quoted(widget.box(entry))},
      label: {quoted(entry.label)},
      help: {quoted(entry.help)},
      placeholder: {quoted(entry.placeholder)},
      required: {"true" if entry.required else "false"},
{_bounds(entry)}      choices: [{choices}{chr(10) + "      " if choices else ""}],
      state: {_hook(State(state, widget.hook(entry), entry.label, entry.help), "      ")}
    }},
"""


def _bounds(entry: Field) -> str:
    """What bounds a field, and the one that may be filled in instead, as far as there are any."""
    said = {"orText": quoted(entry.or_text) if entry.or_text else None, "min": entry.min, "max": entry.max}
    return "".join(f"      {name}: {value},\n" for name, value in said.items() if value is not None)


def _choices(entry: Field) -> list[tuple[str, str, str]]:
    """Key, value and label of each choice; first that of none, where there may be none."""
    if not entry.choices:
        return []
    keys = choice_keys(entry)
    unset = unset_key(entry)
    found = [(keys[choice.value], choice.value, choice.label) for choice in entry.choices]
    return [(unset, "", "Not set"), *found] if unset and WIDGETS[entry.type].box(entry) == "select" else found


# --- states ---


def _hook(state: State, indent: str) -> str:
    lines = "".join(f"{indent}  {name}: {value},\n" for name, value in _arguments(state).items())
    return f"Retool.useState{state.hook.kind}({{\n{lines}{indent}}})"


def _arguments(state: State) -> dict[str, str]:
    """The arguments of a hook as they are written in the source."""
    choices = state.hook.choices
    listed = {"enumDefinition": f"[{', '.join(map(raw, choices))}]", "enumLabels": _object(choices)}
    return {
        "name": raw(state.name),
        "initialValue": _literal(state.hook.initial),
        **(listed if choices else {}),
        "inspector": raw(state.hook.inspector),
        "label": raw(state.label),
        **({"description": raw(state.help)} if state.help else {}),
    }


def _object(entries: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{raw(key)}: {raw(value)}' for key, value in entries.items())} }}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(raw, value))}]"
    if isinstance(value, dict):
        return "{}"
    return raw(value) if isinstance(value, str) else str(value)


def _declared(variable: str, state: State) -> str:
    return f"  const [{variable}] = {_hook(state, '  ')}"


SHOW_ADVANCED = State("showAdvanced", Hook("Boolean", False, "checkbox"), "Show advanced options", "Offer the options of a run, too.")
REQUEST = State("request", Hook("Object", {}, "hidden"), "Request", "What Run has asked for: the body of the query.")
RESPONSE = State("response", Hook("Object", {}), "Response", "The query's data, such as {{ query1.data }}.")
IS_RUNNING = State("isRunning", Hook("Boolean", False, "text"), "Is running", "Whether the query is under way: {{ query1.isFetching }}.")
ERROR_MESSAGE = State("errorMessage", Hook("String", ""), "Error message", "The query's error: {{ query1.error }}.")
RUN_ID = State("runId", Hook("String", ""), "Run id", "The id of a run that was handed over: {{ query1.data.id }}.")
EXCHANGE_STATES = (REQUEST, RESPONSE, IS_RUNNING, ERROR_MESSAGE)


def _exchange() -> str:
    """What every component tells the app's query, and what it is told by it."""
    read = "\n".join(_declared(state.name, state) for state in EXCHANGE_STATES if state is not REQUEST)
    return f"""\
import {{ Retool }} from '@tryretool/custom-component-support'
import {{ type Exchange, type Plain }} from './shared/types'

export function useExchange(): Exchange {{
{_declared(", setRequest", REQUEST)}
{read}
  return {{ setRequest, response: (response ?? {{}}) as Plain, isRunning: isRunning === true, errorMessage: errorMessage ?? '' }}
}}
"""


def _options() -> str:
    """The options that a run of any action has."""
    options = "".join(_field(entry, camel(name)) for name, entry in RUN_OPTIONS.items())
    return f"""\
import {{ Retool }} from '@tryretool/custom-component-support'
import {{ type Field }} from './shared/types'

export function useOptions(): Field[] {{
  return [
{options}  ]
}}
"""


def _run_status() -> str:
    return f"""\
import {{ type FC }} from 'react'
import {{ Retool }} from '@tryretool/custom-component-support'
import {{ useExchange }} from '../exchange'
import {{ OUTPUTS }} from '../outputs'
import {{ StatusCard }} from '../shared/StatusCard'

export const {RUN_STATUS}: FC = () => {{
  Retool.useComponentSettings({{ defaultWidth: {_WIDTH}, defaultHeight: {_HEAD_ROWS + _ROWS} }})
{_declared("runId", RUN_ID)}
  const exchange = useExchange()
  const check = Retool.useEventCallback({{ name: "check" }})
  const cancel = Retool.useEventCallback({{ name: "cancel" }})
  return <StatusCard runId={{runId ?? ''}} outputs={{OUTPUTS}} exchange={{exchange}} check={{check}} cancel={{cancel}} />
}}
"""


# --- what an answer holds ---


def _outputs(catalogue: Catalogue) -> str:
    entries = "".join(f"  {quoted(action.id)}: [{_own(action)}\n  ],\n" for action in catalogue.values())
    return f"import {{ type Outputs }} from './shared/types'\n\nexport const OUTPUTS: Outputs = {{\n{entries}}}\n"


def _own(action: Action) -> str:
    """The values of an action's own, with where a number comes from; other twins say a value a second time."""
    names = [one for name, entry in action.returns.items() for one in (name, *(twin for twin in twins(entry) if twin == "confidence_kind"))]
    return "".join(f"\n    {{ name: {quoted(name)}, label: {quoted(name.replace('_', ' ').capitalize())} }}," for name in names)
