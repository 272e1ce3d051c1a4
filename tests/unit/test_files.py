"""The type `file`: every form in which no-code tools send a file becomes one value, or an error
that states what to send."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.catalogue import TYPES, Field, InvalidValue, read_action
from connector.catalogue.files import (
    Document,
    FileInput,
    Files,
    Page,
    Picture,
    data_url,
    read_files,
)
from connector.errors import InvalidInput
from tests.support.web_app import WebApp

PDF = b"%PDF-1.7 and so on, with \xff\x00 bytes"
PACKED = base64.b64encode(PDF).decode()
ACTION: dict[str, Any] = {
    "title": "Read",
    "summary": "Reads files.",
    "group": "tests",
    "fields": {
        "file": {"type": "file", "label": "File", "required": True},
        "more": {"type": "file", "label": "More", "max": 3},
        "note": {"type": "text", "label": "Note"},
    },
    "returns": {"said": {"type": "text"}},
    "instructions": "Read.",
    "message": "{{ note }} {{ file }}",
    "examples": [
        {"name": "one", "input": {"file": "data:text/plain,Hello"}, "output": {"said": "Hello"}}
    ],
}

GOOD = [
    ("https://files.example/a%20b.pdf?x=1", FileInput(url="https://files.example/a%20b.pdf?x=1")),
    ("  HTTPS://files.example/a.pdf\n", FileInput(url="HTTPS://files.example/a.pdf")),
    (f"data:application/pdf;base64,{PACKED}", FileInput(content=PDF, media="application/pdf")),
    (
        f"data:application/pdf;name=r%C3%A9sum%C3%A9.pdf;base64,{PACKED}",
        FileInput(content=PDF, media="application/pdf", name="résumé.pdf"),
    ),
    (
        f'DATA:Application/PDF;filename="a.pdf";BASE64,{PACKED}',
        FileInput(content=PDF, media="application/pdf", name="a.pdf"),
    ),
    (
        "data:text/plain;charset=utf-8,Hello%20there",
        FileInput(content=b"Hello there", media="text/plain", charset="utf-8"),
    ),
    ("data:,Hello", FileInput(content=b"Hello", media="text/plain")),
    (PACKED, FileInput(content=PDF)),
    (PACKED.rstrip("="), FileInput(content=PDF)),
    (PACKED.replace("+", "-").replace("/", "_"), FileInput(content=PDF)),
    ("\r\n".join(PACKED[at : at + 20] for at in range(0, len(PACKED), 20)), FileInput(content=PDF)),
]
BAD = [
    ("report.pdf", "a URL that begins with https://, a data URL or base64"),
    ("ftp://files.example/a.pdf", "a URL that begins with https://"),
    ("file:///etc/passwd", "a URL that begins with https://"),
    ("https://files.example/a b.pdf", "a URL that begins with https://"),
    ("data:application/pdf;base64", "data URL that cannot be read"),
    ("data:application/pdf;base64,", "is an empty file"),
    ("data:application/pdf;base64,!!!!", "base64 that cannot be read"),
    ("data:application/pdf;base64,AAAAA", "base64 that cannot be read"),
    (PACKED[:-4] + "A", "base64 that cannot be read"),
    (["https://a.example/1", "https://a.example/2"], "takes one file; there are 2"),
    ({"url": "https://a.example/1"}, "takes text"),
    (True, "takes text"),
    (7, "a URL that begins with https://"),
]


@pytest.mark.parametrize(("sent", "read"), GOOD, ids=lambda value: ascii(value)[:30])
def test_good_files(sent: str, read: FileInput) -> None:
    """An address, a data URL and base64 in any dress are taken apart the same way."""
    assert read_files(sent).inputs == (read,)
    again = read_files(read.as_text()).inputs[0]
    assert (again.url, again.content, again.name) == (read.url, read.content, read.name)


@pytest.mark.parametrize(("sent", "words"), BAD, ids=lambda value: ascii(value)[:30])
def test_bad_files(sent: Any, words: str) -> None:
    """Anything else is refused in a sentence that says what may be sent."""
    with pytest.raises(InvalidValue, match=words) as refused:
        read_files(sent)
    assert refused.value.message.endswith(".") and len(refused.value.message) < 200


def test_several_files() -> None:
    """A box for several files takes a list, lines of addresses and data URLs, and says how many it
    takes."""
    lines = "https://a.example/1\n data:text/plain,x \n\nhttps://a.example/2"
    listed = read_files(lines, 3)
    assert listed == read_files(
        ["https://a.example/1", "", None, "data:text/plain,x", "https://a.example/2"], 3
    )
    assert len(listed) == 3
    with pytest.raises(InvalidValue, match="at most 2 files; there are 3"):
        read_files(lines, 2)


def test_digest_tells_files_apart() -> None:
    """The digest follows the content, not its name or dress, and an address is never the same as
    bytes."""
    one = read_files(f"data:application/pdf;name=a.pdf;base64,{PACKED}")
    assert one.digest == read_files(PACKED).digest
    assert one.digest != read_files("https://a.example/1").digest
    assert (
        read_files("https://a.example/1").digest
        != read_files(data_url(b"https://a.example/1")).digest
    )


def test_pages_are_marked() -> None:
    """A prompt is given each page behind a line with its number, and with several files that of the
    file too; pictures go beside."""
    two = (
        Page(1, 1, "First"),
        Page(1, 2, ""),
        Page(1, 3, "Shown", (Picture("image/png", b"x", 1, 1),)),
    )
    one_file = Files((FileInput(url="a"),), (Document(1, "a", "pdf", two),))
    assert str(one_file) == "[page 1]\nFirst\n\n[page 2]"
    both = Files(
        (*one_file.inputs, FileInput(url="b")),
        (*(one_file.documents or ()), Document(2, "b", "txt", (Page(2, 1, "Second"),))),
    )
    assert str(both) == "[file 1, page 1]\nFirst\n\n[file 1, page 2]\n\n[file 2, page 1]\nSecond"


def test_form() -> None:
    """A form reads files as a value of their own; what is not a file is said with the label, an
    empty box is no file."""
    action = read_action("read", ACTION)
    form = action.read_form({"file": "https://a.example/1", "more": ""})
    assert isinstance(form["file"], Files) and "more" not in form
    assert action.file_fields == ("file", "more")
    with pytest.raises(InvalidInput) as refused:
        action.read_form({"file": "my file.pdf"})
    assert refused.value.errors[0].code == "bad_file" and refused.value.errors[
        0
    ].message.startswith('"File" takes a URL')


def test_multipart(make: Callable[..., WebApp], tmp_path: Path) -> None:
    """A part of a multipart form is a file of its box, also beside text and more than once; a part
    for another box is refused."""
    folder = tmp_path / "actions"
    folder.mkdir()
    (folder / "read.yaml").write_text(yaml.safe_dump(ACTION), encoding="utf-8")
    made = make(templates=folder)

    def send(**fields: Any) -> Any:
        return made.post("read", data=fields, content_type="multipart/form-data")

    def part(name: str) -> tuple[io.BytesIO, str, str]:
        return io.BytesIO(b"Hello"), name, "text/plain"

    answer = send(file=part("a.txt"), more=[part("b.txt"), part("c.txt")], note="with files")
    assert answer.json["said"] == "Hello"
    refused = send(file=part("a.txt"), note=part("note.txt"))
    assert refused.status_code == 422 and refused.json["errors"][0]["field"] == "note"
    assert refused.json["detail"] == '"note" takes text, not a file. Files go into file, more.'
    empty = send(file=(io.BytesIO(b""), "", "application/octet-stream"), note="none")
    assert empty.status_code == 422 and empty.json["detail"] == '"File" is empty; it is needed.'
    mixed = send(
        more=["https://a.example/1", part("b.txt"), part("c.txt"), part("d.txt")],
        file=part("a.txt"),
    )
    assert "at most 3 files; there are 4" in mixed.json["detail"]


def test_published() -> None:
    """The specifications publish a file as one string, which every tool has a box for."""
    build = TYPES["file"].request_schema
    assert build is not None
    assert build(Field("file", "file", "File", required=True)) == {"type": "string", "minLength": 1}
    assert TYPES["file"].answer_schema is None and TYPES["file"].strict_schema is None
