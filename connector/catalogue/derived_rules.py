"""What the server works out by itself, so that no model is asked (or paid) for it.

An action's file says ``fill: {words: summary}``; this table says which rules there are, what they are told and what they
give. The work itself is done in ``filling.py``, one function a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_PLACE: Json = {"type": "integer", "nullable": True}
_TEXT_OR_NULL: Json = {"type": "string", "nullable": True}
_EVIDENCE: Json = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "description": "What this proves."},
        "quote": {**_TEXT_OR_NULL, "description": "The words of the source; null when it does not have them."},
        "start": {**_PLACE, "description": "Where the quote begins in the source, in characters from 0."},
        "end": {**_PLACE, "description": "Where the quote ends."},
        "verified": {"type": "boolean", "description": "True when the source really has these words."},
    },
    "required": ["field", "quote", "start", "end", "verified"],
}
_LOCATED: Json = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "description": "What this proves."},
        "quote": {**_TEXT_OR_NULL, "description": "The words of the source; null when it does not have them."},
        "source": {"type": "string", "description": "The name of the file."},
        "page": {**_PLACE, "description": "The page, from 1; null when it was not found."},
        "start": {**_PLACE, "description": "Where the quote begins on its page, in characters from 0."},
        "end": {**_PLACE, "description": "Where the quote ends."},
        "verified": {"type": "boolean", "description": "True when the page really has these words; a picture cannot be looked up."},
    },
    "required": ["field", "quote", "source", "page", "start", "end", "verified"],
}
_STEP: Json = {
    "type": "object",
    "properties": {
        "step": {"type": "integer", "description": "The round, from 1."},
        "tool": {"type": "string"},
        "input": {"type": "string", "description": "The arguments, as JSON text."},
        "output": {"type": "string"},
        "ok": {"type": "boolean"},
        "duration_ms": {"type": "integer"},
        "value": {**_TEXT_OR_NULL, "description": "The bare number, date or name that the output comes to, if it does."},
    },
    "required": ["step", "tool", "input", "output", "ok", "duration_ms", "value"],
}


@dataclass(frozen=True)
class Fill:
    """One rule: its names are ``returns`` (other values of the answer) or ``field`` (a box of the form), in this order.

    ``takes`` are the types that each of those may have (none listed: any), ``gives`` those that the value itself may have.
    """

    args: tuple[str, ...]
    help: str
    takes: tuple[tuple[str, ...], ...]
    gives: tuple[str, ...]
    items: Json | None = None  # the schema of one entry, where the rule gives a list of objects


_TEXT, _LIST, _RECORD = ("text", "longtext"), ("list",), ("record",)
_ONE = (*_TEXT, "choice", "record")

FILLS: dict[str, Fill] = {
    "given": Fill(("returns",), "true when that value is not null and not empty", ((),), ("boolean",)),
    "first": Fill(("returns",), "the first entry of that list, or null", (_LIST,), _ONE),
    "only": Fill(("returns",), "a list of just that value, empty when it is null", (_ONE,), _LIST),
    "joined": Fill(("returns",), "that list as one text, an entry a line", (_LIST,), _TEXT),
    "sentences": Fill(("returns",), "the sentences of that text", (_TEXT,), _LIST),
    "words": Fill(("returns",), "the number of words in that text", (_TEXT,), ("integer", "number")),
    "absent": Fill(("returns",), "the names of that record's empty fields", (_RECORD,), _LIST),
    "evidence": Fill(
        ("returns", "field"), "where that value stands in the text of that box", (("list", "record"), _TEXT), _LIST, _EVIDENCE
    ),
    "located": Fill(
        ("returns", "field"), "on which page of that box's files that value stands", (("list", "record"), ("file",)), _LIST, _LOCATED
    ),
    "outside": Fill(
        ("returns", "field"), "the owners in that list who are not among the names in that box, when it has any", (_LIST, ("list",)), _LIST
    ),
    "page_count": Fill(("field",), "how many pages were read of that box's files", (("file",),), ("integer", "number")),
    "coverage": Fill(("field",), "the share of those pages that could be read, from 0 to 1", (("file",),), ("number",)),
    "agreement": Fill((), "the share of repeated calls that agree, null when there was one call", (), ("number",)),
    "tools_used": Fill((), "the tools that were really called, each once", (), _LIST),
    "steps": Fill((), "how many rounds of tool calls there were", (), ("integer", "number")),
    "trace": Fill((), "each tool call that was made, with its input and output", (), _LIST, _STEP),
}
