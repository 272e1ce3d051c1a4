"""PDFs are read as they are laid out: rows of tables stay together, columns follow each other."""

import pytest

from connector.catalogue.files import Document, Files, Page
from connector.documents.job import DecodedPage, DecodeJob
from connector.documents.layout.hyphens import join_divided_words
from connector.documents.layout.page import layout_page
from connector.documents.layout.words import Word
from connector.documents.pdf import decode_pdf
from connector.documents.repeated_lines import mark_repeated
from connector.providers.local.provider import with_document_text
from tests.support.page_factory import TABLES, TITLES, Sheet, columns, ruled, unruled

SEEDS = range(1, 7)
KEPT = 0.95  # of the rows that a person sees


def decoded(content: bytes, pictures: str = "auto") -> DecodedPage:
    """The only page of a PDF."""
    job = DecodeJob(
        pictures=pictures,
        max_pages=10,
        max_pictures=10,
        max_pixels=60_000_000,
        max_patches=1_536,
        pages=(),
    )
    (page,) = decode_pdf(job, content)
    return page


@pytest.mark.parametrize("layout", TABLES)
def test_rows_stay_together(layout: str) -> None:
    """The cells of a row are one row of a table, in their order, and one line of the text."""
    rows, kept = 0, 0
    for seed in SEEDS:
        drawn = TABLES[layout](seed)
        page = decoded(drawn.content)
        found = {tuple(filter(None, row)) for table in page.tables for row in table.rows}
        lines = {tuple(filter(None, line.split("\t"))) for line in page.text.split("\n")}
        for row in drawn.rows:
            cells = tuple(filter(None, row))
            rows += 1
            kept += cells in found and cells in lines
    assert kept >= KEPT * rows


def test_a_table_knows_its_place_and_its_titles() -> None:
    """A table's offsets are those of its lines, and its first row is known to be titles."""
    page = decoded(unruled(3).content)
    (table,) = page.tables
    assert table.header_rows == 1 and table.rows[0] == tuple(TITLES)
    lines = page.text[table.start : table.end].split("\n")
    assert lines == ["\t".join(row).rstrip() for row in table.rows]
    assert page.text[: table.start].strip() and page.text[table.end :].strip()
    assert {len(row) for row in table.rows} == {len(TITLES)}


@pytest.mark.parametrize("interleaved", [False, True], ids=["in order", "line by line"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_columns_are_read_one_after_the_other(count: int, interleaved: bool) -> None:
    """Running text in columns is read down each column, whatever order it was drawn in."""
    for seed in SEEDS:
        content, text = columns(seed, count, interleaved=interleaved)
        flat = " ".join(decoded(content).text.split())
        places = [flat.find(sentence) for sentence in text]
        assert -1 not in places and places == sorted(places)


def test_labels_and_values_are_read_across() -> None:
    """Values beside their labels stay with them, though all labels were drawn last."""
    labels = ["Order number", "Customer", "Delivery", "Weight", "Carrier"]
    values = ["T-8841", "Nordhaven Timber", "12 June 2026", "420 kg", "Ostrava Lines"]
    sheet = Sheet()
    for column, x in ((values, 220.0), (labels, 60.0)):
        for number, text in enumerate(column):
            sheet.text(x, 120 + 16 * number, text)
    page = decoded(sheet.bytes())
    assert page.text.split("\n") == [
        f"{label}\t{value}" for label, value in zip(labels, values, strict=True)
    ]


@pytest.mark.parametrize("leader", ["." * 40, ". " * 30, "_" * 30], ids=["dots", "spaced", "line"])
def test_dots_before_a_number_are_a_column_break(leader: str) -> None:
    """Dots and lines that lead to a number are no text."""
    sheet = Sheet()
    for number, (title, page) in enumerate((("Scope", "1"), ("Terms", "4"), ("Annex", "19"))):
        sheet.text(60, 100 + 14 * number, f"{title} {leader}")
        sheet.text(420, 100 + 14 * number, page, align="right")
    assert decoded(sheet.bytes()).text == "Scope\t1\nTerms\t4\nAnnex\t19"


def test_pages_of_text_have_no_tables() -> None:
    """Running text and lists with bullets are no tables."""
    content, _ = columns(2, 1)
    assert decoded(content).tables == ()
    sheet = Sheet()
    for number in range(8):
        sheet.text(60, 100 + 14 * number, "\u2022")
        sheet.text(84, 100 + 14 * number, f"Point {number} of the agenda, for all members")
    page = decoded(sheet.bytes())
    assert page.tables == ()
    assert page.text.split("\n")[3] == "\u2022 Point 3 of the agenda, for all members"


def test_paragraphs_are_blocks() -> None:
    """An empty line separates what stands apart on the page; the lines of a paragraph do not."""
    sheet = Sheet()
    sheet.text(60, 80, "Terms of delivery", 18)
    y = sheet.paragraph(
        60, 110, "Goods are sent within ten days after the order was paid. " * 4, 300
    )
    sheet.paragraph(60, y + 10, "Damage is to be reported at once, with a picture of it. " * 4, 300)
    heading, first, second = decoded(sheet.bytes()).text.split("\n\n")
    assert heading == "Terms of delivery"
    assert first.startswith("Goods are sent") and second.startswith("Damage is to be reported")
    assert "\n" in first and "\n" in second


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["the county engi-", "neer came"], ["the county engineer", "came"]),
        (["a long-", "term plan"], ["a long-term", "plan"]),
        (["the Anglo-", "Saxon text"], ["the Anglo-", "Saxon text"]),
        (["order PO-", "3391 of May"], ["order PO-", "3391 of May"]),
        (["pages 12-", "14 are new"], ["pages 12-", "14 are new"]),
        (
            ["a rail-road, and the rail-", "road again"],
            ["a rail-road, and the rail-road", "again"],
        ),
        (["soft\u00ad", "ware is"], ["software", "is"]),
        (["it is -", "as said"], ["it is -", "as said"]),
    ],
)
def test_hyphens_at_line_ends(lines: list[str], joined: list[str]) -> None:
    """A divided word is put together; a hyphen that belongs to a word or a number stays."""
    assert join_divided_words(lines) == joined


def test_divided_words_of_a_page() -> None:
    """The hyphen of a word that PDFium itself found to be divided is treated by the same rule."""
    sheet = Sheet()
    for number, line in enumerate(
        ["The county engi-", "neer saw a long-", "term plan for PO-", "77"]
    ):
        sheet.text(60, 100 + 12 * number, line)
    assert decoded(sheet.bytes()).text == "The county engineer\nsaw a long-term\nplan for PO-\n77"


def test_words_of_any_source_are_laid_out() -> None:
    """Words with pixels as places, as OCR finds them, give the same rows."""
    words = [
        Word(text, left, top, left + 12 * len(text), top + 22)
        for top, row in ((100, ("Tea", "4.20")), (140, ("Coffee", "5.10")), (180, ("Sum", "9.30")))
        for left, text in zip((50, 700), row, strict=True)
    ]
    builder = layout_page(words)
    assert builder.text == "Tea\t4.20\nCoffee\t5.10\nSum\t9.30"
    assert [table.rows[2] for table in builder.tables] == [("Sum", "9.30")]


def test_drawn_lines_do_not_change_what_is_read() -> None:
    """A page of tables needs no picture: its lines and shades are part of the layout."""
    page = decoded(ruled(4).content)
    assert page.pictures == () and page.coverage == 1.0 and page.omissions == ()


# --- running heads and feet -----------------------------------------------------------------------


def _document(texts: list[str]) -> Document:
    return Document(1, "report", "pdf", tuple(Page(1, n, text) for n, text in enumerate(texts, 1)))


def test_running_heads_and_feet_are_known() -> None:
    """Lines that repeat at the edges of pages are marked, with any number that counts the pages;
    their place in the text is kept."""
    texts = [
        f"Annual report\n\nWhat page {n} says is said once.\n\nHarrow Ltd\tPage {n + 6} of 18"
        for n in range(1, 13)
    ]
    marked = mark_repeated(_document(texts))
    for page, text in zip(marked.pages, texts, strict=True):
        assert [page.text[start:end] for start, end in page.repeated] == [
            "Annual report",
            text.split("\n")[-1],
        ]
        assert len(page.body) == len(text)
        assert page.body.strip() == text.split("\n\n")[1]


def test_what_differs_is_no_running_head() -> None:
    """A number of an invoice, the first words of each page, and two pages alone are no heads."""
    texts = [f"Invoice {n * n + 811}\n\nGoods of lot {n * 31}\n\nSum {n * 7}.20" for n in range(9)]
    assert not any(page.repeated for page in mark_repeated(_document(texts)).pages)
    assert not any(page.repeated for page in mark_repeated(_document(["Head\na", "Head\nb"])).pages)


def test_running_heads_are_no_answers() -> None:
    """The embedded engine does not quote a running head, and reads a value in it once."""
    texts = [f"Contract K-77\n\nClause {n} is about thing {n}." for n in range(1, 6)]
    files = Files((), (mark_repeated(_document(texts)),))
    read = with_document_text({"file": files})["text"]
    assert read.count("Contract K-77") == 1 and "Clause 5 is about thing 5." in read
