"""The HTTP interface: accepted requests, answers, and errors."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.datastructures import MultiDict

from connector.catalogue import load_catalogue
from connector.errors import KINDS, FormcallError
from connector.json_types import Json
from connector.publish.operation import RUN_PATH
from connector.publish.operations import SERVICE_OPERATIONS
from connector.settings import Settings
from connector.store.keys import open_keys
from connector.web.problems import problem_response
from tests.support.running_service import RunningService
from tests.support.samples import TICKET
from tests.support.upstream import FakeUpstream, Reply, Request, fault, json_reply
from tests.support.web_app import WebApp

CATALOGUE = load_catalogue()
EXAMPLES = [(action, example) for action in CATALOGUE.values() for example in action.examples]
EXAMPLE_IDS = [f"{action.id}-{example.name}" for action, example in EXAMPLES]
SPECS = ("/openapi.json", "/openapi-3.1.json", "/swagger.json")
MEMBERS = {"type", "title", "status", "detail", "code", "retryable", "id", "errors"}
# words that only a programmer knows; a sentence for a person has none of them
PROGRAMMERS_WORDS = re.compile(
    r"Traceback|\b\w*(?:Error|Exception)\b|\bNone\b|\bdict\b|\bstr\b|\bNoneType\b|<class|\.py\b|\bself\b"
)
MARK = "mauve-ocelot-4711"


def told(response: Any, status: int, code: str) -> Json:
    """The problem in ``response``, after everything that holds for each problem has been looked
    at."""
    body: Json = response.get_json(force=True) if hasattr(response, "get_json") else response.json()
    assert response.status_code == status == body["status"], body
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body.keys() >= MEMBERS
    assert body["code"] == code
    assert body["type"] == f"urn:formcall:problem:{code}"
    assert body["title"] == KINDS[code].title
    assert body["retryable"] is KINDS[code].retryable
    assert body["id"]
    sentences = [body["detail"], *(entry["message"] for entry in body["errors"])]
    for sentence in sentences:
        assert not PROGRAMMERS_WORDS.search(sentence), sentence
        assert sentence[-1:] in {".", "?", ")"}, sentence
    return body


# --- what is taken --------------------------------------------------------------------------------


LINES = ["technical: errors and crashes", "account: sign-in — שלום 🎈"]
FORM = {
    "text": "Die Länge stimmt nicht — שלום 🎈 &=+%20",
    "categories": "\n".join(LINES),
    "multiple": "true",
}
READ: Json = {
    "text": FORM["text"],
    "categories": [
        {"name": "technical", "description": "errors and crashes"},
        {"name": "account", "description": "sign-in — שלום 🎈"},
    ],
    "multiple": True,
    "strictness": "normal",  # its default
}
# the entries of a real list are names as they stand, so those with descriptions are objects
OBJECTS = [json.dumps(option) for option in READ["categories"]]
REPEATED = MultiDict(
    [
        ("categories", OBJECTS[0]),
        ("text", FORM["text"]),
        ("categories", OBJECTS[1]),
        ("multiple", "1"),
    ]
)
WAYS: dict[str, Json] = {
    "JSON": {"json": FORM},
    "JSON of another name": {"data": json.dumps(FORM), "content_type": "application/vnd.tool+json"},
    "JSON with a charset": {
        "data": json.dumps(FORM, ensure_ascii=False).encode(),
        "content_type": "application/json; charset=utf-8",
    },
    "JSON in UTF-16": {
        "data": json.dumps(FORM).encode("utf-16"),
        "content_type": "application/json",
    },
    "JSON after a byte order mark": {
        "data": b"\xef\xbb\xbf" + json.dumps(FORM).encode(),
        "content_type": "application/json",
    },
    "form-encoded": {"data": FORM},
    "multipart": {"data": FORM, "content_type": "multipart/form-data"},
    "empty boxes as an empty text": {
        "json": {**FORM, "effort": "", "language": "", "examples": "  "}
    },
    "empty boxes as null": {"json": {**FORM, "effort": None, "language": None, "examples": None}},
    "empty boxes as an empty list": {"json": {**FORM, "examples": []}},
    "empty boxes of a form": {"data": {**FORM, "effort": "", "language": "", "examples": ""}},
    "empty boxes of parts": {
        "data": {**FORM, "effort": "", "examples": ""},
        "content_type": "multipart/form-data",
    },
    "a switch as a boolean": {"json": {**FORM, "multiple": True}},
    "a switch as a number": {"json": {**FORM, "multiple": 1}},
    "a switch as a word": {"data": {**FORM, "multiple": "On"}},
    "a list of objects as texts": {"json": {**FORM, "categories": OBJECTS}},
    "a list as an array of objects": {"json": {**FORM, "categories": READ["categories"]}},
    "a list as an object": {
        "json": {**FORM, "categories": dict(line.split(": ") for line in LINES)}
    },
    "a list as JSON in a text": {"data": {**FORM, "categories": json.dumps(READ["categories"])}},
    "a list as an object in a text": {
        "data": {**FORM, "categories": json.dumps(dict(line.split(": ") for line in LINES))}
    },
    "a list as a repeated key": {"data": REPEATED},
    "a list as repeated parts": {"data": REPEATED, "content_type": "multipart/form-data"},
    "a list in one line": {"data": {**FORM, "categories": ", ".join(LINES)}},
    "lines of Windows": {"json": {**FORM, "categories": "\r\n".join([*LINES, ""])}},
}


@pytest.fixture
def asked(web: WebApp, monkeypatch: pytest.MonkeyPatch) -> list[Json]:
    """The form of each request that reached the engine's provider."""
    provider = web.service.engine.provider
    forms: list[Json] = []
    respond = provider.respond

    def record(request: Any) -> Any:
        forms.append(dict(request.values))
        return respond(request)

    monkeypatch.setattr(provider, "respond", record)
    return forms


@pytest.mark.parametrize("sent", WAYS.values(), ids=WAYS)
def test_ways_to_send_a_form(web: WebApp, asked: list[Json], sent: Json) -> None:
    """However a tool sends the fields, the same form is read, to the last character."""
    response = web.post(**sent)
    assert response.status_code == 200, response.text
    assert response.content_type == "application/json"
    assert response.json["categories"] == ["technical", "account"]
    assert asked == [READ]


@pytest.mark.parametrize("steps", [3, 3.0, "3", "3.0", " 3 "], ids=repr)
def test_numbers_as_text(web: WebApp, asked: list[Json], steps: Any) -> None:
    """A number may be a text, and a text may be a number."""
    response = web.post(
        "answer_with_tools", json={"question": 1999, "tools": "Calculator", "max_steps": steps}
    )
    assert response.status_code == 200, response.text
    assert {
        "question": "1999",
        "tools": ["calculate"],
        "max_steps": 3,
        "require_tool": False,
    }.items() <= asked[0].items()


def test_a_choice_by_its_label(web: WebApp, asked: list[Json]) -> None:
    """A fixed choice may be sent as the word that a person saw."""
    assert (
        web.post(
            "summarize", data={"text": "One. Two.", "format": "One line", "effort": "High"}
        ).status_code
        == 200
    )
    assert (asked[0]["format"], asked[0]["effort"], asked[0]["length"]) == ("tldr", "high", "short")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": "KEY"},
        {"X-API-Key": "  KEY "},
        {"Authorization": "Bearer KEY"},
        {"Authorization": "bearer  KEY"},
        {"Authorization": "Bearer Bearer KEY"},
        {"X-API-Key": "Bearer KEY"},
        {"Authorization": "Basic dTpw", "X-API-Key": "KEY"},
    ],
    ids=str,
)
def test_ways_to_give_a_key(web: WebApp, headers: dict[str, str]) -> None:
    """Either header takes the key, also when a tool and a person both wrote "Bearer"."""
    given = {name: value.replace("KEY", web.key) for name, value in headers.items()}
    assert web.client.get("/v1/actions", headers=given).status_code == 200


@pytest.mark.parametrize("path", ["/v1/actions/classify", "/v1/actions/classify/"])
def test_a_slash_at_the_end(web: WebApp, path: str) -> None:
    """An address with a slash at its end is the same address, and no POST is redirected."""
    assert web.client.post(path, json=TICKET, headers=web.headers).status_code == 200


def test_the_list_of_actions(web: WebApp) -> None:
    """The list is a bare array of id and name, and each entry can be described."""
    listed = web.client.get("/v1/actions", headers=web.headers).json
    assert [entry["id"] for entry in listed] == list(CATALOGUE)
    assert {entry["local"] for entry in listed if entry["id"] == "analyze_image"} == {"no"}
    for entry in listed:
        assert (entry["local"] == "no") is (CATALOGUE[entry["id"]].local is None)
        found = web.client.get(f"/v1/actions/{entry['id']}", headers=web.headers).json
        assert found.items() >= entry.items()
        assert [field["name"] for field in found["fields"]] == list(CATALOGUE[entry["id"]].form)
        assert [one["name"] for one in found["returns"]] == list(CATALOGUE[entry["id"]].returns)
        assert web.post(entry["id"], json=found["example"]["input"]).status_code == 200


# --- what is answered -----------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "example"), EXAMPLES, ids=EXAMPLE_IDS)
def test_every_example_has_the_keys_of_the_first(web: WebApp, action: Any, example: Any) -> None:
    """An action answers with the same keys in the same order each time, flat and without double
    underscores."""
    first = web.post(action.id, json=action.examples[0].input)
    answer = web.post(action.id, json=example.input)
    assert answer.status_code == 200, answer.text
    assert list(answer.json) == list(first.json)
    assert answer.json["ok"] is True
    assert not [key for key in answer.json if "__" in key]


@pytest.mark.parametrize("action", CATALOGUE)
@pytest.mark.parametrize("way", ["?sample=true", "?sample=1", "header"])
def test_sample_mode(web: WebApp, action: str, way: str) -> None:
    """A sample has the keys of a real answer, nothing empty in it, and needs no body."""
    real = web.post(action, json=CATALOGUE[action].examples[0].input).json
    response = (
        web.post(action, headers={"X-Sample": "1"})
        if way == "header"
        else web.post(action, query=way)
    )
    sample = response.json
    assert response.status_code == 200
    assert list(sample) == list(real)
    assert not [key for key, value in sample.items() if value is None or value in ([], {}, "")]
    assert [type(value) for key, value in sample.items() if real[key] is not None] == [
        type(value) for value in real.values() if value is not None
    ]


@pytest.mark.parametrize("query", ["?sample=false", "?sample=0", "?sample=", "?sample"])
def test_no_sample_unless_asked(web: WebApp, query: str) -> None:
    """A sample that is switched off is a run like any other."""
    assert (
        told(web.post(query=query, json={}), 422, "invalid_input")["errors"][0]["field"] == "text"
    )


def test_a_mistyped_sample_is_refused(web: WebApp) -> None:
    """Who mistypes the switch does not pay for a run."""
    assert (
        told(web.post(query="?sample=treu", json=TICKET), 422, "invalid_input")["errors"][0][
            "field"
        ]
        == "sample"
    )


# --- what is wrong: the request -------------------------------------------------------------------


JSON_TYPE = "application/json"
BAD_BODIES: dict[str, tuple[Json, int, str, str]] = {
    "a comma too many": (
        {"data": '{"text": "a",}', "content_type": JSON_TYPE},
        400,
        "bad_json",
        "line 1, column 14",
    ),
    "a list": ({"json": [1]}, 400, "bad_json", "JSON object"),
    "a text": ({"json": "text"}, 400, "bad_json", "JSON object"),
    "null": ({"data": "null", "content_type": JSON_TYPE}, 400, "bad_json", "JSON object"),
    "NaN": ({"data": '{"text": NaN}', "content_type": JSON_TYPE}, 400, "bad_json", "NaN"),
    "Infinity": (
        {"data": '{"text": -Infinity}', "content_type": JSON_TYPE},
        400,
        "bad_json",
        "Infinity",
    ),
    "deep nesting": (
        {"data": '{"text": ' + "[" * 100_000, "content_type": JSON_TYPE},
        400,
        "bad_json",
        "nested",
    ),
    "a number of 5,000 digits": (
        {"data": '{"text": ' + "9" * 5_000 + "}", "content_type": JSON_TYPE},
        400,
        "bad_json",
        "digits",
    ),
    "another encoding": (
        {"data": '{"text": "café"}'.encode("latin-1"), "content_type": JSON_TYPE},
        400,
        "bad_json",
        "UTF-8",
    ),
    "XML": (
        {"data": "<text/>", "content_type": "application/xml"},
        415,
        "unsupported_media_type",
        "Content-Type",
    ),
    "plain text": (
        {"data": "I was charged twice.", "content_type": "text/plain"},
        415,
        "unsupported_media_type",
        "Content-Type",
    ),
    "no type": ({"data": "I was charged twice."}, 415, "unsupported_media_type", "Content-Type"),
    "JSON encoded three times": (
        {"data": json.dumps(json.dumps('{"text": "a"}')), "content_type": JSON_TYPE},
        400,
        "bad_json",
        "JSON object",
    ),
    "a quotation mark inside a text": (
        {"data": '{"text": "the "best" offer"}', "content_type": JSON_TYPE},
        400,
        "bad_json",
        'as \\"',
    ),
    "compressed": (
        {"data": b"\x1f\x8b", "content_type": JSON_TYPE, "headers": {"Content-Encoding": "gzip"}},
        415,
        "unsupported_media_type",
        "compressed",
    ),
    "no parts": (
        {"data": "hello", "content_type": "multipart/form-data; boundary=x"},
        400,
        "bad_request",
        "parts",
    ),
    "no boundary": (
        {"data": "hello", "content_type": "multipart/form-data"},
        400,
        "bad_request",
        "parts",
    ),
    "a form of 1,500 parts": (
        {
            "data": MultiDict([("categories", str(number)) for number in range(1_500)]),
            "content_type": "multipart/form-data",
        },
        413,
        "body_too_large",
        "too large",
    ),
}


@pytest.mark.parametrize(("sent", "status", "code", "words"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_bodies_that_cannot_be_read(
    web: WebApp, sent: Json, status: int, code: str, words: str
) -> None:
    """A body that cannot be read is refused with what is wrong with it and what to send instead."""
    assert words in told(web.post(**sent), status, code)["detail"]


def test_a_body_that_is_too_large(make: Callable[..., WebApp]) -> None:
    """A body over the limit is refused by its announced length, whatever its kind."""
    small = make(max_body_bytes=1_000)
    bodies: tuple[Json, ...] = ({"json": {"text": "a" * 2_000}}, {"data": {"text": "a" * 2_000}})
    for sent in bodies:
        assert "Shorten" in told(small.post(**sent), 413, "body_too_large")["detail"]
    assert (
        "Shorten"
        in told(
            small.post(data={"text": "a" * 2_000}, content_type="multipart/form-data"),
            413,
            "body_too_large",
        )["detail"]
    )


def test_a_body_that_is_too_large_in_chunks(live: RunningService) -> None:
    """So is one that comes in chunks, without a length."""
    for kind in (
        JSON_TYPE,
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ):
        for many in (41, 200):
            told(live.send((b" " * 100_000 for _ in range(many)), kind), 413, "body_too_large")
    told(live.send(b"a" * 20_000_000, JSON_TYPE), 413, "body_too_large")


CASES_OF_KEYS = {
    "none": "",
    "of another service": "sk-1234",
    "unknown": "fc_" + "a" * 43,
    "huge": "fc_" + "a" * 5_000,
    "odd": "fc_é",
}


@pytest.mark.parametrize("given", CASES_OF_KEYS.values(), ids=CASES_OF_KEYS)
def test_keys_that_are_not_right(web: WebApp, given: str) -> None:
    """Without a valid key nothing is run, and the answer says how to give one; the key is not
    repeated."""
    for headers in ({"X-API-Key": given}, {"Authorization": f"Bearer {given}"}):
        response = web.client.post("/v1/actions/classify", json=TICKET, headers=headers)
        body = told(response, 401, "unauthorized")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert "X-API-Key" in body["detail"] if not given else "not valid" in body["detail"]
        assert not given or given not in response.text


def test_a_key_revoked_by_another_process_is_refused_at_once(make: Callable[..., WebApp]) -> None:
    """A key that was just used is refused as soon as somebody else has revoked it."""
    made = make()
    other = open_keys(Settings(engine="scripted", data_dir=made.service.settings.data_dir))
    for number in range(20):
        _, plain = made.keys.create(f"short {number}")
        headers = {"X-API-Key": plain}
        assert made.client.get("/v1/actions", headers=headers).status_code == 200
        other.revoke(f"short {number}")
        told(made.client.get("/v1/actions", headers=headers), 401, "unauthorized")
    other.close()


def test_a_key_without_the_scope(make: Callable[..., WebApp]) -> None:
    """A valid key may do only what its scopes say; admin may do everything."""
    made = make()
    for scopes, status in ((("tools",), 403), (("actions",), 200), (("admin",), 200)):
        _, plain = made.keys.create(f"only {scopes}", scopes)
        response = made.client.get("/v1/actions", headers={"X-API-Key": plain})
        assert response.status_code == status
        if status == 403:
            assert '"actions"' in told(response, 403, "forbidden")["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v1",
        "/v1/actions/classify/run",
        "/docs/x.js",
        "/docs/../etc/passwd",
        "/docs/%2e%2e/start",
        "/v1/actions/..%2fclassify",
        "/%00",
        "/\u202e",
    ],
)
def test_addresses_that_there_are_not(web: WebApp, path: str) -> None:
    """Any other address is a problem too, also one that tries to climb out of a folder."""
    told(web.client.get(path, headers=web.headers), 404, "not_found")


def test_an_action_that_there_is_not(web: WebApp) -> None:
    """A mistyped action is named together with the nearest one, whatever is done with it."""
    for response in (
        web.post("clasify", json={}),
        web.client.get("/v1/actions/clasify", headers=web.headers),
    ):
        assert 'Did you mean "classify"?' in told(response, 404, "unknown_action")["detail"]
    assert "summarize" in told(web.post("%F0%9F%8E%88", json={}), 404, "unknown_action")["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/actions/classify", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("DELETE", "/v1/actions", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/v1/actions", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/openapi.json", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_methods_that_there_are_not(web: WebApp, method: str, path: str, allowed: set[str]) -> None:
    """Another method is refused with those there are."""
    response = web.client.open(path, method=method, headers=web.headers)
    told(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) == allowed


def test_head_and_options(web: WebApp) -> None:
    """HEAD says what GET would say, without a body; OPTIONS says which methods there are."""
    for path in ("/v1/actions", "/v1/actions/classify", "/healthz", "/docs", *SPECS):
        head, get = (
            web.client.open(path, method=method, headers=web.headers) for method in ("HEAD", "GET")
        )
        assert (head.status_code, head.content_length, head.data) == (200, get.content_length, b"")
        options = web.client.options(path)
        assert (options.status_code, options.data) == (200, b"")
        assert {"GET", "HEAD", "OPTIONS"} <= set(options.headers["Allow"].split(", "))
    assert web.client.head("/v1/actions").status_code == 401


# --- what is wrong: a field -----------------------------------------------------------------------


BAD_FIELDS: dict[str, tuple[Json, str, str, str]] = {
    "unknown": ({**TICKET, "txet": "a"}, "txet", "unknown_field", 'Did you mean "text"?'),
    "unknown, like none": (
        {**TICKET, "zzz": "a"},
        "zzz",
        "unknown_field",
        ("The fields are text, categories"),
    ),
    "as PHP writes a list": (
        {"text": "a", "categories[]": ["x", "y"]},
        "categories[]",
        "unknown_field",
        'Did you mean "categories"?',
    ),
    "missing": ({"categories": "a, b"}, "text", "missing", '"Text" is empty; it is needed.'),
    "blank": ({**TICKET, "text": " \n "}, "text", "missing", '"Text" is empty; it is needed.'),
    "an object for a text": (
        {**TICKET, "text": {"a": 1}},
        "text",
        "wrong_type",
        "takes text, not an object",
    ),
    "a list for a text": (
        {**TICKET, "text": ["a", "b"]},
        "text",
        "wrong_type",
        "takes text, not a list",
    ),
    "a switch for a text": (
        {**TICKET, "text": True},
        "text",
        "wrong_type",
        ("takes text, not true or false"),
    ),
    "a number for a list": (
        {**TICKET, "categories": 7},
        "categories",
        "wrong_type",
        ("takes a list, one entry a line"),
    ),
    "a word for a switch": (
        {**TICKET, "multiple": "maybe"},
        "multiple",
        "wrong_type",
        "takes true or false",
    ),
    "no such choice": (
        {**TICKET, "effort": "max"},
        "effort",
        "not_a_choice",
        ("takes one of low, medium, high"),
    ),
    "one category": (
        {**TICKET, "categories": "billing"},
        "categories",
        "too_few",
        "needs at least 2 entries",
    ),
    "a category twice": (
        {**TICKET, "categories": "a, b, A"},
        "categories",
        "duplicate",
        "each name may occur once",
    ),
    "501 categories": (
        {**TICKET, "categories": [*map(str, range(501))]},
        "categories",
        "too_many",
        ("at most 500 entries; there are 501"),
    ),
    "3 MB of text": (
        {**TICKET, "text": "a" * 3_000_000},
        "text",
        "too_long",
        ("takes at most 2,000,000 characters; there are 3,000,000"),
    ),
    "an example of nothing": (
        {**TICKET, "examples": "a"},
        "examples",
        "bad_line",
        "`text => choice`",
    ),
    "an example of another category": (
        {**TICKET, "examples": "a => biling"},
        "examples",
        "not_a_choice",
        'Did you mean "billing"?',
    ),
    "a language of 61 characters": (
        {**TICKET, "language": "x" * 61},
        "language",
        "too_long",
        "takes at most 60 characters",
    ),
    "a type that is not one": (
        {"text": "a", "fields": "grade choice(a)"},
        "fields",
        "too_few",
        "choice(low|high)",
    ),
    "half a step": (
        {"question": "a", "max_steps": 1.5},
        "max_steps",
        "wrong_type",
        "takes a whole number",
    ),
    "too many steps": (
        {"question": "a", "max_steps": "21"},
        "max_steps",
        "out_of_range",
        "takes at most 20",
    ),
    "a tool that there is not": (
        {"question": "a", "tools": "google"},
        "tools",
        "not_a_choice",
        ("calculate, dates, search_context"),
    ),
    "a tool needed but none allowed": (
        {"question": "a", "require_tool": True},
        "tools",
        "missing",
        'Choose one under "Tools"',
    ),
}


@pytest.mark.parametrize(("form", "field", "code", "words"), BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_fields_that_are_not_right(
    web: WebApp, form: Json, field: str, code: str, words: str
) -> None:
    """A field that is not right is named, with a code that stays and a sentence that says the rule
    and the fix."""
    action = (
        "answer_with_tools" if "question" in form else "extract" if "fields" in form else "classify"
    )
    body = told(web.post(action, json=form), 422, "invalid_input")
    entry = body["errors"][0]
    assert (entry["field"], entry["code"]) == (field, code)
    assert words in entry["message"]
    assert body["detail"].startswith(entry["message"])


def test_every_wrong_field_is_named_at_once(web: WebApp) -> None:
    """All faults of a form are told together, so that it is mended in one go."""
    body = told(
        web.post(json={"text": {}, "categories": "a", "multiple": "x"}), 422, "invalid_input"
    )
    assert {entry["field"] for entry in body["errors"]} == {"text", "categories", "multiple"}
    assert "2 more problems" in body["detail"]


def test_a_file_for_a_field(web: WebApp) -> None:
    """A file where a text belongs is refused by the field's name."""
    import io

    parts = {"categories": "a, b", "text": (io.BytesIO(b"a letter"), "letter.txt")}
    entry = told(web.post(data=parts, content_type="multipart/form-data"), 422, "invalid_input")[
        "errors"
    ][0]
    assert (entry["field"], entry["code"]) == ("text", "wrong_type")


# --- what is wrong: our side and the provider's ---------------------------------------------------


def _with_a_fault(app: Flask, error: BaseException) -> None:
    def view() -> str:
        raise error

    app.add_url_rule("/broken", view_func=view)


def test_an_unforeseen_failure(
    make: Callable[..., WebApp], caplog: pytest.LogCaptureFixture
) -> None:
    """An exception of a view becomes a sentence with an id; the log has that id and the place, and
    neither has its words."""
    made = make()
    error = RuntimeError(f"cannot use {MARK}")
    error.__cause__ = KeyError(MARK)
    _with_a_fault(made.app, error)
    response = made.client.get("/broken", headers={"X-Request-ID": "mine-1"})
    body = told(response, 500, "internal")
    assert body["id"] == "mine-1"
    assert "mine-1" in body["detail"]
    assert MARK not in response.text
    assert "mine-1" in caplog.text
    assert "in view" in caplog.text
    assert "KeyError, and then" in caplog.text
    assert "RuntimeError" in caplog.text
    assert MARK not in caplog.text


def test_form_values_and_keys_are_never_logged(
    make: Callable[..., WebApp], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever becomes of a request, its text, its keys and its wrong values stay out of the
    logs."""
    caplog.set_level(logging.DEBUG)
    made = make()
    for body in (
        {**TICKET, "text": MARK},
        {**TICKET, "effort": MARK},
        {MARK: "1"},
        {"text": MARK, "categories": MARK},
    ):
        made.post(json=body)
        made.post(data=body)
    made.post(json={"text": MARK, "fields": MARK}, action="extract")
    made.post(data='{"text": "' + MARK, content_type=JSON_TYPE)
    made.client.get(f"/v1/actions/{MARK}?text={MARK}", headers={"X-API-Key": MARK})
    assert MARK not in caplog.text
    assert made.key not in caplog.text
    assert made.key[3:] not in caplog.text


@pytest.mark.parametrize("wait", [None, 0, 0.2, 1, 59.01, 86_400])
@pytest.mark.parametrize(
    "code", [code for code, kind in KINDS.items() if kind.status in {429, 503}]
)
def test_retry_after_is_a_whole_number(web: WebApp, code: str, wait: float | None) -> None:
    """Each answer that says "later" says when, in whole seconds."""
    with web.app.test_request_context():
        seconds = problem_response(FormcallError(code, "Later.", retry_after=wait)).headers[
            "Retry-After"
        ]
    assert seconds.isdigit()
    assert int(seconds) >= max(1, wait or 0)


def _hosted(upstream: FakeUpstream, **more: Any) -> Json:
    return {
        "engine": "openai",
        "openai_api_key": "sk-test",
        "openai_base_url": upstream.base_url,
        "deadline_seconds": 5.0,
        **more,
    }


def test_a_failed_run_carries_its_bill_and_id(make: Callable[..., WebApp]) -> None:
    """A run that failed after the model was asked says what it has cost, under the run's own id."""

    def nonsense(request: Request) -> Reply:
        usage = {"input_tokens": 1_000, "output_tokens": 100, "total_tokens": 1_100}
        call = {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": "classify",
            "arguments": '{"category": 7}',
        }
        head = {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": request.row.id,
        }
        return json_reply({**head, "output": [{**call, "status": "completed"}], "usage": usage})

    with FakeUpstream([nonsense, nonsense, nonsense]) as upstream:
        body = told(make(**_hosted(upstream)).post(json=TICKET), 502, "invalid_output")
    assert body["id"].startswith("run_")
    assert body["run_status"] in {"failed", "incomplete"}
    assert body["input_tokens"] == 1_000 * len(upstream.requests)
    assert body["cost_usd"] > 0
    assert {
        "engine",
        "model",
        "model_requested",
        "effort",
        "duration_ms",
        "action",
        "warnings",
    } <= set(body)


FAULTS: dict[str, tuple[str, Json, int, str]] = {
    "slow down": ("rate_limit", {"retry_after": 30}, 429, "provider_rate_limited"),
    "no credit": ("quota", {}, 402, "provider_quota"),
    "wrong key": ("auth", {}, 502, "provider_auth"),
}


@pytest.mark.parametrize(("name", "options", "status", "code"), FAULTS.values(), ids=FAULTS)
def test_failures_of_the_provider(
    make: Callable[..., WebApp], name: str, options: Json, status: int, code: str
) -> None:
    """A failure of the provider has its own code, and asks for as many seconds as the provider
    does."""
    with FakeUpstream([fault(name, **options)] * 4) as upstream:
        response = make(**_hosted(upstream)).post(json=TICKET)
    told(response, status, code)
    assert "sk-test" not in response.text
    assert response.headers.get("Retry-After") == ("30" if status == 429 else None)


def test_too_many_runs_at_once(make: Callable[..., WebApp]) -> None:
    """A run that finds no place in time is told to come back in a few seconds."""
    made = make(max_in_flight=1, deadline_seconds=0.1)
    with made.service.engine._slots:
        response = made.post(json=TICKET)
    told(response, 503, "busy")
    assert response.headers["Retry-After"] == "5"
    assert made.post(json=TICKET).status_code == 200


def test_not_ready(make: Callable[..., WebApp]) -> None:
    """A service whose provider does not answer says so to its monitoring, with when to look
    again."""
    made = make(engine="openai", openai_api_key="sk-test", openai_base_url="http://127.0.0.1:9/v1")
    response = made.client.get("/readyz")
    assert (response.status_code, response.json["ok"], response.headers["Retry-After"]) == (
        503,
        False,
        "60",
    )
    assert made.client.get("/healthz").status_code == 200


# --- ids, origins, pages --------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["abc-1.2_3", "x" * 64, "", "a b", "x" * 65, "é", "<b>"])
def test_request_ids(web: WebApp, given: str) -> None:
    """A request's id comes back; one that is not a plain word is replaced."""
    kept = given in {"abc-1.2_3", "x" * 64}
    response = web.client.get("/nothing", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == response.json["id"]
    assert (response.headers["X-Request-ID"] == given) is kept
    assert kept or re.fullmatch(r"req_[0-9a-f]{24}", response.headers["X-Request-ID"])


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/readyz", *SPECS])
def test_what_everybody_may_read(web: WebApp, path: str) -> None:
    """Specifications, their page and the health of the service need no key; only specifications are
    for pages of other hosts."""
    response = web.client.get(
        path, headers={"Origin": "https://tool.example"}, follow_redirects=True
    )
    assert response.status_code == 200
    assert response.headers.get("Access-Control-Allow-Origin") == ("*" if path in SPECS else None)
    told(
        web.client.get("/v1/actions", headers={"Origin": "https://tool.example"}),
        401,
        "unauthorized",
    )


@pytest.mark.parametrize("path", ["/v1/actions", "/v1/actions/classify"])
def test_no_origin_may_call_actions(web: WebApp, path: str) -> None:
    """A page of another host may not use a key."""
    for method in ("GET", "OPTIONS"):
        response = web.client.open(
            path, method=method, headers={**web.headers, "Origin": "https://tool.example"}
        )
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_the_docs_page_is_all_ours(web: WebApp) -> None:
    """The page and each file it names come from this service, under a policy that allows no other
    host."""
    page = web.client.get("/docs")
    assert page.mimetype == "text/html"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "//" not in page.text.replace("<!doctype html>", "")
    assert "<script>" not in page.text
    names = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert len(names) == 4
    for name in names:
        with web.client.get(name) as response:
            assert response.status_code == 200
            assert len(response.data) > 100
    start = web.client.get("/docs/start.js")
    assert start.mimetype == "text/javascript"
    assert "//" not in start.text
    assert '"/openapi.json"' in start.text


def test_specifications_name_the_address_they_were_read_at(make: Callable[..., WebApp]) -> None:
    """A specification tells others to call the public address, or the one it was itself read at."""
    local = make().client.get("/openapi.json", base_url="http://forms.example:81/").json
    assert local["servers"] == [{"url": "http://forms.example:81"}]
    public = make(public_url="https://forms.example/ai/").client
    assert public.get("/openapi.json").json["servers"] == [{"url": "https://forms.example/ai"}]
    swagger = public.get("/swagger.json").json
    assert (swagger["host"], swagger["basePath"], swagger["schemes"]) == (
        "forms.example",
        "/ai",
        ["https"],
    )


# what is served but not in a specification: the specifications themselves, their page, what only
# monitoring reads, and what assistants ask by a protocol of its own
PAGES = {
    *(("get", path) for path in ("/", "/docs", "/docs/start.js", "/docs/{}", "/metrics", *SPECS)),
    ("post", "/mcp"),
    *((method, "/review/{}") for method in ("get", "post")),
}


def test_served_addresses_are_the_published_ones(web: WebApp) -> None:
    """Each published operation is served, and each address that is served is published or a page of
    the service."""
    served = {
        (method.lower(), re.sub(r"<(?:\w+:)?\w+>", "{}", rule.rule))
        for rule in web.app.url_map.iter_rules()
        if not rule.rule.startswith("/console")  # pages; no program depends on their addresses
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    published = {
        (operation.method, re.sub(r"{\w+}", "{}", operation.path))
        for operation in SERVICE_OPERATIONS
    }
    assert served == published | {("post", re.sub(r"{\w+}", "{}", RUN_PATH))} | PAGES


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_with_a_nul(web: WebApp, method: str) -> None:
    """Whatever is served, a sign that no database can look for is nothing in a path, and is refused
    in a query."""
    for path in [one.path for one in SERVICE_OPERATIONS if one.method == method]:
        answer = web.client.open(f"{path}?tag=%00", method=method.upper(), headers=web.headers)
        told(answer, 400, "bad_request")
        if "{" in path:
            told(
                web.client.open(
                    re.sub(r"{\w+}", "a%00b", path), method=method.upper(), headers=web.headers
                ),
                404,
                "not_found",
            )


# --- over a real connection -----------------------------------------------------------------------


def exchange(live: RunningService, request: bytes, *, end: bool = False) -> bytes:
    """Everything that the service answers to these bytes; ``end`` closes our side after them."""
    with socket.create_connection(("127.0.0.1", live.port), timeout=60) as connection:
        connection.sendall(request)
        if end:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
        return answer


@pytest.fixture
def head(live: RunningService) -> Callable[..., bytes]:
    def build(*lines: str) -> bytes:
        first = (
            "POST /v1/actions/classify HTTP/1.1",
            "Host: here",
            f"X-API-Key: {live.key}",
            "Connection: close",
        )
        return "\r\n".join([*first, *lines, "", ""]).encode("latin-1")

    return build


WIRE: dict[str, tuple[tuple[str, ...], bytes, int]] = {
    "a length below zero": (("Content-Length: -5",), b"{}", 400),
    "a length that is a word": (("Content-Length: five",), b"{}", 400),
    "two lengths": (("Content-Length: 2", "Content-Length: 5"), b"{}", 400),
    "a length and chunks": (
        ("Content-Length: 2", "Transfer-Encoding: chunked"),
        b"2\r\n{}\r\n0\r\n\r\n",
        400,
    ),
    "chunks": (
        ("Content-Type: application/json", "Transfer-Encoding: chunked"),
        b"2\r\n{}\r\n0\r\n\r\n",
        422,
    ),
    "chunks without a size": (
        ("Content-Type: application/json", "Transfer-Encoding: chunked"),
        b"zz\r\n{}\r\n0\r\n\r\n",
        400,
    ),
    "chunks that end early": (
        ("Content-Type: application/json", "Transfer-Encoding: chunked"),
        b"5\r\n{}",
        400,
    ),
    "form chunks that end early": (
        ("Content-Type: application/x-www-form-urlencoded", "Transfer-Encoding: chunked"),
        b"5\r\na=",
        400,
    ),
    "more than the length": (
        ("Content-Type: application/json", "Content-Length: 2"),
        b"{}, and more",
        422,
    ),
    "less than the length": (("Content-Type: application/json", "Content-Length: 9"), b"{}", 400),
    "a header of 20 kB": ((f"X-Large: {'a' * 20_000}",), b"", 431),
    "200 headers": (tuple(f"X-{number}: a" for number in range(200)), b"", 431),
    "a header without a colon": (("X-API-Key fc_secret-in-a-broken-line",), b"", 400),
    "a second key": (("X-API-Key: fc_other", "Content-Length: 0"), b"", 401),
    "a second key in an underscore": (("X_API_KEY: fc_other", "Content-Length: 0"), b"", 422),
    "a name that is not a header's": (("Bad Name: 1",), b"", 400),
}


@pytest.mark.parametrize(("lines", "body", "status"), WIRE.values(), ids=WIRE)
def test_odd_requests(
    live: RunningService,
    head: Callable[..., bytes],
    lines: tuple[str, ...],
    body: bytes,
    status: int,
) -> None:
    """A request that is not as HTTP wants it is refused as the caller's fault, and the service goes
    on."""
    answer = exchange(live, head(*lines) + body, end=True)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:400]
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (problem["status"], bool(problem["detail"])) == (status, True)
    assert "fc_secret" not in problem["detail"]
    assert requests.get(f"{live.address}/healthz", timeout=60).ok


@pytest.mark.parametrize(
    ("line", "status", "says"),
    [
        (b"hello", 400, "not a valid HTTP request"),
        (b"GET / HTTP/9.7", 400, "not a valid HTTP request"),
        (b"\x16\x03\x01\x02\x00\x01 \x01 \x02", 400, "not a valid HTTP request"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1", 414, "Send the values in the body"),
    ],
    ids=["a word", "a version", "a TLS handshake", "a long address"],
)
def test_a_request_that_is_no_request(
    live: RunningService, line: bytes, status: int, says: str
) -> None:
    """Bytes that are no HTTP at all get a sentence as JSON, which does not quote them."""
    answer = exchange(live, line + b"\r\n\r\n", end=True)
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert (problem["status"], problem["code"]) == (status, "bad_request")
    assert says in problem["detail"]


def test_an_address_of_eight_thousand_bytes(live: RunningService) -> None:
    """As long an address as other servers take reaches the service."""
    line = b"GET /healthz?" + b"a" * 8_000 + b" HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert exchange(live, line, end=True).startswith(b"HTTP/1.1 ")
    assert b" 414 " not in exchange(live, line, end=True)[:20]


@pytest.mark.parametrize(
    "host", ["", "a b", 'x"><script>', "evil.example/x?y#z", "[::1", "x:y", "a" * 300]
)
def test_odd_hosts(live: RunningService, host: str) -> None:
    """A host that is none does no harm to the specifications, which stay JSON."""
    for path in SPECS:
        answer = exchange(
            live,
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(),
            end=True,
        )
        first, _, body = answer.partition(b"\r\n\r\n")
        assert first.split()[1] in {b"200", b"400"}, first
        if first.split()[1] == b"200":
            assert json.loads(body)["info"]["title"] == "Formcall"
            assert b"<script>" not in body


def test_the_service_says_nothing_of_what_it_was_sent(
    live: RunningService, head: Callable[..., bytes]
) -> None:
    """What a real service writes holds neither its first key nor the texts and keys that were
    sent."""
    live.post(body={**TICKET, "text": MARK})
    live.post(body={MARK: MARK})
    exchange(live, head(f"X-API-Key fc_{MARK}", f"Authorization: {MARK}"), end=True)
    said = live.output_text()
    assert MARK not in said
    assert live.key
    assert live.key not in said
    assert "fc_secret-in-a-broken-line" not in said
    assert "Traceback" not in said


def test_a_connection_is_kept(live: RunningService) -> None:
    """Several requests go over one connection, also after one whose body was refused unread."""
    with requests.Session() as session:
        session.headers.update(live.headers)
        for _ in range(3):
            assert (
                session.post(
                    f"{live.address}/v1/actions/classify?sample=1", json=TICKET, timeout=10
                ).status_code
                == 200
            )
            assert (
                session.post(
                    f"{live.address}/v1/actions/nothing", data=b"a" * 100_000, timeout=10
                ).status_code
                == 404
            )
            assert (
                session.post(
                    f"{live.address}/v1/actions/classify", json=TICKET, timeout=10
                ).status_code
                == 200
            )
