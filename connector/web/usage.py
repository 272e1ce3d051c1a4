"""Usage and cost: of the request's own key, or of all keys with the scope admin."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from connector.store.usage import UsageReport, parse_dimensions, parse_period, to_csv
from connector.web.auth import needs_key
from connector.web.fields import invalid_field
from connector.web.services import services

usage = Blueprint("usage", __name__, url_prefix="/v1/usage")

_FORMATS = ("json", "csv")


@usage.get("")
@needs_key("actions")
def get_usage() -> Response:
    """Calls, tokens and cost by day, action, key and model, for the days `from` to `to` in UTC."""
    query = request.args
    period = parse_period(query.get("from"), query.get("to"))
    dimensions = parse_dimensions(query.get("by"))
    file_format = query.get("format", "json")
    if file_format not in _FORMATS:
        raise invalid_field("format", "not_allowed", f'"format" takes {" or ".join(_FORMATS)}.')
    report = UsageReport(services().service.database)
    key_id = None if "admin" in g.key.scopes else g.key.id
    rows = report.rows(period, dimensions, key_id=key_id)
    if file_format == "csv":
        return Response(
            to_csv(rows),
            mimetype="text/csv",
            headers={"Content-Disposition": 'attachment; filename="usage.csv"'},
        )
    totals = report.totals(period, key_id=key_id)
    return jsonify(
        {
            "ok": True,
            "from": period.first,
            "to": period.last,
            "by": list(dimensions),
            "rows": rows,
            "totals": totals,
        }
    )
