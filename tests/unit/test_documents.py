"""Files from callers: recognised by their bytes, read within limits, refused by name, and fetched
only from allowed hosts."""

from __future__ import annotations

import base64
import io
import os
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdf
import pytest
from PIL import Image

from connector.catalogue import InvalidValue, load_catalogue
from connector.catalogue.files import (
    FileInput,
    Files,
    Page,
    data_url,
    read_files,
    read_page_numbers,
)
from connector.catalogue.page_spans import quote_on_page, value_on_page
from connector.documents.intake import FileLoader
from connector.documents.reading import MAX_PATCHES, ReadOptions
from connector.errors import FormcallError
from connector.outbound import Outbound
from tests.support.document_factory import docx, filler, pdf, photo, scan, table
from tests.support.guards import hang_guard
from tests.support.office_factory import mail
from tests.support.web_app import WebApp
from tests.unit.test_outbound import NAMES, Listener, names

MOST = 2_000_000
OK = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s"


def _read(
    content: bytes,
    name: str = "",
    *,
    manner: ReadOptions | None = None,
    seconds: float = 60,
    most: int = MOST,
) -> Files:
    return _taken(
        read_files(data_url(content, name=name)), manner=manner, seconds=seconds, most=most
    )


def _taken(
    files: Files,
    *,
    manner: ReadOptions | None = None,
    seconds: float = 60,
    most: int = MOST,
    outbound: Outbound | None = None,
) -> Files:
    intake = FileLoader(outbound or Outbound(resolver=names), max_bytes=most)
    return intake.load(files, manner or ReadOptions(), deadline=time.monotonic() + seconds)


def _refused(content: bytes, name: str = "", **more: Any) -> InvalidValue:
    with pytest.raises(InvalidValue) as refused:
        _read(content, name, **more)
    assert refused.value.message.endswith(".") and len(refused.value.message) < 250
    return refused.value


# --- what is read ---------------------------------------------------------------------------------

PARAGRAPH = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
GOOD: list[tuple[str, Callable[[], bytes], str, list[str]]] = [
    (
        "pdf",
        lambda: pdf([["Sum: (EUR) 12.50 \\ net", "Grüße"], ["Second page"]]),
        "",
        ["Sum: (EUR) 12.50 \\ net\nGrüße", "Second page"],
    ),
    (
        "docx",
        lambda: docx(PARAGRAPH.format("Hello") + PARAGRAPH.format("W&amp;örld")),
        "",
        ["Hello\n\nW&örld"],
    ),
    (
        "docx",
        lambda: docx(
            PARAGRAPH.format("One") + '<w:p><w:r><w:br w:type="page"/><w:t>Two</w:t></w:r></w:p>'
        ),
        "",
        ["One", "Two"],
    ),
    (
        "docx",
        lambda: docx(
            f"<w:tbl><w:tr><w:tc>{PARAGRAPH.format('a')}</w:tc><w:tc>{PARAGRAPH.format('b')}</w:tc></w:tr></w:tbl>"
        ),
        "",
        ["a\tb"],
    ),
    (
        "docx",
        lambda: docx(
            "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:t>kept</w:t></w:r></w:p>"
        ),
        "",
        ["kept"],
    ),
    (
        "html",
        (
            "<!DOCTYPE html><title>T</title><p>Grüße &amp; "
            "more<script>no()</script><table><tr><td>a<td>b</table>"
        ).encode,
        "",
        ["T\n\nGrüße & more\n\na\tb"],
    ),
    ("csv", lambda: b"\xef\xbb\xbfname,sum\r\nAna,5\r\n", "sums.csv", ["name\tsum\nAna\t5"]),
    ("txt", lambda: "Größe".encode("utf-16"), "", ["Größe"]),
    ("txt", lambda: "Größe €".encode("cp1252"), "", ["Größe €"]),
    ("txt", lambda: b"One\fTwo\f", "", ["One", "Two"]),
    ("txt", lambda: b"BMW sells cars", "", ["BMW sells cars"]),
    ("png", lambda: photo(form="PNG"), "", [""]),
    ("jpeg", photo, "lies.pdf", [""]),
    ("webp", lambda: photo(form="WEBP"), "", [""]),
    ("gif", lambda: photo(form="GIF"), "", [""]),
]


@pytest.mark.parametrize(
    ("kind", "make", "name", "texts"), GOOD, ids=[f"{kind}{n}" for n, (kind, *_) in enumerate(GOOD)]
)
def test_kinds(kind: str, make: Callable[[], bytes], name: str, texts: list[str]) -> None:
    """Each kind is told by its bytes, whatever it is called, and gives its pages."""
    (document,) = _read(make(), name).documents or ()
    assert (document.kind, [page.text for page in document.pages]) == (kind, texts)
    assert all(page.is_readable for page in document.pages)


# --- what is refused ------------------------------------------------------------------------------


def _encrypted() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([["Secret"]])))
    writer.encrypt("password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _zip(name: str) -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, "x")
    return out.getvalue()


def _bomb() -> bytes:
    """A PNG of 50,000 x 50,000 pixels in a few bytes."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1_000_000)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


BAD: list[tuple[Callable[[], bytes], str, str]] = [
    (_encrypted, "file_encrypted", "a PDF with a password"),
    (lambda: b"%PDF-1.7\nnot really", "file_broken", "a PDF that cannot be read"),
    (lambda: pdf([filler(1)])[:700], "file_broken", "a PDF"),
    (lambda: photo()[:300], "file_broken", "an image that cannot be read"),
    (_bomb, "file_too_large", "2,500 million pixels; 60 million are read at most"),
    (
        lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "unsupported_file",
        "an SVG image",
    ),
    (lambda: b"<svg onload=alert(1)>", "unsupported_file", "an SVG image"),
    (lambda: b"\0\0\0\x18ftypmp42" + bytes(100), "unsupported_file", "a film or a sound"),
    (lambda: _zip("holiday.jpg"), "unsupported_file", "a packed file (ZIP)"),
    (lambda: b"PK\x03\x04 broken", "unsupported_file", "a packed file (ZIP)"),
    (lambda: _zip("word/document.xml"), "file_broken", "a DOCX file that cannot be read"),
    (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "unsupported_file",
        "an old Office file",
    ),
    (lambda: b"\x7fELF\x02\x01\x01" + bytes(50), "unsupported_file", "a program"),
    (lambda: os.urandom(50) + b"\0" * 50, "unsupported_file", "not known here"),
    (
        lambda: docx("", head='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'),
        "file_broken",
        "a DOCX file",
    ),
    (lambda: b"x" * (MOST + 1), "file_too_large", "more than 2 MB"),
]


@pytest.mark.parametrize(
    ("make", "code", "words"), BAD, ids=[f"{code}{n}" for n, (_, code, _) in enumerate(BAD)]
)
def test_refused_by_name(make: Callable[[], bytes], code: str, words: str) -> None:
    """What is not read is named, with what to send instead; a bomb costs neither memory nor
    time."""
    with hang_guard():
        refused = _refused(make())
        assert refused.code == code and words in refused.message


def test_a_reader_that_hangs_is_ended() -> None:
    """A file that takes longer than there is time is given up, and its process is gone."""
    before = set(_children())
    refused = _refused(
        pdf([scan(f"p {n}", (2_000, 2_800)) for n in range(1, 12)]), seconds=0.15, most=100_000_000
    )
    assert refused.code == "file_too_slow"
    assert set(_children()) <= before


def test_the_child_imports_little() -> None:
    """The process that is started for each file loads neither forms, prompts nor the service."""
    code = "import sys, connector.documents.child, connector.documents.kinds; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"marshmallow", "jinja2", "yaml", "numpy", "flask", "sqlalchemy"}


def _children() -> list[str]:
    return [
        pid
        for path in Path("/proc/self/task").iterdir()
        for pid in (path / "children").read_text().split()
    ]


def test_the_reader_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that decodes has none of this one's variables, so nothing it is tricked into can
    tell them."""
    from connector.documents import reading

    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert not {name for name in reading._environment() if "KEY" in name or "FORMCALL" in name}


def test_pages_that_are_wanted() -> None:
    """Only the pages that are named are read; one that is not there is named, and so is what cannot
    be read as pages."""
    assert read_page_numbers("1-3, 7") == (1, 2, 3, 7)
    assert read_page_numbers(" 7 ; 2 – 3,3 ") == (2, 3, 7)
    for wrong in ("0", "3-1", "a", "1-", "-", "1.5", "9999999"):
        with pytest.raises(InvalidValue, match="takes page numbers such as 1-3, 7"):
            read_page_numbers(wrong)
    paper = pdf([[f"Page {number}"] for number in range(1, 6)])
    found = _taken(Files(read_files(data_url(paper)).inputs, page_numbers=(2, 5)))
    assert [(page.number, page.text) for page in found.pages] == [(2, "Page 2"), (5, "Page 5")]
    with pytest.raises(InvalidValue, match="has 5 pages; there is no page 9"):
        _taken(Files(read_files(data_url(paper)).inputs, page_numbers=(2, 9)))
    assert _refused(paper, manner=ReadOptions(max_pages=4)).code == "too_many_pages"


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: b" \n\f\n", "a.txt"),
        (lambda: docx(PARAGRAPH.format(" ")), "a.docx"),
        (lambda: pdf([[], []]), "a.pdf"),
        (lambda: b"<html><title></title><p> </p></html>", "a.html"),
    ],
    ids=["txt", "docx", "pdf", "html"],
)
def test_a_file_without_content_is_refused(make: Callable[[], bytes], name: str) -> None:
    """A file that shows nothing is an error with its reason, of whatever kind it is."""
    refused = _refused(make(), name)
    assert refused.code == "empty_file" and "neither text nor a picture" in refused.message


def test_attachments_are_documents_of_their_own() -> None:
    """A mail's attachments are numbered after the files that were sent, and labelled so."""
    content = mail("See the offer.", [("offer.pdf", pdf([["Offer 12"]]), "application/pdf")])
    files = Files((*read_files(data_url(content)).inputs, *read_files("data:,Note").inputs))
    read = _taken(files)
    assert [(one.number, one.kind) for one in read.documents or ()] == [
        (1, "eml"),
        (2, "txt"),
        (3, "pdf"),
    ]
    assert str(read).endswith("[file 2, page 1]\nNote\n\n[file 3, page 1]\nOffer 12")
    assert read.file_name(3) == "offer.pdf"


# --- pictures -------------------------------------------------------------------------------------


def _shown(content: bytes) -> Any:
    (page,) = _read(content, most=50_000_000).pages
    (picture,) = page.pictures
    image = Image.open(io.BytesIO(picture.content))
    assert image.size == (picture.width, picture.height)
    return picture, image


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_a_camera_noted_is_gone(form: str) -> None:
    """Place, camera and comments of an image go no further; it is turned as its EXIF says."""
    sent = photo((300, 200), form=form, turned=True, place=True)
    assert b"SecretCamera" in sent
    picture, image = _shown(sent)
    assert not image.getexif() and not {"exif", "Comment", "comment", "xmp"} & set(image.info)
    assert b"Secret" not in picture.content
    assert image.size == (200, 300)


@pytest.mark.parametrize(
    "size", [(5_000, 5_000), (8_000, 300), (40, 9_000), (1_056, 1_472), (30, 30), (1, 1)]
)
def test_pictures_are_as_small_as_a_model_sees_them(size: tuple[int, int]) -> None:
    """An image is made smaller, never larger, to what a model looks at, in its own shape."""
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "PNG")
    picture, _ = _shown(out.getvalue())
    assert -(-picture.width // 32) * -(-picture.height // 32) <= MAX_PATCHES
    assert picture.width <= size[0] and picture.height <= size[1]
    if min(size) > 100:
        assert abs(picture.width / picture.height - size[0] / size[1]) < 0.05 * size[0] / size[1]


def test_what_one_sees_through_is_white() -> None:
    """A drawing without a background is shown on white, not on black."""
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    _, image = _shown(out.getvalue())
    assert image.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_scanned_pages_are_shown() -> None:
    """Pages with text are text; those that show something without text are pictures; an empty page
    is neither."""
    paper = pdf([filler(1), scan("A scan"), [], table(2)])
    pages = _read(paper).pages
    assert [bool(page.pictures) for page in pages] == [False, True, False, False]
    assert [page.is_readable for page in pages] == [True] * 4
    blind = _read(paper, manner=ReadOptions(pictures="none")).pages
    assert [page.is_readable for page in blind] == [True, False, True, True] and not any(
        page.pictures for page in blind
    )
    few = _read(pdf([scan("1"), scan("2")]), manner=ReadOptions(max_pictures=1)).pages
    assert [page.is_readable for page in few] == [True, False]


# --- addresses ------------------------------------------------------------------------------------

INTERNAL = [
    "http://127.0.0.1:{port}/a.pdf",
    "http://localhost:{port}/a.pdf",
    "http://2130706433:{port}/a.pdf",
    "http://0x7f.1:{port}/a.pdf",
    "http://0177.0.0.1:{port}/a.pdf",
    "http://127.1:{port}/a.pdf",
    "http://[::1]:{port}/a.pdf",
    "http://[::ffff:127.0.0.1]:{port}/a.pdf",
    "https://127.0.0.1:{port}/a.pdf",
    "https://user:pass@127.0.0.1:{port}/a.pdf",
    "http://169.254.169.254/latest/meta-data",
    "https://metadata.google.internal/",
    "https://168.63.129.16/",
    *(f"https://{name}:8443/a.pdf" for name in NAMES if name != "public.example"),
]


@contextmanager
def _serving(handle: Callable[[Any, bytes], None]) -> Iterator[Listener]:
    server = Listener(handle)
    try:
        yield server
    finally:
        server.over.set()
        for thread in server.threads:
            thread.join(5)
        server.open.close()


def _gives(
    content: bytes, media: bytes = b"application/pdf", head: bytes = b"", status: bytes = b"200 OK"
) -> Callable[[Any, bytes], None]:
    answer = (OK % (media, len(content), head, content)).replace(b"200 OK", status, 1)
    return lambda stream, _: stream.sendall(answer)


@pytest.mark.parametrize("url", INTERNAL)
def test_nothing_private_is_fetched(url: str) -> None:
    """However an internal address is written, a file is not fetched from it, and what is said does
    not tell what is there."""
    with _serving(_gives(pdf([["Internal"]]))) as server:
        with pytest.raises(InvalidValue) as refused:
            _taken(read_files(url.format(port=server.port)))
        assert server.count == 0
    assert refused.value.code == "address_refused" and "127.0.0.1" not in refused.value.message


def _towards(target: str) -> Callable[[Any, bytes], None]:
    return lambda stream, _: stream.sendall(
        f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    )


@pytest.mark.parametrize("url", INTERNAL[:9])
def test_redirects_lead_nowhere_private(url: str) -> None:
    """A host that may be asked cannot send the fetch on to one that may not."""
    with (
        _serving(_gives(pdf([["Internal"]]))) as inside,
        _serving(_towards(url.format(port=inside.port))) as outside,
    ):
        allowed = Outbound([f"127.0.0.1:{outside.port}"], resolver=names)
        with pytest.raises(InvalidValue) as refused:
            _taken(read_files(f"http://127.0.0.1:{outside.port}/a.pdf"), outbound=allowed)
        assert inside.count == 0 and outside.count == 1
    assert refused.value.code == "address_refused"


def test_a_name_that_changes_its_mind() -> None:
    """A name is looked up once for a fetch and called at that very address: what it says later
    counts for nothing."""
    answers = [["93.184.216.34", "127.0.0.1"], ["127.0.0.1"]]
    with _serving(_gives(pdf([["Internal"]]))) as server:
        for answer in answers:
            outbound = Outbound(resolver=lambda _, answer=answer: answer)  # type: ignore[misc]
            with pytest.raises(InvalidValue):
                _taken(read_files("https://files.example:8443/a.pdf"), outbound=outbound)
        assert server.count == 0


def test_a_file_is_fetched() -> None:
    """From an allowed host a file is fetched, also over a redirect, and is called as its host or
    its address calls it."""
    paper = pdf([["Fetched"]])
    with _serving(
        _gives(paper, head=b'Content-Disposition: attachment; filename="the report.pdf"\r\n')
    ) as server:
        allowed = Outbound([f"127.0.0.1:{server.port}"])
        with _serving(_towards(f"http://127.0.0.1:{server.port}/x")) as first:
            both = Outbound([f"127.0.0.1:{server.port}", f"127.0.0.1:{first.port}"])
            found = _taken(read_files(f"http://127.0.0.1:{first.port}/r"), outbound=both)
        (document,) = found.documents or ()
        assert (document.name, document.kind, document.pages[0].text) == (
            "the report.pdf",
            "pdf",
            "Fetched",
        )
    with _serving(_gives(b"<p>Hi</p>", b"text/html; charset=utf-8")) as server:
        allowed = Outbound([f"127.0.0.1:{server.port}"])
        (document,) = (
            _taken(
                read_files(f"http://127.0.0.1:{server.port}/a%20b.htm?x"), outbound=allowed
            ).documents
            or ()
        )
        assert (document.name, document.kind) == ("a b.htm", "html")


@pytest.mark.parametrize(
    ("handle", "code", "words"),
    [
        (_gives(b"x" * (MOST + 1)), "file_too_large", "more than 2 MB"),
        (
            _gives(b"no such file, secret-in-page", status=b"404 Not Found"),
            "file_not_there",
            "its host answered 404",
        ),
        (
            _gives(b"sign in, secret-in-page", status=b"401 Unauthorized"),
            "file_not_there",
            "needs no sign-in",
        ),
        (_gives(b"busy", status=b"503 Busy"), "file_unreachable", "answered 503"),
        (
            lambda stream, _: stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"),
            "file_unreachable",
            "not be fetched",
        ),
        (lambda stream, _: time.sleep(1.5), "file_unreachable", "did not answer in time"),
        (_gives(b"<svg/>", b"image/png"), "unsupported_file", "an SVG image"),
    ],
    ids=["large", "404", "401", "503", "cut", "silent", "svg"],
)
def test_a_host_that_does_not_give_it(
    handle: Callable[[Any, bytes], None], code: str, words: str
) -> None:
    """What a host answers instead is told by its kind, never by its words; what may pass can be
    tried again."""
    with _serving(handle) as server:
        files, allowed = (
            read_files(f"http://127.0.0.1:{server.port}/a.pdf"),
            Outbound([f"127.0.0.1:{server.port}"]),
        )
        with pytest.raises((InvalidValue, FormcallError)) as failed:
            _taken(files, outbound=allowed, seconds=1 if code == "file_unreachable" else 60)
    said: Any = failed.value
    assert said.code == code and words in str(said) and "secret" not in str(said)
    assert isinstance(said, InvalidValue) or said.kind.retryable


def test_nobody_listens() -> None:
    """A host that takes no connection is one that may at another time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FormcallError) as failed:
        _taken(
            read_files(f"http://127.0.0.1:{port}/a.pdf"), outbound=Outbound([f"127.0.0.1:{port}"])
        )
    assert failed.value.code == "file_unreachable"


def test_over_http(make: Callable[..., WebApp]) -> None:
    """A caller is told in a problem which box has the file that cannot be read, and that of several
    it is the second."""
    made = make(engine="local")
    form = {
        "question": "What?",
        "sources": [data_url(b"fine", name="a.bin"), data_url(_encrypted(), name="b.pdf")],
    }
    answer = made.post("answer", json=form)
    assert answer.status_code == 422 and answer.json["code"] == "invalid_input"
    assert answer.json["errors"] == [
        {"field": "sources", "code": "file_encrypted", "message": answer.json["detail"]}
    ]
    assert answer.json["detail"].startswith('"Sources" file 2 is a PDF with a password.')
    private = made.post(
        "answer", json={"question": "What?", "sources": "http://169.254.169.254/latest"}
    )
    assert private.status_code == 422 and private.json["errors"][0]["code"] == "address_refused"
    image = made.post("analyze_image", json={"file": base64.b64encode(photo()).decode()})
    assert image.status_code == 422 and image.json["code"] == "needs_model"
    both_empty = made.post("answer", json={"question": "What?"})
    assert (
        both_empty.json["detail"] == '"Sources" and "Text" are both empty; one of them is needed.'
    )


# --- where it stands ------------------------------------------------------------------------------


def _book(*texts: str) -> Files:
    files = read_files(data_url("\f".join(texts).encode(), media="text/plain")).read_plain_text()
    assert len(files.pages) == len(texts)
    return files


QUOTES: list[tuple[str, int | None, tuple[int, int | None] | None]] = [
    ("the second page", None, (2, 3)),
    ("THE  second\npage", None, (2, 3)),
    ("again", 3, (3, 7)),
    ("again", None, (1, 7)),
    ("“curly” – quotes", None, (3, 14)),
    ("divided word", None, (2, None)),
    ("Say it … it again", None, (3, None)),
    ("over the end of a", None, None),
    ("never said", None, None),
    ("..", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("quote", "named", "found"), QUOTES)
def test_quotes_are_found_on_their_page(
    quote: str, named: int | None, found: tuple[int, int | None] | None
) -> None:
    """A quote is found exactly, but for case and space, but for how it is typeset, or with words
    left out; else it is not found."""
    last = 'Say it again: "curly" - quotes. I say it again.'
    book = _book("Say it again. It goes over", "In the second page a divi-\nded word stands.", last)
    place = quote_on_page(book, quote, page=named)
    assert (place and (place.page.number, place.start)) == found


def test_values_are_found_on_their_page() -> None:
    """A value is found in the form in which its page has it, near the words that name it."""
    book = _book("Issued 1 March 2026. Net: 100.00", "Total due: EUR 1,240.50 by 2 April 2026")
    place = value_on_page(book, 1240.5, "money", near="total")
    assert place and (place.page.number, place.quote) == (2, "1,240.50")
    assert value_on_page(book, "2026-04-02", "date").page.number == 2  # type: ignore[union-attr]
    assert value_on_page(book, "2027-04-02", "date") is None


def test_every_action_with_files_says_where() -> None:
    """Each action that reads documents tells how much of them was read, and looks its quotes up."""
    for action in load_catalogue().values():
        if action.file_fields and action.long:
            rules = {entry.fill[0] for entry in action.returns.values() if entry.fill}
            assert "located" in rules, action.id


def test_a_page_of_text_needs_no_process() -> None:
    """Plain text is read here, without a child."""
    files = Files((FileInput(content=b"a\fb", media="text/plain"),))
    assert _taken(files, seconds=0).pages == (Page(1, 1, "a"), Page(1, 2, "b"))
