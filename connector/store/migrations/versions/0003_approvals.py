"""Runs that wait for a person, and what must not be made twice."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column('runs', sa.Column('state', sa.Text(), nullable=True))
    op.add_column('runs', sa.Column('decision', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('runs', 'decision')
    op.drop_column('runs', 'state')
