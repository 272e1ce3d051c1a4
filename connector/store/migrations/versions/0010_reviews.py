"""Answers that wait for a person: the answer, the review, and its time limit."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_INDEXES = {
    "runs_in_review": ("review_until_ms", "review_until_ms IS NOT NULL"),
    "runs_reviewed": ("id", "review IS NOT NULL"),
}


def upgrade() -> None:
    op.add_column("runs", sa.Column("proposed", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("review", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("review_until_ms", sa.BigInteger(), nullable=True))
    op.add_column("api_keys", sa.Column("review", sa.String(10), nullable=True))
    for name, (column, where) in _INDEXES.items():
        condition = sa.text(where)
        op.create_index(name, "runs", [column], sqlite_where=condition, postgresql_where=condition)
