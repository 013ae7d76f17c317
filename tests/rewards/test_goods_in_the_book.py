"""What points bought stands in the book: promised, handed over, cancelled, refunded; once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from beancount import loader
from sqlalchemy import select, update

from foundation import clock
from foundation.doors import reading, writing
from foundation.words import use_language
from ledger import holds, statements
from rewards.book import statement_words
from rewards.catalogue import auditing, fulfilling
from rewards.catalogue.models import Redemption
from rewards.catalogue.redemption_rules import STEPS
from rewards.rules import POINTS
from tests import people
from tests.rewards.shelves import VISIT, buy, count_in, enrich, item, open_shelves
from tests.rewards.test_book import table
from tests.threads import ended

#: Pending, spent and taken back; nothing else is ever on a member's accounts of goods.
PROMISED, HAD, NOTHING, TAKEN_BACK = (1, 0, 0), (0, 1, 0), (0, 0, 0), (0, 0, 1)


@pytest.fixture
def shop(house: Any, now: Any) -> Any:
    """One of everything on the shelves, and Ben with points."""
    open_shelves(house)
    enrich(house, house.ben, 10_000, now)
    return house


def goods(house: Any, key: str, member_id: str = "") -> tuple[int, int, int]:
    found = house.balances(member_id or house.ben, f"good:{key}")
    assert (found.available, found.expired, found.negative) == (0, 0, 0)
    return found.pending, found.spent, found.clawed_back


def move(house: Any, redemption_id: str, step: str) -> None:
    with writing() as session:
        fulfilling.move(session, redemption_id, step, house.olga, "So it is.", clock.now())


def test_it_works(shop: Any, now: Any) -> None:
    done = buy(shop.ben, "tasting", now).redemption
    assert goods(shop, "tasting") == PROMISED
    with reading() as session:
        held = holds.read(session, done.unit_id or "")
    assert (held.owner, held.commodity, held.amount) == (shop.ben, "good:tasting", 1)
    for step in ("take", "finish"):
        move(shop, done.id, step)
    assert goods(shop, "tasting") == HAD


def ways(state: str = "ordered", been: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every way through the steps that goes nowhere twice, and every beginning of one."""
    yield been
    for name, step in STEPS.items():
        if state in step.sources and name not in been:
            yield from ways(step.target, (*been, name))


def expected(key: str, way: tuple[str, ...]) -> tuple[int, int, int]:
    had = "finish" in way or ("send" in way and key != "visit")
    if {"cancel", "refund"} & set(way):
        return TAKEN_BACK if had else NOTHING
    return HAD if had else PROMISED


@pytest.mark.parametrize(("key", "more"), [("teapot", {"address": "x"}), ("visit", {})])
def test_whatever_way_it_goes_the_book_goes_with_it(
    shop: Any, now: Any, key: str, more: dict[str, str]
) -> None:
    """A thing is hers once it is sent, a visit once it took place; the audit agrees each time."""
    found = list(ways())
    more = more or {"occasion": f"{VISIT:%Y%m%dT%H%MZ}"}
    count_in(shop, key, len(found), now, VISIT if key == "visit" else None)
    sums = Counter[int]()
    for number, way in enumerate(found):
        bought = buy(shop.ben, key, now, f"form-{number:04}", **more).redemption
        for step in way:
            move(shop, bought.id, step)
        sums.update(dict(enumerate(expected(key, way))))
        assert goods(shop, key) == (sums[0], sums[1], sums[2]), way
        enrich(shop, shop.ben, 200, now)
    with reading() as session:
        assert auditing.audit(session) == []
    assert len(found) == 20


def test_what_a_unit_waits_for_is_its_day(house: Any, now: Any) -> None:
    open_shelves(house, item("spring", "preorder", expected_on=date(2099, 4, 1)), item("cup"))
    enrich(house, house.ben, 1_000, now)
    days: dict[str, datetime] = {}
    for key in ("spring", "cup"):
        bought = buy(house.ben, key, now, f"form-{key}").redemption
        with reading() as session:
            days[key] = holds.read(session, bought.unit_id or "").until
    assert days == {"spring": datetime(2099, 4, 1, tzinfo=UTC), "cup": now}


class TestRaces:
    def test_of_eight_who_want_the_last_one_one_is_promised_it(self, house: Any, now: Any) -> None:
        open_shelves(house)
        count_in(house, "teapot", 1, now)
        wanting = [house.ada, house.ben, house.fay, house.olga]
        for each in wanting:
            enrich(house, each, 300, now)
        done = ended(
            [
                lambda who=who, n=n: buy(who, "teapot", clock.now(), f"form-000{n}", address="x")
                for n, who in enumerate(wanting * 2)
            ]
        )
        assert sorted(done) == ["ok", *["out_of_stock"] * 7]
        promised = [goods(house, "teapot", each) for each in wanting]
        assert sorted(promised) == [NOTHING] * 3 + [PROMISED]

    def test_a_form_clicked_four_times_promises_one(self, shop: Any, now: Any) -> None:
        assert ended([lambda: buy(shop.ben, "tasting", now)] * 4) == ["ok"] * 4
        assert goods(shop, "tasting") == PROMISED
        assert shop.balances(shop.ben).spent == 150

    def test_cancelled_and_sent_at_the_same_moment_it_ends_one_way(
        self, shop: Any, now: Any
    ) -> None:
        count_in(shop, "teapot", 3, now)
        for number in range(3):
            order = buy(shop.ben, "teapot", now, f"form-000{number}", address="x").redemption.id
            move(shop, order, "take")
            before = goods(shop, "teapot")[1], shop.balances(shop.ben).spent - 100
            done = ended([partial(move, shop, order, step) for step in ("cancel", "send") * 2])
            # The one that was second asked for what the first had done, and so was right as well.
            assert sorted(done) == ["moved_meanwhile"] * 2 + ["ok"] * 2
            with reading() as session:
                went = session.get_one(Redemption, order).state == "sent"
            after = goods(shop, "teapot"), shop.balances(shop.ben).spent
            assert after == ((0, before[0] + went, 0), before[1] + 100 * went)


class TestAudit:
    def wrong(self, **values: Any) -> list[str]:
        with writing() as session:
            session.execute(update(Redemption).values(**values))
            session.flush()
            found = auditing.audit(session)
            session.rollback()
        return found

    def test_it_names_what_does_not_agree(self, shop: Any, now: Any) -> None:
        buy(shop.ben, "tasting", now)
        states = ("ordered", "taken", "done", "cancelled")
        assert [len(self.wrong(state=state)) for state in states] == [0, 0, 2, 2]
        assert len(self.wrong(unit_id=None)) == 1
        assert len(self.wrong(item="teapot")) == 2
        assert len(self.wrong(member_id=shop.ada)) == 2


class TestPages:
    def order(self, client: Any, house: Any, now: Any) -> str:
        open_shelves(house, item("pot", value=3_000, currency="USD"))
        enrich(house, house.ben, 500, now)
        for number in range(3):
            buy(house.ben, "pot", now + timedelta(minutes=number), f"form-000{number}")
        with reading() as session:
            first, second, _third = session.scalars(select(Redemption.id).order_by(Redemption.id))
        move(house, first, "cancel")
        for step in ("take", "finish"):
            move(house, second, step)
        people.sign_in(client, house.ben)
        return second

    def test_a_statement_speaks_of_goods_in_three_languages(
        self, client: Any, house: Any, now: Any
    ) -> None:
        done = self.order(client, house, now)
        path = "/me/rewards/statement?commodity=good:pot"
        page = client.get(path).text
        for words in (
            "The pot (from the catalogue) today",
            "Ordered with your points",
            "Cancelled before you had it",
            "Handed over to you",
            f"/me/redemptions/{done}",
        ):
            assert words in page
        assert "to spend" not in page.partition("<main")[2]
        rows = table(client.get("/me/rewards/statement.csv?commodity=good:pot").text)
        assert Counter(row["what"] for row in rows) == {
            "granted_on_hold": 3,
            "taken_back_on_hold": 1,
            "released": 1,
            "spent": 1,
        }
        assert rows[0]["reason"] == "The pot"
        document = client.get("/me/rewards/statement.json?commodity=good:pot").get_json()
        assert (document["balances"]["pending"], document["balances"]["spent"]) == (1, 1)
        for language, words in (("zh_Hans", "用积分订购"), ("zh_Hant", "用點數訂購")):
            with use_language(language):
                assert statement_words.sentence("granted_on_hold", "good:pot", now) == words

    def test_the_redemption_leads_to_its_movements(self, client: Any, house: Any, now: Any) -> None:
        done = self.order(client, house, now)
        page = client.get(f"/me/redemptions/{done}").text
        assert 'href="/me/rewards/statement?commodity=good:pot"' in page

    def test_the_owner_sees_what_is_promised_and_its_worth(
        self, client: Any, house: Any, now: Any
    ) -> None:
        self.order(client, house, now)
        people.sign_in(client, house.olga)
        page = client.get("/book/outstanding?commodity=good:pot").text
        assert "not handed over yet" in page
        assert "$30.00" in page
        assert "never be claimed" not in page
        assert "Handed over to members" in client.get("/book").text
        journal = client.get("/book/journal.beancount").text
        assert "GOOD-POT" in journal
        assert loader.load_string(journal)[1] == []


def test_points_are_what_they_were(shop: Any, now: Any) -> None:
    """Goods are counted beside the points that bought them, never twice."""
    buy(shop.ben, "tasting", now)
    with reading() as session:
        rows = {(row.commodity, row.kind): row.balance for row in statements.trial_balance(session)}
    assert rows[POINTS, "redeemed"] == 150
    assert (rows["good:tasting", "issued"], rows["good:tasting", "pending"]) == (-1, 1)
