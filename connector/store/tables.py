"""The tables, as SQLAlchemy Core; ``migrations/`` creates them, and a test compares the two.

Times are whole milliseconds since 1970, money is whole nano-dollars (``_nusd``): sums of both are
exact on every database.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    literal_column,
)

metadata = MetaData()
NAME_LENGTH = 100
RECEIVER_LENGTH = 300

keys = Table(
    "api_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(NAME_LENGTH), nullable=False, unique=True),
    # HMAC-SHA256 of the key; the key itself is never stored
    Column("digest", String(64), nullable=False, unique=True),
    # its first characters, to tell keys apart in a list
    Column("hint", String(12), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("rate_per_minute", Integer),
    Column("at_once", Integer),
    Column("budget_run_nusd", BigInteger),
    Column("budget_day_nusd", BigInteger),
    Column("budget_month_nusd", BigInteger),
    Column("review", String(10)),  # which of its answers wait for a person, by default
)

# a row of a batch is a run as well: it is paid, stored, cancelled and purged like any other
runs = Table(
    "runs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("action", String(64), nullable=False),
    Column("status", String(12), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("day", String(10), nullable=False),  # of its reservation and its cost, in UTC
    Column("host", String(120), nullable=False),  # the process that runs it
    Column("attempt", Integer, nullable=False),
    # its id was given to the caller: it continues after a crash
    Column("durable", Boolean, nullable=False),
    Column("batch_id", String(40)),
    Column("row_no", Integer),
    Column("tag", String(100)),
    Column("idempotency_key", String(255)),
    Column("digest", String(64)),  # of the request, to recognise a repeat
    Column("form", Text),  # JSON of the fields as received, or of the columns of a row
    Column("callback_url", Text),
    Column("max_nusd", BigInteger),
    Column("reserved_nusd", BigInteger, nullable=False),
    Column("cost_nusd", BigInteger),  # of all attempts; null: a price is not known
    # the part of it for calls whose end is unknown, at their maximum possible cost
    Column("estimated_nusd", BigInteger, nullable=False),
    Column("cancel", Boolean, nullable=False),
    Column("code", String(40)),
    Column("unknown", Boolean, nullable=False),  # done, and the answer is null
    Column("answer", Text),  # JSON: the flat answer, or the problem
    # JSON: the checkpoint of a run with tools, during its writes or while it waits for an approval
    Column("state", Text),
    Column("decision", Text),  # JSON: the answer to the approval
    Column("deaths", Integer),  # processes that died in a row while they executed it
    Column("checks_failed", Integer),  # of its answer; null: without an answer
    # its number in the search index (``run_search``); 0: not there yet; null: never
    Column("search_no", BigInteger),
    Column("proposed", Text),  # JSON: the answer that waits for a person, or waited
    Column("review", Text),  # JSON: why it waits, and the decision
    Column("review_until_ms", BigInteger),  # its time limit, while it waits
    Column("feedback", Text),  # JSON: whether the answer was right, by a person
)


def _partial(
    name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """A partial index, which costs nothing when other rows are written."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


# literals, since a partial index is only used when the query has the same condition
IS_OPEN = runs.c.status.in_((literal_column("'queued'"), literal_column("'running'")))
_partial(
    "runs_same",
    runs.c.key_id,
    runs.c.idempotency_key,
    unique=True,
    where=runs.c.idempotency_key.is_not(None),
)
_partial("runs_of_batch", runs.c.batch_id, runs.c.row_no, where=runs.c.batch_id.is_not(None))
# all columns that the progress of a batch is counted from, so that the rows' texts are not read
_counted = (
    runs.c.unknown,
    runs.c.ended_ms,
    runs.c.attempt,
    runs.c.cost_nusd,
    runs.c.estimated_nusd,
    runs.c.reserved_nusd,
)
_partial(
    "runs_counted", runs.c.batch_id, runs.c.status, *_counted, where=runs.c.batch_id.is_not(None)
)
_partial("runs_open", runs.c.status, runs.c.host, where=IS_OPEN)
_partial(
    "runs_unsettled",
    runs.c.status,
    where=(runs.c.status == "interrupted") & (runs.c.reserved_nusd > 0),
)

# lists of runs, whose ids start with the time; rows of batches are in no list. Of the filters,
# those that find few of many runs have an index, which costs nothing when other runs are written
IS_SINGLE = runs.c.batch_id.is_(None)
HAS_PROBLEM = runs.c.status.in_(
    literal_column(f"'{status}'")
    for status in ("cancelled", "failed", "incomplete", "interrupted", "needs_review")
)
HAS_COST = runs.c.cost_nusd > literal_column("0")
HAS_FAILED_CHECKS = runs.c.checks_failed > literal_column("0")
_partial("runs_listed", runs.c.key_id, runs.c.id, where=IS_SINGLE)
_partial("runs_of_action", runs.c.action, runs.c.id, where=IS_SINGLE)
_partial("runs_of_tag", runs.c.tag, runs.c.id, where=runs.c.tag.is_not(None))
_partial("runs_of_code", runs.c.code, runs.c.id, where=runs.c.code.is_not(None))
_partial("runs_with_problem", runs.c.status, runs.c.id, where=HAS_PROBLEM)
_partial("runs_with_failed_checks", runs.c.id, where=HAS_FAILED_CHECKS)
_partial("runs_with_cost", runs.c.cost_nusd, runs.c.id, where=HAS_COST)
_partial("runs_in_review", runs.c.review_until_ms, where=runs.c.review_until_ms.is_not(None))
_partial("runs_reviewed", runs.c.id, where=runs.c.review.is_not(None))
_partial("runs_searchable", runs.c.search_no, where=runs.c.search_no.is_not(None))

batches = Table(
    "batches",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("action", String(64), nullable=False),
    Column("status", String(12), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("total", Integer, nullable=False),
    # how often it was started: a pause ends a generation
    Column("generation", Integer, nullable=False),
    Column("economy", Boolean, nullable=False),
    Column("budget_nusd", BigInteger),
    Column("tag", String(100)),
    Column("callback_url", Text),
    Column("idempotency_key", String(255)),
    Column("digest", String(64)),  # of the request, to recognise a repeat
    Column("fixed", Text),  # JSON of the fields that all rows share
    Column("columns", Text, nullable=False),  # JSON: the names of the rows' columns, in order
    Column("mapping", Text, nullable=False),  # JSON: the column that each field is read from
    Column("code", String(40)),  # why it is paused or failed
    Column("detail", Text),  # the same as a sentence
    Column("provider", Text),  # JSON: the state of an economy batch at the provider
    Index("batches_of_key", "key_id", "created_ms"),
)
# literals, as above
BATCH_IS_RUNNING = batches.c.status == literal_column("'running'")
_partial(
    "batches_same",
    batches.c.key_id,
    batches.c.idempotency_key,
    unique=True,
    where=batches.c.idempotency_key.is_not(None),
)
_partial("batches_going_on", batches.c.status, where=BATCH_IS_RUNNING)

# one row for each model call; its key prevents that a call is booked twice
ledger = Table(
    "ledger",
    metadata,
    Column("run_id", String(40), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("batch_id", String(40)),
    Column("action", String(64), nullable=False),
    Column("model", String(100), nullable=False),
    Column("day", String(10), nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("nusd", BigInteger),  # null: the price is not known
    # the call's end is unknown: this is its maximum possible cost
    Column("estimated", Boolean, nullable=False),
    Column("provider", String(NAME_LENGTH)),  # null: before there could be several
    Index("ledger_by_day", "day", "key_id"),
)

# what each account has spent in a period, and what running calls have reserved
spending = Table(
    "spending",
    metadata,
    Column("account", String(40), primary_key=True),  # a key or a batch
    Column("period", String(10), primary_key=True),  # a day, a month, or "all"
    Column("reserved_nusd", BigInteger, nullable=False),
    Column("spent_nusd", BigInteger, nullable=False),
)

cached_answers = Table(
    "cached_answers",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False, index=True),
    Column("answer", Text, nullable=False),
)

stored_files = Table(
    "kept_files",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("kept_ms", BigInteger, nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),
)

# what was learned of a provider's server by its refusals, for a day
learned_variants = Table(
    "learned_variants",
    metadata,
    Column("address", String(300), primary_key=True),
    # "": of the address itself
    Column("model", String(200), primary_key=True),
    # JSON: the names of what it does not accept
    Column("refused", Text, nullable=False),
    Column("max_output", Integer, nullable=False),
    Column("learned_ms", BigInteger, nullable=False),
)

hooks = Table(
    "hooks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("name", String(NAME_LENGTH), nullable=False),
    # HMAC-SHA256 of the token in its URL
    Column("digest", String(64), nullable=False, unique=True),
    Column("action", String(64), nullable=False),
    Column("fixed", Text, nullable=False),
    Column("mapping", Text, nullable=False),
    Column("answer_at_once", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Column("templates", Text),
    Index("hooks_of_key", "key_id"),
)

# the last posts to a hook that were refused
hook_refusals = Table(
    "hook_refusals",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hook_id", String(40), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("code", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    # JSON: [{"field": ..., "code": ...}]
    Column("errors", Text, nullable=False),
    Column("content_type", String(100), nullable=False),
    # JSON: the paths of what was posted, without its values
    Column("keys", Text, nullable=False),
    # what was posted, only where texts are stored
    Column("body", Text),
    Index("refusals_of_hook", "hook_id", "id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("event", String(40), nullable=False),
    Column("target_url", Text, nullable=False),
    # encrypted: the header for receivers that cannot verify signatures
    Column("authorization", Text),
    Column("created_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("reason", Text),
    Index("subscriptions_of_key", "key_id", "event"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("subscription_id", String(40)),
    Column("subject_id", String(40), nullable=False),  # the run or batch that it is about
    Column("event", String(40), nullable=False),
    Column("url", Text, nullable=False),
    # the host of the URL, with its port: sending is fair between receivers
    Column("receiver", String(RECEIVER_LENGTH), nullable=False),
    Column("body", Text),
    Column("state", String(12), nullable=False),  # waiting, sent, given_up, dropped
    Column("attempts", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    # when it is due; a claim moves it, so the message of a sender that dies is due again
    Column("next_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("detail", Text),  # the result of the last attempt
    Index("deliveries_of_key", "key_id", "created_ms"),
    Index("deliveries_of_subject", "subject_id"),
)
IS_WAITING = deliveries.c.state == literal_column("'waiting'")
_partial("deliveries_due", deliveries.c.receiver, deliveries.c.next_ms, where=IS_WAITING)
_partial("deliveries_of_subscription", deliveries.c.subscription_id, where=IS_WAITING)

# calls in a window of time, where several machines share a database but no Redis
rates = Table(
    "rates",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("expires_ms", BigInteger, nullable=False, index=True),
    Column("calls", Integer, nullable=False),
)

# the processes that serve or work, and their last heartbeats
hosts = Table(
    "hosts",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
)

# who changed what, when and from where; entries are only added
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("event", String(40), nullable=False),
    Column("actor", String(40), nullable=False),  # the id of a key, operator, service or link
    Column("address", String(60)),  # of the network, if there is one
    Column("subject", String(100), nullable=False),  # the id or the name of what was changed
    Column("details", Text, nullable=False),  # JSON, without secrets and texts
    Column("mark", String(64), unique=True),  # of what several processes see and one records
    Index("audit_of_event", "event", "id"),
    Index("audit_of_actor", "actor", "id"),
    Index("audit_of_subject", "subject", "id"),
)

# people who are signed in to the console; ``digest`` is an HMAC of what their cookie holds
sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("key_id", String(40), nullable=False),  # what they may do is what this key may
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),  # of their last page, give or take a minute
    Column("ends_ms", BigInteger, nullable=False, index=True),
)

# links that sign in once; the row is deleted by the one who uses it
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
)
