"""Every illegal write is refused by the database itself, with raw SQL, on both back ends.

Each attack is one or more statements sent past all our code, in one transaction; whatever happens,
nothing of it may remain. The book is audited and compared row by row afterwards.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foundation import roles
from foundation.doors import reading, writing
from ledger import accounts, holds, sealing, spending, transfers
from tests.ledger.conftest import Book

TABLES = (
    "commodity",
    "ledger_account",
    "ledger_balance",
    "ledger_transfer",
    "ledger_entry",
    "ledger_hold",
    "ledger_lot",
    "ledger_lot_use",
    "ledger_leaf",
    "ledger_account_leaf",
    "ledger_seal",
    "ledger_unsealed",
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


def use(transfer: str, side: int, account: str, amount: int, month: int) -> str:
    """A use of Fay's lot of that month, with the number and remainder that would follow."""
    return (
        "insert into ledger_lot_use"
        " (transfer, side, account, amount, expires_at, seq, remaining_after)"
        f" select {transfer}, {side}, {account}, {amount}, expires_at, seq + 1,"
        f" remaining + ({amount}) from ledger_lot where account = :fays"
        f" and expires_at = '2026-0{month}-01 00:00:00.000000'"
    )


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
    # lots by hand
    "a lot raised": ["update ledger_lot set remaining = remaining + 5"],
    "a lot raised with its number": [
        "update ledger_lot set remaining = remaining + 5, seq = seq + 1"
    ],
    "a lot emptied": ["update ledger_lot set remaining = 0 where account = :fays"],
    "a lot rewound": [
        "update ledger_lot set (remaining, seq) = (select remaining_after, seq"
        " from ledger_lot_use u where u.account = ledger_lot.account"
        " and u.expires_at = ledger_lot.expires_at and u.seq = 1) where account = :fays"
    ],
    "a lot put off": ["update ledger_lot set expires_at = '2036-01-01 00:00:00+00'"],
    "a lot given away": ["update ledger_lot set account = :bens where account = :fays"],
    "a lot removed": ["delete from ledger_lot where account = :fays"],
    "a lot opened with something in it": [
        "insert into ledger_lot (account, expires_at, remaining)"
        " values (:fays, '2036-01-01 00:00:00+00', 10)"
    ],
    "a lot opened again, overwriting": [
        "insert into ledger_lot (account, expires_at) select account, expires_at from ledger_lot"
        " where account = :fays on conflict (account, expires_at) do update set remaining = 99"
    ],
    "a use without a transfer": [use("'nothing'", 0, ":fays", -1, 6)],
    "a use of a spending that took no lot": [use(":spent", 0, ":available", -1, 6)],
    "more use than was spent": [use(":dated", 0, ":fays", -1, 9)],
    "a use given back by nobody": [use(":dated", 0, ":fays", 1, 9)],
    "a use on the other side": [use(":dated", 1, ":fays", -1, 9)],
    "a use of somebody else's lot": [use(":dated", 0, ":bens", -1, 9)],
    "a use that cancels another": [
        use(":dated", 0, ":fays", -1, 9),
        use(":dated", 0, ":fays", 1, 6),
    ],
    "a use changed": ["update ledger_lot_use set amount = amount + 1"],
    "a use put off": ["update ledger_lot_use set expires_at = '2036-01-01 00:00:00+00'"],
    "a use removed": ["delete from ledger_lot_use where transfer = :dated"],
    "a balance that forgets its lots": ["update ledger_balance set expiring = 0"],
    "a balance that keeps no lots any more": [
        "update ledger_balance set lots = false, expiring = 0 where account_id = :fays"
    ],
    "a balance opened with lots": [
        "insert into ledger_account (id, owner, kind, commodity, opened_at)"
        " values (999, 'eve', 'available', 'points', '2026-03-03 12:00:00+00')",
        "insert into ledger_balance"
        " (account_id, commodity, holding, deferred, lots, posted, expiring)"
        " values (999, 'points', false, false, true, 5, 5)",
    ],
    # seals
    "a leaf changed": ["update ledger_leaf set hash = null"],
    "a leaf removed": ["delete from ledger_leaf"],
    "an account's leaf changed": ["update ledger_account_leaf set account = account + 99"],
    "an account's leaf removed": ["delete from ledger_account_leaf"],
    "a seal changed": ["update ledger_seal set size = size + 1"],
    "a seal removed": ["delete from ledger_seal"],
    "a transfer that is never sealed": ["delete from ledger_unsealed where transfer = :spent"],
    "another transfer to seal": [
        "update ledger_unsealed set transfer = 'x' where transfer = :spent"
    ],
    # dates laundered
    "spent units that come back without a reversal": [
        forged(source=":redeemed", target=":available")
    ],
    "spent units that come back with another date": [
        forged(
            ", expires_at",
            ", '2036-01-01 00:00:00+00'",
            source=":redeemed",
            target=":available",
        )
    ],
    "a reversal with another date": [
        forged(
            ", reverses, expires_at",
            ", :spent, '2036-01-01 00:00:00+00'",
            source=":redeemed",
            target=":available",
        )
    ],
    "a payment with another date": [
        forged(", expires_at", ", '2036-01-01 00:00:00+00'", target=":bens")
    ],
    "a hold posted with another date": [
        forged(
            ", resolves, expires_at",
            ", :held, '2036-01-01 00:00:00+00'",
            source=":pending",
            target=":available",
        )
    ],
    "a dated hold posted for ever": [
        forged(", resolves", ", :dated_hold", source=":pending", target=":available")
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
SET = "insert into ledger_set (number) values (1)"


def drafted(*drafts: dict[str, str], how: str = SET) -> list[str]:
    """Transfers written into a set by hand: :available to :redeemed, 1 point, unless changed."""
    said = {"source": ":available", "target": ":redeemed", "amount": "1", "kind": "'attack'"}
    said |= {"at": "'2026-03-03 12:00:00'"}
    rows = [
        said | {"place": str(n), "id": f"'set{n}'", "key": f"'set{n}'"} | draft
        for n, draft in enumerate(drafts)
    ]
    return [
        f"insert into ledger_draft ({', '.join(row)}) values ({', '.join(row.values())})"
        for row in rows
    ] + [how]


HALF = {"amount": "40"}
POSTED = {"source": ":pending", "target": ":available", "resolves": ":held"}
IN_A_SET = {
    "an overdraft in a set": drafted({}, {"amount": "60"}),
    "two halves that overdraw together in a set": drafted(HALF, HALF),
    "a debt above zero in a set": drafted({"source": ":issued", "target": ":owed"}),
    "a fraction in a set": drafted({}, {"amount": "0.4"}),
    "an amount of nothing in a set": drafted({}, {"amount": "0"}),
    "no amount in a set": drafted({}, {"amount": "null"}),
    "a negative amount in a set": drafted({}, {"amount": "-5"}),
    "a sum beyond 64 bits in a set": drafted(
        {"source": ":issued", "target": ":redeemed", "amount": "9223372036854775807"},
    ),
    "an account that does not exist in a set": drafted({}, {"target": "999999"}),
    "no account in a set": drafted({}, {"source": "null"}),
    "a transfer to itself in a set": drafted({"target": ":available"}),
    "another commodity in a set": drafted({}, {"source": ":dollars"}),
    "the same key twice in a set": drafted({}, {"key": "'set0'"}),
    "a known key in a set": drafted({"key": "'gift'"}),
    "a known id in a set": drafted({"id": ":spent"}),
    "points into pending without a hold in a set": drafted(
        {"source": ":issued", "target": ":pending"}
    ),
    "points out of pending without a hold in a set": drafted({"source": ":pending"}),
    "posting more than was held in a set": drafted(POSTED | {"amount": "31"}),
    "posting a hold twice in a set": drafted(POSTED | {"amount": "20"}, POSTED | {"amount": "20"}),
    "posting a hold of somebody else in a set": drafted(POSTED | {"resolves": ":bens_hold"}),
    "a dated hold posted for ever in a set": drafted(POSTED | {"resolves": ":dated_hold"}),
    "a hold posted with another date in a set": drafted(
        POSTED | {"expires_at": "'2036-01-01 00:00:00'"}
    ),
    "spent units that come back in a set": drafted({"source": ":redeemed", "target": ":available"}),
    "a payment with another date in a set": drafted({"expires_at": "'2036-01-01 00:00:00'"}),
    "a payment between members in a set": drafted({"target": ":bens"}),
    "a set that ignores what fails": drafted(
        HALF, HALF, how=SET.replace("insert", "insert or ignore")
    ),
    "a set that keeps what was done": drafted(
        {}, HALF, HALF, how=SET.replace("insert", "insert or fail")
    ),
    "a set that replaces": drafted(
        {"id": ":spent"}, how=SET.replace("insert", "insert or replace")
    ),
    "a balance raised after a set": [
        *drafted({}),
        "update ledger_balance set posted = posted + 5, seq = seq + 1"
        " where account_id = :available",
    ],
    "an entry after a set": [
        *drafted({}),
        ENTRY + f"(:spent, 0, :available, -1, 58, 2 + {LATEST})",
    ],
    "a balance rewound after a set": [
        *drafted({}, {}),
        "update ledger_balance set (posted, seq) = (select balance_after, seq from ledger_entry"
        " where account = :available and seq = 1) where account_id = :available",
    ],
}
#: All columns of a transfer, out of which the views make entries and uses.
POSTED_AGAIN = "insert into ledger_posting select * from (select {} from ledger_transfer) where {}"
COLUMNS = (
    "id, key, source, target, commodity, amount, kind, about, memo, at, until, resolves, reverses,"
    " linked, expires_at, takes"
)
MOVED_AGAIN = (
    "insert into ledger_moving select transfer, side, account, amount, seq, expiring_after"
    " from ledger_entry where transfer = :dated"
)
ON_SQLITE = {
    "a transfer posted again": [POSTED_AGAIN.format(COLUMNS, "id = :spent")],
    "a transfer posted again, ignoring": [
        POSTED_AGAIN.format(COLUMNS, "id = :spent").replace("insert", "insert or ignore", 1)
    ],
    "a transfer posted again, replacing": [
        POSTED_AGAIN.format(COLUMNS, "id = :spent").replace("insert into", REPLACE, 1)
    ],
    "a hold posted again": [POSTED_AGAIN.format(COLUMNS, "id = :held")],
    "a transfer posted that is none": [
        POSTED_AGAIN.format(COLUMNS.replace("id,", "'none' as id,", 1), "amount = 40")
    ],
    "dated units moved again": [MOVED_AGAIN],
    "dated units moved again, ignoring": [MOVED_AGAIN.replace("insert", "insert or ignore", 1)],
    "dated units moved again, replacing": [MOVED_AGAIN.replace("insert into", REPLACE, 1)],
    "an overdraft, ignoring": [forged(amount="61").replace("insert", "insert or ignore", 1)],
    "an overdraft, replacing": [forged(amount="61").replace("insert into", REPLACE, 1)],
    "an overdraft, failing": [forged(amount="61").replace("insert", "insert or fail", 1)],
    "a sum beyond 64 bits, failing": [
        forged(source=":issued", target=":available", amount="9223372036854775807").replace(
            "insert", "insert or fail", 1
        )
    ],
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
    "a lot replaced": [
        "insert or replace into ledger_lot (account, expires_at, remaining, seq)"
        " values (:fays, '2026-06-01 00:00:00.000000', 99, 3)"
    ],
    "a lot replaced by an empty one": [
        "insert or replace into ledger_lot (account, expires_at)"
        " values (:fays, '2026-06-01 00:00:00.000000')"
    ],
    "a use replaced": [(use(":dated", 0, ":fays", -4, 6)).replace("insert into", REPLACE, 1)],
    "a use replaced by its number": [
        (
            "insert into ledger_lot_use"
            " (transfer, side, account, amount, expires_at, seq, remaining_after) values"
            " (:spent, 0, :fays, -1, '2026-06-01 00:00:00.000000', 1, 10)"
        ).replace("insert into", REPLACE, 1)
    ],
    "a lot raised, ignoring": ["update or ignore ledger_lot set remaining = remaining + 5"],
    "a lot raised, replacing": ["update or replace ledger_lot set remaining = remaining + 5"],
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
    "a balance moved onto an entry of one's own": [
        "create temporary table ledger_entry (like ledger_entry)",
        "insert into ledger_entry (transfer, side, account, amount, balance_after, seq)"
        " values ('x', 1, :available, 1000, 1060, 99)",
        "update public.ledger_balance set posted = 1060, seq = 99 where account_id = :available",
    ],
    "a balance of an account of one's own": [
        "create temporary table ledger_account (id bigint, commodity text)",
        "insert into ledger_account values (999, 'points')",
        "insert into public.ledger_balance (account_id, commodity, holding, deferred)"
        " values (999, 'points', false, false)",
    ],
    "a fold over entries of one's own": [
        "create temporary table ledger_entry (like ledger_entry)",
        "update public.ledger_balance set folded = pg_snapshot_xmin(pg_current_snapshot())"
        "::text::bigint where account_id = :issued",
    ],
    "a lot moved onto a use of one's own": [
        "create temporary table ledger_lot_use (like ledger_lot_use)",
        "insert into ledger_lot_use select 'x', 0, expires_at, account, 1, 99, seq + 1"
        " from ledger_lot where account = :fays",
        "update public.ledger_lot set remaining = 99, seq = seq + 1 where account = :fays",
    ],
    "a transfer never sealed for a leaf of one's own": [
        "create temporary table ledger_leaf (transfer text)",
        "insert into ledger_leaf values (:spent)",
        "delete from public.ledger_unsealed where transfer = :spent",
    ],
}


@pytest.fixture
def names(book: Book) -> dict[str, str]:
    """What the attacks call things: 60 points are left to Ada, 60 are spent and 60 pending.

    Half of what is spent and pending stands there so that no floor hides the law under attack.
    """
    book.give(120)
    sealing.seal_all(book.now)
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
    dated, dated_hold = with_dates(book, until)
    kinds = ("available", "redeemed", "pending", "owed")
    numbers = {kind: book.id(kind) for kind in kinds}
    numbers |= {
        "issued": book.id("issued", None),
        "dollars": book.id("cash", None, "USD"),
        "bens": book.id("available", "ben"),
        "fays": book.id("available", "fay"),
    }
    texts = {"spent": spent.id, "held": held.id, "bens_hold": bens_hold.id}
    texts |= {"dated": dated, "dated_hold": dated_hold}
    return {k: str(v) for k, v in numbers.items()} | {k: f"'{v}'" for k, v in texts.items()}


def with_dates(book: Book, until: datetime) -> tuple[str, str]:
    """Fay has 9 points that expire in June, 10 in September, and spent one; Ada has a dated hold.

    The ids of Fay's spending (5, of which 4 came back) and of the hold.
    """
    for month in (6, 9):
        date = datetime(2026, month, 1, tzinfo=UTC)
        book.give(10, owner="fay", key=f"dated:{month}", expires_at=date)
    said = {"commodity": "points", "now": book.now}
    with writing() as session:
        spent = spending.spend(session, owner="fay", amount=5, key="dated", **said)
        transfers.reverse(session, spent.id, amount=4, key="dated back", now=book.now)
        held = holds.hold(
            session, owner="ada", amount=10, key="held", until=until, expires_at=date, **said
        )
    return spent.id, held.id


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


def try_and_commit(statements: list[str], names: dict[str, str]) -> None:
    """What a forger does who goes on after an error and keeps what it left."""
    with writing() as session:
        for statement in statements:
            with suppress(DBAPIError):
                session.connection().exec_driver_sql(filled(statement, names))


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
    if len(ON_SQLITE[attack]) == 1:
        try_and_commit(ON_SQLITE[attack], names)
        assert photograph() == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_refuses_in_a_set(names: dict[str, str]) -> None:
    """In one test: what is refused leaves nothing behind that the next attack could use."""
    before = photograph()
    for attack, statements in IN_A_SET.items():
        assert is_refused(statements, names), attack
        assert photograph() == before, attack
        if "into ledger_set" in statements[-1]:
            try_and_commit([*statements, "delete from ledger_draft"], names)
            assert photograph() == before, attack
    assert not is_refused(drafted({}, {"amount": "59"}), names)


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


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_function_looks_for_tables_along_its_callers_path(book: Book) -> None:
    """A function without a path of its own says the schema at each table: see the attacks above
    with tables of one's own."""
    with reading() as session:
        tables = "|".join(session.scalars(text(roles.TABLES)))
        bodies = session.execute(
            text(
                "select proname, prosrc from pg_proc"
                " where pronamespace = current_schema()::regnamespace and coalesce("
                "  array_to_string(proconfig, ','), '') not like '%search_path%'"
            )
        ).all()
    assert len(bodies) > 10
    loose = re.compile(rf"\b(from|join|update|into)\s+({tables})\b")
    assert {name for name, body in bodies if loose.search(body)} == set()
