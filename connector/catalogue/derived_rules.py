"""The rules by which the server derives a value, so that no model is called (or paid) for it.

A template has ``fill: {words: summary}``; this table lists the rules, their arguments and their
result types. ``derived.py`` implements them, one function for each.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.json_types import Json

_OFFSET: Json = {"type": "integer", "nullable": True}
_TEXT_OR_NULL: Json = {"type": "string", "nullable": True}
_EVIDENCE: Json = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "description": "The field that this is evidence for."},
        "quote": {
            **_TEXT_OR_NULL,
            "description": "The exact text in the source; null when the source does not have it.",
        },
        "start": {
            **_OFFSET,
            "description": "Where the quote starts in the source, in characters from 0.",
        },
        "end": {**_OFFSET, "description": "Where the quote ends."},
        "verified": {
            "type": "boolean",
            "description": "True when the source really has this text.",
        },
    },
    "required": ["field", "quote", "start", "end", "verified"],
}
_LOCATED: Json = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "description": "The field that this is evidence for."},
        "quote": {
            **_TEXT_OR_NULL,
            "description": "The exact text in the source; null when the source does not have it.",
        },
        "source": {"type": "string", "description": "The name of the file."},
        "page": {**_OFFSET, "description": "The page, from 1; null when it was not found."},
        "start": {
            **_OFFSET,
            "description": "Where the quote starts on its page, in characters from 0.",
        },
        "end": {**_OFFSET, "description": "Where the quote ends."},
        "verified": {
            "type": "boolean",
            "description": "True when the page really has this text; a picture cannot be searched.",
        },
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
        "value": {
            **_TEXT_OR_NULL,
            "description": "The bare number, date or name in the output, if there is one.",
        },
    },
    "required": ["step", "tool", "input", "output", "ok", "duration_ms", "value"],
}

_CHANGE: Json = {
    "type": "object",
    "properties": {
        "before": {**_TEXT_OR_NULL, "description": "What the text had; null for an addition."},
        "after": {**_TEXT_OR_NULL, "description": "What stands there now; null: left out."},
        "start": {
            "type": "integer",
            "description": "Where it was in the text, in characters from 0.",
        },
    },
    "required": ["before", "after", "start"],
}


@dataclass(frozen=True)
class DerivedRule:
    """One rule. An argument is ``returns`` (a value of the answer) or ``field`` (of the form).

    ``arg_types`` lists the types allowed for each argument (empty: any), ``result_types`` the types
    that the derived value may have.
    """

    args: tuple[str, ...]
    help: str
    arg_types: tuple[tuple[str, ...], ...]
    result_types: tuple[str, ...]
    item_schema: Json | None = (
        None  # the schema of one entry, for a rule that gives a list of objects
    )
    without_answer: str = ""  # the value of a run that has no answer


_TEXT = ("text", "longtext")
_LIST = ("list",)
_RECORD = ("record",)
_ONE = (*_TEXT, "choice", "record")

DERIVED_RULES: dict[str, DerivedRule] = {
    "given": DerivedRule(
        ("returns",), "true when that value is not null and not empty", ((),), ("boolean",)
    ),
    "first": DerivedRule(("returns",), "the first entry of that list, or null", (_LIST,), _ONE),
    "only": DerivedRule(
        ("returns",), "a list of just that value, empty when it is null", (_ONE,), _LIST
    ),
    "joined": DerivedRule(("returns",), "that list as one text, an entry a line", (_LIST,), _TEXT),
    "sentences": DerivedRule(("returns",), "the sentences of that text", (_TEXT,), _LIST),
    "words": DerivedRule(
        ("returns",), "the number of words in that text", (_TEXT,), ("integer", "number")
    ),
    "count": DerivedRule(
        ("field",), "how many entries that list has", (_LIST,), ("integer", "number")
    ),
    "absent": DerivedRule(
        ("returns",), "the names of that record's empty fields", (_RECORD,), _LIST
    ),
    "evidence": DerivedRule(
        ("returns", "field"),
        "where that value occurs in the text of that field",
        (("list", "record"), _TEXT),
        _LIST,
        _EVIDENCE,
    ),
    "located": DerivedRule(
        ("returns", "field"),
        "on which page of that field's files that value occurs",
        (("list", "record"), ("file",)),
        _LIST,
        _LOCATED,
    ),
    "polarity": DerivedRule(
        ("returns", "field"),
        "the word for that number from -1 to 1, with very for a scale of five; unsure for null",
        (("number",), ("choice",)),
        ("choice",),
    ),
    "empty": DerivedRule(
        ("returns",), "true when that list has no entries", (_LIST,), ("boolean",)
    ),
    "unstated": DerivedRule(
        ("returns",),
        "the numbers, dates, names and addresses in that text which the form states nowhere",
        (_TEXT,),
        _LIST,
    ),
    "placeholder_faults": DerivedRule(
        ("returns", "field", "field"),
        "the placeholders, tags, addresses and numbers of that field, and the words of the next, "
        "which that text has more or less often; a model reads marks in their place",
        (_TEXT, ("longtext",), _LIST),
        _LIST,
    ),
    "glossary_misses": DerivedRule(
        ("returns", "field", "field"),
        "the entries of that glossary whose term stands in that field, and whose translation not "
        "in that text",
        (_TEXT, _TEXT, ("options",)),
        _LIST,
    ),
    "left_out": DerivedRule(
        ("returns", "field", "field"),
        "the numbers, dates, names and addresses of that field which that text lacks; the choice "
        "`shorten` of the next field allows that",
        (_TEXT, _TEXT, ("choice",)),
        _LIST,
    ),
    "missing_terms": DerivedRule(
        ("returns", "field"),
        "the entries of that field which that text does not contain",
        (_TEXT, _LIST),
        _LIST,
    ),
    "negations_changed": DerivedRule(
        ("returns", "field"),
        "the clauses of that text that deny what that field says in the same words, or the reverse",
        (_TEXT, _TEXT),
        _LIST,
    ),
    "numbers_kept": DerivedRule(
        ("returns", "field"),
        "whether that text states the same numbers and dates as that field",
        (_TEXT, _TEXT),
        ("boolean",),
    ),
    "words_over": DerivedRule(
        ("returns", "field"),
        "how many words that text has beyond the number in that field; 0 without one",
        (_TEXT, ("integer",)),
        ("integer", "number"),
    ),
    "changes": DerivedRule(
        ("returns", "field"),
        "where that text differs from that field, in words",
        (_TEXT, _TEXT),
        _LIST,
        _CHANGE,
    ),
    "overall": DerivedRule(
        ("returns",),
        "no if an answer of that list is no, yes if all are yes, else unsure; an answer without "
        "a quote that is in the source is unsure",
        (_LIST,),
        ("choice",),
    ),
    "decision": DerivedRule(
        ("returns", "field", "field"),
        "block if a score of that list is at least the last number, review if one is at least the "
        "other, unchecked if one is null, else allow",
        (_LIST, ("integer", "number"), ("integer", "number")),
        ("choice",),
        without_answer="unchecked",
    ),
    "reached": DerivedRule(
        ("returns", "field"),
        "the names in that list whose score is at least that number",
        (_LIST, ("integer", "number")),
        _LIST,
    ),
    "undecided": DerivedRule(
        ("returns",), "the names in that list that have no decision", (_LIST,), _LIST
    ),
    "rules_applied": DerivedRule(
        ("returns", "returns", "returns", "field", "field"),
        "the caller's rules in the first of those fields that apply to the text of the second; "
        "they decide those values, whatever the model gives",
        (("choice",), ("choice",), ("choice",), _LIST, _TEXT),
        _LIST,
    ),
    "outside": DerivedRule(
        ("returns", "field"),
        "the owners in that list who are not among the names in that field, if it has any",
        (_LIST, ("list",)),
        _LIST,
    ),
    "page_count": DerivedRule(
        ("field",),
        "how many pages of that field's files were read",
        (("file",),),
        ("integer", "number"),
    ),
    "coverage": DerivedRule(
        ("field",),
        "the share of those pages that could be read, from 0 to 1",
        (("file",),),
        ("number",),
    ),
    "columns": DerivedRule(
        ("returns",), "the titles in that text, which | divides", (_TEXT,), _LIST
    ),
    "table_rows": DerivedRule(
        ("returns", "returns"),
        "an object for each line of that list, its cells by those titles",
        (_TEXT, _LIST),
        _LIST,
        {"type": "object", "additionalProperties": {"type": "string"}},
    ),
    "csv": DerivedRule(
        ("returns", "returns"), "those titles and lines as CSV", (_TEXT, _LIST), _TEXT
    ),
    "totals_match": DerivedRule(
        ("returns", "field"),
        "whether a column of that list adds up to a total stated in that field, null without one",
        (_LIST, (*_TEXT, "file")),
        ("boolean",),
    ),
    "agreement": DerivedRule(
        (), "the share of repeated calls that agree, null when there was one call", (), ("number",)
    ),
    "tools_used": DerivedRule((), "the tools that were actually called, each once", (), _LIST),
    "steps": DerivedRule((), "how many rounds of tool calls there were", (), ("integer", "number")),
    "trace": DerivedRule(
        (), "each tool call that was made, with its input and output", (), _LIST, _STEP
    ),
}
