"""The way of a referral: lead, pending, released; refused, doubted, given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from foundation.doors import reading, writing
from foundation.refusal import Refused
from referral import codes, deciding, queries
from rewards import releasing as rewards_releasing
from tests import people


def balances(member_id: str) -> Any:
    from ledger import statements

    with reading() as session:
        return statements.balances(session, member_id, "points")


def test_a_friend_who_joins_is_a_lead(story: Any) -> None:
    fay = story.joins("Fay")
    assert story.state(fay) == "lead"
    (lead,) = story.heard("referral.lead")
    assert (lead.member_id, lead.details["friend"]) == (story.ada, fay)


def test_a_lead_begins_with_the_proof_of_the_address(story: Any) -> None:
    fay = story.joins("Fay", prove=False)
    assert story.state(fay) is None
    story.proves(fay, story.now + timedelta(days=40))
    assert story.state(fay) == "lead"


def test_an_order_before_the_proof_counts_once_it_is_there(story: Any) -> None:
    fay = story.joins("Fay", prove=False)
    story.buys(fay, at=story.now + timedelta(hours=1))
    story.proves(fay, story.now + timedelta(hours=2))
    assert story.state(fay) == "pending"


def test_the_first_order_makes_it_pending_until_the_return_period_is_over(story: Any) -> None:
    fay = story.joins("Fay")
    order = story.buys(fay)
    found = story.referral(fay)
    assert (found.state, found.order_id, found.total) == ("pending", order, 4_000)
    assert found.release_at == story.now + timedelta(days=14)
    (fact,) = story.heard("referral.purchased")
    assert fact.details == {
        "friend": fay,
        "order": order,
        "total": 4_000,
        "currency": "USD",
        "channel": "link",
        "products": {},
    }


def test_both_are_rewarded_after_the_return_period_and_not_before(story: Any) -> None:
    fay = story.joins("Fay")
    story.buys(fay)
    early, late = story.now + timedelta(days=13), story.now + timedelta(days=14)
    story.release(13)
    rewards_releasing.release_due(early)
    assert story.state(fay) == "pending"
    assert balances(story.ada).available == 0
    story.release(14)
    rewards_releasing.release_due(late)
    assert story.state(fay) == "released"
    assert balances(story.ada).available == 200
    assert balances(fay).available == 100 + 40
    assert len(story.heard("referral.qualified")) == 1


def test_only_the_first_order_counts(story: Any) -> None:
    fay = story.joins("Fay")
    first = story.buys(fay)
    story.buys(fay, at=story.now + timedelta(hours=1))
    assert story.referral(fay).order_id == first
    assert len(story.heard("referral.purchased")) == 1


def test_a_full_refund_before_the_release_ends_it(story: Any) -> None:
    fay = story.joins("Fay")
    order = story.buys(fay)
    story.gives_back(order, 4_000)
    assert story.state(fay) == "refunded"
    story.release(15)
    assert story.state(fay) == "refunded"
    assert balances(story.ada).pending == 0


def test_an_order_given_back_before_she_proved_her_address_rewards_nobody(story: Any) -> None:
    fay = story.joins("Fay", prove=False)
    order = story.buys(fay)
    story.gives_back(order, 4_000)
    story.proves(fay)
    assert story.state(fay) == "refunded"
    assert story.heard("referral.purchased") == []
    assert (balances(story.ada).pending, balances(fay).pending) == (0, 0)


def test_a_partial_refund_stays_and_is_shown(story: Any) -> None:
    fay = story.joins("Fay")
    order = story.buys(fay)
    story.gives_back(order, 1_000)
    found = story.referral(fay)
    assert (found.state, found.refunded_total) == ("pending", 1_000)
    with reading() as session:
        (row,) = queries.of_member(session, story.ada, None).rows
    assert "Part of the order was given back" in row.why


def test_a_refund_after_the_release_is_noted_and_clawed_back(story: Any) -> None:
    fay = story.joins("Fay")
    order = story.buys(fay)
    story.release(14)
    rewards_releasing.release_due(story.now + timedelta(days=14))
    story.gives_back(order, 2_000, story.now + timedelta(days=20))
    assert story.state(fay) == "released"
    assert story.referral(fay).refunded_total == 2_000
    assert balances(story.ada).available == 100
    with reading() as session:
        (row,) = queries.of_member(session, story.ada, None).rows
        assert queries.counts(session, story.ada).released == 1
    for amount in (1_500, 500):
        story.gives_back(order, amount, story.now + timedelta(days=21))
    with reading() as session:
        (row,) = queries.of_member(session, story.ada, None).rows
        assert queries.counts(session, story.ada).released == 0
    assert row.status.label == "Given back"
    assert "kept it" not in row.why
    assert "gave the whole order back" in row.why


def test_your_own_second_mailbox_is_refused(story: Any) -> None:
    friend = story.joins("Ada again", handle="ada2", email="ada+second@example.com")
    assert story.state(friend) == "refused"
    assert story.reason(friend) == "same_mailbox"
    (fact,) = story.heard("referral.refused")
    assert fact.details["reason"] == "same_mailbox"
    story.buys(friend)
    assert story.heard("referral.purchased") == []


def test_a_customer_of_before_is_no_new_friend(story: Any) -> None:
    with writing() as session:
        ben = people.ben(session).id
    story.buys(ben, at=story.now - timedelta(days=90))
    with writing() as session:
        from foundation import facts

        subject, cookie = f"member:{ben}", story.cookie()
        facts.record(session, "member.joined", ben, subject, story.now, referral_cookie=cookie)
    story.proves(ben)
    assert (story.state(ben), story.reason(ben)) == ("refused", "not_new")


def test_an_older_order_told_late_shows_that_she_is_no_new_friend(story: Any) -> None:
    fay = story.joins("Fay")
    story.buys(fay, at=story.now - timedelta(days=200), told=story.now + timedelta(days=1))
    assert (story.state(fay), story.reason(fay)) == ("refused", "not_new")


def test_nobody_is_her_own_friend(story: Any) -> None:
    with writing() as session:
        from foundation import facts

        subject, cookie = f"member:{story.ada}", story.cookie()
        joined = (session, "member.joined", story.ada, subject, story.now)
        facts.record(*joined, referral_cookie=cookie)
    story.proves(story.ada)
    assert story.state(story.ada) is None


def test_a_loop_is_refused(story: Any) -> None:
    fay = story.joins("Fay")
    with writing() as session:
        code = codes.ensure(session, fay, story.now)
        assert code is not None
        from foundation import facts

        subject, cookie = f"member:{story.ada}", story.cookie(code=code.code)
        joined = (session, "member.joined", story.ada, subject, story.now)
        facts.record(*joined, referral_cookie=cookie)
    story.proves(story.ada)
    assert (story.state(story.ada), story.reason(story.ada)) == ("refused", "loop")


def test_a_cookie_older_than_the_window_brings_nobody(story: Any) -> None:
    fay = story.joins("Fay", story.cookie(story.now - timedelta(days=31)))
    assert story.state(fay) is None


def test_a_link_ended_after_the_click_still_counts(story: Any) -> None:
    cookie = story.cookie()
    with writing() as session:
        codes.revoke(session, story.ada, story.now)
    assert story.state(story.joins("Fay", cookie)) == "lead"


def test_a_shared_place_waits_for_a_person(story: Any) -> None:
    fay = story.joins("Fay")
    story.signs_in(story.ada, "8.8.8.8")
    story.signs_in(fay, "8.8.8.8")
    story.buys(fay)
    assert (story.state(fay), story.reason(fay)) == ("doubted", "same_device")
    story.release(60)  # silence is no consent
    assert story.state(fay) == "doubted"
    assert story.heard("referral.purchased") == []
    assert balances(story.ada).pending == 0


def test_approved_it_goes_on_as_of_the_day_of_the_purchase(story: Any) -> None:
    fay = story.joins("Fay")
    story.signs_in(story.ada, "8.8.8.8")
    story.signs_in(fay, "8.8.8.8", "Safari")
    story.buys(fay)
    late = story.now + timedelta(days=20)
    with writing() as session:
        deciding.approve(session, story.referral(fay).id, story.olga, late)
    assert story.state(fay) == "pending"
    story.release(20)
    rewards_releasing.release_due(late)
    assert story.state(fay) == "released"
    assert balances(story.ada).available == 200


def test_what_went_back_before_somebody_approved_it_is_not_rewarded(story: Any) -> None:
    fay = story.joins("Fay")
    story.signs_in(story.ada, "8.8.8.8")
    story.signs_in(fay, "8.8.8.8")
    order = story.buys(fay, 4_000)
    story.gives_back(order, 2_000)
    with writing() as session:
        deciding.approve(session, story.referral(fay).id, story.olga, story.now)
    assert story.state(fay) == "pending"
    assert balances(story.ada).pending == 100


def test_refused_by_a_person_it_says_why(story: Any) -> None:
    fay = story.joins("Fay")
    story.signs_in(story.ada, "8.8.8.8")
    story.signs_in(fay, "8.8.8.8")
    story.buys(fay)
    with writing() as session:
        deciding.refuse(session, story.referral(fay).id, "same_person", story.olga, story.now)
    assert (story.state(fay), story.reason(fay)) == ("refused", "same_person")
    with writing() as session, pytest.raises(Refused, match="decided already"):
        deciding.approve(session, story.referral(fay).id, story.olga, story.now)


def test_nobody_decides_about_her_own_referral(story: Any) -> None:
    fay = story.joins("Fay")
    story.signs_in(story.ada, "8.8.8.8")
    story.signs_in(fay, "8.8.8.8")
    story.buys(fay)
    with writing() as session, pytest.raises(Refused, match="Somebody else"):
        deciding.approve(session, story.referral(fay).id, story.ada, story.now)


def test_codes_say_whose_they_are_and_cannot_be_guessed(story: Any) -> None:
    assert story.code.startswith("ada-")
    assert len(story.code.removeprefix("ada-")) == 8
    with writing() as session:
        renewed = codes.renew(session, story.ada, story.now)
    assert renewed.code != story.code


def test_an_ended_link_is_not_made_anew_by_itself(story: Any) -> None:
    with writing() as session:
        codes.revoke(session, story.ada, story.now)
        assert codes.ensure(session, story.ada, story.now) is None


def test_the_name_friends_see_survives_a_new_link(story: Any) -> None:
    with writing() as session:
        codes.show_as(session, story.ada, "  Ada   from next door ")
        assert codes.renew(session, story.ada, story.now).shown_as == "Ada from next door"
    with writing() as session, pytest.raises(Refused):
        codes.show_as(session, story.ada, "x" * 61)
