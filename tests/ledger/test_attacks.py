"""Every illegal write is refused by the database itself, with raw SQL, on both back ends.

Each attack is one or more statements sent past all our code, in one transaction; whatever happens,
nothing of it may remain. The book is audited and compared row by row afterwards.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation.doors import reading, writing
from ledger import accounts, holds, spending
from tests.ledger.conftest import Book

TABLES = (
    "commodity",
    "ledger_account",
    "ledger_balance",
    "ledger_transfer",
    "ledger_entry",
    "ledger_hold",
)

TRANSFER = (
    "insert into ledger_transfer (id, key, source, target, commodity, amount, kind, at{more})"
    " values ('{id}', '{key}', {source}, {target}, '{commodity}', {amount}, 'attack', '{at}'{rest})"
)


def forged(more: str = "", rest: str = "", **changed: Any) -> str:
    """A transfer written by hand: :available to :redeemed, 1 point, unless `changed`."""
    said = {
        "id": "attack",
        "key": "attack",
        "source": ":available",
        "target": ":redeemed",
        "commodity": "points",
        "amount": "1",
        "at": "2026-03-03 12:00:00+00",
    }
    return TRANSFER.format(more=more, rest=rest, **(said | changed))


ENTRY = "insert into ledger_entry (transfer, side, account, amount, balance_after, seq) values "
LATEST = "(select max(seq) from ledger_entry where account = :available)"

ATTACKS = {
    # transfers that are not lawful
    "an amount of nothing": [forged(amount="0")],
    "a negative amount": [forged(amount="-5")],
    "a fraction": [forged(amount="0.4")],
    "a transfer to itself": [forged(target=":available")],
    "an overdraft": [forged(amount="1000000")],
    "an overdraft by one": [forged(amount="61")],
    "two halves that overdraw together": [
        forged(amount="40"),
        forged(id="attack2", key="attack2", amount="40"),
    ],
    "a debt above zero": [forged(source=":issued", target=":owed", amount="1000")],
    "another commodity on both sides": [forged(source=":dollars", target=":available")],
    "a commodity of neither": [forged(commodity="USD")],
    "an account that does not exist": [forged(target="999999")],
    "a source that does not exist": [forged(source="999999")],
    "a sum beyond 64 bits": [
        forged(source=":issued", target=":available", amount="9223372036854775807"),
    ],
    "the same key again": [forged(key="gift")],
    "the same id again": [forged(id=":spent")],
    "the same key, overwriting": [
        forged(key="gift") + " on conflict (key) do update set amount = excluded.amount"
    ],
    "points into pending without a hold": [forged(source=":issued", target=":pending")],
    "points out of pending without a hold": [forged(source=":pending", target=":available")],
    "a hold on an account that holds nothing": [forged(", until", ", '2027-01-01 00:00:00+00'")],
    # reversals
    "a second full reversal": [
        forged(", reverses", ", :spent", source=":redeemed", target=":available", amount="40"),
        forged(
            ", reverses",
            ", :spent",
            id="attack2",
            key="attack2",
            source=":redeemed",
            target=":available",
            amount="40",
        ),
    ],
    "parts of a reversal that exceed it": [
        forged(", reverses", ", :spent", source=":redeemed", target=":available", amount="39"),
        forged(
            ", reverses",
            ", :spent",
            id="attack2",
            key="attack2",
            source=":redeemed",
            target=":available",
            amount="2",
        ),
    ],
    "a reversal to somebody else": [
        forged(", reverses", ", :spent", source=":redeemed", target=":bens"),
    ],
    "a reversal in the same direction": [forged(", reverses", ", :spent")],
    "a reversal of nothing": [
        forged(", reverses", ", 'nothing'", source=":redeemed", target=":available"),
    ],
    "a reversal of a reversal": [
        forged(", reverses", ", :spent", source=":redeemed", target=":available", amount="5"),
        forged(", reverses", ", 'attack'", id="attack2", key="attack2", amount="5"),
    ],
    "a reversal of a hold": [
        forged(", reverses", ", :held", source=":pending", target=":issued"),
    ],
    # resolving holds
    "posting more than was held": [
        forged(", resolves", ", :held", source=":pending", target=":available", amount="31"),
    ],
    "posting a hold twice": [
        forged(", resolves", ", :held", source=":pending", target=":available", amount="30"),
        forged(
            ", resolves",
            ", :held",
            id="attack2",
            key="attack2",
            source=":pending",
            target=":available",
            amount="30",
        ),
    ],
    "posting a hold of somebody else": [
        forged(", resolves", ", :bens_hold", source=":pending", target=":available"),
    ],
    "resolving what is no hold": [
        forged(", resolves", ", :spent", source=":pending", target=":available"),
    ],
    "resolving a hold from available": [forged(", resolves", ", :held")],
    "resolving and reversing at once": [
        forged(", resolves, reverses", ", :held, :held", source=":pending", target=":issued"),
    ],
    # entries by hand
    "an entry without a transfer": [ENTRY + "('nothing', 0, :available, 5, 65, 99)"],
    "a third entry": [ENTRY + f"(:spent, 2, :available, 5, 65, 1 + {LATEST})"],
    "an entry a second time": [ENTRY + f"(:spent, 1, :available, 5, 65, 1 + {LATEST})"],
    "an entry without a number": [
        "insert into ledger_entry (transfer, side, account, amount) values (:spent, 1, :issued, 5)"
    ],
    "an entry before its transfer": [
        ENTRY + f"('attack', 0, :available, -1, 59, 1 + {LATEST})",
        forged(),
    ],
    # balances by hand
    "a balance raised": ["update ledger_balance set posted = posted + 5"],
    "a balance raised with its number": [
        "update ledger_balance set posted = posted + 5, seq = seq + 1 where account_id = :available"
    ],
    "a balance rewound": [
        "update ledger_balance set (posted, seq) = (select balance_after, seq from ledger_entry"
        " where account = :available and seq = 1) where account_id = :available"
    ],
    "a number rewound": ["update ledger_balance set seq = seq - 1 where account_id = :available"],
    "a floor lifted": ["update ledger_balance set floor = null where account_id = :available"],
    "a ceiling lifted": ["update ledger_balance set ceiling = null where account_id = :owed"],
    "a balance given away": [
        "update ledger_balance set account_id = 999 where account_id = :available"
    ],
    "a balance made deferred": [
        "update ledger_balance set floor = null, deferred = true where account_id = :available"
    ],
    "a pending account opened up": [
        "update ledger_balance set holding = false where account_id = :pending"
    ],
    "a fold that adds nothing up": ["update ledger_balance set folded = folded + 1"],
    "a fold that invents": [
        "update ledger_balance set posted = posted + 5, seq = seq + 1, folded = folded + 1"
        " where account_id = :issued"
    ],
    "a balance removed": ["delete from ledger_balance where account_id = :available"],
    "a balance opened with something on it": [
        "insert into ledger_account (id, owner, kind, commodity, opened_at)"
        " values (999, 'eve', 'available', 'points', '2026-03-03 12:00:00+00')",
        "insert into ledger_balance (account_id, commodity, holding, deferred, posted)"
        " values (999, 'points', false, false, 1000)",
    ],
    "a balance opened again, overwriting": [
        "insert into ledger_balance (account_id, commodity, holding, deferred)"
        " values (:available, 'points', false, false)"
        " on conflict (account_id) do update set posted = 1000"
    ],
    "a balance of another commodity": [
        "insert into ledger_account (id, owner, kind, commodity, opened_at)"
        " values (999, 'eve', 'available', 'points', '2026-03-03 12:00:00+00')",
        "insert into ledger_balance (account_id, commodity, holding, deferred)"
        " values (999, 'USD', false, false)",
    ],
    # holds by hand
    "a hold made larger": ["update ledger_hold set amount = amount + 5 where transfer = :held"],
    "a hold posted by hand": ["update ledger_hold set posted = 30 where transfer = :held"],
    "a hold freed by hand": ["update ledger_hold set voided = 30 where transfer = :held"],
    "a hold made longer": [
        "update ledger_hold set until = '2036-01-01 00:00:00+00' where transfer = :held"
    ],
    "a hold removed": ["delete from ledger_hold where transfer = :held"],
    "a hold for a spending": [
        "insert into ledger_hold (transfer, account, source, amount, until)"
        " values (:spent, :redeemed, :available, 40, '2026-03-03 12:00:00+00')"
    ],
    # history rewritten
    "a transfer changed": ["update ledger_transfer set amount = 1 where id = :spent"],
    "a memo changed": ["update ledger_transfer set memo = null"],
    "a transfer removed": ["delete from ledger_transfer where id = :spent"],
    "an entry changed": ["update ledger_entry set amount = 1 where transfer = :spent"],
    "an entry removed": ["delete from ledger_entry where transfer = :spent"],
    "an account given away": ["update ledger_account set owner = 'eve' where id = :available"],
    "an account removed": ["delete from ledger_account where id = :available"],
    "a second account of a kind": [
        "insert into ledger_account (id, owner, kind, commodity, opened_at)"
        " values (999, 'ada', 'available', 'points', '2026-03-03 12:00:00+00')"
    ],
    "a second programme's account": [
        "insert into ledger_account (id, owner, kind, commodity, opened_at)"
        " values (999, null, 'issued', 'points', '2026-03-03 12:00:00+00')"
    ],
    "a scale changed": ["update commodity set scale = 2 where code = 'points'"],
    "a commodity removed": ["delete from commodity where code = 'points'"],
}

REPLACE = "insert or replace into"
ON_SQLITE = {
    "an overdraft, ignoring": [forged(amount="61").replace("insert", "insert or ignore", 1)],
    "an overdraft, replacing": [forged(amount="61").replace("insert into", REPLACE, 1)],
    "an overdraft, failing": [forged(amount="61").replace("insert", "insert or fail", 1)],
    "a transfer replaced by id": [forged(id=":spent").replace("insert into", REPLACE, 1)],
    "a transfer replaced by key": [forged(key="gift").replace("insert into", REPLACE, 1)],
    "an entry replaced": [
        (ENTRY + f"(:spent, 0, :available, -1, 59, 1 + {LATEST})").replace(
            "insert into", REPLACE, 1
        )
    ],
    "an entry replaced by its number": [
        (ENTRY + "('nothing', 0, :available, -1, 59, 1)").replace("insert into", REPLACE, 1)
    ],
    "a balance replaced": [
        "insert or replace into ledger_balance (account_id, commodity, holding, deferred, posted)"
        " values (:available, 'points', false, false, 1000)"
    ],
    "a balance replaced by an empty one": [
        "insert or replace into ledger_balance (account_id, commodity, holding, deferred)"
        " values (:available, 'points', false, false)"
    ],
    "a balance raised, ignoring": ["update or ignore ledger_balance set posted = posted + 5"],
    "a balance raised, replacing": ["update or replace ledger_balance set posted = posted + 5"],
    "a hold replaced": [
        "insert or replace into ledger_hold (transfer, account, source, amount, until)"
        " values (:held, :pending, :issued, 30, '2036-01-01 00:00:00')"
    ],
    "an account replaced": [
        "insert or replace into ledger_account (id, owner, kind, commodity, opened_at)"
        " values (:available, 'eve', 'available', 'points', '2026-03-03')"
    ],
    "a deferred account where nobody folds": [
        "insert into ledger_account (id, owner, kind, commodity, opened_at)"
        " values (999, 'eve', 'available', 'points', '2026-03-03')",
        "insert into ledger_balance (account_id, commodity, holding, deferred)"
        " values (999, 'points', false, true)",
    ],
}
ON_POSTGRESQL = {
    **{f"{table} emptied": [f"truncate {table} cascade"] for table in TABLES},
    "an entry beside its transfer": [
        "with t as ("
        + forged()
        + " returning id) "
        + ENTRY.replace("values ", "")
        + f"select id, 0, :available, -1, 59, 1 + {LATEST} from t"
    ],
    "a balance moved from inside a trigger": [
        "create temporary table door (x int)",
        "create function pg_temp.sneak() returns trigger language plpgsql as $$ begin"
        " update ledger_balance set posted = posted + 5, seq = seq + 1; return null; end $$",
        "create trigger sneak after insert on door for each row execute function pg_temp.sneak()",
        "insert into door values (1)",
    ],
    "an entry on a deferred account": [
        "insert into ledger_entry (transfer, side, account, amount, written_in)"
        " values (:spent, 1, :issued, 5, 1)"
    ],
}


@pytest.fixture
def names(book: Book) -> dict[str, str]:
    """What the attacks call things: 60 points are left to Ada, 60 are spent and 60 pending.

    Half of what is spent and pending stands there so that no floor hides the law under attack.
    """
    book.give(120)
    book.give(10, owner="ben", key="gift for ben")
    until = book.now + timedelta(days=30)
    with writing() as session:
        spending.spend(
            session, owner="ada", commodity="points", amount=20, key="more spent", now=book.now
        )
        holds.hold(
            session,
            owner="ada",
            commodity="points",
            amount=30,
            key="more held",
            until=until,
            now=book.now,
        )
        spent = spending.spend(
            session, owner="ada", commodity="points", amount=40, key="spent", now=book.now
        )
        held, bens_hold = (
            holds.hold(
                session, owner=owner, commodity="points", amount=30, key=f"held for {owner}",
                until=until, now=book.now,
            )
            for owner in ("ada", "ben")
        )  # fmt: skip
        accounts.define(session, "USD", 2)
    kinds = ("available", "redeemed", "pending", "owed")
    numbers = {kind: book.id(kind) for kind in kinds}
    numbers |= {
        "issued": book.id("issued", None),
        "dollars": book.id("cash", None, "USD"),
        "bens": book.id("available", "ben"),
    }
    texts = {"spent": spent.id, "held": held.id, "bens_hold": bens_hold.id}
    return {k: str(v) for k, v in numbers.items()} | {k: f"'{v}'" for k, v in texts.items()}


def photograph() -> dict[str, list[Any]]:
    """Every row of the ledger."""
    with reading() as session:
        return {
            table: sorted(session.execute(text(f"select * from {table}")).all(), key=str)
            for table in TABLES
        }


def is_refused(statements: list[str], names: dict[str, str]) -> bool:
    """Whether the database refuses; the names are filled in as a forger would."""
    try:
        with writing() as session:
            for statement in statements:
                session.connection().exec_driver_sql(filled(statement, names))
    except DBAPIError:
        return True
    return False


def filled(statement: str, names: dict[str, str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        statement = statement.replace(f"':{name}'", names[name]).replace(f":{name}", names[name])
    return statement


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_refuses(attack: str, names: dict[str, str]) -> None:
    before = photograph()
    assert is_refused(ATTACKS[attack], names)
    assert photograph() == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("attack", ON_SQLITE)
def test_sqlite_refuses(attack: str, names: dict[str, str]) -> None:
    before = photograph()
    is_refused(ON_SQLITE[attack], names)
    assert photograph() == before


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("attack", ON_POSTGRESQL)
def test_postgresql_refuses(attack: str, names: dict[str, str]) -> None:
    before = photograph()
    assert is_refused(ON_POSTGRESQL[attack], names)
    assert photograph() == before


def test_a_lawful_transfer_by_hand_passes(book: Book, names: dict[str, str]) -> None:
    """The attacks above fail for what they do, not for how they are written."""
    assert not is_refused([forged(amount="60")], names)
    assert book.balances().available == 0
