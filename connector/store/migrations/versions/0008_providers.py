"""Which provider was called, for each model call."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("ledger", sa.Column("provider", sa.String(100), nullable=True))
