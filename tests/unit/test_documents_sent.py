"""What a hosted model is sent of each kind of document: its text, its pictures, its tokens.

``python -m tests.unit.test_documents_sent`` writes the expected file again.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest

from connector.catalogue.files import Files, data_url, read_files
from connector.documents.intake import FileLoader
from connector.documents.reading import ReadOptions
from connector.engine.model_request import page_images
from connector.json_types import Json
from connector.outbound import Outbound
from connector.providers.pricing.models import load_models
from connector.providers.pricing.tokens import TokenCounter, image_token_bound
from tests.support.document_factory import filler, pdf, scan
from tests.support.page_factory import (
    annotated,
    columns,
    filled_form,
    ruled,
    side_by_side,
    unruled,
    with_images,
)
from tests.unit.test_kinds_of_files import CASES

SENT = Path(__file__).parents[1] / "spec" / "documents_sent.json"
MODEL = load_models().find("o4-mini")
# by the name of their case among those of all kinds of files
KINDS = {
    "DOCX": "library",
    "a DOCX with notes and comments": "notes-and-comments",
    "XLSX": "workbook",
    "PPTX": "presentation",
    "ODT": "odt",
    "ODS": "ods",
    "ODP": "odp",
    "RTF": "rtf",
    "EPUB": "book",
    "EML": "mail-with-attachments",
    "MSG": "outlook",
    "TIFF": "tiff",
}
MORE_TOKENS = 1.05  # times those of the plain text of a page without tables
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "pages of text": lambda: pdf([filler(1, 12), filler(2, 12)]),
    "two columns": lambda: columns(1, 2)[0],
    "an invoice": lambda: unruled(1).content,
    "a ruled table": lambda: ruled(1).content,
    "two tables": lambda: side_by_side(1).content,
    "a filled form": filled_form,
    "comments": annotated,
    "a scan": lambda: pdf([["A cover letter, which is text."], scan("A scan")]),
    "a logo": lambda: with_images(1, pages=2),
    "HTML": lambda: (
        b"<html><body><h1>Fees</h1><table><tr><th>Item</th><th>Fee</th></tr>"
        b"<tr><td>Permit</td><td>40</td></tr></table><p>Paid at the desk.</p></body></html>"
    ),
    "CSV": lambda: b"item,fee\nPermit,40\nCopy,2\n",
    **{kind: next(one.file for one in CASES if one.id == case) for kind, case in KINDS.items()},
}


def _read(content: bytes) -> Files:
    loader = FileLoader(Outbound(), max_bytes=10_000_000)
    files = read_files(data_url(content))
    return loader.load(files, ReadOptions(), deadline=time.monotonic() + 100)


def sent(content: bytes) -> Json:
    """The message's lines, the label and size of each picture, and the tokens of both."""
    files = _read(content)
    images = list(page_images(files))
    texts = [str(files), *(image.label for image in images)]
    return {
        "message": str(files).split("\n"),
        "pictures": [
            [image.label.split("\n"), image.picture.width, image.picture.height] for image in images
        ],
        "tokens": TokenCounter().estimate("\n".join(texts), MODEL)
        + sum(image_token_bound(image.picture, (MODEL,)) for image in images),
        "coverage": files.coverage,
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_sent_is_known(name: str) -> None:
    """The message and the pictures of each kind are those of the expected file."""
    expected = json.loads(SENT.read_text(encoding="utf-8"))
    assert sent(DOCUMENTS[name]()) == expected[name]


@pytest.mark.parametrize("name", ["prose", "one column", "two columns", "three columns"])
def test_layout_costs_no_tokens(name: str) -> None:
    """A page without tables takes no more tokens as it is laid out than as plain text."""
    contents = {
        "prose": pdf([filler(number) for number in range(4)]),
        "one column": columns(4, 1)[0],
        "two columns": columns(5, 2)[0],
        "three columns": columns(6, 3)[0],
    }
    document = pypdfium2.PdfDocument(contents[name])
    plain = [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
    counter = TokenCounter()
    laid_out = sum(counter.estimate(page.text, MODEL) for page in _read(contents[name]).pages)
    assert laid_out <= MORE_TOKENS * sum(counter.estimate(text, MODEL) for text in plain)


def write() -> None:
    """Write the expected file from what is sent now."""
    documents = {name: sent(make()) for name, make in DOCUMENTS.items()}
    text = json.dumps(documents, indent=1, ensure_ascii=False)
    SENT.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
