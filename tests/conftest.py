"""Fixtures of several test files, and a rule for test ids; plain helpers are in tests/support."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# Tests of plain functions must not load the whole service, so the fixtures import what they need.
if TYPE_CHECKING:
    from tests.support.running_service import RunningService
    from tests.support.web_app import WebApp

LONGEST_ID = 200


def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each processor: half of the time of a test is waiting for other processes."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test id stays readable in a log and usable on a command line."""
    too_long = [item.nodeid[:120] for item in items if len(item.nodeid) > LONGEST_ID]
    if too_long:
        listed = "\n".join(too_long)
        raise pytest.UsageError(
            f"test ids longer than {LONGEST_ID} characters; use ids=:\n{listed}"
        )


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., WebApp]]:
    """Builds applications on the scripted engine, all of them over one new data folder.

    Settings are passed by name.
    """
    from connector.settings import Settings
    from tests.support.web_app import build_web_app

    built: list[WebApp] = []

    def build(**settings: Any) -> WebApp:
        defaults = {"engine": "scripted", "data_dir": tmp_path / "data"}
        built.append(build_web_app(Settings(**{**defaults, **settings}), f"key {len(built)}"))
        return built[-1]

    yield build
    for app in built:
        app.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """One application on the scripted engine for all tests of a module that do not change it."""
    from connector.settings import Settings
    from tests.support.web_app import build_web_app

    settings = Settings(engine="scripted", data_dir=tmp_path_factory.mktemp("web"))
    app = build_web_app(settings, "test")
    yield app
    app.close()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service on the scripted engine for the whole session; it accepts bodies of 4 MB."""
    from tests.support.running_service import serving

    folder = tmp_path_factory.mktemp("live")
    with serving(folder, FORMCALL_MAX_BODY_BYTES="4000000") as service:
        yield service


@pytest.fixture(scope="session")
def live_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service on the embedded engine for the whole session."""
    from tests.support.running_service import serving

    with serving(tmp_path_factory.mktemp("live_local"), FORMCALL_ENGINE="local") as service:
        yield service
