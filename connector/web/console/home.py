"""The first page: whether the service is well, what was spent, what waits, and the actions."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response, g

from connector.catalogue import Action
from connector.console.formats import usd
from connector.store.keys import Key
from connector.store.run_list import ReviewFilter, RunFilter
from connector.web.console.page import ConsolePage
from connector.web.health import database_problem
from connector.web.services import services

home = ConsolePage("Home", "", icon="home")

MAX_COUNT = 100  # of what waits; more are "99+"
_RECENT = 6
_CHECK_SECONDS = 1.5
# the groups of the prebuilt actions, in the order of the page; the operator's own follow
_GROUPS = {"text": "Texts", "documents": "Documents", "answers": "Answers"}


class Spending(NamedTuple):
    """What was spent in a period, in nano-dollars, and the budget for it (None: no budget)."""

    period: str
    spent: int
    budget: int | None
    of_all: bool = False

    @property
    def percent(self) -> int:
        """How much of the budget is spent, from 0 to 100."""
        return min(100, round(100 * self.spent / self.budget)) if self.budget else 0

    @property
    def sentence(self) -> str:
        """The budget in words."""
        if self.budget is not None:
            return f"of {usd(self.budget)}"
        return "by all keys" if self.of_all else "no budget is set"


@home.get()
def show_home() -> Response:
    """The overview of the key that is signed in; with the scope admin of all keys."""
    key: Key = g.key
    run_list = services().service.run_list
    own = None if "admin" in key.scopes else key.id
    return home.render(
        "home.html",
        readiness=services().readiness.check_within(_CHECK_SECONDS),
        problem=database_problem(),
        settings=services().settings,
        spending=_spending(key),
        waiting=count_waiting(key),
        max_count=MAX_COUNT,
        recent=run_list.page(RunFilter(own), limit=_RECENT),
        titles={action.id: action.title for action in services().catalogue.values()},
        groups=grouped_actions(),
    )


def grouped_actions() -> dict[str, list[Action]]:
    """The actions by the title of their group."""
    found: dict[str, list[Action]] = {title: [] for title in _GROUPS.values()}
    for action in services().catalogue.values():
        found.setdefault(_GROUPS.get(action.group, action.group.capitalize()), []).append(action)
    return {title: actions for title, actions in found.items() if actions}


def count_waiting(key: Key) -> int:
    """How many runs wait for the decision of ``key``, at most ``MAX_COUNT``."""
    filters = ReviewFilter(key.reviewed_keys)
    return services().service.run_list.count_waiting(filters, limit=MAX_COUNT)


def _spending(key: Key) -> list[Spending]:
    activity = services().keys.activity()
    if "admin" in key.scopes:
        day = sum(one.day_nusd for one in activity.values())
        month = sum(one.month_nusd for one in activity.values())
        return [Spending("today", day, None, True), Spending("this month", month, None, True)]
    own, limits = activity[key.id], key.limits
    return [
        Spending("today", own.day_nusd, limits.budget_day_nusd),
        Spending("this month", own.month_nusd, limits.budget_month_nusd),
    ]
