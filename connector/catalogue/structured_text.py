"""Rows and lists that a tool sends to a field of text: as lines, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.catalogue.fields import Field
from connector.json_types import Json


def as_texts(fields: Mapping[str, Field], values: Mapping[str, Any]) -> Json:
    """``values`` of a form with lists and objects in long text fields as text.

    A list of plain values has one a line; anything else is its JSON.
    """
    given = dict(values)
    for name, entry in fields.items():
        value = given.get(name)
        if entry.type == "longtext" and isinstance(value, list | dict):
            given[name] = _text(value)
    return given


def _text(value: list[Any] | dict[str, Any]) -> str:
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return "\n".join("" if one is None else _plain(one) for one in value)
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
