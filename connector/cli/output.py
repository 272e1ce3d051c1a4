"""Showing an answer in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.catalogue import Action
from connector.engine.engine import Outcome

_MAX_CHARACTERS = 3_000


def show_answer(action: Action, outcome: Outcome) -> None:
    """Print the answer's own values as a table, then the engine, the time and the cost."""
    console = Console()
    table = Table(
        title=action.title,
        title_justify="left",
        show_header=False,
        box=None,
        pad_edge=False,
        min_width=len(action.title),  # a title is wrapped at the width of its table
    )
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in outcome.values.items():
        if not _is_duplicate(name, outcome.values):
            # Text, because rich would read brackets in a plain string as markup
            table.add_row(name, Text(_to_text(value)))
    console.print(table)
    console.print(Text(cost_line(outcome), style="dim"))
    for warning in outcome.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))


def cost_line(outcome: Outcome) -> str:
    """One line with the engine, model, time and cost."""
    cost = "cost unknown" if outcome.cost_usd is None else f"${outcome.cost_usd:.5f}"
    usage = outcome.usage
    tokens = f"{usage.input} + {usage.output} tokens, " if usage.input else ""
    return (
        f"{outcome.engine} · {outcome.model} · {outcome.duration_ms} ms · {tokens}{cost} · "
        f"{outcome.id}"
    )


def _is_duplicate(name: str, values: dict[str, Any]) -> bool:
    """Whether ``name`` repeats another value in a form for no-code tools."""
    if name in {"names", "values"}:
        return "data" in values
    return name.endswith(("_text", "_json")) and name.rpartition("_")[0] in values


def _to_text(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_to_text(entry)}" for key, entry in value.items())
    if isinstance(value, list):
        return "\n".join(_entry_text(entry) for entry in value) or "-"
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"


def _entry_text(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    return ", ".join(f"{key} {_to_text(value)}" for key, value in entry.items())
