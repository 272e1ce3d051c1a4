"""openapi/gpt-action.json: the actions as those of a custom GPT, inside the limits that its editor has.

    build(catalogue, public_url="https://...") -> {"openapi/gpt-action.json": bytes}

A GPT sends one kind of credential and no header of its own, reads texts up to a length, and wants to know the properties of every object.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.catalogue import Catalogue
from connector.publish.editions import EDITIONS
from connector.publish.openapi import DEFAULT_URL, as_bytes, chosen, document
from connector.publish.operations import EVENTS

Json = dict[str, Any]

PATH = "openapi/gpt-action.json"
OPERATIONS = ("get_run",)
_ABOUT = "Prebuilt AI steps: each takes plain fields and answers with flat values."
_LATEST = next(one for one in EDITIONS if one.version.startswith("3.1"))
_EDITION = replace(_LATEST, security={"bearer": _LATEST.security["bearer"]})


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The file; ``public_url`` is the https address that OpenAI's servers reach the service at."""
    made = document(_EDITION, chosen(catalogue, OPERATIONS, without=EVENTS), public_url or DEFAULT_URL, about=_ABOUT)
    return {PATH: as_bytes(_known(made))}


def _known(value: Any) -> Any:
    """``value`` with every object's properties said, also where they are the caller's own."""
    if isinstance(value, list):
        return [_known(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: one if key in _DATA else _known(one) for key, one in value.items()}
    if found.get("type") == "object" and "properties" not in found:
        found["properties"] = {}
    return found


_DATA = {"example", "examples", "default", "enum"}
