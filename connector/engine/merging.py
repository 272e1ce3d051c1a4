"""One set of values from those that the parts of a document gave, without asking anybody: the first that is stated counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.catalogue import Return
from connector.catalogue.values import shown

Json = dict[str, Any]
Answers = Sequence[tuple[str, Any]]  # what each part gave, behind the words for its pages

_MOST_TOLD = 10


def merged(asked: Mapping[str, Return], form: Mapping[str, Any], answers: Sequence[tuple[str, Json]]) -> tuple[Json, list[str]]:
    """(the values, what a person should know about them) for what ``answers`` give; a part with another value is told."""
    told: list[str] = []
    values = {}
    for name, entry in asked.items():
        own = [(where, answer[name]) for where, answer in answers]
        values[name] = _record(entry.entries(form), own, told) if entry.type == "record" else _of_type(entry)(own)
    return values, told[:_MOST_TOLD]


def is_empty(asked: Mapping[str, Return], values: Json) -> bool:
    """Whether a part gave nothing: it was asked for lists, and all of them are empty."""
    lists = [values[name] for name, entry in asked.items() if entry.type == "list"]
    return bool(lists) and not any(lists)


def _record(fields: Sequence[Json], answers: Answers, told: list[str]) -> Json:
    found: Json = {}
    came_from: dict[str, int] = {}
    for field in fields:
        name = field["name"]
        own = [(where, answer[name]) for where, answer in answers]
        if field["type"] == "list":
            found[name] = _union(own)
        elif field["of"] in came_from:  # a sum's currency is that of its part
            found[name] = own[came_from[field["of"]]][1]
        else:
            number = next((number for number, (_, value) in enumerate(own) if value is not None), None)
            found[name] = None if number is None else own[number][1]
            if number is not None:
                came_from[name] = number
                told.extend(_conflict(name, own[number:]))
    return found


def _conflict(name: str, own: Answers) -> list[str]:
    (where, value), *others = own
    other = next(((place, one) for place, one in others if one is not None and one != value), None)
    if other is None:
        return []
    return [f"{name}: {shown(str(value))} in {where}, but {shown(str(other[1]))} in {other[0]}; the first was taken."]


def _of_type(entry: Return) -> Callable[[Answers], Any]:
    return {"list": _union, "boolean": _any, "longtext": _texts}.get(entry.type, _first)


def _union(own: Answers) -> list[Any]:
    found: list[Any] = []
    for _, values in own:
        found += [one for one in values if one not in found]
    return found


def _any(own: Answers) -> bool:
    return any(value for _, value in own)


def _texts(own: Answers) -> str:
    return "\n\n".join(dict.fromkeys(value for _, value in own if value))


def _first(own: Answers) -> Any:
    return next((value for _, value in own if value is not None), None)
