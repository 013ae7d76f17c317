"""The ledger's tables, as Core tables: nothing here is ever loaded as an object.

The laws that hold between them are triggers, in migration 0300.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from foundation.tables import Base, BigNumber, IdText, JsonValue, PlainText, UtcMoment

#: What is counted. `scale` is the number of decimal places a person sees (points 0, USD 2).
commodity = Table(
    "commodity",
    Base.metadata,
    Column("code", String, primary_key=True),
    Column("scale", SmallInteger, nullable=False),
    CheckConstraint("scale between 0 and 9", name="scale"),
)

#: One commodity of one owner (a member's id, or null for the programme) for one purpose.
account = Table(
    "ledger_account",
    Base.metadata,
    Column("id", BigNumber, primary_key=True),
    Column("owner", PlainText),
    Column("kind", String, nullable=False),
    Column("commodity", String, ForeignKey("commodity.code"), nullable=False),
    Column("opened_at", UtcMoment, nullable=False),
    UniqueConstraint("owner", "kind", "commodity"),
    UniqueConstraint("id", "commodity"),
    # Nulls are distinct in a unique key: the programme's accounts need their own.
    Index(
        "uq_ledger_account_programme",
        "kind",
        "commodity",
        unique=True,
        sqlite_where=text("owner is null"),
        postgresql_where=text("owner is null"),
    ),
)

#: The terms and the present balance of an account. `posted` and `seq` are moved by entries only.
#: A `holding` account is filled by holds and emptied by their resolution. A `deferred` account
#: (PostgreSQL) is not touched by transfers, so that they do not queue for it; `folding` adds up
#: its entries later, `folded` being the first database transaction not yet added. An account with
#: `lots` keeps the dates of what is on it: `expiring` of it stand in lots, the rest never expires.
balance = Table(
    "ledger_balance",
    Base.metadata,
    Column("account_id", BigNumber, primary_key=True, autoincrement=False),
    Column("commodity", String, nullable=False),
    Column("floor", BigNumber),
    Column("ceiling", BigNumber),
    Column("holding", Boolean, nullable=False),
    Column("deferred", Boolean, nullable=False),
    Column("posted", BigNumber, nullable=False, server_default=text("0")),
    Column("seq", BigNumber, nullable=False, server_default=text("0")),
    Column("folded", BigNumber, nullable=False, server_default=text("0")),
    Column("lots", Boolean, nullable=False, server_default=text("false")),
    Column("expiring", BigNumber, nullable=False, server_default=text("0")),
    # On PostgreSQL a trigger asks that of a whole statement, here and below (migration 3000).
    ForeignKeyConstraint(
        ["account_id", "commodity"], ["ledger_account.id", "ledger_account.commodity"]
    ).ddl_if(dialect="sqlite"),
    CheckConstraint("floor is null or posted >= floor", name="floor"),
    CheckConstraint("ceiling is null or posted <= ceiling", name="ceiling"),
    CheckConstraint(
        "not deferred or (floor is null and ceiling is null and not holding)", name="deferred"
    ),
    CheckConstraint(
        "expiring >= 0 and (expiring = 0 or (lots and expiring <= posted))", name="expiring"
    ),
)

#: One movement. No foreign keys to the accounts: the trigger finds both or refuses, accounts never
#: vanish, and a key check would lock the row of the programme's account on every grant.
transfer = Table(
    "ledger_transfer",
    Base.metadata,
    Column("id", IdText, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("source", BigNumber, nullable=False),
    Column("target", BigNumber, nullable=False),
    Column("commodity", String, nullable=False),
    Column("amount", BigNumber, nullable=False),
    Column("kind", String, nullable=False),
    Column("about", String),
    Column("memo", JsonValue),
    Column("at", UtcMoment, nullable=False),
    Column("until", UtcMoment),  # set: this transfer is a hold, see `hold`
    Column("resolves", IdText, ForeignKey("ledger_transfer.id")),  # posts or voids that hold
    Column("reverses", IdText, ForeignKey("ledger_transfer.id")),  # gives back part or all of it
    Column("linked", IdText, ForeignKey("ledger_transfer.id")),  # first transfer of one request
    Column("expires_at", UtcMoment),  # when what it makes available expires; null: never
    Column("takes", IdText),  # the credit or hold whose own units it takes first
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("source <> target", name="accounts"),
    CheckConstraint("reverses is null or (until is null and resolves is null)", name="reverses"),
    CheckConstraint("until is null or resolves is null", name="until"),
    *(
        Index(
            f"ix_ledger_transfer_{name}",
            name,
            sqlite_where=text(f"{name} is not null"),
            postgresql_where=text(f"{name} is not null"),
        )
        for name in ("resolves", "reverses", "linked")
    ),
)

#: What a transfer did to one account: side 0 is the source, 1 the target. Written by the database
#: when the transfer is; `balance_after` and `seq` are null on deferred accounts, which carry the
#: number of the database transaction instead. `expiring_after` is what stands in lots then.
entry = Table(
    "ledger_entry",
    Base.metadata,
    Column("transfer", IdText, primary_key=True),
    Column("side", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", BigNumber, nullable=False),
    Column("amount", BigNumber, nullable=False),
    Column("balance_after", BigNumber),
    Column("seq", BigNumber),
    Column("written_in", BigNumber),
    Column("expiring_after", BigNumber),
    UniqueConstraint("account", "seq"),
    CheckConstraint("side in (0, 1)", name="side"),
    CheckConstraint("amount <> 0", name="amount"),
    CheckConstraint("(seq is null) = (balance_after is null)", name="seq"),
    Index(
        "ix_ledger_entry_deferred",
        "account",
        "written_in",
        sqlite_where=text("seq is null"),
        postgresql_where=text("seq is null"),
    ),
    sqlite_with_rowid=False,
)

#: How much of a hold was posted and voided; changes only in step with what resolves it.
hold = Table(
    "ledger_hold",
    Base.metadata,
    Column("transfer", IdText, ForeignKey("ledger_transfer.id"), primary_key=True),
    Column("account", BigNumber, nullable=False),
    Column("source", BigNumber, nullable=False),
    Column("amount", BigNumber, nullable=False),
    Column("posted", BigNumber, nullable=False, server_default=text("0")),
    Column("voided", BigNumber, nullable=False, server_default=text("0")),
    Column("until", UtcMoment, nullable=False),
    CheckConstraint("posted >= 0 and voided >= 0 and posted + voided <= amount", name="resolved"),
    Index(
        "ix_ledger_hold_open",
        "until",
        "transfer",
        sqlite_where=text("posted + voided < amount"),
        postgresql_where=text("posted + voided < amount"),
    ),
    Index("ix_ledger_hold_account", "account"),
)

#: What is left on one account of all that expires at one moment; moved by uses only.
lot = Table(
    "ledger_lot",
    Base.metadata,
    Column("account", BigNumber, primary_key=True, autoincrement=False),
    Column("expires_at", UtcMoment, primary_key=True),
    Column("remaining", BigNumber, nullable=False, server_default=text("0")),
    Column("seq", BigNumber, nullable=False, server_default=text("0")),
    CheckConstraint("remaining >= 0", name="remaining"),
    *(
        Index(
            f"ix_ledger_lot_{name}",
            *columns,
            sqlite_where=text("remaining > 0"),
            postgresql_where=text("remaining > 0"),
        )
        for name, columns in (
            ("open", ("account", "expires_at")),
            ("due", ("expires_at", "account")),
        )
    ),
    sqlite_with_rowid=False,
)

#: What one entry put into a lot (above zero) or took from it (below). Written by the database when
#: the entry is, so no foreign keys: the trigger refuses what no entry says.
lot_use = Table(
    "ledger_lot_use",
    Base.metadata,
    Column("transfer", IdText, primary_key=True),
    Column("side", SmallInteger, primary_key=True, autoincrement=False),
    Column("expires_at", UtcMoment, primary_key=True),
    Column("account", BigNumber, nullable=False),
    Column("amount", BigNumber, nullable=False),
    Column("remaining_after", BigNumber, nullable=False),
    Column("seq", BigNumber, nullable=False),
    UniqueConstraint("account", "expires_at", "seq"),
    CheckConstraint("amount <> 0", name="amount"),
    CheckConstraint("remaining_after >= 0", name="remaining_after"),
    sqlite_with_rowid=False,
)

#: The hash of each sealed transfer, in the order in which they were sealed.
leaf = Table(
    "ledger_leaf",
    Base.metadata,
    Column("number", BigNumber, primary_key=True, autoincrement=False),
    Column("transfer", IdText, nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
)

#: The hash of each account that sealed transfers touched: whose it is, of what, under which terms.
account_leaf = Table(
    "ledger_account_leaf",
    Base.metadata,
    Column("number", BigNumber, primary_key=True, autoincrement=False),
    Column("account", BigNumber, nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
)

#: The hash over the first `size` leaves of transfers and the first `accounts` of accounts.
seal = Table(
    "ledger_seal",
    Base.metadata,
    Column("size", BigNumber, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("at", UtcMoment, nullable=False),
    Column("accounts", BigNumber, nullable=False, server_default=text("0")),
)

#: Transfers that are not sealed yet; filled by the database when they are written.
unsealed = Table("ledger_unsealed", Base.metadata, Column("transfer", IdText, primary_key=True))
