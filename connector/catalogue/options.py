"""The options of a run: no action's file repeats them. Forms show them as "Advanced".

Every action has them, but for a few that only some can use (``OFFERED``), and which the others' forms are spared. Some of them speak
to the model (effort, language, instructions); the others say how the run is carried out and paid, and no prompt ever sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from connector.catalogue.fields import Field, Return
from connector.catalogue.values import Choice

Json = dict[str, Any]

WAIT_SECONDS = 25  # below the thirty seconds that the most impatient of the platforms waits
MOST_WAIT_SECONDS = 100
CACHE_SECONDS = {"off": 0, "1h": 3_600, "1d": 86_400, "7d": 604_800}

OPTIONS: dict[str, Field] = {
    option.name: option
    for option in (
        Field(
            name="effort",
            type="choice",
            label="Effort",
            help="How long the model may think. More effort costs more and takes longer.",
            choices=(Choice("low", "Low"), Choice("medium", "Medium"), Choice("high", "High")),
        ),
        Field(
            name="language",
            type="text",
            label="Language",
            help="The language to answer in, such as English or Deutsch. Empty: the language of the text.",
            max=60,
        ),
        Field(
            name="instructions",
            type="longtext",
            label="Extra instructions",
            help="Anything the model should also know or do, in your own words.",
            max=20_000,
        ),
        Field(
            name="quality",
            type="choice",
            label="Quality",
            help="Which model answers. Automatic asks the stronger one only where the first is not sure or not valid.",
            choices=(Choice("standard", "Standard"), Choice("strong", "Strong"), Choice("auto", "Automatic")),
        ),
        Field(
            name="votes",
            type="choice",
            label="Votes",
            help="How often to ask. A value counts that most calls gave, and the confidence is the share of them that agree.",
            choices=(Choice("1", "1"), Choice("3", "3"), Choice("5", "5")),
        ),
        Field(
            name="max_cost_usd",
            type="number",
            label="Max cost (US dollars)",
            help="The most this run may cost, such as 0.05. It is refused, or ends, before it costs more.",
            min=0,
            max=1_000_000,
        ),
        Field(
            name="dry_run",
            type="boolean",
            label="Dry run",
            help="Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost.",
        ),
        Field(
            name="idempotency_key",
            type="text",
            label="Idempotency key",
            help="Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours.",
            max=255,
        ),
        Field(
            name="wait_seconds",
            type="number",
            label="Wait (seconds)",
            help=f"How long to wait for the answer: {WAIT_SECONDS} if empty, 0 not at all. The run then goes on, and you have its id.",
            min=0,
            max=MOST_WAIT_SECONDS,
        ),
        Field(
            name="callback_url",
            type="text",
            label="Callback URL",
            help="An https address that the answer is also sent to once the run has ended.",
            max=2_000,
        ),
        Field(
            name="cache",
            type="choice",
            label="Cache",
            help="How long the same request may be answered from before, free. Off unless you choose it.",
            choices=(Choice("off", "Off"), Choice("1h", "1 hour"), Choice("1d", "1 day"), Choice("7d", "7 days")),
        ),
        Field(
            name="tag",
            type="text",
            label="Tag",
            help="A word of yours to find this run by, such as a customer or a campaign.",
            max=100,
        ),
        Field(
            name="stream",
            type="boolean",
            label="Stream",
            help="Send the text while it is being written, as server-sent events. For tools that can read them.",
        ),
        Field(
            name="previous_run",
            type="text",
            label="Previous run",
            help="The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were.",
            max=100,
        ),
        Field(
            name="feedback",
            type="longtext",
            label="Feedback",
            help="What the new version should do otherwise, such as: shorter, and name the date.",
            max=20_000,
        ),
    )
}


def _flows(returns: Mapping[str, Return]) -> bool:
    """Whether the answer is a text first of all."""
    return next(iter(returns.values())).flows


def _compares(returns: Mapping[str, Return]) -> bool:
    """Whether the answer is first of all something that two calls can give alike: choices, or the caller's fields."""
    first = next(iter(returns.values()))
    return bool(first.choices or first.choices_from or first.shape_from)


# the options that only some actions have, by what those give
OFFERED: dict[str, Callable[[Mapping[str, Return]], bool]] = {
    "stream": _flows,
    "votes": _compares,
    "previous_run": _flows,
    "feedback": _flows,
}


def offered(returns: Mapping[str, Return]) -> dict[str, Field]:
    """The options of an action that gives these values."""
    return {name: entry for name, entry in OPTIONS.items() if name not in OFFERED or OFFERED[name](returns)}


# what is written into the strictest of forms beside an action's own fields; see the limit in the tests of what is published
PROMPT_OPTIONS = ("effort", "language", "instructions")


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out and paid. Times are seconds, money is US dollars; empty texts mean not given."""

    max_cost_usd: float | None = None
    dry_run: bool = False
    idempotency_key: str = ""
    wait_seconds: float = WAIT_SECONDS
    callback_url: str = ""
    cache: str = "off"
    tag: str = ""
    stream: bool = False
    previous_run: str = ""


_RUN_OPTIONS = tuple(entry.name for entry in fields(RunOptions))


def take_options(form: Mapping[str, Any]) -> tuple[Json, RunOptions]:
    """A form's values for the action and its model, and apart from them how the run is to be carried out."""
    given = {name: form[name] for name in _RUN_OPTIONS if name in form}
    return {name: value for name, value in form.items() if name not in given}, RunOptions(**given)
