"""The rows of a batch as a request sends them: a file in a form, or the body itself."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request

from connector.catalogue.values import is_absent
from connector.errors import FormcallError
from connector.json_types import Json
from connector.web.form_bodies import FORMS, FilePart, read_form
from connector.web.json_bodies import is_json_like
from connector.web.request_parsing import (
    form_values,
    is_json_form,
    read_body,
    read_complete_body,
)

# what browsers, spreadsheets and no-code tools call a table; what it is, its own bytes say
TABLES = frozenset(
    [
        *("text/csv", "text/x-csv", "application/csv", "application/x-csv"),
        *(
            "text/comma-separated-values",
            "text/tab-separated-values",
            "text/x-comma-separated-values",
        ),
        *(
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/jsonlines",
        ),
        *("application/x-jsonlines", "text/x-ndjson"),
        *("application/vnd.ms-excel", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.ms-excel.sheet.macroenabled.12",
        *("application/vnd.oasis.opendocument.spreadsheet", "application/octet-stream"),
    ]
)
_FILE = "file"


@dataclass(frozen=True)
class Upload:
    """The fields of a batch request, and its rows as a file with the charset that is declared."""

    values: Json
    file: bytes | None = None
    charset: str = ""


def read_upload(request: Request) -> Upload:
    """The batch request in ``request``; ``FormcallError`` for one that cannot be read.

    The rows are the only file of a form, under any name, or a body that is a table; then the
    fields are in the query.
    """
    if request.mimetype in TABLES or _is_plain_table(request):
        charset = str(request.mimetype_params.get("charset", ""))
        return Upload({}, read_complete_body(request), charset)
    if request.mimetype not in FORMS:
        return Upload(read_body(request))
    data = read_complete_body(request)
    if not data or is_json_form(request, data):
        return Upload(read_body(request))
    form = read_form(data, request.content_type or "")
    values = form_values(form.values)
    # an empty file field is sent as a part without a name and without bytes
    files = [part for part in form.files if part.content or part.filename]
    if len(files) > 1:
        raise FormcallError(
            "bad_request",
            f"The form has {len(files)} files; a batch has one. Send a batch for each.",
        )
    return _of_file(values, files[0]) if files else _with_text_file(values)


def _is_plain_table(request: Request) -> bool:
    """Whether a body that is declared as no more than text is not JSON, and so a table."""
    is_plain = request.mimetype in {"", "text/plain"}
    return is_plain and not is_json_like(read_complete_body(request) or b"{")


def _of_file(values: Json, part: FilePart) -> Upload:
    if not is_absent(values.get("rows")):
        raise FormcallError(
            "bad_request", 'The form has a file and the field "rows". Send the rows once.'
        )
    return Upload(values, part.content, part.charset)


def _with_text_file(values: Json) -> Upload:
    """Some tools send a file as a field of text; then it is the rows."""
    if is_absent(values.get("rows")) and isinstance(values.get(_FILE), str):
        values = {**values, "rows": values[_FILE]}
        del values[_FILE]
    return Upload(values)
