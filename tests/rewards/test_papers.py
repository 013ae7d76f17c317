"""Papers: who may read them, whose name stands on a copy, and how access ends at once."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image, ImageOps
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from foundation import facts
from foundation.doors import reading, writing
from foundation.refusal import Refused
from notifications.models import Notification
from rewards.papers import access as paper_access
from rewards.papers import commands as paper_commands
from rewards.papers import copies as paper_copies
from rewards.papers import files as paper_files
from rewards.papers import queries as paper_queries
from rewards.papers import writing as papers
from rewards.papers.files import JPEG, PDF, PNG
from rewards.papers.models import Paper, PaperReading
from rewards.papers.stamping import PROPERTY, Stamp, stamped
from rewards.papers.writing import PaperDraft
from tests import people
from tests.rewards.conftest import House


@pytest.fixture
def now(programme: House) -> datetime:
    """The real time: pages ask the clock."""
    from foundation import clock

    return clock.now()


def pdf(pages: int = 2) -> bytes:
    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=(300, 400))
    for number in range(pages):
        canvas.drawString(40, 200, f"Harvest report, page {number + 1}")
        canvas.showPage()
    canvas.save()
    return drawn.getvalue()


def picture(kind: str = "PNG") -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (200, 100), "green").save(drawn, kind)
    return drawn.getvalue()


def write(house: House, now: datetime, data: Path | None = None, **more: Any) -> str:
    """A paper of Olga's; for everybody unless it says otherwise."""
    content = more.pop("content", None)
    draft = {
        "title": {"en": "Harvest notes", "zh_Hant": "採收筆記"},
        "body": {"en": "The **first** picking was early."},
        "opens_at": now - timedelta(days=1),
        **more,
    }
    if not draft.get("club") and not draft.get("guests"):
        draft.setdefault("tier_from", "bud")
    file = paper_files.look_at("report.pdf", content) if content else None
    if file and data:
        paper_files.keep(data, file)
    with writing() as session:
        return papers.write(session, house.olga, PaperDraft(**draft), file, now).id


def state(paper_id: str, member_id: str, at: datetime) -> str:
    with reading() as session:
        paper = session.get_one(Paper, paper_id)
        who = paper_access.reader(session, member_id, [paper], at)
        ended = paper_access.revocations(session, [paper_id], member_id)
        return paper_access.state(paper, who, ended, at)


def readings() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(PaperReading)) or 0


class TestWhoMayRead:
    def test_a_tier_and_those_above_it(self, programme: House, now: datetime) -> None:
        paper = write(programme, now, tier_from="advocate")
        assert state(paper, programme.ada, now) == "closed"
        programme.pays(programme.ada, 120_000, now - timedelta(hours=1))
        assert state(paper, programme.ada, now) == "open"
        assert state(paper, programme.ben, now) == "closed"

    def test_whoever_wrote_in_a_club(self, programme: House, now: datetime) -> None:
        paper = write(programme, now, club="tea")
        facts.listen({})
        with writing() as session:
            for member, board in ((programme.ada, "tea"), (programme.ben, "kettles")):
                subject = f"post:{board}"
                facts.record(session, "post.written", member, subject, now, board=board, topic="t")
        assert state(paper, programme.ada, now) == "open"
        assert state(paper, programme.ben, now) == "closed"

    def test_single_members(self, programme: House, now: datetime) -> None:
        paper = write(programme, now, guests=("@Ben",))
        assert state(paper, programme.ben, now) == "open"
        assert state(paper, programme.ada, now) == "closed"

    def test_only_in_its_days(self, programme: House, now: datetime) -> None:
        paper = write(programme, now, closes_at=now + timedelta(days=1))
        assert state(paper, programme.ben, now - timedelta(days=2)) == "later"
        assert state(paper, programme.ben, now) == "open"
        assert state(paper, programme.ben, now + timedelta(days=1)) == "over"

    def test_not_after_access_ended_for_her(self, programme: House, now: datetime) -> None:
        paper = write(programme, now)
        with writing() as session:
            papers.revoke(session, programme.olga, paper, "ben", "He posted it.", now)
        assert state(paper, programme.ben, now) == "revoked"
        assert state(paper, programme.ada, now) == "open"

    def test_nor_for_everybody_until_it_is_given_back(
        self, programme: House, now: datetime
    ) -> None:
        paper = write(programme, now)
        with writing() as session:
            ended = papers.revoke(session, programme.olga, paper, None, "A mistake in it.", now)
        assert {state(paper, each, now) for each in (programme.ben, programme.ada)} == {"revoked"}
        with writing() as session:
            papers.lift(session, programme.olga, ended.id, now)
        assert state(paper, programme.ben, now) == "open"

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"title": {"zh_Hans": "茶"}}, "title_en"),
            ({"body": {}}, "body_en"),
            ({"tier_from": "nobility"}, "tier_from"),
            ({"tier_from": None}, "tier_from"),
            ({"guests": ("nobody",)}, "guests"),
            ({"closes_at": datetime(2020, 1, 1, tzinfo=None).astimezone()}, "closes_on"),
        ],
    )
    def test_what_cannot_be_a_paper_says_so(
        self, programme: House, now: datetime, more: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Refused) as refused:
            write(programme, now, **more)
        assert refused.value.field == field

    def test_readers_are_told_that_it_ended(self, programme: House, now: datetime) -> None:
        paper = write(programme, now)
        with writing() as session:
            paper_copies.hand_out(session, paper, programme.ben, "read", "en", now)
        with writing() as session:
            papers.revoke(session, programme.olga, paper, None, "A mistake in it.", now)
        with reading() as session:
            told = session.execute(
                select(Notification.member_id, Notification.params).where(
                    Notification.kind == "paper.revoked"
                )
            ).all()
        assert [(row.member_id, row.params["reason"]) for row in told] == [
            (programme.ben, "A mistake in it.")
        ]


class TestFiles:
    @pytest.mark.parametrize(
        ("data", "media_type"),
        [
            (pdf(), PDF),
            (picture(), PNG),
            (picture("JPEG"), JPEG),
            (b"ID3\x04" + bytes(64), "audio/mpeg"),
            (b"OggS" + bytes(64), "audio/ogg"),
            (bytes(4) + b"ftypM4A " + bytes(64), "audio/mp4"),
        ],
    )
    def test_the_bytes_say_what_it_is(self, data: bytes, media_type: str) -> None:
        assert paper_files.look_at("anything.exe", data).media_type == media_type

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"MZ\x90\x00",
            b"<html><script>alert(1)</script>",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7 but not really",
            b"\x89PNG\r\n\x1a\n but not really",
            picture("JPEG")[:-200],  # half of it came through: it could not be stamped
            b"GIF89a",
        ],
    )
    def test_what_is_none_of_them_is_refused(self, data: bytes) -> None:
        with pytest.raises(Refused) as refused:
            paper_files.look_at("report.pdf", data)
        assert refused.value.field == "file"

    def test_a_locked_pdf_is_refused_with_what_to_do(self) -> None:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
        writer.encrypt("secret")
        locked = io.BytesIO()
        writer.write(locked)
        with pytest.raises(Refused, match="Save it without one"):
            paper_files.look_at("report.pdf", locked.getvalue())

    def test_no_part_of_a_name_becomes_a_path(self, tmp_path: Path) -> None:
        file = paper_files.look_at("../../etc/\x00cron.pdf", pdf())
        assert file.name == "cron.pdf"
        paper_files.keep(tmp_path, file)
        assert [path.parent.name for path in tmp_path.rglob("*.file")] == ["papers"]
        assert paper_files.fetch(tmp_path, file.sha256) == file.data

    def test_a_file_that_is_gone_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(Refused, match="Tell the owner"):
            paper_files.fetch(tmp_path, "0" * 64)


class TestStamps:
    @pytest.fixture
    def now(self) -> datetime:
        """Stamping asks no database."""
        return datetime(2026, 4, 1, 9, tzinfo=UTC)

    def stamp(self, now: datetime, name: str = "Ben") -> Stamp:
        return Stamp("K7QM-9XTA", name, "ben", now)

    @pytest.mark.parametrize("name", ["Ben", "林慕青", "蔡雅婷", "Zoë 🙂"])
    def test_every_page_of_a_pdf_names_the_reader(self, now: datetime, name: str) -> None:
        reader = PdfReader(io.BytesIO(stamped(PDF, pdf(), self.stamp(now, name))))
        assert reader.metadata is not None
        assert reader.metadata[f"/{PROPERTY}"] == "K7QM-9XTA"
        assert len(reader.pages) == 2
        for number, page in enumerate(reader.pages, 1):
            words = page.extract_text()
            assert f"Harvest report, page {number}" in words
            assert "K7QM-9XTA" in words
            assert "@ben" in words

    def test_turned_pages_and_odd_sizes_too(self, now: datetime) -> None:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
        writer.pages[0].rotate(90)
        turned = io.BytesIO()
        writer.write(turned)
        reader = PdfReader(io.BytesIO(stamped(PDF, turned.getvalue(), self.stamp(now))))
        assert all("K7QM-9XTA" in page.extract_text() for page in reader.pages)

    def test_a_picture_gets_a_band(self, now: datetime) -> None:
        made = Image.open(io.BytesIO(stamped(PNG, picture(), self.stamp(now))))
        assert made.height > 100
        assert made.info[PROPERTY] == "K7QM-9XTA"
        jpeg = stamped(JPEG, picture("JPEG"), self.stamp(now))
        assert b"K7QM-9XTA" in jpeg

    def test_a_copy_looks_like_the_picture_and_its_mark_is_whole(self, now: datetime) -> None:
        lying = Image.new("RGB", (600, 400), "black")
        lying.paste("white", (0, 0, 300, 400))
        exif = Image.Exif()
        exif[0x0112] = 6  # as a telephone that was held upright writes it
        copy = self.copy_of(lying, now, "JPEG", exif=exif)
        assert copy.width == 400
        assert copy.height > 600
        assert copy.convert("L").getpixel((200, 100)) > 250  # what lay on the left is at the top
        assert copy.convert("L").getpixel((200, 500)) < 5

        grey = self.copy_of(Image.new("I;16", (600, 400), 32_896), now)  # half bright
        assert grey.convert("L").getpixel((5, 5)) == 128

        narrow = self.copy_of(Image.new("RGB", (40, 40), "white"), now).convert("L")
        drawn = ImageOps.invert(narrow).getbbox()
        assert drawn is not None
        assert 0 < drawn[0] < drawn[2] < narrow.width, "the mark is not cut off"

    def copy_of(self, image: Image.Image, now: datetime, kind: str = "PNG", **more: Any) -> Any:
        sent = io.BytesIO()
        image.save(sent, kind, **more)
        file = paper_files.look_at("a.bin", sent.getvalue())
        return Image.open(io.BytesIO(stamped(file.media_type, file.data, self.stamp(now))))

    def test_the_foot_of_a_page_is_where_it_is_seen(self, now: datetime) -> None:
        drawn = io.BytesIO()
        canvas = Canvas(drawn, pagesize=(300, 400))
        canvas.setCropBox((50, 60, 250, 340))
        canvas.showPage()
        canvas.save()
        places: list[float] = []
        page = PdfReader(io.BytesIO(stamped(PDF, drawn.getvalue(), self.stamp(now)))).pages[0]
        page.extract_text(
            visitor_text=lambda text, cm, tm, *_: (
                places.append(tm[5] + cm[5]) if "Ben" in text else None
            )
        )
        assert places
        assert all(60 <= bottom <= 340 for bottom in places)

    def test_sound_stays_as_it_is(self, now: datetime) -> None:
        assert stamped("audio/mpeg", b"ID3 la la", self.stamp(now)) == b"ID3 la la"


class TestCopies:
    def test_each_reader_has_one_copy_and_that_and_downloads_are_on_record(
        self, programme: House, now: datetime
    ) -> None:
        paper, marks = write(programme, now), set()
        for member in (programme.ben, programme.ben, programme.ada):
            with writing() as session:
                copy = paper_copies.hand_out(session, paper, member, "read", "en", now)
                marks.add(copy.mark)
        assert len(marks) == 2
        assert readings() == 2
        for count in (3, 4):
            with writing() as session:
                paper_copies.hand_out(session, paper, programme.ben, "downloaded", "en", now)
            assert readings() == count

    def test_a_mark_leads_to_its_reader_however_it_is_typed(
        self, programme: House, now: datetime
    ) -> None:
        paper = write(programme, now)
        with writing() as session:
            mark = paper_copies.hand_out(session, paper, programme.ben, "read", "en", now).mark
        typed = mark.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        for each in (mark, typed):
            with reading() as session:
                assert paper_copies.whose(session, each).reader.id == programme.ben
        said = CliRunner().invoke(paper_commands.whose, [mark])
        assert "Ben (@ben" in said.output
        nobody = CliRunner().invoke(paper_commands.whose, ["AAAA-AAAA"])
        assert nobody.exit_code == 1
        assert "No copy carries the mark" in nobody.output

    def test_what_was_read_stays_on_record(self, programme: House, now: datetime) -> None:
        paper = write(programme, now)
        with writing() as session:
            paper_copies.hand_out(session, paper, programme.ben, "read", "en", now)
        for statement in ("delete from paper_reading", "update paper_reading set kind = 'x'"):
            with pytest.raises(DBAPIError, match="append-only"), writing() as session:
                session.execute(text(statement))


class TestPages:
    def test_it_works(self, client: Any, programme: House, now: datetime) -> None:
        paper = write(programme, now)
        people.sign_in(client, programme.ben)
        assert "Yours to read." in client.get("/papers").text
        for _ in range(2):  # looking writes nothing and shows nothing of it
            page = client.get(f"/papers/{paper}").text
            assert "it is put on record that you have it" in page
            assert "picking" not in page
        assert readings() == 0
        for _ in range(2):
            opened = people.submit(client, f"/papers/{paper}", f"/papers/{paper}/copy")
            assert opened.status_code == 303
            page = client.get(f"/papers/{paper}").text
            assert "<strong>first</strong>" in page
        assert re.search(r"Copy of Ben \(@ben\), mark \w{4}-\w{4}", page)
        assert 'class="watermark"' in page
        assert readings() == 1

    def test_visitors_see_a_title_and_what_leads_to_it(
        self, client: Any, programme: House, now: datetime
    ) -> None:
        paper = write(programme, now, tier_from="advocate")
        write(programme, now, title={"en": "Secret"}, is_listed=False, guests=("ben",))
        page = client.get("/papers").text
        assert "Harvest notes" in page
        assert "From the tier Advocate upwards." in page
        assert "Secret" not in page
        assert "picking" not in page
        assert client.get(f"/papers/{paper}").headers["Location"].startswith("/sign-in")

    def test_who_may_not_read_it_is_told_what_leads_to_it(
        self, client: Any, programme: House, now: datetime
    ) -> None:
        paper = write(programme, now, tier_from="advocate")
        hidden = write(programme, now, guests=("ada",), is_listed=False)
        people.sign_in(client, programme.ben)
        for answer in (
            client.get(f"/papers/{paper}"),
            people.submit(client, "/settings", f"/papers/{paper}/copy"),
            people.submit(client, "/settings", f"/papers/{paper}/file"),
        ):
            assert answer.status_code == 403
            assert "from the tier Advocate upwards" in answer.text
            assert "picking" not in answer.text
        assert client.get(f"/papers/{hidden}").status_code == 404
        assert readings() == 0

    def test_a_download_is_her_own_copy(
        self, client: Any, settings: Any, programme: House, now: datetime
    ) -> None:
        paper = write(programme, now, settings.data, content=pdf())
        people.sign_in(client, programme.ben)
        assert "It is made for you" in client.get(f"/papers/{paper}").text
        answer = people.submit(client, f"/papers/{paper}", f"/papers/{paper}/file")
        assert answer.mimetype == PDF
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]
        mark = re.search(r"(\w{4}-\w{4})\.pdf", answer.headers["Content-Disposition"])
        assert mark
        words = PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
        assert mark.group(1) in words
        assert readings() == 1

    def test_a_picture_is_said_to_carry_what_it_carries(
        self, client: Any, settings: Any, programme: House, now: datetime
    ) -> None:
        """A band of a picture is written in letters any face has: a handle, and no name."""
        people.sign_in(client, programme.ben)
        file = write(programme, now, settings.data, content=pdf())
        assert "your name, the day and a mark" in client.get(f"/papers/{file}").text
        drawn = write(programme, now, settings.data, content=picture())
        page = client.get(f"/papers/{drawn}").text
        assert "@ben, the day and a mark that leads back to you" in page
        assert "your name" not in page

    def test_access_ends_at_once(
        self, client: Any, programme: House, settings: Any, now: datetime
    ) -> None:
        paper = write(programme, now, settings.data, content=pdf())
        people.sign_in(client, programme.ben)
        sent = people.submit(client, f"/papers/{paper}", f"/papers/{paper}/file")
        assert sent.status_code == 200
        with writing() as session:
            papers.revoke(session, programme.olga, paper, "ben", "He posted it.", now)
        answer = people.submit(client, "/settings", f"/papers/{paper}/file")
        assert answer.status_code == 403
        assert "He posted it." in answer.text
        assert "He posted it." in client.get("/papers").text


class TestDesk:
    def test_an_owner_sends_one_up_and_ends_access(
        self, client: Any, programme: House, now: datetime
    ) -> None:
        people.sign_in(client, programme.olga)
        typed = {
            "title_en": "Price list",
            "tier_from": "bud",
            "opens_on": now.date().isoformat(),
            "closes_on": "2099-02-10",
            "is_listed": "y",
            "file": (io.BytesIO(pdf()), "prices.pdf"),
        }
        sent = people.submit(client, "/papers/new", **typed)
        assert sent.status_code == 303, sent.text
        page = sent.headers["Location"]
        paper = page.split("/")[2]
        assert "Price list" in client.get("/papers/manage").text
        assert 'value="2099-02-10"' in client.get(f"/papers/{paper}/edit").text
        assert "until Feb 10, 2099" in client.get(f"/papers/{paper}").text
        file = people.submit(client, f"/papers/{paper}", f"/papers/{paper}/file")
        assert file.status_code == 200
        readers = client.get(page).text
        mark = re.search(r"mark=(\w{4}-\w{4})", readers)
        assert mark
        assert "Olga" in client.get(f"/papers/whose?mark={mark.group(1)}").text
        assert "No copy carries" in client.get("/papers/whose?mark=AAAA").text
        ended = people.submit(client, page, reason="Old prices.")
        assert ended.status_code == 303
        assert state(paper, programme.ben, now) == "revoked"
        lift = re.search(r"/papers/revocations/\w{26}/lift", client.get(page).text)
        assert lift
        assert people.submit(client, page, lift.group(0)).status_code == 303
        assert state(paper, programme.ben, now) == "open"

    def test_a_refused_file_comes_back_with_a_sentence(
        self, client: Any, programme: House, now: datetime
    ) -> None:
        people.sign_in(client, programme.olga)
        answer = people.submit(
            client,
            "/papers/new",
            title_en="Virus",
            tier_from="bud",
            opens_on=now.date().isoformat(),
            file=(io.BytesIO(b"MZ\x90"), "report.pdf"),
        )
        assert answer.status_code == 422
        assert "Only PDF, PNG, JPEG, MP3, OGG and M4A can be papers." in answer.text
        assert 'value="Virus"' in answer.text

    def test_it_is_changed_and_keeps_its_file(
        self, client: Any, programme: House, settings: Any, now: datetime
    ) -> None:
        paper = write(programme, now, settings.data, content=pdf())
        people.sign_in(client, programme.olga)
        changed = people.submit(
            client,
            f"/papers/{paper}/edit",
            title_en="Harvest notes, put right",
            tier_from="advocate",
            guests="@ben",
            opens_on=now.date().isoformat(),
        )
        assert changed.status_code == 303
        assert state(paper, programme.ben, now) == "open"
        assert state(paper, programme.ada, now) == "closed"
        sent = people.submit(client, f"/papers/{paper}", f"/papers/{paper}/file")
        assert sent.status_code == 200

    def test_nobody_else_gets_there(self, client: Any, programme: House, now: datetime) -> None:
        paper = write(programme, now)
        people.sign_in(client, programme.ben)
        for path in ("manage", "new", "whose", f"{paper}/edit", f"{paper}/readers"):
            assert client.get(f"/papers/{path}").status_code == 403


def test_a_guests_old_paper_stays_on_her_shelf(
    programme: House, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many newer ones there are that are not for her to know of."""
    monkeypatch.setattr(paper_queries, "SHOWN", 2)
    mine = [write(programme, now, guests=("@Ben",), is_listed=False) for _ in range(3)]
    for _ in range(3):
        write(programme, now, guests=("@Ada",), is_listed=False)
    with reading() as session:
        shelf = paper_queries.shelf(session, programme.ben, now)
    assert {each.paper.id for each in shelf} < set(mine)
    assert len(shelf) == 2


def test_the_shelf_costs_the_same_however_many_papers(
    programme: House, now: datetime, database: Any
) -> None:
    from sqlalchemy import event

    counted: list[int] = []
    for more in (1, 9):
        for _ in range(more):
            write(programme, now, club="tea")
        asked: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any, asked: Any = asked) -> None:
            asked.append(statement)

        event.listen(database.reader, "before_cursor_execute", note)
        with reading() as session:
            paper_queries.shelf(session, programme.ben, now)
        event.remove(database.reader, "before_cursor_execute", note)
        counted.append(len(asked))
    assert counted[0] == counted[1]
