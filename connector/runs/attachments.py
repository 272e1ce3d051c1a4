"""The files of a run, stored beside its record under their digests.

    detach: form as sent -> form for the record, with references, and the bytes by their digests
    attach: form of the record -> form as sent

A file that was sent as a URL stays a URL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from connector.catalogue.files import FileInput, Files, data_url
from connector.engine.run import Run
from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.blobs import BlobStore

FindBlobs = Callable[[Iterable[str]], Mapping[str, bytes]]  # contents by their digests

_INLINE_BYTES = 2_000  # a file of up to this size stays in the record
# no form accepts this from outside: it is neither a URL nor a data URL nor base64
_REFERENCE = re.compile(r"formcall-kept:(?P<digest>[0-9a-f]{64});(?P<media>[^;]*);(?P<name>[^;]*)")


def detach(run: Run, values: Mapping[str, Any]) -> tuple[Json, dict[str, bytes]]:
    """``values`` with references in place of files, and the files' bytes by their digests."""
    detached = dict(values)
    contents: dict[str, bytes] = {}
    for name in run.action.file_fields:
        files = run.form.get(name)
        if isinstance(files, Files) and name in values:
            # a text that was typed instead of a file is the last of the inputs
            typed = run.action.fields[name].or_text in run.form
            sent = files.inputs[: len(files.inputs) - typed]
            detached[name] = [_reference(file, contents) for file in sent]
    return detached, contents


def attach(values: Json, find: FindBlobs) -> Json:
    """``values`` with the files in place of references.

    ``FormcallError`` (conflict) when some files were deleted in the meantime.
    """
    digests = {match["digest"] for value in values.values() for match in _references(value)}
    contents = find(digests) if digests else {}
    if digests - set(contents):
        raise FormcallError(
            "conflict",
            "A file of this run was stored for a day and has been deleted, so the run cannot be "
            "run again. Send the file again.",
        )
    return {name: _attach_value(value, contents) for name, value in values.items()}


def _attach_value(value: Any, contents: Mapping[str, bytes]) -> Any:
    if not any(_references(value)):
        return value
    return [_resolve(item, contents) for item in value]


def _reference(file: FileInput, contents: dict[str, bytes]) -> str:
    if len(file.content) <= _INLINE_BYTES:
        return file.as_text()
    digest = BlobStore.digest(file.content)
    contents[digest] = file.content
    return f"formcall-kept:{digest};{quote(file.media, safe='/')};{quote(file.name, safe='')}"


def _references(value: Any) -> Iterator[re.Match[str]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, str) and (match := _REFERENCE.fullmatch(item)):
            yield match


def _resolve(item: Any, contents: Mapping[str, bytes]) -> Any:
    match = _REFERENCE.fullmatch(item) if isinstance(item, str) else None
    if match is None:
        return item
    content = contents[match["digest"]]
    return data_url(content, media=unquote(match["media"]), name=unquote(match["name"]))
