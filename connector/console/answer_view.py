"""An answer as a person reads it: one value once, tables as tables, and no keys of machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connector.catalogue import Action
from connector.catalogue.answer import companion_keys
from connector.console.form_boxes import as_text
from connector.json_types import Json

_HIDDEN = {"confidence", "confidence_kind", "evidence"}  # shown in places of their own
_LONG = 200  # characters
_MAX_ROWS = 200
_KINDS = {
    "reported": "stated by the model",
    "similarity": "similarity of meaning",
    "agreement": "agreement of calls",
    "evidence": "found in the text",
}


class AnswerPart(NamedTuple):
    """A value of an answer. ``kind`` is empty, text, long, list, record or table."""

    name: str
    kind: str
    text: str = ""
    items: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    left_out: int = 0


class AnswerView(NamedTuple):
    """The parts of an answer; ``confidence`` in percent (None: none was given)."""

    parts: tuple[AnswerPart, ...]
    confidence: int | None
    confidence_kind: str
    evidence: AnswerPart | None
    checks: tuple[tuple[str, str, bool], ...]
    warnings: tuple[str, ...]


def answer_view(action: Action | None, body: Json) -> AnswerView:
    """The answer in the body of a run."""
    returns = action.returns if action else {}
    companions = {key for entry in returns.values() for key in companion_keys(entry)}
    names = [name for name in returns if name not in companions | _HIDDEN and name in body]
    names = [name for place, name in enumerate(names) if not _repeats(name, names[:place], body)]
    confidence = body.get("confidence")
    evidence = _part("evidence", body.get("evidence"))
    return AnswerView(
        tuple(_part(name, body[name]) for name in names),
        round(100 * confidence) if isinstance(confidence, int | float) else None,
        _KINDS.get(body.get("confidence_kind") or "", ""),
        None if evidence.kind == "empty" else evidence,
        tuple((one["check"], one["detail"], one["ok"]) for one in body.get("checks") or ()),
        tuple(body.get("warnings") or ()),
    )


def _repeats(name: str, before: list[str], body: Json) -> bool:
    """Whether a value is a list of one before it alone, or the same record."""
    if not isinstance(body[name], list | dict):
        return False
    return any(body[name] in (body[other], [body[other]]) for other in before if body[other])


def _part(name: str, value: Any) -> AnswerPart:
    if value is None or value == "" or value in ([], {}):
        return AnswerPart(name, "empty")
    if isinstance(value, bool):
        return AnswerPart(name, "text", "Yes" if value else "No")
    if isinstance(value, dict):
        return AnswerPart(name, "record", pairs=_pairs(value))
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return _table(name, value)
    if isinstance(value, list):
        return AnswerPart(name, "list", items=tuple(map(_shown, value[:_MAX_ROWS])))
    text = _shown(value)
    return AnswerPart(name, "long" if len(text) > _LONG or "\n" in text else "text", text)


def _pairs(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The values of a record without those that only repeat another one for other tools."""
    return tuple(
        (name, _shown(value))
        for name, value in record.items()
        if not (name.endswith(("_json", "_text")) and name[:-5] in record)
    )


def _table(name: str, entries: list[Json]) -> AnswerPart:
    shown = entries[:_MAX_ROWS]
    columns = tuple(dict.fromkeys(key for entry in shown for key in entry))
    rows = tuple(tuple(_shown(entry.get(key)) for key in columns) for entry in shown)
    left_out = len(entries) - len(shown)
    return AnswerPart(name, "table", columns=columns, rows=rows, left_out=left_out)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return as_text(value)
