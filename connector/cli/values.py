"""Reading field values from the command line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from connector.errors import FormcallError

_NEXT_FILE = re.compile(r"(?<!\s)\s++(?=@)")


def read_value(text: str, *, is_file: bool = False) -> str:
    """The value of ``text``: itself, the content of ``@FILE``, or standard input for ``-``.

    With ``is_file`` the content becomes a data URL, which is what a file field takes; else it
    becomes text, also that of a document such as a PDF.
    """
    if text == "-":
        content = sys.stdin.buffer.read()
        name = ""
    elif text.startswith("@"):
        path = Path(text[1:])
        content = read_file(path)
        name = path.name
    else:
        return text
    if is_file:
        from connector.catalogue.files import data_url

        return data_url(content, name=name)
    from connector.cli.document_text import text_of_file

    return text_of_file(content, name)


def divide_files(text: str) -> list[str]:
    """The files in one value, such as ``@a.pdf @b.pdf``; any other value as it is."""
    return _NEXT_FILE.split(text) if text.startswith("@") else [text]


def read_file(path: Path) -> bytes:
    """The bytes of a file; ``FormcallError`` when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormcallError(
            "bad_request", f"The file {path} cannot be read: {error.strerror}."
        ) from None


def read_pairs(pairs: Iterable[str], *, message: str) -> dict[str, str]:
    """``FIELD=VALUE`` options by field name; ``FormcallError`` with ``message`` for a malformed or
    repeated one."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        field = name.strip()
        if not equals or field in values:
            raise FormcallError("bad_request", message)
        values[field] = value
    return {field_name(field): value for field, value in values.items()}


def field_name(option: str) -> str:
    """The name of the field that an option sets: ``max-cost-usd`` sets ``max_cost_usd``."""
    return option.replace("-", "_")


def read_api_key(variable: str) -> str:
    """The API key in an environment variable; ``FormcallError`` when it is not set."""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise FormcallError(
            "unauthorized",
            f"The variable {variable} has no API key. Set it, or name another one with --key-env.",
        )
    return key
