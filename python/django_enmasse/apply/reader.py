"""Rows of CSV and JSON Lines, each with the line that it begins on."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

FORMATS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class BadFile(Exception):
    """What is wrong with a file, and where."""

    def __init__(self, what: str, file: str, line: int | None = None, column: str | None = None) -> None:
        place = file if line is None else f"{file}:{line}"
        if column is not None:
            place += f": column {column!r}"
        super().__init__(f"{place}: {what}")
        self.line = line


class Number(float):
    """A number of JSON, with its digits as they stand."""

    text: str

    def __new__(cls, text: str) -> Number:
        """The number of a text."""
        number = super().__new__(cls, text)
        number.text = text
        return number


@dataclass
class Row:
    """One row of a file: texts of CSV, values of JSON."""

    line: int
    cells: dict[str, Any]
    text: str = ""
    """The line of JSON, as it stands."""


class Reader:
    """The rows of one file, read once."""

    def __init__(self, file: TextIO, name: str, kind: str, delimiter: str | None = None) -> None:
        self.name = name
        self.is_text = kind != "jsonl"
        self._file = file
        self._delimiter = delimiter or ("\t" if kind == "tsv" else ",")
        self.columns: list[str] | None = None
        """The header of CSV."""
        if self.is_text:
            self._csv = csv.reader(file, delimiter=self._delimiter, strict=True)
            header = self._next_csv()
            if header is None:
                raise BadFile("The file is empty.", name)
            self.columns = header[1]
            if len(set(self.columns)) != len(self.columns):
                twice = next(column for column in self.columns if self.columns.count(column) > 1)
                raise BadFile(f"The column {twice!r} stands there twice.", name, 1)

    def __iter__(self) -> Iterator[Row]:
        return self._csv_rows() if self.is_text else self._json_rows()

    def _next_csv(self) -> tuple[int, list[str]] | None:
        while True:
            line = self._csv.line_num + 1
            try:
                cells = next(self._csv)
            except StopIteration:
                return None
            except csv.Error as error:
                raise BadFile(f"Not CSV: {error}.", self.name, line) from error
            except UnicodeDecodeError as error:
                raise BadFile(
                    "Not UTF-8, on this line or after it; --encoding names another.", self.name, line
                ) from error
            if cells:
                return line, cells

    def _csv_rows(self) -> Iterator[Row]:
        assert self.columns is not None
        while (found := self._next_csv()) is not None:
            line, cells = found
            if len(cells) != len(self.columns):
                raise BadFile(
                    f"{len(cells)} cells, where the header has {len(self.columns)}.", self.name, line
                )
            yield Row(line, dict(zip(self.columns, cells, strict=True)))

    def _json_rows(self) -> Iterator[Row]:
        line = 0
        while True:
            try:
                text = self._file.readline()
            except UnicodeDecodeError as error:
                raise BadFile("Not UTF-8, on this line or after it.", self.name, line + 1) from error
            if not text:
                return
            line += 1
            if not text.strip():
                continue
            try:
                cells = json.loads(text, parse_float=Number, object_pairs_hook=_once)
            except ValueError as error:
                raise BadFile(f"Not JSON: {error}.", self.name, line) from error
            if not isinstance(cells, dict):
                raise BadFile("Not an object.", self.name, line)
            yield Row(line, cells, text.rstrip("\r\n"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    cells = dict(pairs)
    if len(cells) != len(pairs):
        raise ValueError("a key stands there twice")
    return cells


def kind_of(path: str, given: str | None) -> str:
    """The format that is given, or that a file's name says."""
    if given:
        return given
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise BadFile(
            f"The format is not known by the name: --format is one of {', '.join(FORMATS.values())}.", path
        )
    return FORMATS[suffix]
