"""What the server works out by itself, so that no model is asked (or paid) for it.

An action's file says ``fill: {words: summary}``; this table says which rules there are, what they are told and what they
give. The work itself is done in ``engine/fills.py``, one function a rule.
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
_STEP: Json = {
    "type": "object",
    "properties": {
        "step": {"type": "integer", "description": "The round, from 1."},
        "tool": {"type": "string"},
        "input": {"type": "string", "description": "The arguments, as JSON text."},
        "output": {"type": "string"},
        "ok": {"type": "boolean"},
        "duration_ms": {"type": "integer"},
    },
    "required": ["step", "tool", "input", "output", "ok", "duration_ms"],
}


@dataclass(frozen=True)
class Fill:
    """One rule: its names are ``returns`` (other values of the answer) or ``field`` (a box of the form), in this order."""

    args: tuple[str, ...]
    help: str
    items: Json | None = None  # the schema of one entry, where the rule gives a list of objects


FILLS: dict[str, Fill] = {
    "given": Fill(("returns",), "true when that value is not null and not empty"),
    "first": Fill(("returns",), "the first entry of that list, or null"),
    "only": Fill(("returns",), "a list of just that value, empty when it is null"),
    "joined": Fill(("returns",), "that list as one text, an entry a line"),
    "sentences": Fill(("returns",), "the sentences of that text"),
    "words": Fill(("returns",), "the number of words in that text"),
    "absent": Fill(("returns",), "the names of that record's empty fields"),
    "evidence": Fill(("returns", "field"), "where that value stands in the text of that box", _EVIDENCE),
    "tools_used": Fill((), "the tools that were really called, each once"),
    "steps": Fill((), "how many rounds of tool calls there were"),
    "trace": Fill((), "each tool call that was made, with its input and output", _STEP),
}
