"""Yes, no or unsure for each question about documents, with the sentence that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.catalogue.files import Files, Page
from connector.providers.local.text.sentences import Sentence, sentences
from connector.providers.local.text.yes_no import Statement, answer_question, read_question

_MAX_SENTENCES = 20_000


def check(values: Mapping[str, Any]) -> dict[str, Any]:
    """``answers``: a row for each of ``values["questions"]``.

    A question that no sentence answers plainly, or that two answer differently, is unsure.
    """
    files = next((value for value in values.values() if isinstance(value, Files)), Files(()))
    found = list(_sentences(files))
    statements = [Statement.of(sentence.text) for sentence, _ in found]
    questions = map(str, values.get("questions") or ())
    return {"answers": [_row(text, found, statements) for text in questions]}


def _sentences(files: Files) -> Iterator[tuple[Sentence, Page]]:
    left = _MAX_SENTENCES
    for page in files.pages:
        for sentence in sentences(page.body, left):
            yield sentence, page
            left -= 1
        if left <= 0:
            return


def _row(
    text: str, found: Sequence[tuple[Sentence, Page]], statements: Sequence[Statement]
) -> dict[str, Any]:
    question = read_question(text)
    row = {"question": text, "answer": "unsure", "quote": None, "file": None, "page": None}
    if question is None:
        return row
    answer, index = answer_question(question, statements)
    if index < 0:
        return row
    sentence, page = found[index]
    return {
        **row,
        "answer": answer,
        "quote": sentence.raw,
        "file": page.file,
        "page": page.number,
    }
