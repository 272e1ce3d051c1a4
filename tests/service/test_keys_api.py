"""API keys over HTTP: who may list, create, change and revoke them, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector.errors import FormcallError
from connector.store.keys import Keys
from tests.support.databases import KINDS, database_url
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]


@pytest.fixture(params=KINDS)
def app(request: pytest.FixtureRequest, make: Make) -> Iterator[WebApp]:
    """An application on a database of each kind, whose key has the scope admin."""
    with database_url(request.param) as url:
        made = make(database_url=url)
        _, made.key = made.keys.create("boss", ("actions", "admin"))
        yield made
        made.close()


def call(app: WebApp, method: str, path: str = "", status: int = 200, **body: Any) -> Any:
    """The JSON of a response with this status; ``body`` is sent as JSON if there is any."""
    more = {"json": body} if body or method in {"POST", "PATCH"} else {}
    response = app.client.open(f"/v1/keys{path}", method=method, headers=app.headers, **more)
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json(force=True)


def test_a_key_is_made_used_changed_and_revoked(app: WebApp) -> None:
    """The text is in the first response alone, works until the key is revoked, and its limits are
    those that were given or changed."""
    made = call(
        app, "POST", status=201, name="shop", scopes="actions, tool:search", budget_day_usd=5
    )
    plain = made.pop("key")
    assert (made["scopes"], made["rate_per_minute"]) == (["actions", "tool:search"], 3_000)
    assert (made["budget_day_usd"], made["at_once"], made["active"]) == (5.0, None, True)
    assert call(app, "GET", f"/{made['id']}") == made
    assert plain not in app.client.get("/v1/keys", headers=app.headers).get_data(as_text=True)
    assert app.post(json=TICKET, headers={"X-API-Key": plain}).status_code == 200
    used = call(app, "GET", f"/{made['id']}")
    assert used["last_used_at"] >= made["created_at"]
    changed = call(
        app,
        "PATCH",
        f"/{made['id']}",
        budget_day_usd="none",
        at_once="3",
        rate_per_minute=None,
        review="always",
        scopes=["actions"],
    )
    assert (changed["budget_day_usd"], changed["at_once"], changed["scopes"]) == (
        None,
        3,
        ["actions"],
    )
    assert (changed["rate_per_minute"], changed["review"]) == (3_000, "always")
    assert app.post(json=TICKET, headers={"X-API-Key": plain}).status_code == 202
    for _ in range(2):
        deleted = call(app, "DELETE", f"/{made['id']}")
        assert deleted == {"id": made["id"], "deleted": True}
    assert app.post(json=TICKET, headers={"X-API-Key": plain}).status_code == 401
    assert [(one["name"], one["active"]) for one in call(app, "GET")] == [
        ("key 0", True),
        ("boss", True),
        ("shop", False),
    ]
    assert call(app, "PATCH", f"/{made['id']}", 404, at_once=1)["code"] == "not_found"


@pytest.mark.attack("A key without the scope admin makes itself a better one", "refused")
def test_only_an_admin_sees_or_changes_keys(app: WebApp) -> None:
    """Each address refuses a key with any other scopes, and nothing is made."""
    boss = app.key
    scopes = ("actions", "tools", "tool:*", "review", "review:key_0123456789abcdef")
    known, app.key = app.keys.create("other", scopes)
    for method, path in (("GET", ""), ("POST", ""), *((m, f"/{known.id}") for m in METHODS)):
        refused = call(app, method, path, 403, name="mine")
        assert (refused["code"], '"admin"' in refused["detail"]) == ("forbidden", True)
    app.key = boss
    assert len(call(app, "GET")) == 3


METHODS = ("GET", "PATCH", "DELETE")
INVALID = {
    "a scope": ({"scopes": ["actions", "write"]}, "scopes"),
    "no scopes": ({"scopes": []}, "scopes"),
    "a rate": ({"rate_per_minute": 0}, "rate_per_minute"),
    "a rate with a fraction": ({"rate_per_minute": 1.5}, "rate_per_minute"),
    "a long number": ({"at_once": "9" * 5_000}, "at_once"),
    "a negative amount": ({"budget_run_usd": -1}, "budget_run_usd"),
    "no amount": ({"budget_month_usd": "nan"}, "budget_month_usd"),
    "a list as an amount": ({"budget_day_usd": [1]}, "budget_day_usd"),
    "a policy": ({"review": "sometimes"}, "review"),
    "an unknown field": ({"budget": 1}, "budget"),
}


@pytest.mark.parametrize(("given", "field"), INVALID.values(), ids=INVALID)
def test_invalid_fields_are_named(web: WebApp, given: dict[str, Any], field: str) -> None:
    """Whatever is invalid is named when a key is made and when it is changed; nothing is done."""
    own, web.key = web.keys.create(f"admin for {field} {given}"[:100], ("admin",))
    before = call(web, "GET")
    for method, path in (("POST", ""), ("PATCH", f"/{own.id}")):
        fields = {"name": "new", **given} if method == "POST" else given
        refused = call(web, method, path, 422, **fields)
        assert [error["field"] for error in refused["errors"]] == [field]
    assert call(web, "GET") == before


def test_what_else_is_refused(app: WebApp) -> None:
    """A name that is taken, a key without a name, a change of nothing, and an unknown id."""
    assert call(app, "POST", "", 409, name=" boss ")["code"] == "conflict"
    assert call(app, "POST", "", 422)["errors"][0]["field"] == "name"
    own = call(app, "GET")[0]["id"]
    assert call(app, "PATCH", f"/{own}", 400)["code"] == "bad_request"
    for method in METHODS:
        assert call(app, method, "/key_0123456789abcdef", 404, at_once=1)["code"] == "not_found"


def test_an_admin_cannot_lock_itself_out(app: WebApp) -> None:
    """The last key with the scope admin is neither revoked nor loses that scope over HTTP; with a
    second one it may, and the command line may in any case."""
    own = app.keys.by_name("boss")
    app.keys.create("former", ("admin",))
    app.keys.revoke("former")
    app.keys.create("not admin", ("tool:admin",))
    refused = call(app, "DELETE", f"/{own.id}", 409)
    assert (refused["code"], "only valid key" in refused["detail"]) == ("conflict", True)
    assert call(app, "PATCH", f"/{own.id}", 409, scopes="actions")["code"] == "conflict"
    assert call(app, "PATCH", f"/{own.id}", scopes="admin, actions", at_once=9)["at_once"] == 9
    app.keys.create("second", ("admin",))
    assert call(app, "PATCH", f"/{own.id}", scopes="actions")["scopes"] == ["actions"]
    app.keys.revoke("second")
    assert [key.name for key in app.keys.list_all() if "admin" in key.scopes] == [
        "former",
        "second",
    ]


def test_admins_who_remove_each_other(app: WebApp) -> None:
    """Of admins who revoke one another at the same moment one stays."""
    admins = [
        app.keys.by_name("boss"),
        *(app.keys.create(f"admin {n}", ("admin",))[0] for n in "ab"),
    ]
    start = threading.Barrier(len(admins))
    refusals: list[str] = []

    def revoke(key_id: str) -> None:
        start.wait()
        try:
            app.keys.revoke(key_id, keep_admin=True)
        except FormcallError as error:
            refusals.append(error.code)

    threads = [threading.Thread(target=revoke, args=(key.id,)) for key in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals == ["conflict"]
    assert len(_valid_admins(app.keys)) == 1


def _valid_admins(keys: Keys) -> list[str]:
    return [key.name for key in keys.list_all() if "admin" in key.scopes and key.revoked_at is None]
