"""Splits a document that is too long for one call into parts of a limited number of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from connector.catalogue.files import Files, Page
from connector.engine.run import Run
from connector.errors import FormcallError
from connector.providers.base import Provider
from connector.providers.pricing.models import Model
from connector.providers.pricing.tokens import TokenCounter, image_token_bound
from connector.settings import Settings

# a document of up to this many parts is read in one call, which needs no merging
_PARTS_IN_ONE_CALL = 2
_FRAME_TOKENS = 4_000  # kept free for instructions in a large window, a share of a small one
_FRAME_SHARE = 16
_NOTE_TOKENS = 200  # what is added to the instructions of a part
_MIN_PART_TOKENS = 256
_DEFAULT_CONTEXT = 100_000  # tokens, for a model whose context is unknown
_PAGE_FRAME_TOKENS = 12  # the label of a page
_SEPARATORS = ("\n\n", "\n", " ")  # paragraphs, lines, words
_COUNTER = TokenCounter()

CountTokens = Callable[[str], int]
Item = TypeVar("Item")


@dataclass(frozen=True)
class SplitPlan:
    """The parts in which a document is read; without parts it is read in one call.

    ``field``   the form field of the document
    ``budget``  the tokens that a part may have
    ``limit``   the tokens that are read in one call
    """

    field: str = ""
    parts: tuple[Files, ...] = ()
    budget: int = 0
    limit: int = 0
    count_tokens: CountTokens = len


def plan_split(run: Run, provider: Provider, settings: Settings) -> SplitPlan:
    """The parts of the run's document; ``FormcallError`` (too_long) if it cannot be split."""
    names = [name for name in run.action.file_fields if name in run.form]
    is_never_split = provider.engine == "scripted" or (
        provider.engine == "local" and run.action.long != "merge"
    )
    if not names or is_never_split:
        return SplitPlan()
    rows = run.window.rows

    def count_tokens(text: str) -> int:
        return _COUNTER.estimate(text, *rows)

    capacity = _capacity(run, names[0])
    budget = min(settings.part_tokens, capacity)
    limit = min(_PARTS_IN_ONE_CALL * budget, capacity) if run.action.long else capacity
    pages = (page for name in names for page in run.form[name].pages)
    if sum(_page_tokens(page, count_tokens, rows) for page in pages) <= limit:
        return SplitPlan()
    if not run.action.long:
        raise FormcallError(
            "too_long",
            "The files are longer than the model can read at once. Send fewer files, or fewer "
            "pages.",
        )
    parts = tuple(split_pages(run.form[names[0]], budget, count_tokens, rows))
    return SplitPlan(names[0], parts, budget, limit, count_tokens)


def _capacity(run: Run, field: str) -> int:
    """How many tokens of a document fit into one call, beside its instructions and its answer."""
    window = run.window
    context = window.context or _DEFAULT_CONTEXT
    frame = _COUNTER.estimate_request(run.request_without_document(field), *window.rows)
    frame = max(frame + _NOTE_TOKENS, min(_FRAME_TOKENS, context // _FRAME_SHARE))
    available = min(context - run.max_output_tokens(), window.max_input or context) - frame
    if available < _MIN_PART_TOKENS:
        raise FormcallError(
            "too_long",
            f"The model {run.model_requested} reads and writes {context:,} tokens together, which "
            f"is too little for this action: without a document it needs {context - available:,}.",
        )
    return available


def _page_tokens(page: Page, count_tokens: CountTokens, rows: Iterable[Model]) -> int:
    images = sum(image_token_bound(picture, rows) for picture in page.pictures)
    return _PAGE_FRAME_TOKENS + count_tokens(page.text) + images


def split_pages(
    files: Files, budget: int, count_tokens: CountTokens, rows: tuple[Model, ...]
) -> Iterator[Files]:
    """``files`` in parts of at most ``budget`` tokens, split between pages.

    A page that is longer than ``budget`` itself is split between its paragraphs.
    """
    sized_pages = (
        (piece, _page_tokens(piece, count_tokens, rows))
        for page in files.pages
        for piece in _split_page(page, budget - _PAGE_FRAME_TOKENS, count_tokens)
    )
    for pages in pack(sized_pages, budget):
        yield _with_pages(files, pages)


def pack(sized_items: Iterable[tuple[Item, int]], budget: int) -> Iterator[list[Item]]:
    """Neighbouring items in groups of at most ``budget``; a larger item is a group of its own."""
    group: list[Item] = []
    room = budget
    for item, size in sized_items:
        if group and size > room:
            yield group
            group = []
            room = budget
        group.append(item)
        room -= size
    if group:
        yield group


def _with_pages(files: Files, pages: Sequence[Page]) -> Files:
    """``files`` with these pages alone."""
    documents = (
        replace(document, pages=tuple(page for page in pages if page.file == document.number))
        for document in files.documents or ()
    )
    return replace(files, documents=tuple(document for document in documents if document.pages))


def _split_page(page: Page, budget: int, count_tokens: CountTokens) -> Iterator[Page]:
    if count_tokens(page.text) <= budget:
        yield page
        return
    for text in _split_text(page.text, budget, count_tokens, _SEPARATORS):
        yield replace(page, text=text, tables=(), repeated=(), doubtful=())


def _split_text(
    text: str, budget: int, count_tokens: CountTokens, separators: tuple[str, ...]
) -> Iterator[str]:
    """``text`` in pieces of ``budget`` tokens, split at its first separator, else in half."""
    if count_tokens(text) <= budget:
        yield text
    elif len(text) <= 1:
        yield text  # a character is not divided, however many tokens it has
    elif not separators:
        half = len(text) // 2
        yield from _split_text(text[:half], budget, count_tokens, ())
        yield from _split_text(text[half:], budget, count_tokens, ())
    elif separators[0] not in text:
        yield from _split_text(text, budget, count_tokens, separators[1:])
    else:
        yield from _split_at(text, budget, count_tokens, separators)


def _split_at(
    text: str, budget: int, count_tokens: CountTokens, separators: tuple[str, ...]
) -> Iterator[str]:
    """Join as many neighbouring pieces as fit; split one that does not fit alone again."""
    sized_pieces = (
        (piece, count_tokens(piece) + 1)  # 1 for its separator
        for piece in text.split(separators[0])
    )
    for pieces in pack(sized_pieces, budget):
        if len(pieces) == 1 and count_tokens(pieces[0]) + 1 > budget:
            yield from _split_text(pieces[0], budget, count_tokens, separators[1:])
        else:
            yield separators[0].join(pieces)


def page_range(files: Files) -> str:
    """The pages of a part, such as ``pages 71 to 105``."""
    first = files.pages[0]
    last = files.pages[-1]
    if files.has_several:
        return f"file {first.file}, page {first.number}, to file {last.file}, page {last.number}"
    if first.number == last.number:
        return f"page {first.number}"
    return f"pages {first.number} to {last.number}"
