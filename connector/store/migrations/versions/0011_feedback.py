"""Feedback on answers: right, wrong, and the values that would have been right."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("runs", sa.Column("feedback", sa.Text(), nullable=True))
