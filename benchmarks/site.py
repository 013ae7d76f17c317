"""Pages per second beside a bare Flask hello on the same server in the same run.

Each page takes turns with the hello, slice by slice, so that a busy machine slows both alike; the
ratio is the figure to hold on to. The pages are asked for as browsers do it: a visitor without
cookies, a member with her session, many different topics and products.
"""

from __future__ import annotations

import itertools
import statistics
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

import app as application
from benchmarks import hello, load
from benchmarks.load import Load
from benchmarks.servers import served
from community.models import Topic
from demo import people
from foundation import clock
from foundation.doors import database, reading, writing
from foundation.settings import Settings
from members import signing_in
from members.models import Member
from referral import codes
from referral.models import Click
from shop.models import Product

TURNS = 3
SECONDS = 2.0
#: How many different pages of a kind are asked for: more than fit one person's evening.
SPREAD = 20

Requests = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Measured:
    """A page: how its requests look, and which answers are right."""

    name: str
    requests: Requests
    status: int
    body: int
    connections: int = 16


def rows(settings: Settings, scale: int) -> list[dict[str, Any]]:
    """The table of one database at one scale; the demo is in it."""
    environment = {
        "BELLMOUTH_DATA": str(settings.data),
        "DATABASE_URL": settings.database_url,
        "BELLMOUTH_SECRET_KEY": settings.secret_key,
        "BELLMOUTH_BEHIND_PROXY": "1",
    }
    backend = database().dialect
    pages = _pages(settings)
    with (
        served("benchmarks.hello:create_app", {"BENCH_ROWS": _rows_of(settings)}) as floor,
        served("app:served", environment) as ours,
    ):
        bare = Measured("bare Flask view that inserts a row", _get(["/row"]), 200, 4)
        found = [_compare(bare, floor, floor, backend, scale)]
        found += [_compare(page, floor, ours, backend, scale) for page in pages]
    return [*found, _durable(backend, scale)]


def _rows_of(settings: Settings) -> str:
    """Where the bare view keeps its rows: beside our tables on PostgreSQL, in its own file else."""
    where = str(settings.data / "bare.sqlite3")
    if database().dialect == "postgresql":
        where = settings.url.replace("postgresql+psycopg://", "postgresql://")
    hello.make_table(where)
    return where


def _compare(page: Measured, hello: int, ours: int, backend: str, scale: int) -> dict[str, Any]:
    floors: list[Load] = []
    loads: list[Load] = []
    for _ in range(TURNS):
        floors.append(_run(hello, load.get(lambda: "/", "127.0.0.1"), page.connections))
        loads.append(_run(ours, page.requests(), page.connections))
    for each in loads:
        if set(each.statuses) != {page.status} or each.smallest_body < page.body:
            raise AssertionError(f"{page.name} answered {each}")
    rate, floor = _median(loads, "rate"), _median(floors, "rate")
    return {
        "name": page.name,
        "value": round(rate, 1),
        "unit": "pages/s",
        "floor": round(floor, 1),
        "ratio": round(rate / floor, 3),
        "backend": backend,
        "scale": scale,
        "p50_ms": round(_median(loads, "p50"), 2),
        "p99_ms": round(_median(loads, "p99"), 2),
    }


def _run(port: int, requests: Iterator[bytes], connections: int) -> Load:
    return load.run(
        "127.0.0.1", port, requests, connections=connections, seconds=SECONDS, warm_up=0.7
    )


def _median(loads: Sequence[Load], name: str) -> float:
    return statistics.median(getattr(each, name) for each in loads)


def _durable(backend: str, scale: int) -> dict[str, Any]:
    """Clicks that are in the database after the run: none of those answered was lost."""
    with reading() as session:
        kept = session.scalar(select(func.count()).select_from(Click)) or 0
    return {
        "name": "referral clicks found in the database afterwards",
        "value": kept,
        "unit": "clicks",
        "floor": None,
        "ratio": None,
        "backend": backend,
        "scale": scale,
    }


def _pages(settings: Settings) -> list[Measured]:
    with reading() as session:
        topics = session.scalars(
            select(Topic.id).order_by(Topic.posts.desc(), Topic.id).limit(SPREAD)
        ).all()
        longest = session.scalar(select(Topic.id).where(Topic.posts >= 20).limit(1))
        slugs = session.scalars(select(Product.slug).order_by(Product.slug).limit(SPREAD)).all()
    long_topic = [f"/topics/{longest or topics[0]}"]
    products = [f"/products/{slug}" for slug in slugs]
    cookie = {"Cookie": _session_cookie(settings)}
    code = _code()
    return [
        Measured("topic page of 20 posts, visitor", _get(long_topic), 200, 8_000),
        Measured("topic pages, visitor", _get([f"/topics/{each}" for each in topics]), 200, 5_000),
        Measured("product page, visitor", _get(products), 200, 8_000),
        Measured("front page, visitor", _get(["/"]), 200, 8_000),
        Measured("topic page of 20 posts, member", _get(long_topic, cookie), 200, 8_000),
        Measured("product page, member", _get(products, cookie), 200, 8_000),
        Measured("referral click", _get([f"/r/{code}"], _navigation()), 302, 0),
        Measured("sign-in", lambda: _sign_ins(settings), 303, 0, connections=4),
    ]


def _get(paths: Sequence[str], headers: dict[str, str] | None = None) -> Requests:
    def requests() -> Iterator[bytes]:
        turn = itertools.cycle(paths)
        return load.get(lambda: next(turn), "127.0.0.1", headers)

    return requests


def _navigation() -> dict[str, str]:
    """What Chromium sends when somebody opens a link."""
    return {
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-User": "?1",
    }


def _code() -> str:
    with writing() as session:
        ada = session.scalars(select(Member.id).where(Member.email == people.ADVOCATE.email)).one()
        code = codes.ensure(session, ada, clock.now())
        assert code is not None
        return code.code


def _session_cookie(settings: Settings) -> str:
    """Ada, signed in by the verb; the cookie as her browser has it after one page."""
    with writing() as session:
        ada = session.scalars(select(Member.id).where(Member.email == people.ADVOCATE.email)).one()
        token = signing_in.sign_in(session, ada, clock.now() - timedelta(minutes=1))
    client = application.create_app(settings).test_client()
    with client.session_transaction() as kept:
        kept.update({"_user_id": token, "_fresh": True})
    client.get("/settings")  # a page with a form: the cookie holds its token from now on
    cookie = client.get_cookie("session")
    assert cookie is not None
    return f"session={cookie.value}"


def _sign_ins(settings: Settings) -> Iterator[bytes]:
    """Posts of the sign-in form, each from another address, by members taking turns."""
    signer = application.create_app(settings)
    signing = signer.session_interface.get_signing_serializer(signer)  # type: ignore[attr-defined]
    with signer.test_request_context():
        from flask import session as flask_session
        from flask_wtf.csrf import generate_csrf

        token = generate_csrf()
        cookie = signing.dumps(dict(flask_session))  # type: ignore[union-attr]
    with reading() as session:
        emails = session.scalars(select(Member.email).where(Member.password_hash.is_not(None)))
        known = [email for email in emails if email]
    for n in itertools.count():
        form = {"csrf_token": token, "email": known[n % len(known)], "password": people.PASSWORD}
        body = urllib.parse.urlencode(form)
        yield (
            "POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"X-Forwarded-For: 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\r\n"
            f"Cookie: session={cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
