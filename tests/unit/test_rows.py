"""The typed rows that readers return have the columns of their tables."""

from typing import Any

import pytest
from sqlalchemy import Table

from connector.store import rows, tables

ROWS = {
    rows.RunRow: tables.runs,
    rows.BatchRow: tables.batches,
    rows.KeyRow: tables.keys,
    rows.HookRow: tables.hooks,
    rows.SubscriptionRow: tables.subscriptions,
    rows.DeliveryRow: tables.deliveries,
}


@pytest.mark.parametrize(("row", "table"), ROWS.items(), ids=lambda value: str(value)[-40:])
def test_rows_have_the_columns_of_their_tables(row: Any, table: Table) -> None:
    """A row has the columns of its table in their order, and None where a column allows it."""
    assert list(row._fields) == [column.name for column in table.columns]
    hints = row.__annotations__
    nullable = {name for name in row._fields if "None" in str(hints[name])}
    assert nullable == {column.name for column in table.columns if column.nullable}
