"""The process that decodes one file: ``python -I -m connector.documents.child``, a job in, pages out, and then it is gone.

In, on standard input: a line of JSON (the members of ``Job``), then the file's bytes. Out: for each
page a line of JSON (``page text``, and ``media width height size`` when a picture follows, in so many bytes); at last ``{"end": ...}``
with the number of pages the file has, or ``{"fault": code, "says": sentence}``.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from collections.abc import Iterator
from typing import Any

from connector.documents.job import Job, Read, Unreadable

Json = dict[str, Any]

_LIMITS = (
    (resource.RLIMIT_CPU, 120),  # seconds
    (resource.RLIMIT_AS, 1_500_000_000),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NOFILE, 64),
)


def main() -> None:
    _limit()
    raw = sys.stdin.buffer
    asked = json.loads(raw.readline())
    job = Job(**{**asked, "pages": tuple(asked["pages"])})
    content = raw.read()
    try:
        for page in _pages(job, content):
            _write(page)
        _say({"end": True})
    except Unreadable as error:
        _say({"fault": error.code, "says": error.says})
    except MemoryError:
        _say({"fault": "file_too_large", "says": "takes more memory to read than one file may have. Send a smaller one."})
    except RecursionError:
        _say({"fault": "file_broken", "says": "cannot be read: it is nested too deeply."})


def _limit() -> None:
    for what, most in _LIMITS:
        with contextlib.suppress(ValueError, OSError):  # where the system has a lower one already
            resource.setrlimit(what, (most, most))


def _pages(job: Job, content: bytes) -> Iterator[Read]:
    from connector.documents import images, pdf, word

    readers = {"pdf": pdf.pages, "docx": word.pages, "html": word.html_pages}
    yield from readers.get(job.kind, images.pages)(job, content)


def _write(page: Read) -> None:
    said: Json = {"page": page.number, "text": page.text, "seen": page.seen}
    if page.picture:
        media, width, height, data = page.picture
        _say({**said, "media": media, "width": width, "height": height, "size": len(data)})
        sys.stdout.buffer.write(data)
    else:
        _say(said)


def _say(said: Json) -> None:
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
