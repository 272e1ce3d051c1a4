"""The format of an action file: its keys, the types that each key applies to, names and lengths.

The reader validates files by these; ``publish/action_schema.py`` publishes them for editors.
"""

from __future__ import annotations

import re

EFFORTS = ("low", "medium", "high")
# how the answers to the parts of a long document become one: by the server, or by one more call
LONG = ("merge", "ask")
# the methods of the embedded engine, and how much of an action each one answers
LOCAL_METHODS = {
    "classify": "full",
    "extract": "part",
    "summarize": "part",
    "answer": "part",
    "quotes": "part",
    "findings": "part",
    "table": "part",
    "redact": "full",
    "restore": "full",
    "normalize": "full",
    "compare": "full",
    "match_records": "full",
    "report": "full",
    "detect_language": "full",
    "keywords": "full",
    "sentiment": "full",
    "draft_reply": "part",
    "rewrite": "part",
    "triage": "part",
    "check": "part",
    "moderate": "part",
}
SOURCES = ("tools",)  # where a value must come from, if the model may not compose it

ACTION_KEYS = (
    *("title", "summary", "group", "effort", "local", "computed", "long", "tools", "max_steps"),
    *("fields", "returns", "instructions", "message", "examples"),
)
REQUIRED_KEYS = (
    *("title", "summary", "group"),
    *("fields", "returns", "instructions", "message", "examples"),
)
FIELD_KEYS = (
    *("type", "label", "help", "placeholder", "required", "default"),
    *("choices", "choices_from", "or_text", "pages_from", "min", "max"),
)
RETURN_KEYS = (
    *("type", "help", "nullable", "choices", "choices_from", "shape_from", "shape"),
    *("rows_for", "min", "max", "when", "fill", "from", "fallback_from"),
)
EXAMPLE_KEYS = ("name", "input", "calls", "output", "check")
CALL_KEYS = frozenset({"tool", "arguments", "output"})

# the types that a key applies to; a key that is not listed applies to all
_BOUNDED = ("text", "longtext", "number", "integer", "list", "options", "shape")
FIELD_KEY_TYPES = {
    "choices": ("choice", "list"),
    "choices_from": ("list",),
    "or_text": ("file",),
    "pages_from": ("file",),
    "min": _BOUNDED,
    "max": (*_BOUNDED, "file"),
}
RETURN_KEY_TYPES = {
    "choices": ("choice", "list"),
    "choices_from": ("choice", "list"),
    "shape_from": ("record", "list"),
    "shape": ("list",),
    "rows_for": ("list",),
    "fallback_from": ("choice", "list"),
    "nullable": ("text", "longtext", "number", "integer", "boolean", "choice"),
    "from": ("text",),
    "min": _BOUNDED,
    "max": _BOUNDED,
}

ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CHOICE_VALUE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
ID_LENGTH = 40
TITLE_LENGTH = 60
GROUP_LENGTH = 40
SUMMARY_LENGTH = 300
HELP_LENGTH = 700
SHAPE_LENGTH = 4_000
