"""How a text file of rows is written: its encoding, its delimiter; and its rows.

Found out by looking at the file. Rows go out by `sheets.as_csv`; here they come in, from wherever
somebody saved them.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from foundation.refusal import Refused

SAMPLE_BYTES = 1 << 16
DELIMITERS = ",;\t|"
#: How workbooks, archives, PDFs and pictures begin.
NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b")
#: A cell longer than this is a quotation mark that was never closed.
LONGEST_CELL = 100_000


def encoding_of(path: Path) -> str:
    """A text file's encoding: by its mark, UTF-8 if all of it is, else GB 18030, Big5 or Latin."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if head.startswith(NO_TEXT):
        raise Refused(
            "This is a workbook or a picture, not a table in plain text. Save it as CSV and send"
            " that.",
            code="encoding",
            field="file",
        )
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if _is_utf8(path):
        return "utf-8"
    return _chinese(path) or "cp1252"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            for block in iter(lambda: file.read(1 << 20), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _chinese(path: Path) -> str | None:
    """The Chinese encoding that explains more of the high bytes; None for Latin text, in which
    they mostly stand alone.

    GB 2312 writes pairs of high bytes. Big5, as spreadsheets in Taiwan do, writes the second one
    also as a letter, and nearly all first ones from A1 to C6.
    """
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(1 << 20), b"")
        block = next((each for each in blocks if _high(each)), b"")
    gb = sum(len(run.group()) // 2 * 2 for run in re.finditer(rb"[\xa1-\xfe]{2,}", block))
    pairs = re.findall(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]", block)
    big5 = sum(_high(pair) for pair in pairs if 0xA1 <= pair[0] <= 0xC6)
    if max(gb, big5) <= _high(block) * 0.6:
        return None
    return "cp950" if big5 > gb else "gb18030"


def _high(block: bytes) -> int:
    return sum(byte > 0x7F for byte in block)


def delimiter_of(path: Path, encoding: str) -> str:
    """The sign that splits the first line into most cells, outside quotation marks."""
    with path.open(encoding=encoding, newline="") as file:
        first = re.sub(r'"[^"]*"', "", file.readline(SAMPLE_BYTES))
    best = max(DELIMITERS, key=first.count)
    if not first.count(best):
        raise Refused(
            "This is no table: its first line has one cell only. Save it as CSV, with commas"
            " between the cells.",
            code="delimiter",
            field="file",
        )
    return best


def rows_of(file: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(row, cells) as a spreadsheet counts: the headings are row 1; blank rows are left out."""
    csv.field_size_limit(LONGEST_CELL)
    row = 0
    try:
        for row, cells in enumerate(csv.reader(file, delimiter=delimiter), start=1):
            if any(cells):
                yield row, cells
    except csv.Error as error:
        raise Refused(
            "Row %(row)s cannot be read (%(error)s). Look for a quotation mark that is opened and"
            " never closed.",
            code="csv",
            row=row + 1,
            error=error,
        ) from None
    except UnicodeError as error:
        raise Refused(
            "After row %(row)s the file is not written in %(encoding)s. Save all of it in UTF-8.",
            code="encoding",
            field="encoding",
            row=row,
            encoding=getattr(error, "encoding", "this encoding"),
        ) from None
