"""Extraction of typed values: first labelled ones, then candidates near words that name the field.

Every value is read from the text, never generated; a field without a certain value is null.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from connector.providers.local.methods.statements import find_statement, list_under_label
from connector.providers.local.methods.value_scoring import best_candidate
from connector.providers.local.text import agreements, entities, rows, totals
from connector.providers.local.text.label_matching import (
    FieldQuery,
    concepts,
    field_query,
    label_similarity,
)
from connector.providers.local.text.labelled_pairs import Pair, find_pairs, without_quoted_mail
from connector.providers.local.text.mail_headers import header_value, mail_headers
from connector.providers.local.text.page_tables import DocumentTable
from connector.providers.local.text.sentences import word_set
from connector.providers.local.text.typed_values import SourceText, amount_currency, read_value

# of a long text, its beginning and its end are read as one, and then what is between them
HEAD_CHARACTERS = 60_000
TAIL_CHARACTERS = 20_000
MIN_SIMILARITY = 0.5  # from which a label names a field
MIN_LEAD = 0.12  # over another label with a different value
BELOW_PENALTY = 0.05  # of a value below its label, not beside it
MAIL_CONCEPTS = word_set("sender recipient subject email =sent =received =written =mail =message")
ROW_CHARACTERS = 400_000  # in which rows are looked for
_LONG_LINE = 5_000
_SECONDS = 3.0  # of CPU for the parts of a long text
_LINE_END = re.compile(r"\r\n?")
LIST_KINDS = frozenset({"list", "rows"})
EMPTY_LABEL = object()  # stands for the value of a label without one


def extract(
    values: Mapping[str, Any], many: bool = False, notes: list[str] | None = None
) -> dict[str, Any]:
    """{key: value} for ``values["fields"]``; with ``many`` {"rows": [...]}, one for each thing.

    What was not read of a long text is added to ``notes``, in a sentence.
    """
    fields = [field_query(field) for field in values.get("fields") or ()]
    text = _LINE_END.sub("\n", str(values.get("text") or ""))
    country = str(values.get("region") or "")
    if not text.strip():
        if many:
            return {"rows": []}
        return {field.key: [] if field.kind in LIST_KINDS else None for field in fields}
    if many and values.get("many_rows", True):
        beginning = text[:ROW_CHARACTERS]
        records = rows.extract_rows(beginning, fields, country, values.get("tables") or ())
        if records:
            if len(beginning) < len(text) and notes is not None:
                notes.append(
                    f"Rows were read from the first {len(beginning):,} of the text's "
                    f"{len(text):,} characters. Send it in parts."
                )
            return {"rows": records}
    record, read = _fill_from_parts(text, fields, country, values.get("tables") or ())
    if read < len(text) and notes is not None:
        notes.append(
            f"Reading took long: {read:,} of the text's {len(text):,} characters were read, which "
            "are its beginning and its end. Send it in parts."
        )
    if not many:
        return record
    has_value = any(value not in (None, []) for value in record.values())
    return {"rows": [record] if has_value else []}


def _fill_from_parts(
    text: str, fields: Sequence[FieldQuery], country: str, tables: Sequence[DocumentTable]
) -> tuple[dict[str, Any], int]:
    """(the values of a text of any length, the characters of it that were read in time).

    The value of a field is from the first part that states it. Lists have the entries of all
    parts. Rows are read from the whole text, or from the first part of a very long one.
    """
    started = time.thread_time()
    first, *others = _parts(text)
    read = len(first) - bool(others)  # without the line end between the two
    simple = [field for field in fields if field.kind != "rows"]
    record = fill(first, simple, country)
    for part in others:
        if time.thread_time() - started > _SECONDS:
            break
        read += len(part)
        open_fields = [field for field in simple if _is_open(field, record, simple)]
        for key, value in fill(part, open_fields, country).items():
            known = record[key] if isinstance(value, list) else []
            record[key] = value if not known else list(dict.fromkeys([*known, *value]))
    if len(simple) < len(fields):
        read_text = text if len(text) <= ROW_CHARACTERS else first
        read = min(read, len(read_text))
        found = fill(
            read_text, [field for field in fields if field.kind == "rows"], country, tables
        )
        record = {field.key: {**record, **found}[field.key] for field in fields}
    return record, read


def _is_open(field: FieldQuery, record: Mapping[str, Any], fields: Sequence[FieldQuery]) -> bool:
    """Whether a further part may have a value of the field; a currency comes with its amount."""
    if field.kind == "currency":
        return record.get(field.amount_key(fields)) is None
    return field.kind == "list" or record[field.key] is None


def _parts(text: str) -> list[str]:
    """The beginning and the end of a text, then the parts between, cut at the ends of lines."""
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return [text]
    head = _line_start(text, HEAD_CHARACTERS)
    tail = _line_start(text, len(text) - TAIL_CHARACTERS)
    parts = [f"{text[:head]}\n{text[tail:]}"]
    start = head
    while start < tail:
        end = _line_start(text, min(start + HEAD_CHARACTERS, tail))
        end = end if end > start else min(start + HEAD_CHARACTERS, tail)
        parts.append(text[start:end])
        start = end
    return parts


def _line_start(text: str, position: int) -> int:
    """The start of the line at ``position``; ``position`` itself within a very long line."""
    start = text.rfind("\n", max(0, position - _LONG_LINE), position) + 1
    return start or position


def fill(
    text: str,
    fields: Sequence[FieldQuery],
    country: str = "",
    tables: Sequence[DocumentTable] = (),
) -> dict[str, Any]:
    """A value or None for each field; ``tables`` are those of the document."""
    source = SourceText(without_quoted_mail(text), country)
    headers = mail_headers(source.text)
    labelled = [(pair, concepts(pair.label)) for pair in find_pairs(source.text)]
    result: dict[str, Any] = {}
    for field in fields:
        if field.kind == "currency":
            continue
        if field.kind == "rows":
            result[field.key] = rows.extract_rows(text, field.columns, country, tables)
            continue
        value = header_value(field, headers, source)
        if value is None:
            value = _stated(field, labelled, source)
        result[field.key] = None if value is EMPTY_LABEL else value
    return _complete(result, fields, source)


def _stated(
    field: FieldQuery, labelled: Sequence[tuple[Pair, frozenset[str]]], source: SourceText
) -> Any:
    if totals.is_total_field(field):
        has_rows, total = totals.document_total(field, source.amount_rows)
        if has_rows:
            return total
    value = _labelled(field, labelled, source)
    if value is None and field.kind == "money":
        value = _row_amount(field, source)
    return _unlabelled(field, source) if value is None else value


def _row_amount(field: FieldQuery, source: SourceText) -> float | None:
    """The amount of the row whose label matches best: "Sales tax 9.00" in one line of a receipt."""
    scored: dict[float, float] = {}
    for row in source.amount_rows:
        score = label_similarity(field, concepts(row.label)) if len(row.amounts) == 1 else 0.0
        if score >= MIN_SIMILARITY:
            scored[row.amounts[0]] = max(scored.get(row.amounts[0], 0.0), score)
    if not scored:
        return None
    best, *others = sorted(scored.items(), key=lambda item: -item[1])
    is_clear = not others or best[1] - others[0][1] >= MIN_LEAD
    return best[0] if is_clear else None


def _unlabelled(field: FieldQuery, source: SourceText) -> Any:
    if agreements.is_effective_field(field):
        date = agreements.effective_date(source.text, source.find("date"))
        if date:
            return date
    if field.kind == "text":
        return entities.find_text_value(field, source)
    if field.kind in {"boolean", "choice"}:
        return find_statement(field, source)
    if field.kind == "list":
        return list_under_label(field, source) or _parties(field, source)
    return best_candidate(field, source)


def _parties(field: FieldQuery, source: SourceText) -> list[str] | None:
    if "=party" not in field.name:
        return None
    return [party.name for party in agreements.find_parties(source.text)] or None


def _labelled(
    field: FieldQuery, labelled: Sequence[tuple[Pair, frozenset[str]]], source: SourceText
) -> Any:
    """The value of the label that matches the field best.

    None if no label matches, or if another one with a different value matches almost as well.
    """
    scored = []
    for pair, label_concepts in labelled:
        if pair.start < source.header_length and not field.all & MAIL_CONCEPTS:
            continue
        score = label_similarity(field, label_concepts)
        if score < MIN_SIMILARITY:
            continue
        value = (
            read_value(field, pair.value, source, pair) if pair.layout != "empty" else EMPTY_LABEL
        )
        if value is not None:
            scored.append((score - BELOW_PENALTY * (pair.layout == "below"), -pair.start, value))
    if not scored:
        return None
    best, *others = sorted(scored, key=lambda row: (-row[0], -row[1]))
    rivals = [
        row
        for row in others
        if best[0] - row[0] < MIN_LEAD and row[2] != best[2] and row[2] is not EMPTY_LABEL
    ]
    return None if rivals else best[2]


def _complete(
    result: dict[str, Any], fields: Sequence[FieldQuery], source: SourceText
) -> dict[str, Any]:
    """Add the currencies of the amounts, and [] for lists without a value."""
    for field in fields:
        if field.kind == "currency":
            amount = result.get(field.amount_key(fields))
            result[field.key] = None if amount is None else amount_currency(amount, source)
        elif field.kind in LIST_KINDS and result.get(field.key) is None:
            result[field.key] = []
    return result
