"""The console's door: who is signed in, for how long, and what neither keys nor cookies open."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from connector.cli.main import main
from connector.store.sessions import LINK_MINUTES
from connector.store.tables import sessions, sign_in_links
from connector.web.console.pages import PAGES
from connector.web.console.sign_in import _failures
from tests.support.console import OWN, Person, signed_in
from tests.support.databases import KINDS, database_url
from tests.support.running_service import free_port, serving
from tests.support.samples import TICKET
from tests.support.web_app import WebApp

Make = Callable[..., WebApp]
COOKIE = "formcall-console"


@pytest.fixture(autouse=True)
def _without_failures() -> None:
    _failures._ends = 0.0


def sessions_of(app: WebApp) -> Any:
    services: Any = app.app.extensions["formcall"]
    return services.sessions


def goes_to(response: Any) -> str:
    assert response.status_code == 303, response.get_data(as_text=True)
    return str(response.headers["Location"])


def test_a_key_signs_in_once(make: Make) -> None:
    """The key starts a session; the browser keeps a cookie that scripts cannot read, and the
    database neither the key nor the cookie."""
    app = make()
    person = Person(app)
    assert goes_to(person.get()) == "/console/sign-in?next=%2Fconsole"
    response = person.sign_in()
    assert goes_to(response) == "/console"
    cookie = next(one for one in response.headers.getlist("Set-Cookie") if one.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert app.key not in cookie
    text = person.client.get_cookie(COOKIE).value
    with app.service.database.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM sessions").all()
    assert len(rows) == 1
    assert text not in repr(rows)
    assert "Home" in person.read()
    # who is signed in does not sign in again
    assert goes_to(person.get("/console/sign-in")) == "/console"


def test_with_https_the_cookie_belongs_to_the_host(make: Make) -> None:
    app = make(public_url="https://forms.example")
    response = signed_in(app).get("/console/sign-in")
    assert goes_to(response) == "/console"
    person = Person(app)
    cookies = person.sign_in().headers.getlist("Set-Cookie")
    cookie = next(one for one in cookies if one.startswith(f"__Host-{COOKIE}="))
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize("key", ["", "fc_wrong", "x" * 5000, "fc_" + "a" * 43])
def test_a_wrong_key(make: Make, key: str) -> None:
    """It is told on the page, without the text that was sent."""
    person = Person(make())
    token = person.token("/console/sign-in")
    response = person.client.post("/console/sign-in", data={"form-token": token, "key": key})
    page = response.get_data(as_text=True)
    assert (response.status_code, "not valid" in page) == (401, True)
    assert not key or key not in page
    assert goes_to(person.get()).startswith("/console/sign-in")


def test_a_session_ends(make: Make) -> None:
    """With its key, after a time without a page, after its longest time, and by signing out."""
    app = make(session_hours=2, session_days=3)
    for column, hours in (("seen_ms", 2), ("ends_ms", 3 * 24)):
        person = signed_in(app)
        person.read()
        with app.service.database.begin() as connection:
            past = sessions.c[column] - (hours * 3600 + 1) * 1000
            connection.execute(update(sessions).values({column: past}))
        assert goes_to(person.get()).startswith("/console/sign-in"), column
    person = signed_in(app, "actions", name="short")
    person.read()
    app.keys.revoke("short")
    assert goes_to(person.get()).startswith("/console/sign-in")
    person = signed_in(app)
    text = person.client.get_cookie(COOKIE).value
    assert goes_to(person.send("/console/sign-out")) == "/console/sign-in"
    person.client.set_cookie(COOKIE, text)  # who has kept it gets in no more
    assert goes_to(person.get()).startswith("/console/sign-in")


def test_signing_in_again_ends_the_session_before(make: Make) -> None:
    app = make()
    person = signed_in(app)
    text = person.client.get_cookie(COOKIE).value
    other = Person(app)
    other.client.set_cookie(COOKIE, text)
    person.client.delete_cookie(COOKIE)
    person.client.set_cookie(COOKIE, text)
    token = person.token("/console/start")
    link = sessions_of(app).make_link(app.keys.by_name("key 0").id)
    # a stranger's session is not taken over: each sign-in makes a new text
    form = {"form-token": token, "link": link}
    goes_to(person.client.post("/console/start", data=form, headers=OWN))
    assert person.client.get_cookie(COOKIE).value != text
    assert goes_to(other.get()).startswith("/console/sign-in")


# --- two doors ------------------------------------------------------------------------------------


@pytest.mark.attack(
    "A page of another site makes a signed-in browser call the API, or sends a key to the console",
    "a cookie opens nothing below /v1, and a key in a header opens no page",
)
@pytest.mark.parametrize("credential", ["cookie", "bearer", "x-api-key", "both"])
def test_two_doors(make: Make, credential: str) -> None:
    """Every address of the console and of the API, with each credential."""
    app = make()
    person = signed_in(app, "actions", "admin")
    headers = {
        "cookie": {},
        "bearer": {"Authorization": f"Bearer {app.key}"},
        "x-api-key": {"X-API-Key": app.key},
        "both": {"X-API-Key": app.key, "Authorization": f"Bearer {app.key}"},
    }[credential]
    client = person.client if credential == "cookie" else app.client
    rules = [rule for rule in app.app.url_map.iter_rules() if rule.endpoint != "static"]
    for rule in rules:
        path = re.sub(r"<[^<>]*>", "run_1", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if path.startswith(("/v1/", "/mcp", "/metrics")) and credential == "cookie":
                response = client.open(path, method=method)
                hook_or_public = rule.rule.startswith("/v1/hooks/<")
                assert response.status_code in ({401, 404} if hook_or_public else {401}), path
            public = ("/console/sign-in", "/console/start")
            is_asset = "." in path or path in public
            if path.startswith("/console") and credential != "cookie" and not is_asset:
                response = client.open(path, method=method, headers=headers)
                assert goes_to(response).startswith("/console/sign-in"), path


FOREIGN: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9"},
]


@pytest.mark.attack(
    "A page of another site sends a form of the console with the browser's cookie",
    "403; nothing is done, and nobody is signed in or out",
)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_form_of_another_site(make: Make, headers: dict[str, str]) -> None:
    app = make()
    person = signed_in(app)
    form = {"form-token": person.token()}
    response = person.client.post("/console/sign-out", data=form, headers=headers)
    assert response.status_code == 403
    person.read()
    stranger = Person(app)
    form = {"form-token": stranger.token("/console/sign-in"), "key": app.key}
    response = stranger.client.post("/console/sign-in", data=form, headers=headers)
    assert response.status_code == 403
    assert goes_to(stranger.get()).startswith("/console/sign-in")


@pytest.mark.parametrize("token", ["", "x", "é", None])
def test_a_form_without_its_token(make: Make, token: str | None) -> None:
    """Also without the headers of new browsers, and with the token of another session."""
    app = make()
    person, other = signed_in(app), signed_in(app)
    form = {"form-token": other.token() if token is None else token}
    assert person.client.post("/console/sign-out", data=form).status_code == 403
    person.read()
    form["key"] = app.key
    assert app.client.post("/console/sign-in", data=form).status_code == 403


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site", ""])
def test_the_own_site(make: Make, name: str) -> None:
    """Behind a proxy the public URL is the own site as well."""
    app = make(public_url="http://forms.example")
    person = signed_in(app)
    headers = {"Origin": "http://forms.example", "Sec-Fetch-Site": "same-origin", "": ""}
    sent = {name: headers[name]} if name else {}
    form = {"form-token": person.token()}
    assert goes_to(person.client.post("/console/sign-out", data=form, headers=sent))


def test_too_many_failures(make: Make) -> None:
    """After 20 failures in a minute an address waits, also with a right key."""
    app = make()
    person = Person(app)
    for _ in range(20):
        assert person.sign_in("fc_" + "b" * 43).status_code == 401
    response = person.sign_in()
    assert (response.status_code, "Try again in" in response.get_data(as_text=True)) == (429, True)
    link = {"form-token": person.token("/console/start"), "link": "x"}
    assert person.client.post("/console/start", data=link, headers=OWN).status_code == 429
    _failures._ends = 0.0
    assert person.sign_in().status_code == 303


# --- links that sign in once ----------------------------------------------------------------------


def use_link(person: Person, text: str) -> Any:
    form = {"form-token": person.token("/console/start"), "link": text}
    return person.client.post("/console/start", data=form, headers=OWN)


def test_a_link_signs_in_once(make: Make) -> None:
    """Pasted whole or as what follows its #, once, in its time, while its key is valid."""
    app = make()
    key, _ = app.keys.create("linked", ("actions",))
    make_link = sessions_of(app).make_link
    text = make_link(key.id)
    assert goes_to(use_link(Person(app), f"http://localhost/console/start#{text}")) == "/console"
    assert use_link(Person(app), text).status_code == 401
    late = make_link(key.id)
    with app.service.database.begin() as connection:
        past = sign_in_links.c.ends_ms - LINK_MINUTES * 60_000
        connection.execute(update(sign_in_links).values(ends_ms=past))
    assert use_link(Person(app), late).status_code == 401
    revoked = make_link(key.id)
    app.keys.revoke("linked")
    assert use_link(Person(app), revoked).status_code == 401


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "leads_to"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "/console"),
        ("application/json", "/docs"),
        ("*/*", "/docs"),
        ("", "/docs"),
    ],
)
def test_the_first_address(make: Make, accept: str, leads_to: str) -> None:
    """People get the console; programs what they always got."""
    response = make().client.get("/", headers={"Accept": accept})
    assert (response.status_code, response.headers["Location"]) == (302, leads_to)


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/", "/console@evil", "/v1/runs", "/console\\..\\x", ""],
)
def test_nobody_is_led_away(make: Make, wanted: str) -> None:
    person = Person(make())
    form = {
        "form-token": person.token("/console/sign-in"),
        "key": person.app.key,
        "next": wanted,
    }
    assert goes_to(person.client.post("/console/sign-in", data=form, headers=OWN)) == "/console"


def test_back_to_the_page_that_was_wanted(make: Make) -> None:
    person = Person(make())
    wanted = "/console/runs?status=done&q=a%20b"
    address = goes_to(person.get(wanted))
    assert "next=%2Fconsole%2Fruns%3Fstatus" in address
    shown = person.get(address).get_data(as_text=True)
    assert 'name="next" value="/console/runs?status=done&amp;q=a%20b"' in shown


def test_the_headers_of_pages(make: Make) -> None:
    """No inline scripts or styles, no frames, nothing kept; failures are pages too."""
    person = signed_in(make())
    for path, status in (("/console", 200), ("/console/nothing", 404), ("/console/sign-in", 303)):
        response = person.get(path)
        assert (response.status_code, response.mimetype) == (status, "text/html")
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        page = response.get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\son\w+=", page)
    assert person.client.post("/console/nothing").status_code == 405


def test_what_each_scope_sees(make: Make) -> None:
    """The navigation has the pages that a key may open, and the others are refused."""
    app = make()
    for scopes in (("actions",), ("review",), ("review:key_0123456789abcdef",), ("admin",)):
        person = signed_in(app, *scopes)
        key = app.keys.by_name(f"key of {'-'.join(scopes)}")
        own = [page for page in PAGES if page.is_open_to(key)]
        assert own
        shown = person.get(own[-1].address, follow_redirects=True).get_data(as_text=True)
        navigation = shown[shown.index("<nav") : shown.index("</nav>")]
        assert re.findall(r'href="([^"]+)"', navigation) == [page.address for page in own]
        for page in set(PAGES) - set(own):
            response = person.get(page.address)
            if page.address == "/console":  # where everybody comes in
                assert goes_to(response) == own[0].address
            else:
                assert response.status_code == 403, page.title
    reviewer = app.keys.by_name("key of review")
    assert [page.title for page in PAGES if page.is_open_to(reviewer)] == ["Reviews"]
    nobody = app.keys.create("tools only", ("tools",))[1]
    assert Person(app).sign_in(nobody).status_code == 403


def test_the_api_is_as_it_was(make: Make) -> None:
    """A session changes nothing of what a key does."""
    app = make()
    signed_in(app)
    assert app.post(json=TICKET).status_code == 200


def test_without_a_console(make: Make) -> None:
    """With FORMCALL_CONSOLE=off there are no pages but the signed ones, with their style."""
    app = make(console="off")
    for path in ("/console", "/console/sign-in", "/console/runs"):
        assert app.client.get(path).status_code == 404
    assert app.client.get("/console/style.css").status_code == 200
    browser = {"Accept": "text/html"}
    assert app.client.get("/", headers=browser).headers["Location"] == "/docs"


@pytest.mark.parametrize("kind", KINDS)
def test_sessions_on_each_database(make: Make, kind: str) -> None:
    """A session and a link, found and ended; a link is good for one of many at once."""
    with database_url(kind) as url:
        app = make(database_url=url)
        key = app.keys.create("of the session", ("actions",))[0]
        held = sessions_of(app)
        text = held.start(key.id)
        assert held.find_key(text) == key.id
        held.end(text)
        assert held.find_key(text) is None
        link = held.make_link(key.id)
        with ThreadPoolExecutor(8) as pool:
            redeemed = list(pool.map(held.redeem_link, [link] * 8))
        assert [one for one in redeemed if one] == [key.id]
        app.close()


# --- the command line -----------------------------------------------------------------------------


def link_command(*words: str, **settings: str) -> Any:
    return CliRunner().invoke(main, ["console", "link", *words], env=settings)


def test_a_link_from_the_command_line(make: Make, tmp_path: Path) -> None:
    """For the oldest admin key or the one that is named, at the public URL or the one given."""
    app = make()
    variables = {"FORMCALL_DATA_DIR": str(tmp_path / "data"), "FORMCALL_PUBLIC_URL": ""}
    none = link_command(**variables)
    assert (none.exit_code, "no valid key with the scope admin" in none.stderr) == (1, True)
    app.keys.create("old", ("admin",))
    app.keys.create("head", ("admin", "actions"))
    app.keys.create("next", ("admin",))
    app.keys.revoke("old")
    for words, public, start, name in (
        ((), "", "http://127.0.0.1:8080/console/start#", "head"),
        ((), "https://forms.example", "https://forms.example/console/start#", "head"),
        (("--key", "key 0", "--url", "http://x/"), "", "http://x/console/start#", "key 0"),
    ):
        made = link_command(*words, **{**variables, "FORMCALL_PUBLIC_URL": public})
        assert made.stdout.startswith(start), made.output
        person = Person(app)
        assert use_link(person, made.stdout.strip()).status_code == 303
        assert f">{name}</span>" in person.read()
    assert link_command("--key", "nobody", **variables).exit_code == 1


def test_two_services_start_on_one_new_database(tmp_path: Path) -> None:
    """One makes the first key and tells its link; the other tells none, and both serve."""
    with database_url("postgresql") as url:
        variables = {"FORMCALL_DATABASE_URL": url, "FORMCALL_SECRET": "one secret of both"}
        with ThreadPoolExecutor(2) as pool, ExitStack() as stack:
            entered = [
                pool.submit(stack.enter_context, serving(tmp_path / name, free_port(), **variables))
                for name in ("one", "two")
            ]
            services = [one.result() for one in entered]
            outputs = [service.output_text() for service in services]
            assert sum("/console/start#" in output for output in outputs) == 1, outputs
            assert sum("first-key" in output for output in outputs) == 1
