"""The refusals' one shape: an HTTP status and OpenAI's error object."""

from collections.abc import Iterator
from typing import Any

Refusal = dict[str, Any]
"""{"status": 400, "error": {"message": ..., "type": ..., "param": ..., "code": ...}}"""

Refusals = Iterator[Refusal]
"""Checks are generators that yield what they find; the first finding is the answer, as on the real service."""


def refuse(
    message: str,
    param: str | None,
    code: str | None,
    *,
    status: int = 400,
    kind: str = "invalid_request_error",
) -> Refusal:
    """One refusal."""
    return {"status": status, "error": {"message": message, "type": kind, "param": param, "code": code}}


def unknown(param: str) -> Refusal:
    """A key that the service does not know."""
    return refuse(f"Unknown parameter: '{param}'.", param, "unknown_parameter")


def missing(param: str) -> Refusal:
    """A key that must be there."""
    return refuse(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def wrong_type(param: str, expected: str, value: object) -> Refusal:
    """A value of the wrong JSON type."""
    message = f"Invalid type for '{param}': expected {expected}, but got {json_type(value)} instead."
    return refuse(message, param, "invalid_type")


def wrong_value(param: str, value: object, allowed: Iterator[str] | tuple[str, ...]) -> Refusal:
    """A value outside its closed set."""
    listed = ", ".join(f"'{item}'" for item in allowed)
    return refuse(f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value")


def house(message: str, param: str) -> Refusal:
    """Something the real service takes, but which this project has sworn not to send."""
    return refuse(message, param, "house_rule")


def json_type(value: object) -> str:
    """The name of a value's type in the service's own words."""
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array", dict: "an object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)
