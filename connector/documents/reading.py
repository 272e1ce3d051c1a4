"""Reading one file: its bytes go to a child process, its pages come back one by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import IO, Any

from connector.catalogue import Fault
from connector.catalogue.files import Page, Picture, chosen, text_of, text_pages

Json = dict[str, Any]

NEEDED = {"pypdfium2": "pypdfium2", "PIL": "pillow"}
MOST_PATCHES = 1_536  # of a picture, in squares of 32 pixels: what o4-mini looks at; no model charges more for so small a picture
_MOST_LINE = 64_000_000  # of a page's text
_PIECE = 1_048_576
_KINDS_OF_PARENT = ("txt", "csv")


@dataclass(frozen=True)
class Manner:
    """How files are read. ``pictures``: none, thin (of PDF pages with little text) or all; ``pages`` from 1, empty for all."""

    pictures: str = "thin"
    most_pages: int = 2_000
    most_pictures: int = 200
    most_pixels: int = 60_000_000
    most_patches: int = MOST_PATCHES
    pages: tuple[int, ...] = ()


def missing() -> str:
    """What to install before PDFs and images can be read; "" when it is there."""
    absent = [name for module, name in NEEDED.items() if not _is_there(module)]
    return f'Reading documents and images needs {" and ".join(absent)}: install "formcall[documents]".' if absent else ""


def read_pages(file: int, kind: str, content: bytes, manner: Manner, *, deadline: float) -> Iterator[Page]:
    """The pages of a file of ``kind``; ``Fault`` says why it cannot be read, its sentence without the field's name."""
    if kind in _KINDS_OF_PARENT:
        yield from _of_text(file, text_of(content), manner)
        return
    if problem := missing():
        raise Fault("unsupported_file", f"cannot be read here. {problem}")
    if kind == "html":
        content = text_of(content).encode()
    if not _children.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise _too_slow()
    try:
        yield from _from_child(file, kind, content, manner, deadline)
    finally:
        _children.release()


def _of_text(file: int, text: str, manner: Manner) -> Iterator[Page]:
    wanted = chosen(text_pages(file, text), manner.pages)
    if len(wanted) > manner.most_pages:
        raise Fault("too_many_pages", f"has {len(wanted):,} pages to read; {manner.most_pages:,} are read at most.")
    yield from wanted


def _from_child(file: int, kind: str, content: bytes, manner: Manner, deadline: float) -> Iterator[Page]:
    job = {**vars(manner), "kind": kind, "pages": list(manner.pages)}
    command = [sys.executable, "-I", "-m", "connector.documents.child"]
    # no variables of ours: the child has no use for keys
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment())  # noqa: S603
    alarm = threading.Timer(max(0.0, deadline - time.monotonic()), child.kill)
    alarm.daemon = True
    alarm.start()
    try:
        assert child.stdin is not None  # noqa: S101  they are pipes
        assert child.stdout is not None  # noqa: S101
        _send(child.stdin, json.dumps(job).encode() + b"\n", content)
        yield from _received(file, child.stdout, deadline)
    finally:
        alarm.cancel()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                _closed(pipe)


def _closed(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        pass  # the child did not read to the end


def _send(pipe: IO[bytes], head: bytes, content: bytes) -> None:
    try:
        pipe.write(head)
        for at in range(0, len(content), _PIECE):
            pipe.write(content[at : at + _PIECE])
        pipe.close()
    except OSError:
        pass  # what the child says, or that it is gone, is read in any case


def _received(file: int, pipe: IO[bytes], deadline: float) -> Iterator[Page]:
    while line := pipe.readline(_MOST_LINE):
        said: Json = json.loads(line) if line.endswith(b"\n") else {}
        if said.get("end"):
            return
        if "fault" in said:
            raise Fault(said["fault"], said["says"])
        if "page" not in said:
            break
        yield Page(file, said["page"], said["text"], _picture(said, pipe), said["seen"])
    if time.monotonic() >= deadline:
        raise _too_slow()
    raise Fault("file_broken", "cannot be read: its reader gave up. The file is damaged, or needs more memory than a file may have.")


def _too_slow() -> Fault:
    return Fault("file_too_slow", "could not be read in time. Send fewer pages.")


def _picture(said: Json, pipe: IO[bytes]) -> Picture | None:
    if "size" not in said:
        return None
    return Picture(said["media"], pipe.read(said["size"]), said["width"], said["height"])


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}


@cache
def _is_there(module: str) -> bool:
    return find_spec(module) is not None


# each takes a core while it works
_children = threading.BoundedSemaphore(max(2, os.cpu_count() or 1))
