"""The main text of a web page, without its menus, comments and scripts."""

from __future__ import annotations

from collections.abc import Iterator

from connector.documents.job import DecodedPage, DecodeJob


def decode_article(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """One page with the main text, empty where there is none.

    Without a charset of the sender the page's own declaration is followed.
    """
    from trafilatura import extract

    source = _decode(content, job.charset) if job.charset else content
    text = extract(
        source, include_comments=False, include_tables=True, include_links=False, favor_recall=True
    )
    yield DecodedPage(1, str(text or ""))


def _decode(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
