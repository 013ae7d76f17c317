"""Advisor seats: by invitation only, on a published agreement; units vest, lapse and are settled in
the ledger, and no word promises anything."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from foundation import catalogues, clock, doors
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.settings import Settings
from ledger import statements
from notifications.models import Notification
from rewards.seats import agreements, inviting, leaving, unit_gate, vesting
from rewards.seats import answering as seats
from rewards.seats.answering import Acceptance
from rewards.seats.inviting import InvitationDraft, UnitsDraft
from rewards.seats.models import Seat, SeatInvitation, UnitGrant, UnitMove
from rewards.seats.vesting_rules import month_after, months_passed, next_step, vested
from tests import people
from tests.rewards.conftest import House
from tests.test_house import ROOMS
from tests.threads import at_once
from transparency import receipts, verifying

CLOSED = unit_gate.gate("", "", "")
OPEN = unit_gate.gate("Jane Roe, 2026-01-31", "*", "US")
START = datetime(2026, 3, 1, tzinfo=UTC)
SAID = Acceptance(1, "en", "Ada Lovelace", "DE", "192.0.2.7")


def publish(house: House, now: datetime, leaving_rule: Any = "settled") -> None:
    with writing() as session:
        body = {"en": "You **advise** us.", "zh_Hant": "你給我們建議。"}
        draft = agreements.draft(session)
        revision = draft.revision if draft else 0
        agreements.change(session, house.olga, body, leaving_rule, revision, now)
        agreements.publish(session, house.olga, revision + 1, now)


def invite(house: House, now: datetime, units: int | None = None, gate: Any = OPEN) -> str:
    with writing() as session:
        wanted = UnitsDraft(units, 12, 3, START) if units else None
        draft = InvitationDraft("@ada", "Your eye for oolong.", wanted)
        return inviting.invite(session, house.olga, draft, gate, now).id


def accept(house: House, invitation: str, now: datetime, said: Acceptance = SAID) -> str:
    with writing() as session:
        return seats.accept(session, house.ada, invitation, said, OPEN, now).id


def seated(house: House, now: datetime, units: int | None = None, rule: Any = "settled") -> str:
    publish(house, now, rule)
    return accept(house, invite(house, now, units), now)


def end(house: House, seat: str, now: datetime) -> None:
    with writing() as session:
        leaving.end(session, house.olga, seat, "She moves away.", now)


def units_of(house: House) -> tuple[int, int, int, int]:
    """Pending, available, spent and clawed back, as the ledger has them."""
    with reading() as session:
        has = statements.balances(session, house.ada, vesting.UNITS)
    return has.pending, has.available, has.spent, has.clawed_back


def only_grant() -> UnitGrant:
    with reading() as session:
        return session.scalars(select(UnitGrant)).one()


def moves() -> list[tuple[str, int, int]]:
    with reading() as session:
        rows = session.scalars(select(UnitMove).order_by(UnitMove.id))
        return [(row.kind, row.step, row.amount) for row in rows]


def told() -> list[str]:
    with reading() as session:
        rows = session.scalars(select(Notification).order_by(Notification.id))
        return [row.kind for row in rows if row.kind.startswith(("seat.", "units."))]


class TestInviting:
    def test_a_seat_comes_without_units_by_default(self, house: House, now: datetime) -> None:
        seated(house, now)
        with reading() as session:
            seat = session.scalars(select(Seat)).one()
            assert session.scalars(select(UnitGrant)).all() == []
        assert (seat.typed_name, seat.country, seat.address) == ("Ada Lovelace", "DE", "192.0.2.7")
        assert (seat.agreement, seat.language, seat.accepted_at) == (1, "en", now)
        assert told() == ["seat.invited"]

    def test_nobody_is_invited_before_there_is_an_agreement(self, house: House, now: Any) -> None:
        with pytest.raises(Refused, match="Publish the agreement first"):
            invite(house, now)

    def test_units_need_counsel(self, house: House, now: datetime) -> None:
        publish(house, now)
        with pytest.raises(Refused, match="BELLMOUTH_EQUITY_COUNSEL"):
            invite(house, now, 1_200, CLOSED)
        invite(house, now, None, CLOSED)

    def test_one_invitation_and_one_seat_at_a_time(self, house: House, now: datetime) -> None:
        publish(house, now)
        first = invite(house, now)
        with pytest.raises(Refused, match="invited already"):
            invite(house, now)
        accept(house, first, now)
        with pytest.raises(Refused, match="a seat already"):
            invite(house, now)

    def test_one_that_ran_out_makes_room(self, house: House, now: datetime) -> None:
        publish(house, now)
        first, later = invite(house, now), now + timedelta(days=31)
        with pytest.raises(Refused, match="has run out"):
            accept(house, first, later)
        invite(house, later)

    def test_it_can_be_withdrawn_and_declined(self, house: House, now: datetime) -> None:
        publish(house, now)
        first = invite(house, now)
        with writing() as session:
            inviting.withdraw(session, house.olga, first, "The table is full.", now)
        second = invite(house, now)
        with writing() as session:
            seats.decline(session, house.ada, second, now)
        for each in (first, second):
            with pytest.raises(Refused, match="no longer open"):
                accept(house, each, now)

    @pytest.mark.parametrize(
        ("units", "field"),
        [
            (UnitsDraft(0, 12, 3, START), "units"),
            (UnitsDraft(10**9 + 1, 12, 3, START), "units"),
            (UnitsDraft(100, 12, 3, datetime(9999, 12, 31, tzinfo=UTC)), "starts_on"),
            (UnitsDraft(10, 0, 0, START), "months"),
            (UnitsDraft(10, 121, 0, START), "months"),
            (UnitsDraft(10, 12, 13, START), "cliff_months"),
        ],
    )
    def test_odd_terms_are_refused(
        self, house: House, now: datetime, units: UnitsDraft, field: str
    ) -> None:
        publish(house, now)
        draft = InvitationDraft("ada", "Why not.", units)
        with pytest.raises(Refused) as refused, writing() as session:
            inviting.invite(session, house.olga, draft, OPEN, now)
        assert refused.value.field == field

    def test_no_rule_and_no_fact_leads_to_a_seat(self) -> None:
        """Only the owner's page calls `invite`, and only an answer to it grants units."""
        here = Path(__file__).parent.parent.parent
        callers = {
            path.relative_to(here).as_posix()
            for path in here.glob("*/**/*.py")
            if path.relative_to(here).parts[0] in (set(ROOMS) - {"demo"})
            and re.search(r"inviting\.invite\(|vesting\.grant\(", path.read_text())
        }
        assert callers == {"rewards/seats/views.py", "rewards/seats/answering.py"}


class TestAccepting:
    @pytest.mark.parametrize(
        ("said", "code"),
        [
            (replace(SAID, typed_name="  "), "name"),
            (replace(SAID, typed_name="x" * 121), "name"),
            (replace(SAID, country=""), "country"),
            (replace(SAID, country="ZZ"), "country"),
            (replace(SAID, agreement=7), "agreement"),
        ],
    )
    def test_what_is_missing_is_said(
        self, house: House, now: datetime, said: Acceptance, code: str
    ) -> None:
        publish(house, now)
        invitation = invite(house, now)
        with pytest.raises(Refused) as refused:
            accept(house, invitation, now, said)
        assert refused.value.code == code

    def test_nobody_accepts_for_her(self, house: House, now: datetime) -> None:
        publish(house, now)
        invitation = invite(house, now)
        with pytest.raises(Refused, match="no such invitation"), writing() as session:
            seats.accept(session, house.ben, invitation, SAID, OPEN, now)

    def test_a_country_without_units_still_has_the_seat(self, house: House, now: datetime) -> None:
        publish(house, now)
        invitation = invite(house, now, 1_200)
        with pytest.raises(Refused, match="without them"):
            accept(house, invitation, now, replace(SAID, country="US"))
        accept(house, invitation, now, replace(SAID, country="US", without_units=True))
        assert units_of(house) == (0, 0, 0, 0)

    def test_the_gate_is_asked_again(self, house: House, now: datetime) -> None:
        publish(house, now)
        invitation = invite(house, now, 1_200)
        with pytest.raises(Refused, match="at present") as refused, writing() as session:
            seats.accept(session, house.ada, invitation, SAID, CLOSED, now)
        assert (refused.value.field, refused.value.params) == ("without_units", {})  # no setting

    def test_months_gone_by_vest_when_she_accepts(self, house: House, now: datetime) -> None:
        later = month_after(START, 7)
        publish(house, later)
        accept(house, invite(house, later, 1_200), later)
        assert units_of(house) == (500, 700, 0, 0)
        assert only_grant().next_at == month_after(START, 8)

    def test_a_later_version_does_not_touch_her_seat(self, house: House, now: datetime) -> None:
        seated(house, now)
        publish(house, now + timedelta(days=1), "lapses")
        with reading() as session:
            assert session.scalars(select(Seat.agreement)).one() == 1
            latest = agreements.latest(session)
        assert latest is not None
        assert latest.number == 2

    def test_a_published_agreement_never_changes(self, house: House, now: datetime) -> None:
        publish(house, now)
        with pytest.raises(DBAPIError, match="append-only"), writing() as session:
            session.execute(text("update agreement_version set vested_when_leaving = 'lapses'"))


class TestGate:
    @pytest.mark.parametrize(
        ("counsel", "allowed", "blocked", "country", "lets_in"),
        [
            ("", "*", "", "DE", False),
            ("Jane Roe, 2026-01-31", "", "", "DE", False),
            ("Jane Roe, 2026-01-31", "DE, tw", "", "TW", True),
            ("Jane Roe, 2026-01-31", "DE", "", "TW", False),
            ("Jane Roe, 2026-01-31", "*", "CN,US", "US", False),
            ("Jane Roe, 2026-01-31", "DE", "DE", "DE", False),
        ],
    )
    def test_it_is_closed_unless_opened(
        self, counsel: str, allowed: str, blocked: str, country: str, lets_in: bool
    ) -> None:
        assert unit_gate.gate(counsel, allowed, blocked).lets_in(country) is lets_in

    def test_no_part_of_a_blocked_country_is_a_country_of_its_own(self) -> None:
        spanish = {"ES", "IC", "EA"}  # the last two are islands and towns of Spain
        assert {code for code, _name in unit_gate.countries("en")} & spanish == {"ES"}
        names = [name for _code, name in unit_gate.countries("en")]
        assert names.index("Åland Islands") < names.index("Albania")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("equity_counsel", "Jane Roe"),
            ("equity_counsel", ", 2026-01-31"),
            ("equity_counsel", "Jane Roe, soon"),
            ("equity_countries", "Germany"),
            ("equity_countries_blocked", "U5"),
        ],
    )
    def test_a_setting_that_says_nothing_is_refused(self, name: str, value: str) -> None:
        with pytest.raises(ValidationError):
            Settings(**{name: value})


class TestVestingRules:
    @given(
        units=st.integers(1, 10**9),
        months=st.integers(1, 120),
        cliff=st.integers(0, 120),
        stops=st.lists(st.integers(0, 150)),
    )
    def test_steps_add_up_whenever_the_job_runs(
        self, units: int, months: int, cliff: int, stops: list[int]
    ) -> None:
        cliff = min(cliff, months)
        given_so_far = 0
        for passed in [*sorted(stops), months]:
            due = vested(units, months, cliff, min(passed, months)) - given_so_far
            assert due >= 0
            given_so_far += due
            assert given_so_far == 0 or passed >= cliff
        assert given_so_far == units

    @given(
        start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
        months=st.integers(0, 200),
    )
    def test_months_are_counted_as_they_are_added(self, start: datetime, months: int) -> None:
        assert months_passed(start, month_after(start, months)) == months
        if months:
            just_before = month_after(start, months) - timedelta(microseconds=1)
            assert months_passed(start, just_before) == months - 1

    def test_the_last_day_of_a_month_stays_in_its_month(self) -> None:
        assert month_after(datetime(2026, 1, 31, tzinfo=UTC), 1).day == 28
        assert month_after(datetime(2028, 1, 31, tzinfo=UTC), 1).day == 29

    def test_the_next_step_is_the_cliff_first(self) -> None:
        assert [next_step(12, 3, passed) for passed in (0, 2, 3, 11, 12)] == [3, 3, 4, 12, None]
        assert next_step(12, 0, 0) == 1


class TestVesting:
    def test_units_are_pending_until_the_cliff(self, house: House, now: datetime) -> None:
        seated(house, now, 1_200)
        assert units_of(house) == (1_200, 0, 0, 0)
        assert vesting.vest_due(START + timedelta(days=80)) == "Steps of vesting booked: 0"
        assert vesting.vest_due(month_after(START, 3)) == "Steps of vesting booked: 1"
        assert units_of(house) == (900, 300, 0, 0)

    def test_a_month_at_a_time_and_never_twice(self, house: House, now: datetime) -> None:
        seated(house, now, 1_000)
        for month in range(1, 14):
            for _again in range(2):
                vesting.vest_due(month_after(START, month))
        assert units_of(house) == (0, 1_000, 0, 0)
        steps = moves()
        assert [step for _, step, _ in steps] == list(range(3, 13))
        assert sum(amount for *_, amount in steps) == 1_000
        assert only_grant().next_at is None
        assert told().count("units.vested") == 10

    def test_a_worker_that_slept_catches_up_in_one_step(self, house: House, now: Any) -> None:
        seated(house, now, 1_200)
        vesting.vest_due(month_after(START, 7))
        assert moves() == [("vested", 7, 700)]
        vesting.vest_due(month_after(START, 40))
        assert moves()[-1] == ("vested", 12, 500)

    def test_two_workers_post_it_once(self, house: House, now: datetime) -> None:
        if doors.dialect() != "postgresql":
            pytest.skip("SQLite has one writer")
        seated(house, now, 1_200)
        grant_id, at = only_grant().id, month_after(START, 5)

        def work() -> int:
            with writing() as session:
                return vesting.vest(session, grant_id, at)

        assert sorted(at_once([work] * 4)) == [0, 0, 0, 1]
        assert units_of(house) == (700, 500, 0, 0)

    def test_what_became_of_units_stays_on_record(self, house: House, now: datetime) -> None:
        seated(house, now, 1_200)
        vesting.vest_due(month_after(START, 3))
        for statement in ("delete from unit_move", "update unit_move set amount = 1"):
            with pytest.raises(DBAPIError, match="append-only"), writing() as session:
                session.execute(text(statement))


class TestLeaving:
    def test_what_has_not_vested_is_forfeited(self, house: House, now: datetime) -> None:
        seat = seated(house, now, 1_200)
        end(house, seat, month_after(START, 6))
        assert units_of(house) == (0, 600, 0, 0)
        assert {(kind, amount) for kind, _, amount in moves()} == {
            ("vested", 600),
            ("forfeited", 600),
        }
        vesting.vest_due(month_after(START, 12))
        assert units_of(house) == (0, 600, 0, 0)
        assert "seat.ended" in told()

    def test_before_the_cliff_all_of_it_is(self, house: House, now: datetime) -> None:
        end(house, seated(house, now, 1_200), month_after(START, 2))
        assert units_of(house) == (0, 0, 0, 0)
        assert moves() == [("forfeited", 1, 1_200)]

    def test_vested_units_lapse_where_her_agreement_says_so(self, house: House, now: Any) -> None:
        seat = seated(house, now, 1_200, "lapses")
        publish(house, now, "settled")  # a later version changes nothing for her
        end(house, seat, month_after(START, 6))
        assert units_of(house) == (0, 0, 0, 600)
        assert ("lapsed", 1, 600) in moves()

    def test_else_they_are_settled_in_parts(self, house: House, now: datetime) -> None:
        seat = seated(house, now, 1_200)
        at = month_after(START, 6)
        end(house, seat, at)
        grant_id = only_grant().id
        for amount in (400, 200):
            with writing() as session:
                vesting.settle(session, house.olga, grant_id, amount, "As agreed.", at)
        assert units_of(house) == (0, 0, 600, 0)
        with pytest.raises(Refused, match="0 vested units"), writing() as session:
            vesting.settle(session, house.olga, grant_id, 1, "Too much.", at)

    def test_asking_again_settles_once(self, house: House, now: datetime) -> None:
        seated(house, now, 1_200)
        at = month_after(START, 6)
        vesting.vest_due(at)
        grant_id = only_grant().id
        for _press in range(2):
            with writing() as session:
                vesting.settle(session, house.olga, grant_id, 100, "As agreed.", at, step=1)
        assert units_of(house)[2] == 100
        with pytest.raises(Refused, match="since you opened"), writing() as session:
            vesting.settle(session, house.olga, grant_id, 200, "As agreed.", at, step=1)

    def test_a_seat_ends_once(self, house: House, now: datetime) -> None:
        seat = seated(house, now)
        end(house, seat, now)
        with pytest.raises(Refused, match="ended already"):
            end(house, seat, now)
        invite(house, now)


class TestPages:
    @pytest.fixture
    def now(self) -> datetime:
        return clock.now()

    def test_it_works(self, client: Any, house: House, now: datetime) -> None:
        people.sign_in(client, house.olga)
        assert "First the agreement" in client.get("/seats").text
        kept = people.submit(client, "/seats/agreement", body_en="You *advise* us.")
        assert kept.status_code == 303
        page = client.get("/seats/agreement").text
        published = people.submit(
            client, "/seats/agreement", "/seats/agreement/publish", revision="1", sure="y"
        )
        assert published.status_code == 303, page
        assert "no counsel has approved them here" in client.get("/seats").text
        invited = people.submit(client, "/seats/invite", handle="ada", reason="Your eye.")
        assert invited.status_code == 303
        assert "Invited" in client.get("/seats").text

    def test_a_member_reads_and_accepts(self, client: Any, house: House, now: datetime) -> None:
        publish(house, now)
        path = f"/me/seats/{invite(house, now)}"
        people.sign_in(client, house.ada)
        page = client.get(path).text
        assert "<strong>advise</strong>" in page
        assert "Your eye for oolong." in client.get("/me/perks").text
        refused = people.submit(client, path, typed_name="", country="DE", read="y")
        assert refused.status_code == 422
        taken = people.submit(client, path, typed_name="Ada L.", country="DE", read="y")
        assert taken.status_code == 303
        assert "Accepted by Ada L." in client.get(path).text
        again = people.submit(
            client, path, typed_name="Ada L.", country="DE", read="y", agreement=1
        )
        assert again.status_code == 303
        other = people.submit(client, path, typed_name="Ada", country="DE", read="y", agreement=1)
        assert "no longer open" in other.text
        left = people.submit(client, path, f"{path}/leave", reason="No time.")
        assert left.status_code == 303
        assert "No time." in client.get(path).text

    def test_she_reads_when_units_vest_before_she_signs(
        self, client: Any, house: House, now: datetime
    ) -> None:
        publish(house, now)
        people.sign_in(client, house.ada)
        path = f"/me/seats/{invite(house, now, 120)}"
        page = client.get(path).text
        vesting_said = "In monthly steps over 12 months, counted from"
        assert 0 < page.index(vesting_said) < page.index('name="typed_name"')
        assert "Nothing before 3 months have passed." in page
        last = page.index(
            "Once you have declined, only a new invitation by Olga brings the seat back"
        )
        assert page.index("<summary>Decline …</summary>") < last < page.index(f"{path}/decline")
        people.submit(client, path, f"{path}/decline")
        declined = client.get(path).text
        assert "120 units" in declined
        assert "no economic side" not in declined

    def test_who_gives_a_seat_up_reads_what_lapses_and_a_blank_reason_is_none(
        self, client: Any, house: House, now: datetime
    ) -> None:
        seated(house, now, 1_200, "lapses")
        people.sign_in(client, house.ada)
        with reading() as session:
            path = f"/me/seats/{session.scalars(select(SeatInvitation.id)).one()}"
        assert "forfeited, and what has vested lapses." in client.get(path).text
        for reason in ("  ", "x" * 5_000):
            refused = people.submit(client, path, f"{path}/leave", reason=reason)
            assert refused.status_code == 422
            assert "Please look at this again" in refused.text
        assert "Seated" in client.get(path).text

    def test_the_language_kept_is_the_one_she_read(
        self, client: Any, house: House, now: datetime
    ) -> None:
        publish(house, now)  # in English and 繁體中文
        path = f"/me/seats/{invite(house, now)}"
        people.sign_in(client, house.ada)
        client.get("/language/zh_Hans")
        assert "<strong>advise</strong>" in client.get(path).text
        people.submit(client, path, typed_name="Ada L.", country="DE", read="y")
        with reading() as session:
            assert session.scalars(select(Seat.language)).one() == "en"

    def test_what_she_accepts_stands_in_the_public_log(
        self, client: Any, house: House, now: datetime
    ) -> None:
        publish(house, now)
        publish(house, now, "lapses")
        path = f"/me/seats/{invite(house, now)}"
        people.sign_in(client, house.ada)
        page = client.get(path).text
        [index] = set(re.findall(r"/transparency/leaves/(\d+)", page))
        receipt = client.get(f"/transparency/leaves/{index}/receipt.json").json
        assert receipt["leaf"]["subject"] == "agreement:2"
        assert receipt["leaf"]["commitment"] in page
        words = client.get(f"{path}/agreement.json").json
        assert receipts.holds(receipt, words)
        assert not receipts.holds(receipt, words | {"vested_when_leaving": "settled"})
        assert "advise" not in client.get(f"/transparency/leaves/{index}").text
        with reading() as session:
            seen = {"agreement.published": agreements.served}
            report = verifying.verify(session, witnesses=seen)
        assert (report.findings, report.served) == ([], 2)
        people.sign_in(client, house.ben)
        assert client.get(f"{path}/agreement.json").status_code == 404
        people.sign_in(client, house.olga)
        assert receipt["leaf"]["commitment"] in client.get("/agreements/2").text

    def test_nobody_sees_her_invitation(self, client: Any, house: House, now: datetime) -> None:
        publish(house, now)
        invitation = invite(house, now)
        people.sign_in(client, house.ben)
        assert client.get(f"/me/seats/{invitation}").status_code == 404
        assert people.submit(
            client, "/me/perks", f"/me/seats/{invitation}/decline", csrf_token=""
        ).status_code in (400, 404)
        assert client.get("/seats").status_code == 403

    def test_the_owner_settles_and_ends(self, client: Any, house: House, now: datetime) -> None:
        seat = seated(house, now, 1_200)
        vesting.vest_due(month_after(START, 6))
        with reading() as session:
            invitation = session.scalars(select(SeatInvitation.id)).one()
        people.sign_in(client, house.olga)
        path = f"/seats/invitations/{invitation}"
        assert "Ada Lovelace, DE" in client.get(path).text
        assert "1,200 units" in client.get(path).text
        asked = re.findall(r'<(?:input|textarea|select)[^>]* id="([^"]+)"', client.get(path).text)
        assert len(asked) == len(set(asked)), "each label leads to its own field"
        too_much = people.submit(client, path, f"/seats/{seat}/settle", amount=9_999, reason="x")
        assert too_much.status_code == 422
        settled = people.submit(client, path, f"/seats/{seat}/settle", amount=100, reason="Paid.")
        assert settled.status_code == 303
        ended = people.submit(client, path, f"/seats/{seat}/end", reason="The table is smaller.")
        assert ended.status_code == 303
        assert "The table is smaller." in client.get(path).text

    def test_in_chinese_too(self, client: Any, house: House, now: datetime) -> None:
        publish(house, now)
        path = f"/me/seats/{invite(house, now)}"
        people.sign_in(client, house.ada)
        client.set_cookie("language", "zh_Hant")
        page = client.get(path).text
        assert "你給我們建議。" in page


#: What no member may read here: it would make a promise of what is none.
FORBIDDEN = {
    "en": r"\b(shares?|shareholders?|stocks?|equity|owners?hip|dividends?|invest\w*|profits?"
    r"|valuations?|returns?|worth|price|payout|cash)\b",
    "zh_Hans": r"股份|股票|股权|股东|持股|分红|投资|利润|估值|收益|回报|升值|现金",
    "zh_Hant": r"股份|股票|股權|股東|持股|分紅|投資|利潤|估值|收益|回報|升值|現金",
}
#: Whatever is said about seats and units, on pages, in letters and in refusals.
SPOKEN = re.compile(r"templates/(rewards/seats/|notices/(seat|units)_\w+)|rewards/seats/\w+\.py")


@cache
def said() -> list[str]:
    """Every sentence about seats; to gather them takes two seconds."""
    found: list[str] = []
    for message in catalogues.sentences():
        if any(SPOKEN.search(str(place)) for place, _line in message.locations):
            found += [message.id] if isinstance(message.id, str) else list(message.id)
    return found


class TestWords:
    def test_there_is_something_to_look_at(self) -> None:
        assert len(said()) > 80

    @pytest.mark.parametrize("code", FORBIDDEN)
    def test_nothing_is_called_what_it_is_not(self, code: str) -> None:
        known = catalogues.read(code) if code != "en" else None
        wrong = []
        for sentence in said():
            message = known.get(sentence) if known is not None else None
            texts: Any = sentence if known is None else (message.string if message else "")
            for words in [texts] if isinstance(texts, str) else list(texts):
                if re.search(FORBIDDEN[code], words, re.I):
                    wrong.append(words)
        assert wrong == []

    def test_templates_say_nothing_past_the_catalogue(self) -> None:
        here = Path(__file__).parent.parent.parent
        for path in (here / "templates").rglob("*.html"):
            if SPOKEN.search(path.relative_to(here).as_posix()):
                for pattern in FORBIDDEN.values():
                    assert not re.search(pattern, path.read_text(), re.I), path
