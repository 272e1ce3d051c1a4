"""What protects the service and its callers at every address."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from connector.publish import openapi
from connector.settings import Settings
from connector.store.database import open_database
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]
SPECS = ("/openapi.json", "/openapi-3.1.json", "/swagger.json")


@pytest.mark.attack(
    "A browser or a proxy keeps an answer, or guesses the type of a response",
    "`Cache-Control: no-store` and `nosniff` on every response with data",
)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/v1/actions", 200),
        ("post", "/v1/actions/classify", 200),
        ("get", "/v1/runs/run_none", 404),
        ("get", "/v1/nothing", 404),
        ("get", "/nothing", 404),
        ("post", "/mcp", 400),
        ("get", "/metrics", 403),
    ],
)
def test_responses_with_data_are_not_stored(
    web: WebApp, method: str, path: str, status: int
) -> None:
    body = {"json": TICKET} if method == "post" else {}
    response = getattr(web.client, method)(path, headers=web.headers, **body)
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_public_files_may_be_stored_and_are_not_guessed(web: WebApp) -> None:
    for path in (*SPECS, "/docs", "/docs/swagger-ui.css"):
        response = web.client.get(path)
        assert "no-store" not in response.headers.get("Cache-Control", "")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        response.close()


@pytest.mark.attack(
    "A page whose name resolves to the service calls /mcp (DNS rebinding)",
    "403: only `FORMCALL_PUBLIC_URL`, allowed origins, IP addresses and localhost count",
)
@pytest.mark.parametrize(
    ("host", "origin", "settings", "status"),
    [
        ("evil.example:8080", "http://evil.example:8080", {}, 403),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", {}, 200),
        ("[::1]:8080", "http://[::1]:8080", {}, 200),
        ("localhost:8080", "http://localhost:8080", {}, 200),
        ("127.0.0.1:8080", "http://127.0.0.1:9999", {}, 403),
        ("127.0.0.1.evil.example", "http://127.0.0.1.evil.example", {}, 403),
        ("ai.example", "https://ai.example", {"public_url": "https://ai.example"}, 200),
        ("evil.example", "http://evil.example", {"public_url": "https://ai.example"}, 403),
        ("ai.example", "https://tool.example", {"allow_origins": "https://tool.example"}, 200),
        ("ai.example", "null", {}, 403),
    ],
)
def test_only_own_and_allowed_pages_call_mcp(
    make: Make, host: str, origin: str, settings: dict[str, str], status: int
) -> None:
    app = make(**settings)
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {**app.headers, "Host": host, "Origin": origin}
    assert app.client.post("/mcp", json=message, headers=headers).status_code == status


@pytest.mark.attack(
    "Specifications are requested for ever new names of the host, without a key",
    "built once; only the host is replaced",
)
def test_specifications_are_built_once_for_all_hosts(make: Make) -> None:
    app = make()
    with mock.patch.object(openapi, "build", wraps=openapi.build) as build:
        for number in range(20):
            for path in SPECS:
                host = f"host-{number}.example"
                response = app.client.get(path, headers={"Host": host})
                text = response.get_data(as_text=True)
                assert host in text
                assert "invalid" not in str(response.json.get("servers", response.json.get("host")))
        assert build.call_count == 1


@pytest.mark.attack(
    "A callback or a subscription leads back to the service (a loop)",
    "refused with 508 `loop`, and the message is dropped",
)
def test_the_service_refuses_its_own_messages(make: Make) -> None:
    app = make()
    sender = app.service.webhook_sender.sender_id
    assert len(sender) == 32
    for path in ("/v1/actions/classify", "/v1/hooks/some-token"):
        own = app.client.post(path, json=TICKET, headers={**app.headers, "Formcall-Sender": sender})
        assert (own.status_code, own.json["code"]) == (508, "loop")
    other = {**app.headers, "Formcall-Sender": "f" * 32}
    assert app.client.post("/v1/actions/classify", json=TICKET, headers=other).status_code == 200


@pytest.mark.attack(
    "Another user of the machine reads the data folder",
    "folder 700, files 600, whatever the umask",
)
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_data_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "data"
    before = os.umask(umask)
    try:
        database = open_database(Settings(data_dir=folder))
        with database.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE written (number INTEGER)")
            modes = {path.name: _mode(path) for path in folder.iterdir()}
        database.dispose()
    finally:
        os.umask(before)
    assert _mode(folder) == 0o700
    assert "formcall.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_files_of_an_earlier_version_become_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    open_database(settings).dispose()
    file = tmp_path / "formcall.db"
    file.chmod(0o644)
    open_database(settings).dispose()
    assert _mode(file) == 0o600


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
