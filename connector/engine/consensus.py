"""How sure an answer is, measured: the same question several times, and a stronger model where the first one is not sure.

    votes: 3        three calls; a value counts that more than half of them gave, else it is null; confidence is the share that agree
    quality: auto   the stronger model answers instead where the first one's answer is not valid, not sure, or fails a check
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.catalogue import Return
from connector.catalogue.filling import fill
from connector.catalogue.function import drawn_again
from connector.engine.calls import answer_at_once
from connector.engine.checks import check_answer
from connector.engine.turns import Run
from connector.errors import FormcallError

Json = dict[str, Any]

SURE = 0.7  # a confidence below it is not sure
# failures of one answer, of which another may be free; with any other the next call would fail as well
_OF_ONE = {"invalid_output", "output_truncated", "refused"}
_ONE_WAY = "The {} engine always answers the same, and there is no stronger one: {} changed nothing."


def answer_surely(run: Run) -> Json:
    """The values of a one-shot action, as often asked and by as strong a model as its form wants."""
    quality, votes = run.sureness
    if not run.is_hosted:
        if ignored := [name for name, is_wanted in (("Votes", votes > 1), ("Quality", quality != "standard")) if is_wanted]:
            run.warnings.append(_ONE_WAY.format(run.model_requested, " and ".join(ignored)))
        return answer_at_once(run)
    return _automatic(run, votes) if quality == "auto" else _voted(run, votes)


def _automatic(run: Run, votes: int) -> Json:
    """The first model's answer where it is sure, else that of the stronger one."""
    first: Json | None = None
    try:
        first = _voted(run, votes)
        reason = _doubt(run, first)
    except FormcallError as error:
        if error.code not in _OF_ONE:
            raise
        reason = error.kind.title.lower()
    if first is not None and not reason:
        return first
    model, kind, shares = run.model, run.confidence_kind, run.shares
    run.escalate(reason)
    try:
        return _voted(run, votes)
    except FormcallError as error:
        if first is None or error.code == "cancelled":
            raise
        run.warnings.append(f"The first answer stands, since {run.model_requested} could not give another: {error.detail}")
        run.model, run.confidence_kind, run.shares = model, kind, shares
        return first


def _doubt(run: Run, given: Json) -> str:
    """Why the answer is not sure, "" when it is."""
    values = fill(run.action, run.form, dict(given), run.steps)
    confidence = values.get("confidence")
    if confidence is not None and confidence < SURE:
        return f"its confidence was {confidence:.2g}"
    failed = [one.check for one in check_answer(run.action, run.form, values, run.steps) if not one.ok]
    return f"its answer failed the check of {failed[0]}" if failed else ""


# --- several calls -------------------------------------------------------------------------------------------------------


def _voted(run: Run, votes: int) -> Json:
    if votes == 1:
        return answer_at_once(run)
    given, failures = _ask_all(run, votes)
    if len(given) * 2 <= votes and failures:
        raise failures[0]
    agreed, shares = _merged(run.action.asked(run.form), given, votes)
    run.confidence_kind = "agreement"
    run.shares = shares
    if "confidence" in run.action.returns:
        agreed["confidence"] = round(sum(shares.values()) / max(1, len(shares)), 3)
    return agreed


def _ask_all(run: Run, votes: int) -> tuple[list[Json], list[FormcallError]]:
    """The answers that came, and what the others failed with."""
    given: list[Json] = []
    failures: list[FormcallError] = []
    for number in range(votes):
        run.turns = []
        try:
            given.append(answer_at_once(run))
        except FormcallError as error:
            if error.code not in _OF_ONE and (not given or error.code == "cancelled"):
                raise
            failures.append(error)
            if error.code not in _OF_ONE:
                run.warnings.append(f"Only {number} of {votes} calls were made: {error.detail}")
                break
    return given, failures


def _merged(asked: Mapping[str, Return], given: Sequence[Json], votes: int) -> tuple[Json, dict[str, float]]:
    """What the calls agree on, and by name the share of all calls that gave it.

    Words of a model's own, such as a reason, are those of the first call that is nearest to what was agreed.
    """
    agreed: Json = {}
    shares: dict[str, float] = {}
    for name, entry in asked.items():
        merge = _MERGES.get(entry.type)
        if merge and not entry.is_prose and name not in drawn_again(asked):
            agreed[name] = merge([one[name] for one in given], entry, votes, name, shares)
    nearest = max(given, key=lambda one: sum(one[name] == value for name, value in agreed.items()))
    return {**nearest, **agreed}, shares


def _most(values: Sequence[Any], votes: int) -> tuple[Any, float]:
    """The value given most often, the first of equals, and its share of all calls."""
    counts = Counter(json.dumps(value, sort_keys=True) for value in values)
    text, count = counts.most_common(1)[0]
    return json.loads(text), count / votes


def _of_choice(values: Sequence[Any], entry: Return, votes: int, name: str, shares: dict[str, float]) -> Any:
    value, shares[name] = _most(values, votes)
    return None if shares[name] <= 1 / 2 and entry.nullable else value


def _of_list(values: Sequence[Any], entry: Return, votes: int, name: str, shares: dict[str, float]) -> Any:
    if entry.shape_from:
        value, shares[name] = _most(values, votes)
        return value
    agreed = [one for one in dict.fromkeys(one for value in values for one in value) if sum(one in value for value in values) > votes / 2]
    shares[name] = sum(set(value) == set(agreed) for value in values) / votes
    return agreed


def _of_record(values: Sequence[Any], entry: Return, votes: int, name: str, shares: dict[str, float]) -> Any:
    agreed = {}
    for key in values[0]:
        value, share = _most([one[key] for one in values], votes)
        agreed[key], shares[key] = (value if share > 1 / 2 else None), share
    return agreed


_MERGES: dict[str, Callable[[Sequence[Any], Return, int, str, dict[str, float]], Any]] = {
    "choice": _of_choice,
    "list": _of_list,
    "record": _of_record,
}
