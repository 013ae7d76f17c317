"""The promise to answer: its clock runs in business hours, and breaches stay on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from community import posting, promises, queries
from community.models import Topic
from community.rules import due_at
from foundation.doors import reading, writing
from notifications.models import Notification
from tests.community.conftest import Clubhouse
from tests.conftest import NOW

#: NOW is Tuesday noon in UTC, one o'clock in Berlin: four hours today, four tomorrow.
DUE = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc] # mypy sees tzinfo among the parts


@pytest.mark.parametrize(
    ("start", "hours", "zone", "due"),
    [
        (utc(2026, 3, 3, 12), 2, "UTC", utc(2026, 3, 3, 14)),
        (utc(2026, 3, 3, 15), 4, "UTC", utc(2026, 3, 4, 11)),
        (utc(2026, 3, 3, 9), 8, "UTC", utc(2026, 3, 3, 17)),
        (utc(2026, 3, 3, 17), 1, "UTC", utc(2026, 3, 4, 10)),
        (utc(2026, 3, 6, 16), 2, "UTC", utc(2026, 3, 9, 10)),  # Friday to Monday
        (utc(2026, 3, 7, 3), 1, "UTC", utc(2026, 3, 9, 10)),  # a Saturday night
        (utc(2026, 3, 3, 2), 1, "UTC", utc(2026, 3, 3, 10)),  # before opening
        (utc(2026, 3, 3, 2), 1, "Asia/Shanghai", utc(2026, 3, 3, 3)),
        (utc(2026, 3, 27, 15), 2, "Europe/Berlin", utc(2026, 3, 30, 8)),  # clocks go forward
        (utc(2026, 3, 3, 9), 80, "UTC", utc(2026, 3, 16, 17)),
    ],
)
def test_business_hours_are_monday_to_friday_nine_to_five(
    start: datetime, hours: int, zone: str, due: datetime
) -> None:
    assert due_at(start, hours, zone) == due


def test_questions_and_rants_get_the_promise_and_the_rest_does_not(clubhouse: Clubhouse) -> None:
    due = {
        kind: clubhouse.start(clubhouse.ada, kind=kind).response_due_at
        for kind in ("question", "rant", "rave", "idea", "talk")
    }
    assert due == {"question": DUE, "rant": DUE, "rave": None, "idea": None, "talk": None}


def test_only_a_badged_reply_stops_the_clock(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada, kind="rant")
    clubhouse.reply(clubhouse.ben, topic)
    clubhouse.reply(clubhouse.mo, topic)
    assert clubhouse.all(select(Topic.responded_at)) == [None]
    first = NOW + timedelta(hours=1)
    clubhouse.reply(clubhouse.sam, topic, now=first)
    clubhouse.reply(clubhouse.olga, topic, now=first + timedelta(hours=1))
    assert clubhouse.all(select(Topic.responded_at)) == [first]


def test_a_broken_promise_is_noted_once_and_stays(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada, kind="rant")
    assert promises.run(DUE) == "Promises found broken: 0"
    late = DUE + timedelta(minutes=5)
    assert promises.run(late) == "Promises found broken: 1"
    assert promises.run(late + timedelta(hours=1)) == "Promises found broken: 0"
    clubhouse.reply(clubhouse.sam, topic, now=late + timedelta(hours=2))
    [row] = clubhouse.all(select(Topic))
    assert (row.breached_at, row.responded_at) == (late, late + timedelta(hours=2))
    told = clubhouse.all(
        select(Notification.member_id).where(Notification.kind == "promise.broken")
    )
    assert sorted(told) == sorted([clubhouse.sam.id, clubhouse.olga.id])


def test_the_record_counts_kept_late_and_silent(clubhouse: Clubhouse) -> None:
    kept, late, _silent = (clubhouse.start(clubhouse.ada, kind="question") for _ in range(3))
    clubhouse.reply(clubhouse.sam, kept, now=NOW + timedelta(minutes=30))
    promises.run(DUE + timedelta(minutes=1))
    clubhouse.reply(clubhouse.sam, late, now=DUE + timedelta(hours=1))
    clubhouse.start(clubhouse.ada, kind="question", now=DUE + timedelta(hours=1))
    with reading() as session:
        record = queries.promise_record(session, clubhouse.club_id)
    assert (record.kept, record.broken) == (1, 2)
    assert record.share == pytest.approx(1 / 3)
    assert record.median_minutes == round((30 + 25 * 60) / 2)


def test_the_page_shows_the_running_clock_and_the_breach(client: Any, clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada, kind="rant")
    running = client.get(f"/topics/{topic.id}").text
    assert "The clock runs" in running
    assert "Europe/Berlin" in running
    promises.run(DUE + timedelta(minutes=5))
    assert "This stays on record." in client.get(f"/topics/{topic.id}").text
    assert "Promise broken" in client.get("/clubs/tea").text
    clubhouse.reply(clubhouse.sam, topic, now=DUE + timedelta(hours=2))
    assert "Answered too late" in client.get(f"/topics/{topic.id}").text


def test_the_companys_own_questions_carry_no_promise(clubhouse: Clubhouse) -> None:
    with writing() as session:
        draft = posting.TopicDraft(clubhouse.club_id, "question", "What do you drink?", "Tell us.")
        assert posting.start_topic(session, clubhouse.sam, draft, NOW).response_due_at is None
