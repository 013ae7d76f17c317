"""Moderation that cannot censor: every act is public, has its reason, and can be appealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from community import appealing, moderation, record, reporting, rules
from community.models import Appeal, Fold, ModerationEntry, Report, ReportDecision
from community.reporting import ReportDraft
from foundation import search
from foundation.doors import reading, writing
from foundation.refusal import Refused
from members.models import Member
from notifications.models import Notification
from tests import people
from tests.community.conftest import Clubhouse
from tests.conftest import NOW
from transparency import verifying
from transparency.models import Leaf

LATER = NOW + timedelta(days=2)


@pytest.fixture
def max_(clubhouse: Clubhouse) -> Member:
    """A second moderator, who decides about what Mo did."""
    with writing() as session:
        return people.member(session, "Max", role="moderator")


@pytest.fixture
def folded(clubhouse: Clubhouse) -> Fold:
    """Ben's reply in Ada's topic, folded by Mo."""
    topic = clubhouse.start(clubhouse.ada)
    return clubhouse.fold(clubhouse.mo, clubhouse.reply(clubhouse.ben, topic, "Buy watches").id)


@pytest.fixture(autouse=True)
def log_and_site_agree(database: Any) -> Iterator[None]:
    """The auditor's questions, after every test of this file."""
    yield
    witnesses = dict.fromkeys(record.EVENTS, record.served)
    with reading() as session:
        assert verifying.verify(session, witnesses=witnesses).findings == []


def appeal(clubhouse: Clubhouse, fold: Fold, by: Member, now: Any = LATER) -> Appeal:
    with writing() as session:
        return appealing.appeal(session, by, fold.id, "It was no advertisement.", now)


def events(clubhouse: Clubhouse) -> list[str]:
    return clubhouse.all(select(ModerationEntry.event).order_by(ModerationEntry.leaf))


class TestFolding:
    def test_a_fold_is_one_act_with_all_its_traces(
        self, clubhouse: Clubhouse, recorded: list[Any]
    ) -> None:
        topic = clubhouse.start(clubhouse.ada)
        post = clubhouse.reply(clubhouse.ben, topic, "Buy watches")
        fold = clubhouse.fold(clubhouse.mo, post.id, "spam", "Watches are no tea.")
        [entry] = clubhouse.all(select(ModerationEntry))
        assert (entry.event, entry.target, entry.by_name, entry.reason, entry.sentence) == (
            *("post.folded", f"post:{post.id}", "Mo", "spam"),
            "Watches are no tea.",
        )
        [leaf] = clubhouse.all(select(Leaf))
        assert (leaf.index, leaf.event, leaf.subject) == (
            entry.leaf,
            "post.folded",
            f"moderation:{entry.id}",
        )
        fact = recorded[-1]
        assert (fact.kind, fact.subject, fact.member_id) == (
            "post.folded",
            f"fold:{fold.id}",
            clubhouse.ben.id,
        )
        [told] = clubhouse.all(select(Notification).where(Notification.kind == "post.folded"))
        assert told.member_id == clubhouse.ben.id
        assert told.params["sentence"] == "Watches are no tea."
        assert set(told.params["reason"]) == {"en", "zh_Hans", "zh_Hant"}
        assert told.link == f"/folds/{fold.id}/appeal"

    def test_a_failing_hearer_undoes_the_fold(
        self, clubhouse: Clubhouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: Any) -> None:
            raise RuntimeError("no")

        topic = clubhouse.start(clubhouse.ada)
        post = clubhouse.reply(clubhouse.ben, topic)
        monkeypatch.setattr("foundation.facts._hearers", {"post.folded": (broken,)})
        with pytest.raises(RuntimeError):
            clubhouse.fold(clubhouse.mo, post.id)
        assert clubhouse.all(select(Fold)) == []
        assert events(clubhouse) == []

    def test_only_listed_reasons_fold(self, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        for reason in ("", "bad_for_sales", "one_star"):
            with pytest.raises(Refused) as refused:
                clubhouse.fold(clubhouse.mo, topic.last_post_id, reason)
            assert refused.value.field == "reason"

    def test_a_fold_needs_a_sentence(self, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        with pytest.raises(Refused) as refused:
            clubhouse.fold(clubhouse.mo, topic.last_post_id, sentence="  ")
        assert refused.value.field == "sentence"

    def test_nobody_folds_in_his_own_cause(self, clubhouse: Clubhouse) -> None:
        his_own = clubhouse.start(clubhouse.mo)
        critic_in_it = clubhouse.reply(clubhouse.ada, his_own, "Mo is wrong")
        elsewhere = clubhouse.start(clubhouse.ada)
        his_word = clubhouse.reply(clubhouse.mo, elsewhere)
        answer = clubhouse.reply(clubhouse.ben, elsewhere, "No, Mo", in_reply_to=his_word.number)
        for post_id in (his_own.last_post_id, critic_in_it.id, his_word.id, answer.id):
            with pytest.raises(Refused, match="your own words"):
                clubhouse.fold(clubhouse.mo, post_id)
        assert events(clubhouse) == []

    def test_a_post_is_folded_once(self, clubhouse: Clubhouse, folded: Fold) -> None:
        with pytest.raises(Refused, match="folded already"):
            clubhouse.fold(clubhouse.mo, folded.post_id)

    def test_a_folded_post_is_not_found_until_it_is_restored(
        self, clubhouse: Clubhouse, folded: Fold
    ) -> None:
        with reading() as session:
            assert search.find(session, "watches") == []
        with writing() as session:
            moderation.restore(session, clubhouse.mo, folded.id, "A joke.", LATER)
        with reading() as session:
            assert [hit.ref for hit in search.find(session, "watches")] == [folded.post_id]
        assert events(clubhouse) == ["post.folded", "post.restored"]

    def test_a_restored_post_may_be_folded_again(self, clubhouse: Clubhouse, folded: Fold) -> None:
        with writing() as session:
            moderation.restore(session, clubhouse.mo, folded.id, "A joke.", LATER)
        with pytest.raises(Refused, match="restored already"), writing() as session:
            moderation.restore(session, clubhouse.mo, folded.id, "A joke.", LATER)
        assert clubhouse.fold(clubhouse.mo, folded.post_id, now=LATER).id != folded.id

    def test_the_author_does_not_restore_himself(self, clubhouse: Clubhouse, max_: Member) -> None:
        topic = clubhouse.start(clubhouse.ada)
        his = clubhouse.reply(max_, topic)
        fold = clubhouse.fold(clubhouse.mo, his.id)
        with pytest.raises(Refused, match="your own words"), writing() as session:
            moderation.restore(session, max_, fold.id, "I am right.", LATER)

    def test_a_folded_post_cannot_be_rewritten(self, clubhouse: Clubhouse, folded: Fold) -> None:
        from community import posting

        with pytest.raises(Refused, match="stays as it is"), writing() as session:
            posting.edit(session, clubhouse.ben, folded.post_id, "Buy tea", LATER)


class TestTheRecord:
    @pytest.mark.parametrize(
        "statement",
        [
            update(ModerationEntry).values(sentence="Nothing happened."),
            delete(ModerationEntry),
            text("delete from moderation_entry"),
        ],
    )
    def test_the_database_refuses_to_change_it(
        self, clubhouse: Clubhouse, folded: Fold, statement: Any
    ) -> None:
        with pytest.raises(DBAPIError, match="append-only"), writing() as session:
            session.execute(statement)

    def test_a_line_that_was_changed_behind_our_back_shows_in_the_audit(
        self, clubhouse: Clubhouse, folded: Fold, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lying(session: Any, subjects: Any) -> Any:
            truth = record.served(session, subjects)
            return {key: {**(said or {}), "reason": "abuse"} for key, said in truth.items()}

        with reading() as session:
            report = verifying.verify(session, witnesses=dict.fromkeys(record.EVENTS, lying))
        assert [finding.check for finding in report.findings] == ["served"]

    def test_locking_is_on_record_too(self, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        with writing() as session:
            moderation.lock(session, clubhouse.mo, topic.id, "In circles.", NOW)
        with pytest.raises(Refused, match="locked already"), writing() as session:
            moderation.lock(session, clubhouse.mo, topic.id, "In circles.", NOW)
        with writing() as session:
            moderation.unlock(session, clubhouse.mo, topic.id, "Cooled down.", LATER)
        with pytest.raises(Refused, match="not locked"), writing() as session:
            moderation.unlock(session, clubhouse.mo, topic.id, "Cooled down.", LATER)
        assert events(clubhouse) == ["topic.locked", "topic.unlocked"]

    def test_nobody_locks_his_own_topic(self, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.mo)
        with pytest.raises(Refused, match="your own words"), writing() as session:
            moderation.lock(session, clubhouse.mo, topic.id, "I have the last word.", NOW)


class TestAppealing:
    def test_a_granted_appeal_restores_the_post(
        self, clubhouse: Clubhouse, folded: Fold, max_: Member, recorded: list[Any]
    ) -> None:
        lodged = appeal(clubhouse, folded, clubhouse.ben)
        with writing() as session:
            appealing.decide(session, max_, lodged.id, "granted", "It was a joke.", LATER)
        [fold] = clubhouse.all(select(Fold))
        assert (fold.restored_at, fold.restored_by_id) == (LATER, max_.id)
        assert events(clubhouse) == ["post.folded", "post.restored", "appeal.decided"]
        assert [fact.kind for fact in recorded] == [
            "appeal.lodged",
            "post.restored",
            "appeal.decided",
        ]
        [told] = clubhouse.all(select(Notification).where(Notification.kind == "appeal.decided"))
        assert (told.member_id, told.params["decision"]) == (clubhouse.ben.id, "granted")

    def test_a_refused_appeal_leaves_the_fold(
        self, clubhouse: Clubhouse, folded: Fold, max_: Member
    ) -> None:
        lodged = appeal(clubhouse, folded, clubhouse.ben)
        with writing() as session:
            appealing.decide(session, max_, lodged.id, "refused", "It was not.", LATER)
        assert clubhouse.all(select(Fold.restored_at)) == [None]
        with pytest.raises(Refused, match="decided already"), writing() as session:
            appealing.decide(session, max_, lodged.id, "granted", "Or was it.", LATER)

    def test_who_folded_does_not_decide(self, clubhouse: Clubhouse, folded: Fold) -> None:
        lodged = appeal(clubhouse, folded, clubhouse.ben)
        with pytest.raises(Refused, match="somebody else"), writing() as session:
            appealing.decide(session, clubhouse.mo, lodged.id, "refused", "I know.", LATER)

    def test_the_author_does_not_decide(self, clubhouse: Clubhouse, max_: Member) -> None:
        topic = clubhouse.start(clubhouse.ada)
        fold = clubhouse.fold(clubhouse.mo, clubhouse.reply(max_, topic).id)
        lodged = appeal(clubhouse, fold, max_)
        with pytest.raises(Refused, match="somebody else"), writing() as session:
            appealing.decide(session, max_, lodged.id, "granted", "I know.", LATER)

    def test_only_the_author_appeals_and_once(self, clubhouse: Clubhouse, folded: Fold) -> None:
        with pytest.raises(Refused, match="Only the author"):
            appeal(clubhouse, folded, clubhouse.ada)
        appeal(clubhouse, folded, clubhouse.ben)
        with pytest.raises(Refused, match="appealed already"):
            appeal(clubhouse, folded, clubhouse.ben)

    def test_an_appeal_is_open_for_six_months(self, clubhouse: Clubhouse, folded: Fold) -> None:
        with pytest.raises(Refused, match="six months"):
            appeal(
                clubhouse, folded, clubhouse.ben, NOW + rules.APPEAL_WINDOW + timedelta(seconds=1)
            )
        appeal(clubhouse, folded, clubhouse.ben, NOW + rules.APPEAL_WINDOW)

    def test_those_who_may_decide_hear_of_it(
        self, clubhouse: Clubhouse, folded: Fold, max_: Member
    ) -> None:
        appeal(clubhouse, folded, clubhouse.ben)
        told = clubhouse.all(
            select(Notification.member_id).where(Notification.kind == "appeal.waits")
        )
        assert set(told) == {max_.id, clubhouse.olga.id}


class TestReporting:
    def draft(self, place: str, **more: Any) -> ReportDraft:
        return ReportDraft(place, "illegal", "It shows my passport.", True, **more)

    def test_anybody_may_report_without_a_name(self, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        with writing() as session:
            reporting.report(session, None, self.draft(f"http://x/topics/{topic.id}"), NOW)
        [made] = clubhouse.all(select(Report))
        assert (made.post_id, made.reporter_id) == (topic.last_post_id, None)
        assert clubhouse.all(select(Fold)) == []

    @pytest.mark.parametrize("end", ["/posts/{post}", "/topics/{topic}?from=1#post-2"])
    def test_an_address_leads_to_its_post(self, clubhouse: Clubhouse, end: str) -> None:
        topic = clubhouse.start(clubhouse.ada)
        post = clubhouse.reply(clubhouse.ben, topic)
        place = "https://shop.example" + end.format(post=post.id, topic=topic.id)
        with writing() as session:
            assert reporting.report(session, None, self.draft(place), NOW).post_id == post.id

    def test_a_report_without_good_faith_is_refused(self, clubhouse: Clubhouse) -> None:
        with pytest.raises(Refused) as refused, writing() as session:
            reporting.report(
                session, None, ReportDraft("/clubs", "illegal", "All of it.", False), NOW
            )
        assert refused.value.field == "in_good_faith"

    def test_folding_and_keeping_are_answered_and_public(self, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        bad, fine = (clubhouse.reply(clubhouse.ben, topic) for _ in range(2))
        with writing() as session:
            made = [
                reporting.report(session, clubhouse.cleo, self.draft(f"/posts/{post.id}"), NOW)
                for post in (bad, fine)
            ]
        with writing() as session:
            reporting.decide(
                session,
                clubhouse.mo,
                made[0].id,
                "folded",
                "Passport.",
                LATER,
                reason="private_data",
            )
            reporting.decide(session, clubhouse.mo, made[1].id, "kept", "A recipe.", LATER)
        assert clubhouse.all(select(Fold.reason)) == ["private_data"]
        assert events(clubhouse) == ["post.folded", "report.kept"]
        told = clubhouse.all(
            select(Notification).where(
                Notification.member_id == clubhouse.cleo.id, Notification.kind == "report.decided"
            )
        )
        assert sorted(each.params["decision"] for each in told) == ["folded", "kept"]
        with pytest.raises(Refused, match="decided already"), writing() as session:
            reporting.decide(session, clubhouse.mo, made[1].id, "kept", "Again.", LATER)

    def test_nobody_decides_about_a_report_on_himself(self, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        his = clubhouse.reply(clubhouse.mo, topic)
        with writing() as session:
            made = reporting.report(session, clubhouse.ada, self.draft(f"/posts/{his.id}"), NOW)
        with pytest.raises(Refused, match="your own words"), writing() as session:
            reporting.decide(session, clubhouse.mo, made.id, "kept", "I am fine.", LATER)
        assert clubhouse.all(select(ReportDecision)) == []


class TestPages:
    @pytest.fixture
    def browser(self, app: Any, clubhouse: Clubhouse, max_: Member) -> Any:
        """Browsers of the cast, by name."""

        def open_for(who: Member) -> Any:
            client = app.test_client()
            people.sign_in(client, who)
            return client

        return {
            "ada": open_for(clubhouse.ada),
            "ben": open_for(clubhouse.ben),
            "mo": open_for(clubhouse.mo),
            "max": open_for(max_),
            "sam": open_for(clubhouse.sam),
        }

    def test_it_works(self, client: Any, clubhouse: Clubhouse) -> None:
        assert b"No post was ever folded here" in client.get("/moderation").data
        assert client.get("/moderation?reason=spam").status_code == 200
        assert client.get("/moderation/nothing").status_code == 404

    def test_from_the_report_to_the_granted_appeal_in_the_browser(
        self, client: Any, browser: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.ada, "Which kettle?")
        post = clubhouse.reply(clubhouse.ben, topic, "Buy watches")
        sent = people.submit(
            browser["ada"],
            f"/posts/{post.id}/report",
            reason="spam",
            text="Watches!",
            in_good_faith="y",
        )
        assert sent.status_code == 303
        queue = browser["mo"].get("/moderation/queue").text
        assert "Watches!" in queue
        report = clubhouse.all(select(Report.id))[0]
        sent = people.submit(
            browser["mo"],
            f"/moderation/reports/{report}",
            decision="folded",
            reason="spam",
            sentence="Watches are no tea.",
        )
        assert sent.location == "/moderation/queue"
        assert "Folded" in client.get(f"/topics/{topic.id}").text
        assert "Watches are no tea." in client.get("/moderation?reason=spam").text
        fold = clubhouse.all(select(Fold.id))[0]
        assert "Appeal against the fold" in browser["ben"].get(f"/posts/{post.id}").text
        reasons = f"/folds/{fold}/appeal"
        assert "No, by a person" in browser["ben"].get(reasons).text
        sent = people.submit(browser["ben"], reasons, text="It was a joke.")
        appeals = sent.location
        assert "It was a joke." in browser["ben"].get(appeals).text
        assert "Your decision" not in browser["mo"].get(appeals).text
        sent = people.submit(browser["max"], appeals, decision="granted", reason="Funny indeed.")
        assert sent.status_code == 303
        assert "restored" in browser["ben"].get(appeals).text
        assert "Folded" not in client.get(f"/topics/{topic.id}").text
        log = client.get("/moderation").text
        assert log.index("Appeal decided") < log.index("Watches are no tea.")
        line = clubhouse.all(select(ModerationEntry))[0]
        assert client.get(f"/moderation/{line.id}").status_code == 200
        assert client.get(f"/transparency/leaves/{line.leaf}").status_code == 200

    def test_who_may_not_is_kept_out(self, browser: Any, folded: Fold) -> None:
        for who in ("ada", "sam"):
            for path in (
                "/moderation/queue",
                f"/posts/{folded.post_id}/fold",
                f"/folds/{folded.id}/restore",
            ):
                assert browser[who].get(path).status_code == 403, (who, path)
        assert browser["ada"].get(f"/folds/{folded.id}/appeal").status_code == 403
        assert browser["ben"].get(f"/folds/{folded.id}/appeal").status_code == 200

    def test_folding_restoring_and_locking_in_the_browser(
        self, client: Any, browser: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.ada)
        post = clubhouse.reply(clubhouse.ben, topic)
        sent = people.submit(browser["mo"], f"/posts/{post.id}/fold", reason="abuse")
        assert sent.status_code == 422
        assert clubhouse.all(select(Fold)) == []
        people.submit(browser["mo"], f"/posts/{post.id}/fold", reason="abuse", sentence="Insults.")
        fold = clubhouse.all(select(Fold.id))[0]
        people.submit(browser["max"], f"/folds/{fold}/restore", sentence="Only harsh.")
        people.submit(browser["mo"], f"/topics/{topic.id}/lock", sentence="In circles.")
        html = client.get(f"/topics/{topic.id}").text
        assert "In circles." in html
        assert "Insults." not in html
        assert events(clubhouse) == ["post.folded", "post.restored", "topic.locked"]

    def test_a_visitor_reports_what_is_illegal_without_an_account(
        self, client: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.ada)
        sent = people.submit(
            client,
            "/report",
            place=f"http://localhost/topics/{topic.id}",
            text="It shows my passport.",
            name="",
            email="",
            in_good_faith="y",
        )
        assert sent.status_code == 303
        assert "Nobody has decided yet" in client.get(sent.location).text
        assert clubhouse.all(select(Report.post_id)) == [topic.last_post_id]

    def test_reports_are_throttled_and_typed_words_return(
        self, client: Any, clubhouse: Clubhouse
    ) -> None:
        sent = people.submit(client, "/report", place="", text="My long words", email="nonsense")
        assert "My long words" in sent.text
        answers = [
            people.submit(
                client, "/report", place="/clubs", text="x", in_good_faith="y"
            ).status_code
            for _ in range(6)
        ]
        assert answers[-1] == 429
