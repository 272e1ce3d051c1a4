"""Lists of runs in pages, their filters, and a search in their texts.

Lists are in the order of ids, which start with the time. The index of the search is filled later,
by the running service; a trigger removes a run's texts from it as soon as they change or go.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_IS_SINGLE = "batch_id IS NULL"
_HAS_PROBLEM = "status IN ('cancelled', 'failed', 'incomplete', 'interrupted', 'needs_review')"
_INDEXES = {
    "runs_listed": (["key_id", "id"], _IS_SINGLE),
    "runs_of_action": (["action", "id"], _IS_SINGLE),
    "runs_of_tag": (["tag", "id"], "tag IS NOT NULL"),
    "runs_of_code": (["code", "id"], "code IS NOT NULL"),
    "runs_with_problem": (["status", "id"], _HAS_PROBLEM),
    "runs_with_failed_checks": (["id"], "checks_failed > 0"),
    "runs_with_cost": (["cost_nusd", "id"], "cost_nusd > 0"),
    "runs_searchable": (["search_no"], "search_no IS NOT NULL"),
}
_SQLITE = (
    "CREATE VIRTUAL TABLE run_search USING fts5"
    "(owner, words, tokenize = 'unicode61 remove_diacritics 2')",
    "CREATE TRIGGER run_search_changed AFTER UPDATE OF form, answer ON runs "
    "WHEN old.search_no > 0 BEGIN "
    "DELETE FROM run_search WHERE rowid = old.search_no; "
    "UPDATE runs SET search_no = 0 WHERE id = old.id; END",
    "CREATE TRIGGER run_search_deleted AFTER DELETE ON runs "
    "WHEN old.search_no > 0 BEGIN "
    "DELETE FROM run_search WHERE rowid = old.search_no; END",
)
_POSTGRESQL = (
    "CREATE TABLE run_search (number BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX run_search_words ON run_search USING GIN (words)",
    "CREATE FUNCTION run_search_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN "
    "IF NEW.form IS DISTINCT FROM OLD.form OR NEW.answer IS DISTINCT FROM OLD.answer THEN "
    "DELETE FROM run_search WHERE number = OLD.search_no; NEW.search_no := 0; END IF; "
    "RETURN NEW; END $$",
    "CREATE FUNCTION run_search_deleted() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN "
    "DELETE FROM run_search WHERE number = OLD.search_no; RETURN NULL; END $$",
    "CREATE TRIGGER run_search_changed BEFORE UPDATE OF form, answer ON runs "
    "FOR EACH ROW WHEN (OLD.search_no > 0) EXECUTE FUNCTION run_search_changed()",
    "CREATE TRIGGER run_search_deleted AFTER DELETE ON runs "
    "FOR EACH ROW WHEN (OLD.search_no > 0) EXECUTE FUNCTION run_search_deleted()",
)


def upgrade() -> None:
    op.add_column("runs", sa.Column("checks_failed", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("search_no", sa.BigInteger(), nullable=True))
    op.execute("UPDATE runs SET search_no = 0 WHERE batch_id IS NULL AND form IS NOT NULL")
    op.drop_index("runs_of_key", table_name="runs")
    for name, (columns, where) in _INDEXES.items():
        condition = sa.text(where)
        op.create_index(name, "runs", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_index("deliveries_of_subject", "deliveries", ["subject_id"])
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
