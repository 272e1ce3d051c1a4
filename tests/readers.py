"""What each platform's generated files say of the actions, read back from the files alone.

A platform that is added gets a row in ``READERS``; ``test_same_everywhere.py`` then holds its files against the catalogue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.publish import curl, postman

Json = dict[str, Any]
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Seen:
    """What a platform knows of an action: the names of its fields, and of its answer's values where it declares them (else None)."""

    fields: frozenset[str]
    values: frozenset[str] | None = None


Found = dict[str, Seen]


def of_specifications(files: Files) -> Found:
    """What every specification among the files says, which must be the same in all of them."""
    specs = [json.loads(body) for path, body in files.items() if path.endswith(".json") and b'"paths"' in body]
    [found, *others] = [_of_specification(spec) for spec in specs]
    assert all(other == found for other in others)
    return found


def _of_specification(spec: Json) -> Found:
    schemas = spec.get("definitions") or spec["components"]["schemas"]
    posted = [path for path, entry in spec["paths"].items() if "post" in entry]
    actions = [match[1] for path in posted if (match := re.fullmatch(r"/v1/actions/(\w+)", path))]
    return {
        name: Seen(frozenset(schemas[f"{name}_input"]["properties"]), frozenset(schemas[f"{name}_answer"]["properties"]))
        for name in actions
    }


def of_postman(files: Files) -> Found:
    """The fields are those of the table in each request's description."""
    items = [item for group in json.loads(files[postman.PATH])["item"] for item in group["item"]]
    found = {}
    for item in items:
        if match := re.search(r"/v1/actions/(\w+)$", item["request"]["url"]["raw"]):
            assert set(json.loads(item["request"]["body"]["raw"])) <= set(_fields(item["request"]["description"]))
            found[match[1]] = Seen(frozenset(_fields(item["request"]["description"])))
    return found


def _fields(description: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", description, re.M)


def of_curl(files: Files) -> Found:
    """The fields are those that the sentence before an action's commands names."""
    found = {}
    for section in files[curl.PATH].decode().split("\n## ")[1:]:
        words, _, commands = section.partition("```sh\n")
        found[re.findall(r"/v1/actions/(\w+)", commands)[0]] = Seen(frozenset(re.findall(r"`(\w+)`", words.rpartition("It needs ")[2])))
    return found


READERS: dict[str, Callable[[Files], Found]] = {
    "openapi": of_specifications,
    "power-automate": of_specifications,
    "gpt": of_specifications,
    "postman": of_postman,
    "curl": of_curl,
}
NOT_OF_ACTIONS = {"docs"}  # platforms whose files say nothing of actions
