"""Spreadsheets (XLSX, XLS, XLSB, ODS): the rows of one sheet. Runs in the child process."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from connector.documents.job import DecodedPage, DecodeJob, Unreadable

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_BLOCK_ROWS = 500
_MAX_LISTED = 20
# figures that a spreadsheet computes with; further ones are noise of its binary numbers
_PRECISION = ".15g"


def decode_spreadsheet(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The sheet ``job.sheet`` ("": the first visible one) in blocks of rows.

    The text of a block is a JSON list of rows, each a list of the texts of its cells.
    """
    sheet = _open_sheet(open_workbook(content), job.sheet)
    rows = ([cell_text(cell) for cell in row] for row in sheet.iter_rows())
    for number, block in enumerate(_blocks(rows), 1):
        yield DecodedPage(number, json.dumps(block))


def open_workbook(content: bytes) -> CalamineWorkbook:
    """The workbook in ``content``; ``Unreadable`` says why it cannot be read."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        raise Unreadable(
            "file_encrypted", "is protected by a password. Save it without one."
        ) from None
    except (CalamineError, OSError, ValueError):
        raise Unreadable(
            "file_broken",
            "is a spreadsheet that cannot be read: it is damaged or incomplete. Save it again as "
            "XLSX, or as CSV UTF-8.",
        ) from None


def _open_sheet(workbook: CalamineWorkbook, name: str) -> CalamineSheet:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [entry for entry in workbook.sheets_metadata if entry.typ == SheetTypeEnum.WorkSheet]
    visible = [entry.name for entry in sheets if entry.visible == SheetVisibleEnum.Visible]
    names = [entry.name for entry in sheets]
    if name:
        matches = [entry for entry in names if entry == name] or [
            entry for entry in names if entry.strip().casefold() == name.strip().casefold()
        ]
    else:
        matches = visible[:1]
    if len(matches) == 1:
        return workbook.get_sheet_by_name(matches[0])
    raise Unreadable("no_such_sheet", _no_sheet_message(name, visible))


def _no_sheet_message(name: str, names: list[str]) -> str:
    if not names:
        return "has no visible sheet."
    listed = ", ".join(f'"{entry[:60]}"' for entry in names[:_MAX_LISTED])
    return f'has no sheet "{name[:60]}". Its sheets are {listed}.'


def _blocks(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    remaining = iter(rows)
    while block := list(islice(remaining, _BLOCK_ROWS)):
        yield block


def cell_text(value: Any) -> str:
    """The text of a cell: dates and times in ISO 8601, numbers without a thousands separator."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(Decimal(format(value, _PRECISION)), "f")
    if isinstance(value, datetime.timedelta):
        return _duration_text(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _duration_text(value: datetime.timedelta) -> str:
    """A duration as "30:00:00" for a day and six hours."""
    seconds = round(abs(value).total_seconds())
    sign = "-" if value < datetime.timedelta(0) else ""
    return f"{sign}{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
