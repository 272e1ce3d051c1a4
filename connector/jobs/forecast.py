"""A dry run: the request that would be sent, how much it says at most, and the most that the run can cost. Nothing is spent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from connector.engine.loop import MAX_TOKENS
from connector.engine.run import Engine
from connector.engine.turns import Run
from connector.providers.bounds import Bound, bound_of, preview_of
from connector.providers.tokens import Counter
from connector.store.keys import Key
from connector.store.money import dollars, nano, usd

Json = dict[str, Any]

_EXACT = Counter(exact=True)
_REPAIR_WORDS = 1_000  # tokens of ours, at most, that tell a model what is wrong with its answer


def forecast(engine: Engine, run: Run, key: Key) -> Json:
    """What a run would ask and cost, in the flat form of an answer."""
    request = run.opening()
    bound = bound_of(engine.provider, engine.models, request, _EXACT, twice=engine.settings.retry_after_timeout)
    preview = preview_of(engine.provider, request)
    requests = [vars(preview)] if preview else []
    first, most = _prices(run, bound, key)
    return {
        "ok": True,
        "status": "dry_run",
        "result": _sentence(bound, first, most),
        "id": run.id,
        "action": run.action.id,
        "engine": engine.provider.engine,
        "model": bound.rows[0].id if bound and bound.rows else run.model,
        "model_requested": run.model_requested,
        "effort": run.effort,
        "warnings": ["This was a dry run: nobody was asked and nothing was spent."],
        "requests": requests,
        "requests_json": json.dumps(requests, ensure_ascii=False),
        "input_tokens": bound.input_tokens if bound else 0,
        "input_tokens_exact": bool(bound and bound.exact),
        "output_tokens": bound.output_tokens if bound and bound.rows else 0,
        "first_call_max_usd": usd(first),
        "max_cost_usd": usd(most),
        "cost_usd": 0.0,
    }


def _prices(run: Run, bound: Bound | None, key: Key) -> tuple[int | None, int | None]:
    """(the most that the first call, the most that the whole run can cost); None when the price is not known."""
    if bound is None:
        return None, None
    first, most = bound.nano(), _whole(run, bound)
    caps = [nano(run.options.max_cost_usd)] if run.options.max_cost_usd is not None else []
    caps += [cap for cap in (key.allowance.budget_run_nusd,) if cap is not None]
    return min([first, *caps]), min([most, *caps])


def _whole(run: Run, bound: Bound) -> int:
    """Every call that the engine may make, at its dearest: cut-off answers with twice the room, the repair, each round of tools."""
    room = bound.output_tokens
    if run.tools:
        # no call is made once so many tokens were used; the last one may read all of that and write twice its room
        before = replace(bound, input_tokens=0).nano(MAX_TOKENS)
        return before + _call(bound, MAX_TOKENS, 2 * room)
    again = bound.input_tokens + 2 * room + _REPAIR_WORDS
    return sum(_call(bound, read, written) for read in (bound.input_tokens, again) for written in (room, 2 * room))


def _call(bound: Bound, read: int, written: int) -> int:
    return replace(bound, input_tokens=read, output_tokens=written).nano()


def _sentence(bound: Bound | None, first: int | None, most: int | None) -> str:
    if bound is None or first is None or most is None:
        return "The price of this model is not known, so neither is what the run would cost."
    if not bound.rows:
        return "This engine costs nothing."
    counted = "" if bound.exact else "at most "
    words = f"The first call reads {counted}{bound.input_tokens:,} tokens, writes at most {bound.output_tokens:,}"
    return f"{words} and costs at most {dollars(first)}; the whole run costs at most {dollars(most)}."
