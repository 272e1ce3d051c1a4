"""The failure contract: every bad reply of docs/failures.md, with every action, over a real socket
and the whole service.

A reply that is not valid is never an answer. The page says what happens first and which code the
run ends with; a new action is tried with all of it without a line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connector.catalogue import load_catalogue
from connector.errors import KINDS
from connector.json_types import Json
from connector.providers.hosted import client as provider_module
from connector.providers.hosted.client import MAX_TRIES
from connector.settings import Settings
from tests.support.bad_replies import REPLIES, Case, cases
from tests.support.model_actions import MODEL_ACTIONS
from tests.support.upstream import FakeUpstream, Script, Step
from tests.support.upstream import Reply as Wire
from tests.support.upstream.wire import Request
from tests.support.web_app import WebApp, build_web_app

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = load_catalogue()
# a reply is read alike for every action, so the second dialect is tried with one of each way: a
# single call, and tools
IN_BOTH = {"classify", "answer_with_tools"}
LEAST = 40  # bad replies that every action is tried with
LASTING = {"no answer in time", "a byte now and then"}
CALLS = {"taken": 1, "repaired": 2, "more room": 2, "asked again": 2, "ends": 1}


@dataclass(frozen=True)
class Row:
    """What the page says of a reply, for one-shot actions and for those with tools."""

    reply: str
    first: tuple[str, str]
    code: tuple[str, str]


def _rows() -> dict[str, Row]:
    page = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| (?!reply|-)(.+?) \| (.+?) \| ?(.*?) ?\|$", page, re.MULTILINE)
    return {
        reply: Row(reply, _both(first), _both(code.replace("`", "")))
        for reply, first, code in found
    }


def _both(cell: str) -> tuple[str, str]:
    plain, _, with_tools = cell.partition("; with tools ")
    return plain, with_tools or plain


ROWS = _rows()
# the first example of each action that can be wrong in that way
CASES = [
    (action.id, name, case)
    for action in MODEL_ACTIONS.values()
    for name, make in REPLIES.items()
    if (case := next((case for case in cases(action) if make(case)), None))
]


def cases_of(dialect: str, reply: str) -> list[Case]:
    """The actions that a reply is tried with: one alone when it is waited for until a limit."""
    every = [
        case
        for action, name, case in CASES
        if name == reply and (dialect == "responses" or action in IN_BOTH)
    ]
    if reply in LASTING:
        return [case for case in every if not case.action.file_fields][:1]
    return every


TRIED = [
    (dialect, reply)
    for dialect in ("responses", "chat")
    for reply in REPLIES
    if cases_of(dialect, reply)
]


class Says:
    """A server's script that each test writes anew; its last step is repeated."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def __call__(self, request: Request) -> Wire:
        return (self.steps.pop(0) if len(self.steps) > 1 else self.steps[0])(request)


@dataclass
class Bench:
    """The whole service on a provider that says what it is told to."""

    made: WebApp
    up: FakeUpstream
    says: Says

    def run(self, case: Case, *steps: Step) -> tuple[int, Json, int]:
        """(HTTP status, body, calls of the model) of a run; the last of ``steps`` is repeated."""
        self.says.steps[:] = steps
        self.up.requests.clear()
        provider: Any = self.made.service.engine.provider
        provider._replacements._current.clear()
        response = self.made.post(case.name, json=case.example.input)
        assert not self.up.errors
        return response.status_code, response.get_json(), len(self.up.requests)

    def right(self, case: Case) -> Json:
        """What the answer says of itself when the model answers rightly at once."""
        status, body, calls = self.run(case, case.right)
        assert (status, body["ok"], body["status"], calls) == (200, True, "done", 1)
        return own(case, body)


def own(case: Case, body: Json) -> Json:
    return {"result": body["result"], **{name: body[name] for name in case.action.returns}}


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Bench]:
    says = Says()
    with FakeUpstream(Script([says], repeat=True)) as up:
        chosen = Settings(
            engine="openai",
            openai_base_url=up.base_url,
            openai_api_key="k",
            data_dir=folder,
            retired="error",
            **settings,
        )
        made = build_web_app(chosen, "test")
        yield Bench(made, up, says)
        made.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, float], Bench]]:
    """A service for a dialect that gives up after so many seconds; each is made once."""
    with ExitStack() as open_, pytest.MonkeyPatch.context() as patch:
        patch.setattr(provider_module, "_FIRST_WAIT", 0.002)

        @cache
        def one(dialect: str, seconds: float) -> Bench:
            folder = tmp_path_factory.mktemp(dialect)
            settings = {"dialect": dialect, "deadline_seconds": seconds, "profile": "openai"}
            return open_.enter_context(serving(folder, **settings))

        yield one


def test_the_page_and_the_suite_have_the_same_rows() -> None:
    """Each row of docs/failures.md is tried, nothing is tried that it leaves out, and each action
    meets at least forty of them."""
    assert list(ROWS) == list(REPLIES)
    for action in MODEL_ACTIONS:
        assert sum(one == action for one, _, _ in CASES) >= LEAST
    assert {name for _, name, _ in CASES} == set(REPLIES)
    for row in ROWS.values():
        assert set(row.first) <= set(CALLS)
        assert set(filter(None, row.code)) <= set(KINDS)


@pytest.mark.parametrize(
    ("dialect", "reply"), TRIED, ids=[f"{reply} ({dialect})" for dialect, reply in TRIED]
)
def test_bad_reply(dialect: str, reply: str, bench: Callable[[str, float], Bench]) -> None:
    """A bad reply is what docs/failures.md says: mended into the right answer where that can help,
    else a failure with its code.

    Whatever comes, an answer that is ok is the right one.
    """
    for case in cases_of(dialect, reply):
        check_bad_reply(dialect, reply, case, bench)


def check_bad_reply(
    dialect: str, reply: str, case: Case, bench: Callable[[str, float], Bench]
) -> None:
    row, with_tools = ROWS[reply], bool(case.action.read_form(case.example.input).get("tools"))
    first, code = row.first[with_tools], row.code[with_tools]
    desk = bench(dialect, 0.4 if reply in LASTING else 60.0)
    bad = REPLIES[reply](case)
    assert bad is not None
    right = desk.right(case)

    if first != "ends":
        status, body, calls = desk.run(case, bad, case.right)
        assert (status, body["ok"], body["status"], calls) == (200, True, "done", CALLS[first]), (
            body
        )
        assert own(case, body) == right
    if first == "taken":
        return
    status, body, calls = desk.run(case, bad)
    assert (body.get("code"), status) == (code, KINDS[code].status), body
    assert not {"ok", "result", *case.action.returns} & set(body)
    assert body["run_status"] == ("incomplete" if code == "max_steps" else "failed")
    if first != "repaired" or code == "invalid_output":
        assert calls == (MAX_TRIES if first == "asked again" else CALLS[first])
    kept = desk.made.client.get(f"/v1/runs/{body['id']}", headers=desk.made.headers).get_json()
    assert (kept["ok"], kept["code"], kept["result"]) == (False, code, "")
