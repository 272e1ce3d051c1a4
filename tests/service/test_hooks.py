"""Inbound hooks: an address alone runs an action on whatever is posted to it, and its token stays
secret."""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from sqlalchemy import select

from connector.catalogue import load_catalogue
from connector.cli.main import main
from connector.json_paths import list_paths, parse_path, value_at
from connector.json_types import Json
from connector.store.hook_mapping import HookTemplate, Posted
from connector.store.hook_refusals import MAX_PER_HOOK
from connector.store.hooks import MAX_PER_KEY, TOKEN_PREFIX, InboundHook
from connector.store.tables import hooks as table
from connector.web.message_ids import MESSAGE_ID_HEADERS
from tests.support.receivers import wait_until
from tests.support.running_service import RunningService
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

PATH = "/v1/hooks"
CATALOGUE = load_catalogue()
CATEGORIES = TICKET["categories"]
ORDER = {
    "id": 7,
    "order": {"lines": [{"text": "first"}, {"text": TICKET["text"], "price": 4.5}], "by": "Ann"},
    "language": "de-DE",
}


@pytest.fixture
def made(make: Callable[..., WebApp]) -> WebApp:
    return make(allow_hosts="127.0.0.1")


@pytest.fixture
def forms(made: WebApp, monkeypatch: pytest.MonkeyPatch) -> list[Json]:
    """The form of each run, as its action and its options have read it."""
    engine, seen = made.service.engine, []
    prepare = engine.prepare

    def watched(action: Any, values: Any, *more: Any) -> Any:
        run = prepare(action, values, *more)
        seen.append({**run.form, **vars(run.options)})
        return run

    monkeypatch.setattr(engine, "prepare", watched)
    return seen


def create(made: WebApp, **more: Any) -> Json:
    """A hook for classify that takes the categories as given; its path is under "path"."""
    body = {"name": "Tickets", "action": "classify", "fixed": {"categories": CATEGORIES}, **more}
    response = made.client.post(PATH, headers=made.headers, json=body)
    assert response.status_code == 201, response.text
    told: Json = response.json
    return {**told, "path": told["url"].removeprefix("http://localhost")}


def refused(response: Any, status: int, code: str) -> Json:
    told: Json = response.get_json(force=True)
    assert (response.status_code, told["code"]) == (status, code), told
    return told


# --- making one -----------------------------------------------------------------------------------


def test_made_listed_and_revoked(made: WebApp) -> None:
    """A hook's address is shown once; the list has everything but that; a revoked hook is nothing
    any more."""
    response = made.client.post(
        PATH,
        headers=made.headers,
        json={"name": " My  hook ", "action": "classify", "mapping": {"text": "a.0.b"}},
    )
    told = response.json
    token = told["url"].removeprefix(f"http://localhost{PATH}/")
    assert re.fullmatch(TOKEN_PREFIX + r"[\w-]{43}", token)
    assert response.headers["Location"] == f"http://localhost{PATH}/{told['id']}"
    assert (told["name"], told["action"], told["fixed"], told["mapping"]) == (
        "My hook",
        "classify",
        {},
        {"text": "a.0.b"},
    )
    assert (told["answer_at_once"], told["active"]) == (True, True)
    listed = made.client.get(PATH, headers=made.headers)
    assert [one["id"] for one in listed.json] == [told["id"]] and token not in listed.text
    for _ in range(2):
        ended = made.client.delete(f"{PATH}/{told['id']}", headers=made.headers)
        assert (ended.status_code, ended.json) == (200, {"id": told["id"], "deleted": True})
    assert made.client.get(PATH, headers=made.headers).json[0]["active"] is False
    refused(made.client.post(f"{PATH}/{token}", json=TICKET), 404, "not_found")


def test_as_a_form(made: WebApp) -> None:
    """A hook can be made with a form: its objects are JSON in a text, or lines."""
    fixed = json.dumps({"categories": CATEGORIES})
    body = {
        "name": "x",
        "action": "classify",
        "fixed": fixed,
        "mapping": "text: a.b\nlanguage: a.c",
        "answer_at_once": "no",
    }
    told = made.client.post(PATH, headers=made.headers, data=body).json
    assert told["fixed"] == {"categories": CATEGORIES} and told["mapping"] == {
        "text": "a.b",
        "language": "a.c",
    }
    assert told["answer_at_once"] is False


WRONG: dict[str, tuple[Json, int, str, str, str]] = {
    "no name": ({"name": ""}, 422, "invalid_input", "name", "is empty"),
    "a name that is too long": ({"name": "x" * 101}, 422, "invalid_input", "name", "1 to 100"),
    "no action": ({"action": None}, 422, "invalid_input", "action", "is empty"),
    "no such action": (
        {"action": "clasify"},
        404,
        "unknown_action",
        "",
        'Did you mean "classify"?',
    ),
    "an unknown field": (
        {"mappings": {}},
        422,
        "invalid_input",
        "mappings",
        'Did you mean "mapping"?',
    ),
    "a fixed field that there is not": (
        {"fixed": {"txt": "a"}},
        422,
        "invalid_input",
        "txt",
        'Did you mean "text"?',
    ),
    "a mapped field that there is not": (
        {"mapping": {"txt": "a"}},
        422,
        "invalid_input",
        "txt",
        'Did you mean "text"?',
    ),
    "a fixed value that is not right": (
        {"fixed": {"effort": "huge"}},
        422,
        "invalid_input",
        "effort",
        "low, medium, high",
    ),
    "one category": (
        {"fixed": {"categories": "a"}},
        422,
        "invalid_input",
        "categories",
        "at least 2",
    ),
    "a path that is a number": (
        {"mapping": {"text": 7}},
        422,
        "invalid_input",
        "text",
        "names with dots",
    ),
    **{
        f"the path {path[:40]}": ({"mapping": {"text": path}}, 422, "invalid_input", "text", words)
        for path, words in {
            "": "is empty",
            "$.order.note": 'Leave out the "$."',
            "$json.order": "of another tool",
            "{{ order.note }}": 'Templates go into "templates"',
            "{{trigger.text}}": 'Templates go into "templates"',
            "order..note": "a dot too many at character 6",
            "order.": "a dot too many",
            "order[": "cannot be read at character 6",
            "order[*].x": "cannot be read at character 6",
            "order[-1]": "cannot be read",
            "/order/note": "begins with a character",
            "x" * 301: "more than 300 characters",
        }.items()
    },
    **{
        f"the template {source}": (
            {"templates": {"text": source}},
            422,
            "invalid_input",
            "text",
            words,
        )
        for source, words in {
            "{{ subject": "cannot be used",
            "{{ a.b }}{% for x in a %}{% endfor %}": "cannot be used",
            "{{ subject | shout }}": "No filter named 'shout'",
            "{{ $.subject }}": 'Leave out the "$."',
            "no path": "no {{ path }}",
            "{{ 'subject'() }}": "cannot be used",
        }.items()
    },
    "a path and a template": (
        {"mapping": {"text": "a"}, "templates": {"text": "{{ a }}"}},
        422,
        "invalid_input",
        "text",
        "Give one",
    ),
    "a mapping that is a list": (
        {"mapping": ["text"]},
        422,
        "invalid_input",
        "mapping",
        "takes an object",
    ),
    "a switch that is a word": (
        {"answer_at_once": "soon"},
        422,
        "invalid_input",
        "answer_at_once",
        "true or false",
    ),
    "a callback inside": (
        {"fixed": {"callback_url": "http://10.0.0.1/"}},
        422,
        "address_refused",
        "callback_url",
        "public internet",
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_not_right(made: WebApp, wrong: tuple[Json, int, str, str, str]) -> None:
    """What is not right with a hook is told when it is made, by its field."""
    more, status, code, field, words = wrong
    response = made.client.post(
        PATH, headers=made.headers, json={"name": "x", "action": "classify", **more}
    )
    told = refused(response, status, code)
    assert words in (told["errors"][0]["message"] if field else told["detail"])
    assert not field or told["errors"][0]["field"] == field
    assert made.client.get(PATH, headers=made.headers).json == []


def test_what_can_only_be_told_later(made: WebApp) -> None:
    """Examples for categories that the sender gives are not refused when the hook is made."""
    hook = create(made, fixed={"examples": "x => billing"})
    assert made.client.post(hook["path"], json=TICKET).status_code == 200
    refused(
        made.client.post(hook["path"], json={**TICKET, "categories": "a, b"}), 422, "invalid_input"
    )


def test_whose_they_are(made: WebApp) -> None:
    """A key sees and revokes its own hooks alone; an admin may revoke any; without a key there is
    nothing to see."""
    hook = create(made)
    other = {"X-API-Key": made.keys.create("another")[1]}
    assert made.client.get(PATH, headers=other).json == []
    refused(made.client.delete(f"{PATH}/{hook['id']}", headers=other), 404, "not_found")
    for method, path in (("POST", PATH), ("GET", PATH), ("DELETE", f"{PATH}/{hook['id']}")):
        refused(made.client.open(path, method=method), 401, "unauthorized")
    admin = {"X-API-Key": made.keys.create("admin", ("admin",))[1]}
    assert made.client.delete(f"{PATH}/{hook['id']}", headers=admin).status_code == 200


def test_not_too_many(made: WebApp) -> None:
    """A key has so many hooks and no more; a revoked one makes room."""
    store, action = made.service.hooks, CATALOGUE["classify"]
    key = made.keys.find(made.key)
    assert key is not None
    for _ in range(MAX_PER_KEY):
        hook, _ = store.create(key.id, "x", action, fixed={}, mapping={})
    body = {"name": "x", "action": "classify"}
    refused(made.client.post(PATH, headers=made.headers, json=body), 409, "conflict")
    store.revoke(hook.id)
    assert made.client.post(PATH, headers=made.headers, json=body).status_code == 201


# --- what is posted -------------------------------------------------------------------------------

MAPPED = {"text": "order.lines.1.text"}
WAYS: dict[str, tuple[Json, Json]] = {
    "JSON": (MAPPED, {"json": ORDER}),
    "JSON of another name": (
        MAPPED,
        {"data": json.dumps(ORDER), "content_type": "application/cloudevents+json"},
    ),
    "JSON that is called text": (
        MAPPED,
        {"data": json.dumps(ORDER), "content_type": "text/plain; charset=UTF-8"},
    ),
    "JSON without a name": (MAPPED, {"data": json.dumps(ORDER)}),
    "a list": ({"text": "0.order.lines.1.text"}, {"json": [ORDER]}),
    "by its own name": ({}, {"json": {"text": TICKET["text"], "more": {"text": "no"}}}),
    "a key with dots": (
        {"text": "data.text"},
        {"json": {"data.text": TICKET["text"], "data": {"text": "no"}}},
    ),
    "a form": ({"text": "message"}, {"data": {"message": TICKET["text"], "other": "x"}}),
    "a form with brackets": ({"text": "ticket[text]"}, {"data": {"ticket[text]": TICKET["text"]}}),
    "a form in parts": (
        {"text": "message"},
        {"data": {"message": TICKET["text"]}, "content_type": "multipart/form-data"},
    ),
    "a form with a file": (
        {"text": "message"},
        {
            "data": {"message": TICKET["text"], "attachment": (io.BytesIO(b"x"), "a.txt")},
            "content_type": "multipart/form-data",
        },
    ),
    "a query": ({}, {"query_string": {"text": TICKET["text"]}}),
    "a query below a body": (
        {"text": "t"},
        {"query_string": {"t": "no"}, "json": {"t": TICKET["text"]}},
    ),
}


@pytest.mark.parametrize(("mapping", "sent"), WAYS.values(), ids=WAYS)
def test_ways_to_post(made: WebApp, forms: list[Json], mapping: Json, sent: Json) -> None:
    """However a sender posts and whatever else it sends, the mapped fields are read, without any
    key."""
    hook = create(made, mapping=mapping)
    response = made.client.post(hook["path"], **{**sent, "content_type": sent.get("content_type")})
    assert response.status_code == 200, response.text
    assert (response.json["ok"], response.json["category"]) == (True, "billing")
    assert forms[-1]["text"] == TICKET["text"]
    assert [one["name"] for one in forms[-1]["categories"]] == ["billing", "technical"]


def test_a_form_of_zapier(made: WebApp, forms: list[Json]) -> None:
    """Numbers and switches come as text, and empty boxes not at all or empty."""
    hook = create(
        made,
        action="answer_with_tools",
        fixed={},
        mapping={"max_steps": "steps", "question": "Question Text"},
    )
    sent = {
        "Question Text": "What is 2 + 2?",
        "steps": "3",
        "tools": "Calculator",
        "require_tool": "True",
        "context": "",
        "zap_id": "9",
    }
    response = made.client.post(hook["path"], data=sent)
    assert response.status_code == 200, response.text
    assert (forms[-1]["max_steps"], forms[-1]["tools"], forms[-1]["require_tool"]) == (
        3,
        ["calculate"],
        True,
    )
    assert "context" not in forms[-1] and "effort" not in forms[-1]


def test_fixed_values_win(made: WebApp, forms: list[Json]) -> None:
    """What the hook's maker has fixed cannot be changed by who posts."""
    hook = create(
        made,
        fixed={"categories": CATEGORIES, "language": "English", "tag": "web"},
        mapping={"language": "lang", "tag": "t"},
    )
    made.client.post(
        hook["path"],
        json={
            "text": "a",
            "categories": "x, y",
            "lang": "Deutsch",
            "language": "Deutsch",
            "t": "no",
        },
    )
    assert (forms[-1]["language"], forms[-1]["tag"]) == ("English", "web")
    assert [one["name"] for one in forms[-1]["categories"]] == ["billing", "technical"]


def test_options_are_the_makers(made: WebApp, forms: list[Json]) -> None:
    """A sender cannot set a run's options by their names, only where the maker has mapped them."""
    named = {
        "max_cost_usd": 100,
        "callback_url": "http://127.0.0.1:1/",
        "cache": "7d",
        "dry_run": True,
        "wait_seconds": 0,
        "tag": "a",
        "instructions": "Say yes.",
        "effort": "high",
        "language": "Deutsch",
        "idempotency_key": "k",
    }
    response = made.client.post(create(made)["path"], json={"text": "a", **named})
    assert response.status_code == 200 and response.json["status"] == "done"
    for name, value in named.items():
        assert forms[-1].get(name) != value, name
    made.client.post(create(made, mapping={"tag": "tag"})["path"], json={"text": "a", **named})
    assert forms[-1]["tag"] == "a"


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {}},
        {"json": [1]},
        {"json": "text"},
        {"json": None},
        {"data": b""},
        {"json": {"text": {"a": 1}}},
    ],
)
def test_what_is_missing_is_named(made: WebApp, sent: Json) -> None:
    """A form that is not right is the action's own problem, by field."""
    told = refused(made.client.post(create(made)["path"], **sent), 422, "invalid_input")
    assert told["errors"][0]["field"] == "text"


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"text=a", b"[" * 100_000])
def test_what_cannot_be_read(made: WebApp, data: bytes) -> None:
    """A body that is neither JSON nor a form is refused, and a compressed one."""
    refused(
        made.client.post(create(made)["path"], data=data, content_type="application/json"),
        400,
        "bad_json",
    )
    response = made.client.post(
        create(made)["path"], data=b"x", headers={"Content-Encoding": "gzip"}
    )
    refused(response, 415, "unsupported_media_type")


POSTED = {
    "a": {"b": 1},
    "c": [2, {"d": 3}],
    "e.f": 4,
    "e": {"f": 5},
    "q[0]": 6,
    "first name": 7,
    "fields": [
        {"label": "E-mail", "value": "ann@example.org"},
        {"label": "Phone", "value": 8},
        {"label": "Phone", "value": 9},
        {"key": 17, "value": "[x]"},
    ],
    "payload": '{"user": {"name": "Ann"}, "lines": ["x", "y"]}',
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1),
        ("c.0", 2),
        ("c[0]", 2),
        ("c.1.d", 3),
        ("c[1].d", 3),
        ('["c"][1]["d"]', 3),
        ("['e.f']", 4),
        ("a[b]", 1),
        ("e.f", 4),
        ("q[0]", 6),
        ("first name", 7),
        ("fields[label=E-mail].value", "ann@example.org"),
        ("fields[label = 'e-mail'].value", "ann@example.org"),
        ("fields[key=17].value", "[x]"),
        ("fields[label=Phone].value", None),
        ("fields[label=Fax].value", None),
        ("payload.user.name", "Ann"),
        ("payload.lines[1]", "y"),
        ("c.9", None),
        ("c.-1", None),
        ("c.x", None),
        ("a.b.c", None),
        ("", None),
        (".", None),
        ("a..b", None),
        ("c.²", None),
        ("c.99999999999", None),
        ("c", [2, {"d": 3}]),
    ],
)
def test_paths(path: str, found: Any) -> None:
    """A path is keys, places in lists and labels of entries; it goes on inside a text that is JSON;
    what is not there, or is there twice, is nothing."""
    assert value_at(POSTED, path) == found
    assert value_at([{"a": 1}], "0.a") == value_at([{"a": 1}], "[0].a") == 1
    assert value_at('{"a": [1]}', "a[0]") == 1
    assert value_at("text", "0") is None


def test_every_listed_path_can_be_used() -> None:
    """The paths that an error shows lead to values when they are copied into a mapping."""
    paths = list(list_paths({**POSTED, "": 1, "d'q": 2, "s d": {"x y": [[3]]}, "none": []}))
    assert "payload.user.name" in paths and "fields[0].label" in paths and "s d.x y[0][0]" in paths
    assert "ann@example.org" not in str(paths) and "Ann" not in str(paths)
    for path in paths:
        parse_path(path)
        assert value_at({**POSTED, "d'q": 2, "s d": {"x y": [[3]]}, "none": []}, path) is not None


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ subject }}\n{{ body.text }}", "Hi\nI was charged twice"),
        ("{{subject|upper}}: {{ tags | join('; ') }}", "HI: a; b"),
        ("{% if subject %}S: {{ subject }} {% endif %}{{ none.here }}", "S: Hi"),
        ("{{ lines[0].text }} {{ lines.1.n }} {{ missing }}", "one 2"),
        ("{{ fields[label=E-mail].value }}", "ann@example.org"),
        ("From {{ header:X-From }}", "From Ann"),
        ("{{ body }}", '{"text": "I was charged twice"}'),
        ("{{ missing }} and {{ none.here }}", None),
        ("{{ evil }}", "{{ subject }}"),
    ],
)
def test_templates(source: str, text: str | None) -> None:
    """A template makes one text of several values, of which some may be missing; what is filled in
    is never read as a template."""
    body = {
        "subject": "Hi",
        "body": {"text": "I was charged twice"},
        "tags": ["a", "b"],
        "lines": [{"text": "one"}, {"n": 2}],
        "fields": POSTED["fields"],
        "evil": "{{ subject }}",
    }
    assert HookTemplate(source).render(Posted(body, {"x-from": "Ann"})) == text


def test_several_values_in_one_field(made: WebApp, forms: list[Json]) -> None:
    """Templates, labels, headers and JSON inside a form's text reach the run."""
    hook = create(
        made,
        mapping={"tag": "header:x-shop", "language": "payload.user.language"},
        templates={"text": "{{ payload.subject }}\n{{ payload.answers[label=Message].value }}"},
    )
    payload = {
        "subject": "Invoice",
        "user": {"language": "Deutsch"},
        "answers": [{"label": "Message", "value": TICKET["text"]}],
    }
    answer = made.client.post(
        hook["path"], data={"payload": json.dumps(payload)}, headers={"X-Shop": "north"}
    )
    assert answer.status_code == 200, answer.text
    assert forms[-1]["text"] == f"Invoice\n{TICKET['text']}"
    assert (forms[-1]["tag"], forms[-1]["language"]) == ("north", "Deutsch")
    assert hook["templates"] == {
        "text": "{{ payload.subject }}\n{{ payload.answers[label=Message].value }}"
    }


def test_json_under_the_content_type_of_a_form(made: WebApp, forms: list[Json]) -> None:
    """What `curl -d` and careless senders post is read as what it is."""
    hook = create(made, mapping={"text": "a.b"})
    response = made.client.post(
        hook["path"],
        data=json.dumps({"a": {"b": TICKET["text"]}}),
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 200 and forms[-1]["text"] == TICKET["text"]


# --- refused posts --------------------------------------------------------------------------------

SECRET = "mauve-ocelot"


@pytest.mark.parametrize(
    ("preset", "sent", "words"),
    [
        (
            {"mapping": {"text": "order.note"}},
            {"json": {"order": {"text": SECRET, "lines": [{"n": 1}]}}},
            'there is nothing at "order.note". What was posted has: order.text, order.lines[0].n.',
        ),
        (
            {"mapping": {"text": "fields[label=Phone].value"}},
            {"json": POSTED},
            "there are 2 entries with label=Phone",
        ),
        ({"mapping": {"text": "header:X-Text"}}, {"json": {"a": 1}}, 'no header "X-Text"'),
        ({"templates": {"text": "{{ a }} {{ b.c }}"}}, {"json": {"d": 1}}, "its template (b.c, a)"),
        ({}, {"json": {"note": SECRET}}, 'nothing is called "text"'),
        ({}, {"json": {}}, "What was posted is empty"),
        ({}, {"json": SECRET}, "one value without a name"),
        ({}, {"data": {"note": SECRET}}, "What was posted has: note."),
        ({"mapping": {"text": "x"}}, {"json": {f"k{i}": 1 for i in range(25)}}, "k19 and more."),
    ],
)
def test_a_field_that_is_not_there_is_explained(
    made: WebApp, preset: Json, sent: Json, words: str
) -> None:
    """The error says where the hook looked and what it could have been given, without values; the
    same is among the hook's refused posts."""
    hook = create(made, **preset)
    told = refused(made.client.post(hook["path"], **sent), 422, "invalid_input")
    assert words in told["errors"][0]["message"] and told["errors"][0]["field"] == "text"
    assert SECRET not in told["detail"]
    posts = made.client.get(f"{PATH}/{hook['id']}/deliveries", headers=made.headers).json
    assert [(one["code"], one["errors"]) for one in posts] == [
        ("invalid_input", [{"field": "text", "code": "missing"}])
    ]
    assert posts[0]["detail"] == told["detail"]
    assert posts[0]["body"] is not None


def test_refused_posts_are_the_last_twenty(made: WebApp) -> None:
    """Also a body that cannot be read is listed; a post that ran, or was only counted, is not;
    another key sees nothing."""
    hook, other = create(made), create(made)
    refused(made.client.post(other["path"], data=b"{", content_type="text/plain"), 400, "bad_json")
    assert made.client.post(hook["path"], json={"text": TICKET["text"]}).status_code == 200
    for number in range(MAX_PER_HOOK + 3):
        made.client.post(hook["path"], json={f"key{number}": 1})
    address = f"{PATH}/{hook['id']}/deliveries"
    posts = made.client.get(address, headers=made.headers).json
    assert len(posts) == MAX_PER_HOOK
    assert {"key0", "key1"}.isdisjoint(key for post in posts for key in post["keys"])
    others = made.client.get(f"{PATH}/{other['id']}/deliveries", headers=made.headers).json
    assert [(one["code"], one["keys"], one["body"]) for one in others] == [("bad_json", [], "{")]
    stranger = {"X-API-Key": made.keys.create("another")[1]}
    refused(made.client.get(address, headers=stranger), 404, "not_found")
    refused(made.client.get(address), 401, "unauthorized")


@pytest.mark.parametrize("kept", ["hash", "off"])
def test_refused_posts_have_no_values_where_texts_are_not_stored(
    make: Callable[..., WebApp], kept: str
) -> None:
    """Neither the body nor a sentence that quotes a value is stored."""
    made = make(store_text=kept)
    hook = create(made, mapping={"effort": "level"})
    body = {"text": "a", "level": SECRET}
    told = refused(made.client.post(hook["path"], json=body), 422, "invalid_input")
    assert SECRET in told["detail"]
    refused(made.client.post(hook["path"], data=b"{" + SECRET.encode()), 400, "bad_json")
    address = f"{PATH}/{hook['id']}/deliveries"
    response = made.client.get(address, headers=made.headers)
    assert SECRET not in response.text
    posts = sorted(response.json, key=lambda post: len(post["keys"]))
    assert [post["keys"] for post in posts] == [[], ["text", "level"]]
    assert posts[1]["errors"] == [{"field": "effort", "code": "not_a_choice"}]
    assert [post["body"] for post in posts] == [None, None]


# --- handshakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_line", "sent", "answer"),
    [
        ("GET ?hub.mode=subscribe&hub.challenge=c1%3C&hub.verify_token=t", {}, "c1<"),
        ("GET ?challenge=c2", {}, "c2"),
        ("POST ?validationToken=c3%20d", {}, "c3 d"),
        ("POST ", {"json": {"type": "url_verification", "challenge": "c4", "token": "t"}}, "c4"),
    ],
)
def test_handshakes_return_the_challenge_as_text(
    made: WebApp, forms: list[Json], request_line: str, sent: Json, answer: str
) -> None:
    """Meta, Dropbox, Microsoft Graph and Slack check a URL before they use it; nothing runs."""
    method, _, query = request_line.partition(" ")
    response = made.client.open(create(made)["path"] + query, method=method, **sent)
    assert (response.status_code, response.text) == (200, answer)
    assert response.mimetype == "text/plain"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert not forms


def test_other_handshakes(made: WebApp, forms: list[Json]) -> None:
    """monday.com wants the JSON back, and Asana the header; HEAD and GET only say that the hook is
    there; data with a challenge in it is data."""
    path = create(made)["path"]
    assert made.client.post(path, json={"challenge": "c"}).json == {"challenge": "c"}
    secret = made.client.post(path, headers={"X-Hook-Secret": "s1"})
    assert (secret.status_code, secret.headers["X-Hook-Secret"]) == (200, "s1")
    assert made.client.head(path).status_code == 200
    assert made.client.get(path).json["status"] == "ready"
    assert not forms
    data = {"challenge": "c", "text": TICKET["text"]}
    assert made.client.post(path, json=data).json["action"] == "classify"
    for method in ("GET", "HEAD", "POST"):
        assert made.client.open(f"{PATH}/fch_wrong?challenge=c", method=method).status_code == 404
    assert "c" * 2_000 not in made.client.get(f"{path}?challenge={'c' * 2_000}").text


# --- answers --------------------------------------------------------------------------------------


def test_the_run_is_the_keys(made: WebApp) -> None:
    """The run is that of the key that made the hook: it sees it, and its scopes, limits and budgets
    hold."""
    hook = create(made)
    answer = made.client.post(hook["path"], json={"text": "a"}).json
    assert (
        made.client.get(f"/v1/runs/{answer['id']}", headers=made.headers).json["status"] == "done"
    )
    made.keys.change("key 0", limits={"rate_per_minute": 1})
    told = [made.client.post(hook["path"], json={"text": "a"}) for _ in range(2)]
    refused(told[1], 429, "rate_limited")
    assert int(told[1].headers["Retry-After"]) >= 1


def test_without_the_scope_for_tools(made: WebApp) -> None:
    """A hook of a key that may not use tools may not either."""
    headers = {"X-API-Key": made.keys.create("no tools", ("actions",))[1]}
    body = {"name": "x", "action": "answer_with_tools", "fixed": {"tools": "calculate"}}
    path = (
        made.client.post(PATH, headers=headers, json=body)
        .json["url"]
        .removeprefix("http://localhost")
    )
    refused(made.client.post(path, json={"question": "2 + 2?"}), 403, "forbidden")


def test_a_revoked_key(made: WebApp) -> None:
    """The hooks of a revoked key are nothing any more."""
    key, plain = made.keys.create("short-lived")
    made.key = plain
    hook = create(made)
    assert made.client.post(hook["path"], json={"text": "a"}).status_code == 200
    made.keys.revoke(key.id)
    refused(made.client.post(hook["path"], json={"text": "a"}), 404, "not_found")


def test_later(made: WebApp) -> None:
    """A hook that does not answer at once gives the run's id, and the run goes on."""
    with made.launched() as service:
        hook = create(
            made, answer_at_once=False, fixed={"categories": CATEGORIES, "wait_seconds": 50}
        )
        response = made.client.post(hook["path"], json={"text": TICKET["text"]})
        assert (response.status_code, response.json["status"]) == (202, "queued")
        wait_until(lambda: service.records.status(response.json["id"]) == "done")
        refused(made.client.post(hook["path"], json={}), 422, "invalid_input")


@pytest.mark.parametrize(
    ("header", "sender"),
    [("Idempotency-Key", ""), *MESSAGE_ID_HEADERS],
    ids=lambda part: part or "alone",
)
def test_a_message_sent_again_runs_once(made: WebApp, header: str, sender: str) -> None:
    """Each known sender's own id is enough; one that counts only beside another header is not used
    without it, since proxies set it too."""
    path = create(made)["path"]
    headers = {header: "msg_1", **({sender: "x"} if sender else {})}

    def run_id(headers: Json) -> str:
        run: str = made.client.post(path, json={"text": TICKET["text"]}, headers=headers).json["id"]
        return run

    assert run_id(headers) == run_id(headers) != run_id({**headers, header: "msg_2"})
    if sender:
        assert run_id({header: "msg_1"}) != run_id({header: "msg_1"})


@pytest.mark.parametrize("header", ["Idempotency-Key", "webhook-id"])
def test_the_same_message_again(made: WebApp, header: str) -> None:
    """A sender that sends the same message again, under the same id, gets the same run; another
    hook has its own."""
    hook, other = create(made), create(made)
    body = {"text": TICKET["text"]}
    for given in ("msg_1", "x" * 1_000):
        first = made.client.post(hook["path"], json=body, headers={header: given}).json["id"]
        assert (
            made.client.post(hook["path"], json=body, headers={header: given}).json["id"] == first
        )
        assert (
            made.client.post(other["path"], json=body, headers={header: given}).json["id"] != first
        )
        assert made.post(json={**TICKET, "idempotency_key": given[:255]}).json["id"] != first
        refused(
            made.client.post(hook["path"], json={"text": "b"}, headers={header: given}),
            422,
            "idempotency_mismatch",
        )
    assert (
        made.client.post(hook["path"], json=body).json["id"]
        != made.client.post(hook["path"], json=body).json["id"]
    )


def test_an_id_in_the_body(made: WebApp) -> None:
    """A sender that names its messages in the body can have that id mapped; it stands above the
    header."""
    hook = create(made, mapping={"idempotency_key": "event.id"})
    refused(
        made.client.post(hook["path"], json={"text": "a", "event": {"id": {"a": 1}}}),
        422,
        "invalid_input",
    )
    body = {"text": "a", "event": {"id": 17}}
    first = made.client.post(hook["path"], json=body, headers={"webhook-id": "1"}).json["id"]
    assert (
        made.client.post(hook["path"], json=body, headers={"webhook-id": "2"}).json["id"] == first
    )


def test_samples(made: WebApp, forms: list[Json]) -> None:
    """With sample=true a hook answers its action's first example, whatever is posted."""
    hook = create(made)
    for response in (
        made.client.post(f"{hook['path']}?sample=true"),
        made.client.post(hook["path"], headers={"X-Sample": "1"}),
    ):
        assert response.status_code == 200 and response.json["id"] == "run_sample"
    assert forms == []


def test_an_action_that_is_gone(made: WebApp) -> None:
    """A hook whose action was taken away says so."""
    hook = create(made)
    with made.service.database.begin() as connection:
        connection.execute(table.update().values(action="gone"))
    refused(made.client.post(hook["path"], json={"text": "a"}), 404, "unknown_action")


# --- what is secret -------------------------------------------------------------------------------


def test_nobody_else_gets_in(made: WebApp) -> None:
    """What is not a hook's token is nothing: its id, a part of it, another one, or anything at
    all."""
    hook = create(made)
    token = hook["path"].rpartition("/")[2]
    for guess in (
        hook["id"],
        token[:-1],
        token + "a",
        token.swapcase(),
        token.removeprefix(TOKEN_PREFIX),
        "fch_",
        "x" * 5_000,
        "%00",
        "é",
    ):
        refused(made.client.post(f"{PATH}/{guess}", json={"text": "a"}), 404, "not_found")


def test_the_token_is_told_to_nobody(
    made: WebApp, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """A token is in no answer, problem, log or file but in the one answer that made it."""
    caplog.set_level(logging.DEBUG)
    hook = create(made)
    token = hook["path"].rpartition("/")[2]
    client, headers = made.client, made.headers
    answers = [
        client.post(hook["path"], json={"text": "a"}),
        client.post(hook["path"], json={}),
        client.post(hook["path"], data=b"{"),
        client.get(hook["path"]),
        client.put(hook["path"]),
        client.delete(hook["path"], headers=headers),
        client.options(hook["path"]),
        client.post(f"{hook['path']}/more"),
        client.post(hook["path"] + "x"),
        client.post(f"/hooks/{token}"),
        client.post(f"/{token}"),
        client.post(f"/V1/HOOKS/{token}"),
        client.get(f"/v1/webhook/{token}"),
        client.get(f"/v1/actions/{token[4:]}"),
        client.get(PATH, headers=headers),
        client.post(f"{hook['path']}?sample=true"),
        client.delete(f"{PATH}/{hook['id']}", headers=headers),
        client.post(hook["path"], json={"text": "a"}),
    ]
    assert [answers[number].status_code for number in (0, 3, 5, 7)] == [200, 200, 404, 404]
    for response in answers:
        assert token not in response.text and token[4:] not in response.text, response.request.path
        assert token not in str(response.headers)
    assert token[4:] not in caplog.text
    for file in (tmp_path / "data").iterdir():
        assert token.encode() not in file.read_bytes()
    with made.service.database.connect() as connection:
        assert token not in str(connection.execute(select(table)).all())


def test_other_methods_are_refused(made: WebApp) -> None:
    """A method that a hook has no use for is refused, and the sentence does not repeat its URL."""
    response = made.client.put(create(made)["path"])
    told = refused(response, 405, "method_not_allowed")
    assert told["detail"] == "/v1/hooks/… does not support PUT."
    assert "POST" in response.headers["Allow"]


def test_in_a_real_service(live: RunningService) -> None:
    """Over a real connection: the address works without a key, and what the service writes has
    neither the token nor the text."""
    body = {
        "name": "x",
        "action": "classify",
        "fixed": {"categories": CATEGORIES},
        "mapping": {"text": "a.b"},
    }
    hook = requests.post(
        f"{live.address}{PATH}", json=body, headers=live.headers, timeout=10
    ).json()
    for text in ("mauve-ocelot-1", "mauve-ocelot-2"):
        answer = requests.post(hook["url"], json={"a": {"b": text}}, timeout=60)
        assert (answer.status_code, answer.json()["action"]) == (200, "classify")
    assert requests.get(hook["url"], timeout=60).json()["status"] == "ready"
    time.sleep(0.2)
    said = live.output_text()
    assert hook["url"].rpartition("/")[2] not in said and "mauve-ocelot" not in said


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def formcall(
    made: WebApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs a command on the same data as the application ``made``."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, **settings: str) -> Result:
        environment = {
            "FORMCALL_DATA_DIR": str(tmp_path / "data"),
            "FORMCALL_ENGINE": "scripted",
            **settings,
        }
        result = CliRunner().invoke(main, words, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


def test_on_the_command_line(
    made: WebApp, formcall: Callable[..., Result], tmp_path: Path, forms: list[Json]
) -> None:
    """A hook is made with its address alone on standard output, is listed without it, works, and is
    revoked by its name."""
    (tmp_path / "categories.txt").write_text(CATEGORIES, encoding="utf-8")
    words = [
        "hook",
        "create",
        "Tickets",
        "--action",
        "classify",
        "--key",
        "key 0",
        "--set",
        "categories=@categories.txt",
    ]
    result = formcall(
        *words,
        "--set",
        "language=English",
        "--map",
        "text=order.lines.1.text",
        FORMCALL_PUBLIC_URL="https://forms.example/",
    )
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    found = re.fullmatch(r"https://forms\.example(/v1/hooks/fch_[\w-]{43})\n", result.stdout)
    assert found
    answer = made.client.post(found[1], json=ORDER)
    assert (answer.status_code, answer.json["category"], forms[-1]["language"]) == (
        200,
        "billing",
        "English",
    )
    listed = formcall("hook", "list").stdout
    assert "Tickets  classify  for key 0  answers at once  valid" in listed and "fch_" not in listed
    assert formcall("hook", "revoke", "Tickets").stdout == 'The hook "Tickets" is revoked.\n'
    assert "revoked" in formcall("hook", "list").stdout
    assert made.client.post(found[1], json=ORDER).status_code == 404
    assert formcall("hook", "revoke", "Tickets").exit_code == 1


def test_later_on_the_command_line(formcall: Callable[..., Result]) -> None:
    """Without a public address the usual one is printed, and what to set is said on standard
    error."""
    result = formcall("hook", "create", "x", "--action", "classify", "--key", "key 0", "--later")
    assert (
        result.stdout.startswith("http://127.0.0.1:8080/v1/hooks/fch_")
        and "FORMCALL_PUBLIC_URL" in result.stderr
    )
    assert "answers later" in formcall("hook", "list").stdout
    formcall("hook", "create", "x", "--action", "classify", "--key", "key 0")
    assert "use the id" in formcall("hook", "revoke", "x").stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--set", "categories"), "FIELD=VALUE"),
        (("--set", "text=a", "--set", "text=b"), "each field once"),
        (("--set", "txt=a"), 'Did you mean "text"?'),
        (("--set", "effort=huge"), "low, medium, high"),
        (("--set", "text=@nothing.txt"), "cannot be read"),
        (("--map", "text="), "names with dots"),
        (("--set", "callback_url=http://10.0.0.1/"), "public internet"),
        (("--key", "nobody"), "no valid key"),
        (("--action", "nothing"), "no action called"),
    ],
)
def test_failures_on_the_command_line(
    formcall: Callable[..., Result], more: tuple[str, ...], words: str
) -> None:
    """What is not right is one sentence on standard error, and no hook is made."""
    result = formcall("hook", "create", "x", "--action", "classify", "--key", "key 0", *more)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert words in result.stderr
    assert formcall("hook", "list").stdout == ""


def test_a_hook_in_itself() -> None:
    """Without a sender's id a run has none either; a hook that answers later waits for nothing."""
    hook = InboundHook(
        "hook_1", "key_1", "x", "classify", {}, {}, answer_at_once=False, created_ms=0
    )
    assert hook.values(CATALOGUE["classify"], Posted({"text": "a", "zzz": 1})) == {
        "text": "a",
        "idempotency_key": "",
        "wait_seconds": 0,
    }
    assert hook.values(CATALOGUE["classify"], Posted(None), "m")["idempotency_key"] == "hook_1:m"
