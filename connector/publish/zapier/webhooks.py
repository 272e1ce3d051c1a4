"""zapier/WEBHOOKS.md: every action with *Webhooks by Zapier* only. Each step on the page is data
here, and a test sends it as Zapier does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue import OPTIONS, Action, Catalogue, Field
from connector.json_types import Json
from connector.publish.samples import example_input

EXAMPLE_URL = "https://forms.example"
KEY, CATCH_HOOK = "YOUR_KEY", "YOUR_CATCH_HOOK_URL"
TOKEN, RUN, SUBSCRIPTION = "YOUR_TOKEN", "YOUR_RUN_ID", "YOUR_SUBSCRIPTION_ID"
_KEY_HEADER = {"X-API-Key": KEY}
_JSON_HEADERS = {"Content-Type": "application/json", **_KEY_HEADER}
_CUSTOM = "Custom Request"
_NOT_TAKEN = ("stream",)  # a step cannot read a streamed answer


@dataclass(frozen=True)
class WebhookStep:
    """A filled-in step; ``data`` are the rows of a POST, ``body`` is sent unchanged by a Custom
    Request."""

    event: str
    url: str
    method: str = ""
    payload: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)

    def table(self) -> str:
        """The boxes and what to enter, as a Markdown table, followed by the body."""
        rows = "".join(
            f"| {box} | {name and f'`{name}`'} | {_cell(value)} |\n"
            for box, name, value in self._rows()
        )
        body = (
            f"\nData:\n\n```json\n{json.dumps(self.body, ensure_ascii=False, indent=2)}\n```\n"
            if self.body
            else ""
        )
        return f"| box | name | value |\n|---|---|---|\n{rows}{body}"

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        single = {
            "Action event": self.event,
            "Method": self.method,
            "URL": self.url,
            "Payload Type": self.payload,
        }
        yield from ((box, "", value) for box, value in single.items() if value)
        several = {"Query String Params": self.query, "Data": self.data, "Headers": self.headers}
        yield from (
            (box, name, _typed(value))
            for box, values in several.items()
            for name, value in values.items()
        )


def build_webhooks_page(catalogue: Catalogue, public_url: str = "") -> bytes:
    """The file ``zapier/WEBHOOKS.md``."""
    address = public_url.rstrip("/") or EXAMPLE_URL
    actions = list(catalogue.values())
    shown = next(
        (action for action in actions if action.group == "text"), actions[0]
    )  # most people have a text
    tables = {name: step.table() for name, step in _steps(shown, address).items()}
    each = "\n".join(_action(action, address) for action in actions)
    every = [
        entry
        for name, entry in OPTIONS.items()
        if name not in _NOT_TAKEN and all(name in action.form for action in actions)
    ]
    options = "".join(f"| `{entry.name}` | {_cell(_help(entry))} |\n" for entry in every)
    return _PAGE.format(address=address, actions=each, options=options, **tables).encode()


def _action(action: Action, address: str) -> str:
    """One action as a POST step with its first example, and its other fields."""
    values = example_input(action)
    others = "".join(
        f"- `{entry.name}`: {entry.label}. {_help(entry)}\n"
        for entry in action.fields.values()
        if entry.name not in values
    )
    more = f"\nFurther rows of Data, if you want them:\n\n{others}" if others else ""
    return (
        f"### {action.title}\n\n{action.summary}\n\n{_post(action, address, values).table()}{more}"
    )


def _steps(action: Action, address: str) -> dict[str, WebhookStep]:
    """The other steps of the page, each with ``action``."""
    values = example_input(action)
    read = action.read_form(values)
    text = next(name for name, entry in action.fields.items() if entry.required)
    fixed = {name: value for name, value in values.items() if name != text}
    hook = {
        "name": f"{action.title} from Zapier",
        "action": action.id,
        "fixed": fixed,
        "mapping": {text: "message"},
    }
    hooks, subscriptions = f"{address}/v1/hooks", f"{address}/v1/subscriptions"
    subscription = {"event": "run.completed", "target_url": CATCH_HOOK}
    return {
        "free": _post(action, address, values, {"X-Sample": "1"}),
        "custom": WebhookStep(
            _CUSTOM,
            _url(action, address),
            "POST",
            headers=_JSON_HEADERS,
            body={name: read[name] for name in values},
        ),
        "later": _post(action, address, {**values, "wait_seconds": 0, "callback_url": CATCH_HOOK}),
        "look": WebhookStep(
            "GET", f"{address}/v1/runs/{RUN}", query={"wait_seconds": "20"}, headers=_KEY_HEADER
        ),
        "make": WebhookStep(_CUSTOM, hooks, "POST", headers=_JSON_HEADERS, body=hook),
        "post": WebhookStep(
            "POST", f"{hooks}/{TOKEN}", payload="form", data={"message": values[text]}
        ),
        "subscribe": WebhookStep(
            "POST", subscriptions, payload="json", data=subscription, headers=_KEY_HEADER
        ),
        "unsubscribe": WebhookStep(
            _CUSTOM, f"{subscriptions}/{SUBSCRIPTION}", "DELETE", headers=_KEY_HEADER
        ),
    }


def _post(
    action: Action, address: str, values: Json, headers: Mapping[str, str] | None = None
) -> WebhookStep:
    return WebhookStep(
        "POST",
        _url(action, address),
        payload="json",
        data=values,
        headers={**_KEY_HEADER, **(headers or {})},
    )


def _url(action: Action, address: str) -> str:
    return f"{address}/v1/actions/{action.id}"


def _help(entry: Field) -> str:
    listed = f"`{'`, `'.join(choice.value for choice in entry.choices)}`" if entry.choices else ""
    return " ".join(filter(None, (entry.help, listed and f"Possible values: {listed}.")))


def _typed(value: Any) -> str:
    """A value as typed into a box."""
    return value if isinstance(value, str) else json.dumps(value)


def _cell(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;").replace("\n", "<br>")
    )


_PAGE = """\
# Formcall in Zapier without an app

The steps of *Webhooks by Zapier* are enough to use every action. Each table below is one step:
`box` is Zapier's name of the box, `name` is its left half where it has two, `value` is what to
enter. A line break in a value is a line break in the box. Put your service's address in place of
`{address}` and your API key in place of `YOUR_KEY`.

- **Everything may be text.** Zapier sends numbers and switches of a POST step as text, and leaves
  out empty boxes. Both work: an empty box and a missing one are the same, and so are `true`, `yes`
  and `1`.
- **Lists are lines.** One entry a line; no JSON. Payload Type `json` and `form` work alike. Leave
  *Unflatten* and *Wrap Request in Array* unchanged: no field has `__` in its name.
- **Answers are flat.** `result` is the one text to show. A list comes as a list, and as one text
  under the same name with `_text`.
- **Thirty seconds** is the most that Zapier waits. The service waits 25 and then answers with
  status 202 and the run's `id`; `ok` is false and the values are empty. See *Long runs* below.
- **Too many requests** (429) carries `Retry-After`, and Zapier then repeats the step by itself. Any
  other failure stops the step and shows the service's message in `detail`.
- **Never twice**: add `idempotency_key` to Data, with a text that identifies the order, the row or
  the message. A step that Zapier repeats then gets the same run, and nothing is paid again.

## The actions

{actions}
### For every action

Rows of Data that each action accepts as well:

| name | what it does |
|---|---|
{options}
## Set a step up for free

With the header `X-Sample` the service answers the action's example in full shape, without calling a
model. Remove it when the Zap is ready.

{free}
## JSON as you write it: Custom Request

A POST step cannot send lists within JSON; Custom Request sends its Data unchanged. Zapier inserts
values of earlier steps without quoting them, so a quote or a line break in one of them breaks the
JSON. Prefer POST where you can.

{custom}
## Long runs: be called back

Create a second Zap that starts with *Webhooks by Zapier*, **Catch Hook**, and copy its address.
Give that to the step as `callback_url`, and do not wait for the answer:

{later} The step answers at once with `status` (`queued` or `running`) and the run's `id`. When the
run has ended, its answer arrives at the Catch Hook, with `event` (`run.completed` or `run.failed`)
beside the usual keys. A failure has `code` to branch on and `detail` to show. The message is
repeated until Zapier has accepted it.

Or read it in a later step, with the `id` of the first one; this waits up to 20 seconds for the run
to end:

{look}
## No key in the Zap: an inbound hook

A hook is an address of its own that runs one action with fixed fields, and needs no header. Create
it once, here or with `formcall hook create`. `mapping` gives for a field of the action the name
that the sender uses:

{make}
The answer has `url`, the hook's address with its token. It is a secret and is shown only once. From
then on:

{post}
## Be notified of every run

A Catch Hook can receive each run of your key, whichever tool started it. `event` is
`run.completed`, `run.failed` or `batch.completed`.

{subscribe}
The answer's `id` ends the subscription:

{unsubscribe}
## What is tested

Every step above is sent by a test to a real service in Zapier's format: the agent `Zapier`, flat
fields, numbers as text, empty boxes left out, JSON and form alike. A receiver that reads like a
Catch Hook accepts the callback. Zapier itself is not part of that, since it runs only at Zapier.
"""
