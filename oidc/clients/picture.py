"""What kind of picture some bytes are, by the bytes themselves.

What a server says of them does not count: a page that calls itself a picture would be one of ours.
"""

from __future__ import annotations

import re

SVG = "image/svg+xml"
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_SVG = re.compile(
    r"\s*+(?:<\?xml[^>]*\?>\s*+)?(?><!--.*?-->\s*+)*+(?:<!DOCTYPE[^>\[]*>\s*+)?<svg[\s>]", re.DOTALL
)
"""Without an internal subset: entities could make a page of a few bytes fill a browser's memory.
The groups give nothing back: comments without end would be tried in every combination."""


def picture_type(content: bytes) -> str | None:
    """Return the media type of a PNG, JPEG, GIF, WebP or SVG picture, None for anything else."""
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return SVG if _is_svg(content) else None


def _is_svg(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return _SVG.match(text) is not None and "<!ENTITY" not in text
