"""The journal: what bean-check makes of it, and what a spreadsheet gets."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import data
from beancount.ops import validation
from click.testing import CliRunner

from foundation.doors import reading, writing
from ledger import (
    accounts,
    beancount,
    clawbacks,
    earning,
    holds,
    journal,
    names,
    spending,
    transfers,
)
from ledger.export_command import export
from ledger.journal import Period
from tests.ledger.conftest import Book


def written(book: Book, period: Period | None = None) -> str:
    with reading() as session:
        now = book.now + timedelta(days=30)
        return "".join(beancount.text(session, period or Period(), now))


def checked(text: str) -> tuple[list[Any], list[Any]]:
    """What `bean-check` does: directives and errors."""
    entries, errors, _ = loader.load_string(text, extra_validations=validation.HARDCORE_VALIDATIONS)
    return entries, errors


def live(book: Book) -> None:
    """Some of everything, in three commodities of different scales, over three days."""
    with writing() as session:
        for code, scale in (("USD", 2), ("JPY", 0), ("KWD", 3), ("tea tin", 0)):
            accounts.define(session, code, scale)
    for day, owner in enumerate(("ada", "ben", "club:mi lan/茶")):
        now = book.now + timedelta(days=day)
        for commodity in ("points", "USD", "JPY", "KWD", "tea tin"):
            said: dict[str, Any] = {"owner": owner, "commodity": commodity, "now": now}
            key = f"{owner}:{commodity}"
            with writing() as session:
                held = holds.hold(session, amount=1_234, key=f'{key}:"hold"\\', until=now, **said)
                holds.post(session, held.id, 1_000, key=f"{key}:post", now=now)
                holds.void(session, held.id, key=f"{key}:void", now=now)
                earning.credit(session, amount=99, key=f"{key}:gift", about="fact:1", **said)
                tea = spending.spend(session, amount=1_050, key=f"{key}:tea", **said)
                clawbacks.claw_back(session, amount=60, key=f"{key}:refund", **said)
                transfers.reverse(session, tea.id, amount=7, key=f"{key}:back", now=now)


def test_it_works(book: Book) -> None:
    live(book)
    entries, errors = checked(written(book))
    assert errors == []
    kinds = [type(each).__name__ for each in entries]
    assert kinds.count("Transaction") == 3 * 5 * 8
    assert kinds.count("Commodity") == 5
    assert kinds.count("Open") == kinds.count("Balance") == 5 + 3 * 5 * 5


def test_an_empty_book_is_a_whole_one(book: Book) -> None:
    assert checked(written(book))[1] == []


def test_amounts_have_the_decimals_of_their_commodity(book: Book) -> None:
    live(book)
    text = written(book)
    assert " 1234 POINTS" in text
    assert " 12.34 USD" in text
    assert " 1234 JPY" in text
    assert " 1.234 KWD" in text
    assert " 1234 TEA-TIN" in text


@pytest.mark.parametrize("commodity", ["POINTS", "USD", "JPY", "KWD", "TEA-TIN"])
def test_the_smallest_unit_too_much_is_caught(book: Book, commodity: str) -> None:
    """A transfer whose two lines were both changed still balances; our balances prove it wrong."""
    live(book)
    one = {"USD": ("12.34", "12.35"), "KWD": ("1.234", "1.235")}.get(commodity, ("1234", "1235"))
    text = written(book)
    assert text.count(f" {one[0]} {commodity}\n") == 3
    assert text.count(f" -{one[0]} {commodity}\n") == 3
    tampered = text.replace(f" {one[0]} {commodity}\n", f" {one[1]} {commodity}\n", 1)
    assert "does not balance" in str(checked(tampered)[1])
    tampered = tampered.replace(f" -{one[0]} {commodity}\n", f" -{one[1]} {commodity}\n", 1)
    errors = checked(tampered)[1]
    assert len(errors) == 2
    assert "Balance failed" in str(errors)


def test_a_transfer_left_out_is_caught(book: Book) -> None:
    live(book)
    text = written(book)
    start = text.index(' * "spend"') - len("2026-03-03")
    end = text.index("\n2026", start + 20)
    assert "Balance failed" in str(checked(text[:start] + text[end + 1 :])[1])


def test_members_appear_under_their_identifiers_only(book: Book) -> None:
    live(book)
    text = written(book)
    assert "Liabilities:Members:M-ada:Available:POINTS" in text
    assert "Liabilities:Members:M-club-3a-mi-20-lan-2f--8336-:Available:POINTS" in text
    assert "Expenses:Programme:Issued:USD" in text
    assert "Expenses:Members:M-ben:Clawed-back:KWD" in text


def test_links_tie_what_belongs_together(book: Book) -> None:
    live(book)
    entries, _ = checked(written(book))
    made = [each for each in entries if isinstance(each, data.Transaction)]
    [hold] = [each for each in made if each.meta["key"] == 'ada:points:"hold"\\']
    tied = [each for each in made if hold.meta["transfer"] in each.links]
    assert {each.narration for each in tied} == {"hold", "post", "void"}
    assert hold.tags == {"hold"}
    assert hold.meta["until"] == "2026-03-03T12:00:00.000000Z"
    assert any("fact-1" in each.links and each.meta["about"] == "fact:1" for each in made)


def test_days_in_the_middle_bring_in_what_stood_before(book: Book) -> None:
    live(book)
    second = (book.now + timedelta(days=1)).date()
    entries, errors = checked(written(book, Period(second, second)))
    assert errors == []
    made = [each for each in entries if isinstance(each, data.Transaction)]
    assert sum(each.narration != "Opening balance" for each in made) == 5 * 8
    assert {each.date for each in made} == {second, second - timedelta(days=1)}
    ages = ((date(2000, 1, 1), date(2000, 1, 31)), (date(2090, 1, 1), None))
    for first, last in ((None, second), (second, None), *ages):
        assert checked(written(book, Period(first, last)))[1] == []


def test_a_clock_that_went_back_does_not_break_it(book: Book) -> None:
    book.give(10)
    with writing() as session:
        spending.spend(
            session,
            owner="ada",
            commodity="points",
            amount=3,
            key="early",
            now=book.now - timedelta(days=3),
        )
    assert checked(written(book))[1] == []


def test_the_spreadsheet_has_a_row_for_each_transfer(book: Book) -> None:
    live(book)
    with reading() as session:
        text = "".join(journal.csv_rows(session, Period()))
    assert text.startswith("\ufefftransfer,at,kind,debit,credit,amount,commodity")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 3 * 5 * 8
    assert {"1234", "12.34", "1.234"} <= {row["amount"] for row in rows}
    total: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        for side, sign in (("debit", 1), ("credit", -1)):
            place = (row[side], row["commodity"])
            total[place] = total.get(place, Decimal(0)) + sign * Decimal(row["amount"])
    with reading() as session:
        known = {each.name: each.balance for each in journal.accounts_of(session, None)}
    assert {name: amount for (name, _), amount in total.items() if amount} == {
        name: amount for name, amount in known.items() if amount
    }


def test_no_cell_runs_as_a_formula(book: Book) -> None:
    book.give(1, key="=HYPERLINK(1)")
    with reading() as session:
        assert ",'=HYPERLINK(1)," in "".join(journal.csv_rows(session, Period()))


def test_it_comes_in_pieces(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    live(book)
    whole = written(book)
    monkeypatch.setattr(beancount, "PIECE", 7)
    monkeypatch.setattr(journal, "CHUNK", 11)
    heard: list[int] = []
    with reading() as session:
        pieces = list(
            beancount.text(session, Period(), book.now + timedelta(days=30), heard.append)
        )
    assert len(pieces) > 20
    assert "".join(pieces) == whole
    assert heard == [*range(11, 120, 11), 120]


@pytest.mark.parametrize("kind", ["beancount", "csv"])
def test_the_command_writes_a_file(book: Book, tmp_path: Path, kind: str) -> None:
    live(book)
    file = tmp_path / f"journal.{kind}"
    done = CliRunner().invoke(export, ["--format", kind, "--from", "2026-03-04", str(file)])
    assert done.exit_code == 0, done.output
    assert "80 transfers" in done.output
    if kind == "beancount":
        assert loader.load_file(str(file))[1] == []
    else:
        assert len(file.read_text(encoding="utf-8-sig").splitlines()) == 81
    assert not file.with_name(f"{file.name}.part").exists()


def test_the_command_refuses_days_the_wrong_way_round(book: Book, tmp_path: Path) -> None:
    days = ["--from", "2026-03-04", "--to", "2026-03-03"]
    done = CliRunner().invoke(export, [*days, str(tmp_path / "x")])
    assert done.exit_code == 2
    assert "--to is a day before --from" in done.output


def test_names_are_beancounts() -> None:
    codes = ["points", "USD", "x", "null", "茶", "茶2", "a b", "a-b", "9 lives", "long" * 10, "é"]
    found = names.currency_names(codes)
    assert len(set(found.values())) == len(codes)
    for name in found.values():
        assert 2 <= len(name) <= 24
        _, errors = checked(
            f"2026-01-01 open Assets:X:{name} {name}\n2026-01-01 commodity {name}\n"
        )
        assert errors == [], name


def test_a_moment_is_written_in_utc() -> None:
    assert journal.moment(datetime(2026, 3, 3, 12, tzinfo=UTC)) == "2026-03-03T12:00:00.000000Z"
