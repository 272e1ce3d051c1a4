"""Functions for Retool's newer apps, which are written in TypeScript: one file for each action, to
be copied into ``backend/``.

Each file stands alone, since only the builder knows its folder. ``globals.d.ts`` declares what
Retool passes to it: a resource called ``formcall``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connector.catalogue import Action, Catalogue
from connector.publish.javascript import COLUMNS, comment, constant, header, string
from connector.publish.retool.names import pascal
from connector.publish.retool.widgets import WIDGETS, retool_form
from connector.publish.schemas import answer_schema, field_schema

# an object of values without objects of their own, alone or in an array
_LONG_RECORD = re.compile(r"(\{|Array<\{) ([^{}]+) (\}|\}>)")
_PLAIN = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean"}
_COMMAND = "formcall build retool"
_GLOBALS = """\
interface FormcallRequest {
  method: "GET" | "POST"
  path: string
  headers?: Record<string, string>
  body?: unknown
}

/** The resource called formcall, as Retool passes it to a function, with its address and key. */
declare const formcall: { rawRequest(request: FormcallRequest): Promise<{ data: unknown }> }
"""
_RUN = """\
// a function of Retool may take 60 seconds
const WAIT_SECONDS = 25
const DEADLINE_MS = 45_000

interface RunResponse {
  ok?: boolean
  status?: string
  id?: string
  detail?: string
  review_url?: string
}

/** The answer. While the run is open its address is polled; a failure is thrown as an error. */
async function run(params: object): Promise<RunResponse> {
  const deadline = Date.now() + DEADLINE_MS
  let response = await send("POST", ACTION, { wait_seconds: WAIT_SECONDS, ...params })
  while (isOpen(response) && Date.now() < deadline) {
    response = await send("GET", `v1/runs/${response.id}?wait_seconds=10`)
  }
  if (isOpen(response)) {
    throw new Error(`The run is still open. Get its answer later by its id: ${response.id}`)
  }
  if (response.status === "needs_review") {
    throw new Error(`A person decides first, on this page: ${response.review_url} (${response.id})`)
  }
  if (response.ok !== true) throw new Error(response.detail ?? "The service gave no answer.")
  return response
}

const isOpen = ({ status }: RunResponse) => status === "queued" || status === "running"

async function send(method: "GET" | "POST", path: string, body?: object): Promise<RunResponse> {
  const headers = { "Content-Type": "application/json" }
  try {
    const request = body ? { method, path, headers, body } : { method, path, headers }
    const { data } = await formcall.rawRequest(request)
    return (typeof data === "string" ? JSON.parse(data) : data) as RunResponse
  } catch (error) {
    const problem = (error as { response?: { data?: RunResponse } }).response?.data
    throw problem?.detail ? new Error(problem.detail) : error
  }
}
"""


def build_functions(catalogue: Catalogue) -> dict[str, str]:
    """The files by their paths below ``functions/``."""
    return {
        "globals.d.ts": header("connector/publish/retool/functions.py", _COMMAND) + _GLOBALS,
        **{f"{action.id}.ts": _function(action) for action in catalogue.values()},
    }


def function_name(action: Action) -> str:
    return f"run{pascal(action.id)}"


def _function(action: Action) -> str:
    name = pascal(action.id)
    return f"""\
{header(f"the action {action.id}", _COMMAND)}
/** {comment(action.summary)} */
{_signature(function_name(action), f"{name}Params", f"{name}Answer")}
  return (await run(params)) as {name}Answer
}}

export interface {name}Params {{
{"".join(_params(action))}}}

export interface {name}Answer {{
{"".join(_answer(action))}}}

{constant("ACTION", f"v1/actions/{action.id}")}
{_RUN}"""


def _signature(function: str, params: str, answer: str) -> str:
    line = (
        f"export default async function {function}"
        f"({{ params }}: {{ params: {params} }}): Promise<{answer}> {{"
    )
    if len(line) <= COLUMNS:
        return line
    return (
        f"export default async function {function}({{\n  params,\n}}: {{\n  params: {params}\n}})"
        f": Promise<{answer}> {{"
    )


def _params(action: Action) -> Iterator[str]:
    for name, entry in retool_form(action).items():
        kind = WIDGETS[entry.type].kind(entry)
        yield _member(name, kind, entry.help, optional=not entry.required)


def _answer(action: Action) -> Iterator[str]:
    for name, field in answer_schema(action).fields.items():
        schema = field_schema(field)
        about = schema.get("description", "")
        # a dry run has none of the action's own values
        yield _member(name, _kind(schema), about, optional=not field.required)


def _member(name: str, kind: str, about: str, *, optional: bool) -> str:
    documentation = f"  /** {comment(about)} */\n" if about else ""
    start = f"  {name}{'?' if optional else ''}:"
    if len(start) + 1 + len(kind) <= COLUMNS:
        return f"{documentation}{start} {kind}\n"
    record = _LONG_RECORD.fullmatch(kind)
    if record:
        members = "".join(f"    {member}\n" for member in record[2].split("; "))
        return f"{documentation}{start} {record[1]}\n{members}  {record[3]}\n"
    if kind.startswith("(") and kind.endswith(")[]"):
        members = "".join(f"    | {choice}\n" for choice in kind[1:-3].split(" | "))
        return f"{documentation}{start} (\n{members}  )[]\n"
    choices = "".join(f"\n    | {choice}" for choice in kind.split(" | "))
    return f"{documentation}{start}{choices}\n"


def _kind(schema: Mapping[str, Any]) -> str:
    """The TypeScript type of a published schema."""
    kind = _bare_kind(schema)
    return f"{kind} | null" if schema.get("nullable") else kind


def _bare_kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(string(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"Array<{_kind(schema.get('items', {}))}>"
    if schema.get("type") == "object":
        members = "; ".join(
            f"{name}: {_kind(value)}" for name, value in schema.get("properties", {}).items()
        )
        return f"{{ {members} }}" if members else "Record<string, unknown>"
    return _PLAIN.get(schema.get("type", ""), "unknown")
