"""What is told of a batch: how far it is and what it cost, always with the same keys."""

from __future__ import annotations

import json
import math
from typing import Any

from connector.store.batches import Progress
from connector.store.ids import moment
from connector.store.money import usd

Json = dict[str, Any]


def described(progress: Progress) -> Json:
    """A batch as its own address shows it. Money is US dollars, ``percent`` is of rows that have ended."""
    batch, eta = progress.batch, progress.eta_seconds
    return {
        "ok": batch.status in {"running", "done"}, "status": batch.status, "result": _sentence(progress), "id": batch.id,
        "action": batch.action, "total": batch.total, "done": progress.done, "unknown": progress.unknown, "failed": progress.failed,
        "cancelled": progress.cancelled, "left": progress.left, "percent": math.floor(1000 * progress.ended / batch.total) / 10,
        "rows_per_second": round(progress.rows_per_second, 2), "eta_seconds": None if eta is None else math.ceil(eta),
        "cost_usd": usd(progress.cost_nusd), "estimated_usd": usd(progress.estimated_nusd), "reserved_usd": usd(progress.reserved_nusd),
        "budget_usd": usd(batch.budget_nusd), "economy": batch.economy, "tag": batch.tag or "", "code": batch.code or "",
        "detail": batch.detail or "", "warnings": _warnings(batch), "created_at": moment(batch.created_ms),
        "ended_at": moment(batch.ended_ms),
    }  # fmt: skip


def _sentence(progress: Progress) -> str:
    counts = {name: getattr(progress, name) for name in ("done", "unknown", "failed", "cancelled", "left")}
    return f"{progress.batch.total:,} rows: {', '.join(f'{count:,} {name}' for name, count in counts.items() if count)}."


def _warnings(batch: Any) -> list[str]:
    used = set(json.loads(batch.mapping).values())
    if not (others := [column for column in json.loads(batch.columns) if column not in used]):
        return []
    return [f"These columns are no fields of the action, and only stand in the results: {', '.join(others)}."]
