"""Readers of each platform's generated files: the actions and fields that the files declare.

A platform that is added gets a row in ``READERS``; ``test_same_everywhere.py`` then holds its files
against the catalogue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from connector.json_types import Json
from connector.publish import curl, postman
from connector.publish.operation import STREAM_OPTIONS

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class PublishedAction:
    """What a platform knows of an action: the names of its fields, and of its answer's values where
    it declares them (else None)."""

    fields: frozenset[str]
    values: frozenset[str] | None = None


Found = dict[str, PublishedAction]


def of_specifications(files: Files) -> Found:
    """What every specification among the files says, which must be the same in all of them."""
    specs = [
        json.loads(body)
        for path, body in files.items()
        if path.endswith(".json") and b'"paths"' in body
    ]
    [found, *others] = [_of_specification(spec) for spec in specs]
    assert all(_in_one(other) == _in_one(found) for other in others)
    return found


def _in_one(found: Found) -> Found:
    """The same without what is of no use to who reads one answer, which not every specification
    describes."""
    return {
        name: replace(one, fields=one.fields - set(STREAM_OPTIONS)) for name, one in found.items()
    }


def _of_specification(spec: Json) -> Found:
    schemas = spec.get("definitions") or spec["components"]["schemas"]
    posted = [path for path, entry in spec["paths"].items() if "post" in entry]
    actions = [match[1] for path in posted if (match := re.fullmatch(r"/v1/actions/(\w+)", path))]
    return {
        name: PublishedAction(
            frozenset(schemas[f"{name}_input"]["properties"]),
            frozenset(schemas[f"{name}_answer"]["properties"]),
        )
        for name in actions
    }


def of_postman(files: Files) -> Found:
    """The fields are those of the table in each request's description."""
    items = [item for group in json.loads(files[postman.PATH])["item"] for item in group["item"]]
    found = {}
    for item in items:
        if match := re.search(r"/v1/actions/(\w+)$", item["request"]["url"]["raw"]):
            assert set(json.loads(item["request"]["body"]["raw"])) <= set(
                _fields(item["request"]["description"])
            )
            found[match[1]] = PublishedAction(frozenset(_fields(item["request"]["description"])))
    return found


def _fields(description: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", description, re.M)


def of_curl(files: Files) -> Found:
    """The fields are those that the sentence before an action's commands names."""
    found = {}
    for section in files[curl.PATH].decode().split("\n## ")[1:]:
        words, _, commands = section.partition("```sh\n")
        found[re.findall(r"/v1/actions/(\w+)", commands)[0]] = PublishedAction(
            frozenset(re.findall(r"`(\w+)`", words.rpartition("It needs ")[2]))
        )
    return found


def of_retool(files: Files) -> Found:
    """The fields are those that each query of the app sends, which are also the parameters of the
    action's function."""
    queries = re.findall(r"<RESTQuery\b(.*?)/>", files["retool/app/functions.rsx"].decode(), re.S)
    found = {}
    for query in queries:
        if match := re.search(r'query="v1/actions/(\w+)"', query):
            fields = frozenset(re.findall(r'"key":"(\w+)"', query.partition("bodyType=")[0]))
            function = files[f"retool/functions/{match[1]}.ts"].decode()
            parameters = re.search(r"^export interface \w+Params {\n(.*?)^}", function, re.M | re.S)
            assert parameters
            assert frozenset(re.findall(r"^  (\w+)\??:", parameters[1], re.M)) == fields, match[1]
            found[match[1]] = PublishedAction(fields)
    return found


def of_bubble(files: Files) -> Found:
    """The fields are those that an action of the plug-in sends, whichever of its boxes they come
    from."""
    found = {}
    for path, body in files.items():
        if path.endswith("/server.js") and (
            match := re.search(r'path: "/v1/actions/(\w+)"', body.decode())
        ):
            found[match[1]] = PublishedAction(
                frozenset(re.findall(r'\bto: "(\w+)", in: "body"', body.decode()))
            )
    return found


def of_zapier(files: Files) -> Found:
    """The fields are those of an action's step. How long to wait, where to call back and what to do
    while a person has to decide (`on_review`) are the app's own affair."""
    actions = json.loads(files["zapier/app.json"])["actions"]
    return {
        action["key"]: PublishedAction(
            frozenset([*(field["key"] for field in action["fields"]), *WAITING]) - {"on_review"}
        )
        for action in actions
    }


def of_n8n(files: Files) -> Found:
    """The fields are those that an operation of the node sends, alone or in its collection of
    options."""
    properties = json.loads(files["n8n/nodes/description.json"])["properties"]
    found: dict[str, set[str]] = {}
    for one in properties:
        shown = one.get("displayOptions", {}).get("show", {})
        for name in shown.get("operation", []) if shown.get("resource") == ["action"] else []:
            found.setdefault(name, set()).update(_sent(one))
    return {name: PublishedAction(frozenset(fields)) for name, fields in found.items()}


def _sent(one: Json) -> set[str]:
    sent = {one["routing"]["send"]["property"]} if "send" in one.get("routing", {}) else set()
    return sent | {
        name for inner in one.get("options", []) if isinstance(inner, dict) for name in _sent(inner)
    }


WAITING = ("wait_seconds", "callback_url")
READERS: dict[str, Callable[[Files], Found]] = {
    "openapi": of_specifications,
    "retool": of_retool,
    "bubble": of_bubble,
    "zapier": of_zapier,
    "n8n": of_n8n,
    "power-automate": of_specifications,
    "gpt": of_specifications,
    "postman": of_postman,
    "curl": of_curl,
}
NOT_OF_ACTIONS = {"docs"}  # platforms whose files say nothing of actions
