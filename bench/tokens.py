"""Prompt tokens of classify and extract beyond the text and the caller's words, counted with o200k.

How a provider renders a function for its model is not published, so two renderings are counted: a
TypeScript-like declaration (as models have repeated it to people) and compact JSON (the body as it
is sent, an upper bound). The caller's words are the names and descriptions typed into the form,
counted each time they occur in the request.
"""

from __future__ import annotations

import json
import sys

from rs_bpe.bpe import openai as bpe

from bench.servers import HERE, ticket
from connector.catalogue import Action, answer_function, load_catalogue
from connector.json_types import Json

LIMIT = 94
COUNT = bpe.o200k_base().count


def declaration(name: str, parameters: Json) -> str:
    """The function as a TypeScript-like declaration."""
    return f"type {name} = (_: {_shape(parameters)}) => any;"


def _shape(schema: Json) -> str:
    if "enum" in schema:
        return " | ".join("null" if word is None else f'"{word}"' for word in schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " | ".join(_type(kind, schema) for kind in kinds)


def _type(kind: str, schema: Json) -> str:
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


def measure(action: Action, form: Json, caller_words: list[str]) -> dict[str, int]:
    """Tokens of one request: of the text, and per rendering all others, the caller's and ours."""
    name, _, parameters = answer_function(action, form)
    instructions = action.instructions.render(form)
    counts = {"text": COUNT(action.message.render(form))}
    renderings = {
        "declared": declaration(name, parameters),
        "json": json.dumps(parameters, separators=(",", ":")),
    }
    for rendering, function in renderings.items():
        total = COUNT(instructions) + COUNT(function)
        prompt = f"{instructions}\n{function}"
        callers = sum(COUNT(word) * prompt.count(word) for word in caller_words)
        counts[f"{rendering}_beyond_text"] = total
        counts[f"{rendering}_callers"] = callers
        counts[f"{rendering}_ours"] = total - callers
    return counts


def caller_words(entries: list[Json]) -> list[str]:
    """The names and descriptions that the caller typed.

    Descriptions come first, so that a name inside a description is not counted twice.
    """
    return [
        words
        for entry in entries
        for words in (entry.get("description"), entry.get("hint"), entry["name"])
        if words
    ]


def main() -> int:
    catalogue = load_catalogue()
    text = ticket()
    over_limit = 0
    for action_id, inputs in json.loads((HERE / "forms.json").read_text(encoding="utf-8")).items():
        action = catalogue[action_id]
        form = action.read_form({"text": text, **inputs})
        entries = form["categories"] if action_id == "classify" else form["fields"]
        counts = measure(action, form, caller_words(entries))
        print(action_id, " ".join(f"{name}={value}" for name, value in counts.items()))
        over_limit += counts["declared_ours"] > LIMIT
    return 1 if over_limit else 0


if __name__ == "__main__":
    sys.exit(main())
