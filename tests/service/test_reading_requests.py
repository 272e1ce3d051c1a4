"""Requests as tools really send them: charsets, JSON with flaws that have one reading, options in
the query; and what is sent back beside the body: problems as JSON, CORS, the public address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from connector.catalogue import load_catalogue
from connector.catalogue.action import ENVELOPE
from connector.catalogue.empty_answer import empty_answer
from connector.errors import SettingsError
from connector.json_types import Json
from connector.publish.operations import SERVICE_OPERATIONS
from connector.settings import Settings
from connector.store.tables import runs as run_table
from tests.support.running_service import serving
from tests.support.samples import TICKET
from tests.support.service_harness import FakePricing, hosted_environment, run_action
from tests.support.upstream import FakeUpstream
from tests.support.web_app import WebApp, build_web_app

CATALOGUE = load_catalogue()
FORM = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
CHOICES = "billing\nother"
TEXT = "Café: 5 € „gut“ – José"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    settings = Settings(engine="local", data_dir=tmp_path_factory.mktemp("local"))
    app = build_web_app(settings, "test")
    yield app
    app.close()


@pytest.fixture
def texts(local: WebApp, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of each request that reached the engine's provider."""
    provider = local.service.engine.provider
    read: list[str] = []
    respond = provider.respond

    def record(request: Any) -> Any:
        read.append(request.values["text"])
        return respond(request)

    monkeypatch.setattr(provider, "respond", record)
    return read


def multipart(*parts: tuple[str, bytes], kind: str = "multipart/form-data") -> Json:
    """A body of these parts, each with its header lines and its bytes, as a tool writes them."""
    boundary = "----0b5e"
    body = b"".join(
        f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts
    )
    return {
        "data": body + f"--{boundary}--\r\n".encode(),
        "content_type": f"{kind}; boundary={boundary}",
    }


def part(name: str, content: bytes, *lines: str) -> tuple[str, bytes]:
    return "\r\n".join([f'Content-Disposition: form-data; name="{name}"', *lines]), content


CP1252 = TEXT.encode("cp1252")
QUOTED_CP1252 = "".join(f"%{byte:02X}" for byte in CP1252)
READ: dict[str, tuple[Json, str]] = {
    # recorded: http_build_query of PHP 8.2, of UTF-8 and of Windows strings
    "PHP": (
        {
            "data": "text=Caf%C3%A9%3A+5+%E2%82%AC+%26+more%0Asecond+line&categories%5B0%5D=billing"
            "&categories%5B1%5D=other%2C+misc&multiple=1&wait_seconds=3.5",
            "content_type": FORM,
        },
        "Café: 5 € & more\nsecond line",
    ),
    "PHP on Windows": (
        {
            "data": "text=Caf%E9%3A+5+%80&categories=billing%0Aother",
            "content_type": f"{FORM}; charset=windows-1252",
        },
        "Café: 5 €",
    ),
    "raw bytes of a declared form": (
        {
            "data": b"categories=billing,other&text=" + CP1252,
            "content_type": f"{FORM}; charset=ISO-8859-1",
        },
        TEXT,
    ),
    "a form of a Mac": (
        {
            "data": b"categories=billing,other&text=" + TEXT.encode("mac-roman"),
            "content_type": f"{FORM}; charset=x-mac-roman",
        },
        TEXT,
    ),
    "a form that names its charset in a field": (
        {
            "data": f"_charset_=windows-1252&categories=billing,other&text={QUOTED_CP1252}",
            "content_type": FORM,
        },
        TEXT,
    ),
    "a part that declares its charset": (
        multipart(
            part("text", CP1252, "Content-Type: text/plain; charset=windows-1252"),
            part("categories", CHOICES.encode()),
        ),
        TEXT,
    ),
    "parts in the charset of a field": (
        multipart(
            part("_charset_", b"windows-1252"),
            part("text", CP1252),
            part("categories", CHOICES.encode()),
        ),
        TEXT,
    ),
    # as the HTTP action of Power Automate writes "$multipart"
    "Power Automate": (
        multipart(
            part("text", TEXT.encode(), "Content-Type: text/plain; charset=utf-8"),
            part("categories", CHOICES.encode(), "Content-Type: text/plain; charset=utf-8"),
        ),
        TEXT,
    ),
    # as UrlFetchApp of Google Apps Script writes a payload that is an object
    "Apps Script": (
        {
            "data": "categories=billing%0Aother&text=Caf%C3%A9%20%26%20more",
            "content_type": FORM,
        },
        "Café & more",
    ),
    "JSON in a declared charset": (
        {
            "data": f'{{"text": "{TEXT}", "categories": "billing, other"}}'.encode("cp1252"),
            "content_type": f"{JSON_TYPE}; charset=windows-1252",
        },
        TEXT,
    ),
    "a template that inserts line breaks and tabs": (
        {
            "data": '{"text": "a\r\nb\tc", "categories": "billing\nother"}',
            "content_type": JSON_TYPE,
        },
        "a\r\nb\tc",
    ),
    "JSON encoded twice": (
        {
            "data": json.dumps(json.dumps({"text": TEXT, "categories": CHOICES})),
            "content_type": JSON_TYPE,
        },
        TEXT,
    ),
    "JSON without a content type": (
        {"data": json.dumps({"text": TEXT, "categories": CHOICES})},
        TEXT,
    ),
    "JSON as plain text": (
        {
            "data": json.dumps({"text": TEXT, "categories": CHOICES}),
            "content_type": "text/plain;charset=UTF-8",
        },
        TEXT,
    ),
    "JSON under the type of a form, as curl -d sends it": (
        {"data": json.dumps({"text": TEXT, "categories": CHOICES}), "content_type": FORM},
        TEXT,
    ),
}


@pytest.mark.parametrize(("sent", "text"), READ.values(), ids=READ)
def test_bodies_with_one_reading(local: WebApp, texts: list[str], sent: Json, text: str) -> None:
    """What can be read in only one way is read, to the last character."""
    response = local.post(**sent)
    assert response.status_code == 200, response.text
    assert texts == [text]


REFUSED: dict[str, tuple[Json, int, str, str]] = {
    "Latin-1 that is not declared": (
        {"data": "categories=a,b&text=Caf%E9", "content_type": FORM},
        422,
        "text",
        "charset=windows-1252",
    ),
    "a part in Latin-1 that is not declared": (
        multipart(part("text", b"Caf\xe9"), part("categories", b"a, b")),
        422,
        "text",
        "charset=windows-1252",
    ),
    "a charset that is not the text's": (
        {"data": "categories=a,b&text=%81", "content_type": f"{FORM}; charset=windows-1252"},
        422,
        "text",
        "windows-1252",
    ),
    "a charset that does not exist": (
        {"data": "categories=a,b&text=a", "content_type": f"{FORM}; charset=latin-99"},
        422,
        "categories",
        "latin-99",
    ),
    "a codec that is no charset": (
        {"data": "categories=a,b&text=a", "content_type": f"{FORM}; charset=unicode_escape"},
        422,
        "categories",
        "unicode_escape",
    ),
    "a name in Latin-1": (
        {"data": "caf%E9=a", "content_type": FORM},
        400,
        "",
        "name of a field",
    ),
    "a file name in Latin-1": (
        {
            **multipart(part("text", b"a")),
            "data": multipart(part("text", b"a"))["data"].replace(
                b"form-data", b"form-data; x=\xe9"
            ),
        },
        400,
        "",
        "UTF-8",
    ),
    "a part without an end": (
        {"data": b"--x\r\nContent-Disp", "content_type": "multipart/form-data; boundary=x"},
        400,
        "",
        "boundary",
    ),
    "JSON in Latin-1 that is not declared": (
        {"data": b'{"text": "Caf\xe9"}', "content_type": JSON_TYPE},
        400,
        "",
        "UTF-8",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bytes_that_are_not_text(local: WebApp, texts: list[str], case: str) -> None:
    """Bytes that are not text in their charset are refused with the field and the way out; nothing
    is replaced, and nothing runs."""
    sent, status, field, words = REFUSED[case]
    response = local.post(**sent)
    body = response.get_json(force=True)
    assert (response.status_code, texts) == (status, []), body
    assert words in body["detail"]
    assert [entry["field"] for entry in body["errors"]] == ([field] if field else [])


# --- the query ------------------------------------------------------------------------------------


OPTIONS: dict[str, tuple[str, str, str]] = {
    "dry_run": ("true", "status", "dry_run"),
    "effort": ("high", "effort", "high"),
    "wait_seconds": ("3", "status", "done"),
    "tag": ("may", "status", "done"),
    "cache": ("1h", "status", "done"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_in_the_query(local: WebApp, name: str) -> None:
    """A run option in the query has the same effect as in the body."""
    value, key, expected = OPTIONS[name]
    form = {"text": "I was charged twice.", "categories": CHOICES}
    response = local.post(query=f"?{name}={value}", json=form)
    assert (response.status_code, response.json[key]) == (200, expected)
    assert local.post(json={**form, name: value}).json[key] == expected
    if name == "tag":
        shown = local.client.get(f"/v1/runs/{response.json['id']}", headers=local.headers).json
        assert shown["tag"] == "may"


def test_every_option_may_be_in_the_query(local: WebApp) -> None:
    """No option of an action is unknown in the query."""
    for action in CATALOGUE.values():
        for name in action.options:
            response = local.post(action.id, query=f"?{name}=", json={})
            assert not [
                entry for entry in response.get_json(force=True)["errors"] if entry["field"] == name
            ], name


def test_the_query_against_the_body(local: WebApp) -> None:
    """The same value in both is one value; two different ones are refused, since neither is surely
    the meant one."""
    form = {"text": "I was charged twice.", "categories": CHOICES}
    same = local.post(query="?dry_run=true&tag=", json={**form, "dry_run": True, "tag": "a"})
    assert (same.status_code, same.json["status"]) == (200, "dry_run")
    other = local.post(query="?dry_run=true", json={**form, "dry_run": False})
    entry = other.get_json(force=True)["errors"][0]
    assert (other.status_code, entry["field"], entry["code"]) == (422, "dry_run", "not_the_same")


UNKNOWN = {
    "?dryrun=true": "dry_run",
    "?dry-run=1": "dry_run",
    "?Sample=1": "sample",
    "?waitseconds=0": "wait_seconds",
}


@pytest.mark.parametrize("query", UNKNOWN)
def test_a_mistyped_option_is_no_paid_run(local: WebApp, texts: list[str], query: str) -> None:
    """A name that an action does not know is refused with the nearest one, and nothing runs."""
    response = local.post(query=query, json={"text": "a", "categories": CHOICES})
    body = response.get_json(force=True)
    assert (response.status_code, body["errors"][0]["code"]) == (422, "unknown_field")
    assert f'Did you mean "{UNKNOWN[query]}"?' in body["detail"]
    assert not texts


def test_a_field_in_the_query(local: WebApp) -> None:
    """A field of the action in the query is refused with where it belongs: URLs are logged."""
    body = local.post(query="?text=hello", json=TICKET).get_json(force=True)
    assert (body["errors"][0]["field"], "go into the body" in body["detail"]) == ("text", True)


KEYED = [one for one in SERVICE_OPERATIONS if one.needs_key]


@pytest.fixture(scope="module")
def admin_headers(local: WebApp) -> dict[str, str]:
    """The headers of a key that every address lets in."""
    _, plain = local.keys.create("admin", ("actions", "admin"))
    return {"X-API-Key": plain}


@pytest.mark.parametrize("operation", KEYED, ids=[one.operation_id for one in KEYED])
def test_unknown_parameters_everywhere(
    local: WebApp, admin_headers: dict[str, str], operation: Any
) -> None:
    """Every address refuses a parameter that it would ignore, and declares that it may; without a
    key it says only that a key is needed."""
    path = operation.path.replace("{", "").replace("}", "")
    method = operation.method.upper()
    response = local.client.open(f"{path}?from_=1", method=method, headers=admin_headers)
    known = {one.name for one in operation.parameters if one.location == "query"}
    if "from_" in known:
        return
    entry = response.get_json(force=True)["errors"][0]
    assert (response.status_code, entry["field"]) == (422, "from_")
    assert "invalid_input" in operation.codes
    assert local.client.open(f"{path}?from_=1", method=method).status_code == 401


PUBLIC = ["/", "/docs", "/docs/start.js", "/openapi.json", "/openapi-3.1.json", "/swagger.json"]


@pytest.mark.parametrize("path", PUBLIC)
def test_unknown_parameters_without_a_key(local: WebApp, path: str) -> None:
    """Pages and specifications refuse a parameter that they would ignore, and say what is wrong."""
    response = local.client.get(f"{path}?version=2.0")
    entry = response.get_json(force=True)["errors"][0]
    assert (response.status_code, entry["field"]) == (422, "version")
    assert "This URL takes none." in entry["message"]
    assert local.client.get(path).status_code < 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_may_add_parameters(local: WebApp, path: str) -> None:
    """Monitors add a number against caches; the process is no less healthy for that."""
    assert local.client.get(f"{path}?_=1700000000").status_code == 200


def test_a_query_that_is_not_utf_8(local: WebApp) -> None:
    """A query in another charset is refused instead of looking for a text that was never sent."""
    response = local.client.get("/v1/runs?tag=caf%E9", headers=local.headers)
    assert (response.status_code, response.get_json(force=True)["code"]) == (400, "bad_request")


# --- problems, origins and proxies ----------------------------------------------------------------


ACCEPTS = {
    "": "application/problem+json",
    "*/*": "application/problem+json",
    "application/json": JSON_TYPE,
    "application/json, text/plain, */*": JSON_TYPE,
    "application/json,text/html,application/xhtml+xml;q=0.9,*/*;q=0.8": JSON_TYPE,
    "application/problem+json, application/json": "application/problem+json",
    "application/json;q=0": "application/problem+json",
    "text/html": "application/problem+json",
}


@pytest.mark.parametrize("accept", ACCEPTS, ids=lambda accept: accept[:40] or "none")
def test_problems_as_the_client_accepts_them(local: WebApp, accept: str) -> None:
    """A client that asks for application/json gets problems under that type, others as
    application/problem+json; the body is the same."""
    headers = {"Accept": accept} if accept else {}
    response = local.client.get("/v1/actions", headers=headers)
    assert (response.status_code, response.content_type) == (401, ACCEPTS[accept])
    assert response.get_json(force=True)["code"] == "unauthorized"


ORIGIN = "https://app.example"


def test_origins_that_are_allowed(make: Callable[..., WebApp]) -> None:
    """A page of an allowed origin may send a key and read each response, also errors and the 202;
    pages of other origins, and other parts of the service, are not concerned."""
    app = make(allow_origins=f"{ORIGIN}, http://localhost:3000")
    path = "/v1/actions/classify"
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    preflight = app.client.options(path, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "X-API-Key", "Content-Type", "Idempotency-Key"):
        assert name in preflight.headers["Access-Control-Allow-Headers"]
    for headers, status in ((app.headers, 200), ({}, 401)):
        response = app.client.post(path, json=TICKET, headers={**headers, "Origin": ORIGIN})
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Idempotent-Replayed" in response.headers["Access-Control-Expose-Headers"]
        assert response.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in response.headers
    for origin in (
        "https://evil.example",
        "https://app.example.evil",
        "null",
        "http://app.example",
    ):
        response = app.client.post(path, json=TICKET, headers={**app.headers, "Origin": origin})
        assert "Access-Control-Allow-Origin" not in response.headers
    assert "Access-Control-Allow-Origin" not in app.client.get("/docs", headers=asked).headers


def test_all_origins(make: Callable[..., WebApp]) -> None:
    """With * a page of any origin may call, but never with a browser's own credentials."""
    response = make(allow_origins="*").client.get("/v1/actions", headers={"Origin": ORIGIN})
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "value", ["app.example", "https://app.example/", "https://*.example", "null"]
)
def test_origins_that_are_none(value: str) -> None:
    """What no browser sends as an origin stops the start."""
    with pytest.raises(SettingsError, match="FORMCALL_ALLOW_ORIGINS must be"):
        Settings(allow_origins=value)


FORWARDED = {"X-Forwarded-Host": "evil.example, forms.example", "X-Forwarded-Proto": "https"}


def test_the_address_behind_a_proxy(make: Callable[..., WebApp]) -> None:
    """Behind a trusted proxy URLs have the public host that the proxy has set; what a caller wrote
    before is ignored, and without trust everything of it is."""
    for proxies, expected in ((0, "http://localhost"), (1, "https://forms.example")):
        app = make(trust_proxy=proxies)
        spec = app.client.get("/openapi.json", headers=FORWARDED).json
        assert spec["servers"] == [{"url": expected}]
        run = app.post(json=TICKET, headers=FORWARDED).json
        shown = app.client.get(f"/v1/runs/{run['id']}", headers={**app.headers, **FORWARDED}).json
        assert shown["status_url"] == f"{expected}/v1/runs/{run['id']}"
    public = make(trust_proxy=1, public_url="https://public.example")
    spec = public.client.get("/openapi.json", headers=FORWARDED).json
    assert spec["servers"] == [{"url": "https://public.example"}]


# --- repeats, and what comes before the answer ----------------------------------------------------


@pytest.mark.parametrize("action", CATALOGUE)
def test_the_keys_before_the_answer(web: WebApp, action: str) -> None:
    """A run without an answer yet has the keys of its action's answer, in their order, and no
    value of them; what is not checked says so (`unchecked`)."""
    answer = web.post(action, json=CATALOGUE[action].examples[0].input).json
    empty = empty_answer(CATALOGUE[action])
    assert list(empty) == list(answer)
    assert set(ENVELOPE) <= set(empty)
    own = {name: value for name, value in empty.items() if name not in ENVELOPE}
    assert empty["ok"] is False
    for name, value in own.items():
        assert value in (None, "", [], {}, "{}", "none", "unchecked"), name
        if isinstance(answer[name], list):
            assert value == [], name


QUOTED = {
    '"abc"': "abc",
    "abc": "abc",
    '"a \\"b\\" \\\\c"': 'a "b" \\c',
    '"': '"',
    'a"b"': 'a"b"',
}


@pytest.mark.parametrize("header", QUOTED)
def test_quotation_marks_around_a_key(web: WebApp, header: str) -> None:
    """The quotation marks with which the draft writes a key are not a part of it; the answer to a
    repeated request says that it is a repeated one."""
    first = web.post(json={**TICKET, "idempotency_key": QUOTED[header]})
    again = web.post(json=TICKET, headers={"Idempotency-Key": header})
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"


def test_eight_at_once(tmp_path: Path) -> None:
    """Eight equal requests at once over HTTP get eight equal answers for one paid call; all but one
    are marked as repeated."""
    pricing = FakePricing()
    with (
        FakeUpstream(pricing.script, delay=1.5) as upstream,
        serving(tmp_path, **hosted_environment(upstream)) as service,
        ThreadPoolExecutor(8) as pool,
    ):
        asked = [pool.submit(run_action, service, idempotency_key="order 7") for _ in range(8)]
        responses = [one.result() for one in asked]
        assert {one.status_code for one in responses} == {200}
        assert len({one.text for one in responses}) == 1
        marks = [one.headers.get("Idempotent-Replayed") for one in responses]
        assert sorted(map(str, marks)) == ["None", *["true"] * 7]
        assert len(upstream.requests) == 1


STATUSES = ["queued", "needs_review", "failed", "done"]


@pytest.mark.parametrize("status", STATUSES)
def test_every_view_of_a_run_has_the_keys(local: WebApp, status: str) -> None:
    """Whoever looks at a run, by HTTP or MCP, alone or in the list, finds every key of its action's
    answer, null or empty unless it is done."""
    change_status(local, run_id := local.post(json=TICKET).json["id"], status)
    views = [
        local.client.get(f"/v1/runs/{run_id}", headers=local.headers).json,
        next(one for one in listed_runs(local) if one["id"] == run_id),
        call_tool(local, "get_run", {"id": run_id, "wait_seconds": 0}),
    ]
    empty = empty_answer(CATALOGUE["classify"])
    for view in views:
        assert set(empty) <= set(view)
        assert (view["ok"], view["status"]) == (status == "done", status)
        if status != "done":
            told = {"status", "id", "action", "cost_usd", "warnings"}
            assert {name: view[name] for name in empty if name not in told} == {
                name: value for name, value in empty.items() if name not in told
            }


def test_a_tool_call_that_goes_on_has_the_keys(local: WebApp) -> None:
    """A call over MCP whose run goes on is answered with the keys of the answer too, as the 202 of
    HTTP is."""
    fields = {**TICKET, "wait_seconds": 0}
    by_http = local.post(json=fields)
    by_mcp = call_tool(local, "classify", fields)
    assert (by_http.status_code, by_http.json["status"], by_mcp["status"]) == (202, *["queued"] * 2)
    own = {"id", "status_url", "detail"}
    assert {name: value for name, value in by_mcp.items() if name not in own} == {
        name: value for name, value in by_http.json.items() if name not in own
    }


def change_status(app: WebApp, run_id: str, status: str) -> None:
    """Give a run that is done another status, and no answer."""
    if status == "done":
        return
    with app.service.database.begin() as connection:
        values = {"status": status, "answer": None, "code": "busy" if status == "failed" else None}
        connection.execute(update(run_table).where(run_table.c.id == run_id).values(**values))


def listed_runs(app: WebApp) -> list[Json]:
    runs: list[Json] = app.client.get("/v1/runs?limit=100", headers=app.headers).json
    return runs


def call_tool(app: WebApp, name: str, arguments: Json) -> Json:
    params = {"name": name, "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {**app.headers, "Accept": "application/json, text/event-stream"}
    content: Json = app.client.post("/mcp", json=message, headers=headers).json["result"]
    return content["structuredContent"]  # type: ignore[no-any-return]
