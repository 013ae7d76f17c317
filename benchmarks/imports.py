"""Orders per second of `bellmouth import orders`, beside bare SQL that keeps nothing but orders.

The file is the CDNOW sample (6,919 purchases of 2,357 customers). The floor reads the same file
with csv and writes customers, orders and facts into unguarded tables with executemany.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from foundation import clock
from foundation.doors import database
from shop import import_runs, order_files

SAMPLE = Path(__file__).parent.parent / "tests" / "data" / "cdnow_sample.csv"


def rows() -> list[dict[str, Any]]:
    """One row: the sample into the (migrated) open database, once."""
    floor = _bare()
    start = time.perf_counter()
    source = order_files.look_at(SAMPLE, currency="USD")
    imported = import_runs.run(source, clock.now()).new
    rate = imported / (time.perf_counter() - start)
    return [
        {
            "name": "import of the CDNOW sample",
            "value": round(rate, 1),
            "unit": "orders/s",
            "floor": round(floor, 1),
            "ratio": round(rate / floor, 3),
            "backend": database().dialect,
            "scale": imported,
        }
    ]


def _bare() -> float:
    with database().writer.connect() as connection:
        connection.execute(text("create temporary table bare_customer(ref text primary key)"))
        connection.execute(
            text(
                "create temporary table bare_order"
                "(number text primary key, ref text, at text, n int)"
            )
        )
        connection.execute(
            text("create temporary table bare_fact(subject text primary key, at text)")
        )
        start = time.perf_counter()
        with SAMPLE.open() as file:
            read = list(csv.DictReader(file))
        connection.execute(
            text("insert into bare_customer values (:ref)"),
            [{"ref": ref} for ref in {row["customer_id"] for row in read}],
        )
        connection.execute(
            text("insert into bare_order values (:order_id, :customer_id, :ordered_on, :cents)"),
            [row | {"cents": round(float(row["amount"]) * 100)} for row in read],
        )
        connection.execute(
            text("insert into bare_fact values (:order_id, :ordered_on)"),
            [{"order_id": row["order_id"], "ordered_on": row["ordered_on"]} for row in read],
        )
        taken = time.perf_counter() - start
        connection.rollback()
    return len(read) / taken
