"""Prompt tokens of classify and extract beyond the text and the caller's own words, counted exactly with o200k.

A provider shows a function to its model in a form of its own, which is not published; two stand-ins are counted here: the
function as a TypeScript-like declaration (the form that people have read back from models) and as compact JSON (the body as it
is sent, an upper bound). The caller's own words are the names and descriptions typed into the form, counted each time they
stand in the request, since that is what the caller asked to be said.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rs_bpe.bpe import openai as bpe

from connector.catalogue import Action, answer_function, load_catalogue

Json = dict[str, Any]

LIMIT = 94
HERE = Path(__file__).resolve().parent
COUNT = bpe.o200k_base().count


def declaration(name: str, parameters: Json) -> str:
    """The function as a TypeScript-like declaration."""
    return f"type {name} = (_: {_shape(parameters)}) => any;"


def _shape(schema: Json) -> str:
    if "enum" in schema:
        return " | ".join("null" if word is None else f'"{word}"' for word in schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " | ".join(_kind(kind, schema) for kind in kinds)


def _kind(kind: str, schema: Json) -> str:
    if kind == "array":
        return f"{_shape(schema['items'])}[]"
    if kind != "object":
        return {"integer": "number"}.get(kind, kind)
    lines = []
    for name, child in schema["properties"].items():
        if child.get("description"):
            lines.append(f"// {child['description']}")
        lines.append(f"{name}: {_shape(child)},")
    return "{\n" + "\n".join(lines) + "\n}"


def measure(action: Action, form: Json, own: list[str]) -> dict[str, int]:
    """Tokens of one request: all, the text's, the caller's own words, and what is left, which is ours."""
    name, _, parameters = answer_function(action, form)
    instructions, message = action.instructions.render(form), action.message.render(form)
    found = {"text": COUNT(message)}
    for form_name, function in (("declared", declaration(name, parameters)), ("json", json.dumps(parameters, separators=(",", ":")))):
        whole = COUNT(instructions) + COUNT(function)
        said = f"{instructions}\n{function}"
        theirs = sum(COUNT(word) * said.count(word) for word in own)
        found |= {f"{form_name}_beyond_text": whole, f"{form_name}_callers": theirs, f"{form_name}_ours": whole - theirs}
    return found


def main() -> int:
    catalogue = load_catalogue()
    ticket = (HERE / "ticket.txt").read_text(encoding="utf-8")
    over = 0
    for action_id, inputs in json.loads((HERE / "forms.json").read_text(encoding="utf-8")).items():
        action = catalogue[action_id]
        form = action.read_form({"text": ticket, **inputs})
        # descriptions first, so that a name inside a description is not counted twice
        entries = form["categories"] if action_id == "classify" else form["fields"]
        own = [words for entry in entries for words in (entry.get("description"), entry.get("hint"), entry["name"]) if words]
        figures = measure(action, form, own)
        print(action_id, " ".join(f"{name}={value}" for name, value in figures.items()))
        over += figures["declared_ours"] > LIMIT
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
