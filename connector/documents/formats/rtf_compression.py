"""The compression of RTF in Outlook mails, as [MS-OXRTFCP] describes."""

from __future__ import annotations

import struct

_HEADER = 16  # bytes
_COMPRESSED = 0x75465A4C
_UNCOMPRESSED = 0x414C454D
_WINDOW = 4_096
_MAX_SIZE = 20_000_000
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def decompress(data: bytes) -> bytes:
    """The RTF text; ``ValueError`` if it is damaged or too large."""
    if len(data) < _HEADER:
        raise ValueError("too short")
    _, size, kind, _ = struct.unpack_from("<IIII", data)
    if size > _MAX_SIZE:
        raise ValueError("too large")
    if kind == _UNCOMPRESSED:
        return data[_HEADER : _HEADER + size]
    if kind != _COMPRESSED:
        raise ValueError("unknown compression")
    return _expand(data, size)


def _expand(data: bytes, size: int) -> bytes:
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b" "))
    write = len(_DICTIONARY)
    out = bytearray()
    position = _HEADER
    while position < len(data) and len(out) < size:
        flags = data[position]
        position += 1
        for bit in range(8):
            if position >= len(data):
                return bytes(out)
            if not flags >> bit & 1:
                piece = data[position : position + 1]
                position += 1
            else:
                if position + 1 >= len(data):
                    return bytes(out)
                token = data[position] << 8 | data[position + 1]
                position += 2
                start, length = token >> 4, (token & 15) + 2
                if start == write:
                    return bytes(out)  # the mark of the end
                piece = _copied(window, start, length, write)
            for byte in piece:
                window[write] = byte
                write = (write + 1) % _WINDOW
            out += piece
    return bytes(out)


def _copied(window: bytearray, start: int, length: int, write: int) -> bytes:
    """A reference to earlier bytes, which may go on into the bytes that it writes itself."""
    piece = bytearray()
    for offset in range(length):
        place = (start + offset) % _WINDOW
        behind = (place - write) % _WINDOW
        piece.append(piece[behind] if behind < len(piece) else window[place])
    return bytes(piece)
