"""Files made to harm are refused in a sentence, or read without what harms; none takes more memory
or CPU time than one file may have."""

from __future__ import annotations

import io
import os
import resource
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from connector.catalogue import InvalidValue
from connector.catalogue.files import Document, FileInput
from connector.documents.reading import ReadOptions, read_documents
from tests.support import office_factory as make
from tests.support.guards import hang_guard
from tests.support.office_factory import paragraph

ZEROS = bytes(90_000_000)
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def read(content: bytes, name: str = "", media: str = "", seconds: float = 120) -> list[Document]:
    source = FileInput(content=content, name=name, media=media)
    deadline = time.monotonic() + seconds
    return list(read_documents(1, source, ReadOptions(), deadline=deadline))


def _packed(members: dict[str, bytes | str]) -> bytes:
    return make.archive(members)


def _with_lying_size() -> bytes:
    """A DOCX file whose directory says that its text has ten bytes."""
    content = bytearray(make.word(paragraph("x" * 3_000_000)))
    central = content.rfind(b"PK\x01\x02", 0, content.rfind(b"word/document.xml"))
    content[central + 24 : central + 28] = struct.pack("<I", 10)
    return bytes(content)


def _many_members() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("word/document.xml", "<x/>")
        for number in range(20_001):
            packed.writestr(f"{number}", b"")
    return out.getvalue()


def _encrypted_member() -> bytes:
    content = bytearray(make.word(paragraph("secret")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(mark, start)) >= 0:
            content[start + offset] |= 1
            start += 4
    return bytes(content)


def _protected_workbook() -> bytes:
    return make.compound_file({"EncryptedPackage": b"x", "EncryptionInfo": b"y"})


def _nested(open_tag: str, close_tag: str, count: int) -> str:
    return open_tag * count + close_tag * count


def _nested_mail(depth: int) -> bytes:
    content = b"Innermost"
    for number in range(depth):
        content = (
            b"From: a@b.example\nTo: c@d.example\nSubject: %d\nMIME-Version: 1.0\n"
            b"Content-Type: message/rfc822\n\n" % number
        ) + content
    return content


def _long_row() -> bytes:
    """An Excel file with a cell in the first and in the last place of its sheet."""
    cells = "".join(
        f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>'
        for column, row in (("A", 1), ("XFD", 1_048_576))
    )
    names = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return _packed(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{relations}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook {names} xmlns:r="{relations}"><sheets><sheet name="A" '
            'sheetId="1" r:id="b"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="b" Type="{relations}'
            '/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": f"<worksheet {names}><sheetData>{cells}</sheetData>"
            "</worksheet>",
        }
    )


def _looping_directory() -> bytes:
    """An Outlook mail whose folders contain themselves."""
    content = bytearray(make.compound_file({"__properties_version1.0": bytes(64)}))
    name = "__properties_version1.0".encode("utf-16-le")
    place = content.find(name)
    content[place + 68 : place + 80] = struct.pack("<III", 1, 1, 1)
    return bytes(content)


def _huge_tiff() -> bytes:
    """A TIFF file that says that it is 65,000 pixels wide and high."""
    content = bytearray(make.picture("TIFF", (10, 10)))
    for tag in (256, 257):
        for kind in (3, 4):
            place = content.find(struct.pack("<HHI", tag, kind, 1))
            if place >= 0:
                content[place + 8 : place + 12] = struct.pack("<I", 65_000)
    return bytes(content)


REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "docx-bomb": (lambda: _packed({"word/document.xml": ZEROS + ZEROS}), "file_too_large", "DOCX"),
    "docx-lying-size": (_with_lying_size, "file_broken", "DOCX"),
    "docx-many-members": (_many_members, "file_too_large", "20,000 files"),
    "docx-entities": (
        lambda: _packed({"word/document.xml": LAUGHS + "<x>&c;</x>"}),
        "file_broken",
        "document type",
    ),
    "docx-entities-in-utf-16": (
        lambda: _packed(
            {
                "word/document.xml": (
                    '<?xml version="1.0" encoding="UTF-16"?>' + LAUGHS + "<x>&c;</x>"
                ).encode("utf-16")
            }
        ),
        "file_broken",
        "document type",
    ),
    "docx-entities-after-comments": (
        lambda: _packed({"word/document.xml": f"<!--{'x' * 70_000}-->" + LAUGHS + "<x>&c;</x>"}),
        "file_broken",
        "document type",
    ),
    "docx-encrypted-member": (_encrypted_member, "file_encrypted", "password"),
    "docx-nested-tables": (
        lambda: make.word(_nested("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>", 20_000)),
        "file_broken",
        "nested too deeply",
    ),
    "docx-nested-runs": (
        lambda: make.word("<w:p>" + _nested("<w:smartTag>", "</w:smartTag>", 100_000) + "</w:p>"),
        "file_broken",
        "nested too deeply",
    ),
    "docx-cut": (lambda: make.letter()[:9_000], "unsupported_file", "packed file"),
    "office-encrypted": (_protected_workbook, "file_encrypted", "an Office file with a password"),
    "old-word": (
        lambda: make.compound_file({"WordDocument": b"x"}),
        "unsupported_file",
        "Save it as DOCX",
    ),
    "old-excel": (
        lambda: make.compound_file({"Workbook": b"x"}),
        "unsupported_file",
        "Save it as XLSX",
    ),
    "old-powerpoint": (
        lambda: make.compound_file({"PowerPoint Document": b"x"}),
        "unsupported_file",
        "Save it as PPTX",
    ),
    "xlsx-far-cell": (_long_row, "file_too_large", "cells"),
    "pptx-without-slides": (
        lambda: _packed({"ppt/presentation.xml": "<x/>"}),
        "file_broken",
        "without slides",
    ),
    "odt-encrypted": (
        lambda: make.open_document("", more={"META-INF/manifest.xml": "<x><encryption-data/></x>"}),
        "file_encrypted",
        "password",
    ),
    "odt-entities": (
        lambda: _packed(
            {
                "mimetype": "application/vnd.oasis.opendocument.text",
                "content.xml": LAUGHS + "<x>&c;</x>",
            }
        ),
        "file_broken",
        "document type",
    ),
    "epub-protected": (
        lambda: make.book(
            ["a"],
            more={
                "META-INF/encryption.xml": "<e><EncryptionMethod "
                'Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></e>'
            },
        ),
        "file_encrypted",
        "e-book",
    ),
    "rtf-nested": (lambda: b"{\\rtf1 " + b"{" * 100_000, "file_broken", "nested too deeply"),
    "xml-entities": (
        lambda: b"<?xml version='1.0'?>" + LAUGHS.encode() + b"<x>&c;</x>",
        "file_broken",
        "document type",
    ),
    "xml-nested": (
        lambda: b"<?xml version='1.0'?>" + _nested("<a>", "</a>", 100_000).encode(),
        "file_broken",
        "nested too deeply",
    ),
    "mail-of-many-parts": (
        lambda: (
            b"From: a@b.example\nTo: c@d.example\nMIME-Version: 1.0\n"
            b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\nhi\n" * 2_000 + b"--x--"
        ),
        "file_broken",
        "too many parts",
    ),
    "tiff-bomb": (_huge_tiff, "file_too_large", "million pixels"),
    "heic-cut": (lambda: b"\0\0\0\x18ftypheic" + bytes(100), "file_broken", "an image"),
    "film": (lambda: b"\0\0\0\x18ftypmp42" + bytes(100), "unsupported_file", "a film"),
    "empty": (lambda: b"", "empty_file", "an empty file"),
}
READ: dict[str, tuple[Callable[[], bytes], str]] = {
    "msg-loop": (_looping_directory, ""),
    "html-comments": (lambda: b"<html>" + b"<!-- x -->" * 100_000 + b"<p>end", "end"),
    "html-unclosed": (lambda: b"<html>" + b"<table><td>" * 50_000 + b"end", "end"),
    "mail-in-mails": (lambda: _nested_mail(40), "Subject: 39"),
    "picture-bomb-in-docx": (
        lambda: make.word(
            paragraph("text") + make.drawn('<a:blip r:embed="p.png"/>'),
            files={
                "p.png": b"\x89PNG\r\n\x1a\n"
                + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 60_000, 60_000, 8, 2, 0, 0, 0, 0)
            },
        ),
        "text",
    ),
    "repeated-rows": (
        lambda: make.open_document(
            '<table:table><table:table-row table:number-rows-repeated="1000000"><table:table-cell '
            'table:number-columns-repeated="16000"><text:p>x</text:p></table:table-cell>'
            "<table:table-cell><text:p>y</text:p></table:table-cell></table:table-row>"
            "</table:table>"
        ),
        "x\tx",
    ),
}


@contextmanager
def _bounded() -> Iterator[None]:
    """Each child process takes less CPU time and memory than its limits allow. What is measured is
    each child by itself: the children of this process together include those of other tests."""
    used: list[resource.struct_rusage] = []

    def wait(pid: int, options: int) -> tuple[int, int]:
        ended, status, usage = os.wait4(pid, options)
        if ended:
            used.append(usage)
        return ended, status

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "waitpid", wait)
        yield
    assert used
    assert max(one.ru_utime for one in used) < 60
    assert max(one.ru_maxrss for one in used) < 1_500_000  # kB


@pytest.mark.attack(
    "A file that explodes, nests or lies about its kind",
    "refused with a code, in a child process with limits",
)
@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """What harms is refused with a code and a sentence that names the kind of file."""
    file, code, words = REFUSED[name]
    with hang_guard(), _bounded(), pytest.raises(InvalidValue) as refused:
        read(file())
    assert refused.value.code == code and words in refused.value.message
    assert refused.value.message.endswith(".") and len(refused.value.message) < 250


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_read(name: str) -> None:
    """What only looks harmful is read in the time and memory of any file."""
    file, words = READ[name]
    with hang_guard(), _bounded():
        documents = read(file())
    assert words in documents[0].pages[0].text
