"""A report in Markdown: the caller's sections with numbers put in, and tables of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

TABLES = ("totals", "groups", "periods")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class UnknownPlaceholder(ValueError):
    """A section has a placeholder without a value; its name."""


def placeholders(numbers: Sequence[Mapping[str, Any]], facts: Mapping[str, str]) -> dict[str, str]:
    """What may stand in braces: ``revenue``, ``revenue change``, ``revenue North``, ``period``."""
    known = {_folded(name): text for name, text in facts.items()}
    period = facts.get("period", "")
    for row in reversed(numbers):
        if (row["period"] or "") != period:
            continue
        name = f"{row['metric']} {row['group']}" if row["group"] else row["metric"]
        known[_folded(name)] = row["shown"] or "-"
        known[_folded(f"{name} previous")] = row["previous_text"]
        known[_folded(f"{name} change")] = change_text(row["change"])
    return known


def change_text(change: float | None) -> str:
    """``+12.5%`` for 0.125."""
    return "-" if change is None else f"{change * 100:+,.1f}%"


def fill(text: str, known: Mapping[str, str], tables: Mapping[str, str]) -> str:
    """``text`` with its placeholders filled; ``UnknownPlaceholder`` for another name."""

    def value(match: re.Match[str]) -> str:
        name = _folded(match[1])
        if name in known:
            return plain(known[name])
        if name in tables:
            return f"\n\n{tables[name]}\n\n"
        raise UnknownPlaceholder(match[1].strip()[:60])

    return _PLACEHOLDER.sub(value, text)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column on the left."""
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def plain(text: str) -> str:
    """``text`` of a cell without what Markdown or HTML would take for its own."""
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), ("[", "&#91;"), ("`", "&#96;")):
        text = text.replace(sign, written)
    return " ".join(text.split())


def _cell(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace("|", "\\|")
