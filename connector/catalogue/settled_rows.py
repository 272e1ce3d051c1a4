"""The lists of an answer, settled before anything is derived from them.

Rows that belong to entries of the form, such as aspects, are there once for each, in order: a model
may leave an entry out, repeat it, or add one of its own, and a workflow finds a row for everything
that it asked about. Quotes are each there once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.catalogue.action import Action
from connector.catalogue.fields import Field, ReturnField
from connector.catalogue.files import Files
from connector.catalogue.page_spans import quote_on_page
from connector.catalogue.quotes import settle_rows, settle_texts
from connector.catalogue.text_folding import comparable
from connector.catalogue.user_fields import LIST_TYPES
from connector.catalogue.values import match_choice
from connector.json_types import Json


def settle_lists(action: Action, form: Mapping[str, Any], values: Json) -> None:
    """Settle the lists among ``values`` in place."""
    for name, entry in action.returns.items():
        if entry.rows_for:
            names = entry_names(action.fields, form, entry.rows_for)
            rows = _proven(action, form, name, values.get(name) or ())
            values[name] = rows_for_each(entry, rows, names)
    for entry in action.returns.values():
        rule, args = entry.fill or ("", ())
        if rule in {"evidence", "located"} and values.get(args[0]):
            values[args[0]] = _settled_quotes(action, form, rule, args, values[args[0]])


def _settled_quotes(
    action: Action, form: Mapping[str, Any], rule: str, args: Sequence[str], quotes: Any
) -> Any:
    """Labels among the quotes with their values, and equal quotes once."""
    name, source = args
    quoted = action.returns[name]
    if quoted.type == "list" and rule == "evidence" and not quoted.has_shape:
        return settle_texts(form.get(source) or "", quotes)
    if rule == "located" and any(field["name"] == "quote" for field in quoted.shape):
        return settle_rows(_files(form, source), quotes)
    return quotes


def _files(form: Mapping[str, Any], field: str) -> Files:
    return form.get(field) or Files(())


def _proven(
    action: Action, form: Mapping[str, Any], name: str, rows: Sequence[Json]
) -> Sequence[Json]:
    """``rows``; of a list for ``overall``, yes and no only where the files have the quote.

    Words in a picture cannot be searched, so a quote from one stands as it is.
    """
    fills = [entry.fill for entry in action.returns.values() if entry.fill]
    source = next((args[1] for rule, args in fills if rule == "located" and args[0] == name), "")
    if ("overall", (name,)) not in fills or not source:
        return rows
    files = _files(form, source)
    has_pictures = any(page.is_readable and not page.text.strip() for page in files.pages)

    def is_proven(row: Json) -> bool:
        span = quote_on_page(files, row["quote"], page=row.get("page"), file=row.get("file"))
        return has_pictures or span is not None

    return proven_first(rows, is_proven)


def entry_names(
    fields: Mapping[str, Field], form: Mapping[str, Any], names: Sequence[str]
) -> list[str]:
    """The entries of those form fields, each once.

    Where all of the fields are empty, they are the choices of the first that has its own.
    """
    given = [_name(entry) for name in names for entry in form.get(name) or ()]
    if not given:
        choices = (fields[name].choices for name in names)
        given = [choice.value for choice in next(filter(None, choices), ())]
    return list(dict.fromkeys(given))


def _name(entry: Any) -> str:
    return str(entry["name"] if isinstance(entry, Mapping) else entry)


def rows_for_each(entry: ReturnField, rows: Sequence[Json], names: Sequence[str]) -> list[Json]:
    """A row for each of ``names``, named by the first field of its shape.

    Of several rows for one name it is the first with the most values. Rows without a known name
    count by their place if there are as many as names.
    """
    key = entry.shape[0]["name"]
    bare = {_bare(name): name for name in names}
    matches = (match_choice(_bare(str(row[key] or "")), list(bare)) for row in rows)
    known = [bare[match] if match else None for match in matches]
    if not any(known) and len(rows) == len(names):
        known = [*names]
    found: dict[str, Json] = {}
    for name, row in zip(known, rows, strict=True):
        if name and _fullness(row) > _fullness(found.get(name, {})):
            found[name] = row
    empty: Json = {one["name"]: [] if one["type"] in LIST_TYPES else None for one in entry.shape}
    for row in found.values():
        if "score" in row:
            row["score"] = _score(row)
    if any(one["name"] == "answer" for one in entry.shape):
        empty["answer"] = UNSURE
    return [{**empty, **found.get(name, {}), key: name} for name in names]


def _bare(name: str) -> str:
    """``name`` without the sign of a question, which a model may leave out."""
    return name.rstrip(" ?\u061f\uff1f")


def _fullness(row: Json) -> int:
    return sum(value not in (None, []) for value in row.values())


# --- yes, no and unsure ---------------------------------------------------------------------------

UNSURE = "unsure"


def proven_first(rows: Sequence[Json], is_proven: Callable[[Json], bool]) -> list[Json]:
    """``rows`` with a question and an answer, those that their quote proves first.

    Yes and no without a quote that is there are unsure, and so are proven ones that disagree.
    """
    said: dict[str, set[str]] = {}
    proven = [bool(row["quote"]) and is_proven(row) for row in rows]
    for row, is_one in zip(rows, proven, strict=True):
        if is_one:
            said.setdefault(_key(row), set()).add(row["answer"] or UNSURE)
    settled = [
        row if is_one and not {"yes", "no"} <= said[_key(row)] else {**row, "answer": UNSURE}
        for row, is_one in zip(rows, proven, strict=True)
    ]
    return sorted(settled, key=lambda row: row["answer"] == UNSURE)


def _key(row: Json) -> str:
    return comparable(_bare(str(row["question"] or "")))


def overall(rows: Sequence[Json]) -> str:
    """no if any answer is, yes if all are, else unsure."""
    answers = {row["answer"] for row in rows}
    if "no" in answers:
        return "no"
    return "yes" if answers == {"yes"} else UNSURE


MAX_SCORE = 100
UNCHECKED = "unchecked"


def decision(rows: Sequence[Json], review_from: float, block_from: float) -> str:
    """block, review, unchecked or allow, by the scores of ``rows``; no rows are unchecked."""
    scores = [_score(row) for row in rows]
    highest = max((score for score in scores if score is not None), default=-1.0)
    if highest >= block_from:
        return "block"
    if highest >= review_from:
        return "review"
    return UNCHECKED if not scores or None in scores else "allow"


def reached(rows: Sequence[Json], score: float) -> list[str]:
    """The names of the rows with at least this score."""
    pairs = ((row, _score(row)) for row in rows)
    return [str(next(iter(row.values()))) for row, own in pairs if own is not None and own >= score]


def _score(row: Json) -> float | None:
    score = row["score"]
    return score if score is not None and 0 <= score <= MAX_SCORE else None


def undecided(rows: Sequence[Json]) -> list[str]:
    """The first values of the rows whose second is null or unsure."""
    pairs = (tuple(row.values())[:2] for row in rows)
    return [str(name) for name, value in pairs if value in (None, UNSURE)]


# --- the word for a score -------------------------------------------------------------------------

NEUTRAL_BELOW, VERY_FROM = 0.25, 0.75


def polarity(score: float | None, scale: str) -> str:
    """positive, neutral or negative, with ``scale`` five also very so; unsure without a score."""
    if score is None:
        return "unsure"
    if abs(score) < NEUTRAL_BELOW:
        return "neutral"
    word = "positive" if score > 0 else "negative"
    return f"very_{word}" if scale == "five" and abs(score) >= VERY_FROM else word
