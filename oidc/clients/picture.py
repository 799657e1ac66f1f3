"""What kind of picture some bytes are, by the bytes themselves, and whether they are whole.

What a server says of them does not count: a page that calls itself a picture would be one of ours.
"""

from __future__ import annotations

import re
import zlib
from xml.parsers.expat import ExpatError, ParserCreate

SVG = "image/svg+xml"
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG, _END_OF_JPEG = b"\xff\xd8\xff", b"\xff\xd9"
_TRAILER = 1024
"""Bytes that cameras may leave behind the end of a JPEG picture."""
_GIF, _END_OF_GIF = (b"GIF87a", b"GIF89a"), b";"
_SVG = re.compile(
    r"\s*+(?:<\?xml[^>]*\?>\s*+)?(?><!--.*?-->\s*+)*+(?:<!DOCTYPE[^>\[]*>\s*+)?<svg[\s/>]",
    re.DOTALL,
)
"""Without an internal subset: entities could make a page of a few bytes fill a browser's memory.
The groups give nothing back: comments without end would be tried in every combination."""


def picture_type(content: bytes) -> str | None:
    """Return the media type of a whole PNG, JPEG, GIF, WebP or SVG picture, else None."""
    if content.startswith(_PNG):
        return "image/png" if _is_whole_png(content) else None
    if content.startswith(_JPEG):
        return "image/jpeg" if _END_OF_JPEG in content[-_TRAILER:] else None
    if content.startswith(_GIF):
        return "image/gif" if content.rstrip(b"\0").endswith(_END_OF_GIF) else None
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        is_whole = int.from_bytes(content[4:8], "little") + 8 <= len(content)
        return "image/webp" if is_whole else None
    return SVG if _is_svg(content) else None


def _is_whole_png(content: bytes) -> bool:
    """Walk through the chunks and their checksums. Spec: PNG (Third Edition) section 5.3."""
    position = len(_PNG)
    while position + 12 <= len(content):
        end = position + 8 + int.from_bytes(content[position : position + 4])
        checked, checksum = content[position + 4 : end], content[end : end + 4]
        if zlib.crc32(checked).to_bytes(4) != checksum:
            return False
        if checked.startswith(b"IEND"):
            return True
        position = end + 4
    return False


def _is_svg(content: bytes) -> bool:
    """Tell whether it is well-formed XML with that root, and has no entities of its own."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if _SVG.match(text) is None or "<!ENTITY" in text:
        return False
    try:
        ParserCreate().Parse(content, True)
    except ExpatError:
        return False
    return True
