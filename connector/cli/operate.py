"""The commands of whoever operates the service: keys and their limits, usage, purge and backup."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.errors import FormcallError
from connector.settings import Settings, read_settings, without_password

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from connector.store.keys import Keys

Json = dict[str, Any]
Command = Callable[..., Any]

_NONE = "none"
_MOST_DOLLARS, _MOST_COUNT = 1_000_000, 1_000_000


# --- keys --------------------------------------------------------------------------------------------------------------


class _Count(click.ParamType[Any]):
    """A whole number from 1; or the word none."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == _NONE:
            return value
        if not (str(value).isascii() and str(value).isdigit() and 1 <= int(value) <= _MOST_COUNT):
            self.fail(f"{value!r} is not a whole number from 1 to {_MOST_COUNT:,}.", param, ctx)
        return int(value)


class _Dollars(click.ParamType[Any]):
    """Dollars, kept as nano-dollars; or the word none."""

    name = "USD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from connector.store.money import nano

        if value == _NONE:
            return value
        try:
            amount = Decimal(str(value).removeprefix("$"))
            is_right = 0 <= amount <= _MOST_DOLLARS
        except InvalidOperation:  # also for what is not a number by name
            is_right = False
        if not is_right:
            self.fail(f"{value!r} is not an amount of dollars from 0 to {_MOST_DOLLARS:,}.", param, ctx)
        return nano(amount)


# an option, the limit of a key that it sets, and what it takes
_LIMITS = (
    ("--rate", "rate_per_minute", _Count(), "Calls a minute."),
    ("--at-once", "at_once", _Count(), "Runs under way at the same time."),
    ("--budget-usd-run", "budget_run_nusd", _Dollars(), "What one run may cost."),
    ("--budget-usd-day", "budget_day_nusd", _Dollars(), "What it may spend in a day (UTC)."),
    ("--budget-usd-month", "budget_month_nusd", _Dollars(), "What it may spend in a month (UTC)."),
)


def _with_limits(command: Command) -> Command:
    for option, name, kind, words in reversed(_LIMITS):
        command = click.option(option, name, type=kind, help=words)(command)
    return command


def _given(limits: Json) -> Json:
    """The limits that were given; none takes one away."""
    return {name: None if value == _NONE else value for name, value in limits.items() if value is not None}


@contextmanager
def _keys() -> Iterator[Keys]:
    from connector.store.keys import open_keys

    with closing(open_keys(read_settings())) as keys:
        yield keys


@click.group()
def key() -> None:
    """Make, list, limit and revoke API keys."""


@key.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, default=("actions", "tools"), show_default=True, help="What it may do; may be repeated.")
@_with_limits
def create_key(name: str, scopes: tuple[str, ...], **limits: Any) -> None:
    """Make a key and print it, alone, on standard output. It is shown only now."""
    from connector.store.keys import Allowance

    with _keys() as keys:
        _, plain = keys.create(name, scopes, Allowance(**_given(limits)))
    click.echo(plain)


@key.command("change")
@click.argument("name_or_id")
@_with_limits
def change_key(name_or_id: str, **limits: Any) -> None:
    """Change limits of a key; the word none takes one away. They hold from its next call on."""
    given = _given(limits)
    if not given:
        raise FormcallError("bad_request", "Say what to change, as in --rate 60 or --budget-usd-day none.")
    with _keys() as keys:
        changed = keys.change(name_or_id, **given)
    click.echo(f'The key "{changed.name}" may do now: {str(changed.allowance) or "as much as it likes"}.')


@key.command("list")
def list_keys() -> None:
    """List the keys: name, first characters, scopes, limits, and whether each is valid."""
    with _keys() as keys:
        found = keys.all()
    for one in found:
        state = f"revoked {one.revoked_at:%Y-%m-%d}" if one.revoked_at else "valid"
        limits = f"  {one.allowance}" if str(one.allowance) else ""
        click.echo(f"{one.id}  {one.hint}…  {one.name}  [{', '.join(one.scopes)}]  made {one.created_at:%Y-%m-%d}  {state}{limits}")


@key.command("revoke")
@click.argument("name_or_id")
def revoke_key(name_or_id: str) -> None:
    """Revoke a key by its name or id; it is refused from then on."""
    with _keys() as keys:
        click.echo(f'The key "{keys.revoke(name_or_id).name}" is revoked.')


@key.command("secret")
@click.argument("name_or_id")
def show_secret(name_or_id: str) -> None:
    """Print the secret with which receivers verify what is sent for a key (Standard Webhooks), alone, on standard output."""
    from connector.store.database import secret
    from connector.store.deliveries import signing_secret

    with _keys() as keys:
        found = keys.named(name_or_id)
    click.echo(signing_secret(secret(read_settings()), found.id))


# --- usage -------------------------------------------------------------------------------------------------------------


@contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    from sqlalchemy.exc import DBAPIError

    from connector.store.database import open_database

    database = open_database(settings)
    try:
        yield database
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise FormcallError("busy", f"The database could not do it: {reason}. Try again in a moment, or stop the service first.") from None
    finally:
        database.dispose()


@click.command()
@click.option("--from", "first", metavar="DAY", help="The first day in UTC, such as 2026-01-31; by default that of the month.")
@click.option("--to", "last", metavar="DAY", help="The last day, itself included; by default today.")
@click.option("--by", help="day, action, key, model: what to tell apart, with commas.  [default: day]")
@click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV.")
def usage(first: str | None, last: str | None, by: str | None, as_csv: bool) -> None:
    """What all keys have used and spent."""
    from connector.store import usage as books

    period, parts = books.read_period(first, last), books.read_by(by)
    with _database(read_settings()) as database:
        rows = books.Usage(database).rows(period, parts)
        totals = books.Usage(database).totals(period)
    if as_csv:
        click.echo(books.as_csv(rows), nl=False)
        return
    click.echo(f"{period.first} to {period.last} (UTC)")
    for line in _table([*(("", row) for row in rows), ("total", totals)], parts):
        click.echo(line)


def _table(rows: list[tuple[str, Json]], by: tuple[str, ...]) -> Iterator[str]:
    """Lines of columns, numbers to the right, under a line of headings."""
    heads = [*by, "calls", "runs", "input", "cached", "output", "reasoning", "cost", "of it estimated", "unpriced calls"]
    lines = [heads, *(_cells(name, row, by) for name, row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        words = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)][: len(by)]
        numbers = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)][len(by) :]
        yield "  ".join([*words, *numbers])


def _cells(name: str, row: Json, by: tuple[str, ...]) -> list[str]:
    told = [(row["key_name"] or row["key"]) if part == "key" else row[part] for part in by]
    if name and told:
        told[0] = name
    counts = ("calls", "runs", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
    money = [f"${row[part]:.6f}" for part in ("cost_usd", "estimated_usd")]
    return [*told, *(f"{row[part]:,}" for part in counts), *money, str(row["unpriced_calls"])]


# --- purge -------------------------------------------------------------------------------------------------------------

_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


class _Age(click.ParamType[Any]):
    """An age such as 7d, 12h or 30m, as milliseconds."""

    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = re.fullmatch(r"(\d{1,6})([mhd])", str(value))
        if not found:
            self.fail(f"{value!r} is not an age such as 7d, 12h or 30m.", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.command()
@click.option("--older-than", type=_Age(), help="What ended so long ago, such as 7d, 12h or 0d; by default as FORMCALL_KEEP_DAYS says.")
@click.option("--texts", is_flag=True, help="Only forms, answers and messages: the records stay. Without --older-than all of them.")
@click.option("--key", "key_name", metavar="NAME", help="Only what belongs to this key, by its name or id; also a revoked one.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would go.")
@click.option("--vacuum", is_flag=True, help="Then write the SQLite file anew, as small as it can be. Runs must wait meanwhile.")
def purge(older_than: int | None, *, texts: bool, key_name: str | None, dry_run: bool, vacuum: bool) -> None:
    """Delete at once what has had its time. What is still going on, and what was spent, stays."""
    from connector.store.retention import Retention, tasks

    settings = read_settings()
    with _database(settings) as database:
        wanted = list(tasks(_ages(settings, database, older_than, texts=texts, key_name=key_name)))
        retention = Retention(database)
        counts = retention.count(wanted) if dry_run else retention.carry_out(wanted)
        for name, count in counts.items():
            click.echo(f"{count:>10,}  {name}")
        click.echo("Nothing was changed; this is what would go." if dry_run else "These are gone.")
        if not dry_run:
            _give_back(database, vacuum=vacuum)


def _ages(settings: Settings, database: Engine, older_than: int | None, *, texts: bool, key_name: str | None) -> Any:
    from connector.store.ids import now_ms
    from connector.store.retention import Ages, ages

    key_id = _key_id(settings, database, key_name) if key_name else None
    if not texts and key_id is None and older_than is None:
        return ages(settings)
    before = now_ms() - older_than if older_than is not None else now_ms() if texts else ages(settings).records_ms
    if texts:
        return Ages(texts_ms=before, cached_ms=before, key_id=key_id)
    return Ages(records_ms=before, cached_ms=before, key_id=key_id)


def _key_id(settings: Settings, database: Engine, name_or_id: str) -> str:
    from connector.store.keys import open_keys

    for one in open_keys(settings, database).all():
        if name_or_id in {one.name, one.id}:
            return one.id
    raise FormcallError("not_found", f'There is no key called "{name_or_id[:100]}". `formcall key list` shows them.')


def _give_back(database: Engine, *, vacuum: bool) -> None:
    """What was deleted leaves the files of an SQLite database, also the one beside it that is written first."""
    if database.dialect.name != "sqlite":
        if vacuum:
            click.echo("PostgreSQL gives the room back by itself (autovacuum); VACUUM FULL does so at once.")
        return
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if vacuum:
            connection.exec_driver_sql("VACUUM")
        is_busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
    if is_busy:
        click.echo("The file formcall.db-wal still holds old pages, since the service is reading. It is written over by and by.")


# --- backup ------------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="FOLDER|FILE.tar.gz")
def backup(target: Path) -> None:
    """Copy the database, the jobs and the secret of the keys, while the service runs. To restore, put them into the data folder."""
    from connector.store.backup import back_up
    from connector.store.folder import database_file

    settings = read_settings()
    if database_file(settings) is None:
        _tell_pg_dump(settings, target)
        sys.exit(2)
    names = back_up(settings, target)
    click.echo(f"{target}: {', '.join(names)}")
    if settings.secret:
        click.echo("The secret of the keys is FORMCALL_SECRET, which is not in it. Keep it as well: without it no key opens anything.")
    elif "secret" not in names:
        click.echo("There is no secret yet, so there are no keys either.")


def _tell_pg_dump(settings: Settings, target: Path) -> None:
    address = without_password(re.sub(r"^postgres(?:ql)?(?:\+\w+)?:", "postgresql:", settings.database))
    click.echo("The database is not an SQLite file; its own tool copies it, the jobs are in it as well:", err=True)
    click.echo(f"  pg_dump --format=custom --file={target} '{address}'", err=True)
    kept = "FORMCALL_SECRET" if settings.secret else str(settings.data_dir / "secret")
    click.echo(f"Keep {kept} as well: without it no key opens anything.", err=True)


def add_operating(main: click.Group, plainly: Callable[[Command], Command]) -> None:
    """Add the commands to ``main``; ``plainly`` tells failures as sentences."""
    for command in (*key.commands.values(), usage, purge, backup):
        if command.callback:
            command.callback = plainly(command.callback)
    for command in (key, usage, purge, backup):
        main.add_command(command)
