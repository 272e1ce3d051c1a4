"""Runs that wait for an approval: their state, and the decision."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("runs", sa.Column("state", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("decision", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("runs", "decision")
    op.drop_column("runs", "state")
