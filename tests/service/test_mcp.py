"""The actions as MCP tools, called by the official client over HTTP and over standard input and
output."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import methods
from mcp_types.jsonrpc import jsonrpc_message_adapter
from sqlalchemy import select

from connector.catalogue import load_catalogue
from connector.json_types import Json
from connector.mcp.messages import (
    CAPABILITIES_KEY,
    HANDSHAKES,
    VERSION_KEY,
    VERSIONS,
    encode_header,
    read_message,
)
from connector.mcp.results import run_view_result
from connector.publish.mcp import tools
from connector.publish.operation import STREAM_OPTIONS
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.tables import runs
from tests.support.running_service import FORMCALL, RunningService, clean_environment, serving
from tests.support.samples import TICKET
from tests.support.upstream import FakeUpstream, function_call, slow
from tests.support.web_app import WebApp

CATALOGUE = load_catalogue()
MODES = ("legacy", "auto", *VERSIONS)
UNKNOWN = {
    "text": "a",
    "fields": "zebras",
}  # no example of `extract` has such a field, so the scripted engine fails
ANSWER = {"category": "billing", "confidence": 0.9, "reason": "Charged twice.", "runner_up": None}
MODERN = {VERSION_KEY: VERSIONS[-1], CAPABILITIES_KEY: {}}


@asynccontextmanager
async def over_http(
    service: RunningService, *, mode: str = "auto", **headers: str
) -> AsyncIterator[Client]:
    """The official client of a service, with its key unless other ``headers`` are given."""
    http = create_mcp_http_client(headers=headers or {"Authorization": f"Bearer {service.key}"})
    async with (
        http,
        Client(
            streamable_http_client(f"{service.address}/mcp", http_client=http), mode=mode
        ) as client,
    ):
        yield client


@asynccontextmanager
async def over_stdio(
    folder: Path, *words: str, mode: str = "auto", **variables: str
) -> AsyncIterator[Client]:
    """The official client of a `formcall mcp` that it starts itself."""
    environment = clean_environment(
        **{"FORMCALL_ENGINE": "scripted", "FORMCALL_DATA_DIR": str(folder / "data"), **variables}
    )
    command = StdioServerParameters(
        command=str(FORMCALL), args=["mcp", *words], env=environment, cwd=str(folder)
    )
    async with Client(stdio_client(command), mode=mode) as client:
        yield client


def hosted(upstream: FakeUpstream) -> dict[str, str]:
    """The settings of a service whose provider that is."""
    return {
        "FORMCALL_ENGINE": "openai",
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": upstream.base_url,
    }


def run(story: Callable[[], Awaitable[Any]]) -> Any:
    async def within() -> Any:
        async with asyncio.timeout(60):
            return await story()

    return asyncio.run(within())


# --- over HTTP, with the official client ----------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_every_action_is_a_tool_that_runs(live: RunningService, mode: str) -> None:
    """The client finds every action with its form, runs each on its first example, and the answer
    fits the tool's schema."""

    async def story() -> None:
        async with over_http(live, mode=mode) as client:
            listed = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert list(listed) == [*CATALOGUE, "get_run"]
            for action in CATALOGUE.values():
                tool = listed[action.id]
                assert list(tool.input_schema["properties"]) == [
                    name for name in action.form if name not in STREAM_OPTIONS
                ]
                assert (tool.title, tool.description) == (action.title, action.summary)
                called = await client.call_tool(action.id, action.examples[0].input)
                assert called.is_error is False, called.content
                answer = called.structured_content
                assert (answer["ok"], answer["status"], answer["action"]) == (
                    True,
                    "done",
                    action.id,
                )
                Draft202012Validator(tool.output_schema).validate(answer)
                assert json.loads(text_of(called)) == answer

    run(story)


@pytest.mark.parametrize("mode", MODES)
def test_wrong_calls(live: RunningService, mode: str) -> None:
    """What a model can mend is told to it in the result, every field of it; a tool that is none is
    the protocol's own error."""

    async def story() -> None:
        async with over_http(live, mode=mode) as client:
            wrong = await client.call_tool(
                "classify", {"txt": "a", "categories": "one", "wait_seconds": "soon"}
            )
            assert wrong.is_error is True
            problem = wrong.structured_content
            assert (problem["ok"], problem["status"], problem["code"], problem["retryable"]) == (
                False,
                "failed",
                "invalid_input",
                False,
            )
            assert [entry["field"] for entry in problem["errors"]] == [
                "txt",
                "text",
                "categories",
                "wait_seconds",
            ]
            for entry in problem["errors"]:
                assert entry["message"] in text_of(wrong)
            failed = await client.call_tool("extract", UNKNOWN)
            assert (failed.is_error, failed.structured_content["code"]) == (True, "needs_model")
            listed = {tool.name: tool for tool in (await client.list_tools()).tools}
            for name, result in (("classify", wrong), ("extract", failed)):
                Draft202012Validator(listed[name].output_schema).validate(result.structured_content)
            with pytest.raises(MCPError) as unknown:
                await client.call_tool("clasify", {})
            assert unknown.value.error.code == -32602
            assert (
                "'clasify'" in unknown.value.error.message
                and "classify" in unknown.value.error.message
            )

    run(story)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "headers", [{"X-Nothing": "1"}, {"X-API-Key": "fc_mistyped"}], ids=["none", "mistyped"]
)
def test_without_a_valid_key(live: RunningService, mode: str, headers: Mapping[str, str]) -> None:
    """Without a key nothing is listed or run: status 401, and the client shows the sentence that
    says what to send."""

    async def story() -> None:
        async with over_http(live, mode=mode, **headers) as client:
            await client.list_tools()

    with pytest.raises((MCPError, ExceptionGroup)) as refused:
        run(story)
    error = refused.value
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, MCPError)
    assert "API key" in error.error.message
    assert error.error.data["code"] == "unauthorized"


def test_a_long_run_is_fetched(tmp_path: Path) -> None:
    """A call that is not waited for is answered with the run's id, and get_run waits for its
    answer; so does another process."""

    async def story(service: RunningService) -> str:
        async with over_http(service) as client:
            begun = (
                await client.call_tool("classify", {**TICKET, "wait_seconds": 0})
            ).structured_content
            assert (begun["ok"], begun["status"], begun["result"]) == (False, "queued", "")
            assert begun["status_url"] == f"{service.address}/v1/runs/{begun['id']}"
            ended = (
                await client.call_tool("get_run", {"id": begun["id"], "wait_seconds": "20"})
            ).structured_content
            assert (ended["ok"], ended["status"], ended["category"], ended["id"]) == (
                True,
                "done",
                "billing",
                begun["id"],
            )
            missing = await client.call_tool("get_run", {"id": "run_0123456789abcdef"})
            assert (missing.is_error, missing.structured_content["code"]) == (True, "not_found")
            return str(begun["id"])

    with serving(tmp_path) as service:
        run_id = run(lambda: story(service))
        told = requests.get(
            f"{service.address}/v1/runs/{run_id}", headers=service.headers, timeout=10
        ).json()
        assert (told["status"], told["category"]) == ("done", "billing")


# --- over standard input and output, with the official client -------------------------------------


@pytest.mark.parametrize("mode", MODES[:2])
def test_stdio(tmp_path: Path, mode: str) -> None:
    """An assistant that starts `formcall mcp` itself lists and calls every tool, several at a
    time."""

    async def story() -> None:
        async with over_stdio(tmp_path, mode=mode) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == [
                *CATALOGUE,
                "get_run",
            ]
            calls = [
                client.call_tool(action.id, action.examples[0].input)
                for action in CATALOGUE.values()
            ]
            for called in await asyncio.gather(*calls):
                assert called.structured_content["ok"] is True
            wrong = await client.call_tool("classify", {})
            assert (wrong.is_error, wrong.structured_content["code"]) == (True, "invalid_input")
            begun = (
                await client.call_tool("classify", {**TICKET, "wait_seconds": 0})
            ).structured_content
            ended = await client.call_tool("get_run", {"id": begun["id"]})
            assert ended.structured_content["category"] == "billing"

    run(story)


@pytest.mark.parametrize("mode", MODES[:2])
def test_stdio_through_a_service(live: RunningService, tmp_path: Path, mode: str) -> None:
    """With --url the same command passes all on to a running service, whose key stands in a
    variable."""

    async def story() -> None:
        async with over_stdio(
            tmp_path, "--url", live.address, mode=mode, FORMCALL_KEY=live.key
        ) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == [
                *CATALOGUE,
                "get_run",
            ]
            assert (await client.call_tool("classify", TICKET)).structured_content[
                "category"
            ] == "billing"
            with pytest.raises(MCPError):
                await client.call_tool("nothing", {})

    run(story)


def _lines(
    folder: Path, *lines: str, words: tuple[str, ...] = (), **variables: str
) -> tuple[list[Json], str, int]:
    """(the messages that `formcall mcp` answers, what it says beside, its exit status) when these
    lines are all that comes in."""
    environment = clean_environment(
        **{"FORMCALL_ENGINE": "scripted", "FORMCALL_DATA_DIR": str(folder / "data"), **variables}
    )
    command = [str(FORMCALL), "mcp", *words]
    sent = "".join(f"{line}\n" for line in lines).encode()
    done = subprocess.run(
        command,
        input=sent,
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return found, done.stderr.decode(), done.returncode


def test_stdio_answers_what_is_no_message(tmp_path: Path) -> None:
    """Lines that are no messages, or too long, are refused one by one, and the next line is
    answered as ever."""
    long = json.dumps(
        {"jsonrpc": "2.0", "id": 3, "method": "ping", "params": {"text": "a" * 3_000}}
    )
    ping, told = (
        json.dumps(_message("ping", id=4)),
        json.dumps(_message("notifications/initialized", id=None)),
    )
    sent = ("{", "[]", long, "", ping, told)
    found, beside, status = _lines(tmp_path, *sent, FORMCALL_MAX_BODY_BYTES="2000")
    assert sorted(one["error"]["code"] for one in found if "error" in one) == [
        -32700,
        -32700,
        -32600,
    ]
    assert [one for one in found if "result" in one] == [{"jsonrpc": "2.0", "id": 4, "result": {}}]
    assert (beside, status) == ("", 0)


def test_stdio_runs_are_recorded_for_a_key(tmp_path: Path) -> None:
    """With --key the calls run as that key, within its budget, and are in the records of the
    service that starts later."""
    environment = clean_environment(
        FORMCALL_ENGINE="scripted", FORMCALL_DATA_DIR=str(tmp_path / "data")
    )
    command = [str(FORMCALL), "key", "create", "desk", "--rate", "1"]
    key = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.strip()
    calls = [
        json.dumps(_message("tools/call", {"name": "classify", "arguments": TICKET}, id=number))
        for number in (1, 2)
    ]
    found, beside, status = _lines(tmp_path, *calls, words=("--key", "desk"))
    results = [one["result"]["structuredContent"] for one in found]
    assert sorted(one.get("code", one["status"]) for one in results) == ["done", "rate_limited"]
    assert (beside, status) == ("", 0)
    with serving(tmp_path) as service:
        listed = requests.get(
            f"{service.address}/v1/runs", headers={"X-API-Key": key}, timeout=10
        ).json()
        assert [one["status"] for one in listed] == ["done"]
        _, beside, status = _lines(tmp_path)  # the service has the folder
        assert status == 1
        assert "Give its address with --url" in beside
    _, beside, status = _lines(tmp_path, words=("--key", "nobody"))
    assert (status, beside.startswith("not_found: ")) == (1, True)
    _, beside, status = _lines(tmp_path, words=("--url", service.address))
    assert (status, beside.startswith("unauthorized: The variable FORMCALL_KEY")) == (1, True)
    found, _, _ = _lines(tmp_path, calls[0], words=("--url", service.address), FORMCALL_KEY=key)
    assert found[0]["error"]["message"].startswith("Nothing answers at ")


# --- the protocol, message by message -------------------------------------------------------------


def text_of(called: Any) -> str:
    """The text of a tool's result."""
    return str(called.content[0].text)


def _message(
    method: str, params: Json | None = None, *, id: int | str | None = 1, modern: bool = False
) -> Json:
    given = {**({} if params is None else params), **({"_meta": MODERN} if modern else {})}
    return {
        "jsonrpc": "2.0",
        **({} if id is None else {"id": id}),
        "method": method,
        "params": given,
    }


def _headers(message: Json) -> dict[str, str]:
    """Those of a message that brings its version."""
    name = message["params"].get("name")
    named = {"Mcp-Name": encode_header(name)} if name else {}
    return {"MCP-Protocol-Version": VERSIONS[-1], "Mcp-Method": message["method"], **named}


def _post(web: WebApp, message: Any, **headers: str) -> Any:
    return web.client.post(
        "/mcp",
        json=message,
        headers={**web.headers, **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


@pytest.mark.parametrize("version", [*HANDSHAKES, "2099-01-01"])
def test_handshake(web: WebApp, version: str) -> None:
    """A client that shakes hands gets its own version if it is spoken, else the newest of those,
    and no session."""
    params = {
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "a", "version": "1"},
    }
    response = _post(web, _message("initialize", params))
    result = response.json["result"]
    assert result["protocolVersion"] == (version if version in HANDSHAKES else HANDSHAKES[-1])
    assert (result["serverInfo"]["name"], result["capabilities"]) == ("formcall", {"tools": {}})
    assert "Mcp-Session-Id" not in response.headers
    initialized = _post(web, _message("notifications/initialized", id=None))
    assert (initialized.status_code, initialized.data) == (202, b"")
    assert _post(web, _message("ping")).json == {"jsonrpc": "2.0", "id": 1, "result": {}}


def _calls(modern: bool) -> Iterator[Json]:
    yield _message("tools/list", modern=modern)
    yield _message("tools/call", {"name": "classify", "arguments": TICKET}, modern=modern)
    yield _message("tools/call", {"name": "classify", "arguments": {}}, modern=modern)
    yield _message("tools/call", {"name": "get_run", "arguments": {"id": "run_1"}}, modern=modern)
    if modern:
        yield _message("server/discover", modern=True)
    else:
        yield _message(
            "initialize",
            {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "a", "version": "1"},
            },
        )


@pytest.mark.parametrize("version", [*HANDSHAKES[-2:], *VERSIONS])
def test_results_fit_the_protocols_own_schemas(web: WebApp, version: str) -> None:
    """Each answer is one of JSON-RPC, and its result what the published schema of the version
    says."""
    modern = version in VERSIONS
    for message in _calls(modern):
        headers = _headers(message) if modern else {"MCP-Protocol-Version": version}
        response = _post(web, message, **headers)
        assert response.status_code == 200
        jsonrpc_message_adapter.validate_python(response.json)
        methods.validate_server_result(message["method"], version, response.json["result"])
        assert ("resultType" in response.json["result"]) is modern


WRONG = {
    "a list": ([], 400, -32600),
    "not 2.0": ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, 400, -32600),
    "no method": ({"jsonrpc": "2.0", "id": 1}, 400, -32600),
    "an id that is none": ({"jsonrpc": "2.0", "id": {}, "method": "ping"}, 400, -32600),
    "an id that is null": ({"jsonrpc": "2.0", "id": None, "method": "ping"}, 400, -32600),
    "an id that is true": ({"jsonrpc": "2.0", "id": True, "method": "ping"}, 400, -32600),
    "an answer": ({"jsonrpc": "2.0", "id": 1, "result": {}}, 400, -32600),
    "params in a list": ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, 400, -32602),
    "no such method": (_message("prompts/list"), 200, -32601),
    "no such page": (_message("tools/list", {"cursor": "2"}), 200, -32602),
    "arguments in a list": (
        _message("tools/call", {"name": "classify", "arguments": []}),
        200,
        -32602,
    ),
    "a name that is none": (_message("tools/call", {"name": 7}), 200, -32602),
    "no version to shake hands": (_message("initialize", {}), 200, -32602),
    "a version in each request without its header": (
        _message("tools/list", modern=True),
        400,
        -32020,
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_messages(web: WebApp, what: str) -> None:
    """What is no message of the protocol gets its error, under the id that it has."""
    message, status, code = WRONG[what]
    response = _post(web, message)
    assert (response.status_code, response.json["error"]["code"]) == (status, code), response.json
    jsonrpc_message_adapter.validate_python(response.json)
    given = message.get("id") if isinstance(message, dict) else None
    assert response.json["id"] == (given if type(given) is int else None)
    assert response.json["error"]["message"].endswith((".", "there."))


def test_headers_and_body_agree(web: WebApp) -> None:
    """Of a request that brings its version, headers and body say the same, and the version is one
    that is spoken."""
    message = _message("tools/call", {"name": "classify", "arguments": TICKET}, modern=True)
    right = _headers(message)
    assert _post(web, message, **right).json["result"]["structuredContent"]["category"] == "billing"
    wrong_ones = {
        "MCP-Protocol-Version": [HANDSHAKES[-1]],
        "Mcp-Method": ["tools/list"],
        "Mcp-Name": ["extract", "=?base64?%%?="],
    }
    for header, wrong in (
        (header, value) for header, values in wrong_ones.items() for value in values
    ):
        refused = _post(web, message, **{**right, header: wrong})
        assert (refused.status_code, refused.json["error"]["code"]) == (400, -32020), header
        assert header.lower() in refused.json["error"]["message"].lower()
    named = _message("tools/call", {"name": "naïve"}, modern=True)
    assert _post(web, named, **_headers(named)).json["error"]["code"] == -32602
    newer = {
        **message,
        "params": {**message["params"], "_meta": {**MODERN, VERSION_KEY: "2099-01-01"}},
    }
    refused = _post(web, newer, **{**right, "MCP-Protocol-Version": "2099-01-01"})
    assert (refused.status_code, refused.json["error"]["code"]) == (400, -32022)
    assert refused.json["error"]["data"] == {"supported": list(VERSIONS), "requested": "2099-01-01"}
    bare = {**message, "params": {**message["params"], "_meta": {}}}
    assert _post(web, bare, **right).json["error"]["code"] == -32602
    shaken = _message("initialize", {"protocolVersion": "2025-11-25"}, modern=True)
    assert _post(web, shaken).json["result"]["protocolVersion"] == "2025-11-25"
    for method in ("ping", "prompts/list"):
        missing = _message(method, modern=True)
        refused = _post(web, missing, **_headers(missing))
        assert (refused.status_code, refused.json["error"]["code"]) == (404, -32601)
    told = _message("notifications/cancelled", {"requestId": 1}, id=None)
    assert _post(web, told, **{"MCP-Protocol-Version": VERSIONS[-1]}).status_code == 202
    assert (
        _post(web, told, **{"MCP-Protocol-Version": "2099-01-01"}).json["error"]["code"] == -32022
    )


def test_names_that_no_header_can_hold() -> None:
    """A name comes back from its header as it was."""
    for name in ("classify", "naïve", " a", "=?base64?YQ==?=", "a\nb", ""):
        message = _message("tools/call", {"name": name}, modern=True)
        read_message(
            message,
            {
                "Mcp-Protocol-Version": VERSIONS[-1],
                "Mcp-Method": "tools/call",
                "Mcp-Name": encode_header(name),
            },
        )


def test_what_stands_before_the_protocol(web: WebApp) -> None:
    """Keys, scopes, pages of other hosts, bodies and methods are refused as everywhere, in the
    protocol's words."""
    listing = _message("tools/list")
    without = web.client.post("/mcp", json=listing)
    assert (without.status_code, without.headers["WWW-Authenticate"]) == (
        401,
        'Bearer realm="formcall"',
    )
    assert (without.mimetype, without.json["id"], without.json["error"]["data"]["code"]) == (
        "application/json",
        None,
        "unauthorized",
    )
    _, plain = web.keys.create("tools alone", ("tools",))
    assert (
        web.client.post("/mcp", json=listing, headers={"X-API-Key": plain}).json["error"]["data"][
            "code"
        ]
        == "forbidden"
    )
    other = _post(web, listing, Origin="http://evil.example")
    assert (other.status_code, other.json["error"]["code"]) == (403, -32010)
    assert _post(web, listing, Origin="http://localhost").status_code == 200
    broken = web.client.post("/mcp", data="{", headers=web.headers, content_type="application/json")
    assert (broken.status_code, broken.json["error"]["code"], broken.json["id"]) == (
        400,
        -32700,
        None,
    )
    for method in ("get", "delete"):
        refused = getattr(web.client, method)("/mcp", headers=web.headers)
        assert (refused.status_code, "POST" in refused.headers["Allow"]) == (405, True)


def test_calls_are_runs_like_any_other(make: Callable[..., WebApp]) -> None:
    """A call is recorded, held to the key's rate and scopes, and the same idempotency key gives the
    same run."""
    web = make()
    call = _message(
        "tools/call",
        {"name": "classify", "arguments": {**TICKET, "idempotency_key": "order-7", "tag": "mcp"}},
    )
    first, again = (_post(web, call).json["result"]["structuredContent"] for _ in range(2))
    assert first["id"] == again["id"]
    listed = web.client.get("/v1/runs?tag=mcp", headers=web.headers).json
    assert [(one["id"], one["status"]) for one in listed] == [(first["id"], "done")]
    by_header = _message("tools/call", {"name": "classify", "arguments": TICKET})
    assert (
        len(
            {
                _post(web, by_header, Idempotency_Key="order-8").json["result"][
                    "structuredContent"
                ]["id"]
                for _ in range(2)
            }
        )
        == 1
    )
    other = _message("tools/call", {"name": "get_run", "arguments": {"id": first["id"]}})
    _, plain = web.keys.create("another", ("actions",))
    assert (
        web.client.post("/mcp", json=other, headers={"X-API-Key": plain}).json["result"][
            "structuredContent"
        ]["code"]
        == "not_found"
    )
    asked = {"question": "What is 2 + 2?", "tools": "calculate"}
    refused = _message("tools/call", {"name": "answer_with_tools", "arguments": asked})
    told = web.client.post("/mcp", json=refused, headers={"X-API-Key": plain}).json["result"]
    assert (told["isError"], told["structuredContent"]["code"]) == (True, "forbidden")
    priced = _message("tools/call", {"name": "classify", "arguments": {**TICKET, "dry_run": True}})
    dry = _post(web, priced).json["result"]
    assert (dry["isError"], dry["structuredContent"]["status"]) == (False, "dry_run")
    Draft202012Validator(tools(CATALOGUE)[1]["outputSchema"]).validate(dry["structuredContent"])
    web.keys.change("key 0", limits={"rate_per_minute": 1})
    results = [_post(web, by_header).json["result"] for _ in range(2)]
    assert [one["structuredContent"].get("code") for one in results] == [None, "rate_limited"]
    assert results[1]["structuredContent"]["retry_after"] >= 1
    assert "Try again in " in results[1]["content"][0]["text"]


@pytest.mark.parametrize("mode", MODES)
def test_an_early_answer_is_one_of_the_protocol(tmp_path: Path, mode: str) -> None:
    """When the caller's patience ends first it is told where to ask, in a whole message, and the
    run goes on and is paid once."""

    async def story(service: RunningService) -> None:
        async with over_http(service, mode=mode) as client:
            begun = await client.call_tool("classify", {**TICKET, "wait_seconds": 0.3})
            assert (begun.is_error, begun.structured_content["status"]) == (False, "running")
            assert "get_run" in begun.structured_content["detail"]
            ended = await client.call_tool("get_run", {"id": begun.structured_content["id"]})
            assert (ended.structured_content["status"], ended.structured_content["category"]) == (
                "done",
                "billing",
            )

    with (
        FakeUpstream([slow(2, function_call("classify", ANSWER))]) as upstream,
        serving(tmp_path, **hosted(upstream)) as service,
    ):
        run(lambda: story(service))
        assert len(upstream.requests) == 1


def test_stdio_cancels(tmp_path: Path) -> None:
    """A call that the assistant does not want any more gets no answer, and its run is told to make
    no further call."""
    call = _message("tools/call", {"name": "classify", "arguments": TICKET}, id="a")
    cancel = _message("notifications/cancelled", {"requestId": "a"}, id=None)
    with FakeUpstream([slow(2, function_call("classify", ANSWER))]) as upstream:
        environment = clean_environment(
            FORMCALL_DATA_DIR=str(tmp_path / "data"), **hosted(upstream)
        )
        with subprocess.Popen(
            [str(FORMCALL), "mcp"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdin
            process.stdin.write(json.dumps(call).encode() + b"\n")
            process.stdin.flush()
            until = time.monotonic() + 30
            while not upstream.requests and time.monotonic() < until:
                time.sleep(0.05)
            said, _ = process.communicate(
                json.dumps(cancel).encode() + b"\n" + json.dumps(_message("ping")).encode() + b"\n",
                timeout=60,
            )
        assert [json.loads(line)["id"] for line in said.splitlines()] == [1]
    database = open_database(Settings(data_dir=tmp_path / "data"))
    with database.connect() as connection:
        assert [row.cancel for row in connection.execute(select(runs))] == [True]
    database.dispose()


@pytest.mark.parametrize("status", ["queued", "running", "needs_review"])
def test_a_run_that_has_not_ended_is_no_failure(status: str) -> None:
    """Whether it waits for its turn, for the model or for a person, a run is shown as what it is,
    and when to ask again."""
    shown = run_view_result(
        {
            "ok": False,
            "status": status,
            "result": "",
            "id": "run_1",
            "action": "classify",
            "detail": "It waits.",
        }
    )
    assert (shown["isError"], shown["structuredContent"]["retry_after"]) == (False, 2)
    ended = run_view_result(
        {
            "ok": False,
            "status": "failed",
            "result": "",
            "id": "run_1",
            "action": "classify",
            "detail": "a",
            "code": "busy",
        }
    )
    assert ended["isError"] is True
