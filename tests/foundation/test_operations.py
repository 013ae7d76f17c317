"""The owner's page about what runs by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from foundation import jobs, outbox, worker
from foundation.doors import writing
from foundation.jobs import Job, Summary
from foundation.words import lazy, use_language
from tests import people


@pytest.fixture
def olga(client: Any) -> Any:
    with writing() as session:
        olga = people.olga(session)
    people.sign_in(client, olga)
    return olga


def test_it_works(client: Any, olga: Any) -> None:
    assert "Periodic jobs" in client.get("/operations").text


def test_jobs_are_told_in_words_of_the_reader(client: Any, olga: Any, now: datetime) -> None:
    worker.run_once(now)
    english = client.get("/operations").text
    assert "Watch over the promised answers" in english
    assert "Promises found broken: 0" in english
    client.set_cookie("language", "zh_Hans")
    chinese = client.get("/operations").text
    assert "发现未兑现的承诺：0" in chinese
    assert not [job.name for job in worker.jobs_table() if job.name in chinese]


def test_a_summary_is_kept_for_every_language(database: Any, now: datetime) -> None:
    summary = Summary("Rewards released: %(count)s", count=1200)
    assert summary == "Rewards released: 1200"
    job = Job("kettle", timedelta(hours=1), lambda _now: summary, lazy("Boil water"))
    with writing() as session:
        jobs.claim(session, job, now)
        jobs.settle(session, job, summary, None)
        kept = session.get_one(jobs.JobRun, "kettle").summary
    with use_language("en"):
        assert jobs.in_words(kept) == "Rewards released: 1,200"
    with use_language("zh_Hans"):
        assert jobs.in_words(kept) == "发放的奖励：1,200"
    assert jobs.in_words("said before there were messages") == "said before there were messages"


def test_a_dead_letter_is_told_in_words(client: Any, olga: Any, now: datetime) -> None:
    with writing() as session:
        outbox.put(session, "reset", {}, now)
        message = session.query(outbox.Message).filter_by(channel="reset").one()
        message.state, message.attempts, message.last_error = "dead", 8, "ConnectionError: no"
    page = client.get("/operations").text
    assert "A letter for a new password" in page
    assert "ConnectionError: no" in page
