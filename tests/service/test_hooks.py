"""Inbound hooks: an address alone runs an action on whatever is posted to it, and the secret in it is told to nobody."""

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
from connector.cli import main
from connector.store.hooks import MOST_OF_KEY, TOKEN_PREFIX, Hook, picked
from connector.store.tables import hooks as table
from tests.conftest import TICKET, Made, Service
from tests.receivers import until

Json = dict[str, Any]

PATH = "/v1/hooks"
CATALOGUE = load_catalogue()
CATEGORIES = TICKET["categories"]
ORDER = {"id": 7, "order": {"lines": [{"text": "first"}, {"text": TICKET["text"], "price": 4.5}], "by": "Ann"}, "language": "de-DE"}


@pytest.fixture
def made(make: Callable[..., Made]) -> Made:
    return make(allow_hosts="127.0.0.1")


@pytest.fixture
def forms(made: Made, monkeypatch: pytest.MonkeyPatch) -> list[Json]:
    """The form of each run, as its action and its options have read it."""
    engine, seen = made.app.extensions["formcall"].engine, []
    prepare = engine.prepare

    def watched(action: Any, values: Any, *more: Any) -> Any:
        run = prepare(action, values, *more)
        seen.append({**run.form, **vars(run.options)})
        return run

    monkeypatch.setattr(engine, "prepare", watched)
    return seen


def create(made: Made, **more: Any) -> Json:
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


# --- making one --------------------------------------------------------------------------------------------------------


def test_made_listed_and_revoked(made: Made) -> None:
    """A hook's address is shown once; the list has everything but that; a revoked hook is nothing any more."""
    response = made.client.post(PATH, headers=made.headers, json={"name": " My  hook ", "action": "classify", "mapping": {"text": "a.0.b"}})
    told = response.json
    token = told["url"].removeprefix(f"http://localhost{PATH}/")
    assert re.fullmatch(TOKEN_PREFIX + r"[\w-]{43}", token)
    assert response.headers["Location"] == f"http://localhost{PATH}/{told['id']}"
    assert (told["name"], told["action"], told["fixed"], told["mapping"]) == ("My hook", "classify", {}, {"text": "a.0.b"})
    assert (told["answer_at_once"], told["active"]) == (True, True)
    listed = made.client.get(PATH, headers=made.headers)
    assert [one["id"] for one in listed.json] == [told["id"]] and token not in listed.text
    for _ in range(2):
        ended = made.client.delete(f"{PATH}/{told['id']}", headers=made.headers)
        assert (ended.status_code, ended.json) == (200, {"id": told["id"], "deleted": True})
    assert made.client.get(PATH, headers=made.headers).json[0]["active"] is False
    refused(made.client.post(f"{PATH}/{token}", json=TICKET), 404, "not_found")


def test_as_a_form(made: Made) -> None:
    """A hook can be made with a form: its objects are JSON in a text, or lines."""
    fixed = json.dumps({"categories": CATEGORIES})
    body = {"name": "x", "action": "classify", "fixed": fixed, "mapping": "text: a.b\nlanguage: a.c", "answer_at_once": "no"}
    told = made.client.post(PATH, headers=made.headers, data=body).json
    assert told["fixed"] == {"categories": CATEGORIES} and told["mapping"] == {"text": "a.b", "language": "a.c"}
    assert told["answer_at_once"] is False


WRONG: dict[str, tuple[Json, int, str, str, str]] = {
    "no name": ({"name": ""}, 422, "invalid_input", "name", "is empty"),
    "a name that is too long": ({"name": "x" * 101}, 422, "invalid_input", "name", "1 to 100"),
    "no action": ({"action": None}, 422, "invalid_input", "action", "is empty"),
    "no such action": ({"action": "clasify"}, 404, "unknown_action", "", 'Did you mean "classify"?'),
    "an unknown field": ({"mappings": {}}, 422, "invalid_input", "mappings", 'Did you mean "mapping"?'),
    "a fixed field that there is not": ({"fixed": {"txt": "a"}}, 422, "invalid_input", "txt", 'Did you mean "text"?'),
    "a mapped field that there is not": ({"mapping": {"txt": "a"}}, 422, "invalid_input", "txt", 'Did you mean "text"?'),
    "a fixed value that is not right": ({"fixed": {"effort": "huge"}}, 422, "invalid_input", "effort", "low, medium, high"),
    "one category": ({"fixed": {"categories": "a"}}, 422, "invalid_input", "categories", "at least 2"),
    "a path that is a number": ({"mapping": {"text": 7}}, 422, "invalid_input", "text", "names with dots"),
    "an empty path": ({"mapping": {"text": ""}}, 422, "invalid_input", "text", "names with dots"),
    "a mapping that is a list": ({"mapping": ["text"]}, 422, "invalid_input", "mapping", "takes an object"),
    "a switch that is a word": ({"answer_at_once": "soon"}, 422, "invalid_input", "answer_at_once", "true or false"),
    "a callback inside": ({"fixed": {"callback_url": "http://10.0.0.1/"}}, 422, "address_refused", "callback_url", "public internet"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_not_right(made: Made, wrong: tuple[Json, int, str, str, str]) -> None:
    """What is not right with a hook is told when it is made, by its field."""
    more, status, code, field, words = wrong
    response = made.client.post(PATH, headers=made.headers, json={"name": "x", "action": "classify", **more})
    told = refused(response, status, code)
    assert words in (told["errors"][0]["message"] if field else told["detail"])
    assert not field or told["errors"][0]["field"] == field
    assert made.client.get(PATH, headers=made.headers).json == []


def test_what_can_only_be_told_later(made: Made) -> None:
    """Examples for categories that the sender gives are not refused when the hook is made."""
    hook = create(made, fixed={"examples": "x => billing"})
    assert made.client.post(hook["path"], json=TICKET).status_code == 200
    refused(made.client.post(hook["path"], json={**TICKET, "categories": "a, b"}), 422, "invalid_input")


def test_whose_they_are(made: Made) -> None:
    """A key sees and revokes its own hooks alone; an admin may revoke any; without a key there is nothing to see."""
    hook = create(made)
    other = {"X-API-Key": made.keys.create("another")[1]}
    assert made.client.get(PATH, headers=other).json == []
    refused(made.client.delete(f"{PATH}/{hook['id']}", headers=other), 404, "not_found")
    for method, path in (("POST", PATH), ("GET", PATH), ("DELETE", f"{PATH}/{hook['id']}")):
        refused(made.client.open(path, method=method), 401, "unauthorized")
    admin = {"X-API-Key": made.keys.create("admin", ("admin",))[1]}
    assert made.client.delete(f"{PATH}/{hook['id']}", headers=admin).status_code == 200


def test_not_too_many(made: Made) -> None:
    """A key has so many hooks and no more; a revoked one makes room."""
    store, action = made.app.extensions["formcall"].workshop.hooks, CATALOGUE["classify"]
    key = made.keys.find(made.key)
    assert key is not None
    for _ in range(MOST_OF_KEY):
        hook, _ = store.create(key.id, "x", action, fixed={}, mapping={})
    body = {"name": "x", "action": "classify"}
    refused(made.client.post(PATH, headers=made.headers, json=body), 409, "conflict")
    store.revoke(hook.id)
    assert made.client.post(PATH, headers=made.headers, json=body).status_code == 201


# --- what is posted ------------------------------------------------------------------------------------------------------

MAPPED = {"text": "order.lines.1.text"}
WAYS: dict[str, tuple[Json, Json]] = {
    "JSON": (MAPPED, {"json": ORDER}),
    "JSON of another name": (MAPPED, {"data": json.dumps(ORDER), "content_type": "application/cloudevents+json"}),
    "JSON that is called text": (MAPPED, {"data": json.dumps(ORDER), "content_type": "text/plain; charset=UTF-8"}),
    "JSON without a name": (MAPPED, {"data": json.dumps(ORDER)}),
    "a list": ({"text": "0.order.lines.1.text"}, {"json": [ORDER]}),
    "by its own name": ({}, {"json": {"text": TICKET["text"], "more": {"text": "no"}}}),
    "a key with dots": ({"text": "data.text"}, {"json": {"data.text": TICKET["text"], "data": {"text": "no"}}}),
    "a form": ({"text": "message"}, {"data": {"message": TICKET["text"], "other": "x"}}),
    "a form with brackets": ({"text": "ticket[text]"}, {"data": {"ticket[text]": TICKET["text"]}}),
    "a form in parts": ({"text": "message"}, {"data": {"message": TICKET["text"]}, "content_type": "multipart/form-data"}),
    "a form with a file": (
        {"text": "message"},
        {"data": {"message": TICKET["text"], "attachment": (io.BytesIO(b"x"), "a.txt")}, "content_type": "multipart/form-data"},
    ),
    "a query": ({}, {"query_string": {"text": TICKET["text"]}}),
    "a query below a body": ({"text": "t"}, {"query_string": {"t": "no"}, "json": {"t": TICKET["text"]}}),
}


@pytest.mark.parametrize(("mapping", "sent"), WAYS.values(), ids=WAYS)
def test_ways_to_post(made: Made, forms: list[Json], mapping: Json, sent: Json) -> None:
    """However a sender posts and whatever else it sends, the mapped fields are read, without any key."""
    hook = create(made, mapping=mapping)
    response = made.client.post(hook["path"], **{**sent, "content_type": sent.get("content_type")})
    assert response.status_code == 200, response.text
    assert (response.json["ok"], response.json["category"]) == (True, "billing")
    assert forms[-1]["text"] == TICKET["text"]
    assert [one["name"] for one in forms[-1]["categories"]] == ["billing", "technical"]


def test_a_form_of_zapier(made: Made, forms: list[Json]) -> None:
    """Numbers and switches come as text, and empty boxes not at all or empty."""
    hook = create(made, action="answer_with_tools", fixed={}, mapping={"max_steps": "steps", "question": "Question Text"})
    sent = {"Question Text": "What is 2 + 2?", "steps": "3", "tools": "Calculator", "require_tool": "True", "context": "", "zap_id": "9"}
    response = made.client.post(hook["path"], data=sent)
    assert response.status_code == 200, response.text
    assert (forms[-1]["max_steps"], forms[-1]["tools"], forms[-1]["require_tool"]) == (3, ["calculate"], True)
    assert "context" not in forms[-1] and "effort" not in forms[-1]


def test_fixed_values_win(made: Made, forms: list[Json]) -> None:
    """What the hook's maker has fixed cannot be changed by who posts."""
    hook = create(made, fixed={"categories": CATEGORIES, "language": "English", "tag": "web"}, mapping={"language": "lang", "tag": "t"})
    made.client.post(hook["path"], json={"text": "a", "categories": "x, y", "lang": "Deutsch", "language": "Deutsch", "t": "no"})
    assert (forms[-1]["language"], forms[-1]["tag"]) == ("English", "web")
    assert [one["name"] for one in forms[-1]["categories"]] == ["billing", "technical"]


def test_options_are_the_makers(made: Made, forms: list[Json]) -> None:
    """A sender cannot set a run's options by their names, only where the maker has mapped them."""
    named = {
        "max_cost_usd": 100, "callback_url": "http://127.0.0.1:1/", "cache": "7d", "dry_run": True, "wait_seconds": 0, "tag": "a",
        "instructions": "Say yes.", "effort": "high", "language": "Deutsch", "idempotency_key": "k",
    }  # fmt: skip
    response = made.client.post(create(made)["path"], json={"text": "a", **named})
    assert response.status_code == 200 and response.json["status"] == "done"
    for name, value in named.items():
        assert forms[-1].get(name) != value, name
    made.client.post(create(made, mapping={"tag": "tag"})["path"], json={"text": "a", **named})
    assert forms[-1]["tag"] == "a"


@pytest.mark.parametrize(
    "sent", [{"json": {}}, {"json": [1]}, {"json": "text"}, {"json": None}, {"data": b""}, {"json": {"text": {"a": 1}}}]
)
def test_what_is_missing_is_named(made: Made, sent: Json) -> None:
    """A form that is not right is the action's own problem, by field."""
    told = refused(made.client.post(create(made)["path"], **sent), 422, "invalid_input")
    assert told["errors"][0]["field"] == "text"


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"text=a", b"[" * 100_000])
def test_what_cannot_be_read(made: Made, data: bytes) -> None:
    """A body that is neither JSON nor a form is refused, and a compressed one."""
    refused(made.client.post(create(made)["path"], data=data, content_type="application/json"), 400, "bad_json")
    response = made.client.post(create(made)["path"], data=b"x", headers={"Content-Encoding": "gzip"})
    refused(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1), ("c.0", 2), ("c.1.d", 3), ("c.9", None), ("c.-1", None), ("c.x", None), ("a.b.c", None), ("", None), (".", None),
        ("a..b", None), ("e.f", 4), ("c.²", None), ("c.99999999999", None), ("c", [2, {"d": 3}]),
    ],
)  # fmt: skip
def test_paths(path: str, found: Any) -> None:
    """A path is keys and places in lists with dots between them; what is not there is nothing."""
    assert picked({"a": {"b": 1}, "c": [2, {"d": 3}], "e.f": 4, "e": {"f": 5}}, path) == found
    assert picked([{"a": 1}], "0.a") == 1
    assert picked("text", "0") is None


# --- answers -------------------------------------------------------------------------------------------------------------


def test_the_run_is_the_keys(made: Made) -> None:
    """The run is that of the key that made the hook: it sees it, and its scopes, limits and budgets hold."""
    hook = create(made)
    answer = made.client.post(hook["path"], json={"text": "a"}).json
    assert made.client.get(f"/v1/runs/{answer['id']}", headers=made.headers).json["status"] == "done"
    made.keys.change("key 0", rate_per_minute=1)
    told = [made.client.post(hook["path"], json={"text": "a"}) for _ in range(2)]
    refused(told[1], 429, "rate_limited")
    assert int(told[1].headers["Retry-After"]) >= 1


def test_without_the_scope_for_tools(made: Made) -> None:
    """A hook of a key that may not use tools may not either."""
    headers = {"X-API-Key": made.keys.create("no tools", ("actions",))[1]}
    body = {"name": "x", "action": "answer_with_tools", "fixed": {"tools": "calculate"}}
    path = made.client.post(PATH, headers=headers, json=body).json["url"].removeprefix("http://localhost")
    refused(made.client.post(path, json={"question": "2 + 2?"}), 403, "forbidden")


def test_a_revoked_key(made: Made) -> None:
    """The hooks of a revoked key are nothing any more."""
    key, plain = made.keys.create("short-lived")
    made.key = plain
    hook = create(made)
    assert made.client.post(hook["path"], json={"text": "a"}).status_code == 200
    made.keys.revoke(key.id)
    refused(made.client.post(hook["path"], json={"text": "a"}), 404, "not_found")


def test_later(made: Made) -> None:
    """A hook that does not answer at once gives the run's id, and the run goes on."""
    workshop = made.app.extensions["formcall"].workshop
    workshop.launch()
    try:
        hook = create(made, answer_at_once=False, fixed={"categories": CATEGORIES, "wait_seconds": 50})
        response = made.client.post(hook["path"], json={"text": TICKET["text"]})
        assert (response.status_code, response.json["status"]) == (202, "queued")
        until(lambda: workshop.records.status(response.json["id"]) == "done")
        refused(made.client.post(hook["path"], json={}), 422, "invalid_input")
    finally:
        workshop.stop(10)


@pytest.mark.parametrize("header", ["Idempotency-Key", "webhook-id"])
def test_the_same_message_again(made: Made, header: str) -> None:
    """A sender that sends the same message again, under the same id, gets the same run; another hook has its own."""
    hook, other = create(made), create(made)
    body = {"text": TICKET["text"]}
    for given in ("msg_1", "x" * 1_000):
        first = made.client.post(hook["path"], json=body, headers={header: given}).json["id"]
        assert made.client.post(hook["path"], json=body, headers={header: given}).json["id"] == first
        assert made.client.post(other["path"], json=body, headers={header: given}).json["id"] != first
        assert made.post(json={**TICKET, "idempotency_key": given[:255]}).json["id"] != first
        refused(made.client.post(hook["path"], json={"text": "b"}, headers={header: given}), 422, "idempotency_mismatch")
    assert made.client.post(hook["path"], json=body).json["id"] != made.client.post(hook["path"], json=body).json["id"]


def test_an_id_in_the_body(made: Made) -> None:
    """A sender that names its messages in the body can have that id mapped; it stands above the header."""
    hook = create(made, mapping={"idempotency_key": "event.id"})
    refused(made.client.post(hook["path"], json={"text": "a", "event": {"id": {"a": 1}}}), 422, "invalid_input")
    body = {"text": "a", "event": {"id": 17}}
    first = made.client.post(hook["path"], json=body, headers={"webhook-id": "1"}).json["id"]
    assert made.client.post(hook["path"], json=body, headers={"webhook-id": "2"}).json["id"] == first


def test_samples(made: Made, forms: list[Json]) -> None:
    """With sample=true a hook answers its action's first example, whatever is posted."""
    hook = create(made)
    for response in (made.client.post(f"{hook['path']}?sample=true"), made.client.post(hook["path"], headers={"X-Sample": "1"})):
        assert response.status_code == 200 and response.json["id"] == "run_sample"
    assert forms == []


def test_an_action_that_is_gone(made: Made) -> None:
    """A hook whose action was taken away says so."""
    hook = create(made)
    with made.app.extensions["formcall"].workshop.database.begin() as connection:
        connection.execute(table.update().values(action="gone"))
    refused(made.client.post(hook["path"], json={"text": "a"}), 404, "unknown_action")


# --- what is secret ------------------------------------------------------------------------------------------------------


def test_nobody_else_gets_in(made: Made) -> None:
    """What is not a hook's token is nothing: its id, a part of it, another one, or anything at all."""
    hook = create(made)
    token = hook["path"].rpartition("/")[2]
    for guess in (hook["id"], token[:-1], token + "a", token.swapcase(), token.removeprefix(TOKEN_PREFIX), "fch_", "x" * 5_000, "%00", "é"):
        refused(made.client.post(f"{PATH}/{guess}", json={"text": "a"}), 404, "not_found")


def test_the_token_is_told_to_nobody(made: Made, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """A token is in no answer, problem, log or file but in the one answer that made it."""
    caplog.set_level(logging.DEBUG)
    hook = create(made)
    token = hook["path"].rpartition("/")[2]
    client, headers = made.client, made.headers
    answers = [
        client.post(hook["path"], json={"text": "a"}), client.post(hook["path"], json={}), client.post(hook["path"], data=b"{"),
        client.get(hook["path"]), client.put(hook["path"]), client.delete(hook["path"], headers=headers), client.options(hook["path"]),
        client.post(f"{hook['path']}/more"), client.post(hook["path"] + "x"), client.post(f"/hooks/{token}"), client.post(f"/{token}"),
        client.post(f"/V1/HOOKS/{token}"), client.get(f"/v1/webhook/{token}"),
        client.get(f"/v1/actions/{token[4:]}"), client.get(PATH, headers=headers), client.post(f"{hook['path']}?sample=true"),
        client.delete(f"{PATH}/{hook['id']}", headers=headers), client.post(hook["path"], json={"text": "a"}),
    ]  # fmt: skip
    assert [answers[number].status_code for number in (0, 3, 5, 7)] == [200, 405, 404, 404]
    for response in answers:
        assert token not in response.text and token[4:] not in response.text, response.request.path
        assert token not in str(response.headers)
    assert token[4:] not in caplog.text
    for file in (tmp_path / "data").iterdir():
        assert token.encode() not in file.read_bytes()
    with made.app.extensions["formcall"].workshop.database.connect() as connection:
        assert token not in str(connection.execute(select(table)).all())


def test_a_get_is_refused(made: Made) -> None:
    """An address that somebody opens in a browser runs nothing, and the sentence does not repeat it."""
    response = made.client.get(create(made)["path"])
    told = refused(response, 405, "method_not_allowed")
    assert told["detail"] == "/v1/hooks/… does not take GET."
    assert "POST" in response.headers["Allow"]


def test_in_a_real_service(live: Service) -> None:
    """Over a real connection: the address works without a key, and what the service writes has neither the token nor the text."""
    body = {"name": "x", "action": "classify", "fixed": {"categories": CATEGORIES}, "mapping": {"text": "a.b"}}
    hook = requests.post(f"{live.address}{PATH}", json=body, headers=live.headers, timeout=10).json()
    for text in ("mauve-ocelot-1", "mauve-ocelot-2"):
        answer = requests.post(hook["url"], json={"a": {"b": text}}, timeout=10)
        assert (answer.status_code, answer.json()["action"]) == (200, "classify")
    assert requests.get(hook["url"], timeout=10).status_code == 405
    time.sleep(0.2)
    said = live.said()
    assert hook["url"].rpartition("/")[2] not in said and "mauve-ocelot" not in said


# --- the command line ----------------------------------------------------------------------------------------------------


@pytest.fixture
def formcall(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command on the same data as the application ``made``."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, **settings: str) -> Result:
        environment = {"FORMCALL_DATA_DIR": str(tmp_path / "data"), "FORMCALL_ENGINE": "scripted", **settings}
        result = CliRunner().invoke(main, words, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


def test_on_the_command_line(made: Made, formcall: Callable[..., Result], tmp_path: Path, forms: list[Json]) -> None:
    """A hook is made with its address alone on standard output, is listed without it, works, and is revoked by its name."""
    (tmp_path / "categories.txt").write_text(CATEGORIES, encoding="utf-8")
    words = ["hook", "create", "Tickets", "--action", "classify", "--key", "key 0", "--set", "categories=@categories.txt"]
    result = formcall(*words, "--set", "language=English", "--map", "text=order.lines.1.text", FORMCALL_PUBLIC_URL="https://forms.example/")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    found = re.fullmatch(r"https://forms\.example(/v1/hooks/fch_[\w-]{43})\n", result.stdout)
    assert found
    answer = made.client.post(found[1], json=ORDER)
    assert (answer.status_code, answer.json["category"], forms[-1]["language"]) == (200, "billing", "English")
    listed = formcall("hook", "list").stdout
    assert "Tickets  classify  for key 0  answers at once  valid" in listed and "fch_" not in listed
    assert formcall("hook", "revoke", "Tickets").stdout == 'The hook "Tickets" is revoked.\n'
    assert "revoked" in formcall("hook", "list").stdout
    assert made.client.post(found[1], json=ORDER).status_code == 404
    assert formcall("hook", "revoke", "Tickets").exit_code == 1


def test_later_on_the_command_line(formcall: Callable[..., Result]) -> None:
    """Without a public address the usual one is printed, and what to set is said on standard error."""
    result = formcall("hook", "create", "x", "--action", "classify", "--key", "key 0", "--later")
    assert result.stdout.startswith("http://127.0.0.1:8080/v1/hooks/fch_") and "FORMCALL_PUBLIC_URL" in result.stderr
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
def test_failures_on_the_command_line(formcall: Callable[..., Result], more: tuple[str, ...], words: str) -> None:
    """What is not right is one sentence on standard error, and no hook is made."""
    result = formcall("hook", "create", "x", "--action", "classify", "--key", "key 0", *more)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert words in result.stderr
    assert formcall("hook", "list").stdout == ""


def test_a_hook_in_itself() -> None:
    """Without a sender's id a run has none either; a hook that answers later waits for nothing."""
    hook = Hook("hook_1", "key_1", "x", "classify", {}, {}, answer_at_once=False, created_ms=0)
    assert hook.values(CATALOGUE["classify"], {"text": "a", "zzz": 1}) == {"text": "a", "idempotency_key": "", "wait_seconds": 0}
    assert hook.values(CATALOGUE["classify"], None, "m")["idempotency_key"] == "hook_1:m"
