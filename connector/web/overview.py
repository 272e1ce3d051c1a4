"""The overview: how the service is, what was spent, what happens and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Blueprint, Response, g

from connector.json_types import Json
from connector.store.keys import Key, KeyActivity
from connector.store.ledger.money import to_usd
from connector.store.overview import ActionCounts, Overview
from connector.store.run_list import STATUSES
from connector.web.auth import needs_key
from connector.web.health import database_problem
from connector.web.responses import json_response
from connector.web.services import services

overview = Blueprint("overview", __name__, url_prefix="/v1/overview")

_CHECK_SECONDS = 1.5
_MAX_BUDGETS = 100
_NO_ACTIVITY = KeyActivity(None, 0, 0)


@overview.get("")
@needs_key("actions")
def get_overview() -> Response:
    """The overview of the request's key, or of all keys with the scope admin."""
    return json_response(overview_of(g.key))


def overview_of(key: Key) -> Json:
    """What ``key`` may know: of its own runs, or with the scope admin of all."""
    is_admin = "admin" in key.scopes
    own = None if is_admin else key.id
    counts = Overview(services().service.database)
    recent = counts.recent(own)
    waiting = counts.waiting(own, key.reviewed_keys)
    return {
        **_readiness(),
        "all_keys": is_admin,
        **_spending(services().keys.list_all() if is_admin else [key]),
        "runs_today": {status: recent.today.get(status, 0) for status in STATUSES},
        "reviews_waiting": waiting.answers,
        "approvals_waiting": waiting.calls,
        "queued": waiting.queued,
        "running": waiting.running,
        "deliveries_waiting": waiting.messages,
        "deliveries_failing": waiting.messages_failing,
        "deliveries_given_up": waiting.messages_given_up,
        "actions": _actions(recent.actions),
        "is_complete": recent.is_complete and waiting.is_complete,
    }


def _readiness() -> Json:
    found = services().readiness.check_within(_CHECK_SECONDS)
    problem = database_problem()
    if found is None:
        detail = problem or "The provider is being asked for the model; look again in a moment."
        engine = services().engine.provider.engine
        return {"ok": False, "status": "checking", "engine": engine, "model": "", "detail": detail}
    is_ready = found.ok and not problem
    return {
        "ok": is_ready,
        "status": "ready" if is_ready else "not_ready",
        "engine": found.engine,
        "model": found.model,
        "detail": problem or found.detail,
    }


def _spending(keys: Iterable[Key]) -> Json:
    """What these keys have spent, and the budgets of those that have one."""
    listed = list(keys)
    only = listed[0].id if len(listed) == 1 else ""
    activity = services().keys.activity(only)
    used = {key.id: activity.get(key.id, _NO_ACTIVITY) for key in listed}
    budgets = [_budget(key, used[key.id]) for key in listed if _has_budget(key)]
    return {
        "spent_day_usd": to_usd(sum(one.day_nusd for one in used.values())),
        "spent_month_usd": to_usd(sum(one.month_nusd for one in used.values())),
        "budgets": budgets[:_MAX_BUDGETS],
    }


def _has_budget(key: Key) -> bool:
    budgets = (key.limits.budget_day_nusd, key.limits.budget_month_nusd)
    return key.revoked_at is None and any(budget is not None for budget in budgets)


def _budget(key: Key, used: KeyActivity) -> Json:
    return {
        "key": key.id,
        "key_name": key.name,
        "spent_day_usd": to_usd(used.day_nusd),
        "budget_day_usd": to_usd(key.limits.budget_day_nusd),
        "spent_month_usd": to_usd(used.month_nusd),
        "budget_month_usd": to_usd(key.limits.budget_month_nusd),
    }


def _actions(counts: Mapping[str, ActionCounts]) -> list[Json]:
    """The actions, the most used first."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1].runs, entry[0]))
    return [
        {
            "action": action,
            "runs": one.runs,
            "done": one.done,
            "failed": one.failed,
            "cost_usd": to_usd(one.cost_nusd),
        }
        for action, one in ordered
    ]
