"""What was learned of a provider's server."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "learned_variants",
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("max_output", sa.Integer(), nullable=False),
        sa.Column("learned_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address", "model"),
    )
