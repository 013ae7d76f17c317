"""django-hordak's `transfer_to`, in a process and an environment of its own.

This file is run by the Python of a throw-away environment (`environment()` makes it) and imports
nothing of ours there: it reads `<accounts> <connections> <seconds>` line by line and answers each
with the rate and the seconds of every transfer, as JSON. A row with a unique key is written in the
same transaction; hordak itself has no keys, no locks and no limits.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

#: Entries of one commit while its book is filled.
FILL = 10_000
REQUIRED = ("django-hordak==2.0.0", "Django==5.2.19", "psycopg[binary]==3.3.9")


def environment(folder: Path) -> Path:
    """The Python of a new environment with hordak in it."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIRED], check=True)
    return python


@contextmanager
def running(
    python: Path, url: str, many: int, entries: int
) -> Iterator[Callable[[str, int, float], Any]]:
    """Asks the other process: (accounts, connections, seconds) -> rate, seconds of each."""
    process = subprocess.Popen(
        [python, __file__, url, str(many), str(entries)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asking, answering = process.stdin, process.stdout
    if answering.readline().strip() != "ready":
        raise RuntimeError("hordak did not start")

    def ask(accounts: str, connections: int, seconds: float) -> Any:
        asking.write(f"{accounts} {connections} {seconds}\n")
        asking.flush()
        return json.loads(answering.readline())

    try:
        yield ask
    finally:
        asking.close()
        process.wait(30)


def _serve(url: str, many: int, entries: int) -> None:
    _set_up(url)
    ids = _accounts(many)
    for _ in range(0, entries, FILL):
        _fill(ids)
    print("ready", flush=True)
    for line in sys.stdin:
        accounts, connections, seconds = line.split()
        print(json.dumps(_slice(ids, accounts, int(connections), float(seconds))), flush=True)


def _set_up(url: str) -> None:
    import dj_database_url  # type: ignore[import-not-found,unused-ignore]
    import django  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from django.conf import settings  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from django.core.management import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
        call_command,
    )

    settings.configure(
        DATABASES={"default": dj_database_url.parse(url)},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        CURRENCIES=["USD"],
        DEFAULT_CURRENCY="USD",
        USE_TZ=True,
        SECRET_KEY="a benchmark",
    )
    django.setup()
    call_command("migrate", verbosity=0)


def _accounts(many: int) -> list[int]:
    from django.db import connection  # type: ignore[import-not-found,unused-ignore]
    from hordak.models import Account  # type: ignore[import-untyped,import-not-found,unused-ignore]

    with connection.cursor() as cursor:
        cursor.execute("create table if not exists hordak_key (key text primary key)")
    with Account.objects.disable_mptt_updates():
        for number in range(many):
            Account.objects.create(name=f"a{number}", type="LI", currencies=["USD"])
    Account.objects.rebuild()
    connection.close()
    return list(Account.objects.order_by("id").values_list("id", flat=True)[:many])


def _fill(ids: list[int]) -> None:
    """Entries between random accounts, as `transfer_to` leaves them."""
    from django.db import connection, transaction
    from hordak.models import Leg, Transaction
    from moneyed import Money

    unit = Money(1, "USD")
    with transaction.atomic():
        made = Transaction.objects.bulk_create([Transaction() for _ in range(FILL // 2)])
        pairs = [(each, *random.sample(ids, 2)) for each in made]
        debits = [Leg(transaction=each, account_id=source, debit=unit) for each, source, _ in pairs]
        credits = [Leg(transaction=each, account_id=to, credit=unit) for each, _, to in pairs]
        Leg.objects.bulk_create([*debits, *credits])
        with connection.cursor() as cursor:
            keys = [(str(uuid4()),) for _ in made]
            cursor.executemany("insert into hordak_key values (%s)", keys)


def _slice(ids: list[int], accounts: str, connections: int, seconds: float) -> Any:
    from django.db import connection

    connection.close()
    children = []
    for _ in range(connections):
        here, there = os.pipe()
        if not os.fork():
            os.write(there, b"%d\n" % os.getpid())
            found = _work(ids, accounts, seconds)
            with os.fdopen(there, "w") as out:
                json.dump(found, out)
            os._exit(0)
        os.close(there)
        children.append(os.fdopen(here))
    answers = []
    for child in children:
        child.readline()
        answers.append(json.loads(child.read()))
        os.wait()
    rate = sum(len(each) / elapsed for each, elapsed in answers)
    return rate, [second for each, _ in answers for second in each]


def _work(ids: list[int], accounts: str, seconds: float) -> tuple[list[float], float]:
    from django.db import connection, transaction
    from hordak.models import Account
    from moneyed import Money  # type: ignore[import-not-found,unused-ignore]

    unit = Money(1, "USD")

    def pay() -> None:
        source, target = random.sample(ids, 2)
        if accounts == "hot":
            source, target = ids[0], random.choice(ids[1:])
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("insert into hordak_key values (%s)", (str(uuid4()),))
            both = Account.objects.in_bulk([source, target])
            both[source].transfer_to(both[target], unit)

    for _ in range(10):
        pay()
    found: list[float] = []
    started = before = time.perf_counter()
    while before - started < seconds:
        pay()
        after = time.perf_counter()
        found.append(after - before)
        before = after
    return found, before - started


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
