"""`formcall key`: create, change, list and revoke API keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from connector.catalogue.options import REVIEW_POLICIES
from connector.cli.errors import report_errors
from connector.errors import FormcallError
from connector.settings import read_settings

if TYPE_CHECKING:
    from connector.store.keys import Key, KeyActivity, Keys

Command = TypeVar("Command", bound=Callable[..., Any])


class _Limit(click.ParamType[Any]):
    """A limit of a key, in the form that ``connector.store.key_limits`` reads, or the word none."""

    def __init__(self, name: str, reader: str) -> None:
        self.name = name
        self._reader = reader

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from connector.store import key_limits

        try:
            number = getattr(key_limits, self._reader)(value)
        except ValueError as rule:
            self.fail(f"{value!r} is not {rule}.", param, ctx)
        return key_limits.NO_LIMIT if number is None else number


_COUNT = _Limit("N", "read_count")
_DOLLARS = _Limit("USD", "read_dollars")
# option, the field of KeyLimits that it sets, type, help
_LIMITS = (
    ("--rate", "rate_per_minute", _COUNT, "Calls per minute."),
    ("--at-once", "at_once", _COUNT, "Runs in progress at the same time."),
    ("--budget-usd-run", "budget_run_nusd", _DOLLARS, "What one run may cost."),
    ("--budget-usd-day", "budget_day_nusd", _DOLLARS, "What it may spend in a day (UTC)."),
    ("--budget-usd-month", "budget_month_nusd", _DOLLARS, "What it may spend in a month (UTC)."),
)


_REVIEW = click.option(
    "--review",
    type=click.Choice(REVIEW_POLICIES),
    help="Which of its answers wait for a person, unless a run says otherwise.",
)


def _limit_options(command: Command) -> Command:
    for option, name, kind, about in reversed(_LIMITS):
        command = click.option(option, name, type=kind, help=about)(command)
    return command


def _given_limits(options: dict[str, Any]) -> dict[str, Any]:
    """The limits that were given; ``none`` becomes None, which removes the limit."""
    from connector.store.key_limits import NO_LIMIT

    return {
        name: None if value == NO_LIMIT else value
        for name, value in options.items()
        if value is not None
    }


@contextmanager
def _open_keys() -> Iterator[Keys]:
    from connector.store.keys import open_keys

    with closing(open_keys(read_settings())) as keys:
        yield keys


@click.group()
def key() -> None:
    """Create, list, limit and revoke API keys."""


@key.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("actions", "tools"),
    show_default=True,
    help="What the key may do; may be repeated.",
)
@_REVIEW
@_limit_options
@report_errors
def create_key(name: str, scopes: tuple[str, ...], review: str | None, **limits: Any) -> None:
    """Create a key and print it, alone, on standard output. It is shown only once.

    It may make 3,000 calls a minute unless --rate says otherwise.
    """
    from connector.store.key_limits import DEFAULT_LIMITS

    with _open_keys() as keys:
        all_limits = replace(DEFAULT_LIMITS, **_given_limits(limits))
        _, plain = keys.create(name, scopes, all_limits, review or "")
    click.echo(plain)


@key.command("change")
@click.argument("name_or_id")
@_REVIEW
@_limit_options
@report_errors
def change_key(name_or_id: str, review: str | None, **limits: Any) -> None:
    """Change limits of a key; the word none removes one. They apply from its next call."""
    given = _given_limits(limits)
    if not given and not review:
        raise FormcallError(
            "bad_request", "Give a limit to change, as in --rate 60 or --budget-usd-day none."
        )
    with _open_keys() as keys:
        changed = keys.change(name_or_id, review=review, limits=given)
    click.echo(f'Limits of the key "{changed.name}": {str(changed.limits) or "none"}.')
    if review:
        click.echo(f"Answers that wait for a person: {review}.")


@key.command("list")
@report_errors
def list_keys() -> None:
    """List the keys: name, first characters, scopes, limits, and whether each is valid.

    Also when each was last used for a run, and what it has spent this month.
    """
    with _open_keys() as keys:
        rows = keys.list_all()
        activity = keys.activity()
    for row in rows:
        click.echo(f"{_key_line(row)}  {_activity_text(activity[row.id])}")


def _activity_text(activity: KeyActivity) -> str:
    from connector.store.ledger.money import format_usd

    if activity.last_run_ms is None:
        return "never used"
    day = dt.datetime.fromtimestamp(activity.last_run_ms / 1000, dt.UTC).date()
    return f"last used {day}  spent {format_usd(activity.month_nusd)} this month"


def _key_line(row: Key) -> str:
    state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "valid"
    limits = f"  {row.limits}" if str(row.limits) else ""
    limits += f"  review: {row.review}" if row.review else ""
    return (
        f"{row.id}  {row.hint}…  {row.name}  [{', '.join(row.scopes)}]  created "
        f"{row.created_at:%Y-%m-%d}  {state}{limits}"
    )


@key.command("revoke")
@click.argument("name_or_id")
@report_errors
def revoke_key(name_or_id: str) -> None:
    """Revoke a key by its name or id; every later call with it is refused."""
    with _open_keys() as keys:
        revoked = keys.revoke(name_or_id)
    click.echo(f'The key "{revoked.name}" is revoked.')


@key.command("secret")
@click.argument("name_or_id")
@report_errors
def show_secret(name_or_id: str) -> None:
    """Print a key's signing secret, alone, on standard output.

    Receivers verify messages with it (Standard Webhooks).
    """
    from connector.store.database import load_secret
    from connector.store.deliveries import signing_secret

    with _open_keys() as keys:
        row = keys.by_name(name_or_id)
    click.echo(signing_secret(load_secret(read_settings()), row.id))
