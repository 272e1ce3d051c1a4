"""How many processes in a row died while they executed a run."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("runs", sa.Column("deaths", sa.Integer(), nullable=True))
