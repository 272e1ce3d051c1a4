"""Functions for Retool's newer apps, which are written in TypeScript: one file for each action, to be copied into ``backend/``.

Each file stands alone, since only its author knows where it will lie. ``globals.d.ts`` says what Retool gives to it: a resource
called ``formcall``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.catalogue import Action, Catalogue
from connector.publish.retool.names import pascal, quoted
from connector.publish.retool.widgets import WIDGETS, shown_form
from connector.publish.schemas import answer_schema, published

Json = dict[str, Any]

_PLAIN = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean"}
_GLOBALS = """\
// The resource called formcall, as Retool gives it to a function: its address and its key are in the resource.
interface FormcallRequest {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: unknown
}

declare const formcall: { rawRequest(request: FormcallRequest): Promise<{ data: unknown }> }
"""
_RUN = """\
// a function of Retool may take 60 seconds
const WAIT_SECONDS = 25
const DEADLINE_MS = 45_000

interface Told {
  ok?: boolean
  status?: string
  id?: string
  detail?: string
}

/** The answer; while the run goes on it is asked for again, and a failure is an error with the service's sentence. */
async function run(params: object): Promise<Told> {
  const until = Date.now() + DEADLINE_MS
  let told = await ask('POST', ACTION, { wait_seconds: WAIT_SECONDS, ...params })
  while ((told.status === 'queued' || told.status === 'running') && Date.now() < until) {
    told = await ask('GET', `v1/runs/${told.id}?wait_seconds=10`)
  }
  if (told.status === 'queued' || told.status === 'running') throw new Error(`The run goes on. Ask for it later by its id: ${told.id}`)
  if (told.ok !== true) throw new Error(told.detail ?? 'The service gave no answer.')
  return told
}

async function ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Told> {
  const headers = { 'Content-Type': 'application/json' }
  try {
    const { data } = await formcall.rawRequest(body ? { method, path, headers, body } : { method, path, headers })
    return (typeof data === 'string' ? JSON.parse(data) : data) as Told
  } catch (error) {
    const told = (error as { response?: { data?: Told } }).response?.data
    throw told?.detail ? new Error(told.detail) : error
  }
}
"""


def build_functions(catalogue: Catalogue) -> dict[str, str]:
    """The files by their paths below ``functions/``."""
    return {"globals.d.ts": _GLOBALS, **{f"{action.id}.ts": _function(action) for action in catalogue.values()}}


def function_name(action: Action) -> str:
    return f"run{pascal(action.id)}"


def _function(action: Action) -> str:
    name = pascal(action.id)
    return f"""\
/** {_words(action.summary)} */
export default async function {function_name(action)}({{ params }}: {{ params: {name}Params }}): Promise<{name}Answer> {{
  return (await run(params)) as {name}Answer
}}

export interface {name}Params {{
{"".join(_params(action))}}}

export interface {name}Answer {{
{"".join(_answer(action))}}}

const ACTION = {quoted(f"v1/actions/{action.id}")}
{_RUN}"""


def _params(action: Action) -> Iterator[str]:
    for name, entry in shown_form(action).items():
        yield _member(name, WIDGETS[entry.type].kind(entry), entry.help, optional=not entry.required)


def _answer(action: Action) -> Iterator[str]:
    for name, field in answer_schema(action).fields.items():
        schema = published(field)
        # a dry run has none of the action's own values
        yield _member(name, _kind(schema), schema.get("description", ""), optional=not field.required)


def _member(name: str, kind: str, words: str, *, optional: bool) -> str:
    comment = f"  /** {_words(words)} */\n" if words else ""
    return f"{comment}  {name}{'?' if optional else ''}: {kind}\n"


def _words(text: str) -> str:
    """A text as a comment: in one line, and never the end of the comment."""
    return " ".join(text.split()).replace("*/", "* /")


def _kind(schema: Mapping[str, Any]) -> str:
    """The TypeScript of a published schema."""
    kind = _bare_kind(schema)
    return f"{kind} | null" if schema.get("nullable") else kind


def _bare_kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(quoted(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"Array<{_kind(schema.get('items', {}))}>"
    if schema.get("type") == "object":
        inner = "; ".join(f"{name}: {_kind(one)}" for name, one in schema.get("properties", {}).items())
        return f"{{ {inner} }}" if inner else "Record<string, unknown>"
    return _PLAIN.get(schema.get("type", ""), "unknown")
