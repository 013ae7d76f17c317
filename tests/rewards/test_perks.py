"""Perks: what a tier carries, what a rule or an owner gives, and what other rooms make of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from community import clubs, posting, queries
from community.models import Topic
from foundation import facts
from foundation.doors import reading, writing
from foundation.refusal import Refused
from members.models import Member
from notifications.models import Notification
from rewards import drafting, publishing
from rewards import programme as programmes
from rewards.first_programme import first_programme
from rewards.perks import entitlements
from rewards.perks import granting as perk_granting
from rewards.perks.granting import PerkDraft
from rewards.perks.rules import EARLY_DELIVERY, PRIORITY_ANSWERS, Perk, answer_hours
from rewards.rules import objections
from shop import buying, ordering
from shop.ordering import OrderDraft
from tests import people
from tests.rewards.conftest import HEARERS, House


def has(member_id: str, key: str, at: datetime) -> bool:
    with reading() as session:
        return entitlements.has(session, member_id, key, at)


def rise(house: House, now: datetime, points: int = 400) -> None:
    """Ada earns `points` of standing with one order."""
    house.pays(house.ada, points * 100, now)


def give(house: House, now: datetime, ends_at: datetime | None = None) -> str:
    with writing() as session:
        draft = PerkDraft("@Ben", PRIORITY_ANSWERS, "He answered half the club.", ends_at)
        return perk_granting.grant(session, house.olga, draft, now).id


def told(kind: str) -> list[str]:
    with reading() as session:
        rows = select(Notification.member_id).where(Notification.kind == kind)
        return list(session.scalars(rows))


def open_club(now: datetime) -> str:
    with writing() as session:
        draft = clubs.ClubDraft("tea", {"en": "Tea"}, {"en": "Leaves."}, promise_hours=8)
        return clubs.open_club(session, draft, now)


def ask(member: Any, club_id: str, title: str, now: datetime) -> Topic:
    facts.listen({})
    with writing() as session:
        draft = posting.TopicDraft(club_id, "question", title, "What do you think of it?")
        return posting.start_topic(session, member, draft, now)


def earned_by_answers(days: int = 10) -> Any:
    rules = first_programme()
    perk = rules.perks[0].model_copy(
        update={"earned_for": "answer.accepted", "earned_days": days, "tiers": ()}
    )
    return rules.model_copy(update={"perks": (perk,)})


class TestEntitlements:
    def test_a_tier_carries_its_perks(self, programme: House, now: datetime) -> None:
        assert not has(programme.ada, PRIORITY_ANSWERS, now)
        rise(programme, now)
        later = now + timedelta(minutes=1)
        assert has(programme.ada, PRIORITY_ANSWERS, later)
        assert not has(programme.ben, PRIORITY_ANSWERS, later)

    def test_it_goes_with_the_tier(self, programme: House, now: datetime) -> None:
        rise(programme, now)
        assert not has(programme.ada, PRIORITY_ANSWERS, now + timedelta(days=800))

    def test_it_says_where_it_comes_from(self, programme: House, now: datetime) -> None:
        rise(programme, now)
        given = give(programme, now)
        later = now + timedelta(minutes=1)
        with reading() as session:
            hers = entitlements.held(session, programme.ada, PRIORITY_ANSWERS, later)
            his = entitlements.held(session, programme.ben, PRIORITY_ANSWERS, later)
        assert hers is not None
        assert his is not None
        assert (hers.source, his.source) == ("tier:advocate", f"grant:{given}")

    def test_nobody_has_anything_before_there_is_a_programme(self, house: House, now: Any) -> None:
        assert not has(house.ada, PRIORITY_ANSWERS, now)

    def test_an_owner_gives_one_for_a_while(self, programme: House, now: datetime) -> None:
        give(programme, now, now + timedelta(days=7))
        assert has(programme.ben, PRIORITY_ANSWERS, now + timedelta(days=6))
        assert not has(programme.ben, PRIORITY_ANSWERS, now + timedelta(days=7))
        assert told("perk.granted") == [programme.ben]

    def test_a_form_that_gave_something_gives_nothing_else(
        self, programme: House, now: datetime
    ) -> None:
        given = PerkDraft("ben", PRIORITY_ANSWERS, "For help.", now + timedelta(days=7), "form-1")
        for _press in range(2):
            with writing() as session:
                perk_granting.grant(session, programme.olga, given, now)
        for change in ({"reason": "For tea."}, {"ends_at": None}):
            other = replace(given, **change)
            with pytest.raises(Refused, match="that stands") as refused, writing() as session:
                perk_granting.grant(session, programme.olga, other, now)
            assert refused.value.code == "idempotency_conflict"
        assert told("perk.granted") == [programme.ben]

    def test_and_takes_it_back_at_once_with_a_reason(self, programme: House, now: datetime) -> None:
        given = give(programme, now)
        with writing() as session:
            perk_granting.revoke(session, programme.olga, given, "A mistake.", now)
        assert not has(programme.ben, PRIORITY_ANSWERS, now)
        assert told("perk.revoked") == [programme.ben]
        with pytest.raises(Refused, match="taken back already"), writing() as session:
            perk_granting.revoke(session, programme.olga, given, "Again.", now)

    @pytest.mark.parametrize(
        ("draft", "field"),
        [
            (PerkDraft("nobody", PRIORITY_ANSWERS, "Why not"), "handle"),
            (PerkDraft("ben", "free_tea", "Why not"), "perk"),
            (PerkDraft("ben", PRIORITY_ANSWERS, "  "), "reason"),
            (PerkDraft("ben", PRIORITY_ANSWERS, "x" * 501), "reason"),
            (
                PerkDraft("ben", PRIORITY_ANSWERS, "Late", datetime(2020, 1, 1, tzinfo=UTC)),
                "ends_on",
            ),
        ],
    )
    def test_what_cannot_be_given_says_so(
        self, programme: House, now: datetime, draft: PerkDraft, field: str
    ) -> None:
        with pytest.raises(Refused) as refused, writing() as session:
            perk_granting.grant(session, programme.olga, draft, now)
        assert refused.value.field == field


class TestRules:
    def test_an_accepted_answer_earns_it_for_days(self, house: House, now: datetime) -> None:
        house.publish(earned_by_answers())
        house.happens("answer.accepted", house.ben, now, topic="t")
        assert has(house.ben, PRIORITY_ANSWERS, now + timedelta(days=9))
        assert not has(house.ben, PRIORITY_ANSWERS, now + timedelta(days=10))

    def test_earning_it_again_prolongs_it_and_is_told_once(
        self, house: House, now: datetime
    ) -> None:
        house.publish(earned_by_answers())
        for day in (0, 5):
            house.happens("answer.accepted", house.ben, now + timedelta(days=day), topic="t")
        assert has(house.ben, PRIORITY_ANSWERS, now + timedelta(days=14))
        assert told("perk.granted") == [house.ben]

    def test_what_happened_long_ago_gives_nothing(self, house: House, now: datetime) -> None:
        house.publish(earned_by_answers())
        house.happens("answer.accepted", house.ben, now, heard=now + timedelta(days=30), topic="t")
        assert told("perk.granted") == []

    def test_of_two_accounts_with_one_mailbox_the_first_has_it(
        self, client: Any, house: House, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(HEARERS, "member.verified", (perk_granting.hear,))
        (perk,) = earned_by_answers().perks
        confirmed = perk.model_copy(update={"earned_for": "member.verified", "earned_days": 365})
        house.publish(first_programme().model_copy(update={"perks": (confirmed,)}))
        house.happens("member.verified", house.ada, now)
        house.happens("member.same_mailbox", house.ben, now, first=house.ada)
        house.happens("member.verified", house.ben, now, same_mailbox=True)
        assert has(house.ada, PRIORITY_ANSWERS, now)
        assert not has(house.ben, PRIORITY_ANSWERS, now)
        people.sign_in(client, house.ben)
        assert "Another account of your mailbox was confirmed" in client.get("/me/perks").text
        assert "only the first gets it" in client.get("/how-rewards-work").text

    @pytest.fixture(autouse=True)
    def _hear(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(HEARERS, "answer.accepted", (perk_granting.hear,))

    @pytest.mark.parametrize("fact", ["order.paid", "referral.purchased", "member.joined"])
    def test_no_order_and_no_referral_earns_one(self, fact: str) -> None:
        perk = Perk(key="tea", name={"en": "Tea"}, earned_for=fact)
        rules = first_programme().model_copy(update={"perks": (perk,)})
        assert [each.field for each in objections(rules)] == ["perks-0-earned_for"]

    def test_two_of_a_kind_or_a_tier_that_is_gone_are_refused(self) -> None:
        perk = Perk(key="tea", name={"en": "Tea"}, tiers=("nobility",))
        rules = first_programme().model_copy(update={"perks": (perk, perk)})
        fields = [each.field for each in objections(rules)]
        assert fields == ["perks-0-tiers", "perks-1-what", "perks-1-tiers"]

    def test_a_version_stored_before_perks_still_loads(self) -> None:
        document = first_programme().model_dump(mode="json")
        del document["perks"]
        assert programmes.read(document).perks == ()


class TestPriorityAnswers:
    def test_her_question_is_first_and_due_sooner(self, programme: House, now: datetime) -> None:
        give(programme, now)
        club_id = open_club(now)
        with reading() as session:
            ada = session.get_one(Member, programme.ada)
            ben = session.get_one(Member, programme.ben)
        first = ask(ada, club_id, "Asked first", now)
        second = ask(ben, club_id, "Asked later", now + timedelta(minutes=5))
        assert second.response_due_at is not None
        assert first.response_due_at is not None
        assert second.response_due_at < first.response_due_at
        assert (first.priority, second.priority is None) == (None, False)
        with reading() as session:
            assert [row.title for row in queries.open_promises(session)] == [
                "Asked later",
                "Asked first",
            ]

    def test_everybody_sees_why_and_the_staff_sees_it_first(
        self, client: Any, programme: House, now: datetime
    ) -> None:
        give(programme, now)
        club_id = open_club(now)
        with writing() as session:
            sam = people.sam(session)
            ben = session.get_one(Member, programme.ben)
        topic = ask(ben, club_id, "Which kettle", now)
        assert "a perk of the author" in client.get(f"/topics/{topic.id}").text
        assert "Priority" in client.get("/clubs/tea").text
        people.sign_in(client, sam)
        page = client.get("/promises").text
        assert "Which kettle" in page
        assert "Priority" in page

    @pytest.mark.parametrize(("percent", "hours"), [(100, 8), (50, 4), (10, 1), (33, 2)])
    def test_the_hours_are_a_part_of_the_promise(self, percent: int, hours: int) -> None:
        perk = Perk(key=PRIORITY_ANSWERS, name={"en": "x"}, answer_percent=percent)
        assert answer_hours(perk, 8) == hours


class TestEarlyDelivery:
    def test_what_an_ambassador_buys_is_promised_sooner(
        self, programme: House, now: datetime
    ) -> None:
        with reading() as session:
            usual = buying.promised_on(session, programme.ada, now)
        rise(programme, now, 1_200)
        with reading() as session:
            sooner = buying.promised_on(session, programme.ada, now + timedelta(minutes=1))
        assert (usual - sooner).days == 1

    def test_the_staff_see_which_order_to_pack_first(
        self, client: Any, house: House, now: datetime
    ) -> None:
        rules = first_programme()
        early = next(perk for perk in rules.perks if perk.key == EARLY_DELIVERY)
        house.publish(rules.model_copy(update={"perks": (early.model_copy(update={"tiers": ()}),)}))
        with writing() as session:
            draft = PerkDraft("ben", EARLY_DELIVERY, "For help.")
            perk_granting.grant(session, house.olga, draft, now)
            sam, orders = people.sam(session), {}
            for who in (house.ada, house.ben):
                draft = OrderDraft(f"n-{who}", who, 4_000, "USD", now)
                orders[who] = ordering.pay(session, ordering.place(session, draft, now).id, now).id
        people.sign_in(client, sam)
        assert client.get("/orders").text.count("Pack first") == 1
        assert "Pack first" in client.get(f"/orders/{orders[house.ben]}").text
        assert "Pack first" not in client.get(f"/orders/{orders[house.ada]}").text
        with writing() as session:
            ordering.ship(session, orders[house.ben], now)
        assert "Pack first" not in client.get("/orders").text
        with reading() as session:
            everybody = [house.ada, house.ben, house.olga]
            assert entitlements.who_has(session, everybody, EARLY_DELIVERY, now) == {house.ben}


class TestPages:
    def test_it_works(self, client: Any, programme: House, now: datetime) -> None:
        give(programme, now, now + timedelta(days=20_000))
        people.sign_in(client, programme.ben)
        page = client.get("/me/perks").text
        assert "Priority answers" in page
        assert "He answered half the club." in page
        assert "Early delivery" in page

    def test_the_public_page_explains_kinds_and_perks(self, client: Any, programme: Any) -> None:
        page = client.get("/how-rewards-work").text
        assert "Comes with: Advocate, Ambassador." in page
        assert "within 50% of the hours" in page
        assert "5. A seat at the table" in page
        chinese = client.get("/how-rewards-work", headers={"Accept-Language": "zh-TW"}).text
        assert "優先回覆" in chinese

    def test_an_owner_gives_and_takes_back_in_the_browser(
        self, client: Any, programme: House
    ) -> None:
        people.sign_in(client, programme.olga)
        given = people.submit(
            client,
            "/programme/perks",
            handle="ben",
            perk=PRIORITY_ANSWERS,
            reason="For help.",
            ends_on="2099-02-10",
        )
        assert given.status_code == 303
        page = client.get("/programme/perks").text
        assert "Feb 10, 2099" in page  # its last day
        path = re.search(r"/programme/perks/[0-9a-z]{26}", page)
        assert path
        assert people.submit(client, path.group(0), reason="Over.").status_code == 303
        assert "Taken back" in client.get("/programme/perks").text

    def test_a_refusal_comes_back_filled_in(self, client: Any, programme: House) -> None:
        people.sign_in(client, programme.olga)
        answer = people.submit(
            client, "/programme/perks", handle="nobody", perk=PRIORITY_ANSWERS, reason="For help."
        )
        assert answer.status_code == 422
        assert "Nobody here is called nobody." in answer.text
        assert "For help." in answer.text


class TestDraft:
    def start(self, client: Any, house: House, now: datetime) -> None:
        with writing() as session:
            drafting.start(session, house.olga, now)
        people.sign_in(client, house.olga)

    def send(self, client: Any, **typed: Any) -> Any:
        """The form with these rows only: its token and revision, not the rows of the page."""
        page = client.get("/programme/draft/perks").text
        hidden = {
            name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
            for name in ("csrf_token", "revision")
        }
        found = {name: match.group(1) for name, match in hidden.items() if match}
        return client.post("/programme/draft/perks", data={**found, **typed})

    def fields(self, **more: Any) -> dict[str, Any]:
        row = {
            "perks-0-key": "",
            "perks-0-name_en": "Tasting table",
            "perks-0-what": "own",
            "perks-0-tiers": ["ambassador"],
            "perks-0-earned_for": "",
            "perks-0-description_en": "A chair at every tasting.",
            "act": "save",
        }
        return row | more

    def test_a_perk_is_attached_to_a_tier_and_published(
        self, client: Any, programme: House, now: datetime
    ) -> None:
        self.start(client, programme, now)
        sent = self.send(client, **self.fields())
        assert sent.status_code == 303, sent.text
        with reading() as session:
            draft = drafting.needed(session)
        assert [(perk.key, perk.tiers) for perk in draft.rules.perks] == [
            ("tasting-table", ("ambassador",))
        ]
        page = client.get("/programme/draft/perks").text
        assert "The perk Early delivery is gone." in page
        assert "New perk Tasting table" in page
        with writing() as session:
            publishing.publish(session, programme.olga, draft, now)
        assert "A chair at every tasting." in client.get("/how-rewards-work").text

    def test_the_row_buttons_work(self, client: Any, programme: House, now: datetime) -> None:
        self.start(client, programme, now)
        more = self.send(client, **self.fields(act="add-perks"))
        assert "New perk" in more.text
        assert "A chair at every tasting." in more.text

    def test_two_of_a_kind_come_back_filled_in(
        self, client: Any, programme: House, now: datetime
    ) -> None:
        self.start(client, programme, now)
        twice = {
            name.replace("-0-", f"-{n}-"): value
            for n in (0, 1)
            for name, value in self.fields(**{"perks-0-what": PRIORITY_ANSWERS}).items()
        }
        answer = self.send(client, **twice)
        assert answer.status_code == 422
        assert "There are two perks of this kind." in answer.text
        assert "A chair at every tasting." in answer.text
