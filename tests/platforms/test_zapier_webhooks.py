"""zapier/WEBHOOKS.md: each step on the page is sent to a real service as Webhooks by Zapier sends
it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from connector.catalogue import load_catalogue
from connector.json_types import Json
from connector.publish.zapier import webhooks
from tests.support.receivers import Receiver
from tests.support.running_service import RunningService, serving
from tests.support.samples import ROOT, without_durations

PAGE = (ROOT / "zapier" / "WEBHOOKS.md").read_text(encoding="utf-8")
TABLE = re.compile(
    (
        r"^\| box \| name \| value \|\n\|---\|---\|---\|\n((?:\|[^\n]*\n)+)(?:\nData:\n\n"
        r"```json\n(.*?)```\n)?"
    ),
    re.M | re.S,
)
CATALOGUE = load_catalogue()


@dataclass
class Step:
    """A step of the page as a person fills it in: boxes with one value, and boxes with rows of a
    name and a value."""

    heading: str
    one: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    body: str = ""

    @property
    def name(self) -> str:
        return f"{self.heading} {self.one['Action event']} {self.one['URL'].partition('/v1')[2]}"


def read_steps() -> Iterator[Step]:
    for found in TABLE.finditer(PAGE):
        step = Step(re.findall(r"^##+ (.*)$", PAGE[: found.start()], re.M)[-1], body=found[2] or "")
        for line in found[1].splitlines():
            box, name, value = (
                html.unescape(cell.replace("<br>", "\n")).strip()
                for cell in line.strip("|").split("|")
            )
            if name:
                step.rows.setdefault(box, {})[name.strip("`")] = value
            else:
                step.one[box] = value
        yield step


STEPS = list(read_steps())
OF_ACTIONS = [
    step for step in STEPS if step.heading in {action.title for action in CATALOGUE.values()}
]


class Zapier:
    """Sends steps as Webhooks by Zapier does, with what a person puts in place of the page's own
    words."""

    def __init__(self, service: RunningService, **known: str) -> None:
        self.known = {webhooks.EXAMPLE_URL: service.address, webhooks.KEY: service.key, **known}

    def run(self, step: Step, *, payload: str = "", **more: str) -> requests.Response:
        """``more`` are further rows of Data; an empty one is left out, as every empty box is."""
        event, url = step.one["Action event"], self._known(step.one["URL"])
        headers = {"User-Agent": "Zapier", "Accept": "*/*", **self._rows(step, "Headers")}
        query = self._rows(step, "Query String Params")
        data = {
            name: value
            for name, value in {**self._rows(step, "Data"), **more}.items()
            if value != ""
        }
        sent: Json = {}
        if event == "Custom Request":
            sent = {"data": self._known(step.body).encode() or None}
        elif event == "POST":
            sent = (
                {"json": data}
                if (payload or step.one["Payload Type"]) == "json"
                else {"data": data}
            )
        return requests.request(
            step.one.get("Method", event), url, params=query, headers=headers, timeout=60, **sent
        )

    def _rows(self, step: Step, box: str) -> dict[str, str]:
        return {name: self._known(value) for name, value in step.rows.get(box, {}).items()}

    def _known(self, text: str) -> str:
        for word, value in self.known.items():
            text = text.replace(word, value)
        return text


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """A body as a Catch Hook shows it: objects become names with __ between, lists of objects one
    text for each of their names."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from flattened(one, f"{name}__{key}" if name else key)
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for key in value[0]:
            yield f"{name}__{key}", ",".join(str(one.get(key)) for one in value)
    else:
        yield name, ",".join(map(str, value)) if isinstance(value, list) else value


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """On the scripted engine; it may call receivers on this machine."""
    with serving(tmp_path_factory.mktemp("webhooks"), FORMCALL_ALLOW_HOSTS="127.0.0.1") as found:
        yield found


def under(heading: str) -> list[Step]:
    found = [step for step in STEPS if step.heading.startswith(heading)]
    assert found, heading
    return found


def test_every_action_is_on_the_page() -> None:
    """Each action has its step, and each of its fields is a row of it or named below it."""
    assert len(OF_ACTIONS) == len(CATALOGUE)
    for action in CATALOGUE.values():
        section = (
            PAGE.partition(f"### {action.title}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
        )
        assert [name for name in action.fields if f"`{name}`" not in section] == []


@pytest.mark.parametrize("payload", ["json", "form"])
@pytest.mark.parametrize("step", OF_ACTIONS, ids=lambda step: step.name)
def test_actions(service: RunningService, step: Step, payload: str) -> None:
    """The step of each action gives the example's answer, with either payload, with numbers as text
    and empty boxes beside."""
    response = Zapier(service).run(
        step, payload=payload, max_cost_usd="0.50", dry_run="false", tag="", language=""
    )
    assert response.status_code == 200, response.text
    answer = response.json()
    [action] = [one for one in CATALOGUE.values() if one.title == step.heading]
    expected = service.post(action.id, action.examples[0].input).json()
    assert [without_durations(answer[name]) for name in action.returns] == [
        without_durations(expected[name]) for name in action.returns
    ]
    assert not [name for name in answer if "__" in name]


def test_setting_up_for_free(service: RunningService) -> None:
    """The sample has the full shape, and is no run."""
    [step] = under("Set a step up")
    answer = Zapier(service, **{webhooks.KEY: service.key}).run(step).json()
    assert answer["id"] == "run_sample"
    assert None not in answer.values()


def test_custom_request(service: RunningService) -> None:
    """What is sent as it is, with a list in it, gives the same answer as the step with rows."""
    [step] = under("JSON as you write it")
    assert any(isinstance(value, list) for value in json.loads(step.body).values())
    answer = Zapier(service).run(step).json()
    [posted] = [one for one in OF_ACTIONS if one.one["URL"] == step.one["URL"]]
    assert (answer["ok"], answer["result"]) == (True, Zapier(service).run(posted).json()["result"])


def test_long_runs(service: RunningService) -> None:
    """A step that does not wait has the run's id; the Catch Hook gets the answer, flat, and a later
    step finds it as well."""
    later, look = under("Long runs")
    with Receiver() as hook:
        begun = Zapier(service, **{webhooks.CATCH_HOOK: hook.url}).run(later)
        assert (begun.status_code, begun.json()["status"]) == (202, "queued")
        [caught] = hook.wait()
    shown = dict(flattened(caught.json))
    assert (shown["event"], shown["id"], shown["status"]) == (
        "run.completed",
        begun.json()["id"],
        "done",
    )
    found = Zapier(service, **{webhooks.RUN: begun.json()["id"]}).run(look).json()
    assert (found["status"], found["result"]) == ("done", shown["result"])


def test_an_inbound_hook(service: RunningService) -> None:
    """A hook is made by one step; from then on a step without a header runs its action."""
    make, post = under("No key in the Zap")
    made = Zapier(service).run(make)
    assert made.status_code == 201, made.text
    assert "Headers" not in post.rows
    token = made.json()["url"].rpartition("/")[2]
    for payload in ("form", "json"):
        answer = Zapier(service, **{webhooks.TOKEN: token}).run(post, payload=payload).json()
        assert (answer["ok"], answer["action"]) == (True, make_action(make))


def make_action(step: Step) -> str:
    found: str = json.loads(step.body)["action"]
    return found


def test_hearing_of_every_run(service: RunningService) -> None:
    """A Catch Hook is told of runs until the subscription is deleted."""
    subscribe, unsubscribe = under("Be notified of every run")
    with Receiver() as hook:
        made = Zapier(service, **{webhooks.CATCH_HOOK: hook.url}).run(subscribe)
        assert made.status_code == 201, made.text
        answer = service.post().json()
        assert hook.wait()[0].json["id"] == answer["id"]
        ended = Zapier(service, **{webhooks.SUBSCRIPTION: made.json()["id"]}).run(unsubscribe)
        assert ended.json()["deleted"] is True


def test_every_step_is_run() -> None:
    """No step of the page is left out above."""
    headings = (
        "Set a step up",
        "JSON as you write it",
        "Long runs",
        "No key in the Zap",
        "Be notified of every run",
    )
    others = [step for step in STEPS if step not in OF_ACTIONS]
    assert len(others) == sum(len(under(heading)) for heading in headings) == 8
