"""`formcall models`: the models with their prices, dates and successors, and an operator's file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.errors import report_errors
from connector.json_types import Json
from connector.settings import Settings, read_settings

if TYPE_CHECKING:
    from connector.providers.pricing.models import Model, Models

_HEADER = ("model", "input", "cached", "output", "1,000 tickets", "ends", "then")
_LEGEND = """\
US dollars for a million tokens, and for 1,000 tickets of 500 tokens read and 200 written.
* is the model of this service, + its strong model. Sources and dates: formcall models --json"""


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON, with their sources.")
@click.pass_context
@report_errors
def models(context: click.Context, *, as_json: bool) -> None:
    """List the models with their prices, the day each ends and what follows it."""
    if context.invoked_subcommand:
        return
    from connector.providers.pricing.models import load_models

    settings = read_settings()
    known = load_models(settings.models_file)
    if as_json:
        rows = [_as_json(row) for row in known.rows.values()]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for line in _table([_HEADER, *(_cells(row, known, settings) for row in known.rows.values())]):
        click.echo(line)
    click.echo()
    click.echo(_LEGEND)


@models.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@report_errors
def check(file: Path) -> None:
    """Check a file of your own models (for FORMCALL_MODELS); a mistake has its line."""
    from connector.providers.pricing.comparison import tickets_usd
    from connector.providers.pricing.models import load_models, read_own_rows

    own_rows, own_profiles = read_own_rows(file, load_models().rows)
    merged = load_models(file)
    for row in own_rows.values():
        price = tickets_usd(row)
        cost = "price unknown" if price is None else f"${price:.2f} for 1,000 tickets"
        click.echo(f"{row.id}: {cost}, {_window(row)}")
        for remark in _remarks(row, merged):
            click.echo(f"  note: {remark}")
    counts = (_counted(len(own_rows), "model"), _counted(len(own_profiles), "profile"))
    click.echo(f"valid: {', '.join(counts)}")


def _cells(row: Model, known: Models, settings: Settings) -> tuple[str, ...]:
    from connector.providers.pricing.comparison import tickets_usd

    marks = "*" if known.find(settings.model) is row else ""
    marks += "+" if known.find(settings.model_strong) is row else ""
    tickets = tickets_usd(row)
    return (
        f"{row.id} {marks}".strip(),
        *(_amount(row.price.get(kind)) for kind in ("input", "cached", "output")),
        "-" if tickets is None else f"${tickets:.2f}",
        row.shutdown or "-",
        ", ".join(row.successors) or "-",
    )


def _amount(price: float | None) -> str:
    return "-" if price is None else f"{price:.3f}".removesuffix("0")


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _as_json(row: Model) -> Json:
    from connector.providers.pricing.comparison import tickets_usd

    names = ("id", "price", "long", "tiers", "context", "max_input", "max_output", "efforts")
    dates = ("shutdown", "successors", "source", "as_of")
    values = {name: getattr(row, name) for name in (*names, *dates)}
    return {**values, "usd_for_1000_tickets": tickets_usd(row)}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _window(row: Model) -> str:
    if not row.context:
        return "window unknown"
    written = f", writes {row.max_output:,}" if row.max_output else ""
    return f"reads {row.max_input:,} tokens{written}"


def _remarks(row: Model, merged: Models) -> Iterator[str]:
    """What a row may lack, and what that means."""
    if not row.price:
        yield "without `price`, runs with a budget are refused, and `cost_usd` is null."
    if not row.context:
        yield "without `context`, text that is too long is only refused by the server."
    if not row.max_output:
        yield "without `max_output`, an answer may be given more room than the server accepts."
    for name in row.successors:
        if not merged.find(name).price:
            yield f"its successor {name} has no row with a price, so budgets need one as well."
