"""Tables of batches: input rows, columns that are fields, and written results."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from connector.batches.request import read_batch_request, read_budget, read_pairs, resolve_mapping
from connector.batches.results import Results
from connector.batches.rows import MOST_COLUMNS, MOST_ROWS, Rows, read_rows
from connector.batches.runner import split_into_chunks
from connector.batches.workbook import MAX_TEXT, write_xlsx
from connector.catalogue import Catalogue, load_catalogue
from connector.errors import InvalidInput
from connector.json_types import Json

CATEGORIES = "billing: invoices and charges\ntechnical: errors and crashes"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(None)


# --- rows -----------------------------------------------------------------------------------------


def as_csv(rows: list[list[str]], separator: str = ",", end: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    csv.writer(
        text,
        delimiter=separator,
        lineterminator=end,
        quoting=csv.QUOTE_ALL if end == "\r" else csv.QUOTE_MINIMAL,
    ).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_csv_is_read_as_it_was_written(separator: str, end: str, mark: str) -> None:
    """Every separator, end of line and byte order mark; quoted separators, quotation marks and line
    breaks are kept."""
    cells = ["plain", f"with{separator}it", 'says "no"', "two\nlines", "", " ü€😀 "]
    rows = [["id", "text", "quote", "lines", "none", "signs"], cells, ["2", *"bcdef"]]
    sheet = read_rows((mark + as_csv(rows, separator, end)).encode())
    assert sheet.columns == tuple(rows[0])
    assert [list(row.values()) for row in sheet.records] == [cells, rows[2]]
    assert not sheet.errors


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_any_table_comes_back_as_it_was(cells: list[list[str]], separator: str) -> None:
    """Whatever stands in the cells, a table that a CSV writer wrote is read as the same table; only
    rows of blanks are left out."""
    sheet = read_rows(as_csv([["a", "b", "c"], *cells, ["x", "y", "z"]], separator).encode())
    kept = [row for row in cells if any(cell.strip() for cell in row)]
    assert [list(row.values()) for row in sheet.records] == [*kept, ["x", "y", "z"]]


def test_lines_without_anything_are_no_rows() -> None:
    """Empty lines and lines of separators alone, as spreadsheets leave them, are left out and not
    counted."""
    sheet = read_rows("\n\ntext;n\n\na;1\n;;\n  ; \n\nb;2\n\n")
    assert sheet == Rows(("text", "n"), [{"text": "a", "n": "1"}, {"text": "b", "n": "2"}])


def test_one_column_needs_no_quotation_marks() -> None:
    """A file of one column is one whose texts may have commas."""
    assert read_rows("text\nHello, world\nOne, two, three\n").records == [
        {"text": "Hello, world"},
        {"text": "One, two, three"},
    ]


def test_a_row_may_be_short_but_not_long() -> None:
    """Cells that are missing are empty; a row with more cells than columns is at fault, alone."""
    sheet = read_rows("a,b,c\n1\n1,2,3,,\n1,2,3,4\n")
    assert sheet.records[0] == {"a": "1", "b": "", "c": ""}
    assert list(sheet.errors) == [3] and '"4" in cell 4' in sheet.errors[3]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "missing", 'rows" are empty'),
        ("text,n\n", "missing", "give at least one"),
        ("text,text\na,b\n", "duplicate", '2 columns called "text"'),
        (" ,text\na,b\n", "missing", "no name for column 1"),
        ('text,n\n"never closed,1\nb,2\n', "bad_line", "as CSV near line 3"),
        ('text,n\n"closed" early,1\n', "bad_line", "as CSV near line 2"),
        (b"text\nGr\xfc\xdfe\n", "wrong_type", "CSV UTF-8"),
        (b"\xff\xfet\x00e", "wrong_type", "CSV UTF-8"),
        (b"%PDF-1.7\xff\xfe", "wrong_type", "CSV UTF-8"),
        (b"PK\x03\x04\xff\xfe", "file_broken", "damaged or incomplete"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file_broken", "damaged"),
        ('sep=;\ntext;n\n"never closed;1\nb;2\n', "bad_line", "as CSV near line 4"),
        ('{"text": "a"}\n{"text": "b"\n', "bad_line", "line 2 is not one complete JSON object"),
        ('{"rows":\n [{"text": "a"}]}', "bad_line", "line 1 is not one complete JSON object"),
        ("text\n" + "x\n" * (MOST_ROWS + 7), "too_many", "there are 10,007"),
        (",".join(map(str, range(MOST_COLUMNS + 1))) + "\n1\n", "too_many", "500 columns"),
        ("x" * 300 + ",b\n1,2\n", "bad_line", "more than 200 characters"),
        ("[{]", "wrong_type", "not JSON"),
        ([], "missing", "give at least one"),
        ({"text": "a"}, "wrong_type", "a list of objects"),
        ([{"text": "a"}] * (MOST_ROWS + 1), "too_many", "there are 10,001"),
        ([{"": "a"}], "bad_line", "name is empty"),
    ],
)
def test_rows_that_cannot_be_read_are_refused_in_words(text: Any, code: str, words: str) -> None:
    """Whatever is wrong with a whole file is said with the line, the column or the name, and what
    to do."""
    with pytest.raises(InvalidInput) as raised:
        read_rows(text)
    assert raised.value.errors[0].field == "rows"
    assert raised.value.errors[0].code == code
    assert words in raised.value.detail


SPREADSHEETS = Path(__file__).parents[1] / "spec" / "spreadsheets"
PROGRAMS = ("xlsx", "xls", "ods", "utf8.csv", "utf16.csv", "comma.csv")
TICKETS = [
    ("Grüße, „Ärger“; 5 €", "-1234.5", "2026-03-04", "+49 170 1234567"),
    ('two\nlines with "quotes"', "17", "2026-12-31", "0049 170"),
]


@pytest.mark.parametrize("name", PROGRAMS)
def test_files_of_spreadsheet_programs_are_read(name: str) -> None:
    """Each format and encoding in which LibreOffice saves one table gives the same rows; numbers,
    dates and phone numbers are the text that a person sees."""
    separator = "-" if name.endswith("csv") else "."
    content = (SPREADSHEETS / f"libreoffice{separator}{name}").read_bytes()
    sheet = read_rows(content)
    assert sheet.columns == ("text", "amount", "due", "seen", "urgent", "phone")
    wanted = [(row["text"], row["amount"], row["due"], row["phone"]) for row in sheet.records]
    assert wanted == TICKETS
    assert sheet.records[0]["seen"].replace("T", " ") == "2026-03-04 15:06:07"
    assert not sheet.errors


@pytest.mark.parametrize("name", ["Zweites Blatt", " zweites blatt"])
def test_a_sheet_is_chosen_by_its_name(name: str) -> None:
    """A sheet may begin anywhere, and its name is compared without case; "" is the first one."""
    content = (SPREADSHEETS / "libreoffice.ods").read_bytes()
    assert read_rows(content, sheet=name).records == [{"text": "from the second sheet"}]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ((SPREADSHEETS / "libreoffice.xlsx").read_bytes(), "no_such_sheet", '"Zweites Blatt"'),
        ("text\na\n", "not_allowed", "for spreadsheets"),
        ([{"text": "a"}], "not_allowed", "for spreadsheets"),
    ],
)
def test_a_sheet_that_is_not_there_is_refused(content: Any, code: str, words: str) -> None:
    """A name that no sheet has is answered with the names of the sheets; rows that are no
    spreadsheet have no sheets."""
    with pytest.raises(InvalidInput) as raised:
        read_rows(content, sheet="Nope")
    assert (raised.value.errors[0].field, raised.value.errors[0].code) == ("sheet", code)
    assert words in raised.value.detail


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=;;;"])
def test_the_line_that_declares_the_separator_is_no_row(first: str) -> None:
    """Excel's own first line is used, even where the text looks as if another one divided it."""
    assert read_rows(f"{first}\r\na,b;c,d\r\n1,2;3,4\r\n").records == [{"a,b": "1,2", "c,d": "3,4"}]
    assert read_rows("sep=|\na|b\n1|2\n").records == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_declares_the_encoding(codec: str) -> None:
    """Excel's "Unicode text" is UTF-16 with tabs."""
    assert read_rows("text\tn\r\nGrüße\t1\r\n".encode(codec)).records == [
        {"text": "Grüße", "n": "1"}
    ]


@pytest.mark.parametrize("charset", ["windows-1252", "cp1252", "ISO-8859-1", "latin1"])
def test_a_declared_encoding_is_used(charset: str) -> None:
    """What Excel for Windows saves as "CSV" is read under the name of its encoding; quotation marks
    that only Windows has are taken for Latin-1 too."""
    sheet = read_rows((SPREADSHEETS / "libreoffice-ansi.csv").read_bytes(), charset=charset)
    assert [row["text"] for row in sheet.records] == [text for text, *_ in TICKETS]
    marked = "text\nGrüße\n".encode("utf-16")
    assert read_rows(marked, charset=charset).records == [{"text": "Grüße"}]


@pytest.mark.parametrize(
    ("rows", "charset", "field", "code", "words"),
    [
        (b"text\nGr\xfc\xdfe\n", "utf-8", "rows", "wrong_charset", "not UTF-8"),
        (b"text\nGr\xfc\xdfe\n", "klingon", "rows", "wrong_charset", "not known"),
        (b"text\nGr\xfc\xdfe\n", "rot13", "rows", "wrong_charset", "not known"),
        ("text\na\n", "utf-8", "charset", "not_allowed", "is for files"),
    ],
)
def test_an_encoding_that_does_not_fit_is_refused(
    rows: Any, charset: str, field: str, code: str, words: str
) -> None:
    """Bytes are never guessed, and text has no encoding any more."""
    with pytest.raises(InvalidInput) as raised:
        read_rows(rows, charset=charset)
    assert (raised.value.errors[0].field, raised.value.errors[0].code) == (field, code)
    assert words in raised.value.detail


def test_empty_columns_at_the_end_are_left_out() -> None:
    """A spreadsheet leaves separators behind; only a row that has something there is at fault."""
    sheet = read_rows("a;b;;\n1;2;;\n3;4;5;\n6;7\n")
    assert sheet.columns == ("a", "b")
    assert [list(row.values()) for row in sheet.records] == [["1", "2"], ["3", "4"], ["6", "7"]]
    assert list(sheet.errors) == [2] and "column 3, which has no name" in sheet.errors[2]


def test_json_lines_are_rows() -> None:
    """An object on each line; a line separator of Unicode inside a text ends no line."""
    text = '{"text": "a\u2028b", "n": 1}\r\n\n{"text": "c"}\n17\n'
    sheet = read_rows(text.encode())
    assert sheet.records == [{"text": "a\u2028b", "n": 1}, {"text": "c"}, {}]
    assert list(sheet.errors) == [3]


def test_objects_are_rows_as_well() -> None:
    """Rows of a list may have different keys; what is no object is at fault, alone; a text may hold
    such a list."""
    rows: list[Any] = [{"text": "a"}, 17, {"n": 2, "text": "b"}]
    for given_rows in (rows, json.dumps(rows), json.dumps(rows).encode()):
        sheet = read_rows(given_rows)
        assert sheet.columns == ("text", "n")
        assert sheet.records == [{"text": "a"}, {}, {"n": 2, "text": "b"}]
        assert list(sheet.errors) == [2]


# --- which column is which field ------------------------------------------------------------------


def resolved(
    catalogue: Catalogue, columns: str, action: str = "classify", **more: Any
) -> dict[str, str]:
    order = read_batch_request(
        {"action": action, "rows": f"{columns}\n{'x,' * columns.count(',')}x", **more}
    )
    return resolve_mapping(catalogue.find(action), order)


@pytest.mark.parametrize(
    ("columns", "more", "found"),
    [
        ("id,text", {}, {"text": "text"}),
        (
            "Text,MULTIPLE,Max cost usd",
            {},
            {"text": "Text", "multiple": "MULTIPLE", "max_cost_usd": "Max cost usd"},
        ),
        ("Text,text", {}, {"text": "text"}),
        ("message,text", {"mapping": {"text": "message"}}, {"text": "message"}),
        (
            "Message,language",
            {"mapping": "text: message"},
            {"text": "Message", "language": "language"},
        ),
        ("a,b", {"mapping": '{"text": "a", "categories": "b"}'}, {"text": "a", "categories": "b"}),
        ("language,id", {"mapping": {"text": "language"}}, {"text": "language"}),
        ("text,b", {"mapping": {"categories": ""}}, {"text": "text"}),
    ],
)
def test_columns_are_fields_by_mapping_or_by_name(
    catalogue: Catalogue, columns: str, more: Json, found: dict[str, str]
) -> None:
    """The mapping comes first; a column that it does not use is a field when it is called like one,
    in whatever case."""
    assert resolved(catalogue, columns, **more) == found


@pytest.mark.parametrize(
    ("columns", "more", "field", "words"),
    [
        (
            "id,message",
            {},
            "rows",
            'No column of the rows is a field of "Classify text". The columns are id, message.',
        ),
        ("text", {"mapping": {"txt": "text"}}, "txt", 'Did you mean "text"?'),
        (
            "text",
            {"mapping": {"text": "texts"}},
            "text",
            'a column "texts", which the rows do not have. Did you mean "text"?',
        ),
        ("text", {"mapping": {"text": 3}}, "text", "which the rows do not have"),
        ("text", {"fixed": {"categoris": "a"}}, "categoris", 'Did you mean "categories"?'),
        ("text,callback_url", {}, "callback_url", "Give it once, beside the rows."),
        (
            "text",
            {"fixed": {"idempotency_key": "7"}},
            "idempotency_key",
            "Give it once, beside the rows.",
        ),
        ("text,cache", {}, "cache", "Leave it out, or give the column another name."),
        ("text", {"fixed": "wait_seconds: 3"}, "wait_seconds", "cannot be an option of the rows"),
        ("text,dry_run", {}, "dry_run", "cannot be an option of the rows"),
    ],
)
def test_names_that_do_not_fit_are_refused_by_name(
    catalogue: Catalogue, columns: str, more: Json, field: str, words: str
) -> None:
    """Unknown fields and columns, and options that a row cannot have, are named, with the nearest
    that there is."""
    with pytest.raises(InvalidInput) as raised:
        resolved(catalogue, columns, **more)
    assert raised.value.errors[0].field == field
    assert words in raised.value.detail


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"rows": "text\nx"}, "action", "is empty"),
        ({"action": "classify"}, "rows", "is empty"),
        ({"action": "classify", "rows": "text\nx", "row": 3}, "row", "no field"),
        ({"action": "classify", "rows": "text\nx", "budget_usd": "0"}, "budget_usd", "above 0"),
        ({"action": "classify", "rows": "text\nx", "budget_usd": "-1"}, "budget_usd", "above 0"),
        ({"action": "classify", "rows": "text\nx", "budget_usd": "lots"}, "budget_usd", "number"),
        ({"action": "classify", "rows": "text\nx", "fixed": "{"}, "fixed", "not JSON"),
        ({"action": "classify", "rows": "text\nx", "fixed": [1]}, "fixed", "an object"),
        ({"action": "classify", "rows": "text\nx", "mapping": "text"}, "mapping", "line 1"),
        ({"action": "classify", "rows": "text\nx", "tag": "x" * 101}, "tag", "at most 100"),
        ({"action": "classify", "rows": 7}, "rows", "a list of objects"),
    ],
)
def test_an_order_that_is_not_right_is_refused_in_words(
    values: Json, field: str, words: str
) -> None:
    """Every part of an order is read strictly, and named when it is not right."""
    with pytest.raises(InvalidInput) as raised:
        read_batch_request(values)
    assert raised.value.errors[0].field == field
    assert words in raised.value.detail


def test_pairs_may_be_lines() -> None:
    """Names and values may be an object, JSON or lines; a value of several lines has them
    indented."""
    lines = (
        "categories:\n  billing: invoices\n  technical: errors\n\nmultiple: true\nlanguage : "
        "German: formal\n"
    )
    found = {
        "categories": "billing: invoices\ntechnical: errors",
        "multiple": "true",
        "language": "German: formal",
    }
    assert read_pairs(lines, "fixed") == found
    assert read_pairs(json.dumps(found), "fixed") == found
    assert read_pairs(found, "fixed") == found
    assert read_pairs("", "fixed") == read_pairs(None, "fixed") == {}


def test_a_budget_may_be_given_again() -> None:
    """What a batch is resumed with is one number, or nothing."""
    assert read_budget({"budget_usd": "2.50"}) == 2.5
    assert read_budget({}) is None
    with pytest.raises(InvalidInput):
        read_budget({"budget": 3})


@given(st.lists(st.integers(1, 10**6), unique=True).map(sorted), st.integers(1, 64))
def test_pieces_hold_every_row_once(numbers: list[int], at_once: int) -> None:
    """The pieces of a batch are in order, do not overlap, hold each row once, and keep all places
    busy."""
    pieces = split_into_chunks(numbers, at_once)
    assert [
        number for first, last in pieces for number in numbers if first <= number <= last
    ] == numbers
    assert all(first <= last for first, last in pieces)
    assert len(pieces) >= min(at_once, len(numbers)) / 2


# --- results --------------------------------------------------------------------------------------


def record(number: int, form: Json | None, answer: Json | None = None, **more: Any) -> Any:
    """A row's record."""
    values = {
        "status": "done",
        "code": None,
        "cost_nusd": 1_234_000,
        "id": f"run_{number}",
        "action": "classify",
        **more,
    }
    texts = {
        "form": None if form is None else json.dumps(form),
        "answer": None if answer is None else json.dumps(answer),
    }
    return SimpleNamespace(row_no=number, reserved_nusd=0, estimated_nusd=0, **values, **texts)


def results(
    catalogue: Catalogue, columns: list[str], action: str = "classify", **fixed: Any
) -> Results:
    batch: Any = SimpleNamespace(columns=json.dumps(columns), fixed=json.dumps(fixed))
    return Results(catalogue.find(action), batch)


def read_back(lines: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines), newline="")))


ANSWER = {
    "category": "billing",
    "categories": ["billing"],
    "categories_text": "billing",
    "matched": True,
    "confidence": 0.9,
    "confidence_kind": "reported",
    "reason": "Charged twice.",
    "runner_up": None,
}


def test_results_have_a_line_for_each_row(catalogue: Catalogue) -> None:
    """Rows that are done, failed, queued, cancelled and not kept are all there, in order, each
    under the same names."""
    problem = {"detail": "The provider took too long.", "code": "provider_timeout"}
    rows = [
        record(1, {"id": "7", "text": "a"}, ANSWER),
        record(
            2,
            {"id": "8", "text": "b"},
            problem,
            status="failed",
            code="provider_timeout",
            cost_nusd=None,
        ),
        record(
            3,
            {"id": "9", "text": "c"},
            {"old": "answer"},
            status="queued",
            code="provider_unavailable",
            cost_nusd=0,
        ),
        record(4, None, None, status="cancelled", code="cancelled", cost_nusd=0),
        record(5, {"text": "e"}, None),
    ]
    made = results(catalogue, ["id", "text"])
    found = read_back(made.csv(rows))
    assert list(found[0]) == [
        "row",
        "status",
        "id",
        "text",
        "category",
        "categories_text",
        "matched",
        "confidence",
        "confidence_kind",
        "reason",
        "runner_up",
        "learned_from",
        "error_code",
        "error",
        "cost_usd",
        "run_id",
    ]
    assert [row["row"] for row in found] == list("12345")
    assert [row["status"] for row in found] == ["done", "failed", "queued", "cancelled", "done"]
    assert [row["id"] for row in found] == ["7", "8", "9", "", ""]
    assert [row["category"] for row in found] == ["billing", "", "", "", ""]
    assert (
        found[0]["matched"] == "true"
        and found[0]["cost_usd"] == "0.001234"
        and found[0]["runner_up"] == ""
    )
    assert (found[1]["error_code"], found[1]["error"], found[1]["cost_usd"]) == (
        "provider_timeout",
        "The provider took too long.",
        "",
    )
    assert (found[2]["error_code"], found[2]["error"]) == ("", "")
    assert found[3]["error_code"] == "cancelled" and found[3]["error"]
    objects = [json.loads(line) for line in "".join(made.jsonl(rows)).splitlines()]
    assert len({tuple(one) for one in objects}) == 1
    assert (
        objects[0]["categories"] == ["billing"]
        and objects[0]["cost_usd"] == 0.001234
        and objects[1]["category"] is None
    )


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＠x",
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_cell_is_a_formula(catalogue: Catalogue, text: str) -> None:
    """A text that a spreadsheet would carry out gets an apostrophe, wherever it comes from: a name,
    a row, a model or a failure."""
    rows = [
        record(1, {text: text}, {**ANSWER, "reason": text, "category": text}),
        record(2, {text: "b"}, {"detail": text}, status="failed", code="refused"),
    ]
    found = read_back(results(catalogue, [text]).csv(rows))
    assert (
        found[0][f"'{text}"]
        == f"'{text}"
        == found[0]["reason"]
        == found[0]["category"]
        == found[1]["error"]
    )


@pytest.mark.parametrize(
    "text",
    [
        *("+49 170 1234567", "+49 (0)170 / 123-45.67", "+4917012345", "+1 (555) 010-9999"),
        *("-1,234.00", "-1.234,50 €", "-€12", "-$5.00", "- 12 %", "-1 234,50 kr", "-5 EUR"),
        *("+12.5%", "-", "--", "+", "---"),
    ],
)
def test_phone_numbers_and_amounts_come_back_as_they_went_in(
    catalogue: Catalogue, text: str
) -> None:
    """What begins with a sign and has nothing to run is not changed."""
    found = read_back(results(catalogue, ["a"]).csv([record(1, {"a": text}, ANSWER)]))
    assert found[0]["a"] == text


@pytest.mark.parametrize(
    "text", ["- item one", "@anna", "+49 170 x", "-A1", "+SUM(1)", "-1-HYPERLINK(1)", "-1|x!A0"]
)
def test_other_texts_with_a_sign_are_made_harmless(catalogue: Catalogue, text: str) -> None:
    """A sign before a name, a reference or a function begins a formula."""
    found = read_back(results(catalogue, ["a"]).csv([record(1, {"a": text}, ANSWER)]))
    assert found[0]["a"] == f"'{text}"


def test_a_csv_for_a_spreadsheet_of_another_region(catalogue: Catalogue) -> None:
    """With the delimiter and the mark that the reader's spreadsheet wants, the file is read back as
    the same table."""
    rows = [record(1, {"text": "Grüße; 5"}, ANSWER)]
    text = "".join(results(catalogue, ["text"]).csv(rows, delimiter=";", bom=True))
    assert text.startswith("\ufeffrow;status;text;")
    assert read_rows(text.encode()).records[0]["text"] == "Grüße; 5"


def test_results_as_a_spreadsheet(catalogue: Catalogue) -> None:
    """Another program's reader finds every text as it was, also one that looks like a formula, an
    escape or a number; numbers and truth values keep their type."""
    texts = ["=1+1", "@x", "-5", "007", "a_x000D_b", "two\r\nlines\t.", "\x0b<&>\ufffe", " 😀 ", ""]
    values = [*texts, 12.5, -3, 2**60, True, ["a", "b"], None]
    names = [f"c{number}" for number in range(len(values))]
    form = dict(zip(names, values, strict=True))
    content = b"".join(results(catalogue, names).xlsx([record(1, form, ANSWER)]))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("Results")
    header, row = sheet.to_python()
    found = dict(zip(header, row, strict=True))
    wanted = [*texts[:6], "\x0b<&>\ufffd", *texts[7:], 12.5, -3, str(2**60), True, "a, b", ""]
    assert [found[name] for name in names] == wanted
    assert found["matched"] is True and found["row"] == 1 and found["category"] == "billing"
    again = read_rows(content).records[0]
    assert (again["c0"], again["c9"], again["c12"]) == ("=1+1", "12.5", "true")


def test_a_text_that_a_cell_cannot_hold_is_cut_and_says_so() -> None:
    """Excel calls a file damaged that has a cell of more than 32,767 characters, in UTF-16."""
    for text in ("x" * 40_000, "😀" * 20_000, "x" * 32_700 + "😀" * 100):
        content = b"".join(write_xlsx([[text], ["end"]]))
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        cell = str(sheet.to_python()[0][0])
        assert len(cell.encode("utf-16-le")) // 2 <= MAX_TEXT
        assert "cut here" in cell and cell[:16_000] == text[:16_000]


def test_numbers_stay_numbers(catalogue: Catalogue) -> None:
    """Numbers, also negative ones and those in texts, are not quoted: a spreadsheet is to calculate
    with them."""
    rows = [
        record(1, {"a": -5, "b": "-12.50", "c": "+3", "d": "-7,5"}, {**ANSWER, "confidence": -0.5})
    ]
    found = read_back(results(catalogue, list("abcd")).csv(rows))[0]
    assert [found[name] for name in (*"abcd", "confidence")] == [
        "-5",
        "-12.50",
        "+3",
        "-7,5",
        "-0.5",
    ]


def test_columns_called_like_an_answer_are_put_apart(catalogue: Catalogue) -> None:
    """A caller's column never takes the place of the answer's; it is there under a name of its
    own."""
    columns = ["category", "input_category", "status", "reason"]
    row = record(
        1,
        {"category": "mine", "input_category": "other", "status": "open", "reason": "old"},
        ANSWER,
    )
    made = results(catalogue, columns)
    for found in (read_back(made.csv([row]))[0], json.loads("".join(made.jsonl([row])))):
        assert (found["category"], found["status"], found["reason"]) == (
            "billing",
            "done",
            "Charged twice.",
        )
        assert (found["input_category"], found["input_input_category"]) == ("mine", "other")
        assert (found["input_status"], found["input_reason"]) == ("open", "old")


def test_a_record_has_a_column_for_each_value(catalogue: Catalogue) -> None:
    """Fields that are the same for all rows are columns of the CSV; otherwise a record is one cell
    of JSON."""
    data = {"number": "NP-1", "total": 12.5, "total_currency": "EUR", "lines": ["a", "b"]}
    answer = {
        "data": data,
        "data_json": json.dumps(data),
        "names": list(data),
        "values": list(data.values()),
        "rows": [data],
        "not_found": ["x"],
        "not_found_text": "x",
        "evidence": [{"field": "total", "quote": "12.50"}],
    }
    row = record(1, {"text": "…"}, answer, action="extract")
    named = read_back(
        results(catalogue, ["text"], "extract", fields="number text\ntotal money\nlines list").csv(
            [row]
        )
    )[0]
    assert (
        named["data_number"],
        named["data_total"],
        named["data_total_currency"],
        named["data_lines"],
    ) == ("NP-1", "12.5", "EUR", "a, b")
    assert "data_json" not in named and "names" not in named and named["not_found_text"] == "x"
    assert json.loads(named["evidence"]) == answer["evidence"]
    unnamed = read_back(results(catalogue, ["text", "fields"], "extract").csv([row]))[0]
    assert json.loads(unnamed["data_json"]) == data and "data_total" not in unnamed


def test_results_of_every_action_can_be_written(catalogue: Catalogue) -> None:
    """Each action of the catalogue has columns with names of their own, and its whole answer as
    JSON lines."""
    for action in catalogue.values():
        made = results(catalogue, list(action.fields), action.id, **action.examples[0].input)
        header = next(iter(made.csv([]))).strip().split(",")
        assert len(set(header)) == len(header)
        assert set(action.returns) <= set(
            json.loads("".join(made.jsonl([record(1, {}, None, status="queued")])))
        )


def test_signs_that_no_encoding_carries_do_no_harm(catalogue: Catalogue) -> None:
    """NUL and halves of signs come out as the sign for what cannot be shown."""
    row = record(1, {"a\ud800": "x\0\udfff"}, {**ANSWER, "reason": "\ud83d"})
    made = results(catalogue, ["a\ud800"])
    for text in ("".join(made.csv([row])), "".join(made.jsonl([row]))):
        assert "\ufffd" in text and text.encode()


def test_a_sheet_may_be_read_from_a_path(tmp_path: Path) -> None:
    """What is in a file is what is read: bytes, with everything that may stand before them."""
    path = tmp_path / "rows.csv"
    path.write_bytes('\ufefftext\tn\r\n"a\tb"\t1\r\n'.encode())
    assert read_rows(path.read_bytes()).records == [{"text": "a\tb", "n": "1"}]
