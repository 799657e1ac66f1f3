"""Draws the rates as bars into an SVG file: one group a path, one bar a server."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from benchmarks.harness.figures import Summary

COLOURS = ("#0b6e4f", "#9aa5b1", "#c8553d", "#6f5e9c", "#d9a441")
WIDTH, LEFT, RIGHT, TOP, BAR, GAP = 860, 210, 80, 70, 15, 14
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2933}.t{font-size:16px;font-weight:600}"
    ".n{font-size:11px}.g{stroke:#d5dbe1}"
)


def bars(
    title: str,
    figures: Mapping[str, Mapping[str, Summary]],
    titles: Mapping[str, str],
    servers: Mapping[str, str],
) -> str:
    """Return the drawing. The scale is logarithmic: the servers are a thousandfold apart."""
    highest = max((s.highest for found in figures.values() for s in found.values()), default=10)
    decades = math.ceil(math.log10(max(highest, 10)))
    scale = (WIDTH - LEFT - RIGHT) / decades
    body, y = [], TOP
    for path, found in figures.items():
        present = [name for name in servers if name in found]
        middle = y + len(present) * BAR / 2 + 4
        body.append(f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end">')
        body.append(f"{escape(titles[path])}</text>")
        for name in present:
            body.append(_bar(found[name], y, scale, COLOURS[list(servers).index(name) % 5]))
            y += BAR
        y += GAP
    frame = [_legend(servers), *(_line(LEFT + n * scale, y, 10**n) for n in range(decades + 1))]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 24}" role="img">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{y + 24}" fill="#ffffff"/>',
            f'<text class="t" x="10" y="24">{escape(title)}</text>',
            *frame,
            *body,
            "</svg>\n",
        ]
    )


def _bar(summary: Summary, y: float, scale: float, colour: str) -> str:
    def along(value: float) -> float:
        return max(math.log10(max(value, 1)), 0.01) * scale

    length, low, high = along(summary.median), along(summary.lowest), along(summary.highest)
    middle = y + BAR / 2 - 1
    return (
        f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{colour}"/>'
        f'<path d="M{LEFT + low:.1f} {middle}H{LEFT + high:.1f}" stroke="#1f2933"/>'
        f'<text class="n" x="{LEFT + high + 5:.1f}" y="{y + BAR - 4}">'
        f"{_number(summary.median)}</text>"
    )


def _number(value: float) -> str:
    return f"{value:,.1f}" if value < 10 else f"{value:,.0f}"


def _line(x: float, bottom: float, value: int) -> str:
    return (
        f'<path class="g" d="M{x:.1f} {TOP - 8}V{bottom - 4}"/>'
        f'<text class="n" x="{x:.1f}" y="{bottom + 12}" text-anchor="middle">{value:,}</text>'
    )


def _legend(servers: Mapping[str, str]) -> str:
    parts, x = [], 10
    for number, title in enumerate(servers.values()):
        parts.append(f'<rect x="{x}" y="38" width="12" height="12" fill="{COLOURS[number % 5]}"/>')
        parts.append(f'<text x="{x + 17}" y="48">{escape(title)}</text>')
        x += 40 + 7 * len(title)
    return "".join(parts)
