"""Builds the first model request of a run from the action, the form and the run's files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.catalogue import Action, RunOptions, split_options
from connector.catalogue.answer_size import usual_answer_tokens
from connector.catalogue.files import Files, labelled_text, picture_label
from connector.catalogue.localities import region_names
from connector.catalogue.mail_text import EARLIER_MESSAGES, SIGNATURE, divide_mail
from connector.catalogue.requirements import masked_texts
from connector.json_types import Json
from connector.providers.base import LabelledImage, ModelRequest
from connector.providers.pricing.tokens import utf8_length
from connector.tools import Tool, Toolbox

_NEW_VERSION = (
    "Your earlier version stands at the end of the message, between <earlier_version> and "
    "</earlier_version>. Write a new version of it: change\n"
    "what the feedback asks for, and leave the rest as it is. Feedback: {feedback}"
)
_NEWEST_DECIDES = (
    "The text is a mail. Its newest message comes first and decides; what follows under "
    f"{SIGNATURE} or {EARLIER_MESSAGES} is context."
)
# the server adds the offset, which a model may get wrong
_TIMEZONE = "Times without a zone are local times of {zone}; write them without an offset."
_REGION = (
    "The text is from {country}: read numeric dates such as 03/04, telephone numbers without a "
    "country code and a currency sign that several countries use as people write them there."
)
_PREVIOUS_TEXT = "\n\n<earlier_version>\n{text}\n</earlier_version>"
# hidden reasoning is taken from the same budget as the answer, so a short answer needs room too
_USUAL_REASONING = {"low": 256, "medium": 1_024, "high": 4_096}
_MAX_OUTPUT = {"low": 8_000, "medium": 16_000, "high": 32_000}
_ROOM = 4  # an answer may be so many times as long as usual before it is cut off
_BYTES = 4  # of a token of text
_PICTURE_TEXT = 300  # tokens of text that is read from a picture


@dataclass(frozen=True)
class DocumentPart:
    """A part of a document that stands in for the whole document.

    ``content``  some of its pages, or the answers to all parts as text, for the final call
    ``note``     tells the model which part it is given
    """

    field: str
    content: Files | str
    note: str

    @property
    def is_pages(self) -> bool:
        return isinstance(self.content, Files)


@dataclass(frozen=True)
class PreviousVersion:
    """The text that a new version is made from, its number and the run that wrote it."""

    run_id: str
    version: int
    text: str


@dataclass(frozen=True)
class RunInput:
    """What a run is to do; it does not change while the run lasts.

    ``form``      the validated fields, which the action and its model see
    ``options``   how the run is executed; not a part of ``form``
    ``tools``     the tools that the model may call
    ``previous``  the version that a new text is made from
    """

    action: Action
    form: Json
    options: RunOptions
    tools: tuple[Tool, ...] = ()
    previous: PreviousVersion | None = None

    @classmethod
    def from_values(
        cls,
        action: Action,
        values: Json,
        toolbox: Toolbox,
        previous: PreviousVersion | None = None,
    ) -> RunInput:
        """The input for a form's validated ``values``."""
        form, options = split_options(values)
        # where the form has a field for tools, an empty one allows none
        allowed = form.get("tools", ()) if "tools" in action.fields else action.tools
        names = [name for name in action.tools if name in allowed and name in toolbox]
        return cls(action, form, options, tuple(toolbox[name] for name in names), previous)


def build_request(
    action: Action,
    form: Json,
    *,
    model: str,
    effort: str,
    deadline: float,
    is_priced: bool = False,
    part: DocumentPart | None = None,
    previous: PreviousVersion | None = None,
) -> ModelRequest:
    """The first request of a run, without functions; ``part`` replaces the whole document.

    ``is_priced``: its room for output is what the action returns, since room is reserved money. A
    model without a price, about whose reasoning nothing is known, gets as much as any answer needs.
    """
    files: Mapping[str, Any] = {name: form[name] for name in action.file_fields if name in form}
    if part:
        files = {part.field: part.content}
    if part and part.is_pages:
        form = {**form, **files}  # a method of the embedded engine reads the form itself
    divided = divided_mails(action, form)
    masked = masked_texts(action.returns, form)
    rendered = {**form, **divided, **masked, **files}
    message = action.message.render(rendered)
    if previous:
        message += _PREVIOUS_TEXT.format(text=previous.text)
    pictures = tuple(_images(files))
    room = _MAX_OUTPUT[effort]
    if is_priced:
        usual = usual_output_tokens(action, form, effort, message, pictures=len(pictures))
        room = min(_ROOM * usual, room)
    return ModelRequest(
        model=model,
        effort=effort,
        instructions="\n".join(
            [
                *_instructions(action, form, rendered, part, previous),
                *([_NEWEST_DECIDES] if divided else ()),
            ]
        ),
        message=message,
        functions=(),
        force=None,
        max_output_tokens=room,
        deadline=deadline,
        action=action.id,
        method=action.local,
        values=form,
        pictures=pictures,
    )


def divided_mails(action: Action, form: Json) -> Json:
    """The mails in the form with the newest message first, for an action that chooses by them.

    The form itself keeps the text as it was read, to which offsets refer.
    """
    first = next(iter(action.requested(form).values()))
    if form.get("clean") == "off" or not (first.choices or first.choices_from):
        return {}
    mails = {
        name: divide_mail(form[name])
        for name, entry in action.fields.items()
        if entry.type == "longtext" and name in form
    }
    return {name: mail.as_text() for name, mail in mails.items() if mail.is_divided}


def usual_output_tokens(
    action: Action, form: Json, effort: str, message: str, *, pictures: int
) -> int:
    """What a model usually writes for this request: its reasoning at ``effort``, and the answer."""
    source_tokens = utf8_length(message) // _BYTES + pictures * _PICTURE_TEXT
    return _USUAL_REASONING[effort] + usual_answer_tokens(action, form, source_tokens)


def _instructions(
    action: Action,
    form: Json,
    rendered: Json,
    part: DocumentPart | None,
    previous: PreviousVersion | None,
) -> Iterator[str]:
    yield action.instructions.render(rendered)
    if part:
        yield part.note
    if form.get("instructions"):
        yield form["instructions"]
    if form.get("language"):
        yield f"Write in {form['language']}."
    if form.get("timezone"):
        yield _TIMEZONE.format(zone=form["timezone"])
    if form.get("region"):
        yield _REGION.format(country=region_names()[form["region"]])
    if previous:
        yield _NEW_VERSION.format(feedback=form["feedback"])


def _images(files: Mapping[str, Any]) -> Iterator[LabelledImage]:
    for value in files.values():
        if isinstance(value, Files):
            yield from page_images(value)


def page_images(files: Files) -> Iterator[LabelledImage]:
    """The images shown to the model: a page's first one after its label and its text."""
    for page in files.pages:
        for number, picture in enumerate(page.pictures, 1):
            label = picture_label(files, page, number) if number > 1 else labelled_text(files, page)
            yield LabelledImage(label, picture)
