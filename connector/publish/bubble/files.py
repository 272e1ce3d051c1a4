"""The files of the plug-in beside its actions: its description, keys, licence and README."""

from __future__ import annotations

import json
from collections.abc import Sequence

from connector.errors import KINDS
from connector.json_types import Json
from connector.publish.bubble.actions import ActionInput, BubbleAction
from connector.publish.bubble.ids import Ids
from connector.publish.bubble.script import PLUGIN_CODES
from connector.publish.bubble.widgets import Output

KEYS = {"base_url": "Base URL", "api_key": "API Key"}
_DESCRIPTION = (
    "AI steps whose answers a workflow can branch on: classify a text, extract fields, "
    "summarize, answer with tools. Runs on a Formcall "
    "service that you host; the keys of model providers stay there."
)
_INSTRUCTIONS = (
    "1. Enter the address of your Formcall service as Base URL and a key of it as API Key, below "
    "and in the fields for development.\n"
    "2. Add an action whose name ends in (Formcall) to a workflow and fill in its boxes. Lists "
    "have one entry a line.\n"
    "3. Use its results in later steps. On error decides whether a failure stops the workflow or "
    "is returned in Error message.\n"
    "4. For long runs choose to hand the run over, and read it later with Get a run."
)
LICENSE = """\
MIT License

Copyright (c) 2026 The Formcall developers

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def canonical(value: Json) -> bytes:
    """JSON formatted as Bubble does, so that its first synchronisation changes no file."""
    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False).encode()


def meta_data() -> Json:
    """The plug-in's description in Bubble."""
    return {
        "categories": {"0": "artificial intelligence (AI)", "1": "data (things)"},
        "description": _DESCRIPTION,
        "license": "open_source",
        "name": "Formcall",
        "plugin_instructions": _INSTRUCTIONS,
        "sa_node_version": 18,
    }


def shared_tech_params(ids: Ids) -> Json:
    """The version of Bubble's interface, and the keys of an app, which stay on the server."""
    keys = {
        ids.of(f"key.{name}"): {"caption": caption, "type": "secure"}
        for name, caption in KEYS.items()
    }
    return {"dependencies": {"plugin_api_version": "4", "use_jquery": False}, "shared_keys": keys}


def readme(actions: Sequence[BubbleAction]) -> bytes:
    """README.md: each action with its inputs and results, and the plug-in's own error codes."""
    codes = "".join(
        f"| `{code}` | {_cell(problem['detail'])} |\n"
        for code, problem in PLUGIN_CODES.items()
        if code not in KINDS
    )
    return "".join([_HEAD, *map(_section, actions), _CODES, codes]).encode()


def _section(action: BubbleAction) -> str:
    inputs = "".join(_input_row(one) for one in action.inputs if one.box.read)
    outputs = "".join(_output_row(one) for one in action.outputs)
    head = f"\n## {action.operation.summary}\n\n{action.operation.description}\n"
    return (
        f"{head}\n| box | type | what to enter |\n|---|---|---|\n{inputs}\n| result | type | "
        f"what it is |\n|---|---|---|\n{outputs}"
    )


def _input_row(one: ActionInput) -> str:
    kind = f"{one.box.value or one.box.editor.lower()}{' list' * one.box.is_list}"
    return f"| {_cell(one.caption)} | {kind} | {_cell(one.help)} |\n"


def _output_row(one: Output) -> str:
    return f"| {_cell(one.caption)} | {one.kind.replace('_', ' ')} | {_cell(one.words)} |\n"


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


_HEAD = """\
# Formcall for Bubble

AI steps whose answers a workflow can branch on. Each action is one call to a Formcall service that
you host; enter its address and one of its keys in the Plugins tab. The keys of model providers
never come to Bubble.

These files are written by `formcall build bubble`. The ids in them are used by the apps that have
the plug-in, so they never change.

- A box for lines has a second box "as a list" for a dynamic list of texts.
- An unknown value is empty. Parallel lists have the same number of entries; an entry with an
  unknown part is left out of all of them. Raw JSON contains everything.
- **On error** stops the workflow, or returns Success = no with Error code and Error message.
- **Wait for the answer**: hand the run over when it may take long. ID is its id: use it with Get a
  run, or give a Callback URL.
- **Idempotency key**: Bubble may run a step more than once. A text that identifies the step, such
  as a thing's unique id, ensures that the model is called and paid once.
"""
_CODES = """
## Errors

Error code is one of the service's codes, or one of these:

| code | message |
|---|---|
"""
