"""A dry run: the request that would be sent, how much it says at most, and the most that the run can cost. Nothing is spent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from connector.engine.loop import MAX_CALLS, MAX_TOKENS
from connector.engine.run import Engine
from connector.engine.turns import Run
from connector.jobs.purse import caps_of, span_of
from connector.providers.base import ModelRequest
from connector.providers.bounds import Bound, bound_of, preview_of
from connector.providers.tokens import Counter
from connector.store.keys import Key
from connector.store.money import dollars, usd
from connector.tools.base import MAX_OUTPUT

Json = dict[str, Any]
Cost = tuple[int | None, int | None]  # nano-dollars of the first calls, and of the whole run, at most

_EXACT = Counter(exact=True)
_REPAIR_WORDS = 1_000  # tokens of ours, at most, that tell a model what is wrong with its answer, beside what the request has of it
_MOST_RESULTS = MAX_CALLS * MAX_OUTPUT * 4  # tokens of what tools gave: a character has at most four


def forecast(engine: Engine, run: Run, key: Key) -> Json:
    """What a run would ask and cost, in the flat form of an answer."""
    engine.open_files(run)
    if parts := engine.parts(run):
        return _forecast_parts(engine, run, key, parts)
    request = run.opening()
    bound = bound_of(engine.provider, engine.models, request, _EXACT, twice=engine.settings.retry_after_timeout)
    cap = min(caps_of(run, key), default=None)
    if bound and cap is not None:
        request, bound = _capped(request, bound, cap)
    first, most = (bound.nano(), _most(engine, run, bound)) if bound else (None, None)
    if most is not None and cap is not None:
        most = min(most, cap)
    return _told(engine, run, [request], bound, cost=(first, most), words=_sentence(bound, first, most, cap))


def _forecast_parts(engine: Engine, run: Run, key: Key, parts: list[Run]) -> Json:
    """The same of a document that is read in parts: the calls of all of them, and what puts their answers together."""
    requests = [part.opening() for part in parts]
    bounds = [bound_of(engine.provider, engine.models, one, _EXACT, twice=engine.settings.retry_after_timeout) for one in requests]
    known = [bound for bound in bounds if bound]
    cap = min(caps_of(run, key), default=None)
    first = most = whole = None
    if len(known) == len(bounds):
        output = max(bound.output_tokens for bound in known)
        whole = replace(known[0], input_tokens=sum(bound.input_tokens for bound in known), exact=all(bound.exact for bound in known))
        # what is put together is at most what all parts wrote, in as many calls as there are parts at the most
        together = _whole(run, replace(known[0], input_tokens=whole.input_tokens + len(known) * output)) if run.action.long == "ask" else 0
        first, most = sum(bound.nano() for bound in known), sum(_whole(run, bound) for bound in known) + together
        if cap is not None:
            most = min(most, cap)
    words = _sentence(whole, first, most, cap).replace("The first call reads", f"The {len(parts)} calls for its parts read", 1)
    words = words.replace(" writes at most", " each writes at most")
    return _told(engine, run, requests, whole, cost=(first, most), words=words)


def _told(engine: Engine, run: Run, asked: list[ModelRequest], bound: Bound | None, *, cost: Cost, words: str) -> Json:
    previews = [preview for request in asked if (preview := preview_of(engine.provider, request))]
    requests = [{**vars(preview), "body": _without_pictures(preview.body)} for preview in previews]
    first, most = cost
    return {
        "ok": True,
        "status": "dry_run",
        "result": words,
        "checks": [],
        "checks_failed": 0,
        "id": run.id,
        "action": run.action.id,
        "engine": engine.provider.engine,
        "model": bound.rows[0].id if bound and bound.rows else run.model,
        "model_requested": run.model_requested,
        "effort": run.effort,
        "escalated": False,
        "version": run.earlier.version + 1 if run.earlier else 1,
        "previous_run": run.options.previous_run,
        "warnings": ["This was a dry run: nobody was asked and nothing was spent."],
        "requests": requests,
        "requests_json": json.dumps(requests, ensure_ascii=False),
        "input_tokens": bound.input_tokens if bound else 0,
        "input_tokens_exact": bool(bound and bound.exact),
        "cached_tokens": 0,
        "output_tokens": bound.output_tokens if bound and bound.rows else 0,
        "reasoning_tokens": 0,
        "first_call_max_usd": usd(first),
        "max_cost_usd": usd(most),
        "cost_usd": 0.0,
        "duration_ms": 0,
    }


def _without_pictures(value: Any) -> Any:
    """What would be sent, with images by their size alone: their bytes say nothing to a reader, and would be most of it."""
    if isinstance(value, str):
        return f"{value[:40]}… ({len(value):,} characters)" if value.startswith("data:") else value
    if isinstance(value, list):
        return [_without_pictures(one) for one in value]
    return {key: _without_pictures(one) for key, one in value.items()} if isinstance(value, dict) else value


def _capped(request: ModelRequest, bound: Bound, cap: int) -> tuple[ModelRequest, Bound]:
    """The first call as it is made when it may cost no more than ``cap``, unless it is not made at all for that."""
    want, least = span_of(bound, request)
    if not least <= cap < want:
        return request, bound
    room = bound.affordable(cap)
    return replace(request, max_output_tokens=room), replace(bound, output_tokens=room)


def _most(engine: Engine, run: Run, bound: Bound) -> int | None:
    """The most that the whole run can cost: as often as it asks, and perhaps the stronger model after the first."""
    quality, votes = run.sureness
    once = _whole(run, bound)
    if quality == "auto" and bound.rows and not run.tools:
        request = replace(run.opening(), model=engine.settings.model_strong)
        strong = bound_of(engine.provider, engine.models, request, _EXACT, twice=engine.settings.retry_after_timeout)
        if strong is None:
            return None
        once += _whole(run, strong)
    return once if run.tools else votes * once


def _whole(run: Run, bound: Bound) -> int:
    """Every call that the engine may make, at its dearest: cut-off answers with twice the room, the repair, each round of tools."""
    room = run.max_output_tokens() if bound.limited else bound.output_tokens
    if run.tools:
        # no round is begun once so many tokens were used; the last one may read all that was said, and be cut off once
        splits = {0, MAX_TOKENS, *(int(row.long["above"]) + 1 for row in bound.rows if row.long)}
        before = max(_call(bound, read, MAX_TOKENS - read) for read in splits if read <= MAX_TOKENS)
        last = bound.input_tokens + MAX_TOKENS + _MOST_RESULTS
        return before + _call(bound, last, room) + _call(bound, last, 2 * room)
    # the repair reads the request again, the answer of up to twice the room, and what we say to each call in it: what is wrong, which
    # may quote the request, or of many calls a short sentence, four times as long as a call
    again = 2 * bound.input_tokens + 2 * room * (1 + 4) + _REPAIR_WORDS
    return sum(_call(bound, read, written) for read in (bound.input_tokens, again) for written in (room, 2 * room))


def _call(bound: Bound, read: int, written: int) -> int:
    return replace(bound, input_tokens=read, output_tokens=written).nano()


def _sentence(bound: Bound | None, first: int | None, most: int | None, cap: int | None) -> str:
    if bound is None or first is None or most is None:
        return "The price of this model is not known, so neither is what the run would cost."
    if not bound.rows:
        return "This engine costs nothing."
    counted = "" if bound.exact else "at most "
    words = f"The first call reads {counted}{bound.input_tokens:,} tokens, writes at most {bound.output_tokens:,}"
    whole = f"the whole run costs at most {dollars(most)}."
    if cap is not None and first > cap:
        whole = f"the run may cost {dollars(cap)} in all, so it would be refused."
    return f"{words} and costs at most {dollars(first)}; {whole}"
