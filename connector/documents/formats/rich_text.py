"""RTF: the text of a document, with its tables, notes, headers and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from connector.documents.formats.flow import FlowTable, Item, PageBreak, PageNote, RunningHead
from connector.documents.formats.pages import decode_flow
from connector.documents.formats.rich_text_output import (
    RichTextOutput,
    RichTextPicture,
    joined_text,
)
from connector.documents.job import DecodedPage, DecodeJob, Unreadable

_TOKEN = re.compile(
    r"\\'([0-9A-Fa-f]{2})|\\([A-Za-z]{1,32})(-?[0-9]{1,10})?[ ]?|\\(.)|([{}])|([^\\{}\r\n]+)",
    re.DOTALL,
)
_MAX_GROUPS = 500  # within one another
_CODE_PAGES = {
    **{0: "cp1252", 128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253"},
    **{162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257"},
    **{204: "cp1251", 222: "cp874", 238: "cp1250"},
}
_KNOWN_PAGES = frozenset(
    (*range(1250, 1259), 437, 850, 852, 866, 874, 932, 936, 949, 950, 10_000, 65_001)
)
_CHARACTERS = {
    **{"tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘"},
    **{"rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " "},
}
_SYMBOLS = {"~": "\u00a0", "_": "\u2011", "-": "", "\n": "\n", "\r": "\n", "\t": "\t"}
# groups whose text is not shown
_IGNORED = frozenset(
    {
        *("colortbl", "stylesheet", "info", "fldinst", "xe", "tc", "nonshppict", "objdata"),
        *("listtable", "listoverridetable", "rsidtbl", "generator", "themedata", "datafield"),
        *("filetbl", "revtbl", "bkmkstart", "bkmkend", "atnid", "atnref", "atndate", "sn"),
        *("sv", "operator", "txe", "private", "htmltag", "mhtmltag"),
    }
)
# optional groups that are shown all the same
_SHOWN = frozenset(
    {
        *("shppict", "shpinst", "shptxt", "annotation", "footnote", "atnauthor"),
        *("shpgrp", "nesttableprops"),
    }
)
_HEADS = frozenset(("header", "headerl", "headerr", "headerf"))
_FEET = frozenset(("footer", "footerl", "footerr", "footerf"))
_NO_BREAK = frozenset(("sbknone", "sbkcol"))


def decode_rtf(job: DecodeJob, content: bytes) -> Iterator[DecodedPage]:
    """The pages of an RTF file, between its page breaks."""
    yield from decode_flow(job, rich_text_items(content), has_pages=False)


def rich_text_items(content: bytes) -> list[Item]:
    """What an RTF text shows."""
    reader = _RichTextReader()
    reader.read(content.decode("latin-1"))
    return reader.finish()


@dataclass(frozen=True)
class _RtfGroup:
    """The properties of the text in a group, which end with it."""

    output: RichTextOutput
    is_ignored: bool = False
    is_hidden: bool = False
    in_table: bool = False
    code_page: str = "cp1252"
    skip: int = 1  # characters that stand for a Unicode one where that is not known
    destination: str = ""
    is_optional: bool = False
    is_new: bool = False


class _RichTextReader:
    def __init__(self) -> None:
        self._page = RichTextOutput()
        self._group = _RtfGroup(self._page)
        self._stack: list[_RtfGroup] = []
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._default_page = "cp1252"
        self._bytes = bytearray()  # of a charset in which a character may take several
        self._to_skip = 0
        self._notes = 0
        self._section_breaks = True
        self._picture = RichTextPicture()
        self._author = ""

    def read(self, text: str) -> None:
        position = 0
        while match := _TOKEN.search(text, position):
            position = match.end()
            code, word, number, symbol, brace, plain = match.groups()
            if code is None:
                self._end_bytes()
            if plain is not None:
                self._plain(plain)
            elif code is not None:
                self._byte(int(code, 16))
            elif word is not None:
                size = self._word(word, int(number) if number else None)
                if size and self._group.destination == "pict":
                    self._picture.binary = text[position : position + size]
                position += size
            elif brace:
                self._to_skip = 0
                self._open() if brace == "{" else self._close()
                if not self._stack:
                    return  # what follows the document is no part of it
            else:
                self._symbol(symbol)

    def finish(self) -> list[Item]:
        """All items; groups that are not closed end here."""
        self._end_bytes()
        while self._stack:
            self._close()
        return self._page.finish()

    # --- groups ---

    def _open(self) -> None:
        if len(self._stack) >= _MAX_GROUPS:
            raise Unreadable("file_broken", "cannot be read: it is nested too deeply.")
        self._stack.append(self._group)
        self._group = replace(self._group, is_new=True, is_optional=False, destination="")

    def _close(self) -> None:
        if not self._stack:
            return
        group = self._group
        self._group = self._stack.pop()
        if group.destination == "pict" and not group.is_ignored:
            self._end_picture(group.output)
        if group.output is not self._group.output:
            self._end_output(group.output, self._group.output)

    def _end_output(self, inner: RichTextOutput, outer: RichTextOutput) -> None:
        items = inner.finish()
        text = joined_text(items)
        if inner.kind == "fonttbl" or not items:
            return
        if inner.kind == "atnauthor":
            self._author = text
        elif inner.kind in _HEADS:
            outer.items.insert(0, RunningHead(tuple(items)))
        elif inner.kind in _FEET:
            outer.items.append(PageNote(text))
        elif inner.kind == "footnote":
            self._notes += 1
            outer.text.append(f"[{self._notes}]")
            outer.add(PageNote(f"[{self._notes}] {text}"))
        elif inner.kind == "annotation":
            by = f" by {self._author}" if self._author else ""
            outer.add(PageNote(f"[comment{by}: {text}]"))
        else:
            outer.add(FlowTable([[items]]))

    def _destination(self, word: str) -> bool:
        """Whether ``word`` begins a group with another purpose than text of the document."""
        group = self._group
        if word in _IGNORED or (group.is_optional and word not in _SHOWN):
            self._group = replace(group, is_ignored=True, destination=word)
        elif word == "pict":
            self._picture = RichTextPicture()
            self._group = replace(group, destination=word)
        elif word == "fonttbl" or word in _HEADS | _FEET | {
            *("footnote", "annotation", "atnauthor", "shptxt"),
        }:
            self._group = replace(
                group, output=RichTextOutput(word), destination=word, in_table=False
            )
        else:
            return group.is_optional
        return True

    # --- words ---

    def _word(self, word: str, number: int | None) -> int:
        """Obey a control word; how many characters of binary data follow it."""
        is_new, is_optional = self._group.is_new, self._group.is_optional
        self._group = replace(self._group, is_new=False)
        if word == "bin":
            return max(number or 0, 0)
        if (is_new or is_optional) and self._destination(word):
            self._group = replace(self._group, is_optional=False)
            return 0
        if word == "u":
            self._unicode(number or 0)
        elif word in _CHARACTERS:
            self._plain(_CHARACTERS[word])
        elif word in _ACTIONS:
            if not self._group.is_ignored:
                _ACTIONS[word](self)
        elif self._group.destination == "pict":
            self._picture.set(word, number or 0)
        else:
            self._property(word, number)
        return 0

    def _property(self, word: str, number: int | None) -> None:
        group = self._group
        if word in {"v", "deleted"}:
            self._group = replace(group, is_hidden=number != 0)
        elif word == "plain":
            self._group = replace(group, is_hidden=False)
        elif word == "htmlrtf":
            self._group = replace(group, is_hidden=number != 0)
        elif word == "intbl":
            self._group = replace(group, in_table=True)
        elif word == "pard":
            self._group = replace(group, in_table=False)
        elif word == "uc":
            self._group = replace(group, skip=max(0, min(number or 0, 10)))
        elif word == "ansicpg":
            self._default_page = _page_of(number or 0) or self._default_page
            self._group = replace(group, code_page=self._default_page)
        elif word == "f":
            self._font = number or 0
            page = self._fonts.get(self._font, self._default_page)
            self._group = replace(group, code_page=page)
        elif word == "fcharset" and group.output.kind == "fonttbl":
            self._fonts[self._font] = _CODE_PAGES.get(number or 0) or self._default_page
        elif word in _NO_BREAK:
            self._section_breaks = False
        elif word in {"sbkpage", "sectd"}:
            self._section_breaks = True

    def paragraph(self) -> None:
        self._group.output.end_paragraph(in_table=self._group.in_table)

    def cell(self) -> None:
        self._group.output.end_cell()

    def row(self) -> None:
        self._group.output.end_row()

    def page(self) -> None:
        self._group.output.add(PageBreak(is_rendered=False))

    def section(self) -> None:
        if self._section_breaks:
            self._group.output.add(PageBreak())
        else:
            self.paragraph()

    def page_before(self) -> None:
        self._group.output.add(PageBreak())

    # --- characters ---

    def _plain(self, text: str) -> None:
        self._group = replace(self._group, is_new=False) if self._group.is_new else self._group
        if self._to_skip:
            skipped = min(self._to_skip, len(text))
            self._to_skip -= skipped
            text = text[skipped:]
        group = self._group
        if group.is_ignored or group.is_hidden or not text:
            return
        if group.destination == "pict":
            self._picture.hexadecimal.append(text)
        else:
            group.output.text.append(text)

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._group = replace(self._group, is_optional=True)
        else:
            self._plain(_SYMBOLS.get(symbol, symbol if symbol in "\\{}" else ""))

    def _byte(self, code: int) -> None:
        if self._to_skip:
            self._to_skip -= 1
        else:
            self._bytes.append(code)

    def _end_bytes(self) -> None:
        if self._bytes:
            text = bytes(self._bytes).decode(self._group.code_page, "replace")
            self._bytes.clear()
            self._plain(text)

    def _unicode(self, number: int) -> None:
        code = number % 65_536
        self._plain(chr(code))
        self._to_skip = self._group.skip

    def _end_picture(self, output: RichTextOutput) -> None:
        picture = self._picture.item()
        if picture and not self._group.is_ignored:
            output.add(picture)
        self._picture = RichTextPicture()


_ACTIONS = {
    "par": _RichTextReader.paragraph,
    "cell": _RichTextReader.cell,
    "nestcell": _RichTextReader.cell,
    "row": _RichTextReader.row,
    "nestrow": _RichTextReader.row,
    "page": _RichTextReader.page,
    "pagebb": _RichTextReader.page_before,
    "sect": _RichTextReader.section,
}


def _page_of(number: int) -> str:
    if number not in _KNOWN_PAGES:
        return ""
    return {10_000: "mac-roman", 65_001: "utf-8"}.get(number, f"cp{number}")
