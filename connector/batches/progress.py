"""The JSON view of a batch: its progress and cost, always with the same keys."""

from __future__ import annotations

import json
import math

from connector.json_types import Json
from connector.store.batches import Progress
from connector.store.ids import iso_time
from connector.store.ledger.money import to_usd
from connector.store.rows import BatchRow


def batch_view(progress: Progress) -> Json:
    """The response body of a batch. Money is in US dollars; ``percent`` counts finished rows."""
    batch = progress.batch
    eta = progress.eta_seconds
    return {
        "ok": batch.status in {"running", "done"},
        "status": batch.status,
        "result": _summary(progress),
        "id": batch.id,
        "action": batch.action,
        "total": batch.total,
        "done": progress.done,
        "unknown": progress.unknown,
        "failed": progress.failed,
        "cancelled": progress.cancelled,
        "left": progress.remaining,
        "percent": math.floor(1000 * progress.ended / batch.total) / 10,
        "rows_per_second": round(progress.rows_per_second, 2),
        "eta_seconds": None if eta is None else math.ceil(eta),
        "cost_usd": to_usd(progress.cost_nusd),
        "estimated_usd": to_usd(progress.estimated_nusd),
        "reserved_usd": to_usd(progress.reserved_nusd),
        "budget_usd": to_usd(batch.budget_nusd),
        "economy": batch.economy,
        "tag": batch.tag or "",
        "code": batch.code or "",
        "detail": batch.detail or "",
        "warnings": _warnings(batch),
        "created_at": iso_time(batch.created_ms),
        "ended_at": iso_time(batch.ended_ms),
    }


def _summary(progress: Progress) -> str:
    counts = {
        "done": progress.done,
        "unknown": progress.unknown,
        "failed": progress.failed,
        "cancelled": progress.cancelled,
        "left": progress.remaining,
    }
    parts = [f"{count:,} {name}" for name, count in counts.items() if count]
    return f"{progress.batch.total:,} rows: {', '.join(parts)}."


def _warnings(batch: BatchRow) -> list[str]:
    mapped = set(json.loads(batch.mapping).values())
    unmapped = [column for column in json.loads(batch.columns) if column not in mapped]
    if not unmapped:
        return []
    return [
        "These columns do not match a field of the action; they are only copied to the results: "
        f"{', '.join(unmapped)}."
    ]
