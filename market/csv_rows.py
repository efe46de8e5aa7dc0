"""Strict reading of a CSV file: rows of text with their line numbers, or one sentence that says why not."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from market.errors import BadFile

_LONGEST_SHOWN = 80


def read_rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    """Return (line number, fields) of every row under the header, which must be exactly `columns`.

    Each row has as many fields as the header. Raises BadFile.
    """
    text = _read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        rows = [(reader.line_num, fields) for fields in reader]
    except csv.Error as error:
        raise bad_line(path, reader.line_num, f"this is not CSV ({error}).") from None
    _check_header(path, header, columns)
    for line, fields in rows:
        if len(fields) != len(columns):
            found = f"{len(fields)} fields" if fields else "an empty line"
            raise bad_line(path, line, f"{len(columns)} fields are needed, found {found}.")
    return rows


def bad_line(path: Path, line: int, sentence: str) -> BadFile:
    """Return the error that says what is wrong in which line of which file."""
    return BadFile(f"{path.name}, line {line}: {sentence}", file=path.name, line=line)


def bad_file(path: Path, sentence: str) -> BadFile:
    """Return the error for what is wrong with the file as a whole."""
    return BadFile(f"{path.name}: {sentence}", file=path.name)


def shown(text: str) -> str:
    """Quote text from a file so that it stays one short line."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")


def _read_text(path: Path) -> str:
    raw = _read_bytes(path)
    if b"\0" in raw:
        raise bad_line(path, _line_of(raw, raw.index(b"\0")), "a NUL byte; this is not a text file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_line(path, _line_of(raw, error.start), "this is not UTF-8 text.") from None


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise bad_file(path, "there is no such file.") from None
    except IsADirectoryError:
        raise bad_file(path, "this is a directory, not a file.") from None
    except OSError as error:
        raise bad_file(path, f"the file can't be read ({error.strerror}).") from None


def _line_of(raw: bytes, position: int) -> int:
    return raw.count(b"\n", 0, position) + 1


def _check_header(path: Path, header: list[str] | None, columns: tuple[str, ...]) -> None:
    if header is None:
        raise bad_line(path, 1, f"the file is empty; it must begin with {','.join(columns)}.")
    if tuple(header) != columns:
        found = shown(",".join(header))
        raise bad_line(path, 1, f"the columns must be {','.join(columns)}, found {found}.")
