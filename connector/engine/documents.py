"""Reads the documents of a run; one that is too long for one call is answered in parts.

    files ──> pages ──> parts of limited tokens ──> one call each, some concurrently ──> merged
                                                    by the server, or by one more call

Every page is in exactly one part. A run fails unless all parts were answered, so an answer never
covers only a part of the document. The most that all parts can cost is reserved before the first
call.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from connector.catalogue import InvalidValue, ReturnField
from connector.catalogue.files import Files
from connector.catalogue.page_content import NO_TIME
from connector.documents.intake import FileLoader
from connector.documents.ocr.recognisers import Recogniser, find_recogniser, missing_ocr
from connector.documents.reading import ReadOptions
from connector.engine import one_shot
from connector.engine.merging import is_empty, merge_answers
from connector.engine.model_request import DocumentPart
from connector.engine.page_warnings import page_warnings, several_tables
from connector.engine.run import Cancelled, Run
from connector.engine.splitting import SplitPlan, pack, page_range
from connector.errors import FieldError, FormcallError, InvalidInput, ProviderError
from connector.json_types import Json
from connector.settings import Settings

MAX_CONCURRENT_PARTS = 4  # calls for one document
_ONLY_PICTURES = (
    '"Pictures" is none, and the document has no text. Choose Automatic to show its pages.'
)
_TOO_SLOW = '"{}" could not be read in time. Send fewer pages.'
_OCR_SHARE = 0.4  # of a run's time, which may be used to read images as text
_COMBINE = (
    "The document was read in {} parts. Instead of it you have what each part gave, as JSON "
    "behind its pages. Make one answer of it: "
    "say what is the same once, the most important first, and keep quotes, files and page "
    "numbers exactly."
)

PartAnswers = Sequence[tuple[str, Json]]  # the page range of each part, and its values


# --- reading files --------------------------------------------------------------------------------


def load_files(run: Run, loader: FileLoader, settings: Settings, *, can_see_images: bool) -> None:
    """Read the files of the run's form.

    ``can_see_images``: the model is shown images of what the text does not tell.
    """
    pictures = run.form.get("pictures") or "auto" if can_see_images else "none"
    recogniser = _recogniser(run, settings, can_see_images=can_see_images)
    now = time.monotonic()
    options = ReadOptions(
        pictures=pictures,
        max_pages=settings.max_pages,
        ocr=recogniser.languages,
        recogniser=recogniser.name,
        ocr_until=now + _OCR_SHARE * max(0.0, run.deadline - now),
    )
    for name in run.action.file_fields:
        files = run.form.get(name)
        if files is None or files.documents is not None:
            continue
        try:
            run.set_files(**{name: loader.load(files, options, deadline=run.deadline)})
        except InvalidValue as error:
            label = run.action.fields[name].label
            raise InvalidInput(
                [FieldError(name, error.code, f'"{label}" {error.message}')]
            ) from None
        _warn_of_unread_pages(run, name)


def _recogniser(run: Run, settings: Settings, *, can_see_images: bool) -> Recogniser:
    """What reads the run's images as text; one without languages if they are not read."""
    choice = run.form.get("ocr") or "auto"
    has_use = run.action.local and not can_see_images  # the embedded engine answers from text alone
    if choice == "off" or (choice == "auto" and not has_use):
        return Recogniser()
    recogniser = find_recogniser(settings.ocr_languages)
    if choice == "always" and not recogniser.languages:
        run.warnings.append(f"No image was read by OCR. {missing_ocr(settings.ocr_languages)}")
    return recogniser


def _warn_of_unread_pages(run: Run, name: str) -> None:
    """Warn of what was not read of the files in a field; raise when no page was."""
    files: Files = run.form[name]
    label = run.action.fields[name].label
    if files.pages and not any(page.is_readable for page in files.pages):
        if run.form.get("pictures") == "none":
            raise InvalidInput([FieldError("pictures", "unsupported_file", _ONLY_PICTURES)])
        if any(NO_TIME in page.omissions for page in files.pages):
            raise InvalidInput([FieldError(name, "file_too_slow", _TOO_SLOW.format(label))])
        raise ProviderError(
            "needs_model",
            "This is an image, a scan or a drawing, which the embedded engine cannot read: "
            "it needs a model. Set OPENAI_API_KEY.",
        )
    run.warnings += page_warnings(files)
    if _gives_one_table(run) and not run.form.get("columns"):
        run.warnings += several_tables(files)


def _gives_one_table(run: Run) -> bool:
    fills = (entry.fill for entry in run.action.returns.values())
    return any(fill and fill[0] == "table_rows" for fill in fills)


# --- answering in parts ---------------------------------------------------------------------------


def answer(run: Run, plan: SplitPlan) -> Json:
    """The values of the run from all parts of its document."""
    values = _answer_all(run, part_runs(run, plan))
    answers = list(zip(map(page_range, plan.parts), values, strict=True))
    fields = run.action.requested(run.form)
    if run.action.long == "merge":
        combined, warnings = merge_answers(fields, run.form, answers)
        run.warnings += warnings
    else:
        combined = _combine(run, plan, fields, answers)
    run.warnings.append(f"The document was read in {len(plan.parts)} parts.")
    return combined


def part_runs(run: Run, plan: SplitPlan) -> list[Run]:
    """A run for each part; none when there are no parts."""
    runs = []
    for number, part in enumerate(plan.parts, 1):
        note = (
            f"This is part {number} of {len(plan.parts)} of the document ({page_range(part)}). "
            "Answer from this part alone; the others are read too."
        )
        runs.append(run.branch(DocumentPart(plan.field, part, note)))
    return runs


def _answer_all(run: Run, branches: Sequence[Run]) -> list[Json]:
    """The values of each branch, some concurrently; after an error no more calls are started."""
    run.meter.reserve([(branch.meter, branch.initial_request()) for branch in branches])
    stop = threading.Event()

    def answer_branch(branch: Run) -> Json:
        if stop.is_set():
            raise Cancelled
        branch.start_clock()  # each call has the time that a run of one call has
        try:
            return one_shot.answer(branch)
        except BaseException:
            stop.set()
            raise

    workers = min(MAX_CONCURRENT_PARTS, len(branches))
    with ThreadPoolExecutor(workers, thread_name_prefix="part") as pool:
        futures = [pool.submit(answer_branch, branch) for branch in branches]
    for branch in branches:
        run.merge_branch(branch)
    run.deadline = max(run.deadline, *(branch.deadline for branch in branches))
    _raise_first_error(run, futures)
    return [future.result() for future in futures]


def _raise_first_error(run: Run, futures: Sequence[Future[Json]]) -> None:
    """Raise the error that stopped the others, before those of the calls that it stopped."""
    errors = [error for future in futures if (error := future.exception())]
    if not errors:
        return
    if not run.cancelled.is_set():
        errors.sort(key=lambda error: isinstance(error, Cancelled))
    raise errors[0]


def _combine(
    run: Run, plan: SplitPlan, fields: Mapping[str, ReturnField], part_answers: PartAnswers
) -> Json:
    """One answer from several, by one more call.

    Answers that are too long to be read at once are combined in groups first.
    """
    answers = [(pages, values) for pages, values in part_answers if not is_empty(fields, values)]
    answers = answers or list(part_answers[:1])
    note = _COMBINE.format(len(plan.parts))
    while len(answers) > 1:
        sized = ((entry, plan.count_tokens(_as_text(*entry))) for entry in answers)
        groups = list(pack(sized, plan.limit))
        if len(groups) == len(answers):  # even two are too long together
            raise FormcallError(
                "too_long",
                "The answers to the parts of this document are too long to be put together. Ask "
                "for less.",
            )
        single = [group[0] for group in groups if len(group) == 1]
        groups = [group for group in groups if len(group) > 1]
        texts = ("\n\n".join(_as_text(*entry) for entry in group) for group in groups)
        branches = [run.branch(DocumentPart(plan.field, text, note)) for text in texts]
        combined = _answer_all(run, branches)
        ranges = [f"{group[0][0]} to {group[-1][0]}" for group in groups]
        answers = [*zip(ranges, combined, strict=True), *single]
    return answers[0][1]


def _as_text(pages: str, values: Json) -> str:
    return f"[{pages}]\n{json.dumps(values, ensure_ascii=False)}"
