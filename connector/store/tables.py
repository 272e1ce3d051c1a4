"""The tables, as SQLAlchemy Core; ``migrations/`` builds them step by step, and a test holds the two together."""

from __future__ import annotations

from sqlalchemy import JSON, Column, DateTime, MetaData, String, Table

metadata = MetaData()
NAME_LENGTH = 100

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
)
