"""From what a caller sent to documents with pages."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from connector.catalogue import Fault
from connector.catalogue.files import Document, FileInput, Files
from connector.catalogue.values import clean
from connector.documents.kinds import recognise
from connector.documents.reading import Manner, read_pages
from connector.errors import FormcallError
from connector.outbound import Outbound, OutboundError, Refused

_REDIRECTS = 5
_FETCH_SECONDS = 30.0
_NAMED = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", re.IGNORECASE)
_NAME_LENGTH = 200
_OK = 200


class Intake:
    """Fetches and reads files. ``most_bytes`` is the largest file. Thread-safe."""

    def __init__(self, outbound: Outbound, *, most_bytes: int) -> None:
        self._outbound, self._most = outbound, most_bytes

    def read(self, files: Files, manner: Manner, *, deadline: float) -> Files:
        """``files`` with their documents. ``Fault`` names the file that cannot be read and why; ``FormcallError`` (file_unreachable)
        when it may be there at another time."""
        documents = []
        manner = replace(manner, pages=files.wanted)
        for number, given in enumerate(files.inputs, 1):
            try:
                documents.append(self._document(number, given, manner, deadline))
            except Fault as fault:
                which = f"file {number} {fault.message}" if len(files) > 1 else fault.message
                raise Fault(fault.code, which) from None
        return replace(files, documents=tuple(documents))

    def _document(self, number: int, given: FileInput, manner: Manner, deadline: float) -> Document:
        sent = self._fetched(given, deadline) if given.url else given
        if len(sent.content) > self._most:
            raise _too_large(self._most)
        kind = recognise(sent.content, name=sent.name, media=sent.media)
        pages = tuple(read_pages(number, kind, sent.content, manner, deadline=deadline))
        return Document(number, sent.name or f"file {number}", kind, pages)

    def _fetched(self, given: FileInput, deadline: float) -> FileInput:
        seconds = max(0.1, min(_FETCH_SECONDS, deadline - time.monotonic()))
        try:
            answer = self._outbound.request("GET", given.url, seconds=seconds, max_bytes=self._most, max_redirects=_REDIRECTS, whole=True)
        except Refused as error:
            raise Fault("address_refused", f"has an address that is not fetched. {error.detail}") from None
        except OutboundError as error:
            if error.kind == "too_large":
                raise _too_large(self._most) from None
            raise FormcallError("file_unreachable", f"A file could not be fetched. {error.detail}") from None
        if answer.status != _OK:
            raise _refused_by_host(answer.status)
        media = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        name = next(_names(answer.headers.get("Content-Disposition", ""), given.url), "")
        return FileInput(content=answer.body, name=clean(name)[-_NAME_LENGTH:], media=media)


def _names(disposition: str, url: str) -> Iterator[str]:
    """What the file is called, by its host or else by its address."""
    if found := _NAMED.search(disposition):
        yield unquote(found[1]).replace("\\", "/").rpartition("/")[2].strip()
    if last := unquote(urlsplit(url).path.rpartition("/")[2]).strip():
        yield last


def _refused_by_host(status: int) -> Exception:
    words = f"its host answered {status}"
    if status >= 500 or status == 429:  # noqa: PLR2004
        return FormcallError("file_unreachable", f"A file could not be fetched: {words}.")
    return Fault("file_not_there", f"could not be fetched: {words}. Check the address, and that it needs no sign-in.")


def _too_large(most: int) -> Fault:
    return Fault("file_too_large", f"has more than {most / 1e6:g} MB. Send a smaller one.")
