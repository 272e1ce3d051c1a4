"""The audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("address", sa.String(60), nullable=True),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(64), nullable=True, unique=True),
    )
    op.create_index("audit_of_event", "audit_entries", ["event", "id"])
    op.create_index("audit_of_actor", "audit_entries", ["actor", "id"])
    op.create_index("audit_of_subject", "audit_entries", ["subject", "id"])
