"""The page on which a person without an account decides on one run."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from connector.catalogue import OPTIONS
from connector.console.render import render
from connector.json_types import Json

_DECIDED = {
    "accept": "It was accepted.",
    "correct": "It was corrected and accepted.",
    "refuse": "It was refused.",
    "expire": "Nobody decided in time.",
}
_NOT_CORRECTED = {"confidence"}  # the model's, about its own answer
_LONG_TEXT = 80  # characters; longer values get several lines


class _PageValue(NamedTuple):
    """A value that the page shows, with its name as people read it."""

    name: str
    label: str
    text: str
    is_long: bool
    can_be_corrected: bool = False


def review_page(
    review: Json,
    correctable: Collection[str],
    *,
    problem: str = "",
    typed: Mapping[str, str] | None = None,
) -> str:
    """The page of ``review`` for a person without an account; see ``review_values``."""
    return render("review.html", **review_values(review, correctable, problem, typed))


def review_values(
    review: Json,
    correctable: Collection[str],
    problem: str = "",
    typed: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What a template shows of ``review`` (as GET /v1/reviews/<id> shows it).

    ``correctable`` are the values that get an input. ``problem`` is why a decision was not taken,
    and ``typed`` what stood in the inputs then.
    """
    texts = {name: shown_text(value) for name, value in review["answer"].items()}
    sent = (review["form"] or {}).items()
    return {
        "review": review,
        "is_waiting": review["status"] == "needs_review",
        "decided": _DECIDED.get(review["decision"], "It was decided."),
        "form": [_value(name, shown_text(value)) for name, value in sent if name not in OPTIONS],
        "answer": [
            _value(name, text, name in correctable and name not in _NOT_CORRECTED)
            for name, text in {**texts, **(typed or {})}.items()
            if not _repeats(name, review["answer"])
        ],
        "problem": problem,
    }


def correction_values(answer: Mapping[str, Any]) -> Iterator[_PageValue]:
    """Inputs for the values of an answer that a person may correct."""
    for name, value in answer.items():
        if name not in _NOT_CORRECTED:
            yield _value(name, shown_text(value), can_be_corrected=True)


def message_page(title: str, text: str) -> str:
    """A page that only says something."""
    return render("message.html", title=title, text=text)


def _value(name: str, text: str, can_be_corrected: bool = False) -> _PageValue:
    is_long = len(text) > _LONG_TEXT or "\n" in text
    return _PageValue(name, _label(name), text, is_long, can_be_corrected)


def shown_text(value: Any) -> str:
    """A value as one text: nothing for null, texts one a line, other lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, indent=2)


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _repeats(name: str, answer: Json) -> bool:
    """Whether a value only repeats another one in a form for other tools."""
    base = name.removesuffix("_text").removesuffix("_json")
    return (base != name and base in answer) or (name in {"names", "values"} and "data" in answer)
