"""Reads one file: its bytes go to a child process, its pages come back one by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from typing import IO

from connector.catalogue import InvalidValue
from connector.catalogue.files import Document, FileInput, Page, Picture
from connector.catalogue.page_content import PageTable
from connector.documents.child_slots import CHILD_SLOTS
from connector.json_types import Json

# by module
REQUIRED_PACKAGES = {"pypdfium2": "pypdfium2", "PIL": "pillow"}
_SPREADSHEETS = "python_calamine"
# of an image, in squares of 32 pixels: what o4-mini sees; no model charges more for such an image
MAX_PATCHES = 1_536
_MAX_LINE = 64_000_000  # bytes of JSON for one page's text
_CHUNK = 1_048_576


@dataclass(frozen=True)
class ReadOptions:
    """How files are read.

    ``pictures``  none, auto (of pages whose text does not tell all) or all
    ``pages``     page numbers from 1; empty for all
    ``sheet``     the name of a spreadsheet's sheet; empty for the first one
    ``ocr``       the languages in which images of text are read; empty: they are not read
    ``recogniser``  by which they are read: tesseract or ppocr
    ``ocr_until``  the monotonic time after which no image is read
    """

    pictures: str = "auto"
    max_pages: int = 2_000
    max_pictures: int = 200
    max_pixels: int = 60_000_000
    max_patches: int = MAX_PATCHES
    pages: tuple[int, ...] = ()
    sheet: str = ""
    ocr: tuple[str, ...] = ()
    recogniser: str = "tesseract"
    ocr_until: float = 0.0


def missing_packages() -> str:
    """What to install before PDFs and images can be read; "" when it is installed."""
    missing = [name for module, name in REQUIRED_PACKAGES.items() if not _is_installed(module)]
    if not missing:
        return ""
    return (
        f"Reading documents and images needs {' and '.join(missing)}: install "
        '"formcall[documents]".'
    )


def read_sheet(content: bytes, sheet: str, *, deadline: float) -> Iterator[list[str]]:
    """The rows of a spreadsheet (XLSX, XLS, XLSB, ODS), each a list of the texts of its cells.

    They are those of ``sheet`` ("": the first one). ``InvalidValue`` states why they cannot be
    read, in a sentence without the field's name.
    """
    if not _is_installed(_SPREADSHEETS):
        raise InvalidValue(
            "unsupported_file",
            'are a spreadsheet, which cannot be read here: install "formcall[documents]", or send '
            "a CSV.",
        )
    for block in _decode(0, {"kind": "sheet"}, content, ReadOptions(sheet=sheet), deadline):
        if isinstance(block, Page):
            yield from json.loads(block.text)


def read_article(content: bytes, charset: str, *, deadline: float) -> str:
    """The main text of a web page, "" where it has none.

    ``InvalidValue`` states why it cannot be read, in a sentence without the page's name.
    """
    labels = {"kind": "article", "charset": charset}
    parts = _decode(0, labels, content, ReadOptions(), deadline)
    return "".join(part.text for part in parts if isinstance(part, Page))


def read_documents(
    file: int, source: FileInput, options: ReadOptions, *, deadline: float
) -> tuple[Document, ...]:
    """The document that a file is, numbered ``file``, and then those attached to it.

    ``InvalidValue`` states why it cannot be read, in a sentence without the field's name.
    """
    labels = {"name": source.name, "media": source.media, "charset": source.charset}
    documents: list[Document] = []
    pages: list[Page] = []
    for part in _decode(file, labels, source.content, options, deadline):
        if isinstance(part, Page):
            pages.append(part)
            documents[-1] = replace(documents[-1], pages=tuple(pages))
        else:
            pages = []
            documents.append(part)
    return tuple(documents)


def _decode(
    file: int, labels: Json, content: bytes, options: ReadOptions, deadline: float
) -> Iterator[Document | Page]:
    with CHILD_SLOTS.take(deadline) as has_slot:
        if not has_slot:
            raise _too_slow()
        yield from _decode_in_child(file, labels, content, options, deadline)


def _decode_in_child(
    file: int, labels: Json, content: bytes, options: ReadOptions, deadline: float
) -> Iterator[Document | Page]:
    job = {**vars(options), **labels, "pages": list(options.pages)}
    # the child's clock may be another one
    job["ocr_seconds"] = max(0.0, job.pop("ocr_until") - time.monotonic())
    child = subprocess.Popen(
        [sys.executable, "-I", "-m", "connector.documents.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), child.kill)
    timer.daemon = True
    timer.start()
    try:
        assert child.stdin is not None  # noqa: S101  they are pipes
        assert child.stdout is not None  # noqa: S101
        _send(child.stdin, json.dumps(job).encode() + b"\n", content)
        yield from _receive(file, child.stdout, deadline)
    finally:
        timer.cancel()
        child.kill()
        child.wait()
        _close(child.stdin)
        _close(child.stdout)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe:
            pipe.close()
    except OSError:
        pass  # the child did not read its input to the end


def _send(pipe: IO[bytes], header: bytes, content: bytes) -> None:
    try:
        pipe.write(header)
        for start in range(0, len(content), _CHUNK):
            pipe.write(content[start : start + _CHUNK])
        pipe.close()
    except OSError:
        pass  # the child has ended; its output, or the lack of it, states why


def _receive(file: int, pipe: IO[bytes], deadline: float) -> Iterator[Document | Page]:
    while line := pipe.readline(_MAX_LINE):
        message: Json = json.loads(line) if line.endswith(b"\n") else {}
        if message.get("end"):
            return
        if "code" in message:
            raise InvalidValue(message["code"], message["detail"])
        if "number" in message:
            yield _page(file, message, pipe)
        elif "kind" in message:
            yield Document(file, message["name"], message["kind"], ())
        else:
            break
    if time.monotonic() >= deadline:
        raise _too_slow()
    raise InvalidValue(
        "file_broken",
        "cannot be read: its reader stopped. The file is damaged, or needs more memory than a "
        "file may have.",
    )


def _too_slow() -> InvalidValue:
    return InvalidValue("file_too_slow", "could not be read in time. Send fewer pages.")


def _page(file: int, message: Json, pipe: IO[bytes]) -> Page:
    return Page(
        file,
        message["number"],
        message["text"],
        tuple(
            Picture(one["media"], pipe.read(one["size"]), one["width"], one["height"])
            for one in message["pictures"]
        ),
        message["coverage"],
        tuple(message["omissions"]),
        tuple(message["warnings"]),
        tuple(_table(**table) for table in message["tables"]),
        doubtful=tuple((start, end) for start, end in message["doubtful"]),
    )


def _table(rows: list[list[str]], start: int, end: int, header_rows: int) -> PageTable:
    return PageTable(tuple(map(tuple, rows)), start, end, header_rows)


def _environment() -> dict[str, str]:
    """No settings of the service: the child has no use for keys."""
    names = ("PATH", "LANG", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}  # each thread would reserve memory


@cache
def _is_installed(module: str) -> bool:
    return find_spec(module) is not None
