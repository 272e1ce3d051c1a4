"""What a run's record holds of its files: an address as it is, and of bytes a name under which they are kept apart.

    form as sent ──put_aside──> form to write down + bytes by their digests ──brought_back──> form as sent
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from connector.catalogue.files import FileInput, Files, data_url
from connector.engine.turns import Run
from connector.errors import FormcallError
from connector.store.aside import KeptFiles

Json = dict[str, Any]
Find = Callable[[Iterable[str]], Mapping[str, bytes]]

_SMALL = 2_000  # bytes; less is no burden to a record
# no form takes this from outside: it is neither an address nor a data URL nor base64
_NAME = re.compile(r"formcall-kept:(?P<digest>[0-9a-f]{64});(?P<media>[^;]*);(?P<name>[^;]*)")


def put_aside(run: Run, values: Mapping[str, Any]) -> tuple[Json, dict[str, bytes]]:
    """The ``values`` to write down for ``run``, and the bytes that are to be kept for them."""
    found, contents = dict(values), dict[str, bytes]()
    for name in run.action.file_fields:
        files = run.form.get(name)
        typed = run.action.fields[name].or_text in run.form
        if isinstance(files, Files) and name in values:
            found[name] = [_named(one, contents) for one in files.inputs[: len(files.inputs) - typed]]
    return found, contents


def brought_back(values: Json, find: Find) -> Json:
    """``values`` with the bytes in their places; ``FormcallError`` (conflict) when some have had their time."""
    names = {match["digest"] for one in values.values() for match in _matches(one)}
    contents = find(names) if names else {}
    if names - set(contents):
        raise FormcallError("conflict", "A file of this run was kept for a day and is gone, so the run cannot be run again. Send it again.")
    return {name: [_sent(one, contents) for one in value] if any(_matches(value)) else value for name, value in values.items()}


def _named(one: FileInput, contents: dict[str, bytes]) -> str:
    if len(one.content) <= _SMALL:
        return one.as_text()
    digest = KeptFiles.digest(one.content)
    contents[digest] = one.content
    return f"formcall-kept:{digest};{quote(one.media, safe='/')};{quote(one.name, safe='')}"


def _matches(value: Any) -> Iterator[re.Match[str]]:
    listed = value if isinstance(value, list) else ()
    return (match for one in listed if isinstance(one, str) and (match := _NAME.fullmatch(one)))


def _sent(one: Any, contents: Mapping[str, bytes]) -> Any:
    match = _NAME.fullmatch(one) if isinstance(one, str) else None
    return data_url(contents[match["digest"]], media=unquote(match["media"]), name=unquote(match["name"])) if match else one
