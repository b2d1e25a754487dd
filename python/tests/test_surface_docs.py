"""The table of reasons in docs/DJANGO.md is that of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from unittest import TestCase

PACKAGE = Path(__file__).resolve().parents[1] / "django_enmasse"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "DJANGO.md"


def reasons() -> dict[str, list[str]]:
    """Each reason of the code, as the texts between what varies; with its place."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Handover":
                place = f"{path.name}:{node.lineno}"
                found[place] = parts(node.args[0], names)
            if isinstance(node, ast.FunctionDef) and node.name == "reason_of":
                for at in ast.walk(node):
                    if isinstance(at, ast.JoinedStr):
                        found[f"{path.name}:{at.lineno}"] = parts(at, names)
    return found


def parts(node: ast.expr, names: dict[str, object]) -> list[str]:
    """The texts of a reason."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.Name) and node.id in names:
        return [text for text in str(names[node.id]).split("{}") if text]
    if isinstance(node, ast.JoinedStr):
        return [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return parts(node.func.value, names) if node.func.attr == "format" else []
    if isinstance(node, ast.Call):
        return []  # reason_of(…), whose texts are gathered above
    raise AssertionError(f"A reason that this test cannot read: {ast.dump(node)}")


class Reasons(TestCase):
    """Both ways."""

    def test_each_reason_is_in_the_table(self) -> None:
        rows = self.rows()
        found = reasons()
        self.assertGreater(len(found), 10)
        for place, texts in found.items():
            with self.subTest(place=place):
                known = [text.strip(" :,") for text in texts if text.strip(" :,")]
                self.assertTrue(any(all(text in row for text in known) for row in rows), (place, known))

    def test_each_row_of_the_table_is_a_reason(self) -> None:
        texts = [text.strip(" :,") for each in reasons().values() for text in each if text.strip(" :,")]
        for row in self.rows():
            with self.subTest(row=row):
                last = row.split("…, ")[-1]
                self.assertTrue(any(last in text or text in last for text in texts if len(text) > 12), row)

    def rows(self) -> list[str]:
        """The first cells of the table."""
        section = (
            DOCS.read_text(encoding="utf-8").split("## What goes to Django, and why")[1].split("\n## ")[0]
        )
        rows = re.findall(r"^\| (.+?) \|", section, re.MULTILINE)[2:]
        self.assertTrue(rows)
        return [row.replace("`", "") for row in rows]
