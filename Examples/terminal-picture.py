#!/usr/bin/env python3
"""Draws the terminal of the quickstart as an SVG: runs Examples/quickstart.sh, takes an excerpt of what it printed, line by line.

    Examples/terminal-picture.py > Sources/Posthorn/Posthorn.docc/Resources/quickstart.svg
    Examples/quickstart.sh | tee quickstart.txt; Examples/terminal-picture.py quickstart.txt > quickstart.svg
"""

import re
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

COLUMNS = 122
CHARACTER_WIDTH, LINE_HEIGHT, MARGIN, TITLE_HEIGHT = 7.2, 17, 14, 30
BACKGROUND, FRAME, PLAIN, FAINT, BOLD, GREEN, RED = "#15191e", "#2b323b", "#c9d1d9", "#7d8590", "#ffffff", "#56d364", "#ff7b72"
# Its headings begin with these numbers; the others are longer than a picture should be.
SECTIONS = ("2.", "3.", "4.", "5.")


def output_of_quickstart():
    script = Path(__file__).with_name("quickstart.sh")
    run = subprocess.run([str(script)], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout


def excerpt(text):
    """The sections that are shown. Of rows with the same recipients the first is shown, and attempts without their distances."""
    section, recipients = None, None
    for line in text.splitlines():
        heading = re.match(r"(\d\.) |(Where to look)", line)
        if heading:
            section = heading.group(1) or ""
            if section in SECTIONS:
                yield ""
        if section not in SECTIONS or not line.strip() or re.match(r"  attempt \d", line):
            continue
        row = re.match(r"  [A-Z_]+ +\S+ +((?:yes|\.)(?: +(?:yes|\.))*)$", line)
        if row:
            if row.group(1) == recipients:
                continue
            recipients = row.group(1)
        yield line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…"


def spans(line):
    """A line in its colours: headings are bold, what was taken is green, what failed is red."""
    if line.startswith("$") or re.match(r"\d\. ", line):
        yield BOLD, line
        return
    if re.match(r"  [A-Z]+ {2,}[A-Z]", line) and "yes" not in line:
        yield FAINT, line
        return
    for part in re.split(r"(\byes\b|\b200\b(?=  -)|\bconnect\b(?=  -)|\d+ delivered|\d+ exhausted)", line):
        if part:
            good = part in ("yes", "200") or part.endswith("delivered")
            bad = part == "connect" or part.endswith("exhausted")
            yield GREEN if good else RED if bad else PLAIN, part


def svg(lines):
    width = round(COLUMNS * CHARACTER_WIDTH + 2 * MARGIN)
    height = TITLE_HEIGHT + len(lines) * LINE_HEIGHT + MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="12">'
    )
    yield "<title>What Examples/quickstart.sh prints</title>"
    yield f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}" stroke="{FRAME}"/>'
    for i, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{MARGIN + 6 + 18 * i}" cy="{TITLE_HEIGHT / 2 + 2:g}" r="5" fill="{colour}"/>'
    for i, line in enumerate(lines):
        if not line:
            continue
        y = TITLE_HEIGHT + MARGIN + i * LINE_HEIGHT
        inner = "".join(f'<tspan fill="{colour}">{escape(part)}</tspan>' for colour, part in spans(line))
        # Columns stay columns in whatever font the reader has.
        length = len(line) * CHARACTER_WIDTH
        yield f'<text x="{MARGIN}" y="{y}" xml:space="preserve" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs">{inner}</text>'
    yield "</svg>"


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text() if len(sys.argv) > 1 else output_of_quickstart()
    print("\n".join(svg(["$ Examples/quickstart.sh", *excerpt(text)])))
