"""What was learned of a provider's server, for the next process; it is kept for a day."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import SQLAlchemyError

from connector.providers.hosted.variants import KEPT_SECONDS, Learned
from connector.store.tables import learned_variants

log = logging.getLogger(__name__)


class LearnedVariants:
    """A ``VariantStore`` in the database.

    Thread-safe. A database that is down costs the calls of a server that is not known yet, so it is
    logged and not raised.
    """

    def __init__(self, database: Engine) -> None:
        self._database = database

    def load(self, address: str) -> Mapping[str, Learned]:
        """What is known of the models at ``address``; that of the address itself is under ""."""
        query = select(learned_variants).where(learned_variants.c.address == address)
        try:
            with self._database.connect() as connection:
                rows = connection.execute(query).all()
        except SQLAlchemyError as error:
            log.warning("what was learned of the provider cannot be read", exc_info=error)
            return {}
        return {
            row.model: Learned(
                frozenset(json.loads(row.refused)), row.max_output, row.learned_ms / 1000
            )
            for row in rows
        }

    def save(self, address: str, model: str, learned: Learned) -> None:
        learned_ms = int(learned.at * 1000)
        row = {
            "address": address,
            "model": model,
            "refused": json.dumps(sorted(learned.refused)),
            "max_output": learned.max_output,
            "learned_ms": learned_ms,
        }
        table = learned_variants.c
        is_same = (table.address == address) & (table.model == model)
        is_old = table.learned_ms < learned_ms - KEPT_SECONDS * 1000
        try:
            with self._database.begin() as connection:
                connection.execute(delete(learned_variants).where(is_same | is_old))
                connection.execute(learned_variants.insert().values(**row))
        except SQLAlchemyError as error:
            log.warning("what was learned of the provider cannot be stored", exc_info=error)
