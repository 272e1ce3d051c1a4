"""One call through the code: it takes the path listed in docs/architecture.md."""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tests.support.samples import ROOT, TICKET
from tests.support.upstream import FakeUpstream, automatic
from tests.support.web_app import WebApp

PACKAGE = ROOT / "connector"
PAGE = ROOT / "docs" / "architecture.md"
STATION = re.compile(r"^\d+\. `(?P<path>[\w/]+\.py):(?P<function>[\w.]+)`", re.MULTILINE)


def stations() -> list[str]:
    """``path:function`` of each station under the heading "Follow one call", in their order."""
    section = PAGE.read_text(encoding="utf-8").partition("\n## Follow one call\n")[2]
    section = section.partition("\n## ")[0]
    return [f"{match['path']}:{match['function']}" for match in STATION.finditer(section)]


@contextmanager
def traced_calls() -> Iterator[list[str]]:
    """The functions of the package that are called meanwhile, by this thread and by new ones."""
    calls: list[str] = []
    prefix = f"{PACKAGE}/"

    def profile(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(prefix):
            calls.append(f"{code.co_filename.removeprefix(prefix)}:{code.co_qualname}")

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def test_a_call_passes_the_listed_functions(make: Callable[..., WebApp]) -> None:
    """One classify over HTTP calls the functions on the page, in the order of the page."""
    with FakeUpstream([automatic]) as upstream:
        app = make(engine="openai", openai_api_key="sk-x", openai_base_url=upstream.base_url)
        with traced_calls() as calls:
            response = app.post(json=TICKET)
        assert response.status_code == 200, response.get_json()
        assert len(upstream.requests) == 1
    position = 0
    for station in stations():
        assert station in calls, f"{station} is not called"
        assert station in calls[position:], f"{station} is called before the station above it"
        position = calls.index(station, position) + 1


def test_the_list_is_short_and_whole() -> None:
    """It leads from the view to the provider and back, in a number of steps that can be read."""
    listed = stations()
    assert 12 <= len(listed) <= 16
    assert listed[0] == "web/actions.py:run_action"
    assert any(station.startswith("providers/hosted/") for station in listed)
    assert listed[-1].startswith("web/")


def test_actions_are_run_through_one_door() -> None:
    """Only ``Service`` starts runs: no other module calls the runner's ``run`` or ``stream``."""
    callers = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and re.search(r"\brunner\.(run|stream)$", ast.unparse(node.func))
    }
    assert callers == {"service.py"}
