"""Documents in a run: opened, and when one is too long for one call, read in parts whose answers become one.

    files ──> pages ──> parts of so many tokens ──> a call for each, some at a time ──> merged by the server, or by one more call

Every page is in exactly one part, and a run whose parts were not all answered has failed: it is never an answer to a part of the
document. What all parts can cost is reserved before the first is asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from connector.catalogue import Fault, Return
from connector.catalogue.files import Files, Page, mark
from connector.documents.intake import Intake
from connector.documents.reading import Manner
from connector.engine.calls import answer_at_once
from connector.engine.merging import is_empty, merged
from connector.engine.turns import Cancelled, Part, Run
from connector.errors import FieldError, FormcallError, InvalidInput, ProviderError
from connector.providers.base import Provider
from connector.providers.bounds import Hosted
from connector.providers.models import Model, Models
from connector.providers.tokens import Counter, picture_bound
from connector.settings import Settings

Json = dict[str, Any]

AT_ONCE = 4  # calls for one document
_WHOLE = 2  # a document of up to so many parts' length is asked about in one call: that is one answer, with nothing to put together
_FRAME = 4_000  # tokens beside the document: what the model is told, and what providers write around it
_UNKNOWN_WINDOW = 100_000
_PAGE_FRAME = 12  # tokens of a page's mark
_MOST_NAMED = 10
_COUNTER = Counter()


@dataclass(frozen=True)
class Plan:
    """In which parts a document is read; none: in one call. ``field`` is its box, ``budget`` the tokens that a part may have."""

    field: str = ""
    parts: tuple[Files, ...] = ()
    budget: int = 0
    measure: Callable[[str], int] = len


# --- opening -----------------------------------------------------------------------------------------------------------


def open_files(run: Run, intake: Intake, settings: Settings, *, sees: bool) -> None:
    """Read the files of the run's form. ``sees``: its model is shown pages that have no text."""
    manner = Manner(pictures="thin" if sees else "none", most_pages=settings.max_pages)
    for name in run.action.file_fields:
        files = run.form.get(name)
        if files is None or files.documents is not None:
            continue
        try:
            run.take_files(**{name: intake.read(files, manner, deadline=run.deadline)})
        except Fault as fault:
            label = run.action.fields[name].label
            raise InvalidInput([FieldError(name, fault.code, f'"{label}" {fault.message}')]) from None
        _tell_unseen(run, run.form[name])


def _tell_unseen(run: Run, files: Files) -> None:
    unseen = [page for page in files.pages if not page.seen]
    if not unseen:
        return
    if len(unseen) == len(files.pages):
        words = "This is an image, a scan or a drawing, which the embedded engine cannot read: it needs a model. Set OPENAI_API_KEY."
        raise ProviderError("needs_model", words)
    named = ", ".join(mark(files, page).strip("[]") for page in unseen[:_MOST_NAMED])
    more = f" and {len(unseen) - _MOST_NAMED} more" if len(unseen) > _MOST_NAMED else ""
    run.warnings.append(f"{len(unseen)} of {len(files.pages)} pages are pictures that were not read: {named}{more}.")


# --- planning ----------------------------------------------------------------------------------------------------------


def plan_of(run: Run, provider: Provider, models: Models, settings: Settings) -> Plan:
    """The parts in which the run's document is read. ``FormcallError`` (too_long) when it is too long and cannot be divided."""
    names = [name for name in run.action.file_fields if name in run.form]
    if not names or provider.engine == "scripted" or (provider.engine == "local" and run.action.long != "merge"):
        return Plan()
    rows = _rows(provider, models, run.model_requested)

    def measure(text: str) -> int:
        return _COUNTER.estimate(text, *rows)

    window = min((row.context for row in rows if row.context), default=_UNKNOWN_WINDOW) - run.max_output_tokens() - _FRAME
    lengths = [_length(run.form[name], page, measure, rows) for name in names for page in run.form[name].pages]
    budget = max(1, min(settings.part_tokens, window))
    if sum(lengths) <= (min(_WHOLE * budget, window) if run.action.long else window):
        return Plan()
    if not run.action.long:
        raise FormcallError("too_long", "The files are longer than the model can read at once. Send fewer files, or fewer pages.")
    parts = tuple(_parts(run.form[names[0]], budget, measure, rows))
    return Plan(names[0], parts, budget, measure)


def _rows(provider: Provider, models: Models, model: str) -> tuple[Model, ...]:
    if isinstance(provider, Hosted):
        return provider.priced(model)
    return models.answering(model, "replace") if provider.engine == "openai" else ()


def _length(files: Files, page: Page, measure: Callable[[str], int], rows: Iterable[Model]) -> int:
    pictures = picture_bound(page.picture, rows) if page.picture else 0
    return _PAGE_FRAME + measure(page.text) + pictures


def _parts(files: Files, budget: int, measure: Callable[[str], int], rows: tuple[Model, ...]) -> Iterator[Files]:
    """``files`` in parts of at most ``budget`` tokens, divided between pages; a page that is longer itself, between paragraphs."""
    held: list[Page] = []
    room = budget
    for page in (piece for whole in files.pages for piece in _pieces(whole, budget - _PAGE_FRAME, measure)):
        length = _length(files, page, measure, rows)
        if held and length > room:
            yield _only(files, held)
            held, room = [], budget
        held.append(page)
        room -= length
    if held:
        yield _only(files, held)


def _only(files: Files, pages: Sequence[Page]) -> Files:
    documents = (replace(one, pages=tuple(page for page in pages if page.file == one.number)) for one in files.documents or ())
    return replace(files, documents=tuple(one for one in documents if one.pages))


def _pieces(page: Page, budget: int, measure: Callable[[str], int]) -> Iterator[Page]:
    """A page, or pieces of it that are short enough, cut at paragraphs, else lines, else words, else anywhere."""
    if measure(page.text) <= budget:
        yield page
        return
    for text in _cut(page.text, budget, measure, ("\n\n", "\n", " ")):
        yield replace(page, text=text)


def _cut(text: str, budget: int, measure: Callable[[str], int], seams: tuple[str, ...]) -> Iterator[str]:
    if measure(text) <= budget:
        yield text
        return
    if not seams or seams[0] not in text:
        if seams:
            yield from _cut(text, budget, measure, seams[1:])
        else:
            half = len(text) // 2
            yield from _cut(text[:half], budget, measure, ())
            yield from _cut(text[half:], budget, measure, ())
        return
    yield from _joined(text.split(seams[0]), seams, budget, measure)


def _joined(pieces: Iterable[str], seams: tuple[str, ...], budget: int, measure: Callable[[str], int]) -> Iterator[str]:
    """As many neighbouring pieces together as fit; one that does not fit alone is cut finer."""
    held: list[str] = []
    room = budget
    for piece in pieces:
        length = measure(piece) + 1
        if held and length > room:
            yield seams[0].join(held)
            held, room = [], budget
        if length > budget:
            yield from _cut(piece, budget, measure, seams[1:])
            continue
        held.append(piece)
        room -= length
    if held:
        yield seams[0].join(held)


# --- asking ------------------------------------------------------------------------------------------------------------


def answer_in_parts(run: Run, plan: Plan) -> Json:
    """The values of the run from all parts of its document."""
    answers = _asked(run, branches_of(run, plan))
    spans = [span(part) for part in plan.parts]
    asked = run.action.asked(run.form)
    if run.action.long == "merge":
        values, warnings = merged(asked, run.form, list(zip(spans, answers, strict=True)))
        run.warnings += warnings
    else:
        values = _made_one(run, plan, asked, list(zip(spans, answers, strict=True)))
    run.warnings.append(f"The document was read in {len(spans)} parts.")
    return values


def branches_of(run: Run, plan: Plan) -> list[Run]:
    """A run for each part, none when there are no parts."""
    notes = [
        f"This is part {number} of {len(plan.parts)} of the document ({span(part)}). Answer from this part alone; the others are read too."
        for number, part in enumerate(plan.parts, 1)
    ]
    return [run.branch(Part(plan.field, part, note)) for part, note in zip(plan.parts, notes, strict=True)]


def _asked(run: Run, branches: Sequence[Run]) -> list[Json]:
    """The values from each branch; calls are made some at a time, and when one fails no more are begun."""
    run.meter.reserve([(branch.meter, branch.opening()) for branch in branches])
    stop = threading.Event()

    def ask(branch: Run) -> Json:
        if stop.is_set():
            raise Cancelled
        branch.begin()  # each call has the time that a run of one call has
        try:
            return answer_at_once(branch)
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(min(AT_ONCE, len(branches)), thread_name_prefix="part") as pool:
        futures = [pool.submit(ask, branch) for branch in branches]
    for branch in branches:
        run.absorb(branch)
    run.deadline = max(run.deadline, *(branch.deadline for branch in branches))
    failures = [error for future in futures if (error := future.exception())]
    for error in sorted(failures, key=lambda one: isinstance(one, Cancelled) and not run.cancelled.is_set()):
        raise error
    return [future.result() for future in futures]


def _made_one(run: Run, plan: Plan, asked: dict[str, Return], answers: Sequence[tuple[str, Json]]) -> Json:
    """One answer of several, by asking once more; in groups first, when they are too long to be read at once."""
    told = [one for one in answers if not is_empty(asked, one[1])] or list(answers[:1])
    while len(told) > 1:
        groups = list(_groups(told, plan))
        if len(groups) == len(told):  # even two are too long together
            raise FormcallError("too_long", "The answers to the parts of this document are too long to be put together. Ask for less.")
        lone = [group[0] for group in groups if len(group) == 1]
        several = [group for group in groups if len(group) > 1]
        note = _TOGETHER.format(len(plan.parts))
        made = _asked(run, [run.branch(Part(plan.field, "\n\n".join(map(_written, group)), note)) for group in several])
        told = [*((f"{group[0][0]} to {group[-1][0]}", values) for group, values in zip(several, made, strict=True)), *lone]
    return told[0][1]


_TOGETHER = (
    "The document was read in {} parts. Instead of it you have what each part gave, as JSON behind its pages. Make one answer of it: "
    "say what is the same once, the most important first, and keep quotes, files and page numbers exactly."
)


def _written(answer: tuple[str, Json]) -> str:
    where, values = answer
    return f"[{where}]\n{json.dumps(values, ensure_ascii=False)}"


def _groups(told: Sequence[tuple[str, Json]], plan: Plan) -> Iterator[list[tuple[str, Json]]]:
    held: list[tuple[str, Json]] = []
    room = 2 * plan.budget
    for one in told:
        length = plan.measure(_written(one))
        if held and length > room:
            yield held
            held, room = [], 2 * plan.budget
        held.append(one)
        room -= length
    if held:
        yield held


def span(files: Files) -> str:
    """Which pages a part has, such as ``pages 71 to 105``."""
    first, last = files.pages[0], files.pages[-1]
    if len(files) > 1:
        return f"file {first.file}, page {first.number}, to file {last.file}, page {last.number}"
    return f"page {first.number}" if first.number == last.number else f"pages {first.number} to {last.number}"
