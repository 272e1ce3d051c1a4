"""Usage: calls, tokens and cost by day and action, key or model, as a chart, a table and CSV."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, g, request

from connector.console.usage_chart import HEIGHT, WIDTH, days_between, usage_chart
from connector.errors import InvalidInput
from connector.store.usage import Period, UsageReport, parse_period, to_csv
from connector.web.console.page import ConsolePage, problems_of
from connector.web.services import services

usage = ConsolePage("Usage", "/usage", icon="usage", group="Manage")

_MEASURES = {"cost_usd": "Cost", "calls": "Calls", "input_tokens": "Tokens read"}
_MAX_DAYS = 400


@usage.get()
def show_usage() -> Response:
    """The usage of the key that is signed in; with the scope admin of all keys."""
    problems: list[str] = []
    try:
        period = parse_period(request.args.get("from"), request.args.get("to"))
    except InvalidInput as error:
        problems, period = problems_of(error), parse_period(None, None)
    by = _chosen("by", _dimensions())
    rows = _report().rows(period, ("day", by), key_id=_own_key())
    measure = _chosen("measure", _MEASURES)
    if "measure" not in request.args and not any(row["cost_usd"] for row in rows):
        measure = "calls"  # the embedded engine costs nothing
    days = days_between(period.first, period.last)
    name = "key_name" if by == "key" else by
    return usage.render(
        "usage.html",
        period=period,
        problems=problems,
        dimensions=_dimensions(),
        by=by,
        measures=_MEASURES,
        measure=measure,
        chart=usage_chart(rows, days, name=name, measure=measure)
        if len(days) <= _MAX_DAYS
        else None,
        size=(WIDTH, HEIGHT),
        totals=_report().totals(period, key_id=_own_key()),
        rows=_report().rows(period, (by,), key_id=_own_key()),
        name=name,
        titles={action.id: action.title for action in services().catalogue.values()},
        csv_query=urlencode({"from": period.first, "to": period.last, "by": by}),
    )


@usage.get("/usage.csv")
def download_usage() -> Response:
    """The rows by day and the chosen dimension, as the address /v1/usage gives them."""
    period: Period = parse_period(request.args.get("from"), request.args.get("to"))
    rows = _report().rows(period, ("day", _chosen("by", _dimensions())), key_id=_own_key())
    headers = {"Content-Disposition": 'attachment; filename="usage.csv"'}
    return Response(to_csv(rows), mimetype="text/csv", headers=headers)


def _report() -> UsageReport:
    return UsageReport(services().service.database)


def _own_key() -> str | None:
    """The key whose usage is shown; None for all keys."""
    return None if "admin" in g.key.scopes else g.key.id


def _dimensions() -> dict[str, str]:
    found = {"action": "Action", "model": "Model"}
    return {**found, "key": "Key"} if "admin" in g.key.scopes else found


def _chosen(name: str, choices: dict[str, str]) -> str:
    """The choice in the query, or the first one."""
    given = request.args.get(name, "")
    return given if given in choices else next(iter(choices))
