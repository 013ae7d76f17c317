"""Rules that give vouchers: at once, counted by caps, unused ones back with a refund, replayed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from foundation import words
from foundation.doors import reading, writing
from notifications import rendering
from notifications.models import Notification
from rewards import explaining, explaining_rules, replaying
from rewards import programme as programmes
from rewards.budgets.rules import Budget
from rewards.calculating import ME, Imagined, reckon
from rewards.first_programme import first_programme
from rewards.given import earned_for
from rewards.models import Grant, Voucher
from rewards.rules import EarningRule, Programme, objections
from rewards.vouchers import codes, expiring
from tests import people
from tests.conftest import NOW
from tests.rewards.conftest import PUBLISHED
from tests.rewards.test_programme_desk import fields, start

END = PUBLISHED + timedelta(days=180)
PRESENT = EarningRule(
    key="present",
    fact="order.paid",
    name={"en": "A present", "zh_Hans": "一份礼物"},
    commodity="voucher",
    voucher="voucher-5",
    amount=2,
    expires_after_days=30,
    cap_per_month=3,
)


def giving(*rules: EarningRule, **changes: Any) -> Programme:
    first = first_programme()
    return first.model_copy(update={"earning": (*first.earning, *rules), **changes})


def vouchers_of(member_id: str) -> list[Voucher]:
    with reading() as session:
        query = select(Voucher).where(Voucher.member_id == member_id).order_by(Voucher.id)
        return list(session.scalars(query))


def test_it_works(house: Any, now: Any) -> None:
    house.publish(giving(PRESENT))
    house.pays(house.ben, 4_000, now)
    house.pays(house.ben, 4_000, now + timedelta(hours=1))
    given = vouchers_of(house.ben)
    assert [(each.value, each.cost, each.item) for each in given] == [(500, 0, "voucher-5")] * 3
    assert [each.expires_at for each in given[:2]] == [now + timedelta(days=30)] * 2
    with reading() as session:
        told = session.scalars(
            select(Notification).where(Notification.kind == "voucher.earned")
        ).all()
        outcome = replaying.replay(session, giving(PRESENT), PUBLISHED, END)
    said = rendering.words_of(told[0].kind, told[0].params, name="Ben", site_name="Shop")
    assert said.subject == "A voucher for $5.00: A present"
    assert outcome.gifts == outcome.actual_gifts
    assert outcome.gifts["present"].times == 3
    assert outcome.gifts["present"].worth == {"USD": 1_500}
    assert "present" not in outcome.replayed


def test_a_refund_takes_back_its_share_of_those_not_used(house: Any, now: Any) -> None:
    house.publish(giving(PRESENT.model_copy(update={"cap_per_month": None})))
    half, whole = house.pays(house.ben, 4_000, now), house.pays(house.ada, 4_000, now)
    house.refunds(half, house.ben, 2_000, 4_000, now + timedelta(days=1))
    assert [each.state(now) for each in vouchers_of(house.ben)] == ["open", "revoked"]
    used = vouchers_of(house.ada)[0]
    with writing() as session:
        voucher = session.get_one(Voucher, used.id)
        codes.use(session, voucher, "2001", None, now + timedelta(hours=2), total=9_000)
    house.refunds(whole, house.ada, 4_000, 4_000, now + timedelta(days=1))
    assert [each.state(now) for each in vouchers_of(house.ada)] == ["used", "revoked"]
    with reading() as session:
        grants = session.scalars(select(Grant).where(Grant.rule == "present")).all()
        told = session.scalars(
            select(Notification).where(Notification.kind == "reward.clawed_back")
        ).all()
        outcome = replaying.replay(
            session, giving(PRESENT.model_copy(update={"cap_per_month": None})), PUBLISHED, END
        )
    assert sorted((each.member_id == house.ada, each.clawed) for each in grants) == [
        (False, 1),
        (True, 1),
    ]
    back = [each for each in told if each.params["commodity"] == "voucher"]
    said = rendering.words_of(back[0].kind, back[0].params, name="Ben", site_name="Shop")
    assert said.subject == "A voucher went back with a refund"
    assert outcome.gifts == outcome.actual_gifts
    assert outcome.costs == outcome.actual_costs


def test_a_review_says_that_it_brought_one(house: Any, now: Any) -> None:
    review = EarningRule(
        key="words",
        fact="review.published",
        name={"en": "R"},
        commodity="voucher",
        voucher="voucher-5",
        amount=1,
    )
    house.publish(giving(review))
    subject = house.happens("review.published", house.ada, now, product="x")
    with reading() as session:
        earned = earned_for(session, "review.published", [subject])[subject]
    assert explaining_rules.given_all(earned) == "20 points and 1 voucher"


def test_what_cannot_be_published_is_said_at_its_field() -> None:
    bad = giving(
        PRESENT.model_copy(update={"voucher": "gone"}),
        PRESENT.model_copy(
            update={
                "key": "b",
                "kind": "percent",
                "hold": "return_period",
                "tier_applies": True,
                "amount": 11,
            }
        ),
        budgets=(Budget(key="b", rule="present", limit=5),),
    )
    assert [each.field for each in objections(bad)] == [
        "earning-5-voucher",
        "earning-6-kind",
        "earning-6-hold",
        "earning-6-tier_applies",
        "earning-6-amount",
        "budgets-0-unit",
    ]


def test_it_is_explained_and_counted_by_the_calculator(client: Any, house: Any) -> None:
    rules = giving(PRESENT)
    house.publish(rules)
    said = explaining.rule(PRESENT, rules)
    assert said.sentence == "For every order you pay: 2 vouchers for $5.00 each."
    assert "At most 3 vouchers in a calendar month." in said.limits
    assert "Good for 30 days." in said.limits
    with words.use_language("zh_Hant"):
        assert "禮券" in explaining.rule(PRESENT, rules).sentence
    reckoned = reckon(rules, Imagined(orders=2, total=1_000), NOW)
    assert (reckoned.mine, reckoned.vouchers) == (20, {ME: 3})
    page = client.get("/how-rewards-work/calculator?orders=2&total=10").text
    assert "2 vouchers" in page
    assert "1 voucher not given" in page


def test_the_owner_chooses_it_and_the_member_reads_why(
    client: Any, programme: Any, now: Any
) -> None:
    values = start(client, programme) | {
        "earning-1-commodity": "voucher",
        "earning-1-voucher": "voucher-5",
        "earning-1-amount": "1",
        "earning-1-cap_per_month": "2",
    }
    bad = client.post("/programme/draft", data=values | {"earning-1-voucher": ""})
    assert "The catalogue has no such voucher any more." in bad.text
    answer = client.post("/programme/draft", data=values)
    assert answer.status_code == 303, answer.text
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    assert (draft.rules.earning[1].voucher, draft.rules.earning[1].cap_per_month) == (
        "voucher-5",
        2,
    )
    page = client.get("/programme/draft").text
    assert fields(page)["earning-1-voucher"] == "voucher-5"
    assert "Your review: a voucher for $5.00 instead of 20 points." in page


def test_her_page_leads_from_the_voucher_to_its_rule(client: Any, house: Any, now: Any) -> None:
    house.publish(giving(PRESENT))
    house.pays(house.ben, 4_000, now)
    people.sign_in(client, house.ben)
    with reading() as session:
        grant = session.scalars(select(Grant).where(Grant.rule == "present")).one()
    assert f'href="/me/rewards/{grant.id}"' in client.get("/me/rewards").text
    why = client.get(f"/me/rewards/{grant.id}").text
    assert "2 vouchers: A present" in why
    assert "2 vouchers for $5.00 each" in why


def test_what_expires_is_told_once_in_the_second_half_of_its_time(house: Any) -> None:
    """Not what was used up or revoked, and not the day after it came."""
    house.publish(giving(PRESENT))
    house.pays(house.ada, 5_000, PUBLISHED)
    used, kept = vouchers_of(house.ada)
    with writing() as session:
        codes.use(session, session.merge(used), "2001", None, PUBLISHED, total=9_000)
    house.pays(house.ben, 5_000, PUBLISHED + timedelta(days=20))
    gone = house.pays(house.fay, 5_000, PUBLISHED)
    house.refunds(gone, house.fay, 5_000, 5_000, PUBLISHED + timedelta(days=2))

    def told(at: datetime) -> set[tuple[str, str]]:
        expiring.tell_soon(at)
        with reading() as session:
            query = select(Notification).where(Notification.kind == "voucher.expiring")
            told = [(each.member_id, each.params["code"]) for each in session.scalars(query)]
        assert len(told) == len(set(told))
        return set(told)

    assert told(PUBLISHED + timedelta(days=15)) == set()
    assert told(PUBLISHED + timedelta(days=16)) == {(house.ada, kept.code)}
    assert told(PUBLISHED + timedelta(days=29)) == {(house.ada, kept.code)}
    bens = [(house.ben, each.code) for each in vouchers_of(house.ben)]
    assert told(PUBLISHED + timedelta(days=37)) == {(house.ada, kept.code), *bens}
    assert told(PUBLISHED + timedelta(days=60)) == {(house.ada, kept.code), *bens}
