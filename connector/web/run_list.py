"""The list of runs: its filters, as the query of the URL gives them, and its pages."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlencode

from flask import Response, g, jsonify, request

from connector.catalogue.values import read_boolean
from connector.errors import FormcallError
from connector.runs.responses import run_view
from connector.store.ids import now_ms
from connector.store.ledger.money import to_nano
from connector.store.run_list import STATUSES, RunFilter
from connector.store.run_search import parse_phrases
from connector.web.fields import convert_field, invalid_field
from connector.web.query import read_query_choice, read_query_limit, read_query_number
from connector.web.services import base_url, services

ALL_KEYS = "*"
_DAY_MS = 86_400_000
_MAX_USD = 1_000_000.0
_MAX_TEXT = 300
_CURSOR = re.compile(r"[a-z]{1,10}_[0-9a-f]{12,60}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def list_page() -> Response:
    """A page of runs; where there are more, the header `Link` has the URL of the next page."""
    limit = read_query_limit()
    rows = services().service.run_list.page(read_filter(), limit=limit + 1, cursor=read_cursor())
    page = rows[:limit]
    response = jsonify([run_view(row, services().catalogue) for row in page])
    if len(rows) > limit:
        response.headers["Link"] = next_link(page[-1].id)
    return response


def next_link(last_id: str) -> str:
    """The header `Link` to the page below the entry ``last_id``."""
    query = {**request.args.to_dict(), "cursor": last_id}
    return f'<{base_url()}{request.path}?{urlencode(query)}>; rel="next"'


def read_cursor(prefix: str = "run") -> str:
    """The id below which the page begins, "" for the first page."""
    cursor = request.args.get("cursor", "").strip()
    if cursor and not (_CURSOR.fullmatch(cursor) and cursor.startswith(f"{prefix}_")):
        message = f'"cursor" takes the id of the last entry of the page before, {prefix}_...'
        raise invalid_field("cursor", "wrong_type", message)
    return cursor


def read_filter() -> RunFilter:
    """The runs that the query asks for; ``InvalidInput`` names a parameter that is invalid."""
    given = request.args
    from_ms, until_ms = read_period()
    return RunFilter(
        key_id=_read_key(),
        status=read_query_choice("status", STATUSES),
        action=given.get("action", ""),
        tag=given.get("tag", ""),
        code=given.get("code", ""),
        has_failed_checks=_read_flag("checks_failed"),
        min_nusd=_read_cost("min_cost_usd"),
        max_nusd=_read_cost("max_cost_usd"),
        from_ms=from_ms,
        until_ms=until_ms,
        phrases=_read_phrases(),
    )


def _read_key() -> str | None:
    """The key whose runs are listed: the request's own, or with the scope admin any or all."""
    given = request.args.get("key", "").strip()
    own = g.key.id
    if not given or given in {g.key.id, g.key.name}:
        return str(own)
    if "admin" not in g.key.scopes:
        raise FormcallError(
            "forbidden",
            'The runs of another key need the scope "admin". Leave "key" out for your own.',
        )
    if given == ALL_KEYS:
        return None
    known = {name: key.id for key in services().keys.list_all() for name in (key.id, key.name)}
    if given not in known:
        raise invalid_field("key", "not_a_choice", f'"key" takes {ALL_KEYS}, or the name of a key.')
    return known[given]


def _read_flag(name: str) -> bool | None:
    given = request.args.get(name, "").strip()
    return convert_field(name, given, read_boolean) if given else None


def _read_cost(name: str) -> int | None:
    if not request.args.get(name, "").strip():
        return None
    return to_nano(read_query_number(name, 0, low=0, high=_MAX_USD))


def _read_phrases() -> tuple[str, ...]:
    given = request.args.get("text", "").strip()
    if not given:
        return ()
    if services().settings.store_text != "on":
        message = '"text" needs stored texts, and this service stores none (FORMCALL_STORE_TEXT).'
        raise invalid_field("text", "not_allowed", message)
    if len(given) > _MAX_TEXT:
        message = f'"text" takes at most {_MAX_TEXT} characters.'
        raise invalid_field("text", "too_long", message)
    phrases = parse_phrases(given)
    if not phrases:
        raise invalid_field("text", "wrong_type", '"text" needs a word or a number to look for.')
    return phrases


def read_period() -> tuple[int | None, int | None]:
    """The times ``from`` and ``to`` of the query in ms since 1970; the latter is exclusive."""
    from_ms, until_ms = _read_time("from"), _read_time("to", is_end=True)
    if from_ms is not None and until_ms is not None and from_ms >= until_ms:
        raise invalid_field("from", "out_of_range", '"from" must be before "to".')
    return from_ms, until_ms


def _read_time(name: str, *, is_end: bool = False) -> int | None:
    """A moment in ms since 1970; a day stands for its begin, or for its end."""
    given = request.args.get(name, "").strip()
    if not given:
        return None
    try:
        moment = dt.datetime.fromisoformat(given)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        at = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        example = dt.datetime.fromtimestamp(now_ms() // 1000, dt.UTC)
        message = (
            f'"{name}" takes a day such as {example.date()} or a time such as '
            f'{example.isoformat().replace("+00:00", "Z")}, not "{given[:40]}".'
        )
        raise invalid_field(name, "wrong_type", message) from None
    is_day = _DAY.fullmatch(given) is not None
    return at + _DAY_MS if is_day and is_end else at
