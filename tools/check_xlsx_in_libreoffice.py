"""Open exports in LibreOffice and compare every cell with what was written.

usage: python tools/check_xlsx_in_libreoffice.py [EXPORT.xlsx | EXPORT.csv ...]

Without files it writes two of its own, XLSX and CSV, of cells that are hard to get right. Needs `soffice`
(Debian: apt-get install libreoffice-calc --no-install-recommends). Exit status: 0 all cells are right, 1 some
are not, 2 no LibreOffice.

A number must be the same number, a date the same date, a time the same to a hundredth of a second (of which
LibreOffice 7.4 keeps no more), a text the same text; nothing may be a formula. In a CSV file a time with a
zone stays text.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from openpyxl import load_workbook

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from accounts.export_table import ExportTable
from volbal_site.exports import csv_chunks, write_xlsx

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
# What to read a CSV as: commas, quotes, UTF-8, and every column as the program would guess it.
CSV_IMPORT = "--infilter=CSV:44,34,76,1"
# A folded sheet repeats its last empty cells up to the end of the sheet.
MOST_REPEATED = 100

HARD = [
    ("=1+1", Decimal("999999999.999999"), datetime(2024, 1, 8, 16, 0, 0, 123000, tzinfo=UTC)),
    ("+1", Decimal("-999999999.999999"), date(2024, 2, 29)),
    ("-1", Decimal("9999999.99999999"), date(1900, 1, 1)),
    ("@SUM(1)", Decimal("0.00000001"), None),
    ("=cmd|' /C calc'!A0", Decimal("-0.000001"), None),
    ("\t=1+1", Decimal("0.000000"), 7),
    ('=HYPERLINK("http://example.com")', Decimal("100.000000"), None),
    ("<r><t>markup</t></r>", Decimal("123456789.012345"), None),
    ('Ümläut – €, "quoted"', Decimal("-1.50000000"), None),
]

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")

Cell = tuple[str, str]
EMPTY: Cell = ("", "")
SHORTEST = timedelta(milliseconds=10)


def main(files: list[str]) -> int:
    """Check the files named, or two made here, and return the exit status."""
    if shutil.which("soffice") is None:
        sys.stderr.write("There is no soffice on this machine.\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="libreoffice-") as folder:
        paths = [Path(name) for name in files] or made_in(Path(folder))
        faults = [f"{path.name}: {fault}" for path in paths for fault in faults_in(path, Path(folder))]
    for fault in faults:
        print(fault)
    print(f"{len(paths)} files, {len(faults)} faults")
    return 1 if faults else 0


def made_in(folder: Path) -> list[Path]:
    """Write the hard cells as both kinds of file."""
    table = [ExportTable(name="hard", titles=("text", "number", "more"), rows=iter(HARD)) for _ in range(2)]
    with (folder / "hard.xlsx").open("wb") as file:
        write_xlsx(table[0], file)
    (folder / "hard.csv").write_bytes(b"".join(csv_chunks(table[1])))
    return [folder / "hard.xlsx", folder / "hard.csv"]


def faults_in(path: Path, folder: Path) -> Iterator[str]:
    """Yield a sentence for each cell that LibreOffice understands otherwise than it was meant."""
    meant = [row for row in (_from_csv(path) if path.suffix == ".csv" else _from_xlsx(path)) if is_told(row)]
    shown = [row for row in _from_libreoffice(path, folder) if is_told(row)]
    if len(meant) != len(shown):
        yield f"{len(meant)} rows were written and {len(shown)} read"
    for number, (ours, theirs) in enumerate(zip(meant, shown, strict=False), start=1):
        theirs += [EMPTY] * (len(ours) - len(theirs))
        for column, (cell, found) in enumerate(zip(ours, theirs, strict=False), start=1):
            if not is_same(cell, found):
                yield f"row {number}, column {column}: {cell} was written and {found} read"


def is_told(row: list[Cell]) -> bool:
    """Whether anything stands in the row."""
    return any(cell != EMPTY for cell in row)


def is_same(cell: Cell, found: Cell) -> bool:
    """Whether LibreOffice found the type and the value that were meant."""
    if cell[0] == found[0] == "date":
        return abs(datetime.fromisoformat(cell[1]) - datetime.fromisoformat(found[1])) <= SHORTEST
    return cell == found


def _from_xlsx(path: Path) -> Iterator[list[Cell]]:
    for sheet in load_workbook(path):
        for row in sheet.iter_rows(values_only=True):
            yield [_cell(value) for value in row]


def _from_csv(path: Path) -> Iterator[list[Cell]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            yield [_guess(text) for text in row]


def _guess(text: str) -> Cell:
    """Read a CSV's text as a careful person would: digits are a number, a date is a date."""
    try:
        if DAY.match(text):
            return _cell(datetime.fromisoformat(text))
        return _cell(Decimal(text))
    except (ArithmeticError, ValueError):
        return _cell(text)


def _cell(value: object) -> Cell:
    if value is None or value == "":
        return EMPTY
    if isinstance(value, datetime):
        return ("date", value.replace(tzinfo=None).isoformat())
    if isinstance(value, int | float | Decimal):
        return ("float", str(Decimal(repr(value) if isinstance(value, float) else value).normalize()))
    return ("string", str(value))


def _from_libreoffice(path: Path, folder: Path) -> Iterator[list[Cell]]:
    """Convert to a flat XML spreadsheet, which tells each cell's type and value, and read that."""
    options = [CSV_IMPORT] if path.suffix == ".csv" else []
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", *options, "--convert-to", "fods", "--outdir", str(folder)]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=300)
    tree = ElementTree.parse(folder / f"{path.stem}.fods")  # noqa: S314  made here, by LibreOffice
    for row in tree.iter(f"{TABLE}table-row"):
        cells = [_read(cell) for cell in row.iter(f"{TABLE}table-cell") for _ in range(_repeated(cell))]
        yield cells


def _repeated(cell: ElementTree.Element) -> int:
    count = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
    return count if count < MOST_REPEATED else 1


def _read(cell: ElementTree.Element) -> Cell:
    if cell.get(f"{TABLE}formula") is not None:
        return ("formula", str(cell.get(f"{TABLE}formula")))
    kind = cell.get(f"{OFFICE}value-type", "")
    if kind == "float":
        return _cell(Decimal(cell.get(f"{OFFICE}value", "")))
    if kind == "date":
        return _cell(datetime.fromisoformat(cell.get(f"{OFFICE}date-value", "")[:26]))
    return _cell("\n".join(_text(part) for part in cell.iter(f"{TEXT}p")))


def _text(paragraph: ElementTree.Element) -> str:
    """Join a paragraph's text; tabs and runs of blanks are elements in it."""
    pieces = [paragraph.text or ""]
    for part in paragraph:
        if part.tag == f"{TEXT}tab":
            pieces.append("\t")
        elif part.tag == f"{TEXT}s":
            pieces.append(" " * int(part.get(f"{TEXT}c", "1")))
        else:
            pieces.append("".join(part.itertext()))
        pieces.append(part.tail or "")
    return "".join(pieces)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
