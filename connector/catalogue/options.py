"""The run options, which forms show as "Advanced" and action files do not repeat.

Every action has them, except those in ``CONDITIONAL_OPTIONS``, which only some actions can use.
Some are part of the prompt (effort, language, instructions); the others control how the run is
executed and paid for, and never reach a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from connector.catalogue.fields import TYPES, Field, ReturnField
from connector.catalogue.requirements import protected_fields
from connector.catalogue.values import Choice
from connector.json_types import Json

WAIT_SECONDS = 25  # below the 30 seconds that the platform with the shortest timeout waits
MAX_WAIT_SECONDS = 100
REVIEW_POLICIES = ("never", "checks", "unsure", "always")
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
            help=(
                "The language to answer in, such as English or Deutsch. Empty: the language of "
                "the text."
            ),
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
            name="timezone",
            type="text",
            label="Time zone",
            help=(
                "The time zone of dates and times in the text that state none, such as "
                "Europe/Berlin. They are returned with its offset."
            ),
            max=60,
            format="timezone",
        ),
        Field(
            name="region",
            type="text",
            label="Region",
            help=(
                "The country of the text, such as DE or US: for phone numbers without a country "
                "code, dates such as 03/04, and the currency of a bare $."
            ),
            max=60,
            format="region",
        ),
        Field(
            name="quality",
            type="choice",
            label="Quality",
            help=(
                "Which model answers. Automatic calls the stronger one only if the first answer is "
                "uncertain or invalid."
            ),
            choices=(
                Choice("standard", "Standard"),
                Choice("strong", "Strong"),
                Choice("auto", "Automatic"),
            ),
        ),
        Field(
            name="votes",
            type="choice",
            label="Votes",
            help=(
                "How many calls to make. The value that most calls return is used, and the "
                "confidence is the share of calls that agree."
            ),
            choices=(Choice("1", "1"), Choice("3", "3"), Choice("5", "5")),
        ),
        Field(
            name="max_cost_usd",
            type="number",
            label="Max cost (US dollars)",
            help=(
                "The most this run may cost, such as 0.05. It is refused, or stopped, before it "
                "costs more."
            ),
            min=0,
            max=1_000_000,
        ),
        Field(
            name="dry_run",
            type="boolean",
            label="Dry run",
            help=(
                "Call no model and spend nothing: show the request that would be sent, its "
                "tokens, its usual and its maximum cost."
            ),
        ),
        Field(
            name="idempotency_key",
            type="text",
            label="Idempotency key",
            help=(
                "Any text that identifies this step, such as an order number. The same key "
                "returns the same run for 24 hours."
            ),
            max=255,
        ),
        Field(
            name="wait_seconds",
            type="number",
            label="Wait (seconds)",
            help=(
                f"How long to wait for the answer: {WAIT_SECONDS} if empty, 0 for not at all. The "
                "run then continues, and you get its id."
            ),
            min=0,
            max=MAX_WAIT_SECONDS,
        ),
        Field(
            name="callback_url",
            type="text",
            label="Callback URL",
            help="An https URL to which the answer is also sent when the run has ended.",
            max=2_000,
        ),
        Field(
            name="cache",
            type="choice",
            label="Cache",
            help=(
                "How long an earlier answer to the same request may be reused, free of charge. Off "
                "by default."
            ),
            choices=(
                Choice("off", "Off"),
                Choice("1h", "1 hour"),
                Choice("1d", "1 day"),
                Choice("7d", "7 days"),
            ),
        ),
        Field(
            name="tag",
            type="text",
            label="Tag",
            help="A label to find this run by, such as a customer or a campaign.",
            max=100,
        ),
        Field(
            name="stream",
            type="boolean",
            label="Stream",
            help=(
                "Send the text while it is being written, as server-sent events. For tools that "
                "can read them."
            ),
        ),
        Field(
            name="previous_run",
            type="text",
            label="Previous run",
            help=(
                "The id of an earlier run of this action, to get a new version of its text. "
                "Fields left empty keep their earlier values."
            ),
            max=100,
        ),
        Field(
            name="feedback",
            type="longtext",
            label="Feedback",
            help="What to change in the new version, such as: shorter, and mention the date.",
            max=20_000,
        ),
        Field(
            name="clean",
            type="choice",
            label="Clean text",
            help=(
                "How a text is read that was sent as HTML, as the source of an e-mail or as JSON: "
                "automatically as clean text, or as it was sent."
            ),
            choices=(Choice("auto", "Automatic"), Choice("off", "Off")),
        ),
        Field(
            name="read_text",
            type="boolean",
            label="Return the text",
            help="Return the text that was read, to which the offsets of quotes refer.",
        ),
        Field(
            name="pictures",
            type="choice",
            label="Pictures",
            help=(
                "What a model that sees images is shown of a document beside its text: what the "
                "text does not tell, such as scans, logos and charts; each page; or nothing."
            ),
            choices=(
                Choice("auto", "Automatic"),
                Choice("all", "All pages"),
                Choice("none", "None"),
            ),
        ),
        Field(
            name="ocr",
            type="choice",
            label="OCR",
            help=(
                "Whether this server reads the words of scans and images itself: automatically "
                "where no model sees them, always, so that quotes from them can be verified, or "
                "never."
            ),
            choices=(
                Choice("auto", "Automatic"),
                Choice("always", "Always"),
                Choice("off", "Off"),
            ),
        ),
        Field(
            name="review",
            type="choice",
            label="Review",
            help=(
                "Which answers wait until a person has accepted or corrected them: none; where a "
                "check failed; where the confidence is below 0.8 or nothing was found; all."
            ),
            choices=(
                Choice("never", "Never"),
                Choice("checks", "When a check failed"),
                Choice("unsure", "When unsure"),
                Choice("always", "Always"),
            ),
        ),
    )
}


def _is_text(returns: Mapping[str, ReturnField]) -> bool:
    """Whether the first value of the answer is a text that can be streamed."""
    return next(iter(returns.values())).is_streamable


def _is_comparable(returns: Mapping[str, ReturnField]) -> bool:
    """Whether two calls can give an equal first value: choices, or the caller's fields.

    A value that the server always derives is none that calls give.
    """
    first = next(iter(returns.values()))
    if first.fill and not first.when:
        return False
    return bool(first.choices or first.choices_from or first.shape_from)


def _states_values(returns: Mapping[str, ReturnField]) -> bool:
    """Whether the answer states what a text says, so its dates, phone numbers and amounts.

    An action that only chooses has no use for their zone and country.
    """
    first = next(iter(returns.values()))
    return not (first.choices or first.choices_from)


# the options that only some actions have, with the test of an action's return values
CONDITIONAL_OPTIONS: dict[str, Callable[[Mapping[str, ReturnField]], bool]] = {
    "stream": _is_text,
    "timezone": _states_values,
    "region": _states_values,
    "votes": _is_comparable,
    "previous_run": _is_text,
    "feedback": _is_text,
}


# the options of actions that have a long text field which is cleaned before a model reads it
TEXT_OPTIONS = {"clean", "read_text"}
# and of those that have a file field
FILE_OPTIONS = {"ocr", "pictures"}
# the options that only say how a model answers; an action that the server computes has none of them
MODEL_OPTIONS = {
    *("effort", "language", "instructions", "timezone", "quality", "votes", "stream"),
    *("previous_run", "feedback"),
}


# the options that a text has no use for whose pieces are kept as they were sent: a translation
KEPT_TEXT_OPTIONS = {"clean", "read_text", "language", "timezone", "region"}


def options_for(
    returns: Mapping[str, ReturnField], form_fields: Mapping[str, Field], *, computed: bool = False
) -> dict[str, Field]:
    """The options of an action with these fields that returns these values."""
    has_text = not computed and any(entry.type == "longtext" for entry in form_fields.values())
    is_kept = bool(protected_fields(returns))
    has_file = any(TYPES[entry.type].is_file for entry in form_fields.values())
    return {
        name: entry
        for name, entry in OPTIONS.items()
        if (name not in CONDITIONAL_OPTIONS or CONDITIONAL_OPTIONS[name](returns))
        and (name not in TEXT_OPTIONS or has_text)
        and (name not in FILE_OPTIONS or has_file)
        and (name not in MODEL_OPTIONS or not computed)
        and (name not in KEPT_TEXT_OPTIONS or not is_kept)
    }


# the only options in the form with the strictest size limit; see the tests of the published files
PROMPT_OPTIONS = ("effort", "language", "instructions")


@dataclass(frozen=True)
class RunOptions:
    """How a run is executed and paid for: seconds, US dollars; an empty text means not given."""

    max_cost_usd: float | None = None
    dry_run: bool = False
    idempotency_key: str = ""
    wait_seconds: float = WAIT_SECONDS
    callback_url: str = ""
    cache: str = "off"
    tag: str = ""
    stream: bool = False
    previous_run: str = ""
    read_text: bool = False
    review: str = ""


_RUN_OPTIONS = tuple(entry.name for entry in fields(RunOptions))


def split_options(form: Mapping[str, Any]) -> tuple[Json, RunOptions]:
    """A form's values for the action and its prompts, and separately its run options."""
    given = {name: form[name] for name in _RUN_OPTIONS if name in form}
    return {name: value for name, value in form.items() if name not in given}, RunOptions(**given)
