"""Votes and automatic quality: repeated calls, and a stronger model where the answer is uncertain.

votes: 3        Three calls. A value counts if more than half of them gave it, else it is null;
                ``confidence`` is the share of calls that agree.
quality: auto   The stronger model answers instead where the first answer is invalid, has a low
                confidence, or fails a check.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.catalogue import ReturnField
from connector.catalogue.derived import derive
from connector.catalogue.function import repeated_choices
from connector.engine import one_shot
from connector.engine.checks import check_answer
from connector.engine.run import Run
from connector.errors import FormcallError
from connector.json_types import Json

MIN_CONFIDENCE = 0.7  # with less, automatic quality calls the stronger model
# errors of one answer, after which another call may succeed; after any other error it would not
_ANSWER_ERRORS = {"invalid_output", "output_truncated", "refused"}
_NO_EFFECT = (
    "The {} engine always answers the same, and there is no stronger one: {} changed nothing."
)


def answer(run: Run) -> Json:
    """The values of a one-shot action, with the votes and the quality that its form requests."""
    quality, votes = run.quality_and_votes
    if not run.is_hosted:
        _warn_of_ignored_options(run, quality, votes)
        return one_shot.answer(run)
    if quality == "auto":
        return _answer_automatically(run, votes)
    return _answer_by_votes(run, votes)


def _warn_of_ignored_options(run: Run, quality: str, votes: int) -> None:
    ignored = []
    if votes > 1:
        ignored.append("Votes")
    if quality != "standard":
        ignored.append("Quality")
    if ignored:
        run.warnings.append(_NO_EFFECT.format(run.model_requested, " and ".join(ignored)))


def _answer_automatically(run: Run, votes: int) -> Json:
    """The first model's answer if it is certain enough, else that of the stronger model."""
    first: Json | None = None
    try:
        first = _answer_by_votes(run, votes)
        reason = _reason_to_escalate(run, first)
    except FormcallError as error:
        if error.code not in _ANSWER_ERRORS:
            raise
        reason = error.kind.title.lower()
    if first is not None and not reason:
        return first
    model = run.model
    confidence_kind = run.confidence_kind
    agreement = run.agreement
    run.escalate(reason)
    try:
        return _answer_by_votes(run, votes)
    except FormcallError as error:
        if first is None or error.code == "cancelled":
            raise
        run.warnings.append(
            f"The first answer stands, since {run.model_requested} could not give another: "
            f"{error.detail}"
        )
        run.model = model
        run.confidence_kind = confidence_kind
        run.agreement = agreement
        return first


def _reason_to_escalate(run: Run, model_values: Json) -> str:
    """Why the answer is uncertain; "" when it is not."""
    values = derive(run.action, run.form, dict(model_values), run.steps)
    confidence = values.get("confidence")
    if confidence is not None and confidence < MIN_CONFIDENCE:
        return f"its confidence was {confidence:.2g}"
    for check in check_answer(run.action, run.form, values, run.steps):
        if not check.ok:
            return f"its answer failed the check of {check.check}"
    return ""


# --- several calls --------------------------------------------------------------------------------


def _answer_by_votes(run: Run, votes: int) -> Json:
    if votes == 1:
        return one_shot.answer(run)
    answers, errors = _call_repeatedly(run, votes)
    if len(answers) * 2 <= votes and errors:
        raise errors[0]
    agreed, shares = _merge_votes(run.action.requested(run.form), answers, votes)
    run.confidence_kind = "agreement"
    run.agreement = shares
    if "confidence" in run.action.returns:
        agreed["confidence"] = round(sum(shares.values()) / max(1, len(shares)), 3)
    return agreed


def _call_repeatedly(run: Run, votes: int) -> tuple[list[Json], list[FormcallError]]:
    """The valid answers, and the errors of the other calls."""
    answers: list[Json] = []
    errors: list[FormcallError] = []
    for number in range(votes):
        run.turns = []
        try:
            answers.append(one_shot.answer(run))
        except FormcallError as error:
            is_of_answer = error.code in _ANSWER_ERRORS
            if not is_of_answer and (not answers or error.code == "cancelled"):
                raise
            errors.append(error)
            if not is_of_answer:
                run.warnings.append(f"Only {number} of {votes} calls were made: {error.detail}")
                break
    return answers, errors


def _merge_votes(
    fields: Mapping[str, ReturnField], answers: Sequence[Json], votes: int
) -> tuple[Json, dict[str, float]]:
    """The values that the calls agree on, and by name the share of all calls that gave each.

    Free text, such as a reason, is that of the first answer which has most of the agreed values.
    """
    agreed: Json = {}
    shares: dict[str, float] = {}
    for name, field in fields.items():
        merge = _MERGES.get(field.type)
        if merge and not field.is_free_text and name not in repeated_choices(fields):
            values = [answer[name] for answer in answers]
            agreed[name] = merge(values, field, votes, name, shares)

    def agreeing_values(answer: Json) -> int:
        return sum(answer[name] == value for name, value in agreed.items())

    best: Json = max(answers, key=agreeing_values)
    return {**best, **agreed}, shares


def _most_common(values: Sequence[Any], votes: int) -> tuple[Any, float]:
    """The value given most often (the first of equals) and its share of all calls."""
    counts = Counter(json.dumps(value, sort_keys=True) for value in values)
    text, count = counts.most_common(1)[0]
    return json.loads(text), count / votes


def _merge_choice(
    values: Sequence[Any], field: ReturnField, votes: int, name: str, shares: dict[str, float]
) -> Any:
    value, share = _most_common(values, votes)
    shares[name] = share
    return None if share <= 1 / 2 and field.nullable else value


def _merge_list(
    values: Sequence[Any], field: ReturnField, votes: int, name: str, shares: dict[str, float]
) -> Any:
    if field.shape_from:
        value, shares[name] = _most_common(values, votes)
        return value
    entries = dict.fromkeys(entry for value in values for entry in value)
    agreed = [entry for entry in entries if sum(entry in value for value in values) > votes / 2]
    shares[name] = sum(set(value) == set(agreed) for value in values) / votes
    return agreed


def _merge_record(
    values: Sequence[Any], field: ReturnField, votes: int, name: str, shares: dict[str, float]
) -> Any:
    agreed = {}
    for key in values[0]:
        value, share = _most_common([record[key] for record in values], votes)
        agreed[key] = value if share > 1 / 2 else None
        shares[key] = share
    return agreed


_MERGES: dict[str, Callable[[Sequence[Any], ReturnField, int, str, dict[str, float]], Any]] = {
    "choice": _merge_choice,
    "list": _merge_list,
    "record": _merge_record,
}
