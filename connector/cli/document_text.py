"""The text of a file that is given for a field of text: of a document, the text of its pages."""

from __future__ import annotations

import time

from connector.catalogue import InvalidValue
from connector.catalogue.files import FileInput, Files
from connector.documents.intake import FileLoader
from connector.documents.reading import ReadOptions
from connector.errors import FormcallError
from connector.outbound import Outbound
from connector.settings import read_settings

_SECONDS = 120.0  # to read one document
_TEXTS = ("txt", "csv", "md", "json")
_FILE_FIELD = "Give it to an action with a file field, such as extract_document --file"


def text_of_file(content: bytes, name: str) -> str:
    """``content`` as text; ``FormcallError`` when it is neither text nor a document with text."""
    try:
        return _text_of_pages(content, name) if content else ""
    except InvalidValue as error:
        raise FormcallError(
            "bad_request", f"{name or 'Standard input'} {error.message} {_FILE_FIELD}."
        ) from None


def _text_of_pages(content: bytes, name: str) -> str:
    settings = read_settings()
    loader = FileLoader(Outbound(()), max_bytes=settings.max_file_bytes)
    options = ReadOptions(pictures="none", max_pages=settings.max_pages)
    files = loader.load(
        Files((FileInput(content=content, name=name, media="text/plain"),)),
        options,
        deadline=time.monotonic() + _SECONDS,
    )
    unread = [page.number for page in files.pages if not page.is_readable]
    if unread:
        raise InvalidValue(
            "unsupported_file",
            f"has a page without text ({unread[0]}), which a field of text cannot show.",
        )
    separator = "\f" if _is_text(files) else "\n\n"
    return separator.join(page.text for page in files.pages)


def _is_text(files: Files) -> bool:
    return all(document.kind in _TEXTS for document in files.documents or ())
