"""Form fields and comments of a PDF are read, and what its text does not tell is shown or named."""

import io

import pytest
from PIL import Image

from connector.documents.job import DecodedPage, DecodeJob, Unreadable
from connector.documents.pdf import decode_pdf
from tests.support.document_factory import filler, pdf, scan
from tests.support.page_factory import Sheet, annotated, chart, filled_form, with_images, xfa_form

WHOLE_PAGE = 1_000  # pixels wide, at least


def decoded(content: bytes, pictures: str = "auto", max_pictures: int = 20) -> list[DecodedPage]:
    """The pages of a PDF."""
    job = DecodeJob(
        pictures=pictures,
        max_pages=50,
        max_pictures=max_pictures,
        max_pixels=60_000_000,
        max_patches=1_536,
    )
    return list(decode_pdf(job, content))


def test_fields_of_a_form_are_read_in_their_place() -> None:
    """What was typed or chosen is in the text beside its label; a password is not."""
    (page,) = decoded(filled_form())
    assert page.text.split("\n") == [
        "Company\tLindqvist Marine AB",
        "Contact person\tIda Berg",
        "Country\tSweden",
        "Delivery\t[x] by ship\t[ ] by train",
        "PIN",
        "Insured\t[x]",
        "Express\t[ ]",
    ]
    assert page.pictures == () and page.coverage == 1.0


def test_values_of_an_xfa_form_are_read() -> None:
    """Its fields come with their names and a warning; the page that asks to wait is no answer."""
    data = (
        '<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><claim>'
        "<PolicyNumber>KP-884</PolicyNumber><holder><full_name>Ana Ruiz</full_name></holder>"
        "<note/></claim></xfa:data></xfa:datasets>"
    )
    (page,) = decoded(xfa_form(data))
    assert page.text == "Policy Number: KP-884\nfull name: Ana Ruiz"
    assert page.coverage < 1 and page.omissions == ("an XFA form",)
    assert "XFA" in page.warnings[0]


@pytest.mark.parametrize("data", ["<datasets><data><a/></data></datasets>", "<data", "<x/>", ""])
def test_an_xfa_form_without_values_is_refused(data: str) -> None:
    """The error says what to send instead of a form that cannot be read."""
    with pytest.raises(Unreadable, match="XFA form") as refused:
        decoded(xfa_form(data))
    assert refused.value.code == "unsupported_file" and "Print it" in refused.value.detail


def test_fields_of_a_form_are_in_its_picture() -> None:
    """The picture of a page shows what was typed into it."""
    (page,) = decoded(filled_form(), "all")
    (picture,) = page.pictures
    image = Image.open(io.BytesIO(picture.content)).convert("L")
    scale = image.width / 595
    field = image.crop((222 * scale, 109 * scale, 340 * scale, 123 * scale))
    dark = sum(field.histogram()[:100])
    assert dark > 0.03 * field.width * field.height


def test_annotations_are_read() -> None:
    """Typed text and stamps stand where they are seen, comments follow, hidden ones do not."""
    (page,) = decoded(annotated())
    assert page.text.split("\n\n") == [
        "Approved by:\tMarta Kowalska\nThe price list of May is valid.\nPAID 12 May",
        "[comment] Ask for a discount",
        "[comment] Check this date",
    ]


def test_text_needs_no_picture_however_short() -> None:
    """A page of little text, and a page of nothing, are complete without a picture."""
    for page in decoded(pdf([["Gate 7"], [], filler(1)])):
        assert page.pictures == () and page.coverage == 1.0 and not page.omissions


def test_images_beside_text_are_shown_alone() -> None:
    """A logo is shown as a small picture beside the text, once, though each page has it."""
    first, second = decoded(with_images(2, pages=2))
    assert len(first.pictures) == 2 and second.pictures == ()
    assert all(picture.width < WHOLE_PAGE / 2 for picture in first.pictures)
    assert first.coverage == second.coverage == 1.0


def test_a_page_of_pictures_is_shown_whole() -> None:
    """A large image with text, a scan, and a page of many small images are shown as one picture."""
    for content in (with_images(1, side=480), pdf([scan("A scan")])):
        (page,) = decoded(content)
        (picture,) = page.pictures
        assert picture.width >= WHOLE_PAGE and page.coverage == 1.0


def test_a_chart_is_one_picture() -> None:
    """Bars and curves are shown without the text around them."""
    (page,) = decoded(chart())
    assert 1 <= len(page.pictures) <= 2
    assert all(picture.width < WHOLE_PAGE for picture in page.pictures)


@pytest.mark.parametrize(
    ("content", "omission", "low", "high"),
    [
        (with_images(1), "a picture", 0.5, 0.95),
        (with_images(1, side=480), "a picture", 0.05, 0.4),
        (chart(), "a drawing", 0.2, 0.9),
        (pdf([scan("A scan")]), "a page without text", 0.0, 0.0),
    ],
    ids=["logo", "large image", "chart", "scan"],
)
def test_what_is_not_shown_is_named(content: bytes, omission: str, low: float, high: float) -> None:
    """Without pictures, a page names what is missing, and covers less the larger that is."""
    for page in (decoded(content, "none"), decoded(content, max_pictures=0)):
        assert page[0].pictures == () and page[0].omissions == (omission,)
        assert low <= page[0].coverage <= high


def test_all_pages_are_shown_on_request() -> None:
    """``all`` shows each page, whatever is on it, up to the most pictures that are made."""
    content = pdf([filler(1), ["Gate 7"], filler(2)])
    assert [len(page.pictures) for page in decoded(content, "all")] == [1, 1, 1]
    assert [len(page.pictures) for page in decoded(content, "all", 2)] == [1, 1, 0]


def test_a_turned_page_is_cut_where_its_image_is() -> None:
    """The picture of a part of a page is that part, also when the page is turned."""
    for rotation in (0, 90, 180, 270):
        sheet = Sheet(rotation=rotation)
        sheet.paragraph(60, 500, " ".join(filler(3)[:12]), 450)
        image = Image.new("RGB", (40, 40), (200, 0, 0))
        sheet.canvas.drawInlineImage(image, 80, 420, width=120, height=60)
        (page,) = decoded(sheet.bytes())
        (picture,) = page.pictures
        shown = Image.open(io.BytesIO(picture.content)).convert("RGB")
        red, green, _ = shown.getpixel((shown.width // 2, shown.height // 2))  # type: ignore[misc]
        assert red > 150 and green < 60
        assert (shown.width > shown.height) == (rotation in {0, 180})
