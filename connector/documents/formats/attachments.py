"""The files attached to a mail, decoded as further documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from connector.documents.formats.archive import broken
from connector.documents.job import DecodedDocument, DecodedPage, DecodeJob, Unreadable

MAX_ATTACHMENTS = 50
_MAX_DEPTH = 3  # mails in mails
_NAME_LENGTH = 200
DecodedPart = DecodedDocument | DecodedPage


@dataclass(frozen=True)
class Attachment:
    """A file within a mail; ``kind`` is empty if it is recognised by its bytes."""

    name: str
    content: bytes
    media: str = ""
    charset: str = ""
    kind: str = ""


def decode_attachments(job: DecodeJob, attachments: Iterable[Attachment]) -> Iterator[DecodedPart]:
    """The documents attached to the file of ``job``; one that is not read has an empty page."""
    for attachment in attachments:
        yield from decode_attachment(job, attachment)


def decode_attachment(job: DecodeJob, attachment: Attachment) -> Iterator[DecodedPart]:
    """The documents of one attachment."""
    from connector.documents.kinds import decode

    name = " ".join(attachment.name.split())[-_NAME_LENGTH:] or "attachment"
    inner = replace(
        job,
        kind=attachment.kind,
        name=name,
        media=attachment.media,
        charset=attachment.charset,
        pages=(),
        depth=job.depth + 1,
    )
    yield from guarded(inner, decode(inner, attachment.content))


def guarded(job: DecodeJob, parts: Iterator[DecodedPart]) -> Iterator[DecodedPart]:
    """The parts of an attachment; where it cannot be read, a page that says why."""
    last = 0
    has_document = False
    error: Unreadable | None = None
    try:
        if job.depth > _MAX_DEPTH:
            raise Unreadable("file_broken", "is attached within too many mails.")
        for part in parts:
            has_document = has_document or isinstance(part, DecodedDocument)
            last = part.number if isinstance(part, DecodedPage) else 0
            yield part
    except Unreadable as problem:
        error = problem
    except MemoryError:
        raise
    except Exception:  # whatever is wrong with an attachment, the mail itself can be read
        error = broken("a file")
    if error:
        if not has_document:
            yield DecodedDocument("unknown", job.name)
        yield DecodedPage(
            last + 1,
            "",
            coverage=0.0,
            omissions=("an attachment",),
            warnings=(f'The attachment "{job.name}" was not read: it {error.detail}',),
        )


def skipped_warnings(job: DecodeJob, attachments: list[Attachment]) -> tuple[str, ...]:
    """What to say of attachments that are not read because pages were selected."""
    if not attachments or not job.pages:
        return ()
    names = ", ".join(attachment.name[:_NAME_LENGTH] for attachment in attachments[:10])
    return (f"Pages were selected, so attachments were not read: {names}.",)
