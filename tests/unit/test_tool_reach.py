"""Tools with network access: fetch_page, declared calls and search reach public or listed hosts
only."""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connector.errors import SettingsError, TemplateError
from connector.json_types import Json
from connector.outbound import Outbound
from connector.settings import Settings
from connector.tools import Tool, ToolContext, ToolError, build_toolbox
from connector.tools.fetch_page import MAX_BYTES, PageRules, fetch_page_tool, page_access
from connector.tools.http import http_tool, redact_secrets, select_path
from connector.tools.httpfile import read_tool, read_tool_file
from connector.tools.web_search import web_search_tool
from tests.support.guards import hang_guard

NOTHING = ToolContext({}, "run_1-key")
ARTICLE = """<html><head><title>Tides</title><script>alert("steal")</script></head><body>\
<nav>Home | About</nav><article>
<h1>Tides of Bergen</h1><p>The tide in Bergen rises by ninety centimetres on a usual day, and \
twice as much in a spring storm.</p>
<p>Boats leave the harbour two hours before high water, which the port office writes on its \
board each morning.</p>
</article></body></html>"""


@dataclass
class Site:
    """A web server; ``pages`` are (status, headers, body) by path, or what writes an answer itself.
    It keeps what was asked of it."""

    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __enter__(self) -> Site:
        handler = type("Handler", (_Handler,), {"site": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        self.port = self._server.server_port
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        self.site.asked.append(f"{self.command} {self.path}")
        self.site.headers.append({name.lower(): value for name, value in self.headers.items()})
        page = self.site.pages.get(self.path.partition("?")[0], (404, {}, b"none"))
        if callable(page):
            page(self)
            return
        status, headers, body = page
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # who asked has read enough

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def html(text: str, status: int = 200, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "text/html; charset=utf-8", **headers}, text.encode()


@pytest.fixture
def inside() -> Iterator[Site]:
    """A server of the operator's own network, which no tool may reach."""
    with Site({"/": html("<p>secret of the inside</p>")}) as site:
        yield site


@pytest.fixture
def outside() -> Iterator[Site]:
    """A server that stands for the public internet: it is listed under the name public.test."""
    with Site({"/tides": html(ARTICLE)}) as site:
        yield site


class Names:
    """A resolver; a name with several answers gives them one after another, as one that changes its
    mind does."""

    def __init__(self, **names: list[str]) -> None:
        self.names = {name.replace("_", "."): list(found) for name, found in names.items()}
        self.asked: list[str] = []

    def __call__(self, name: str) -> list[str]:
        self.asked.append(name)
        found = self.names.get(name, ["127.0.0.1"])
        return [found.pop(0) if len(found) > 1 else found[0]]


def reader(outside: Site, names: Names | None = None, rules: PageRules | None = None) -> Tool:
    """fetch_page, for which ``outside`` is public.test."""
    outbound = Outbound(
        [f"public.test:{outside.port}"], resolver=names or Names(), public_http=True
    )
    return fetch_page_tool(rules or PageRules(), outbound)


def caller(
    outside: Site, names: Names | None = None, method: str = "GET", url: str = "/call"
) -> Tool:
    """A tool of the operator's, for which ``outside`` is public.test."""
    outbound = Outbound(
        [f"public.test:{outside.port}"], resolver=names or Names(), public_http=True
    )
    value = {
        "title": "Call",
        "purpose": "Calls.",
        "method": method,
        "url": url if "://" in url else f"http://public.test:{outside.port}{url}",
    }
    return http_tool(read_tool("call", value), outbound, {})


# --- nothing private is reached -------------------------------------------------------------------

PRIVATE = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::]:{port}/",
    "http://inside.test:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://public.test@127.0.0.1:{port}/",
    "http://169.254.169.254/latest/",
    "http://metadata.google.internal/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://168.63.129.16/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://198.18.0.1/",
    "http://127.0.0.1.nip.test:{port}/",
    "http://①②⑦.0.0.1:{port}/",
    "http://127。0。0。1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "ftp://127.0.0.1/",
    "//127.0.0.1:{port}/",
    "http://127.0.0.1:{port}",
    "http:\\\\127.0.0.1:{port}/",
    "http://public.test:{port}#@127.0.0.1/",
    "https://127.0.0.1:{port}/",
    "http://8.8.8.8:22/",
    "javascript:alert(1)",
    "data:text/html,hello",
    "",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_pages_of_the_inside(address: str, inside: Site, outside: Site) -> None:
    """No way to write an address of the operator's own network, or of another kind, leads
    fetch_page there."""
    with pytest.raises(ToolError) as refused:
        reader(outside).call({"url": address.format(port=inside.port)}, NOTHING)
    assert inside.asked == []
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("tool", [reader, caller])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/",
        "http://inside.test:{port}/",
        "//localhost:{port}/",
        "http://169.254.169.254/",
    ],
)
def test_redirects_to_the_inside(
    tool: Callable[..., Tool], status: int, address: str, inside: Site, outside: Site
) -> None:
    """A public page that sends its reader on to the inside is followed by neither kind of tool."""
    where = address.format(port=inside.port)
    outside.pages |= {
        "/call": (status, {"Location": where}, b""),
        "/far": (302, {"Location": "/call"}, b""),
    }
    arguments = {"url": f"http://public.test:{outside.port}/far"} if tool is reader else {}
    with pytest.raises(ToolError):
        tool(outside).call(arguments, NOTHING)
    assert inside.asked == [] and outside.asked


@pytest.mark.parametrize("tool", [reader, caller])
def test_names_that_change_their_mind(
    tool: Callable[..., Tool], inside: Site, outside: Site
) -> None:
    """A name that leads outside when it is first looked up, and inside after that, does not lead
    inside."""
    url = f"http://rebind.test:{inside.port}/"
    names = Names(rebind_test=["8.8.8.8", "127.0.0.1"])
    made = tool(outside, names) if tool is reader else caller(outside, names, url=url)
    for _ in range(2):
        with pytest.raises(ToolError):
            made.call({"url": url} if tool is reader else {}, ToolContext({}, seconds=1.0))
    assert inside.asked == [] and names.asked.count("rebind.test") == 2


def test_a_write_follows_no_redirect(outside: Site) -> None:
    """What changes something is sent to its own address alone; a redirect is told as what it is."""
    outside.pages |= {"/call": (307, {"Location": "/other"}, b""), "/other": (200, {}, b"{}")}
    with pytest.raises(ToolError, match="answered 307"):
        caller(outside, method="POST").call({}, NOTHING)
    assert outside.asked == ["POST /call"]


def test_a_secret_stays_with_its_host(inside: Site, outside: Site) -> None:
    """A redirect to another host is followed without the secret that was for the first."""
    with Site({"/next": (200, {"Content-Type": "application/json"}, b'{"a": 1}')}) as other:
        outside.pages |= {
            "/call": (302, {"Location": f"http://public.test:{other.port}/next"}, b"")
        }
        outbound = Outbound(["public.test"], resolver=Names())
        value = {
            "title": "Call",
            "purpose": "Calls.",
            "url": f"http://public.test:{outside.port}/call",
            "secret": "KEY",
        }
        result = http_tool(read_tool("call", value), outbound, {"KEY": "sk-1234567890"}).call(
            {}, NOTHING
        )
        assert result.text == '{"a":1}'
        assert outside.headers[0]["authorization"] == "Bearer sk-1234567890"
        assert "authorization" not in other.headers[0]


def test_proxies_of_the_environment_are_not_used(
    outside: Site, inside: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that the environment names sees nothing."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inside.port}")
    assert (
        "ninety centimetres"
        in reader(outside).call({"url": f"http://public.test:{outside.port}/tides"}, NOTHING).text
    )
    assert inside.asked == []


# --- pages ----------------------------------------------------------------------------------------


def test_a_page(outside: Site) -> None:
    """The main text of a page is read, without its scripts and menus, through redirects to other
    public pages."""
    outside.pages["/old"] = (301, {"Location": "/tides"}, b"")
    text = reader(outside).call({"url": f"http://public.test:{outside.port}/old"}, NOTHING).text
    assert "The tide in Bergen rises by ninety centimetres" in text
    assert "alert" not in text and "steal" not in text
    assert "trafilatura" not in sys.modules  # the page was read in a process of its own


LATIN = (
    "<html><body><article><p>"
    + "Ærlig talt, blåbær på øya er en sommer verdt. " * 8
    + "</p></article></body></html>"
)
PAGES: dict[str, tuple[Any, str]] = {
    "packed": (
        (
            200,
            {"Content-Type": "text/html", "Content-Encoding": "gzip"},
            gzip.compress(ARTICLE.encode()),
        ),
        "ninety",
    ),
    "another alphabet": (
        (200, {"Content-Type": "text/html; charset=iso-8859-1"}, LATIN.encode("latin-1")),
        "blåbær på øya",
    ),
    "an alphabet that is none": (
        (200, {"Content-Type": "text/plain; charset=nothing"}, b"plain"),
        "plain",
    ),
    "JSON": ((200, {"Content-Type": "application/json"}, b'{"a": 1}'), '{"a": 1}'),
    "plain text": ((200, {"Content-Type": "text/plain"}, b"just text"), "just text"),
}
NO_PAGES: dict[str, tuple[Any, str]] = {
    "a picture": ((200, {"Content-Type": "image/png"}, b"\x89PNG"), "no text, but image/png"),
    "a PDF": ((200, {"Content-Type": "application/pdf"}, b"%PDF"), "no text, but application/pdf"),
    "no type": ((200, {}, b"x"), "something without a type"),
    "gone": (html("x", 404), "answered 404"),
    "an empty page": (html("<html><body></body></html>"), "no text that can be read"),
    "round in circles": ((302, {"Location": "/page"}, b""), "could not be read"),
}


@pytest.mark.parametrize(("page", "words"), PAGES.values(), ids=PAGES)
def test_kinds_of_pages(page: Any, words: str, outside: Site) -> None:
    """Text in whatever wrapping is read."""
    outside.pages["/page"] = page
    assert (
        words
        in reader(outside).call({"url": f"http://public.test:{outside.port}/page"}, NOTHING).text
    )


@pytest.mark.parametrize(("page", "words"), NO_PAGES.values(), ids=NO_PAGES)
def test_what_is_no_page(page: Any, words: str, outside: Site) -> None:
    """What cannot be read is said to be so."""
    outside.pages["/page"] = page
    with pytest.raises(ToolError, match=words):
        reader(outside).call({"url": f"http://public.test:{outside.port}/page"}, NOTHING)


def test_caps(outside: Site) -> None:
    """A page without end, one that unpacks to gigabytes and one that drips are cut or given up, in
    their time."""
    bomb = gzip.compress(b"<p>" + b"word " * 20_000_000)
    outside.pages["/bomb"] = (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, bomb)
    assert (
        len(reader(outside).call({"url": f"http://public.test:{outside.port}/bomb"}, NOTHING).text)
        < 9_000
        < MAX_BYTES
    )

    def drips(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/plain")
            handler.end_headers()
            for _ in range(100):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    outside.pages["/drips"] = drips
    with hang_guard(), pytest.raises(ToolError, match="in time"):
        reader(outside).call(
            {"url": f"http://public.test:{outside.port}/drips"}, ToolContext({}, seconds=0.5)
        )


@pytest.mark.parametrize(
    ("allow", "deny", "host", "may"),
    [
        ("", "", "example.org", True),
        ("example.org", "", "example.org", True),
        ("example.org", "", "www.example.org", False),
        ("*.example.org", "", "www.example.org", True),
        ("*.example.org", "", "example.org", True),
        ("*.example.org", "", "notexample.org", False),
        ("", "example.org", "example.org", False),
        ("", "*.example.org", "a.b.example.org", False),
        ("*.example.org", "bad.example.org", "bad.example.org", False),
        ("intranet.test:8080", "", "intranet.test", True),
    ],
)
def test_lists_of_hosts(allow: str, deny: str, host: str, may: bool) -> None:
    """An allow list is all that may be read, a deny list is never read."""
    rules, _ = page_access(allow, deny)
    if may:
        rules.check(host)
    else:
        with pytest.raises(ToolError, match="may not be read here"):
            rules.check(host)


def test_lists_hold_for_redirects(outside: Site, inside: Site) -> None:
    """A page that may be read cannot send its reader on to one that may not."""
    outside.pages["/onward"] = (302, {"Location": "http://other.test/"}, b"")
    names = Names(other_test=["8.8.8.8"])
    with pytest.raises(ToolError, match="may not be read here"):
        reader(outside, names, PageRules(deny=("other.test",))).call(
            {"url": f"http://public.test:{outside.port}/onward"}, NOTHING
        )
    assert "other.test" not in names.asked


def test_callbacks_hosts_are_not_for_pages(inside: Site) -> None:
    """A private host that callbacks may go to is not one that a model may read, until it is listed
    for that."""
    url = {"url": f"http://127.0.0.1:{inside.port}/"}
    with pytest.raises(ToolError):
        build_toolbox(Settings(allow_hosts="127.0.0.1"))["fetch_page"].call(url, NOTHING)
    assert inside.asked == []
    inside.pages["/"] = html(ARTICLE)
    listed = build_toolbox(Settings(fetch_allow=f"127.0.0.1:{inside.port}"))["fetch_page"]
    assert "ninety centimetres" in listed.call(url, NOTHING).text


def test_a_list_that_is_wrong() -> None:
    """A host that is none stops the start with the variable's name."""
    with pytest.raises(SettingsError, match="FORMCALL_FETCH_ALLOW"):
        build_toolbox(Settings(fetch_allow="https://example.org/"))


def told(tool: Tool, arguments: Json) -> str:
    """What the model is told of a call, also when it cannot be done."""
    try:
        return tool.call(arguments, NOTHING).text
    except ToolError as error:
        return str(error)


# --- search ---------------------------------------------------------------------------------------


def test_search(outside: Site) -> None:
    """The search service is asked in its own words, and the first results come with their
    addresses."""
    found = [
        {"title": f"Page {n}", "url": f"https://e.test/{n}", "content": "about tides"}
        for n in range(20)
    ]
    outside.pages["/search"] = (
        200,
        {"Content-Type": "application/json"},
        json.dumps({"results": found}).encode(),
    )
    tool = web_search_tool(
        f"http://127.0.0.1:{outside.port}/search?lang=en", Outbound([f"127.0.0.1:{outside.port}"])
    )
    text = tool.call({"query": " tides & boats "}, NOTHING).text
    assert outside.asked == ["GET /search?lang=en&q=tides+%26+boats&format=json"]
    assert text.startswith("Page 0\nhttps://e.test/0\nabout tides") and text.count("https://") == 6
    for answer, words in (
        (b'{"results": []}', "Nothing was found"),
        (b"<html>", "cannot be read"),
        (b'{"results": 3}', "Nothing was found"),
    ):
        outside.pages["/search"] = (200, {}, answer)
        assert words in told(tool, {"query": "x"})
    outside.pages["/search"] = (429, {}, b"")
    with pytest.raises(ToolError, match="answered 429"):
        tool.call({"query": "x"}, NOTHING)


# --- the operator's own ---------------------------------------------------------------------------

DECLARED: Json = {
    "title": "Quotes",
    "purpose": "A price.",
    "url": "https://api.example/v1/{market}/quotes/{symbol}",
    "parameters": {
        "market": {},
        "symbol": {"help": "its symbol"},
        "days": {"type": "integer", "optional": True},
    },
}


def test_what_the_model_is_told() -> None:
    """The strict function has the declared parameters, an optional one may be null, and nothing
    that is locked."""
    declared = read_tool("quotes", {**DECLARED, "locked": {"source": "formcall"}, "secret": "KEY"})
    tool = http_tool(declared, Outbound(), {"KEY": "x"})
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "market": {"type": "string"},
            "symbol": {"type": "string", "description": "its symbol"},
            "days": {"type": ["integer", "null"]},
        },
        "required": ["market", "symbol", "days"],
        "additionalProperties": False,
    }
    assert (tool.writes, tool.needs_permission, tool.always_needs_approval) == (False, True, False)


STRANGE = [
    "../admin",
    "a/b",
    "a?b=c",
    "a#b",
    "..",
    ".",
    "",
    "%2e%2e",
    "a\\b",
    "http://x",
    "a\r\nX: y",
    "ünï 🙂",
    "\ud800",
]


@pytest.mark.parametrize("value", STRANGE)
def test_a_value_is_one_part_of_the_path(value: str, outside: Site) -> None:
    """Whatever a model writes stays within its part of the address."""
    tool = http_tool(
        read_tool(
            "q",
            {**DECLARED, "url": f"http://127.0.0.1:{outside.port}/v1/{{market}}/quotes/{{symbol}}"},
        ),
        Outbound(["127.0.0.1"]),
        {},
    )
    with pytest.raises(ToolError):  # the server has no such page; or the value is none for a path
        tool.call({"market": "x", "symbol": value, "days": None}, NOTHING)
    assert all(
        path.startswith("GET /v1/x/quotes/") and path.count("/") == 4 and "?" not in path
        for path in outside.asked
    )


def test_bodies_and_queries(outside: Site) -> None:
    """Lists are the same name several times in a query; booleans are true and false; what is null
    is not sent."""
    value: Json = {
        "title": "List",
        "purpose": "Lists.",
        "url": f"http://127.0.0.1:{outside.port}/list?a=1",
        "parameters": {
            "tags": {"type": "list"},
            "open": {"type": "boolean"},
            "page": {"type": "integer", "optional": True},
            "q": {"at": "query"},
        },
    }
    outside.pages["/list"] = (200, {}, b"as text")
    tool = http_tool(read_tool("list_all", value), Outbound(["127.0.0.1"]), {})
    given = {"tags": ["x y", "&"], "open": True, "page": None, "q": "ä"}
    tool.check(given)
    assert tool.call(given, NOTHING).text == "as text"
    assert outside.asked == ["GET /list?a=1&tags=x%20y&tags=%26&open=true&query=%C3%A4"]
    with pytest.raises(ToolError, match="list of string"):
        tool.check({**given, "tags": [1]})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1),
        ("list.1.n", 2),
        ("list.*.n", [1, 2]),
        ("list.*", [{"n": 1}, {"n": 2}]),
        ("a.x", None),
        ("list.9", None),
        ("list.n", None),
        ("a.b.c", None),
        ("*.n", None),
    ],
)
def test_picking(path: str, found: Any) -> None:
    """A path leads to its value, through lists too, or to nothing."""
    assert select_path({"a": {"b": 1}, "list": [{"n": 1}, {"n": 2}]}, path) == found


def test_secrets_in_every_form() -> None:
    """A secret is hidden however a service writes it back."""
    secret = 'p"ä/ss+word='
    in_json = (json.dumps({"a": secret}, ensure_ascii=False), json.dumps({"a": secret}))
    for text in (secret, *in_json, "p%22%C3%A4%2Fss%2Bword%3D", "cCLDpC9zcyt3b3JkPQ=="):
        assert redact_secrets(f"before {text} after", {"A": secret}).count("[hidden]") == 1, text


def test_a_service_that_is_away(outside: Site) -> None:
    """A write that was not answered may have been done, and the model is told not to make it again;
    one that never went out is not."""

    def hangs(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1)

    outside.pages["/call"] = hangs
    with pytest.raises(ToolError, match="unknown whether it was done"):
        caller(outside, method="POST").call({}, ToolContext({}, seconds=0.3))
    with pytest.raises(ToolError, match=r"in time$"):
        caller(outside).call({}, ToolContext({}, seconds=0.3))
    nowhere = {"title": "Call", "purpose": "Calls.", "method": "POST", "url": "http://127.0.0.1:1/"}
    with pytest.raises(ToolError, match=r"No connection to the address could be made$"):
        http_tool(read_tool("nowhere", nowhere), Outbound(["127.0.0.1"]), {}).call({}, NOTHING)


WRONG_TOOLS: dict[str, tuple[Json, str]] = {
    "an unknown key": ({"methods": "GET"}, 'Did you mean "method"'),
    "no purpose": ({"purpose": None}, "`purpose` must be a text"),
    "a host from the model": (
        {"url": "https://{symbol}.example/{market}"},
        "its host is always the same",
    ),
    "a query from the model": (
        {"url": "https://api.example/{market}/{symbol}?a={market}"},
        "its host is always the same",
    ),
    "a password in the address": (
        {"url": "https://a:b@api.example/{market}/{symbol}"},
        "no name or password",
    ),
    "no address": ({"url": "api.example/{market}"}, "must be an address"),
    "a place that nothing fills": (
        {"url": "https://api.example/{market}/{symbol}/{year}"},
        r"nothing fills \{year\}",
    ),
    "a header from the model": (
        {"parameters": {**DECLARED["parameters"], "h": {"in": "header"}}},
        "may not set headers",
    ),
    "an optional place": (
        {"parameters": {**DECLARED["parameters"], "symbol": {"optional": True}}},
        "neither optional nor a list",
    ),
    "a choice of nothing": (
        {"parameters": {**DECLARED["parameters"], "days": {"type": "choice"}}},
        "a choice has `choices`",
    ),
    "twice the same": ({"locked": {"d": {"value": 1, "at": "days"}}}, "stands twice"),
    "a secret itself": ({"secret": "sk-live-123"}, "never the secret itself"),
    "a parameter called context": (
        {"parameters": {**DECLARED["parameters"], "context": {}}},
        "is not a name for a parameter",
    ),
    "too slow": ({"seconds": 600}, "at most 60"),
    "a body for a GET": (
        {"parameters": {**DECLARED["parameters"], "b": {"in": "body"}}},
        "a GET has no body",
    ),
}


@pytest.mark.parametrize(("change", "words"), WRONG_TOOLS.values(), ids=WRONG_TOOLS)
def test_declarations_that_are_wrong(change: Json, words: str, tmp_path: Path) -> None:
    """A wrong declaration is refused with its file and a sentence, before the service starts."""
    with pytest.raises(TemplateError, match=words):
        read_tool("quotes", {**DECLARED, **change}, file="quotes.yaml")


def test_files_with_lines(tmp_path: Path) -> None:
    """The sentence says in which line; a name that Formcall has already, and a secret that is not
    set, stop the start too."""
    file = tmp_path / "quotes.yaml"
    file.write_text("title: Quotes\npurpose: A price.\nurl: https://api.example/\nmethod: FETCH\n")
    with pytest.raises(TemplateError, match=r"quotes.yaml:4: `method` must be one of"):
        read_tool_file(file)
    file.write_text("title: Quotes\npurpose: A price.\nurl: https://api.example/\nsecret: KEY\n")
    with pytest.raises(SettingsError, match="FORMCALL_SECRET_KEY"):
        build_toolbox(Settings(tools=tmp_path))
    assert "quotes" in build_toolbox(Settings(tools=tmp_path, tool_secrets={"KEY": "12345678"}))
    os.rename(file, tmp_path / "python.yaml")
    with pytest.raises(TemplateError, match="already"):
        build_toolbox(Settings(tools=tmp_path, tool_secrets={"KEY": "12345678"}))
