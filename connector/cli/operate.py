"""The operator's commands on the data: `formcall usage`, `formcall purge` and `formcall backup`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.errors import report_errors
from connector.errors import FormcallError
from connector.json_types import Json
from connector.settings import Settings, read_settings, without_password

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from connector.store.keys import Key
    from connector.store.retention import Cutoffs


@contextmanager
def _open_database(settings: Settings) -> Iterator[Engine]:
    """The database; one of its errors becomes a ``FormcallError`` with the database's reason."""
    from sqlalchemy.exc import DBAPIError

    from connector.store.database import open_database

    database = open_database(settings)
    try:
        yield database
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise FormcallError(
            "busy",
            f"The database could not do it: {reason}. Try again in a moment, or stop the service "
            "first.",
        ) from None
    finally:
        database.dispose()


# --- usage ----------------------------------------------------------------------------------------

_COUNTS = ("calls", "runs", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
_AMOUNTS = ("cost_usd", "estimated_usd")
_HEADINGS = (
    *("calls", "runs", "input", "cached", "output", "reasoning"),
    *("cost", "of it estimated", "unpriced calls"),
)


@click.command()
@click.option(
    "--from",
    "first",
    metavar="DAY",
    help="The first day in UTC, such as 2026-01-31.  [default: the first day of the month]",
)
@click.option("--to", "last", metavar="DAY", help="The last day, inclusive.  [default: today]")
@click.option(
    "--by",
    help="What to group by: day, action, key or model, or several with commas.  [default: day]",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV.")
@report_errors
def usage(first: str | None, last: str | None, by: str | None, as_csv: bool) -> None:
    """Show what all keys have used and spent."""
    from connector.store import usage as usage_store

    period = usage_store.parse_period(first, last)
    groups = usage_store.parse_dimensions(by)
    with _open_database(read_settings()) as database:
        report = usage_store.UsageReport(database)
        rows = report.rows(period, groups)
        totals = report.totals(period)
    if as_csv:
        click.echo(usage_store.to_csv(rows), nl=False)
        return
    click.echo(f"{period.first} to {period.last} (UTC)")
    for line in _table([*(("", row) for row in rows), ("total", totals)], groups):
        click.echo(line)


def _table(rows: list[tuple[str, Json]], groups: tuple[str, ...]) -> Iterator[str]:
    """A line of headings, then a line for each row: texts aligned left, numbers right."""
    lines = [[*groups, *_HEADINGS]]
    lines += [_cells(name, row, groups) for name, row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        aligned = [
            cell.ljust(width) if index < len(groups) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        yield "  ".join(aligned)


def _cells(name: str, row: Json, groups: tuple[str, ...]) -> list[str]:
    labels = [(row["key_name"] or row["key"]) if group == "key" else row[group] for group in groups]
    if name and labels:
        labels[0] = name
    counts = [f"{row[column]:,}" for column in _COUNTS]
    amounts = [f"${row[column]:.6f}" for column in _AMOUNTS]
    return [*labels, *counts, *amounts, str(row["unpriced_calls"])]


# --- purge ----------------------------------------------------------------------------------------

_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


class _Age(click.ParamType[Any]):
    """An age such as 7d, 12h or 30m, converted to milliseconds."""

    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        match = re.fullmatch(r"(\d{1,6})([mhd])", str(value))
        if not match:
            self.fail(f"{value!r} is not an age such as 7d, 12h or 30m.", param, ctx)
        return int(match[1]) * _UNIT_MS[match[2]]


@click.command()
@click.option(
    "--older-than",
    type=_Age(),
    help="Delete what ended longer ago than this, such as 7d, 12h or 0d.  "
    "[default: FORMCALL_KEEP_DAYS]",
)
@click.option(
    "--texts",
    is_flag=True,
    help="Delete only forms, answers and messages and keep the records; all of them unless "
    "--older-than is given.",
)
@click.option(
    "--key",
    "key_name",
    metavar="NAME",
    help="Delete all that belongs to this revoked key but the books, and report what is left; "
    "with --older-than or --texts only that of this key.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would be deleted.")
@click.option(
    "--vacuum",
    is_flag=True,
    help="Then shrink the SQLite file as far as possible. Runs wait meanwhile.",
)
@report_errors
def purge(
    older_than: int | None, *, texts: bool, key_name: str | None, dry_run: bool, vacuum: bool
) -> None:
    """Delete expired records now. What is still open, and the ledger of costs, is kept."""
    from connector.store.audit import OPERATOR, AuditLog
    from connector.store.retention import Retention, plan_deletions

    settings = read_settings()
    with _open_database(settings) as database:
        if key_name and older_than is None and not texts:
            _erase(settings, database, key_name, dry_run=dry_run, vacuum=vacuum)
            return
        cutoffs = _cutoffs(settings, database, older_than, texts=texts, key_name=key_name)
        deletions = list(plan_deletions(cutoffs))
        retention = Retention(database)
        counts = retention.count(deletions) if dry_run else retention.run(deletions)
        if not dry_run:
            AuditLog(database).add(OPERATOR, "data.purged", cutoffs.key_id or "", deleted=counts)
        for name, count in counts.items():
            click.echo(f"{count:>10,}  {name}")
        if dry_run:
            click.echo("Nothing was changed; this is what would be deleted.")
        else:
            click.echo("These were deleted.")
            _free_disk_space(database, vacuum=vacuum)


def _erase(
    settings: Settings, database: Engine, key_name: str, *, dry_run: bool, vacuum: bool
) -> None:
    """Erase all of a key but the books, and show that it is gone."""
    from connector.store.audit import OPERATOR, AuditLog
    from connector.store.erasure import Erasure

    key = _find_key(settings, database, key_name)
    if key.revoked_at is None:
        raise FormcallError(
            "conflict",
            f'The key "{key.name}" is still valid, so more may come. Revoke it first: formcall key '
            f'revoke "{key.name}". To delete only what is old, give --older-than.',
        )
    erasure = Erasure(database, key.id)
    report = erasure.count() if dry_run else erasure.run()
    click.echo(f"{'deleted':>10}  {'left':>10}")
    for name, left in report.left.items():
        click.echo(f"{report.deleted.get(name, 0):>10,}  {left:>10,}  {name}")
    click.echo(f"Kept are the books: {report.books:,} calls in the ledger, which hold no text.")
    if dry_run:
        click.echo("Nothing was changed; what is left would be deleted.")
        return
    AuditLog(database).add(OPERATOR, "key.erased", key.id, deleted=report.deleted)
    _free_disk_space(database, vacuum=vacuum)
    if not report.is_complete:
        click.echo("Some runs are still in progress. Run the command again when they have ended.")
        sys.exit(1)
    click.echo(
        f'Nothing of the key "{key.name}" is left but its name and the books. Backups are not '
        "changed."
    )


def _cutoffs(
    settings: Settings,
    database: Engine,
    older_than: int | None,
    *,
    texts: bool,
    key_name: str | None,
) -> Cutoffs:
    """The times before which records or texts are deleted."""
    from connector.store.ids import now_ms
    from connector.store.retention import Cutoffs, current_cutoffs

    key_id = _find_key(settings, database, key_name).id if key_name else None
    if not texts and older_than is None:
        return current_cutoffs(settings)
    before = now_ms() - (older_than or 0)
    if texts:
        return Cutoffs(texts_ms=before, cached_ms=before, key_id=key_id)
    return Cutoffs(records_ms=before, cached_ms=before, key_id=key_id)


def _find_key(settings: Settings, database: Engine, name_or_id: str) -> Key:
    from connector.store.keys import open_keys

    for key in open_keys(settings, database).list_all():
        if name_or_id in {key.name, key.id}:
            return key
    raise FormcallError(
        "not_found", f'There is no key called "{name_or_id[:100]}". `formcall key list` shows them.'
    )


def _free_disk_space(database: Engine, *, vacuum: bool) -> None:
    """Remove deleted data from the files of an SQLite database, including its write-ahead log."""
    if database.dialect.name != "sqlite":
        if vacuum:
            click.echo(
                "PostgreSQL frees the space by itself (autovacuum); VACUUM FULL does so at once."
            )
        return
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if vacuum:
            connection.exec_driver_sql("VACUUM")
        is_busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
    if is_busy:
        click.echo(
            "The file formcall.db-wal still holds old pages, because the service is reading. "
            "They are overwritten over time."
        )


# --- backup ---------------------------------------------------------------------------------------

_KEEP_SECRET = "without it no API key is valid."  # noqa: S105  a sentence


@click.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="FOLDER|FILE.tar.gz")
@report_errors
def backup(target: Path) -> None:
    """Copy the database, the jobs and the secret of the keys, while the service runs.

    To restore, put the files into the data folder.
    """
    from connector.store.audit import OPERATOR, AuditLog
    from connector.store.backup import back_up
    from connector.store.data_dir_lock import database_file

    settings = read_settings()
    if database_file(settings) is None:
        _suggest_pg_dump(settings, target)
        sys.exit(2)
    names = back_up(settings, target)
    with _open_database(settings) as database:
        AuditLog(database).add(OPERATOR, "data.backed_up", files=names)
    click.echo(f"{target}: {', '.join(names)}")
    if settings.secret:
        click.echo(
            "The secret of the keys is FORMCALL_SECRET, which is not in the backup. Keep it as "
            f"well: {_KEEP_SECRET}"
        )
    elif "secret" not in names:
        click.echo("There is no secret yet, so there are no keys either.")


def _suggest_pg_dump(settings: Settings, target: Path) -> None:
    url = re.sub(r"^postgres(?:ql)?(?:\+\w+)?:", "postgresql:", settings.database)
    secret = "FORMCALL_SECRET" if settings.secret else str(settings.data_dir / "secret")
    click.echo("The database is not an SQLite file. Copy it with PostgreSQL's own tool:", err=True)
    click.echo(f"  pg_dump --format=custom --file={target} '{without_password(url)}'", err=True)
    click.echo(f"The jobs are in the same database. Keep {secret} too: {_KEEP_SECRET}", err=True)
