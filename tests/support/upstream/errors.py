"""The error responses: an HTTP status and OpenAI's error object."""

from collections.abc import Iterator
from typing import Any

Refusal = dict[str, Any]
"""{"status": 400, "error": {"message": ..., "type": ..., "param": ..., "code": ...}}"""

Refusals = Iterator[Refusal]
"""Checks are generators that yield what they find; the first finding is the answer, as on the real
service."""


JSON_NAMES: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def refuse(
    message: str,
    param: str | None,
    code: str | None,
    *,
    status: int = 400,
    kind: str = "invalid_request_error",
) -> Refusal:
    """One refusal."""
    return {
        "status": status,
        "error": {"message": message, "type": kind, "param": param, "code": code},
    }


class Refused(Exception):
    """A refusal on its way to the client, raised from wherever it was found."""

    def __init__(self, found: Refusal) -> None:
        super().__init__(found)
        self.found = found


def unsupported(param: str, hint: str = "") -> Refusal:
    """A key that the service knows and this model does not take."""
    message = f"Unsupported parameter: '{param}' is not supported with this model.{hint}"
    return refuse(message, param, "unsupported_parameter")


def unknown(param: str) -> Refusal:
    """A key that the service does not know."""
    return refuse(f"Unknown parameter: '{param}'.", param, "unknown_parameter")


def missing(param: str) -> Refusal:
    """A key that must be there."""
    return refuse(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def wrong_type(param: str, expected: str, value: object) -> Refusal:
    """A value of the wrong JSON type."""
    message = (
        f"Invalid type for '{param}': expected {expected}, but got {json_type(value)} instead."
    )
    return refuse(message, param, "invalid_type")


def wrong_value(param: str, value: object, allowed: tuple[str, ...]) -> Refusal:
    """A value outside its closed set."""
    return refuse(
        f"Invalid value: '{value}'. Supported values are: {quoted(allowed)}.",
        param,
        "invalid_value",
    )


def quoted(names: tuple[str, ...]) -> str:
    """'low', 'medium', 'high'."""
    return ", ".join(f"'{name}'" for name in names)


def house(message: str, param: str) -> Refusal:
    """Something the real service takes, but which this project has sworn not to send."""
    return refuse(message, param, "house_rule")


def json_type(value: object) -> str:
    """The name of a value's type in the service's own words."""
    return "null" if value is None else JSON_NAMES.get(type(value), type(value).__name__)
