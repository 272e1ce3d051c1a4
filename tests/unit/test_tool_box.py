"""Available tools, the keys that may allow them, the form of an action, and tools made from an
OpenAPI document."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from connector.catalogue import load_catalogue, read_action_file
from connector.cli.main import main
from connector.engine.engine import Engine
from connector.engine.results import RESULT_TOKENS, ROUND_TOKENS, fit_results, truncate
from connector.errors import FormcallError, TemplateError
from connector.json_types import Json
from connector.providers.pricing.models import load_models
from connector.providers.pricing.tokens import count_tokens
from connector.settings import Settings, read_settings
from connector.tools import Toolbox, build_toolbox
from connector.tools.httpfile import TOOL_KEYS, read_tool
from connector.tools.imported import import_operations
from tests.support.fake_airline_api import FakeAirline
from tests.support.samples import ROOT
from tests.support.web_app import WebApp
from tests.unit.test_tool_loop import Says, final

SECRETS = {"AIRLINE": "sk-airline-1"}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with the agency's tools; nobody is there to answer them."""
    with FakeAirline() as agency:
        return agency.tools(tmp_path / "tools")


# --- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "asked", "refused"),
    [
        (["actions"], "calculate", '"tools", which Calculator needs'),
        (["actions", "tools"], "calculate", ""),
        (["actions", "tools"], "stock_price", '"tool:stock_price", which Share price needs'),
        (["actions", "tools"], "calculate, stock_price", '"tool:stock_price"'),
        (["actions", "tools", "tool:stock_price"], "calculate, stock_price", ""),
        (["actions", "tool:stock_price"], "calculate", '"tools"'),
        (["actions", "tool:stock_price"], "book_flight", '"tool:book_flight"'),
        (["actions", "tools"], "fetch_page", '"tool:fetch_page", which Read a web page needs'),
        (["actions", "tool:*"], "book_flight, calculate, fetch_page", ""),
        (["admin"], "book_flight, fetch_page", ""),
    ],
)
def test_what_a_key_may_allow(
    scopes: list[str], asked: str, refused: str, tools: Path, make: Callable[..., WebApp]
) -> None:
    """A key allows what only reads the form by the scope tools, and all that reaches further by its
    own name."""
    made = make(tools=tools, tool_secrets=SECRETS, allow_hosts="127.0.0.1")
    _, plain = made.keys.create("narrow", scopes)
    response = made.client.post(
        "/v1/actions/answer_with_tools",
        headers={"X-API-Key": plain},
        json={"question": "What is 15% of the total?", "tools": asked},
    )
    if refused:
        assert (response.status_code, response.json["code"]) == (403, "forbidden")
        assert refused in response.json["detail"]
    else:
        assert response.status_code == 200


def test_scopes_that_are_none(make: Callable[..., WebApp]) -> None:
    """A scope that cannot be a tool's is refused by name."""
    for scope in ("tool:", "tool:Stock", "tool:a b", "toolz", "tool:a,b"):
        with pytest.raises(FormcallError, match="is not a scope"):
            make().keys.create("x", [scope])


# --- what a form offers ---------------------------------------------------------------------------


def test_forms_offer_the_operators_own(tools: Path, make: Callable[..., WebApp]) -> None:
    """The service's form, its own specification and its list of actions have the declared tools;
    the repository's have none."""
    made = make(tools=tools, tool_secrets=SECRETS)
    described = made.client.get("/v1/actions/answer_with_tools", headers=made.headers).json
    (box,) = (entry for entry in described["fields"] if entry["name"] == "tools")
    labels = {choice["value"]: choice["label"] for choice in box["choices"]}
    assert (
        labels["stock_price"] == "Share price"
        and labels["book_flight"] == "Book a flight"
        and "http" not in labels
    )
    assert "stock_price" in described["tools"] and "http" not in described["tools"]
    assert "Book a flight" in made.client.get("/openapi.json").get_data(as_text=True)
    assert "stock_price" not in json.dumps(
        [*load_catalogue()["answer_with_tools"].fields["tools"].choices], default=vars
    )


OWN = """
title: Trip desk
summary: Answers about trips.
group: answers
tools: [{tools}]
fields:
  question: {{type: text, label: Question, required: true}}
returns:
  answer: {{type: text}}
instructions: Answer.
message: "{{{{ question }}}}"
examples:
  - {{name: one, input: {{question: "Why?"}}, output: {{answer: Because.}}}}
"""


def test_an_action_of_ones_own(tools: Path) -> None:
    """An admin's own action names the declared tools one by one; one that nobody knows, or that is
    off, stops the start."""
    box = build_toolbox(Settings(tools=tools, tool_secrets=SECRETS))

    def read(names: str) -> Any:
        return read_action_file("trip_desk", OWN.format(tools=names), file="trip_desk.yaml")

    box.check(read("stock_price, calculate"))
    for names, words in {
        "stock_prize": 'Did you mean "stock_price"',
        "python": "`python` is not available. Set FORMCALL_PYTHON",
    }.items():
        with pytest.raises(TemplateError, match=words):
            box.check(read(names))
    with pytest.raises(TemplateError, match="there is no tool `stock_price`"):
        Toolbox().check(read("stock_price"))


def test_secrets_come_from_settings(tmp_path: Path) -> None:
    """FORMCALL_SECRET_NAME is a tool's secret; the list for an operator says only that there are
    some."""
    given = {
        "FORMCALL_SECRET_AIRLINE": " sk-1 ",
        "FORMCALL_SECRET": "pepper",
        "FORMCALL_SECRET_": "x",
    }
    found = read_settings(given, env_file=tmp_path / "x")
    assert (found.tool_secrets, found.secret) == ({"AIRLINE": "sk-1"}, "pepper")
    assert "sk-1" not in str(found.redacted_rows())


def test_what_is_off_is_said(tools: Path) -> None:
    """A form that names a tool which is not switched on is told so by name; an empty box allows
    nothing."""
    settings = Settings()
    engine = Engine(
        load_catalogue(), Says(final()), load_models(), settings, build_toolbox(settings)
    )
    with pytest.raises(
        FormcallError, match=r'"Tools": Search the web \(web_search\) is not switched on'
    ):
        engine.run("answer_with_tools", {"question": "Why?", "tools": "calculate, web_search"})
    assert engine.prepare("answer_with_tools", {"question": "Why?"}).tools == ()


@pytest.mark.parametrize(
    "text", ["word " * 10_000, "7" * 8_000, "é" * 8_000, "🙂" * 4_000, "x" * 8_000, "a b\n" * 2_000]
)
def test_results_are_cut_to_tokens(text: str) -> None:
    """Whatever a tool says, the model reads at most so many tokens of it, and is told that it was
    cut."""
    cut = truncate(text)
    assert count_tokens(cut.removesuffix("\n[cut off]")) <= RESULT_TOKENS
    assert cut.endswith("[cut off]") == (count_tokens(text) > RESULT_TOKENS)
    assert text.startswith(cut.removesuffix("\n[cut off]"))


@pytest.mark.parametrize(
    ("sizes", "room", "read"),
    [
        ([10, 20], 1_000, [10, 20]),
        ([10, 5_000], 1_000, [10, 990]),
        ([5_000, 10, 5_000], 1_010, [500, 10, 500]),
        ([5_000], 9_000, [RESULT_TOKENS]),
        ([5_000] * 8, 90_000, [ROUND_TOKENS // 8] * 8),
        ([5_000, 5_000], -1, [50, 50]),
    ],
)
def test_results_of_a_round_share_the_room(sizes: list[int], room: int, read: list[int]) -> None:
    """The longest results are cut off, to equal shares, each with the mark; none is left out."""
    fitted = fit_results(["x" * size for size in sizes], room, len)
    assert [len(text.removesuffix("\n[cut off]")) for text in fitted] == read
    assert [text.endswith("[cut off]") for text in fitted] == [
        size > kept for size, kept in zip(sizes, read, strict=True)
    ]


# --- made from an OpenAPI document ----------------------------------------------------------------

DOCUMENT: Json = {
    "openapi": "3.0.3",
    "servers": [
        {"url": "https://{region}.trips.example/v1", "variables": {"region": {"default": "eu"}}}
    ],
    "security": [{"key": []}],
    "paths": {
        "/quotes/{symbol}": {
            "parameters": [
                {
                    "name": "symbol",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                    "description": "its symbol",
                }
            ],
            "get": {
                "operationId": "getQuote",
                "summary": "A quote",
                "parameters": [
                    {
                        "name": "currency",
                        "in": "query",
                        "schema": {"$ref": "#/components/schemas/Currency"},
                    },
                    {
                        "name": "fields",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                    {"name": "filter", "in": "query", "schema": {"type": "object"}},
                    {
                        "name": "X-Trace",
                        "in": "header",
                        "required": True,
                        "schema": {"type": "string"},
                    },
                ],
            },
        },
        "/flights/{id}/bookings": {
            "post": {
                "operationId": "BookFlightV2",
                "description": "Books a seat.",
                "parameters": [{"$ref": "#/components/parameters/Id"}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Booking"}}
                    }
                },
            }
        },
        "/files": {"put": {"operationId": "upload", "requestBody": {"content": {"image/png": {}}}}},
        "/hard": {
            "post": {
                "operationId": "hard",
                "requestBody": {"$ref": "#/components/requestBodies/Hard"},
            }
        },
        "/loop": {
            "post": {
                "operationId": "loop",
                "requestBody": {"$ref": "#/components/requestBodies/Loop"},
            }
        },
        "/gone": {
            "get": {"operationId": "gone", "parameters": [{"$ref": "#/components/parameters/None"}]}
        },
        "/far": {"get": {"operationId": "far", "parameters": [{"$ref": "other.yaml#/x"}]}},
    },
    "components": {
        "parameters": {
            "Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        },
        "requestBodies": {
            "Loop": {"$ref": "#/components/requestBodies/Loop"},
            "Hard": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Rows"}}}
            },
        },
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "schemas": {
            "Currency": {"type": "string", "enum": ["EUR", "USD"]},
            "Rows": {
                "required": ["rows"],
                "properties": {"rows": {"type": "array", "items": {"type": "object"}}},
            },
            "Person": {
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "born": {"type": ["string", "null"]}},
            },
            "Booking": {
                "allOf": [
                    {
                        "type": "object",
                        "required": ["passenger"],
                        "properties": {"passenger": {"$ref": "#/components/schemas/Person"}},
                    },
                    {
                        "type": "object",
                        "required": ["seats"],
                        "properties": {
                            "seats": {"type": "integer", "description": "how many"},
                            "window": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                            "id": {"type": "string", "readOnly": True},
                        },
                    },
                ]
            },
        },
    },
}


def test_import() -> None:
    """Chosen operations become declarations that are read without a fault; what a form cannot hold
    is left out and said."""
    quote, booking = import_operations(
        DOCUMENT, ["getQuote", "POST /flights/{id}/bookings"], secret="TRIPS"
    )
    assert (quote.name, booking.name) == ("get_quote", "book_flight_v2")
    read, write = read_tool(quote.name, quote.value), read_tool(booking.name, booking.value)
    assert (read.url, read.method, read.writes) == (
        "https://eu.trips.example/v1/quotes/{symbol}",
        "GET",
        False,
    )
    assert [(one.name, one.location, one.kind, one.optional) for one in read.arguments] == [
        ("symbol", "path", "text", False),
        ("currency", "query", "choice", True),
        ("fields", "query", "list", True),
    ]
    assert read.secret is not None
    assert (read.secret.name, read.secret.key, read.secret.prefix) == ("TRIPS", "X-Key", "")
    assert any("filter is left out" in note for note in quote.notes) and any(
        "X-Trace" in note for note in quote.notes
    )
    assert (write.method, write.writes, write.purpose) == ("POST", True, "Books a seat.")
    assert [
        (one.name, one.location, one.key, one.kind, one.optional) for one in write.arguments
    ] == [
        ("id", "path", "id", "text", False),
        ("passenger_name", "body", "passenger.name", "text", False),
        ("passenger_born", "body", "passenger.born", "text", True),
        ("seats", "body", "seats", "integer", False),
        ("window", "body", "window", "boolean", True),
    ]


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("getQuotes", 'Did you mean "getQuote"'),
        ("upload", "takes image/png, and only JSON can be sent"),
        ("hard", "hard needs rows"),
        ("loop", "refers to itself without end"),
        ("gone", "which is not there"),
        ("far", "refers to another document"),
    ],
)
def test_what_cannot_be_imported(operation: str, words: str) -> None:
    """An operation that no form could fill in is refused in a sentence."""
    with pytest.raises(FormcallError, match=words):
        import_operations(DOCUMENT, [operation])


def test_our_own_specification_can_be_imported() -> None:
    """What Formcall publishes of itself, in each of its editions, becomes tools: the actions with
    their forms."""
    for name in ("openapi.json", "openapi-3.1.json", "swagger.json"):
        document = json.loads((ROOT / "openapi" / name).read_text(encoding="utf-8"))
        (made,) = import_operations(
            document, ["classify"], secret="FORMS", base_url="https://forms.example"
        )
        tool = read_tool(made.name, made.value)
        assert {"text", "categories"} <= {one.name for one in tool.arguments if not one.optional}


def test_import_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command writes a file each, says what was left out, writes over nothing by itself, and
    the service then has the tools."""
    source, folder = tmp_path / "trips.yaml", tmp_path / "tools"
    source.write_text(yaml.safe_dump(DOCUMENT), encoding="utf-8")
    monkeypatch.setenv("FORMCALL_TOOLS", str(folder))
    monkeypatch.setenv("FORMCALL_SECRET_TRIPS", "sk-trips-1")
    monkeypatch.chdir(tmp_path)
    command = [
        "tool",
        "import",
        str(source),
        "--operation",
        "getQuote",
        "--operation",
        "BookFlightV2",
        "--secret",
        "TRIPS",
    ]
    first = CliRunner().invoke(main, command)
    assert first.exit_code == 0, first.output
    assert sorted(path.name for path in folder.iterdir()) == [
        "book_flight_v2.yaml",
        "get_quote.yaml",
    ]
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 1 and "--replace" in again.output
    assert CliRunner().invoke(main, [*command, "--replace"]).exit_code == 0
    listed = CliRunner().invoke(main, ["tool", "list"])
    assert listed.exit_code == 0, listed.output
    assert (
        "book_flight_v2  [tool:book_flight_v2]  needs approval" in listed.output
        and "python  is off." in listed.output
    )
    assert "sk-trips-1" not in listed.output


def test_doctor_says_which_tools_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor lists the tools and those that are off; a folder of tools that is not right is a
    fault with its sentence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORMCALL_ENGINE", "scripted")
    told = CliRunner().invoke(main, ["doctor"]).output
    assert (
        "tools: calculate, dates, search_context, fetch_page; not switched on: python, web_search"
        in told
    )
    monkeypatch.setenv("FORMCALL_TOOLS", str(tmp_path / "nowhere"))
    assert "this folder of tools does not exist" in CliRunner().invoke(main, ["doctor"]).output


# --- what the page on tools shows -----------------------------------------------------------------

PAGE = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")


def test_the_page_names_each_tool() -> None:
    """docs/tools.md has each tool with the scope that it needs, and each key of a declaration."""
    box = build_toolbox(Settings(python="monty", search_url="https://search.example/"))
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `([\w:]+)` \|", PAGE, re.MULTILINE))
    assert rows == {
        name: f"tool:{name}" if one.needs_permission else "tools" for name, one in box.items()
    }
    described = PAGE.partition("| key | what it declares |")[2].partition("\n\n")[0]
    assert set(
        re.findall(
            r"`(\w+)`",
            "\n".join(line.split("|")[1] for line in described.splitlines() if "|" in line),
        )
    ) >= set(TOOL_KEYS)
    assert set(re.findall(r"\bFORMCALL_[A-Z_]+\b", PAGE)) <= {
        *(str(entry.metadata["variable"]) for entry in fields(Settings)),
        "FORMCALL_SECRET_",
        "FORMCALL_SECRET_AIRLINE",
    }


def test_the_pages_file_is_a_tool(tmp_path: Path) -> None:
    """The declaration that is shown is read as it stands."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "book_flight.yaml").write_text(block, encoding="utf-8")
    box = build_toolbox(Settings(tools=tmp_path, tool_secrets={"AIRLINE": "sk-airline-1"}))
    assert box["book_flight"].writes
    assert list(box["book_flight"].arguments) == ["flight", "seats", "cabin", "name"]


def test_the_pages_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command that is shown works as it stands."""
    document: Json = json.loads(json.dumps(DOCUMENT))
    document["paths"]["/bookings"] = document["paths"].pop("/flights/{id}/bookings")
    document["paths"]["/bookings"]["post"].pop("parameters")
    (tmp_path / "trips.json").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(lines) == 3
    for line in lines:
        done = CliRunner().invoke(main, shlex.split(line)[1:])
        assert done.exit_code == 0, (line, done.output)
