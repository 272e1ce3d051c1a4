"""OCR: the words of scans and photos, straightened and turned; doubtful ones prove nothing."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pytest
from PIL import Image, ImageDraw, ImageFont

from connector.catalogue import load_catalogue
from connector.catalogue.derived import derive
from connector.catalogue.files import Document, FileInput, Files, Page
from connector.catalogue.page_content import NO_TIME
from connector.cli.doctor import diagnose
from connector.documents.ocr import ppocr, tesseract
from connector.documents.ocr.recognisers import Recogniser, find_recogniser, missing_ocr
from connector.documents.ocr.straighten import straighten
from connector.documents.reading import ReadOptions, read_documents
from connector.engine.engine import Engine
from connector.engine.page_warnings import page_warnings
from connector.errors import ProviderError
from connector.providers.local.provider import LocalProvider
from connector.providers.pricing.models import load_models
from connector.settings import Settings
from tests.support import invoices
from tests.support.document_factory import pdf, photo
from tests.support.page_factory import ruled
from tests.support.scanned_pages import (
    PAGE,
    blurred,
    encoded,
    page_image,
    photographed,
    rendered,
    share_right,
    skewed,
)

IS_CI = bool(os.environ.get("CI"))
NO_TESSERACT = not IS_CI and not tesseract.installed_languages()
NO_MODELS = not IS_CI and not ppocr.installed_languages()
needs_tesseract = pytest.mark.skipif(NO_TESSERACT, reason="Tesseract is not installed")
needs_models = pytest.mark.skipif(NO_MODELS, reason='"formcall[ocr]" is not installed')
each_recogniser = pytest.mark.parametrize(
    "recogniser",
    [
        pytest.param("tesseract", marks=needs_tesseract),
        pytest.param("ppocr", marks=needs_models),
    ],
)
OCR = ReadOptions(pictures="none", ocr=("eng",), ocr_until=math.inf)


def read(content: bytes, options: ReadOptions = OCR) -> Page:
    documents = read_documents(
        1, FileInput(content=content), options, deadline=time.monotonic() + 120
    )
    return documents[0].pages[0]


SCANS: dict[str, tuple[Callable[[], bytes], float]] = {
    "clean": (lambda: encoded(rendered()), 0.98),
    "a PDF": (lambda: pdf([rendered()]), 0.98),
    "skewed and blurred": (lambda: encoded(blurred(skewed(rendered(), 3.4))), 0.9),
    "skewed the other way": (lambda: encoded(skewed(rendered(), -6)), 0.9),
    "on its side": (lambda: encoded(rendered().rotate(90, expand=True)), 0.98),
    "on its other side": (lambda: encoded(skewed(rendered().rotate(270, expand=True), 2)), 0.9),
    "upside down": (lambda: encoded(rendered().rotate(180)), 0.98),
    "a turned photo": (lambda: photographed(rendered()), 0.98),
    "half the resolution": (lambda: encoded(rendered().resize((827, 1169))), 0.9),
}


@each_recogniser
@pytest.mark.slow
@pytest.mark.parametrize(("make", "least"), SCANS.values(), ids=SCANS)
def test_scans_are_read(recogniser: str, make: Callable[[], bytes], least: float) -> None:
    """The characters of a page are read, however it was laid on the scanner."""
    page = read(make(), replace(OCR, recogniser=recogniser))
    assert share_right(page.text) >= least, page.text
    assert page.coverage == 1.0


TABLES: dict[str, Callable[[], bytes]] = {
    "ruled": invoices.ruled,
    "a grid": invoices.grid,
    "wide rows": lambda: ruled(1).content,
}


@each_recogniser
@pytest.mark.slow
@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_ruled_tables_are_read(recogniser: str, make: Callable[[], bytes]) -> None:
    """The words of a scanned table are read, and stay in its rows, in spite of its lines."""
    content = make()
    expected = read(content)
    scan = read(encoded(page_image(content)), replace(OCR, recogniser=recogniser))
    wanted, found = Counter(expected.text.split()), Counter(scan.text.split())
    assert (wanted & found).total() >= 0.95 * wanted.total(), scan.text
    rows = [row for table in expected.tables for row in table.rows]
    lines = {line.replace("\t", " ") for line in scan.text.split("\n")}
    kept = [" ".join(filter(None, row)) in lines for row in rows]
    assert sum(kept) >= 0.8 * len(rows), scan.text


@each_recogniser
@pytest.mark.slow
def test_words_have_places(recogniser: str) -> None:
    """The box of each word is where it was drawn, and its confidence is a share."""
    image = Image.new("L", (1200, 400), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(40)
    places = {"Invoice": (80, 60), "NP-2041": (700, 60), "Total": (80, 220), "1,240.50": (700, 220)}
    for text, place in places.items():
        draw.text(place, text, fill=0, font=font)
    words = Recogniser(recogniser, ("eng",)).find_words(image, 60) or []
    assert sorted(word.text for word in words) == sorted(places)
    for word in words:
        left, top, right, bottom = draw.textbbox(places[word.text], word.text, font=font)
        drawn, found = (left, top, right, bottom), word[1:5]
        assert found == pytest.approx(drawn, abs=14), word
        assert 0.6 <= word.confidence <= 1


@each_recogniser
@pytest.mark.slow
def test_fields_of_a_scan(monkeypatch: pytest.MonkeyPatch, recogniser: str) -> None:
    """The embedded engine extracts from a scan, and says on which page; without OCR it cannot.

    It reads with the recogniser that is installed.
    """
    modules = {"tesseract": tesseract, "ppocr": ppocr}
    (other,) = (module for name, module in modules.items() if name != recogniser)
    monkeypatch.setattr(other, "installed_languages", tuple)
    settings = Settings(engine="local")
    engine = Engine(load_catalogue(), LocalProvider(), load_models(), settings)
    form = {
        "file": FileInput(content=encoded(rendered(), "PDF")).as_text(),
        "fields": "invoice_number\ninvoice_date date\ntotal money",
    }
    outcome = engine.run("extract_document", form)
    assert outcome.values["data"] == {
        "invoice_number": "NP-2041",
        "invoice_date": "2026-03-03",
        "total": 1240.5,
        "total_currency": "EUR",
    }
    assert all(one["verified"] and one["page"] == 1 for one in outcome.values["evidence"])
    for more in ({"ocr": "off"}, {}):
        if not more:
            monkeypatch.setattr(modules[recogniser], "installed_languages", tuple)
        refused = engine.run("extract_document", {**form, **more})
        assert isinstance(refused.error, ProviderError)
        assert refused.error.code == "needs_model"


@needs_tesseract
@pytest.mark.slow
def test_time_for_ocr_is_limited() -> None:
    """Images that OCR has no time for are not read, and the page says so."""
    page = read(encoded(rendered(PAGE[-3:])), replace(OCR, ocr_until=0.0))
    assert (page.text, page.coverage, page.omissions) == ("", 0.0, (NO_TIME,))


@needs_tesseract
@pytest.mark.parametrize("seconds", [0.5, 1.4])
def test_no_page_is_begun_that_there_is_no_time_for(seconds: float) -> None:
    """A page is not begun when what is left is shorter than a page takes; the others are read."""
    options = replace(OCR, ocr_until=time.monotonic() + seconds)
    content = pdf([["The first page has text."], rendered(PAGE[-3:])])
    documents = read_documents(
        1, FileInput(content=content), options, deadline=time.monotonic() + 120
    )
    first, second = documents[0].pages
    assert (first.text, first.coverage) == ("The first page has text.", 1.0)
    assert (second.text, second.coverage, second.omissions) == ("", 0.0, (NO_TIME,))
    (listed, late) = page_warnings(Files((FileInput(content=b"x"),), documents))
    assert listed == "1 of 2 pages are pictures that were not read: page 2."
    assert late == "There was no time to read 1 of these pages. Send fewer pages at once."


@each_recogniser
@pytest.mark.slow
def test_a_photo_without_words_has_no_text(recogniser: str) -> None:
    """What OCR takes for words in a picture of none is not given as text."""
    page = read(photo(), replace(OCR, recogniser=recogniser))
    assert (page.text, page.coverage) == ("", 0.0)


def test_an_action_that_needs_a_model_reads_no_image() -> None:
    """An action that needs a model is refused before its form is read or a file is fetched."""
    engine = Engine(load_catalogue(), LocalProvider(), load_models(), Settings(engine="local"))
    for form in ({"file": FileInput(content=photo()).as_text()}, {"file": "https://a.invalid"}):
        with pytest.raises(ProviderError) as refused:
            engine.prepare("analyze_image", form)
        assert (refused.value.code, refused.value.kind.status) == ("needs_model", 422)
        assert refused.value.detail.startswith('The action "analyze_image" needs a model.')


def test_doubtful_words_prove_nothing() -> None:
    """A value of doubtful words is given, but not as verified."""
    text = "Invoice NP-2O41 of 3 March 2026"
    page = Page(1, 1, text, doubtful=((8, 15),))
    files = Files((FileInput(content=b"x"),), (Document(1, "scan.png", "png", (page,)),))
    action = load_catalogue()["extract_document"]
    form = {**action.read_form({"file": "x" * 24, "fields": "number\nday date"}), "file": files}
    values = derive(action, form, {"data": {"number": "NP-2O41", "day": "2026-03-03"}})
    assert [one["verified"] for one in values["evidence"]] == [False, True]
    assert values["evidence"][0]["quote"] == "NP-2O41"


def test_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing program or language is named with the way to install it."""
    install(monkeypatch, tesseract=("eng", "osd"))
    assert find_recogniser("deu, eng") == Recogniser("tesseract", ("eng",))
    assert "apt-get install tesseract-ocr-deu" in missing_ocr("eng+deu")
    assert missing_ocr("eng") == ""
    assert "FORMCALL_OCR_LANGUAGES" in missing_ocr(" ")
    install(monkeypatch)
    assert find_recogniser("eng") == Recogniser()
    assert "apt-get install tesseract-ocr" in missing_ocr("eng")
    assert '"formcall[ocr]"' in missing_ocr("eng")


def test_the_recogniser_that_knows_most_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tesseract reads where it knows the languages; else the models of the package do."""
    install(monkeypatch, tesseract=("eng", "deu"), ppocr=("eng",))
    assert find_recogniser("eng") == Recogniser("tesseract", ("eng",))
    assert find_recogniser("eng,deu") == Recogniser("tesseract", ("eng", "deu"))
    install(monkeypatch, tesseract=("deu",), ppocr=("eng",))
    assert find_recogniser("eng") == Recogniser("ppocr", ("eng",))
    install(monkeypatch, ppocr=("eng",))
    assert find_recogniser("eng, deu") == Recogniser("ppocr", ("eng",))
    assert "apt-get install tesseract-ocr tesseract-ocr-deu." in missing_ocr("eng, deu")


def test_doctor_names_the_recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    """`formcall doctor` says what reads images, and fails where a language is missing."""
    for installed, title in (("tesseract", "Tesseract in eng"), ("ppocr", "PP-OCRv5 in eng")):
        install(monkeypatch, **{installed: ("eng",)})
        lines = [line for line in diagnose(Settings(engine="local")) if title in line.text]
        assert [line.ok for line in lines] == [True]
        wrong = diagnose(Settings(engine="local", ocr_languages="fra"))
        assert [line.ok for line in wrong if "fra" in line.text] == [False]


def install(
    monkeypatch: pytest.MonkeyPatch, tesseract: Sequence[str] = (), ppocr: Sequence[str] = ()
) -> None:
    """Make the recognisers have these languages."""
    for module, languages in (("tesseract", tesseract), ("ppocr", ppocr)):
        monkeypatch.setattr(
            f"connector.documents.ocr.{module}.installed_languages", partial(tuple, languages)
        )


def test_an_image_without_words_is_straight() -> None:
    """Empty, tiny and narrow images are no errors."""
    for size in ((1, 1), (3000, 2), (40, 40)):
        assert straighten(Image.new("L", size, 255)).size >= (1, 1)
