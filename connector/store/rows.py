"""Typed rows of the tables: what the readers return, with the columns in the tables' order.

Named tuples, since one is made from a row of the driver in about a microsecond. Times are whole
milliseconds since 1970, money is whole nano-dollars (``_nusd``; None: unknown or no limit).
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple


class RunRow(NamedTuple):
    """A row of ``runs``: a run, or a row of a batch when ``batch_id`` is set."""

    id: str
    key_id: str
    action: str
    status: str
    created_ms: int
    ended_ms: int | None
    day: str
    host: str
    attempt: int
    durable: bool
    batch_id: str | None
    row_no: int | None
    tag: str | None
    idempotency_key: str | None
    digest: str | None
    form: str | None
    callback_url: str | None
    max_nusd: int | None
    reserved_nusd: int
    cost_nusd: int | None
    estimated_nusd: int
    cancel: bool
    code: str | None
    unknown: bool
    answer: str | None
    state: str | None
    decision: str | None
    deaths: int | None
    checks_failed: int | None
    search_no: int | None
    proposed: str | None
    review: str | None
    review_until_ms: int | None
    feedback: str | None


class OpenRunRow(NamedTuple):
    """The columns of an open run that recovery needs; without its texts."""

    id: str
    key_id: str
    action: str
    status: str
    attempt: int
    durable: bool
    batch_id: str | None
    host: str


class BatchRow(NamedTuple):
    """A row of ``batches``; ``fixed``, ``columns``, ``mapping`` and ``provider`` are JSON texts."""

    id: str
    key_id: str
    action: str
    status: str
    created_ms: int
    ended_ms: int | None
    total: int
    generation: int
    economy: bool
    budget_nusd: int | None
    tag: str | None
    callback_url: str | None
    idempotency_key: str | None
    digest: str | None
    fixed: str | None
    columns: str
    mapping: str
    code: str | None
    detail: str | None
    provider: str | None


class KeyRow(NamedTuple):
    """A row of ``api_keys``."""

    id: str
    name: str
    digest: str
    hint: str
    scopes: list[str]
    created_at: dt.datetime
    revoked_at: dt.datetime | None
    rate_per_minute: int | None
    at_once: int | None
    budget_run_nusd: int | None
    budget_day_nusd: int | None
    budget_month_nusd: int | None
    review: str | None


class HookRow(NamedTuple):
    """A row of ``hooks``; ``fixed``, ``mapping`` and ``templates`` are JSON texts."""

    id: str
    key_id: str
    name: str
    digest: str
    action: str
    fixed: str
    mapping: str
    answer_at_once: bool
    created_ms: int
    revoked_ms: int | None
    templates: str | None


class HookRefusalRow(NamedTuple):
    """A row of ``hook_refusals``; ``errors`` and ``keys`` are JSON texts."""

    id: str
    hook_id: str
    key_id: str
    created_ms: int
    code: str
    detail: str
    errors: str
    content_type: str
    keys: str
    body: str | None


class SubscriptionRow(NamedTuple):
    """A row of ``subscriptions``; ``authorization`` is encrypted."""

    id: str
    key_id: str
    event: str
    target_url: str
    authorization: str | None
    created_ms: int
    ended_ms: int | None
    reason: str | None


class AuditRow(NamedTuple):
    """A row of ``audit_entries``; ``details`` is JSON."""

    id: str
    created_ms: int
    event: str
    actor: str
    address: str | None
    subject: str
    details: str
    mark: str | None


class DeliveryRow(NamedTuple):
    """A row of ``deliveries``; ``state`` is waiting, sent, given_up or dropped."""

    id: str
    key_id: str
    subscription_id: str | None
    subject_id: str
    event: str
    url: str
    receiver: str
    body: str | None
    state: str
    attempts: int
    created_ms: int
    next_ms: int
    ended_ms: int | None
    detail: str | None


class LedgerRow(NamedTuple):
    """A row of ``ledger``: one call of a model."""

    run_id: str
    attempt: int
    step: int
    key_id: str
    batch_id: str | None
    action: str
    model: str
    day: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    nusd: int | None
    estimated: bool
    provider: str | None


class TokenUsage(NamedTuple):
    """Tokens summed over calls in the ledger."""

    input: int
    cached: int
    output: int
    reasoning: int
