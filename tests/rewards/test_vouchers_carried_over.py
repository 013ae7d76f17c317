"""Migration 1600 with vouchers of before: carried over, and back, on both back ends."""

from __future__ import annotations

from sqlalchemy import create_engine, pool, text

from foundation import quick, schema
from foundation.doors import database, writing
from foundation.settings import Settings
from tests import people

USED = "2026-03-02 12:00:00+00:00"


def test_vouchers_of_before_keep_their_codes_and_become_redemptions(
    database_url: str, settings: Settings
) -> None:
    import app as application

    application.wire(settings)
    with writing() as session:
        ben = people.ben(session).id
    quick.close()
    database().close()
    schema.downgrade(settings.url, "1500")
    engine = create_engine(settings.url, poolclass=pool.NullPool)
    row = (
        "insert into voucher (id, member_id, request_key, code, item, version, cost, value,"
        " currency, issued_at, used_at, used_about) values (:id, :ben, :id, :id, 'voucher-5', 1,"
        " 100, 500, 'USD', '2026-03-01 12:00:00', :used, :about)"
    )
    with engine.begin() as opened:
        opened.execute(text(row), {"id": "old", "ben": ben, "used": None, "about": None})
        used = USED if database_url.startswith("postgresql") else USED[:19]
        opened.execute(text(row), {"id": "spent", "ben": ben, "used": used, "about": "1001"})
    schema.upgrade(settings.url)
    with engine.connect() as opened:
        vouchers = opened.execute(
            text("select code, about, uses, used, bearer from voucher order by code")
        ).all()
        assert [tuple(each) for each in vouchers] == [
            ("old", "redemption:old", 1, 0, True),
            ("spent", "redemption:spent", 1, 1, True),
        ]
        redemptions = opened.execute(text("select id, state, kind from redemption order by id"))
        assert [tuple(each) for each in redemptions] == [
            ("old", "done", "voucher"),
            ("spent", "done", "voucher"),
        ]
        uses = opened.execute(text("select voucher_id, reference from voucher_use")).all()
        assert [tuple(each) for each in uses] == [("spent", "1001")]
    schema.downgrade(settings.url, "1500")
    with engine.connect() as opened:
        back = opened.execute(text("select code, used_about from voucher order by code")).all()
        assert [tuple(each) for each in back] == [("old", None), ("spent", "1001")]
