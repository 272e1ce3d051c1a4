"""Showing an answer in a terminal, as a person would read it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.catalogue import Action
from connector.engine.run import Outcome

_LONG = 300


def show_answer(action: Action, outcome: Outcome) -> None:
    """The answer's own values as a table, then who made it, how long it took and what it cost."""
    console = Console()
    table = Table(title=action.title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in outcome.values.items():
        if not _is_twin(name, outcome.values):
            # Text, not markup: what a text says in brackets is not formatting
            table.add_row(name, Text(_readable(value)))
    console.print(table)
    console.print(Text(bill_line(outcome), style="dim"))
    for warning in outcome.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))


def bill_line(outcome: Outcome) -> str:
    """One line on engine, model, time and cost."""
    cost = "cost unknown" if outcome.cost_usd is None else f"${outcome.cost_usd:.5f}"
    tokens = f"{outcome.usage.input} + {outcome.usage.output} tokens, " if outcome.usage.input else ""
    return f"{outcome.engine} · {outcome.model} · {outcome.duration_ms} ms · {tokens}{cost} · {outcome.id}"


def _is_twin(name: str, values: dict[str, Any]) -> bool:
    base = name.rpartition("_")[0]
    return (name.endswith(("_text", "_json")) and base in values) or (name in {"names", "values"} and "data" in values)


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_readable(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "\n".join(_entry(one) for one in value) or "-"
    if value is None:
        return "-"
    text = "yes" if value is True else "no" if value is False else str(value)
    return text if len(text) <= _LONG * 10 else f"{text[: _LONG * 10]}…"


def _entry(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{key} {_readable(one)}" for key, one in value.items())
