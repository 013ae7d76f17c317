"""Points by the owner's hand, out of a file: once each, gone on with, taken back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from foundation.doors import reading, writing
from foundation.facts import Fact
from foundation.refusal import Refused
from ledger import earning, expiring, spending, statements
from members.joining import Customer, known_customers
from members.models import Member
from notifications.models import Notification
from rewards.awarding import award_files, checking, forgetting, giving, runs, starting, taking_back
from rewards.awarding.award_files import amount_of
from rewards.awarding.commands import commands
from rewards.awarding.models import Award, AwardSet
from rewards.awarding.starting import Terms
from rewards.book import statement
from tests import people
from tests.threads import at_once

DAY = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
TASTING = Terms("Tasting day", "Thank you for the tasting day")


def file_of(tmp_path: Path, *rows: str, headings: str = "member,amount") -> Path:
    path = tmp_path / "tasting.csv"
    path.write_text("\n".join([headings, *rows]) + "\n")
    return path


def gives(path: Path, terms: Terms = TASTING, now: datetime = DAY, **more: Any) -> giving.Tally:
    source = award_files.look_at(path)
    with writing() as session:
        set_id = starting.start(session, source, terms, "running", now).id
    return giving.give(set_id, source, now, rejects=path.with_suffix(".rejects.csv"), **more)


def the_set() -> AwardSet:
    with reading() as session:
        return session.scalars(select(AwardSet)).one()


def on_record() -> list[tuple[str, str | None, dict[str, Any]]]:
    """Facts about sets: what, who, details."""
    with reading() as session:
        rows = session.scalars(select(Fact).where(Fact.kind.like("awards.%")).order_by(Fact.id))
        return [(each.kind, each.member_id, each.details) for each in rows]


def takes_back(now: datetime = DAY) -> int:
    set_id = the_set().id
    with writing() as session:
        taking_back.ask(session, set_id, None, now)
    return taking_back.take_back(set_id, now)


@pytest.mark.parametrize(
    "text", ["", "0", "-5", "NaN", "inf", "1e3", "2.5", "1,000", "1.000", "٣", "9" * 30]
)
def test_what_is_no_number_of_points_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Refused, match=r"\w+ .*\."):
        amount_of(text)


def test_spreadsheets_write_fifty_like_this() -> None:
    assert [amount_of("50"), amount_of("50.0"), amount_of("0050.00")] == [50, 50, 50]


@pytest.mark.parametrize(
    ("heads", "sentence"),
    [
        ("member,amount,Amount", "More than one column could be “amount”: amount, Amount."),
        ("member,amount,points", "More than one column could be “amount”: amount, points."),
        ("email,E-Mail,points", "More than one column could be “member”: email, E-Mail."),
    ],
)
def test_no_column_is_taken_for_another(tmp_path: Path, heads: str, sentence: str) -> None:
    """What somebody paid is not what he is given."""
    path = tmp_path / "gifts.csv"
    path.write_text(f"{heads}\n@ada,5,7\n")
    with pytest.raises(Refused) as refusal:
        award_files.look_at(path)
    assert str(refusal.value).startswith(sentence)


def test_an_address_and_a_customer_number_may_stand_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "gifts.csv"
    path.write_text("email,customer number,points\nada@example.com,7,5\n")
    assert award_files.look_at(path).points == 5


@pytest.mark.parametrize("beginning", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF-1.7", b"\x89PNG"])
def test_a_workbook_is_told_to_be_saved_as_a_table(tmp_path: Path, beginning: bytes) -> None:
    path = tmp_path / "gifts.csv"
    path.write_bytes(beginning + bytes(500))
    with pytest.raises(Refused, match="Save it as CSV"):
        award_files.look_at(path)


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "2027-02-29", "31.12.2026", "soon"])
def test_what_is_no_day_of_our_time_is_no_last_day(text: str) -> None:
    """The last day of 9999 has no end in Shanghai, and no page could say when it is."""
    with pytest.raises(Refused, match="is no date"):
        award_files.day_of(text)


def test_it_works(house: Any, tmp_path: Path) -> None:
    """By address, handle and customer number; the member reads why, and is told."""
    with writing() as session:
        [number] = known_customers(session, DAY, [Customer(customer_ref="C-17")]).values()
        ben = session.get_one(Member, house.ben)
        address, handle = ben.email, session.get_one(Member, house.ada).handle
    path = file_of(
        tmp_path,
        f"{str(address).upper()};50;;",
        f"@{handle};70;For the cups;",
        "C-17;30;;2026-12-31",
        headings="E-Mail;Points;Reason;Expires on",
    )
    tally = gives(path)
    assert (tally.given, tally.points, tally.rejected) == (3, 150, 0)
    got = [house.balances(each).available for each in (house.ben, house.ada, number)]
    assert got == [50, 70, 30]
    with reading() as session:
        [line] = statement.read(session, house.ada, None, None, None).page.rows
        assert line.reason
        assert line.reason.name == "For the cups"
        assert line.reason.href == f"/me/awards/{str(line.movement.about).removeprefix('award:')}"
        told = session.scalars(select(Notification)).all()
        assert {each.kind for each in told} == {"reward.awarded"}
        assert {each.member_id for each in told} == {house.ben, house.ada, number}


def test_the_same_file_gives_once_and_another_one_needs_another_name(
    house: Any, tmp_path: Path
) -> None:
    path = file_of(tmp_path, f"@{handle_of(house.ben)},50", f"@{handle_of(house.ben)},5")
    gives(path)
    again = gives(path, now=DAY + timedelta(days=1))
    assert (again.given, again.known) == (0, 2)
    assert house.balances(house.ben).available == 55
    assert on_record() == [("awards.given", None, {"rows": 2, "points": 55})]
    with pytest.raises(Refused, match=r"another reason: “Thank you for the tasting day”"):
        gives(path, Terms("Tasting day", "Because"))
    path.write_text("member,amount\n@ben,60\n")
    with pytest.raises(Refused, match=r"2 rows and 55 points; this one has 1 rows and 60 points"):
        gives(path)


def handle_of(member_id: str) -> str:
    with reading() as session:
        return session.get_one(Member, member_id).handle


def test_broken_off_it_goes_on(house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving, "CHUNK", 2)
    handles = [handle_of(each) for each in (house.ada, house.ben, house.fay, house.olga)]
    path = file_of(tmp_path, "nobody,5", *(f"@{each},10" for each in handles))

    def break_off(tally: giving.Tally) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gives(path, watch=break_off)
    assert (the_set().state, the_set().given) == ("running", 1)
    tally = gives(path)
    assert (tally.given, tally.known, tally.rejected) == (3, 1, 1)
    assert (the_set().state, the_set().given_points) == ("done", 40)
    with writing() as session:  # whom nobody knew joins, and gets hers; that is on record too
        known_customers(session, DAY, [Customer(customer_ref="nobody")])
    gives(path, now=DAY + timedelta(days=1))
    given = [{"rows": 4, "points": 40}, {"rows": 5, "points": 45}]
    assert on_record() == [("awards.given", None, each) for each in given]
    assert {house.balances(each).available for each in (house.ada, house.olga)} == {10}


def test_rejects_name_row_and_column(house: Any, tmp_path: Path) -> None:
    with writing() as session:
        known_customers(session, DAY, [Customer(customer_ref=handle_of(house.ada))])
    path = file_of(
        tmp_path,
        f"@{handle_of(house.ben)},50,",
        "stran\x00ger@example.com,50,",
        f"{handle_of(house.ada)},50,",
        "=cmd(),-3,",
        ",5,",
        f"@{handle_of(house.ben)},5,2026-03-02",
        f"@{handle_of(house.ben)},5,tomorrow",
        f"@{handle_of(house.ben)},5,,,",
        headings="member,points,expires_on",
    )
    source = award_files.look_at(path)
    with reading() as session:
        check = checking.check(session, source, TASTING, DAY)
    assert (check.members, check.points, check.added, check.rejected) == (1, 50, 50, 7)
    told = [str(problem) for problem in gives(path).problems]
    assert told == [str(problem) for problem in check.problems]
    assert told[0].startswith("Row 3, column “member”: Nobody here is known as")
    assert "names two members" in told[1]
    assert told[2].startswith("Row 5, column “points”: “-3” is not a number of points.")
    assert [problem.row for problem in check.problems] == [3, 4, 5, 6, 7, 8, 9]
    with path.with_suffix(".rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    assert rows[2]["member"] == "'=cmd()"  # no spreadsheet runs it
    assert all(row["why"].startswith("Row ") for row in rows[:-1])


def test_two_runs_at_once_give_once(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving, "CHUNK", 3)
    with writing() as session:
        drafts = [Customer(customer_ref=f"C-{n}") for n in range(12)]
        ids = list(known_customers(session, DAY, drafts).values())
    path = file_of(tmp_path, *(f"C-{n},10" for n in range(12)))
    tallies = at_once([lambda: gives(path)] * 3)
    assert sum(tally.given for tally in tallies) == 12
    with reading() as session:
        has = statements.balances_of(session, ids, "points")
        assert {each.available for each in has.values()} == {10}
        assert session.scalar(select(func.count()).select_from(Award)) == 12
    assert (the_set().given, the_set().given_points) == (12, 120)


def test_points_expire_on_their_day(house: Any, tmp_path: Path) -> None:
    ben = handle_of(house.ben)
    path = file_of(
        tmp_path, f"@{ben},10,", f"@{ben},20,2026-03-20", headings="member,amount,expires"
    )
    gives(path, Terms("Short", "Soon gone", expires_in_days=5))
    assert expiring.expire(DAY + timedelta(days=4)) == 0
    expiring.expire(DAY + timedelta(days=5))
    assert house.balances(house.ben).available == 20
    expiring.expire(datetime(2026, 3, 21, tzinfo=UTC))
    assert house.balances(house.ben).expired == 30


def test_a_set_is_taken_back_as_far_as_it_is_there(house: Any, tmp_path: Path) -> None:
    """Ada spent nothing, Ben most of it, Fay's part expired while she kept points of her own."""
    ada, ben, fay = (handle_of(each) for each in (house.ada, house.ben, house.fay))
    with writing() as session:
        earning.credit(session, owner=house.fay, commodity="points", amount=500, key="own", now=DAY)
    path = file_of(
        tmp_path, f"@{ada},100,", f"@{ben},100,", f"@{fay},100,2026-03-10",
        headings="member,amount,expires_on",
    )  # fmt: skip
    gives(path)
    with writing() as session:
        spending.spend(session, owner=house.ben, commodity="points", amount=70, key="cup", now=DAY)
    later = datetime(2026, 3, 12, tzinfo=UTC)
    expiring.expire(later)
    with reading() as session:
        there = taking_back.still_there(session, the_set().id, later)
    assert (there.members, there.given, there.there, there.members_short) == (3, 300, 130, 2)
    assert takes_back(later) == 130
    left = [house.balances(each) for each in (house.ada, house.ben, house.fay)]
    assert [each.available for each in left] == [0, 0, 500]
    assert not any(each.negative for each in left)
    assert the_set().state == "taken_back"
    said = {"rows": 3, "points": 300, "back": 130}
    assert on_record()[1:] == [("awards.taken_back", None, said)]
    with pytest.raises(Refused, match="taken back on"):
        gives(path)
    with pytest.raises(Refused, match="nothing to take back"):
        takes_back(later)
    with reading() as session:
        backs = session.scalars(
            select(Notification).where(Notification.kind == "reward.award_back")
        ).all()
    assert {each.member_id: each.params["amount"] for each in backs} == {
        house.ada: 100,
        house.ben: 30,
    }


def test_the_command_rehearses_gives_and_takes_back(
    house: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLMOUTH_DATA", str(settings.data))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    path = file_of(tmp_path, f"@{handle_of(house.ben)},50", "nobody,5")
    said = ["points", str(path), "--name", "Tasting day", "--reason", "Thanks", "--no-tell"]
    run = CliRunner()
    rehearsed = run.invoke(commands, [*said, "--dry-run"])
    assert rehearsed.exit_code == 1
    assert "adds to the liability" in rehearsed.output
    assert house.balances(house.ben).available == 0
    given = run.invoke(commands, said)
    assert "1 rows, 50 points" in given.output
    assert path.with_suffix(".rejects.csv").exists()
    assert "50 came back" in run.invoke(commands, ["take-back", "Tasting day"]).output
    assert house.balances(house.ben).available == 0
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Notification)) == 0


class TestPages:
    """Olga sends a file up, sees what it would do, gives it, and takes it back."""

    def sends(self, client: Any, house: Any, text: str) -> Any:
        people.sign_in(client, house.olga)
        file = (io.BytesIO(text.encode()), "tasting.csv")
        reason = "Thanks <b>all</b>"
        return people.submit(
            client, "/programme/awards", name="Tasting day", reason=reason, is_told="y", file=file
        )

    def test_it_works(self, house: Any, client: Any) -> None:
        text = f"member,amount\n@{handle_of(house.ben)},50\nnobody,5\n"
        at = self.sends(client, house, text).location
        page = client.get(at).text
        assert "1 member would get 50 points in all" in page
        assert "Row 3, column “member”" in page
        assert house.balances(house.ben).available == 0
        assert "why" in client.get(f"{at}/rejects.csv").text
        assert people.submit(client, at, f"{at}/give").status_code == 303
        assert house.balances(house.ben).available == 50
        assert "It is given, but for the rows below." in client.get(at).text
        assert "Thanks &lt;b&gt;all" in client.get("/programme/awards").text
        assert self.sends(client, house, text).location == at
        assert self.sends(client, house, text + "x,1\n").status_code == 422
        before = client.get(f"{at}/take-back").text
        assert "what was spent stays spent" in before
        people.submit(client, f"{at}/take-back")
        assert "50 points came back" in client.get(at).text
        assert house.balances(house.ben).available == 0

    def test_the_worker_gives_what_is_large(
        self, house: Any, client: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runs, "AT_ONCE", 0)
        monkeypatch.setenv("BELLMOUTH_DATA", str(settings.data))
        at = self.sends(client, house, f"member,amount\n@{handle_of(house.ben)},50\n").location
        people.submit(client, at, f"{at}/give")
        assert "This page looks again by itself" in client.get(at).text
        runs.run_waiting(DAY)
        assert house.balances(house.ben).available == 50
        people.submit(client, f"{at}/take-back")
        runs.run_waiting(DAY)
        assert the_set().state == "taken_back"

    def test_why_giving_stopped_is_said_in_the_readers_language(
        self, house: Any, client: Any, settings: Any
    ) -> None:
        text = f"member,amount\n@{handle_of(house.ben)},50\n"
        at = self.sends(client, house, text).location
        path = runs.folder(settings.data) / f"{the_set().id}.csv"
        path.write_text("")
        people.submit(client, at, f"{at}/give")
        assert "The file is empty." in client.get(at).text
        client.get("/language/zh_Hans")
        assert "文件是空的" in client.get(at).text
        path.unlink()
        people.submit(client, at, f"{at}/give")
        assert "No such file" in client.get(at).text
        path.write_text(text)
        people.submit(client, at, f"{at}/give")
        assert house.balances(house.ben).available == 50

    def test_what_was_looked_at_only_can_be_thrown_away(self, house: Any, client: Any) -> None:
        at = self.sends(client, house, f"member,amount\n@{handle_of(house.ben)},50\n").location
        people.submit(client, at, f"{at}/discard")
        assert client.get(at).status_code == 404

    def test_what_nobody_gives_goes_after_a_week(
        self, house: Any, client: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With its files; what was given stays, whatever its age."""
        monkeypatch.setenv("BELLMOUTH_DATA", str(settings.data))
        text = f"member,amount\n@{handle_of(house.ben)},50\nnobody,5\n"
        at, looked = self.sends(client, house, text).location, the_set()
        assert "it is thrown away with its file" in client.get(at).text
        forgetting.forget(looked.at + timedelta(days=6))
        assert client.get(at).status_code == 200
        assert len(list(runs.folder(settings.data).iterdir())) == 2
        forgetting.forget(looked.at + timedelta(days=7))
        assert client.get(at).status_code == 404
        assert list(runs.folder(settings.data).iterdir()) == []
        at = self.sends(client, house, text).location
        people.submit(client, at, f"{at}/give")
        forgetting.forget(looked.at + timedelta(days=70))
        assert client.get(at).status_code == 200
        assert [who for _kind, who, _said in on_record()] == [house.olga]

    def test_rejected_rows_go_a_month_after_the_set_was_given(
        self, house: Any, client: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BELLMOUTH_DATA", str(settings.data))
        text = f"member,amount\n@{handle_of(house.ben)},50\nnobody@example.com,5\n"
        at = self.sends(client, house, text).location
        assert "Once the set is given, they are kept for a month." in client.get(at).text
        people.submit(client, at, f"{at}/give")
        page = client.get(at).text
        assert "They are thrown away on" in page
        assert "nobody@example.com" in page
        ended = the_set().ended_at
        assert ended is not None
        month = ended + forgetting.REJECTS_KEPT
        forgetting.forget(month - timedelta(seconds=1))
        assert client.get(f"{at}/rejects.csv").status_code == 200
        assert "rejected rows of 1 that were given or stopped" in forgetting.forget(month)
        assert list(runs.folder(settings.data).iterdir()) == []
        gone = client.get(f"{at}/rejects.csv")
        assert gone.status_code == 410
        assert "were thrown away on" in gone.text
        page = client.get(at).text
        assert "It is given" in page
        assert "The rows that were wrong were thrown away on" in page
        assert "nobody@example.com" not in page
        assert "rejected rows of 0 that were given or stopped" in forgetting.forget(month)

    def test_the_file_of_a_set_that_stopped_goes_after_a_month(
        self, house: Any, client: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BELLMOUTH_DATA", str(settings.data))
        text = f"member,amount\n@{handle_of(house.ben)},50\nnobody@example.com,5\n"
        at = self.sends(client, house, text).location
        with monkeypatch.context() as broken:
            broken.setattr(giving, "give", lambda *_a, **_k: 1 / 0)
            people.submit(client, at, f"{at}/give")
        assert "If nobody goes on by" in client.get(at).text
        ended = the_set().ended_at
        assert ended is not None
        forgetting.forget(ended + forgetting.REJECTS_KEPT - timedelta(seconds=1))
        assert len(list(runs.folder(settings.data).iterdir())) == 2
        forgetting.forget(ended + forgetting.REJECTS_KEPT)
        assert list(runs.folder(settings.data).iterdir()) == []
        page = client.get(at).text
        assert "Its file was thrown away on" in page
        assert "nobody@example.com" not in page
        assert people.submit(client, "/programme/awards", f"{at}/give").status_code == 410
        assert self.sends(client, house, text).location == at  # the same file again
        people.submit(client, at, f"{at}/give")
        assert house.balances(house.ben).available == 50

    def test_what_is_wrong_is_said_in_the_readers_language(self, house: Any, client: Any) -> None:
        text = f"member,amount\n@{handle_of(house.ben)},50\n@{handle_of(house.ben)},0\n"
        at = self.sends(client, house, text).location
        said = "Row 3, column “amount”: Zero points are nothing to give. Leave the row out."
        assert said in client.get(at).text
        with writing() as session:
            session.get_one(Member, house.olga).language = "zh_Hant"
        assert "第 3 列，「amount」欄：零點沒什麼可送的。請去掉這一列。" in client.get(at).text
        with writing() as session:  # as they were kept before
            kept = session.scalars(select(AwardSet)).one()
            kept.checked = {**kept.checked, "problems": ["Row 3 is odd."]}
        assert "Row 3 is odd." in client.get(at).text

    def test_a_member_reads_why(self, house: Any, client: Any, tmp_path: Path) -> None:
        gives(file_of(tmp_path, f"@{handle_of(house.ben)},50"))
        with reading() as session:
            award = session.scalars(select(Award)).one().id
        people.sign_in(client, house.ben)
        page = client.get(f"/me/awards/{award}").text
        assert "Thank you for the tasting day" in page
        assert f"/me/awards/{award}" in client.get("/me/rewards").text
        people.sign_in(client, house.ada)
        assert client.get(f"/me/awards/{award}").status_code == 404
