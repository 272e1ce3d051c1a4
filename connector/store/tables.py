"""The tables, as SQLAlchemy Core; ``migrations/`` builds them step by step, and a test holds the two together.

Moments are whole milliseconds since 1970, money is whole nano-dollars (``_nusd``): sums of both are exact on every database.
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
    Column("digest", String(64), nullable=False, unique=True),  # HMAC-SHA256 of the key; the key itself is never kept
    Column("hint", String(12), nullable=False),  # its first characters, to tell keys apart in a list
    Column("scopes", JSON, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("rate_per_minute", Integer),
    Column("at_once", Integer),
    Column("budget_run_nusd", BigInteger),
    Column("budget_day_nusd", BigInteger),
    Column("budget_month_nusd", BigInteger),
)

# a row of a batch is a run as well, so that it is paid, kept, cancelled and purged like any other
runs = Table(
    "runs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("action", String(64), nullable=False),
    Column("status", String(12), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("day", String(10), nullable=False),  # of its reservation and of what it costs, in UTC
    Column("host", String(120), nullable=False),  # the process that carries it out
    Column("attempt", Integer, nullable=False),
    Column("durable", Boolean, nullable=False),  # it was promised to somebody: it goes on after a crash
    Column("batch_id", String(40)),
    Column("row_no", Integer),
    Column("tag", String(100)),
    Column("idempotency_key", String(255)),
    Column("digest", String(64)),  # of what was asked, to know the same request again
    Column("form", Text),  # JSON of the fields as they came, or of the columns of a row
    Column("callback_url", Text),
    Column("max_nusd", BigInteger),
    Column("reserved_nusd", BigInteger, nullable=False),
    Column("cost_nusd", BigInteger),  # of all attempts; null: a price is not known
    Column("estimated_nusd", BigInteger, nullable=False),  # of it: calls whose end nobody saw, at the most they can have cost
    Column("cancel", Boolean, nullable=False),
    Column("code", String(40)),
    Column("unknown", Boolean, nullable=False),  # it is done, and the answer is that there is none
    Column("answer", Text),  # JSON: the flat answer, or the problem
    Column("state", Text),  # JSON: where a run with tools stands, while its writes are made or a person is asked
    Column("decision", Text),  # JSON: what the person said
    Index("runs_of_key", "key_id", "created_ms"),
)



def _partial(name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False) -> Index:
    """An index over those rows alone that are looked for by it: the others cost nothing when they are written."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


# written out, since an index over some rows is only used where the question names those rows
IS_OPEN = runs.c.status.in_((literal_column("'queued'"), literal_column("'running'")))
_partial("runs_same", runs.c.key_id, runs.c.idempotency_key, unique=True, where=runs.c.idempotency_key.is_not(None))
_partial("runs_of_batch", runs.c.batch_id, runs.c.row_no, where=runs.c.batch_id.is_not(None))
# all that the progress of a batch is counted from, so that its rows with their texts are left alone
_counted = (runs.c.unknown, runs.c.ended_ms, runs.c.attempt, runs.c.cost_nusd, runs.c.estimated_nusd, runs.c.reserved_nusd)
_partial("runs_counted", runs.c.batch_id, runs.c.status, *_counted, where=runs.c.batch_id.is_not(None))
_partial("runs_open", runs.c.status, runs.c.host, where=IS_OPEN)
_partial("runs_unsettled", runs.c.status, where=(runs.c.status == "interrupted") & (runs.c.reserved_nusd > 0))

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
    Column("generation", Integer, nullable=False),  # how often it was set going: a pause ends one generation
    Column("economy", Boolean, nullable=False),
    Column("budget_nusd", BigInteger),
    Column("tag", String(100)),
    Column("callback_url", Text),
    Column("idempotency_key", String(255)),
    Column("digest", String(64)),  # of what was asked, to know the same request again
    Column("fixed", Text),  # JSON of the fields that are the same for all rows
    Column("columns", Text, nullable=False),  # JSON: the names of the rows' columns, in order
    Column("mapping", Text, nullable=False),  # JSON: the column that each field of a row is taken from
    Column("code", String(40)),  # why it is paused or failed, and the sentence
    Column("detail", Text),
    Column("provider", Text),  # JSON: where an economy batch stands at the provider
    Index("batches_of_key", "key_id", "created_ms"),
)
# written out, as above
IS_GOING_ON = batches.c.status == literal_column("'running'")
_partial("batches_same", batches.c.key_id, batches.c.idempotency_key, unique=True, where=batches.c.idempotency_key.is_not(None))
_partial("batches_going_on", batches.c.status, where=IS_GOING_ON)

# one row for each call of a model: the step's key makes sure that nothing is booked twice
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
    Column("estimated", Boolean, nullable=False),  # the call's end was not seen: this is the most it can have cost
    Index("ledger_by_day", "day", "key_id"),
)

# what each account has spent in a period, and what is reserved by calls under way
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

kept_files = Table(
    "kept_files",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("kept_ms", BigInteger, nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),
)

hooks = Table(
    "hooks",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # HMAC-SHA256 of the token in its address
    Column("action", String(64), nullable=False),
    Column("fixed", Text, nullable=False),
    Column("mapping", Text, nullable=False),
    Column("answer_at_once", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Index("hooks_of_key", "key_id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key_id", String(40), nullable=False),
    Column("event", String(40), nullable=False),
    Column("target_url", Text, nullable=False),
    Column("authorization", Text),  # encrypted: the header for receivers that cannot verify signatures
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
    Column("subject_id", String(40), nullable=False),  # the run or the batch it tells of
    Column("event", String(40), nullable=False),
    Column("url", Text, nullable=False),
    Column("receiver", String(RECEIVER_LENGTH), nullable=False),  # the host of the address, with its port: receivers take turns
    Column("body", Text),
    Column("state", String(12), nullable=False),  # waiting, sent, given_up, dropped
    Column("attempts", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False),  # when it is due; a claim moves it, so a sender that dies gives it back
    Column("ended_ms", BigInteger),
    Column("detail", Text),  # what the last try came to
    Index("deliveries_of_key", "key_id", "created_ms"),
)
IS_WAITING = deliveries.c.state == literal_column("'waiting'")
_partial("deliveries_due", deliveries.c.receiver, deliveries.c.next_ms, where=IS_WAITING)
_partial("deliveries_of_subscription", deliveries.c.subscription_id, where=IS_WAITING)

# calls in a window of time, where several machines share a database and no Redis
rates = Table(
    "rates",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("expires_ms", BigInteger, nullable=False, index=True),
    Column("calls", Integer, nullable=False),
)

# the processes that serve or work, and when they were last heard of
hosts = Table(
    "hosts",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
)
