"""A perk given to one member is a unit in the book: in force, ended, taken back; each once."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.words import use_language
from ledger import expiring as sweep
from notifications.models import Notification
from rewards import expiring
from rewards.book import statement_words
from rewards.perks import auditing, granting
from rewards.perks.granting import PerkDraft
from rewards.perks.models import Entitlement
from rewards.perks.rules import PRIORITY_ANSWERS
from tests import people
from tests.rewards.conftest import HEARERS, House
from tests.rewards.test_perks import earned_by_answers
from tests.threads import ended

PERK = f"perk:{PRIORITY_ANSWERS}"


def give(house: House, now: datetime, ends_at: datetime | None = None) -> str:
    with writing() as session:
        draft = PerkDraft("@ben", PRIORITY_ANSWERS, "He answered half the club.", ends_at)
        return granting.grant(session, house.olga, draft, now).id


def revoke(house: House, given: str, now: datetime) -> None:
    with writing() as session:
        granting.revoke(session, house.olga, given, "It was meant for the spring.", now)


def numbers(house: House) -> tuple[int, int, int]:
    """In force, ended, taken back; nothing else is ever on such accounts."""
    found = house.balances(house.ben, PERK)
    assert (found.pending, found.spent, found.negative) == (0, 0, 0)
    return found.available, found.expired, found.clawed_back


def test_it_works(programme: House, now: datetime) -> None:
    given = give(programme, now)
    assert numbers(programme) == (1, 0, 0)
    sweep.run(now + timedelta(days=3_000))
    assert numbers(programme) == (1, 0, 0)  # until the owner takes it back
    revoke(programme, given, now + timedelta(days=3_000))
    assert numbers(programme) == (0, 0, 1)


def test_it_ends_with_its_day_and_nobody_is_told_of_points(programme: House, now: datetime) -> None:
    ends_at = now + timedelta(days=7)
    first, second = give(programme, now, ends_at), give(programme, now, ends_at)
    third = give(programme, now)
    expiring.tell_soon(now)
    revoke(programme, second, now + timedelta(days=1))  # that one, and no other of its day
    assert numbers(programme) == (2, 0, 1)
    sweep.run(ends_at)
    assert numbers(programme) == (1, 1, 1)
    revoke(programme, first, ends_at)  # it is over: there is nothing to take
    assert numbers(programme) == (1, 1, 1)
    revoke(programme, third, ends_at)
    assert numbers(programme) == (0, 1, 2)
    with reading() as session:
        kinds = session.scalars(select(Notification.kind)).all()
        assert "reward.expiring" not in kinds
        assert auditing.audit(session) == []


def test_the_sweep_may_come_before_the_owner(programme: House, now: datetime) -> None:
    """Her clock is a moment behind: what has expired is not taken from another perk."""
    ends_at = now + timedelta(days=7)
    given = give(programme, now, ends_at)
    give(programme, now)
    sweep.run(ends_at)
    revoke(programme, given, ends_at - timedelta(milliseconds=1))
    assert numbers(programme) == (1, 1, 0)


def test_taken_back_four_times_at_once_it_is_taken_once(programme: House, now: datetime) -> None:
    given = give(programme, now)
    done = ended([partial(revoke, programme, given, now)] * 4)
    assert sorted(done) == ["ok", "revoked", "revoked", "revoked"]
    assert numbers(programme) == (0, 0, 1)


def test_a_form_sent_four_times_at_once_gives_one(programme: House, now: datetime) -> None:
    def send(perk: str = PRIORITY_ANSWERS) -> None:
        with writing() as session:
            draft = PerkDraft("@ben", perk, "He helped.", None, "form-0001")
            granting.grant(session, programme.olga, draft, now)

    assert ended([send] * 4) == ["ok"] * 4
    assert numbers(programme) == (1, 0, 0)
    with pytest.raises(Refused, match="that stands"):
        send("early_delivery")


def test_a_rule_gives_one_for_each_fact(
    house: House, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HEARERS, "answer.accepted", (granting.hear,))
    house.publish(earned_by_answers())
    for day in (0, 5):
        at = now + timedelta(days=day)
        for subject in ("post:1", f"post:{day}"):  # the first one is told again, in vain
            house.happens("answer.accepted", house.ben, at, subject, topic="t")
    assert numbers(house) == (3, 0, 0)
    sweep.run(now + timedelta(days=10))
    assert numbers(house) == (1, 2, 0)


def test_what_a_tier_carries_is_not_in_the_book(programme: House, now: datetime) -> None:
    programme.pays(programme.ben, 40_000, now)
    assert numbers(programme) == (0, 0, 0)


def test_the_audit_names_what_does_not_agree(programme: House, now: datetime) -> None:
    give(programme, now, now + timedelta(days=7))

    def wrong(**values: Any) -> int:
        with writing() as session:
            session.execute(update(Entitlement).values(**values))
            found = len(auditing.audit(session))
            session.rollback()
        return found

    assert wrong(reason="Another one.") == 0
    assert wrong(transfer_id=None) == 2
    assert wrong(ends_at=None) == 3
    assert wrong(taken_back_id="x") == 2


def test_the_pages_speak_of_it(client: Any, programme: House, now: datetime) -> None:
    revoke(programme, give(programme, now), now)
    give(programme, now, now + timedelta(days=20_000))
    people.sign_in(client, programme.ben)
    assert f'href="/me/rewards/statement?commodity={PERK}"' in client.get("/me/perks").text
    page = client.get(f"/me/rewards/statement?commodity={PERK}").text
    for words in ("Priority answers (perk) today", "Given to you", "Taken back", "half the club"):
        assert words in page
    assert "to spend" not in page.partition("<main")[2]
    people.sign_in(client, programme.olga)
    page = client.get(f"/book/outstanding?commodity={PERK}").text
    assert "In force" in page
    assert "Worth" not in page
    assert "never be claimed" not in page
    assert "Priority answers (perk)" in client.get("/book").text
    for language, words in (("zh_Hans", "到期结束"), ("zh_Hant", "到期結束")):
        with use_language(language):
            assert statement_words.sentence("expired", PERK, None) == words
