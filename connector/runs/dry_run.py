"""A dry run: the requests that a run would send, what the run usually costs, and the most it can.

Nothing is sent and nothing is spent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector.engine.allowance import Allowance
from connector.engine.engine import Engine
from connector.engine.one_shot import MAX_ERROR_BYTES
from connector.engine.run import Run
from connector.engine.tool_loop import allowance_of
from connector.json_types import Json
from connector.providers.base import ModelRequest, Usage
from connector.providers.pricing.bounds import CostBound, cost_bound, request_preview
from connector.providers.pricing.models import Model
from connector.providers.pricing.tokens import TokenCounter
from connector.runs.budget import cost_caps, reservation_range
from connector.store.ids import today
from connector.store.keys import Key
from connector.store.ledger.money import format_usd, to_usd

_EXACT_COUNTER = TokenCounter(exact=True)
# tokens of our own text that states what is wrong with an answer, and of what is rendered around it
_REPAIR_TOKENS = MAX_ERROR_BYTES + 200
_USUAL_TOOL_TOKENS = 1_000  # of one round of tools: what was written, and what came back
_BYTES = 3  # for a token in an estimate without a tokenizer; in the bound each byte is a token


@dataclass
class _Estimate:
    """The costs of a run in nano-dollars (None: not known).

    ``bound`` bounds the first calls together, ``cap`` is the run's own limit, ``usual`` what such a
    run usually costs.
    """

    bound: CostBound | None
    first: int | None
    total: int | None
    cap: int | None
    usual: int | None = None

    def __post_init__(self) -> None:
        if self.total is not None and self.cap is not None:
            self.total = min(self.total, self.cap)


def dry_run(engine: Engine, run: Run, key: Key) -> Json:
    """What a run would send and cost, in the flat form of an answer."""
    engine.load_files(run)
    if parts := engine.part_runs(run):
        return _dry_run_in_parts(engine, run, key, parts)
    request = run.initial_request()
    bound = _bound(engine, run, request)
    cap = min(cost_caps(run, key), default=None)
    if bound and cap is not None:
        request, bound = _limit_to(cap, request, bound)
    estimate = _Estimate(bound, None, None, cap)
    if bound:
        total = _max_total(engine, run, bound)
        usual = run.quality_and_votes[1] * _usual_cost(run, bound, request)
        estimate = _Estimate(bound, bound.max_nano_usd(), total, cap, usual)
    return _answer(engine, run, [request], estimate, _sentence(estimate))


def _dry_run_in_parts(engine: Engine, run: Run, key: Key, parts: list[Run]) -> Json:
    """The same for a document that is read in parts, whose answers are then merged."""
    requests = [part.initial_request() for part in parts]
    cap = min(cost_caps(run, key), default=None)
    estimate = _estimate_parts(engine, run, parts, requests, cap)
    sentence = _sentence(estimate).replace(
        "The first call reads", f"The {len(parts)} calls for its parts read", 1
    )
    sentence = sentence.replace(" writes at most", " each writes at most")
    return _answer(engine, run, requests, estimate, sentence)


def _estimate_parts(
    engine: Engine, run: Run, parts: list[Run], requests: list[ModelRequest], cap: int | None
) -> _Estimate:
    bounds = [bound for request in requests if (bound := _bound(engine, run, request))]
    if len(bounds) < len(requests):
        return _Estimate(None, None, None, cap)
    whole = replace(
        bounds[0],
        input_tokens=sum(bound.input_tokens for bound in bounds),
        exact=all(bound.exact for bound in bounds),
    )
    total = sum(_max_cost(run, bound) for bound in bounds)
    if run.action.long == "ask":
        # merging reads at most what all parts wrote, in at most as many calls as there are parts
        output_tokens = max(bound.output_tokens for bound in bounds)
        input_tokens = whole.input_tokens + len(bounds) * output_tokens
        total += _max_cost(run, replace(bounds[0], input_tokens=input_tokens))
    usual = sum(map(_usual_cost, parts, bounds, requests))
    return _Estimate(whole, sum(bound.max_nano_usd() for bound in bounds), total, cap, usual)


def _usual_cost(run: Run, bound: CostBound, request: ModelRequest) -> int:
    """What the answer to ``request`` usually costs: its tokens, and as much output as is usual."""
    if not bound.rows:
        return 0
    row = _answering_row(bound.rows)
    input_tokens = _EXACT_COUNTER.input_estimate(request, row)
    output_tokens = run.usual_output_tokens()
    if run.tools:  # the model calls a tool, and reads everything again with the result
        input_tokens += input_tokens + _USUAL_TOOL_TOKENS
        output_tokens *= 2
    return row.cost_nano_usd(Usage(input=input_tokens, output=output_tokens)) or 0


def _answering_row(rows: Sequence[Model]) -> Model:
    """The first model that its maker has not shut down, or else the last replacement."""
    day = today()
    return next((row for row in rows if not row.shutdown or row.shutdown > day), rows[-1])


def _bound(engine: Engine, run: Run, request: ModelRequest) -> CostBound | None:
    return cost_bound(
        run.answering,
        engine.models,
        request,
        _EXACT_COUNTER,
        may_be_billed_twice=engine.settings.retry_after_timeout,
    )


def _answer(
    engine: Engine, run: Run, requests: list[ModelRequest], estimate: _Estimate, sentence: str
) -> Json:
    bound = estimate.bound
    previews = [
        {**vars(preview), "body": without_images(preview.body)}
        for request in requests
        if (preview := request_preview(run.answering, request))
    ]
    return {
        "ok": True,
        "status": "dry_run",
        "result": sentence,
        "checks": [],
        "checks_failed": 0,
        "id": run.id,
        "action": run.action.id,
        "engine": run.answering.engine,
        "provider": run.provider,
        "model": bound.rows[0].id if bound and bound.rows else run.model,
        "model_requested": run.model_requested,
        "effort": run.effort,
        "escalated": False,
        "version": run.previous.version + 1 if run.previous else 1,
        "previous_run": run.options.previous_run,
        "warnings": ["This was a dry run: no model was called and nothing was spent."],
        "requests": previews,
        "requests_json": json.dumps(previews, ensure_ascii=False),
        "input_tokens": bound.input_tokens if bound else 0,
        "input_tokens_exact": bool(bound and bound.exact),
        "cached_tokens": 0,
        "output_tokens": bound.output_tokens if bound and bound.rows else 0,
        "reasoning_tokens": 0,
        "first_call_max_usd": to_usd(estimate.first),
        "expected_cost_usd": to_usd(estimate.usual),
        "max_cost_usd": to_usd(estimate.total),
        "cost_usd": 0.0,
        "duration_ms": 0,
        "read_text": run.read_text,
    }


def without_images(value: Any) -> Any:
    """A request body with each image replaced by its size: image data is long and unreadable."""
    if isinstance(value, str):
        return f"{value[:40]}… ({len(value):,} characters)" if value.startswith("data:") else value
    if isinstance(value, list):
        return [without_images(item) for item in value]
    if isinstance(value, dict):
        return {key: without_images(item) for key, item in value.items()}
    return value


def _limit_to(cap: int, request: ModelRequest, bound: CostBound) -> tuple[ModelRequest, CostBound]:
    """The first call as it is sent under ``cap``; unchanged where the cap refuses it anyway."""
    desired, minimum = reservation_range(bound, request)
    if not minimum <= cap < desired:
        return request, bound
    limit = bound.affordable_output_tokens(cap)
    return replace(request, max_output_tokens=limit), replace(bound, output_tokens=limit)


def _max_total(engine: Engine, run: Run, bound: CostBound) -> int | None:
    """The most that the whole run can cost, with its votes and an escalation; None: unknown."""
    quality, votes = run.quality_and_votes
    total = _max_cost(run, bound)
    if quality == "auto" and bound.rows and not run.tools:
        request = replace(run.initial_request(), model=engine.settings.model_strong)
        stronger = _bound(engine, run, request)
        if stronger is None:
            return None
        total += _max_cost(run, stronger)
    return total if run.tools else votes * total


def _max_cost(run: Run, bound: CostBound) -> int:
    """All calls that the engine may make for one answer, each at its maximum cost.

    An invalid answer is repaired once, and one of the calls that is cut off is requested again with
    twice the output limit. That costs most when it is the repair, whose request is longer.
    """
    limit = run.max_output_tokens() if bound.output_is_limited else bound.output_tokens
    if run.tools:
        return _max_cost_with_tools(bound, allowance_of(run))
    # the repair reads the request, the answer (as JSON in JSON up to twice as long), and our text
    repair = bound.input_tokens + 2 * limit + _REPAIR_TOKENS
    calls = ((bound.input_tokens, limit), (repair, limit), (repair, 2 * limit))
    return sum(_call_cost(bound, *call) for call in calls)


def _max_cost_with_tools(bound: CostBound, allowance: Allowance) -> int:
    """All tokens that the run may use, divided into input and output in the most expensive way.

    A model may charge more above some input length, so that is at one of these points.
    """
    total = allowance.total if bound.exact else _BYTES * allowance.total
    output = allowance.output
    if not bound.output_is_limited:  # the last reply may be as long as the model writes
        output, total = output + bound.output_tokens, total + bound.output_tokens
    thresholds = {int(row.long["above"]) + 1 for row in bound.rows if row.long}
    inputs = {total - output, *(count for count in thresholds if total - output < count <= total)}
    return max(bound.max_nano_usd_together(count, total - count) for count in inputs)


def _call_cost(bound: CostBound, input_tokens: int, output_tokens: int) -> int:
    return replace(bound, input_tokens=input_tokens, output_tokens=output_tokens).max_nano_usd()


def _sentence(estimate: _Estimate) -> str:
    """The estimate as a sentence for people."""
    bound = estimate.bound
    if bound is None or estimate.first is None or estimate.total is None:
        return "The price of this model is not known, so neither is what the run would cost."
    if not bound.rows:
        return "This engine costs nothing."
    usually = f", usually about {format_usd(estimate.usual)}" if estimate.usual else ""
    at_most = "" if bound.exact else "at most "
    total = f"the whole run costs at most {format_usd(estimate.total)}{usually}."
    if estimate.cap is not None and estimate.first > estimate.cap:
        total = f"the run may cost {format_usd(estimate.cap)} in all, so it would be refused."
    return (
        f"The first call reads {at_most}{bound.input_tokens:,} tokens, writes at most "
        f"{bound.output_tokens:,} and costs at most {format_usd(estimate.first)}; {total}"
    )
