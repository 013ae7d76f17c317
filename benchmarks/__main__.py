"""`./bellmouth bench`: every figure beside its floor, as a table and, if asked for, as JSON.

./bellmouth bench                         pages, import, ledger and replay, on both, 1×
./bellmouth bench --scale 1,10,100        the demo with so many times the people and talk
./bellmouth bench --only pages --json figures.json
./bellmouth bench --only ledger --entries 10000,1000000 --ledger single,audit \
    --fill-rivals --pgledger uuid-to-ulid.sql,pgledger.sql --hordak
./bellmouth bench --only replay --facts 1000000
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import app as application
from benchmarks import imports, ledger, replay, site
from demo.greeting import load_with_progress
from foundation import doors, quick, schema
from foundation.settings import Settings
from tests import databases

KEY = "the benchmark's own key, 32 characters"
COLUMNS = ("name", "backend", "scale", "value", "unit", "floor", "ratio", "p50_ms", "p99_ms")


def main() -> None:
    asked = _arguments()
    found: list[dict[str, Any]] = []
    with databases.postgresql_server(is_durable=True) as server:
        for backend in asked.backends:
            if backend == "postgresql" and server is None:
                print("no PostgreSQL here: its rows are left out")
                continue
            found += _measure(backend, server, asked)
    _print(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bellmouth bench", description=__doc__)
    parser.add_argument("--scale", default="1", help="times the demo's data: 1,10,100")
    parser.add_argument(
        "--only", default="pages,import,ledger,replay", help="some of: pages,import,ledger,replay"
    )
    parser.add_argument("--backends", default="sqlite,postgresql")
    parser.add_argument("--facts", type=int, default=50_000, help="facts to replay: 1000000")
    ledger_of = parser.add_argument_group("ledger")
    ledger_of.add_argument("--entries", default="10000", help="existing entries: 10000,1000000")
    ledger_of.add_argument("--connections", default="1,2,8")
    ledger_of.add_argument(
        "--ledger", default="single,mixed,sets,audit", help="some of: single,mixed,sets,audit"
    )
    ledger_of.add_argument("--pgledger", default="", help="its SQL files, in order, by commas")
    ledger_of.add_argument("--hordak", action="store_true", help="install and measure it as well")
    ledger_of.add_argument(
        "--fill-rivals", action="store_true", help="give the others as many entries of their own"
    )
    parser.add_argument("--json", type=Path, help="write the rows to this file as well")
    asked = parser.parse_args()
    asked.scale = [int(each) for each in asked.scale.split(",")]
    asked.only, asked.backends = asked.only.split(","), asked.backends.split(",")
    return asked


def _measure(backend: str, server: str | None, asked: argparse.Namespace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for scale in asked.scale if "pages" in asked.only else []:
        with _empty(backend, server) as settings:
            print(f"{backend}, {scale}×")
            load_with_progress(scale)
            found += site.rows(settings, scale)
    if "import" in asked.only:
        with _empty(backend, server):
            found += imports.rows()
    if "ledger" in asked.only:
        with _empty(backend, server) as settings:
            found += ledger.rows(doors.database(), _of_the_ledger(asked))
    if "replay" in asked.only:
        with _empty(backend, server):
            found += replay.rows(asked.facts)
    return found


def _of_the_ledger(asked: argparse.Namespace) -> ledger.Asked:
    return ledger.Asked(
        entries=[int(each) for each in asked.entries.split(",")],
        connections=[int(each) for each in asked.connections.split(",")],
        parts=asked.ledger.split(","),
        pgledger=[Path(each) for each in asked.pgledger.split(",") if each],
        with_hordak=asked.hordak,
        fills_rivals=asked.fill_rivals,
    )


@contextmanager
def _empty(backend: str, server: str | None) -> Iterator[Settings]:
    """Settings of a migrated, empty, wired database of its own."""
    with tempfile.TemporaryDirectory(prefix="bellmouth-bench-") as folder:
        url = ""
        if backend == "postgresql":
            assert server is not None
            url = databases.create_database(server, "bench")
        settings = Settings(data=Path(folder), database_url=url, secret_key=KEY)
        schema.upgrade(settings.url)
        application.wire(settings)
        try:
            yield settings
        finally:
            quick.close()
            doors.database().close()


def _print(found: list[dict[str, Any]]) -> None:
    table = Table(*COLUMNS)
    for row in found:
        table.add_row(*("" if row.get(name) is None else str(row[name]) for name in COLUMNS))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
