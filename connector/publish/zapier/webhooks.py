"""zapier/WEBHOOKS.md: every action by *Webhooks by Zapier* alone. Each step on the page is data here, and a test runs it as Zapier does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.catalogue import OPTIONS, Action, Catalogue, Field
from connector.publish.samples import sample_input

Json = dict[str, Any]

EXAMPLE_URL = "https://forms.example"
KEY, CATCH_HOOK = "YOUR_KEY", "YOUR_CATCH_HOOK_URL"
TOKEN, RUN, SUBSCRIPTION = "YOUR_TOKEN", "YOUR_RUN_ID", "YOUR_SUBSCRIPTION_ID"
_KEY_HEADER = {"X-API-Key": KEY}
_JSON_HEADERS = {"Content-Type": "application/json", **_KEY_HEADER}
_CUSTOM = "Custom Request"
_NOT_TAKEN = ("stream",)  # a step reads an answer once it is whole


@dataclass(frozen=True)
class Step:
    """A step as its form is filled in; ``data`` is the rows of a POST, ``body`` what a Custom Request sends as it is."""

    event: str
    url: str
    method: str = ""
    payload: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)

    def table(self) -> str:
        """The boxes and what to enter, as a table of Markdown; the body follows it."""
        rows = "".join(f"| {box} | {name and f'`{name}`'} | {_cell(value)} |\n" for box, name, value in self._rows())
        body = f"\nData:\n\n```json\n{json.dumps(self.body, ensure_ascii=False, indent=2)}\n```\n" if self.body else ""
        return f"| box | name | value |\n|---|---|---|\n{rows}{body}"

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        single = {"Action event": self.event, "Method": self.method, "URL": self.url, "Payload Type": self.payload}
        yield from ((box, "", value) for box, value in single.items() if value)
        several = {"Query String Params": self.query, "Data": self.data, "Headers": self.headers}
        yield from ((box, name, _typed(value)) for box, values in several.items() for name, value in values.items())


def build_webhooks_page(catalogue: Catalogue, public_url: str = "") -> bytes:
    """The file ``zapier/WEBHOOKS.md``."""
    address = public_url.rstrip("/") or EXAMPLE_URL
    actions = list(catalogue.values())
    shown = next((action for action in actions if action.group == "text"), actions[0])  # a text is what most people have
    tables = {name: step.table() for name, step in _steps(shown, address).items()}
    each = "\n".join(_action(action, address) for action in actions)
    every = [entry for name, entry in OPTIONS.items() if name not in _NOT_TAKEN and all(name in action.form for action in actions)]
    options = "".join(f"| `{entry.name}` | {_cell(_help(entry))} |\n" for entry in every)
    return _PAGE.format(address=address, actions=each, options=options, **tables).encode()


def _action(action: Action, address: str) -> str:
    """One action as a POST step with its first example, and its other fields."""
    values = sample_input(action)
    others = "".join(f"- `{entry.name}`: {entry.label}. {_help(entry)}\n" for entry in action.fields.values() if entry.name not in values)
    more = f"\nFurther rows of Data, if you want them:\n\n{others}" if others else ""
    return f"### {action.title}\n\n{action.summary}\n\n{_post(action, address, values).table()}{more}"


def _steps(action: Action, address: str) -> dict[str, Step]:
    """What else can be done, each with ``action``."""
    values = sample_input(action)
    read = action.read_form(values)
    text = next(name for name, entry in action.fields.items() if entry.required)
    fixed = {name: value for name, value in values.items() if name != text}
    hook = {"name": f"{action.title} from Zapier", "action": action.id, "fixed": fixed, "mapping": {text: "message"}}
    hooks, subscriptions = f"{address}/v1/hooks", f"{address}/v1/subscriptions"
    subscription = {"event": "run.completed", "target_url": CATCH_HOOK}
    return {
        "free": _post(action, address, values, {"X-Sample": "1"}),
        "custom": Step(_CUSTOM, _url(action, address), "POST", headers=_JSON_HEADERS, body={name: read[name] for name in values}),
        "later": _post(action, address, {**values, "wait_seconds": 0, "callback_url": CATCH_HOOK}),
        "look": Step("GET", f"{address}/v1/runs/{RUN}", query={"wait_seconds": "20"}, headers=_KEY_HEADER),
        "make": Step(_CUSTOM, hooks, "POST", headers=_JSON_HEADERS, body=hook),
        "post": Step("POST", f"{hooks}/{TOKEN}", payload="form", data={"message": values[text]}),
        "subscribe": Step("POST", subscriptions, payload="json", data=subscription, headers=_KEY_HEADER),
        "unsubscribe": Step(_CUSTOM, f"{subscriptions}/{SUBSCRIPTION}", "DELETE", headers=_KEY_HEADER),
    }


def _post(action: Action, address: str, values: Json, headers: Mapping[str, str] | None = None) -> Step:
    return Step("POST", _url(action, address), payload="json", data=values, headers={**_KEY_HEADER, **(headers or {})})


def _url(action: Action, address: str) -> str:
    return f"{address}/v1/actions/{action.id}"


def _help(entry: Field) -> str:
    listed = f"`{'`, `'.join(choice.value for choice in entry.choices)}`" if entry.choices else ""
    return " ".join(filter(None, (entry.help, listed and f"What may be given: {listed}.")))


def _typed(value: Any) -> str:
    """A value as a person types it into a box."""
    return value if isinstance(value, str) else json.dumps(value)


def _cell(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;").replace("\n", "<br>")


_PAGE = """\
# Formcall in Zapier without an app

The steps of *Webhooks by Zapier* are enough to use every action. Each table below is one step: `box` is what Zapier calls the box,
`name` stands in its left half where it has two, `value` is what to enter; a line break in a value is a line break in the box.
Put your service's address in place of `{address}` and your API key in place of `YOUR_KEY`.

- **Everything may be text.** Zapier sends numbers and switches of a POST step as text, and leaves out boxes that are empty. Both are right
  here: an empty box and a missing one are the same, and `true`, `yes` and `1` are.
- **Lists are lines.** One entry a line; no JSON. Payload Type `json` and `form` work alike. Leave *Unflatten* and *Wrap Request in
  Array* as they are: no field of ours has `__` in its name.
- **Answers are flat.** `result` is the one text to show. A list comes as a list, and as one text under the same name with `_text`.
- **Thirty seconds** is the most that Zapier waits. The service waits 25 and then answers with status 202 and the run's `id`; see
  *Long runs* below.
- **Too much at once** (429) carries `Retry-After`, and Zapier then tries the step again by itself. Any other failure stops the step and
  shows what the service said: `detail` is the sentence to read.
- **Never twice**: add `idempotency_key` to Data, with something that names the order, the row or the message. A step that Zapier repeats
  then gets the same run, and nothing is paid again.

## The actions

{actions}
### For every action

Rows of Data that each of them takes as well:

| name | what it does |
|---|---|
{options}
## Set a step up for free

With the header `X-Sample` the service answers the action's example, in full shape, and asks nobody. Take it out when the Zap is ready.

{free}
## JSON as you write it: Custom Request

A POST step cannot send lists within JSON; Custom Request sends its Data as it is. Values from earlier steps are put into it by Zapier
as they are, and a quote or a line break in one of them breaks the JSON. Prefer POST where you can.

{custom}
## Long runs: be called back

Make a second Zap that begins with *Webhooks by Zapier*, **Catch Hook**, and copy its address. Give that to the step as `callback_url`, and
do not wait for the answer:

{later}
The step answers at once with `status` (`queued` or `running`) and the run's `id`. When the run has ended, its answer arrives at the
Catch Hook, with `event` (`run.completed` or `run.failed`) beside the same keys as always. Of a failure `code` is there to branch on and
`detail` to show. It is sent again until Zapier has taken it.

Or look for it in a later step, with the `id` of the first one; this waits up to 20 seconds for the run to end:

{look}
## No key in the Zap: an inbound hook

A hook is an address of its own that runs one action with fields you fixed, and needs no header. Make it once, here or with
`formcall hook create`. In `mapping` stands for a field of the action which name the sender gives it:

{make}
The answer has `url`, the hook's address with its token. It is a secret, and is shown only then. From then on:

{post}
## Hear of every run

A Catch Hook can be told of each run of your key, whoever began it. `event` is `run.completed`, `run.failed` or `batch.completed`.

{subscribe}
The answer's `id` ends it again:

{unsubscribe}
## Checked

Every step above is run by a test against a real service, in the form in which Zapier sends it: the agent `Zapier`, flat fields, numbers
as text, empty boxes left out, JSON and form alike. The callback is caught by a receiver that reads it as a Catch Hook does. Zapier
itself was not part of that, since it runs only at Zapier.
"""
