"""Turns the files that a caller sent into documents with pages."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from connector.catalogue import InvalidValue
from connector.catalogue.files import (
    Document,
    FileInput,
    Files,
    empty_file,
    has_content,
    read_plain_text,
)
from connector.catalogue.values import clean
from connector.documents.reading import ReadOptions, read_documents
from connector.documents.repeated_lines import mark_repeated
from connector.errors import FormcallError
from connector.outbound import Outbound, OutboundError, OutboundResponse, Refused

_MAX_REDIRECTS = 5
_FETCH_SECONDS = 30.0
_FILENAME = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_NAME_LENGTH = 200
_OK = 200


class FileLoader:
    """Fetches and reads files of at most ``max_bytes``. Thread-safe."""

    def __init__(self, outbound: Outbound, *, max_bytes: int) -> None:
        self._outbound = outbound
        self._max_bytes = max_bytes

    def load(self, files: Files, options: ReadOptions, *, deadline: float) -> Files:
        """``files`` with their documents.

        ``InvalidValue`` names the file that cannot be read and the reason; ``FormcallError``
        (file_unreachable) when it may be available later.
        """
        documents: list[Document] = []
        attached: list[Document] = []
        options = replace(options, pages=files.page_numbers)
        for number, source in enumerate(files.inputs, 1):
            try:
                first, *others = self._load_documents(number, source, options, deadline)
            except InvalidValue as error:
                message = f"file {number} {error.message}" if len(files) > 1 else error.message
                raise InvalidValue(error.code, message) from None
            documents.append(first)
            attached += others
        numbered = (_numbered(one, number) for number, one in enumerate(attached, len(files) + 1))
        return replace(files, documents=(*documents, *numbered), attached=len(attached))

    def _load_documents(
        self, number: int, source: FileInput, options: ReadOptions, deadline: float
    ) -> tuple[Document, ...]:
        """The document of a file, and those that are attached to it."""
        if source.is_plain_text:
            return (read_plain_text(number, source, options.pages),)
        file = self._fetch(source, deadline) if source.url else source
        if len(file.content) > self._max_bytes:
            raise _too_large(self._max_bytes)
        documents = read_documents(number, file, options, deadline=deadline)
        if not any(has_content(page) for one in documents for page in one.pages):
            raise empty_file(options.pages)
        return tuple(map(mark_repeated, documents))

    def _fetch(self, source: FileInput, deadline: float) -> FileInput:
        response = self._request(source.url, deadline)
        if response.status != _OK:
            raise _refused_by_host(response.status)
        content_type = response.headers.get("Content-Type", "")
        charset = _CHARSET.search(content_type)
        disposition = response.headers.get("Content-Disposition", "")
        name = next(_file_names(disposition, source.url), "")
        return FileInput(
            content=response.body,
            name=clean(name)[-_NAME_LENGTH:],
            media=content_type.partition(";")[0].strip().lower(),
            charset=charset[1] if charset else "",
        )

    def _request(self, url: str, deadline: float) -> OutboundResponse:
        try:
            return self._outbound.request(
                "GET",
                url,
                seconds=max(0.1, min(_FETCH_SECONDS, deadline - time.monotonic())),
                max_bytes=self._max_bytes,
                max_redirects=_MAX_REDIRECTS,
                require_complete=True,
            )
        except Refused as error:
            raise InvalidValue(
                "address_refused", f"has an address that is not fetched. {error.detail}"
            ) from None
        except OutboundError as error:
            if error.kind == "too_large":
                raise _too_large(self._max_bytes) from None
            raise FormcallError(
                "file_unreachable", f"A file could not be fetched. {error.detail}"
            ) from None


def _numbered(document: Document, number: int) -> Document:
    pages = tuple(replace(page, file=number) for page in document.pages)
    return replace(document, number=number, pages=pages)


def _file_names(disposition: str, url: str) -> Iterator[str]:
    """The file's name in the response header, then the one in its URL."""
    declared = _FILENAME.search(disposition)
    if declared:
        yield unquote(declared[1]).replace("\\", "/").rpartition("/")[2].strip()
    last_segment = unquote(urlsplit(url).path.rpartition("/")[2]).strip()
    if last_segment:
        yield last_segment


def _refused_by_host(status: int) -> Exception:
    reason = f"its host answered {status}"
    if status >= 500 or status == 429:  # noqa: PLR2004
        return FormcallError("file_unreachable", f"A file could not be fetched: {reason}.")
    return InvalidValue(
        "file_not_there",
        f"could not be fetched: {reason}. Check the address, and that it needs no sign-in.",
    )


def _too_large(max_bytes: int) -> InvalidValue:
    return InvalidValue(
        "file_too_large", f"has more than {max_bytes / 1e6:g} MB. Send a smaller one."
    )
