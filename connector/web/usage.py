"""What was used and spent: the own key's sums, or those of all keys for the scope admin."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from connector.errors import FieldError, InvalidInput
from connector.store.usage import Usage, as_csv, read_by, read_period
from connector.web.auth import needs_key
from connector.web.services import services

usage = Blueprint("usage", __name__, url_prefix="/v1/usage")

_FORMATS = ("json", "csv")


@usage.get("")
@needs_key("actions")
def get_usage() -> Response:
    """Calls, tokens and money by day, action, key and model, for the days `from` to `to` in UTC."""
    given = request.args
    period, by = read_period(given.get("from"), given.get("to")), read_by(given.get("by"))
    if (wanted := given.get("format", "json")) not in _FORMATS:
        raise InvalidInput([FieldError("format", "not_allowed", f'"format" takes {" or ".join(_FORMATS)}.')])
    books, key_id = Usage(services().workshop.database), None if "admin" in g.key.scopes else g.key.id
    rows = books.rows(period, by, key_id=key_id)
    if wanted == "csv":
        return Response(as_csv(rows), mimetype="text/csv", headers={"Content-Disposition": 'attachment; filename="usage.csv"'})
    totals = books.totals(period, key_id=key_id)
    return jsonify({"ok": True, "from": period.first, "to": period.last, "by": list(by), "rows": rows, "totals": totals})

