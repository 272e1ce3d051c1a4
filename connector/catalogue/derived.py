"""Computing the derived values of an answer: one function for each rule of ``derived_rules.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.caller_rules import apply_rules
from connector.catalogue.derived_rules import DERIVED_RULES
from connector.catalogue.fields import ReturnField, choice_names
from connector.catalogue.files import Files
from connector.catalogue.page_spans import PageSpan, quote_on_page, rows_on_pages, value_on_page
from connector.catalogue.requirements import restore_texts
from connector.catalogue.settled_rows import (
    decision,
    overall,
    polarity,
    reached,
    settle_lists,
    undecided,
)
from connector.catalogue.table_values import (
    cells_of_row,
    column_names,
    table_csv,
    table_rows,
    totals_match,
)
from connector.catalogue.text_spans import TextSpan, find_quote, find_value
from connector.catalogue.text_versions import count_words
from connector.catalogue.values import match_choice
from connector.catalogue.version_rules import VERSION_RULES
from connector.json_types import Json

_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+(?=[^a-z\s])|\n+")
_BULLET = re.compile(r"\A\s*(?:[-*•]|\d{1,2}[.)])\s+")
_FIELD_LENGTH = 100


@dataclass(frozen=True)
class ToolStep:
    """One executed tool call; ``value`` is the bare number, date or name in its output, if any."""

    step: int
    tool: str
    input: str
    output: str
    ok: bool
    duration_ms: int
    value: str | None = None


@dataclass(frozen=True)
class DerivationInput:
    """What a rule can read: the form, the values known so far, and the tool calls made."""

    action: Action
    form: Mapping[str, Any]
    values: Json
    steps: Sequence[ToolStep]

    def files(self, field: str) -> Files:
        """The files of a form field; none when it is empty."""
        return self.form.get(field) or Files(())

    def shape_fields(self, name: str) -> list[Json]:
        """The fields of the record or list called ``name``."""
        return self.action.returns[name].shape_fields(self.form)


def derive(
    action: Action, form: Mapping[str, Any], given: Json, steps: Sequence[ToolStep] = ()
) -> Json:
    """All values of the answer: those the model gave, and those derived from them."""
    inputs = DerivationInput(action, form, dict(given), steps)
    restore_texts(action.returns, form, inputs.values)
    settle_lists(action, form, inputs.values)
    apply_rules(action, form, inputs.values)
    for name in action.returns:
        _derive_value(inputs, name)
    return {**inputs.values, **dict(_fallbacks(inputs))}


def derive_values(action: Action, form: Mapping[str, Any], values: Json) -> Json:
    """The derived values that follow from ``values`` alone, without files and tool calls."""
    requested = action.requested(form)
    again = [
        name
        for name, entry in action.returns.items()
        if entry.fill and name not in requested and _is_of_values(action, *entry.fill)
    ]
    known = {name: value for name, value in values.items() if name not in again}
    inputs = DerivationInput(action, form, known, ())
    for name in again:
        _derive_value(inputs, name)
    return {name: inputs.values[name] for name in again}


def _is_of_values(action: Action, rule: str, args: Sequence[str]) -> bool:
    kinds = DERIVED_RULES[rule].args
    pairs = list(zip(kinds, args, strict=True))
    files = [arg for kind, arg in pairs if kind == "field" and arg in action.file_fields]
    return not files and any(kind == "returns" for kind, _ in pairs)


def _fallbacks(inputs: DerivationInput) -> Iterator[tuple[str, Any]]:
    """(name, value) where the form has an answer for a choice that is null or a list that is empty.

    It is put in last, so that no other value takes it for a match.
    """
    for name, entry in inputs.action.returns.items():
        fallback = inputs.form.get(entry.fallback_from) if entry.fallback_from else None
        if fallback and inputs.values[name] in (None, []):
            names = choice_names(entry, inputs.form)
            answer = match_choice(fallback, names) or fallback.strip()
            yield name, [answer] if entry.type == "list" else answer


def _derive_value(inputs: DerivationInput, name: str) -> None:
    """Derive ``name`` after the values it depends on; the action reader rules out cycles."""
    fill = inputs.action.returns[name].fill
    if name in inputs.values or fill is None:
        return
    rule, args = fill
    for kind, arg in zip(DERIVED_RULES[rule].args, args, strict=True):
        if kind == "returns":
            _derive_value(inputs, arg)
    inputs.values[name] = RULES[rule](inputs, *args)


# --- simple rules ---------------------------------------------------------------------------------


def _given(inputs: DerivationInput, name: str) -> bool:
    value = inputs.values[name]
    return value is not None and value not in ([], "")


def _first(inputs: DerivationInput, name: str) -> Any:
    return next(iter(inputs.values[name]), None)


def _only(inputs: DerivationInput, name: str) -> list[Any]:
    value = inputs.values[name]
    return [] if value is None else [value]


def _joined(inputs: DerivationInput, name: str) -> str:
    return "\n".join(f"- {entry}" for entry in inputs.values[name])


def _sentences(inputs: DerivationInput, name: str) -> list[str]:
    parts = _SENTENCE_END.split(inputs.values[name] or "")
    sentences = (_BULLET.sub("", part).strip() for part in parts)
    return [sentence for sentence in sentences if sentence]


def _words(inputs: DerivationInput, name: str) -> int:
    return count_words(inputs.values[name] or "")


def _absent(inputs: DerivationInput, name: str) -> list[str]:
    record = inputs.values[name] or {}
    return [
        field["name"]
        for field in inputs.shape_fields(name)
        if not field["of"] and record.get(field["name"]) in (None, [])
    ]


def _outside(inputs: DerivationInput, name: str, names: str) -> list[str]:
    """The owners that are not among the names in the form; a unique first name counts as one."""
    known = [person.casefold() for person in inputs.form.get(names) or ()]
    if not known:
        return []
    owners = (str(row.get("owner") or "").strip() for row in inputs.values[name] or ())
    distinct = dict.fromkeys(owner for owner in owners if owner)
    return [owner for owner in distinct if not _is_one_of(owner.casefold(), known)]


def _is_one_of(owner: str, known: Sequence[str]) -> bool:
    return owner in known or sum(owner in person.split() for person in known) == 1


def _totals_match(inputs: DerivationInput, name: str, source: str) -> bool | None:
    text = inputs.form.get(source) or ""
    if isinstance(text, Files):
        text = "\n".join(page.text for page in text.pages)
    return totals_match(inputs.values[name] or (), text)


# --- evidence in a text ---------------------------------------------------------------------------


def _evidence(inputs: DerivationInput, name: str, source: str) -> list[Json]:
    text = inputs.form.get(source) or ""
    value = inputs.values[name]
    entry = inputs.action.returns[name]
    if entry.has_shape and entry.type == "list":
        return [
            _text_evidence(_row_label(name, row), text, find_quote(text, quote), quote)
            for row in value or ()
            if (quote := row.get("quote"))
        ]
    if entry.type != "record":
        return [_text_evidence(name, text, find_quote(text, quote), quote) for quote in value or ()]
    return [
        _text_evidence(field["name"], text, find_value(text, one, field["type"], near=near))
        for field, one, near in _record_values(inputs, name)
    ]


def _record_values(inputs: DerivationInput, name: str) -> Iterator[tuple[Json, Any, str]]:
    """(field, value, words expected near it) for every value of a record that is not null."""
    return _field_values(inputs.values[name] or {}, inputs.shape_fields(name))


def _field_values(
    record: Mapping[str, Any], fields: Sequence[Json], path: str = "", beside: str = ""
) -> Iterator[tuple[Json, Any, str]]:
    """The same for one record; a cell of its rows is named by its path, `items[0].price`."""
    for field in fields:
        name = field["name"]
        value = record.get(name)
        if field["fields"]:
            for number, row in enumerate(value or ()):
                # the other cells of a row stand near each of them
                beside = " ".join(cell for cell in row.values() if isinstance(cell, str))
                path_of_row = f"{name}[{number}]."
                yield from _field_values(row, field["fields"], path_of_row, beside)
            continue
        near = f"{beside} {name.replace('_', ' ')} {field['hint']}"
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                yield {**field, "name": path + name}, one, near


def _text_evidence(
    field: str, text: str, span: TextSpan | None, claimed: str | None = None
) -> Json:
    """``claimed`` is the quote as the model gave it, returned even if the source lacks it."""
    if span is None:
        return {"field": field, "quote": claimed, "start": None, "end": None, "verified": False}
    return {
        "field": field,
        "quote": text[span.start : span.end],
        "start": span.start,
        "end": span.end,
        "verified": True,
    }


# --- evidence on the pages of files ---------------------------------------------------------------


def _located(inputs: DerivationInput, name: str, source: str) -> list[Json]:
    files = inputs.files(source)
    entry = inputs.action.returns[name]
    if entry.type == "record":
        return [
            _page_evidence(
                field["name"], files, value_on_page(files, one, field["type"], near=near)
            )
            for field, one, near in _record_values(inputs, name)
        ]
    value = inputs.values[name] or ()
    if not entry.has_shape:
        return [_page_evidence(name, files, quote_on_page(files, one), one) for one in value]
    if entry.shape_from or _is_lines_of_cells(entry):
        spans = rows_on_pages(files, map(cells_of_row, value))
        return [
            _page_evidence(f"{name}[{number}]", files, span) for number, span in enumerate(spans)
        ]
    return [_row_evidence(name, files, row) for row in value if row.get("quote")]


def _is_lines_of_cells(entry: ReturnField) -> bool:
    return any(field["name"] == "cells" for field in entry.shape)


def _row_evidence(name: str, files: Files, row: Json) -> Json:
    span = quote_on_page(files, row["quote"], page=row.get("page"), file=row.get("file"))
    return _page_evidence(_row_label(name, row), files, span, row["quote"], row)


def _row_label(name: str, row: Json) -> str:
    return next((str(value) for value in row.values() if value), name)[:_FIELD_LENGTH]


def _page_evidence(
    field: str,
    files: Files,
    span: PageSpan | None,
    claimed: str | None = None,
    row: Mapping[str, Any] | None = None,
) -> Json:
    """The span found, or else the model's claim, with the page it named if that page exists."""
    if span:
        return {
            "field": field,
            "quote": claimed if span.start is None else span.quote,
            "source": files.file_name(span.page.file),
            "page": span.page.number,
            "start": span.start,
            "end": span.end,
            "verified": not span.is_doubtful,
        }
    row = row or {}
    file = row.get("file") or 1
    page = row.get("page")
    exists = any((one.file, one.number) == (file, page) for one in files.pages)
    return {
        "field": field,
        "quote": claimed,
        "source": files.file_name(file),
        "page": page if exists else None,
        "start": None,
        "end": None,
        "verified": False,
    }


def _of_form(compute: Callable[..., Any]) -> Callable[..., Any]:
    """The rule that computes from the form and the value named first."""
    return lambda inputs, name, *fields: compute(inputs.form, inputs.values[name] or "", *fields)


# --- the table ------------------------------------------------------------------------------------

RULES: dict[str, Callable[..., Any]] = {
    "given": _given,
    "first": _first,
    "only": _only,
    "joined": _joined,
    "sentences": _sentences,
    "words": _words,
    "count": lambda inputs, field: len(inputs.form.get(field) or ()),
    "absent": _absent,
    "evidence": _evidence,
    "located": _located,
    "empty": lambda inputs, name: not inputs.values[name],
    **{rule: _of_form(compute) for rule, compute in VERSION_RULES.items()},
    # settled by ``apply_rules`` before anything is derived
    "rules_applied": lambda inputs, *_: [],
    "outside": _outside,
    "overall": lambda inputs, name: overall(inputs.values[name]),
    "decision": lambda inputs, name, review, block: decision(
        inputs.values[name], inputs.form[review], inputs.form[block]
    ),
    "reached": lambda inputs, name, score: reached(inputs.values[name], inputs.form[score]),
    "undecided": lambda inputs, name: undecided(inputs.values[name]),
    "polarity": lambda inputs, score, scale: polarity(
        inputs.values[score], str(inputs.form.get(scale) or "")
    ),
    "columns": lambda inputs, titles: column_names(inputs.values[titles]),
    "table_rows": lambda inputs, titles, lines: table_rows(
        inputs.values[titles], inputs.values[lines]
    ),
    "csv": lambda inputs, titles, lines: table_csv(inputs.values[titles], inputs.values[lines]),
    "totals_match": _totals_match,
    "page_count": lambda inputs, source: len(inputs.files(source).pages),
    "coverage": lambda inputs, source: round(inputs.files(source).coverage, 4),
    # null for a single call; the consensus of repeated calls sets the value itself
    "agreement": lambda inputs: None,
    "tools_used": lambda inputs: list(dict.fromkeys(step.tool for step in inputs.steps)),
    "steps": lambda inputs: max((step.step for step in inputs.steps), default=0),
    "trace": lambda inputs: [vars(step) for step in inputs.steps],
}
