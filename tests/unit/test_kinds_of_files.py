"""Each kind of file gives what a person sees in it, and says what it does not give.

The files are read in this process here; ``test_hostile_files`` and ``test_documents`` read in the
child process.
"""

from __future__ import annotations

import io
import os
import random
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import openpyxl
import pytest
from PIL import Image, ImageDraw, ImageFont

from connector.documents.job import DecodedDocument, DecodedPage, DecodeJob, Unreadable
from connector.documents.kinds import SUPPORTED_KINDS, decode
from connector.documents.ocr import reading as ocr_reading
from tests.support import office_factory as make
from tests.support.document_factory import pdf, photo, scan
from tests.support.office_factory import Make, paragraph

BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
RENDERED = "<w:lastRenderedPageBreak/>"
RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}"


ODT_LISTS = (
    '<text:list text:style-name="L1"><text:list-item><text:p>Rent</text:p></text:list-item>'
    "<text:list-item><text:p>Costs</text:p><text:list><text:list-item><text:p>Water</text:p>"
    "</text:list-item><text:list-item><text:p>Heat</text:p></text:list-item></text:list>"
    "</text:list-item></text:list><text:p>In between</text:p>"
    '<text:list text:style-name="L1" text:continue-numbering="true"><text:list-item>'
    '<text:p>End</text:p></text:list-item></text:list><text:list text:style-name="L2">'
    "<text:list-item><text:p>x</text:p></text:list-item></text:list>"
)


@dataclass(frozen=True)
class Case:
    """A file and what it gives: for each document its kind and the texts of its pages.

    ``omissions`` and ``warnings`` are those of all pages; a warning is given by words in it.
    """

    id: str
    file: Make
    documents: Sequence[tuple[str, Sequence[str]]]
    omissions: Sequence[str] = ()
    warnings: Sequence[str] = ()
    pictures: int = 0
    tables: Sequence[Sequence[Sequence[str]]] = ()
    labels: dict[str, Any] = field(default_factory=dict)


def job(**values: Any) -> DecodeJob:
    limits = {"max_pages": 2_000, "max_pictures": 200, "max_pixels": 60_000_000}
    return DecodeJob(**{"pictures": "auto", "max_patches": 1_536, **limits, **values})


def read(content: bytes, **values: Any) -> list[tuple[DecodedDocument, list[DecodedPage]]]:
    """The documents of a file with their pages."""
    documents: list[tuple[DecodedDocument, list[DecodedPage]]] = []
    for part in decode(job(**values), content):
        if isinstance(part, DecodedDocument):
            documents.append((part, []))
        else:
            documents[-1][1].append(part)
    return documents


def _styled(text: str, style: str) -> str:
    return paragraph(text, f'<w:pStyle w:val="{style}"/>')


WORD_CASES = [
    Case(
        "break",
        lambda: make.word(paragraph("One") + BREAK + paragraph("Two")),
        [("docx", ["One", "Two"])],
    ),
    Case(
        "break-and-where-word-began-a-page",
        lambda: make.word(
            paragraph("One")
            + BREAK
            + f"<w:p><w:r>{RENDERED}<w:t>Two</w:t></w:r></w:p>"
            + f"<w:p><w:r><w:t>still two </w:t>{RENDERED}<w:t>three</w:t></w:r></w:p>"
        ),
        [("docx", ["One", "Two\n\nstill two", "three"])],
    ),
    Case(
        "blank-page",
        lambda: make.word(paragraph("One") + BREAK + BREAK + paragraph("Three")),
        [("docx", ["One", "", "Three"])],
    ),
    Case(
        "break-before-a-paragraph-and-by-a-style",
        lambda: make.word(
            paragraph("One") + paragraph("Two", "<w:pageBreakBefore/>") + _styled("Three", "Sub"),
            parts={
                "styles": '<w:style w:styleId="Chapter"><w:pPr><w:pageBreakBefore/></w:pPr>'
                "</w:style>"
                '<w:style w:styleId="Sub"><w:basedOn w:val="Chapter"/></w:style>'
            },
        ),
        [("docx", ["One", "Two", "Three"])],
    ),
    Case(
        "sections",
        lambda: make.word(
            paragraph("One", "<w:sectPr/>")
            + paragraph("Two", '<w:sectPr><w:type w:val="nextPage"/></w:sectPr>')
            + paragraph("still two")
            + '<w:sectPr><w:type w:val="continuous"/></w:sectPr>'
        ),
        [("docx", ["One", "Two\n\nstill two"])],
    ),
    Case(
        "strict",
        lambda: make.word(paragraph("Order PO-5"), namespace=make.STRICT_WORD),
        [("docx", ["Order PO-5"])],
    ),
    Case(
        "header-and-footer",
        lambda: make.word(
            paragraph("Body") + '<w:sectPr><w:headerReference w:type="default" r:id="header1"/>'
            '<w:footerReference w:type="default" r:id="footer1"/></w:sectPr>',
            parts={"header1": paragraph("No. HF-1"), "footer1": paragraph("IBAN DE89")},
        ),
        [("docx", ["No. HF-1\n\nBody\n\nIBAN DE89"])],
    ),
    Case(
        "library",
        make.letter,
        [
            (
                "docx",
                [
                    "Reference: LT-204\n\nDear Ms Moreau,",
                    "Fee\tAmount\nMooring\tEUR 120.00",
                    "Annex A\n\nTerms of the harbour.",
                ],
            )
        ],
        tables=[[["Fee", "Amount"], ["Mooring", "EUR 120.00"]]],
    ),
    Case(
        "notes-and-comments",
        lambda: make.word(
            '<w:p><w:r><w:t>Price</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
            '<w:r><w:t> and term</w:t></w:r><w:r><w:endnoteReference w:id="1"/></w:r>'
            '<w:r><w:commentReference w:id="0"/></w:r></w:p>' + BREAK + paragraph("Next"),
            parts={
                "footnotes": '<w:footnote w:id="0" w:type="separator"/>'
                f'<w:footnote w:id="2">{paragraph("net of tax")}</w:footnote>',
                "endnotes": f'<w:endnote w:id="1">{paragraph("30 days")}</w:endnote>',
                "comments": '<w:comment w:id="0" w:author="Ana">'
                f"{paragraph('check this')}</w:comment>",
            },
        ),
        [
            (
                "docx",
                [
                    "Price[1] and term[endnote 1]\n\n[1] net of tax\n\n[endnote 1] 30 days\n\n"
                    "[comment by Ana: check this]",
                    "Next",
                ],
            )
        ],
    ),
    Case(
        "text-box-once",
        lambda: make.word(make.text_box("Closed on Monday.")),
        [("docx", ["Closed on Monday."])],
    ),
    Case(
        "equation",
        lambda: make.word(
            "<w:p><m:oMath><m:r><m:t>x=</m:t></m:r><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num>"
            "<m:den><m:r><m:t>2</m:t></m:r></m:den></m:f><m:sSup><m:e><m:r><m:t>y</m:t></m:r></m:e>"
            "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>"
        ),
        [("docx", ["x=(a+b)/2y^2"])],
    ),
    Case(
        "tracked-changes",
        lambda: make.word(
            "<w:p><w:r><w:t>The fee is </w:t></w:r>"
            "<w:del><w:r><w:delText>100</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>120</w:t></w:r></w:ins>"
            "<w:moveFrom><w:r><w:t> old place</w:t></w:r></w:moveFrom>"
            "<w:moveTo><w:r><w:t> euros</w:t></w:r></w:moveTo></w:p>"
            + paragraph("joined ", "<w:rPr><w:del/></w:rPr>")
            + paragraph("on")
            + "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p/></w:tc></w:tr>"
            f"<w:tr><w:tc>{paragraph('a')}</w:tc><w:tc>{paragraph('b')}</w:tc></w:tr></w:tbl>"
        ),
        [("docx", ["The fee is 120 euros\n\njoined on\n\na\tb"])],
        tables=[[["a", "b"]]],
    ),
    Case(
        "cells",
        lambda: make.word(
            "<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr>"
            f"<w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>{paragraph('Wide')}</w:tc>"
            f"<w:tc>{paragraph('Net')}</w:tc></w:tr>"
            f"<w:tr><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr>{paragraph('Tall')}</w:tc>"
            f"<w:tc>{paragraph('one')}{paragraph('two')}</w:tc><w:tc>{paragraph('3')}</w:tc></w:tr>"
            f"<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr>{paragraph('')}</w:tc>"
            f"<w:tc>{paragraph('four')}</w:tc><w:tc>{paragraph('5')}</w:tc></w:tr></w:tbl>"
        ),
        [("docx", ["Wide\t\tNet\nTall\tone two\t3\n\tfour\t5"])],
        tables=[[["Wide", "", "Net"], ["Tall", "one two", "3"], ["", "four", "5"]]],
    ),
    Case(
        "numbered-clauses",
        lambda: make.word(
            "".join(
                paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="7"/></w:numPr>')
                for text, level in (("Fees", 0), ("Due in May", 1), ("Late", 1), ("Law", 0))
            ),
            parts={
                "numbering": '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start '
                'w:val="4"/><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:numFmt '
                'w:val="lowerLetter"/><w:lvlText w:val="%1 (%2)"/></w:lvl></w:abstractNum>'
                '<w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num>'
            },
        ),
        [("docx", ["4. Fees\n\n4 (a) Due in May\n\n4 (b) Late\n\n5. Law"])],
    ),
    Case(
        "fields-and-hidden-text",
        lambda: make.word(
            '<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/>'
            "</w:checkBox></w:ffData></w:fldChar></w:r><w:r><w:t>Paid</w:t></w:r>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r></w:p>"
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
            f"{paragraph('Click to enter')}</w:sdtContent></w:sdt>"
        ),
        [("docx", ["☒ Paid"])],
        omissions=["a hidden text"],
    ),
    Case(
        "picture",
        lambda: make.word(
            paragraph("Logo:") + make.drawn('<pic:pic><a:blip r:embed="logo.png"/></pic:pic>'),
            files={"logo.png": make.picture()},
        ),
        [("docx", ["Logo:"])],
        pictures=1,
    ),
    Case(
        "picture-not-shown",
        lambda: make.word(
            paragraph("Logo:") + make.drawn('<pic:pic><a:blip r:embed="logo.png"/></pic:pic>'),
            files={"logo.png": make.picture()},
        ),
        [("docx", ["Logo:"])],
        omissions=["a picture"],
        labels={"pictures": "none"},
    ),
]

OFFICE_CASES = [
    Case(
        "workbook",
        make.workbook,
        [
            (
                "xlsx",
                [
                    "Sheet: Orders\n\nItem\tOrdered\tPrice\tShare\nPen\t2026-03-14\t€ 3.50\t15%\n"
                    "Ink\t2026-03-15\t€ 1240.00\t85%\n\n[comment by Ana on A2: the blue one]",
                    "Sheet: Totals\n\nTotal",
                    "Sheet: Rates (hidden)\n\ninternal",
                ],
            )
        ],
        omissions=["a formula without a stored result"],
    ),
    Case(
        "ods",
        lambda: make.open_document(
            '<table:table table:name="Costs"><table:table-row><table:table-cell '
            'office:value-type="string"><text:p>Item</text:p></table:table-cell><table:table-cell '
            'office:value-type="float" office:value="12.5"><text:p>12.50</text:p>'
            "</table:table-cell></table:table-row></table:table>",
            kind="spreadsheet",
            more={"META-INF/manifest.xml": "<manifest/>"},
        ),
        [("ods", ["Sheet: Costs\n\nItem\t12.5"])],
        tables=[[["Item", "12.5"]]],
    ),
    Case(
        "presentation",
        make.presentation,
        [
            (
                "pptx",
                [
                    "Harbour plan\n\nDredging in May\nNew crane in June\n\n"
                    "[speaker notes: Mention the permit.]",
                    "Traffic\n\nQuay\tShips\nNorth\t48\n\n\tTonnes\nApril\t192\nMay\t214",
                ],
            )
        ],
        pictures=1,
        tables=[
            [["Quay", "Ships"], ["North", "48"]],
            [["", "Tonnes"], ["April", "192"], ["May", "214"]],
        ],
    ),
    Case(
        "odt",
        lambda: make.open_document(
            "<text:tracked-changes><text:p>old</text:p></text:tracked-changes>"
            "<text:h>Lease</text:h><text:p>Rent<text:tab/>EUR<text:s text:c='2'/>800"
            "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
            "<text:p>per month</text:p></text:note-body></text:note></text:p>"
            "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
            "<table:table-cell table:number-columns-repeated='2'><text:p>b</text:p>"
            "</table:table-cell></table:table-row></table:table>"
            "<text:p text:style-name='P1'>Second page</text:p>",
            styles='<style:style style:name="P1"><style:paragraph-properties '
            'fo:break-before="page"/></style:style>',
        ),
        [("odt", ["Lease\n\nRent\tEUR  800[1]\n\na\tb\tb\n\n[1] per month", "Second page"])],
        tables=[[["a", "b", "b"]]],
    ),
    Case(
        "odt-lists",
        lambda: make.open_document(
            ODT_LISTS,
            styles='<text:list-style style:name="L1">'
            '<text:list-level-style-number text:level="1" style:num-format="1" '
            'style:num-suffix="." text:start-value="3"/>'
            '<text:list-level-style-number text:level="2" style:num-format="a" '
            'style:num-suffix=")" text:display-levels="2"/></text:list-style>'
            '<text:list-style style:name="L2"><text:list-level-style-bullet text:level="1"/>'
            "</text:list-style>",
        ),
        [
            (
                "odt",
                ["3. Rent\n\n4. Costs\n\n4.a) Water\n\n4.b) Heat\n\nIn between\n\n5. End\n\n- x"],
            )
        ],
    ),
    Case(
        "odp",
        lambda: make.open_document(
            "<draw:page><draw:frame><draw:text-box><text:p>Welcome</text:p></draw:text-box>"
            "</draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>Smile"
            "</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
            "<draw:page><draw:frame><draw:text-box><text:p>End</text:p></draw:text-box>"
            "</draw:frame></draw:page>",
            kind="presentation",
        ),
        [("odp", ["Welcome\n\n[speaker notes: Smile]", "End"])],
    ),
    Case(
        "book",
        lambda: make.book(
            ["<h1>One</h1><p>It rained.</p>", '<h1>Two</h1><img src="p.png"/>'],
            more={"OEBPS/p.png": make.picture()},
        ),
        [("epub", ["One\n\nIt rained.", "Two"])],
        pictures=1,
    ),
    Case(
        "rtf",
        lambda: (
            RTF + rb"\pard Insured: Nora P\'e9rez\par Premium: \u8364?310\par{\f1 \'cf\'ee}\par"
            rb"\trowd\pard\intbl Item\cell Price\cell\row\trowd\pard\intbl Pen\cell 3.50\cell\row"
            rb"\pard{\v hidden}{\*\unknown no}After{\footnote a note}\par\page Two\par}"
        ),
        [
            (
                "rtf",
                [
                    "Insured: Nora Pérez\n\nPremium: €310\n\nПо\n\nItem\tPrice\nPen\t3.50\n\n"
                    "After[1]\n\n[1] a note",
                    "Two",
                ],
            )
        ],
        tables=[[["Item", "Price"], ["Pen", "3.50"]]],
    ),
]

HEAD = (
    "From: Petra Novák <petra@kestrel.example>\nTo: Jonas Weir <jonas@weir.example>\n"
    "Date: Tue, 10 Mar 2026 09:14:22 +0100\nSubject: {}"
)
SENT = 134_173_160_620_000_000  # 7 March 2026, in tenths of a microsecond since 1601


def _outlook() -> bytes:
    inner = {
        "__properties_version1.0": make.fixed_properties(24, {}),
        "__substg1.0_0037001F": make.wide("Inner"),
        "__substg1.0_1000001F": make.wide("The inner text."),
    }
    return make.outlook(
        {
            "__properties_version1.0": make.fixed_properties(32, {0x0039: (0x40, SENT)}),
            "__substg1.0_0037001F": make.wide("Sample tiles"),
            "__substg1.0_0C1A001F": make.wide("Petra Novák"),
            "__substg1.0_5D01001F": make.wide("petra@kestrel.example"),
            "__substg1.0_1000001F": make.wide("The tiles left.\r\n\r\nPetra"),
        },
        {
            "__recip_version1.0_#00000000": {
                "__properties_version1.0": make.fixed_properties(8, {0x0C15: (3, 1)}),
                "__substg1.0_3001001F": make.wide("Jonas Weir"),
                "__substg1.0_39FE001F": make.wide("jonas@weir.example"),
            },
            "__attach_version1.0_#00000000": {
                "__properties_version1.0": make.fixed_properties(8, {}),
                "__substg1.0_3707001F": make.wide("tiles.rtf"),
                "__substg1.0_37010102": rb"{\rtf1 Two boxes}",
            },
            "__attach_version1.0_#00000001": {
                "__properties_version1.0": make.fixed_properties(8, {}),
                "__substg1.0_3701000D": inner,
            },
        },
    )


MAIL_CASES = [
    Case(
        "mail-with-attachments",
        lambda: make.mail(
            "Grüße,\n\nsee the files.",
            [
                ("offer.pdf", pdf([["Offer 12"], ["Terms"]]), "application/octet-stream"),
                ("list.csv", b"a,b\n1,2\n", "text/csv"),
                ("x.zip", b"PK\3\4x", "application/zip"),
            ],
        ),
        [
            (
                "eml",
                [
                    HEAD.format("Order 77") + "\nAttachment: offer.pdf\nAttachment: list.csv"
                    "\nAttachment: x.zip\n\nGrüße,\n\nsee the files."
                ],
            ),
            ("pdf", ["Offer 12", "Terms"]),
            ("csv", ["a\tb\n1\t2"]),
            ("unknown", [""]),
        ],
        omissions=["an attachment"],
        warnings=['The attachment "x.zip" was not read: it is a packed file (ZIP)'],
    ),
    Case(
        "mail-in-a-mail",
        lambda: make.mail("Outer", [("note.eml", make.mail("Inner"), "application/octet-stream")]),
        [
            ("eml", [HEAD.format("Order 77") + "\nAttachment: note.eml\n\nOuter"]),
            ("eml", [HEAD.format("Order 77") + "\n\nInner"]),
        ],
    ),
    Case(
        "mail-of-html",
        lambda: make.mail(
            "see below", html="<table><tr><td>Room<td>12</tr><tr><td>Bed<td>2</table>"
        ),
        [("eml", [HEAD.format("Order 77") + "\n\nRoom\t12\nBed\t2"])],
        tables=[[["Room", "12"], ["Bed", "2"]]],
    ),
    Case(
        "mail-pages-selected",
        lambda: make.mail("Outer", [("a.txt", b"no", "application/octet-stream")]),
        [("eml", [HEAD.format("Order 77") + "\nAttachment: a.txt\n\nOuter"])],
        warnings=["Pages were selected, so attachments were not read: a.txt."],
        labels={"pages": (1,)},
    ),
    Case(
        "outlook",
        _outlook,
        [
            (
                "msg",
                [
                    "From: Petra Novák <petra@kestrel.example>\n"
                    "To: Jonas Weir <jonas@weir.example>\n"
                    "Date: Sat, 07 Mar 2026 00:14:22 +0000\nSubject: Sample tiles\n"
                    "Attachment: tiles.rtf\n\nThe tiles left.\n\nPetra"
                ],
            ),
            ("rtf", ["Two boxes"]),
            ("msg", ["Subject: Inner\n\nThe inner text."]),
        ],
    ),
]

PLAIN = "Rechnung Nr. 5\nBetrag: 12 €"
TEXT_CASES = [
    Case(
        "csv",
        lambda: b'Item,Price\n"Paper, A4",3.20\n\nTotal\n',
        [("csv", ["Item\tPrice\nPaper, A4\t3.20\nTotal"])],
        tables=[[("Item", "Price"), ("Paper, A4", "3.20"), ("Total", "")]],
        labels={"media": "text/csv"},
    ),
    Case(
        "csv-with-its-separator",
        lambda: b"sep=;\r\nItem;Price, net\r\nPens;5,40\r\n",
        [("csv", ["Item\tPrice, net\nPens\t5,40"])],
        labels={"name": "list.csv"},
    ),
    Case(
        "csv-that-is-no-table",
        lambda: b"a,b;c\n1,2;3\n",
        [("csv", ["a,b;c\n1,2;3"])],
        labels={"name": "list.csv"},
    ),
    Case(
        "markdown",
        lambda: b"# Plan\n\n* one",
        [("md", ["# Plan\n\n* one"])],
        labels={"name": "plan.md"},
    ),
    Case(
        "json",
        lambda: b'{"invoice":{"no":"A-1","total":12.5}}',
        [("json", ['{\n "invoice": {\n  "no": "A-1",\n  "total": 12.5\n }\n}'])],
        labels={"media": "application/json"},
    ),
    Case(
        "xml",
        lambda: (
            b"<?xml version='1.0'?><Invoice xmlns='urn:x'><ID>A-1</ID>"
            b"<Total currency='EUR'>12.5</Total></Invoice>"
        ),
        [("xml", ["Invoice\n  ID: A-1\n  Total (currency EUR): 12.5"])],
    ),
    Case(
        "xml-in-utf-16",
        lambda: "<?xml version='1.0' encoding='UTF-16'?><a>Größe</a>".encode("utf-16"),
        [("xml", ["a: Größe"])],
    ),
    Case(
        "html-called-text",
        lambda: b"<!doctype html><title>T</title><p>Hi</p>",
        [("html", ["T\n\nHi"])],
        labels={"media": "text/plain"},
    ),
    Case(
        "html-table",
        lambda: (
            b"<html><table><tr><th>Item<th>Net</tr><tr><td colspan=2>x<td>3"
            b"</table><img src='https://a.example/x.png'>"
        ),
        [("html", ["Item\tNet\nx\t\t3"])],
        omissions=["a linked picture"],
        tables=[[["Item", "Net", ""], ["x", "", "3"]]],
    ),
    Case(
        "html-declares-its-charset",
        lambda: "<html><meta charset='iso-8859-2'><p>žluť".encode("iso-8859-2"),
        [("html", ["žluť"])],
    ),
    Case(
        "declared-charset",
        lambda: "Größe".encode("cp850"),
        [("txt", ["Größe"])],
        labels={"charset": "cp850"},
    ),
    Case(
        "wrongly-declared-charset",
        lambda: "Größe".encode("cp1252"),
        [("txt", ["Größe"])],
        warnings=['It is not text in the charset "utf-8" that it declares'],
        labels={"charset": "utf-8"},
    ),
    Case("utf-16-without-mark", lambda: PLAIN.encode("utf-16-le"), [("txt", [PLAIN])]),
    Case(
        "shift-jis",
        lambda: "請求書番号: A-12\n合計 お支払".encode("shift_jis"),
        [("txt", ["請求書番号: A-12\n合計 お支払"])],
    ),
    Case(
        "western",
        lambda: "Insured: Nora Pérez".encode("cp1252"),
        [("txt", ["Insured: Nora Pérez"])],
    ),
    Case(
        "doubtful-charset",
        lambda: "Größe €".encode("cp1252"),
        [("txt", ["Größe €"])],
        warnings=["was guessed to be windows-1252"],
    ),
    Case(
        "pdf-called-text",
        lambda: pdf([["Invoice LM-3"]]),
        [("pdf", ["Invoice LM-3"])],
        labels={"media": "text/plain", "name": "a.txt"},
    ),
    Case(
        "picture-called-text", photo, [("jpeg", [""])], pictures=1, labels={"media": "text/plain"}
    ),
    Case(
        "workbook-called-text",
        lambda: make.saved(openpyxl.Workbook()),
        [("xlsx", [""])],
        labels={"media": "text/plain"},
    ),
]


def _tiff() -> bytes:
    out = io.BytesIO()
    first, second = scan("one"), scan("two").convert("1")
    first.save(out, "TIFF", save_all=True, append_images=[second])
    return out.getvalue()


HEIC = Path(__file__).parents[1] / "spec" / "photo.heic"
IMAGE_CASES = [
    Case("tiff", _tiff, [("tiff", ["", ""])], pictures=2),
    Case("bmp", lambda: make.picture("BMP"), [("bmp", [""])], pictures=1),
    Case("avif", lambda: make.picture("AVIF"), [("avif", [""])], pictures=1),
]
CASES = [*WORD_CASES, *OFFICE_CASES, *MAIL_CASES, *TEXT_CASES, *IMAGE_CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_kinds_of_files(case: Case) -> None:
    """A file gives its documents, pages and tables; what it lacks lowers its coverage."""
    found = read(case.file(), **case.labels)
    pages = [page for _, pages in found for page in pages]
    assert [(one.kind, [page.text for page in pages]) for one, pages in found] == [
        (kind, list(texts)) for kind, texts in case.documents
    ]
    assert [noun for page in pages for noun in page.omissions] == list(case.omissions)
    assert (min(page.coverage for page in pages) < 1) == bool(case.omissions)
    warnings = " ".join(warning for page in pages for warning in page.warnings)
    assert bool(warnings) == bool(case.warnings)
    assert all(words in warnings for words in case.warnings)
    assert sum(len(page.pictures) for page in pages) == case.pictures
    if case.tables:
        tables = [[list(row) for row in table.rows] for page in pages for table in page.tables]
        assert tables == [[list(row) for row in table] for table in case.tables]


def test_each_kind_has_a_case() -> None:
    """Each kind that is read has a case here or in ``test_documents``."""
    kinds = {kind for case in CASES for kind, _ in case.documents}
    assert set(SUPPORTED_KINDS) - kinds == {"png", "webp", "gif", "heic"}


def test_a_long_file_without_breaks_has_pages_that_are_counted() -> None:
    """Where a file does not say where its pages begin, long ones are divided, with a warning."""
    text = "The harbour office counts each ship and each crate. " * 40
    ((_, pages),) = read(make.word(paragraph(text) * 8))
    assert len(pages) == 8 and all(page.warnings == pages[0].warnings for page in pages)
    assert "counted by their length" in pages[0].warnings[0]
    ((_, pages),) = read(make.word(paragraph(text) * 3 + f"<w:p><w:r>{RENDERED}</w:r></w:p>"))
    assert len(pages) == 1 and not pages[0].warnings


DAMAGED = ("library", "workbook", "presentation", "odt", "book", "rtf", "outlook", "tiff", "cells")


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about damaged EXIF data
@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [one for one in CASES if one.id in DAMAGED], ids=lambda one: one.id
)
def test_a_damaged_file_is_read_or_refused_in_a_sentence(case: Case) -> None:
    """Whatever bytes are changed or cut off, a reader gives pages or says that it cannot."""
    pick = random.Random(case.id)
    content = case.file()
    outcomes = set()
    for _ in range(40):
        damaged = _damaged(content, pick)
        try:
            outcomes.add(len(read(damaged)) > 0)
        except Unreadable as error:
            outcomes.add(error.detail.endswith("."))
    assert outcomes == {True}


def _damaged(content: bytes, pick: random.Random) -> bytes:
    """``content`` with some bytes changed: of a member, where it is an archive, or cut off."""
    if not content.startswith(b"PK") or pick.random() < 0.3:
        changed = bytearray(content)
        for _ in range(pick.randint(1, 5)):
            changed[pick.randrange(len(changed))] = pick.randrange(256)
        return bytes(changed[: pick.randrange(len(changed))] if pick.random() < 0.3 else changed)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    name = pick.choice([name for name, data in members.items() if data])
    changed = bytearray(members[name])
    start = pick.randrange(len(changed))
    changed[start : start + pick.randint(1, 40)] = pick.randbytes(2)
    return make.archive({**members, name: bytes(changed)})


def test_pages_of_a_file_are_selected() -> None:
    """Only the pages that are selected are read, of any kind that has pages."""
    for content in (make.letter(), make.presentation(), make.workbook(), make.book(["a", "b"])):
        ((_, pages),) = read(content, pages=(2,))
        assert [page.number for page in pages] == [2] and pages[0].text


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("CI") and not shutil.which("tesseract"), reason="Tesseract is not installed"
)
def test_a_scan_in_a_document_is_read_by_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large picture in an office file is read where no model sees it, a small one is not."""
    # the time for OCR runs from the start of a process, which reads one file
    monkeypatch.setattr(ocr_reading, "_clock", ocr_reading._Clock())
    image = Image.new("RGB", (1_600, 900), "white")
    font = ImageFont.load_default(48)
    lines = ["Invoice number: SC-4410", "Total: EUR 95.00", "Due date: 4 May 2026"]
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((80, 100 + 120 * number), line, fill="black", font=font)
    out = io.BytesIO()
    image.save(out, "PNG")
    drawing = '<pic:pic><a:blip r:embed="scan.png"/></pic:pic>'
    for height, text in ((6_000_000, "\n".join(lines)), (600_000, "")):
        body = make.drawn(drawing, width=5_000_000, height=height)
        content = make.word(body, files={"scan.png": out.getvalue()})
        ((_, (page,)),) = read(content, pictures="none", ocr=("eng",), ocr_seconds=60.0)
        assert page.text == text and bool(page.omissions) == (not text)


def test_a_photo_in_heic_is_upright() -> None:
    """A photo of a camera that was held sideways is shown upright, without what the camera noted.

    It was made of an invented receipt by an encoder, which is not among the packages here.
    """
    content = HEIC.read_bytes()
    assert b"SecretCamera" in content
    ((document, (page,)),) = read(content)
    (picture,) = page.pictures
    assert (document.kind, page.coverage) == ("heic", 1.0)
    assert b"SecretCamera" not in picture.content
    shown = Image.open(io.BytesIO(picture.content)).convert("RGB")
    assert shown.size == (480, 320)
    red, green, blue = cast(tuple[int, int, int], shown.getpixel((240, 12)))
    assert red < 80 and green < 120 and blue > 120  # the bar at the top of the receipt
    assert min(cast(tuple[int, int, int], shown.getpixel((240, 312)))) > 230
