"""The rules of a batch: its creating request, and the lines of its input file.

A wrong request is refused; wrong lines make a batch that was taken fail before anything is run,
each with its number. Words and codes are the service's own where they were seen in public; bodies
are checked when their line is run.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.upstream.dialects import CHAT, DIALECTS, Body, Dialect, at, has_type
from tests.support.upstream.errors import (
    Refusal,
    Refusals,
    missing,
    refuse,
    unknown,
    wrong_type,
    wrong_value,
)
from tests.support.upstream.models import ModelRow

KEYS = ("input_file_id", "endpoint", "completion_window")
OPTIONAL = ("metadata", "output_expires_after")
MOST_PAIRS, MOST_KEY, MOST_VALUE = 16, 64, 512
MOST_LINES = 50_000
LINE_KEYS = {"custom_id": "string", "method": "string", "url": "string", "body": "object"}
Errors = list[Body]
"""[{"code": ..., "line": 3, "message": ..., "param": ...}], as a failed batch lists them."""


def batch_refusal(body: Any) -> Refusal | None:
    """What is wrong with the request that creates a batch."""
    return next(_checks(body), None)


def _checks(body: Any) -> Refusals:
    if not isinstance(body, dict):
        yield refuse("Invalid request body: expected a JSON object.", None, "invalid_type")
    for key in KEYS:
        if body.get(key) is None:
            yield missing(key)
        if not isinstance(body[key], str):
            yield wrong_type(key, "a string", body[key])
    for key in body.keys() - {*KEYS, *OPTIONAL}:
        yield unknown(key)
    if body["endpoint"] not in DIALECTS:
        yield wrong_value("endpoint", body["endpoint"], tuple(DIALECTS))
    if body["completion_window"] != "24h":
        yield wrong_value("completion_window", body["completion_window"], ("24h",))
    yield from _metadata(body.get("metadata"))
    yield from _expiry(body.get("output_expires_after"))


def _metadata(pairs: Any) -> Refusals:
    if pairs is None:
        return
    if not isinstance(pairs, dict):
        yield wrong_type("metadata", "an object", pairs)
    if len(pairs) > MOST_PAIRS:
        message = f"Invalid 'metadata': too many properties. Expected at most {MOST_PAIRS} pairs."
        yield refuse(message, "metadata", "object_above_max_properties")
    for key, value in pairs.items():
        if not isinstance(value, str):
            yield wrong_type(f"metadata.{key}", "a string", value)
        if len(key) > MOST_KEY or len(value) > MOST_VALUE:
            message = (
                f"Invalid 'metadata.{key}': expected a key of at most {MOST_KEY} and a "
                f"value of {MOST_VALUE} characters."
            )
            yield refuse(message, f"metadata.{key}", "string_above_max_length")


def _expiry(policy: Any) -> Refusals:
    if policy is None:
        return
    if not isinstance(policy, dict) or policy.get("anchor") != "created_at":
        yield wrong_value(
            "output_expires_after.anchor", at({"p": policy}, ("p", "anchor")), ("created_at",)
        )
    if not isinstance(policy.get("seconds"), int) or not 3600 <= policy["seconds"] <= 2_592_000:
        message = (
            "Invalid 'output_expires_after.seconds': expected an integer from 3600 to 2592000."
        )
        yield refuse(message, "output_expires_after.seconds", "invalid_value")


def line_error(
    code: str | None, message: str, param: str | None = None, line: int | None = None
) -> Body:
    """One error of a failed batch; `line` counts from 1."""
    return {"code": code, "line": line, "message": message, "param": param}


def read_lines(
    content: bytes, endpoint: str, models: Mapping[str, ModelRow], most: int
) -> tuple[list[Body], Errors]:
    """The requests of an input file, and all that is wrong with it."""
    lines = [
        (number, line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()
    ]
    if not lines:
        message = (
            "The input file is empty. Please ensure that the batch contains at least one request."
        )
        return [], [line_error("empty_file", message)]
    if len(lines) > most:
        message = (
            f"The number of requests in the input file exceeds the maximum allowed value of {most}."
        )
        return [], [line_error("too_many_tasks", message)]
    reader = _Reader(endpoint, models)
    errors = [error | {"line": number} for number, line in lines for error in reader.read(line)]
    return reader.entries, errors


class _Reader:
    """Reads line after line, and remembers what later ones must agree with."""

    def __init__(self, endpoint: str, models: Mapping[str, ModelRow]) -> None:
        self.entries: list[Body] = []
        self._endpoint = endpoint
        self._models = models
        self._seen: set[str] = set()
        self._model: str | None = None

    def read(self, line: bytes) -> Iterator[Body]:
        """What is wrong with one line; a right one becomes an entry."""
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            yield line_error("invalid_json_line", "This line is not parseable as valid JSON.")
            return
        found = list(self._shape(entry))
        if not found:
            found = [*self._envelope(entry), *self._body(entry["body"], DIALECTS[self._endpoint])]
        self.entries.append(entry)
        yield from found

    def _shape(self, entry: Body) -> Iterator[Body]:
        for key, kind in LINE_KEYS.items():
            if key not in entry:
                yield _of(missing(key))
            elif not has_type(entry[key], kind):
                yield _of(wrong_type(key, f"a value of type {kind}", entry[key]))
        for key in entry.keys() - LINE_KEYS.keys():
            yield _of(unknown(key))

    def _envelope(self, entry: Body) -> Iterator[Body]:
        custom_id = entry["custom_id"]
        if custom_id in self._seen:
            message = (
                f"The custom_id '{custom_id}' for this request is a duplicate of another request. "
                "The custom_id parameter must be unique for each request in a batch."
            )
            yield line_error("duplicate_custom_id", message, "custom_id")
        self._seen.add(custom_id)
        if entry["method"] != "POST":
            yield _of(wrong_value("method", entry["method"], ("POST",)))
        if entry["url"] != self._endpoint:
            message = "The URL provided for this request does not match the batch endpoint."
            yield line_error("invalid_url", message, "url")

    def _body(self, body: Body, dialect: Dialect) -> Iterator[Body]:
        yield from self._same_model(body.get("model"), dialect)
        if dialect.history not in body:
            message = f"{dialect.history.capitalize()} parameter is required."
            yield line_error("invalid_request", message, f"body.{dialect.history}")
        if body.get("stream"):
            message = (
                f"{'Chat Completions' if dialect is CHAT else 'Responses'}: Streaming is "
                "not supported in the Batch API."
            )
            yield line_error("streaming_unsupported", message, "body.stream")

    def _same_model(self, model: Any, dialect: Dialect) -> Iterator[Body]:
        if model is None:
            yield line_error("invalid_request", "Model parameter is required.", "body.model")
            return
        row = self._models.get(model) if isinstance(model, str) else None
        if row is None or row.retired or not row.batches or dialect.name not in row.dialects:
            message = f"The provided model '{model}' is not supported by the Batch API."
            yield line_error("model_not_found", message, "body.model")
            return
        self._model = self._model or model
        if model != self._model:
            message = (
                f"The model '{model}' for this request does not match the rest of the batch. "
                "Each batch must contain requests for a single model."
            )
            yield line_error("mismatched_model", message, "body.model")


def _of(refusal: Refusal) -> Body:
    error = refusal["error"]
    return line_error(error["code"], error["message"], error["param"])
