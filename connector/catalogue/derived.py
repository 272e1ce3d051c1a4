"""The server's own work on an answer: one function for each rule of ``fills.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.files import Files
from connector.catalogue.fills import FILLS
from connector.catalogue.locating import Located, quote_on_page, value_on_page
from connector.catalogue.places import Place, find_quote, find_value

Json = dict[str, Any]

_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+(?=[^a-z\s])|\n+")
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
_FIELD_LENGTH = 100
_BULLET = re.compile(r"\A\s*(?:[-*•]|\d{1,2}[.)])\s+")


@dataclass(frozen=True)
class Step:
    """One tool call that was really made. ``value`` is the bare number, date or name that its result comes to, if it does."""

    step: int
    tool: str
    input: str
    output: str
    ok: bool
    duration_ms: int
    value: str | None = None


@dataclass(frozen=True)
class Work:
    """What the rules may look at: the form, the values so far, and the tool calls that were made."""

    action: Action
    form: Mapping[str, Any]
    values: Json
    steps: Sequence[Step]


def fill(action: Action, form: Mapping[str, Any], given: Json, steps: Sequence[Step] = ()) -> Json:
    """All values of the answer: those the model gave, and those worked out from them."""
    work = Work(action, form, dict(given), steps)
    for name in action.returns:
        _work_out(work, name)
    return work.values


def _work_out(work: Work, name: str) -> None:
    """The value called ``name``, after those that it is made from; the reader has seen to it that this ends."""
    fill = work.action.returns[name].fill
    if name in work.values or fill is None:
        return
    rule, names = fill
    for kind, other in zip(FILLS[rule].args, names, strict=True):
        if kind == "returns":
            _work_out(work, other)
    work.values[name] = RULES[rule](work, *names)


def _given(work: Work, name: str) -> bool:
    value = work.values[name]
    return value is not None and value not in ([], "")


def _first(work: Work, name: str) -> Any:
    return next(iter(work.values[name]), None)


def _only(work: Work, name: str) -> list[Any]:
    value = work.values[name]
    return [] if value is None else [value]


def _joined(work: Work, name: str) -> str:
    return "\n".join(f"- {entry}" for entry in work.values[name])


def _sentences(work: Work, name: str) -> list[str]:
    parts = _SENTENCE_END.split(work.values[name] or "")
    return [line for part in parts if (line := _BULLET.sub("", part).strip())]


def _words(work: Work, name: str) -> int:
    return len(_WORD.findall(work.values[name] or ""))


def _absent(work: Work, name: str) -> list[str]:
    record = work.values[name] or {}
    return [field["name"] for field in _shape(work, name) if not field["of"] and record.get(field["name"]) in (None, [])]


def _evidence(work: Work, name: str, source: str) -> list[Json]:
    text = work.form.get(source) or ""
    value = work.values[name]
    if work.action.returns[name].type == "record":
        return _record_evidence(work, name, text)
    return [_proof(name, text, find_quote(text, quote), quote) for quote in value or ()]


def _record_evidence(work: Work, name: str, text: str) -> list[Json]:
    found = []
    for field in _shape(work, name):
        value = (work.values[name] or {}).get(field["name"])
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                near = f"{field['name'].replace('_', ' ')} {field['hint']}"
                found.append(_proof(field["name"], text, find_value(text, one, field["type"], near=near)))
    return found


def _proof(field: str, text: str, place: Place | None, claimed: str | None = None) -> Json:
    """``claimed`` is what the model said the source says; it is shown even when the source does not."""
    if place is None:
        return {"field": field, "quote": claimed, "start": None, "end": None, "verified": False}
    return {"field": field, "quote": text[place.start : place.end], "start": place.start, "end": place.end, "verified": True}


def _located(work: Work, name: str, source: str) -> list[Json]:
    files: Files = work.form.get(source) or Files(())
    entry, value = work.action.returns[name], work.values[name]
    if entry.type == "record":
        return _located_record(work, name, files)
    if not entry.has_shape:
        return [_on_page(name, files, quote_on_page(files, quote), quote) for quote in value or ()]
    rows = [(row, next((str(one) for one in row.values() if one), name)) for row in value or () if row.get("quote")]
    return [_on_page(first[:_FIELD_LENGTH], files, _quoted(files, row), row["quote"], row) for row, first in rows]


def _quoted(files: Files, row: Json) -> Located | None:
    return quote_on_page(files, row["quote"], page=row.get("page"), file=row.get("file"))


def _outside(work: Work, name: str, names: str) -> list[str]:
    """Owners beyond those the form allows; a first name stands for the only one who has it."""
    known = [person.casefold() for person in work.form.get(names) or ()]
    owners = [str(row.get("owner") or "").strip() for row in work.values[name] or ()]
    return [one for one in dict.fromkeys(filter(None, owners)) if known and not _is_one_of(one.casefold(), known)]


def _is_one_of(owner: str, known: Sequence[str]) -> bool:
    return owner in known or sum(owner in person.split() for person in known) == 1


def _located_record(work: Work, name: str, files: Files) -> list[Json]:
    found = []
    for field in _shape(work, name):
        value = (work.values[name] or {}).get(field["name"])
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                near = f"{field['name'].replace('_', ' ')} {field['hint']}"
                found.append(_on_page(field["name"], files, value_on_page(files, one, field["type"], near=near)))
    return found


def _on_page(field: str, files: Files, found: Located | None, claimed: str | None = None, row: Mapping[str, Any] | None = None) -> Json:
    """What was found; else what the model said, with the page it named if there is such a page."""
    if found:
        quote = claimed if found.start is None else found.quote
        place = {"page": found.page.number, "start": found.start, "end": found.end}
        return {"field": field, "quote": quote, "source": files.name_of(found.page.file), **place, "verified": True}
    file, page = (row or {}).get("file") or 1, (row or {}).get("page")
    is_there = any((one.file, one.number) == (file, page) for one in files.pages)
    place = {"page": page if is_there else None, "start": None, "end": None}
    return {"field": field, "quote": claimed, "source": files.name_of(file), **place, "verified": False}


def _shape(work: Work, name: str) -> list[Json]:
    return work.action.returns[name].entries(work.form)


RULES: dict[str, Callable[..., Any]] = {
    "given": _given,
    "first": _first,
    "only": _only,
    "joined": _joined,
    "sentences": _sentences,
    "words": _words,
    "absent": _absent,
    "evidence": _evidence,
    "located": _located,
    "outside": _outside,
    "page_count": lambda work, source: len((work.form.get(source) or Files(())).pages),
    "coverage": lambda work, source: round((work.form.get(source) or Files(())).coverage, 4),
    "agreement": lambda work: None,  # where calls were repeated, who compared them has given it
    "tools_used": lambda work: list(dict.fromkeys(step.tool for step in work.steps)),
    "steps": lambda work: max((step.step for step in work.steps), default=0),
    "trace": lambda work: [vars(step) for step in work.steps],
}
