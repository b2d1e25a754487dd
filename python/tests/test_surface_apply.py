"""`manage.py enmasse_apply`: files applied to tables."""

from __future__ import annotations

import io
import json
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, tag
from django.utils import timezone
from shop.models import EverythingA, Label
from surface.models import Member, Seat, Silent, Vip

from django_enmasse import post_bulk_update


class Apply(TestCase):
    """Each option, and what is wrong with files."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def file(self, text: str, name: str = "rows.csv") -> str:
        """A file of this text."""
        path = self.directory / name
        path.write_bytes(text.encode())
        return str(path)

    def run_it(self, text: str, model: str = "surface.Member", name: str = "rows.csv", **options: Any) -> str:
        """What the command prints."""
        output = io.StringIO()
        call_command("enmasse_apply", self.file(text, name), model, stdout=output, no_color=True, **options)
        return output.getvalue()

    def refused(
        self, text: str, model: str = "surface.Member", name: str = "rows.csv", **options: Any
    ) -> str:
        """The error of the command, without the folder."""
        with self.assertRaises(CommandError) as caught:
            self.run_it(text, model, name, **options)
        return str(caught.exception).replace(f"{self.directory}/", "")

    def members(self, count: int = 3) -> list[Member]:
        """Members with keys from 1."""
        for at in range(1, count + 1):
            Member.objects.create(pk=at, name=f"m{at}", points=at)
        return list(Member.objects.order_by("pk"))

    def test_rows_that_differ_are_written(self) -> None:
        before = self.members()
        told = self.run_it("id,name,points\n1,m1,1\n2,m2,20\n3,new,3\n9,nobody,1\n")
        self.assertEqual(told, "3 matched, 2 changed, 1 not in the table\n")
        after = list(Member.objects.order_by("pk"))
        self.assertEqual([(row.name, row.points) for row in after], [("m1", 1), ("m2", 20), ("new", 3)])
        self.assertEqual(after[0].touched, before[0].touched)
        self.assertGreater(after[1].touched, before[1].touched)

    def test_a_dry_run_shows_the_diff_by_column_and_writes_nothing(self) -> None:
        self.members()
        heard: list[Any] = []

        def hear(**kwargs: Any) -> None:
            heard.append(kwargs)

        post_bulk_update.connect(hear, sender=Member)
        try:
            told = self.run_it("id,name,points\n1,a,1\n2,b,20\n3,m3,3\n", dry_run=True)
        finally:
            post_bulk_update.disconnect(hear, sender=Member)
        self.assertEqual(
            told.splitlines(),
            [
                "Dry run, nothing was written: 3 matched, 2 changed, 0 not in the table",
                "  name           2   id=1: 'm1' → 'a'   id=2: 'm2' → 'b'",
                "  points         1   id=2: 2 → 20",
            ],
        )
        self.assertEqual(Member.objects.get(pk=1).name, "m1")
        self.assertEqual(heard, [])

    def test_another_key(self) -> None:
        Label.objects.create(pk=5, slug="a")
        Label.objects.create(pk=6, slug="b")
        self.assertEqual(
            self.refused("slug,id\na,7\n", "shop.Label", key="id,name").count("no field 'name'"), 1
        )
        EverythingA.objects.create(pk=1, char="x", required="one")
        error = self.refused("required,char\none,y\n", "shop.EverythingA", key="required")
        self.assertIn("is not unique", error)
        self.assertEqual(
            self.run_it("slug\na\nc\n", "shop.Label", key="slug"),
            "1 matched, 0 changed, 1 not in the table\n",
        )

    def test_a_composite_key(self) -> None:
        Seat.objects.bulk_create([Seat(room="a", number=at) for at in range(3)])
        told = self.run_it("room,number,guest\na,1,x\na,7,y\n", "surface.Seat")
        self.assertEqual(told, "1 matched, 1 changed, 1 not in the table\n")
        self.assertEqual(Seat.objects.get(guest="x").number, 1)

    def test_a_chain_of_tables(self) -> None:
        vip = Vip.objects.create(name="v", level="Gold")
        self.run_it(f"id,name,level,lounge\n{vip.pk},w,Free,B\n", "surface.Vip", map=["id=customer_ptr"])
        vip.refresh_from_db()
        self.assertEqual((vip.name, vip.level, vip.lounge), ("w", "Free", "B"))

    @tag("timezones")
    def test_every_type_of_a_file(self) -> None:
        label = Label.objects.create(slug="s")
        # SQLite keeps fifteen digits.
        digits = (
            "12345.0123456789"
            if connection.vendor == "sqlite"
            else "123456789012345678901234567890.0123456789"
        )
        wide = Decimal(digits)
        cells = {
            "flag": True,
            "small": -3,
            "big": 2**60,
            "real": 0.1,
            "price": Decimal("12.50"),
            "wide": wide,
            "char": "ä,\"'\n",
            "day": "2026-12-01",
            "clock": "01:02:03.000004",
            "moment": "2026-12-01T03:04:05.000006+00:00",
            "span": "1 02:03:04.000005",
            "uuid": "00000000-0000-0000-0000-00000000000f",
            "document": {"b": [1, None, 2.50], "a": True},
            "data": None,
            "address": "::1",
            "label": label.pk,
        }
        texts = {
            name: "" if v is None else json.dumps(v) if isinstance(v, dict) else str(v)
            for name, v in cells.items()
        }
        quoted = ",".join('"' + text.replace('"', '""') + '"' for text in texts.values())
        csv_file = f"id,{','.join(texts)}\n1,{quoted}\n"
        numbers = json.dumps({"id": 1, **cells}, default=lambda value: f"@{value}@")
        json_file = numbers.replace('"@', "").replace('@"', "") + "\n"
        for name, text in [("rows.csv", csv_file), ("rows.jsonl", json_file)]:
            EverythingA.objects.all().delete()
            EverythingA.objects.create(pk=1)
            with self.subTest(name=name):
                self.assertIn("1 matched, 1 changed", self.run_it(text, "shop.EverythingA", name))
                row = EverythingA.objects.get()
                self.assertEqual((row.flag, row.small, row.big, row.real), (True, -3, 2**60, 0.1))
                self.assertEqual((row.price, row.wide), (cells["price"], cells["wide"]))
                self.assertEqual((row.char, row.document), (cells["char"], cells["document"]))
                moment = datetime.fromisoformat(cells["moment"])
                if not settings.USE_TZ:
                    moment = timezone.make_naive(moment, timezone.get_default_timezone())
                self.assertEqual(row.moment, moment)
                self.assertEqual((str(row.clock), str(row.uuid)), (cells["clock"], cells["uuid"]))
                self.assertEqual(row.span.total_seconds(), 93784.000005)
                self.assertEqual((row.address, row.label_id), ("::1", label.pk))
                self.assertIn("1 matched, 0 changed", self.run_it(text, "shop.EverythingA", name))

    def test_a_key_that_is_absent_leaves_its_column(self) -> None:
        self.members()
        self.run_it('{"id": 1, "name": "a"}\n\n{"id": 2, "points": 9}\n', name="rows.jsonl")
        rows = list(Member.objects.order_by("pk").values_list("name", "points"))
        self.assertEqual(rows, [("a", 1), ("m2", 9), ("m3", 3)])

    def test_true_is_not_one_in_a_document(self) -> None:
        EverythingA.objects.create(pk=1, document={"a": 1})
        told = self.run_it('{"id": 1, "document": {"a": true}}\n', "shop.EverythingA", "rows.jsonl")
        self.assertIn("1 changed", told)
        self.assertIs(EverythingA.objects.get().document["a"], True)

    def test_nulls(self) -> None:
        EverythingA.objects.create(pk=1, char="x", required="y", small=1)
        self.run_it("id,char,required,small\n1,,,\n", "shop.EverythingA")
        row = EverythingA.objects.get()
        self.assertEqual((row.char, row.required, row.small), (None, "", None))
        self.run_it("id,char,small\n1,,\\N\n", "shop.EverythingA", null=["\\N"])
        row.refresh_from_db()
        self.assertEqual((row.char, row.small), ("", None))

    def test_errors_have_file_line_and_column(self) -> None:
        self.members()
        for text, error in [
            ("id,points\n1,5\n2,x\n", "rows.csv:3: column 'points': “x” value must be an integer."),
            ("id,points\n1,5\n\n2,5.5\n", "rows.csv:4: column 'points': “5.5” value must be an integer."),
            (
                'id,name\n1,"a\nb"\n2,' + "x" * 41 + "\n",
                "rows.csv:4: column 'name': Ensure this value has at most 40",
            ),
            ("id,points\n1,\n", "rows.csv:2: column 'points': It must not be NULL."),
            ("id,points\n1\n", "rows.csv:2: 1 cells, where the header has 2."),
            ("id,pionts\n1,1\n", "rows.csv:1: surface.Member has no field 'pionts'. Did you mean 'points'?"),
            ("name\nx\n", "rows.csv:1: No column is the key 'id'."),
            ("id,id\n1,1\n", "rows.csv:1: The column 'id' stands there twice."),
            ("id,points\n1,1\n2,2\n1,3\n", "rows.csv:4: The id of line 2 stands there again."),
            ("id,points\n9,1\n2,2\n9,3\n", "rows.csv:4: The id of line 2 stands there again."),
            ('id,name\n1,"a\n', "rows.csv:2: Not CSV"),
            ("", "rows.csv: The file is empty."),
        ]:
            with self.subTest(text=text):
                self.assertIn(error, self.refused(text))
        for text, error in [
            ('{"id": 1}\n{"id": 2,}\n', "rows.jsonl:2: Not JSON"),
            ('{"id": 1, "id": 2}\n', "rows.jsonl:1: Not JSON: a key stands there twice."),
            ("[1]\n", "rows.jsonl:1: Not an object."),
            ('{"id": 1, "points": 5.7}\n', "rows.jsonl:1: column 'points': 5.7 is not a whole number."),
            ('{"id": 1, "points": true}\n', "rows.jsonl:1: column 'points': True is no value"),
            ('{"id": 1, "name": 5}\n', "rows.jsonl:1: column 'name': 5 is not a text."),
            ('{"points": 1}\n', "rows.jsonl:1: The row has no 'id', which is the key."),
        ]:
            with self.subTest(text=text):
                self.assertIn(error, self.refused(text, name="rows.jsonl"))
        self.assertEqual(list(Member.objects.order_by("pk").values_list("points", flat=True)), [1, 2, 3])

    def test_what_the_column_cannot_hold(self) -> None:
        self.members()
        if connection.vendor == "sqlite":
            EverythingA.objects.create(pk=1)
            error = self.refused("id,wide\n1,123456789012345678.0123456789\n", "shop.EverythingA")
            self.assertIn(
                "rows.csv:2: EverythingA.wide: 123456789012345678.0123456789 has more than 15", error
            )
        else:
            error = self.refused("id,points\n1,99999999999\n")
            self.assertIn("rows.csv:2: column 'points': 99999999999 is not between", error)

    def test_several_errors(self) -> None:
        self.members()
        told = self.refused("id,points\n1,7\n2,x\n3,y\n", max_errors=5)
        self.assertIn("rows.csv:3:", told)
        self.assertIn("rows.csv:4:", told)
        self.assertEqual(Member.objects.get(pk=1).points, 1)

    def test_rows_that_are_referred_to(self) -> None:
        EverythingA.objects.create(pk=1)
        Label.objects.create(pk=5, slug="a")
        error = self.refused("id,label\n1,77\n", "shop.EverythingA")
        self.assertIn("rows.csv:2: column 'label': shop.Label has no id 77.", error)
        self.run_it("id,label_id,by_slug\n1,5,a\n", "shop.EverythingA")
        self.assertEqual(EverythingA.objects.get().by_slug_id, "a")

    def test_validators_on_request(self) -> None:
        EverythingA.objects.create(pk=1)
        self.run_it("id,email,level\n1,nobody,none\n", "shop.EverythingA")
        error = self.refused("id,email\n1,anybody\n", "shop.EverythingA", clean=True)
        self.assertIn("rows.csv:2: column 'email': Enter a valid email address.", error)
        self.assertIn(
            "is not a valid choice", self.refused("id,level\n1,nix\n", "shop.EverythingA", clean=True)
        )

    def test_missing_rows(self) -> None:
        self.members(1)
        target = self.directory / "missing.csv"
        with self.assertRaises(CommandError) as caught:
            self.run_it('id,name\n1,a\n8,"x, y"\n', missing=str(target), fail_on_missing=True)
        self.assertEqual(caught.exception.returncode, 3)
        self.assertEqual(target.read_bytes(), b'id,name\r\n8,"x, y"\r\n')
        self.assertEqual(Member.objects.get().name, "a")
        self.assertIn("Nothing was written", self.refused("id,name\n1,b\n8,x\n", strict=True))
        self.assertEqual(Member.objects.get().name, "a")
        line = '{"id": 9, "points": 1.00}'
        self.assertIn("not a whole", self.refused(line, name="r.jsonl"))
        line = '{"id": 9,  "name": "x"}'
        self.run_it(line + "\n", name="r.jsonl", missing=str(target))
        self.assertEqual(target.read_text(), line + "\n")

    def test_the_diff_as_a_file(self) -> None:
        self.members(2)
        target = self.directory / "diff.csv"
        self.run_it("id,name\n1,a\n2,m2\n", diff=str(target))
        self.assertEqual(target.read_text(), "key,column,before,after\nid=1,name,m1,a\n")

    def test_other_forms_of_files(self) -> None:
        self.members(2)
        self.run_it("id\tname\n1\ta\n", name="r.tsv")
        self.run_it("id;Name;x\n2;b;1\n", delimiter=";", map=["Name=name"], ignore=["x"])
        self.assertEqual(list(Member.objects.order_by("pk").values_list("name", flat=True)), ["a", "b"])
        path = self.directory / "latin.csv"
        path.write_bytes("id,name\n1,é\n".encode("latin1"))
        with self.assertRaisesMessage(CommandError, "Not UTF-8"):
            call_command("enmasse_apply", str(path), "surface.Member")
        call_command("enmasse_apply", str(path), "surface.Member", encoding="latin1", verbosity=0)
        self.assertEqual(Member.objects.get(pk=1).name, "é")
        self.assertIn("format is not known", self.refused("", name="rows.txt"))
        with self.assertRaisesMessage(CommandError, "No such file"):
            call_command("enmasse_apply", "nowhere.csv", "surface.Member")
        with self.assertRaisesMessage(CommandError, "No model"):
            call_command("enmasse_apply", str(path), "surface.Nothing")

    def test_a_report_for_programs(self) -> None:
        self.members(1)
        told = json.loads(self.run_it("id,name\n1,a\n7,b\n", json=True))
        self.assertEqual(
            told, {"matched": 1, "changed": 1, "missing": 1, "columns": {"name": 1}, "dry_run": False}
        )

    def test_many_rows_are_sent_in_chunks_with_signals(self) -> None:
        Silent.objects.bulk_create([Silent(pk=at) for at in range(1, 6002)])
        sizes: list[int] = []

        def hear(batch: Any, **kwargs: Any) -> None:
            sizes.append(len(batch))

        text = "id,number\n" + "".join(f"{at},{at}\n" for at in range(1, 6002))
        post_bulk_update.connect(hear, sender=Silent)
        try:
            told = self.run_it(text, "surface.Silent")
            self.run_it(text.replace(",1\n", ",7\n"), "surface.Silent", no_signals=True)
        finally:
            post_bulk_update.disconnect(hear, sender=Silent)
        self.assertEqual(told, "6,001 matched, 6,001 changed, 0 not in the table\n")
        self.assertEqual(sizes, [5000, 1001])
        self.assertEqual(Silent.objects.get(pk=6001).number, 6001)
        self.assertEqual(Silent.objects.get(pk=1).number, 7)

    def test_texts_that_are_the_same_to_the_database_only(self) -> None:
        Label.objects.create(slug="Abc")
        told = self.run_it("slug\nabc\n", "shop.Label", key="slug")
        same = Label.objects.filter(slug="abc").exists()
        self.assertIn("1 matched" if same else "0 matched", told)
        if same:
            self.assertIn("stands there again", self.refused("slug\nabc\nABC\n", "shop.Label", key="slug"))
