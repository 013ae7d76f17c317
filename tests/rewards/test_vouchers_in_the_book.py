"""Vouchers in the book: a unit is a use, and rows and book agree whatever happens to a voucher.

The audit that ends every test holds each voucher against its credit (vouchers/auditing.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from beancount import loader
from click.testing import CliRunner
from hypothesis import HealthCheck
from hypothesis import settings as lived
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import create_engine, pool, select, text

import app as application
from foundation import quick, schema
from foundation.doors import database as opened_database
from foundation.doors import dialect, reading, writing
from foundation.refusal import Refused
from foundation.settings import Settings
from foundation.tables import new_id
from foundation.words import use_language
from ledger import beancount, expiring, movements, statements
from ledger.journal import Period
from notifications.models import Notification
from rewards import commands, notices
from rewards import expiring as telling
from rewards.book import amounts, liability, reckoning, statement, statement_words
from rewards.cards.rules import StampCard, WelcomeVoucher
from rewards.catalogue.models import VoucherUse
from rewards.first_programme import first_programme
from rewards.locking import lock_members
from rewards.models import Grant, Voucher
from rewards.vouchers import auditing, codes
from rewards.vouchers import giving as giving_away
from rewards.vouchers.codes import VoucherDraft
from rewards.vouchers.giving import Gift
from tests import people
from tests.conftest import NOW
from tests.rewards.conftest import House
from tests.rewards.shelves import buy, enrich, open_shelves
from tests.rewards.test_voucher_rules import PRESENT, giving
from tests.statements import sent
from tests.threads import ended

EXAMPLES, STEPS = (2_000, 40) if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else (12, 25)
DAY = timedelta(days=1)
WITH_CARD_AND_WELCOME: dict[str, Any] = {
    "cards": (
        StampCard(
            key="two", name={"en": "A card"}, orders=2, days=9, points=None, voucher="voucher-5"
        ),
    ),
    "welcome": (WelcomeVoucher(key="hello", name={"en": "Welcome"}, voucher="voucher-5"),),
}
#: Left, used, expired, taken back.
Uses = tuple[int, int, int, int]


def issue(house: Any, at: datetime = NOW, **more: Any) -> Voucher:
    """Ben's voucher."""
    values: dict[str, Any] = {
        "key": new_id(at),
        "about": "test",
        "item": "tea",
        "version": 1,
        "cost": 100,
    }
    values |= {"value": 500, "currency": "USD", "member_id": house.ben} | more
    with writing() as session:
        lock_members(session, [values["member_id"]])
        return codes.issue(session, VoucherDraft(**values), at)


def use(voucher: Voucher, order: str, at: datetime) -> VoucherUse:
    with writing() as session:
        return codes.use(session, session.get_one(Voucher, voucher.id), order, None, at)


def give_back(voucher: Voucher, order: str, at: datetime) -> VoucherUse:
    with writing() as session:
        return codes.give_back(session, codes.taken_off(session, voucher.code, order), order, at)


def revoke(voucher: Voucher, at: datetime) -> bool:
    with writing() as session:
        lock_members(session, [voucher.member_id])
        return codes.revoke(session, voucher.id, at)


def booked(member_id: str, item: str = "tea") -> Uses:
    with reading() as session:
        found = statements.balances(session, member_id, f"voucher:{item}")
    assert (found.pending, found.negative) == (0, 0)
    return found.available, found.spent, found.expired, found.clawed_back


def audit() -> None:
    with reading() as session:
        assert auditing.audit(session) == []


@pytest.mark.parametrize("days", [None, 30])
@pytest.mark.parametrize(("uses", "bearer"), [(1, False), (3, True)])
def test_it_works(house: Any, now: Any, uses: int, bearer: bool, days: int | None) -> None:
    until = now + days * DAY if days else None
    voucher = issue(house, uses=uses, bearer=bearer, expires_at=until)
    assert booked(house.ben) == (uses, 0, 0, 0)
    with reading() as session:
        credit = next(movements.whole(session, house.ben, "voucher:tea"))
        expected = [(until, uses)] if until else []
        lots = statements.expiring(session, house.ben, "voucher:tea")
    assert [(each.expires_at, each.amount) for each in lots] == expected
    assert (credit.transfer, credit.about) == (voucher.transfer_id, "test")
    used = use(voucher, "1001", now)
    assert use(voucher, "1001", now).transfer_id == used.transfer_id
    assert booked(house.ben) == (uses - 1, 1, 0, 0)
    for _ in range(2):
        give_back(voucher, "1001", now + DAY)
    assert booked(house.ben) == (uses, 0, 0, 0)
    assert (revoke(voucher, now + DAY), revoke(voucher, now + DAY)) == (True, False)
    assert booked(house.ben) == (0, 0, 0, uses)
    with pytest.raises(Refused, match="given back"):
        use(voucher, "1002", now + DAY)


def test_the_same_key_issues_once(house: Any, now: Any) -> None:
    first = issue(house, key="k", uses=2)
    assert issue(house, key="k", uses=2, at=now + DAY).id == first.id
    assert booked(house.ben) == (2, 0, 0, 0)


def test_a_use_takes_of_its_own_voucher_not_of_what_expires_first(house: Any, now: Any) -> None:
    vouchers = [issue(house, expires_at=now + days * DAY) for days in (5, 9)]
    undated = issue(house, uses=2)
    use(vouchers[1], "1", now)
    use(undated, "2", now)
    with reading() as session:
        lots = statements.expiring(session, house.ben, "voucher:tea")
    assert [(each.expires_at, each.amount) for each in lots] == [(now + 5 * DAY, 1)]
    assert booked(house.ben) == (2, 2, 0, 0)
    assert revoke(vouchers[0], now)
    assert booked(house.ben) == (1, 2, 0, 1)


class TestExpiry:
    def test_the_sweep_takes_what_is_left_and_later_what_comes_back(
        self, house: Any, now: Any
    ) -> None:
        voucher, end = issue(house, uses=3, expires_at=now + DAY), now + DAY
        use(voucher, "1", now)
        expiring.expire(end)
        assert booked(house.ben) == (0, 1, 2, 0)
        back = give_back(voucher, "1", end + DAY)
        assert back.released_at == end + DAY
        assert booked(house.ben) == (1, 0, 2, 0)
        audit()
        expiring.expire(end + DAY)
        assert booked(house.ben) == (0, 0, 3, 0)
        assert voucher.state(end + DAY) == "expired"

    def test_an_expired_voucher_is_not_taken_back(self, house: Any, now: Any) -> None:
        voucher = issue(house, expires_at=now + DAY)
        assert not revoke(voucher, now + DAY)
        expiring.expire(now + DAY)
        assert not revoke(voucher, now + 2 * DAY)
        assert booked(house.ben) == (0, 0, 1, 0)

    def test_a_till_whose_clock_is_behind_the_sweep_takes_nobody_elses(
        self, house: Any, now: Any
    ) -> None:
        late, good = issue(house, expires_at=now + DAY), issue(house)
        expiring.expire(now + DAY)
        with pytest.raises(Refused) as refused:
            use(late, "1", now)
        assert refused.value.code == "voucher_expired"
        assert not revoke(late, now)
        assert booked(house.ben) == (1, 0, 1, 0)
        use(good, "1", now)

    def test_nobody_is_told_of_vouchers_in_the_words_of_points(self, house: Any, now: Any) -> None:
        issue(house, expires_at=now + 3 * DAY)
        enrich(house, house.ada, 10, now)
        telling.tell_soon(now)
        with reading() as session:
            assert session.scalars(select(Notification.kind)).all() == []


lives = count()


class Life(RuleBasedStateMachine):
    """What vouchers of two members go through, and what must then be left of them."""

    house: Any

    def __init__(self) -> None:
        super().__init__()
        self.item, self.clock = f"tea-{next(lives)}", NOW
        self.orders = count(1)
        self.vouchers: list[Voucher] = []
        self.used: list[tuple[Voucher, str]] = []  # that stand
        self.revoked = set[str]()
        self.swept = NOW - DAY

    @rule(
        who=st.sampled_from(["ada", "ben"]),
        uses=st.sampled_from([1, 1, 3]),
        days=st.sampled_from([None, None, 1, 2, 5]),
    )
    def issue(self, who: str, uses: int, days: int | None) -> None:
        until = self.clock + days * DAY if days else None
        more = {"member_id": getattr(self.house, who), "item": self.item, "bearer": uses > 1}
        made = issue(self.house, self.clock, uses=uses, expires_at=until, **more)
        self.vouchers.append(made)

    def left(self, voucher: Voucher) -> int:
        if voucher.id in self.revoked:
            return 0
        return voucher.uses - sum(each.id == voucher.id for each, _order in self.used)

    def is_over(self, voucher: Voucher) -> bool:
        return voucher.expires_at is not None and voucher.expires_at <= self.clock

    @precondition(lambda self: self.vouchers)
    @rule(data=st.data())
    def use(self, data: Any) -> None:
        voucher, order = data.draw(st.sampled_from(self.vouchers)), str(next(self.orders))
        if self.left(voucher) and not self.is_over(voucher):
            use(voucher, order, self.clock)
            self.used.append((voucher, order))
        else:
            with pytest.raises(Refused):
                use(voucher, order, self.clock)

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def release(self, data: Any) -> None:
        number = data.draw(st.integers(0, len(self.used) - 1))
        give_back(*self.used.pop(number), self.clock)

    @precondition(lambda self: self.vouchers)
    @rule(data=st.data())
    def revoke(self, data: Any) -> None:
        voucher = data.draw(st.sampled_from(self.vouchers))
        is_whole = self.left(voucher) == voucher.uses and not self.is_over(voucher)
        assert revoke(voucher, self.clock) == is_whole
        if is_whole:
            self.revoked.add(voucher.id)

    @rule(hours=st.sampled_from([1, 12, 24, 48]))
    def wait(self, hours: int) -> None:
        self.clock += timedelta(hours=hours)

    @rule()
    def sweep(self) -> None:
        expiring.expire(self.clock)
        for who in (self.house.ada, self.house.ben):
            hers = [each for each in self.vouchers if each.member_id == who]
            good = sum(self.left(each) for each in hers if not self.is_over(each))
            assert booked(who, self.item)[0] == good

    @invariant()
    def rows_and_book_agree(self) -> None:
        audit()
        for who in (self.house.ada, self.house.ben):
            hers = [each for each in self.vouchers if each.member_id == who]
            left, spent, expired, taken_back = booked(who, self.item)
            assert left + expired == sum(map(self.left, hers))
            assert spent == sum(each.member_id == who for each, _order in self.used)
            assert taken_back == sum(each.uses for each in hers if each.id in self.revoked)


def test_any_life_of_vouchers_leaves_rows_and_book_in_agreement(house: House) -> None:
    life = type("Life", (Life,), {"house": house})
    run_state_machine_as_test(
        life,
        settings=lived(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class TestPages:
    @pytest.fixture
    def shown(self, house: Any, now: Any) -> Any:
        """Ben bought a voucher of three uses and used it twice; one order fell through."""
        open_shelves(house)
        enrich(house, house.ben, 100, now)
        bought = buy(house.ben, "ten", now).voucher
        assert bought is not None
        use(bought, "1001", now + DAY)
        use(bought, "1002", now + 2 * DAY)
        give_back(bought, "1002", now + 3 * DAY)
        return house

    def test_the_statement_speaks_of_uses_and_leads_to_their_reasons(
        self, shown: Any, client: Any
    ) -> None:
        people.sign_in(client, shown.ben)
        page = client.get("/me/rewards").text
        assert "/me/rewards/statement?commodity=voucher:ten" in page
        page = client.get("/me/rewards/statement?commodity=voucher:ten").text
        said = ("Given to you as a voucher", "Used for an order", "the order fell through")
        assert [each for each in said if each not in page] == []
        with reading() as session:
            code, about = session.execute(select(Voucher.code, Voucher.about)).one()
        for each in ("The ten", "Uses left", "Order 1001", code, about.replace(":", "s/")):
            assert each in page
        assert "On hold" not in page
        rows = client.get("/me/rewards/statement.csv?commodity=voucher:ten").text.splitlines()
        assert len(rows) == 5
        found = client.get("/me/rewards/statement.json?commodity=voucher:ten").json
        assert (found["balances"]["available"], found["balances"]["spent"]) == (2, 1)
        for language, words in (("zh_Hans", "剩余次数"), ("zh_Hant", "剩餘次數")):
            with use_language(language):
                assert words in statement_words.names("voucher:ten").values()

    def test_each_reason_has_its_name(self, house: Any, now: Any) -> None:
        house.publish(giving(PRESENT, **WITH_CARD_AND_WELCOME))
        house.happens("member.verified", house.ben, now)
        house.pays(house.ben, 4_000, now)
        house.pays(house.ben, 4_000, now + DAY)
        with reading() as session:
            moved = movements.whole(session, house.ben, "voucher:voucher-5")
            lines = statement.explained(session, list(moved), "voucher:voucher-5")
        reasons = [line.reason.name if line.reason else None for line in lines]
        assert sorted(set(map(str, reasons))) == ["A card", "A present", "Welcome"]

    def test_the_owner_sees_what_is_left_and_what_it_is_worth(
        self, shown: Any, client: Any, now: Any
    ) -> None:
        issue(shown, item="ten")
        counted = []
        for days in (4, 30):
            with reading() as session:
                reckoned = reckoning.count(session, now + days * DAY)
                counted.append(liability.read(session, reckoned, "voucher:ten"))
                name_of = amounts.naming(session, ["voucher:ten"])
        soon, late = counted
        assert (soon.outstanding, dict(soon.value)) == (3, {"USD": 1_500})
        assert dict(late.value) == {"USD": 500}  # though the sweep has not come by
        assert name_of("voucher:ten") == "The ten"
        people.sign_in(client, shown.olga)
        page = client.get("/book").text
        for each in ("The ten", "Uses that members have left", "Used by members"):
            assert each in page
        assert "$5.00" in client.get("/book/outstanding?commodity=voucher:ten").text

    def test_beancount_accepts_it(self, shown: Any, now: Any) -> None:
        with reading() as session:
            journal = "".join(beancount.text(session, Period(None, None), now + 5 * DAY))
        _entries, errors, _options = loader.load_string(journal)
        assert errors == []
        assert "VOUCHER-TEN" in journal


def test_the_command_says_where_rows_and_book_disagree(house: Any, now: Any) -> None:
    voucher = issue(house, uses=3)
    run = CliRunner()
    said = run.invoke(commands.audit)
    assert (said.exit_code, "Rows and book agree" in said.output) == (0, True)
    with writing() as session:
        session.get_one(Voucher, voucher.id).used = 1
    said = run.invoke(commands.audit)
    assert said.exit_code == 1
    assert f"vouchers: voucher {voucher.id}: used 1 times, on record 0" in said.output
    with writing() as session:
        session.get_one(Voucher, voucher.id).used = 0


def test_a_batch_of_gifts_costs_as_many_statements_as_one(house: Any, now: Any) -> None:
    item = first_programme().catalogue[0]

    def count_statements(many: int) -> int:
        gifts = [
            Gift(house.ben, f"{many}-{n}", "test", "rule", 1, item, now, said={"rule": {"en": "R"}})
            for n in range(many)
        ]
        with writing() as session:
            lock_members(session, [house.ben])
            with sent() as made:
                given = giving_away.give(session, gifts, notices.VOUCHER, now)
        assert len({each.transfer_id for each in given}) == many
        return len(made)

    first = count_statements(2)
    assert count_statements(40) <= first


def test_vouchers_of_before_are_carried_over_and_a_step_down_and_up_writes_nothing_twice(
    house: Any, now: Any, settings: Settings
) -> None:
    """Migration 2900 over vouchers in every state, that the book knows and that it does not."""
    house.publish(giving(PRESENT))
    house.pays(house.ben, 4_000, now)
    kept = [issue(house, uses=3, expires_at=now + DAY), issue(house), issue(house), issue(house)]
    use(kept[0], "1", now)
    use(kept[0], "2", now)
    give_back(kept[0], "2", now)
    revoke(kept[1], now)
    use(kept[2], "3", now)
    with reading() as session:
        before = session.scalars(select(Grant.transfer_id).where(Grant.rule == "present")).all()
    quick.close()
    opened_database().close()
    schema.downgrade(settings.url, "2950")
    write_as_before(settings.url, house.ada)
    schema.upgrade(settings.url)
    application.wire(settings)
    audit()
    with reading() as session:
        grants = session.scalars(select(Grant.transfer_id).where(Grant.rule == "present")).all()
    assert grants == before
    assert booked(house.ben) == (3, 2, 0, 1)
    assert booked(house.ben, "voucher-5") == (2, 0, 0, 0)
    assert booked(house.ada) == (5, 1, 0, 1)
    expiring.expire(now)
    assert booked(house.ada) == (2, 1, 3, 1)
    with reading() as session:
        known = session.scalars(select(Voucher).where(Voucher.code == "PENS")).one()
    use(known, "new", now)
    give_back(known, "used", now)
    assert booked(house.ada) == (2, 1, 3, 1)


def write_as_before(url: str, ada: str) -> None:
    """Ada's vouchers as they stood before they were in the book: open and used once, with a use
    that fell through; revoked; expired unused."""
    voucher = (
        "insert into voucher (id, member_id, request_key, about, code, item, version, cost, value,"
        " currency, uses, used, bearer, issued_at, expires_at, revoked_at) values (:code, :ada,"
        " :code, 'x', :code, 'tea', 1, 0, 500, 'USD', :uses, :used, false, :then, :until, :revoked)"
    )
    use_of = (
        "insert into voucher_use (id, voucher_id, reference, at, released_at)"
        " values (:order, 'PENS', :order, :then, :released)"
    )
    then, later = "2026-02-01 12:00:00.000000", "2026-02-02 12:00:00.000000"
    rows: list[dict[str, Any]] = [
        {"code": "PENS", "uses": 3, "used": 1, "until": None, "revoked": None},
        {"code": "DEAD", "uses": 1, "used": 0, "until": None, "revoked": later},
        {"code": "WANE", "uses": 3, "used": 0, "until": later, "revoked": None},
    ]
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as opened:
        opened.execute(text(voucher), [row | {"ada": ada, "then": then} for row in rows])
        uses: list[dict[str, Any]] = [
            {"order": "used", "released": None},
            {"order": "back", "released": later},
        ]
        opened.execute(text(use_of), [row | {"then": then} for row in uses])


class TestRaces:
    def test_tills_refunds_and_the_sweep_at_once_agree_and_never_deadlock(
        self, house: Any, now: Any
    ) -> None:
        """Two vouchers of one item, used and given back while an order is refunded."""
        if dialect() != "postgresql":
            pytest.skip("SQLite has one writer")
        house.publish(giving(PRESENT.model_copy(update={"cap_per_month": None})))
        order = house.pays(house.ben, 4_000, now)
        with reading() as session:
            mine = list(session.scalars(select(Voucher).order_by(Voucher.id)))
        many = issue(house, uses=3, item="voucher-5", expires_at=mine[0].expires_at, bearer=True)
        end = mine[0].expires_at
        assert end is not None
        acts: list[Callable[[], Any]] = [
            *(lambda each=each, n=n: use(each, str(n), end - DAY) for n, each in enumerate(mine)),
            *(lambda n=n: use(many, f"m{n}", end - DAY) for n in range(3)),
            lambda: give_back(many, "m0", end - DAY),
            lambda: house.refunds(order, house.ben, 4_000, 4_000, end - DAY),
            lambda: expiring.expire(end),
        ]
        assert set(ended(acts)) <= {"ok", "voucher_revoked", "voucher_expired", "unknown_use"}
        expiring.expire(end)
        audit()
