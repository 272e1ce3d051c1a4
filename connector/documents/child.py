"""The process that decodes one file: ``python -I -m connector.documents.child``.

Standard input: a line of JSON with the members of ``DecodeJob``, then the file's bytes. Standard
output: a line of JSON with the members of ``DecodedDocument``, and for each of its pages one with
those of ``DecodedPage``, where ``pictures`` are ``media width height size`` and are followed by the
images, of ``size`` bytes each; the same for each document within the file; then ``{"end": true}``,
or ``{"code": ..., "detail": ...}`` for a file that cannot be read.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from collections.abc import Iterator

from connector.documents.job import DecodedDocument, DecodedPage, DecodeJob, Unreadable
from connector.json_types import Json

_LIMITS = (
    (resource.RLIMIT_CPU, 120),  # seconds
    (resource.RLIMIT_AS, 1_500_000_000),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NOFILE, 64),
)


def main() -> None:
    _set_limits()
    stdin = sys.stdin.buffer
    members = json.loads(stdin.readline())
    lists = {name: tuple(members[name]) for name in ("pages", "ocr")}
    job = DecodeJob(**{**members, **lists})
    content = stdin.read()
    try:
        for part in _decode(job, content):
            if isinstance(part, DecodedPage):
                _write_page(part)
            else:
                _write(vars(part))
        _write({"end": True})
    except Unreadable as error:
        _write_error(error.code, error.detail)
    except MemoryError:
        _write_error(
            "file_too_large",
            "takes more memory to read than one file may have. Send a smaller one.",
        )
    except RecursionError:
        _write_error("file_broken", "cannot be read: it is nested too deeply.")


def _set_limits() -> None:
    for limit, maximum in _LIMITS:
        with contextlib.suppress(ValueError, OSError):  # the system has a lower limit already
            resource.setrlimit(limit, (maximum, maximum))


def _decode(job: DecodeJob, content: bytes) -> Iterator[DecodedDocument | DecodedPage]:
    from connector.documents.kinds import decode  # after the limits are set

    yield from decode(job, content)


def _write_page(page: DecodedPage) -> None:
    pictures = [
        {"media": one.media, "width": one.width, "height": one.height, "size": len(one.content)}
        for one in page.pictures
    ]
    tables = [vars(table) for table in page.tables]
    _write({**vars(page), "pictures": pictures, "tables": tables})
    for picture in page.pictures:
        sys.stdout.buffer.write(picture.content)


def _write_error(code: str, detail: str) -> None:
    _write({"code": code, "detail": detail})


def _write(line: Json) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
