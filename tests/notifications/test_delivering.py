"""Letters: through real SMTP, in the reader's language, with her consent, once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from foundation import clock, worker
from foundation.doors import reading, writing
from foundation.outbox import Message
from foundation.settings import Settings
from members import consents, letters
from members.joining import SignUp, sign_up
from members.models import Member
from notifications import delivering, notices
from notifications.notices import Notice
from notifications.telling import tell
from tests import people

REWARD = Notice("member.role_granted", "rewards")  # any words do


class Keeper:
    """A mail server's handler that keeps what it was given."""

    def __init__(self) -> None:
        self.kept: list[EmailMessage] = []
        self.refusals = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusals:
            self.refusals -= 1
            return "451 come back later"
        self.kept.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(database: Any, settings: Settings) -> Iterator[Keeper]:
    """A real SMTP server on this machine, and the application told to use it."""
    keeper = Keeper()
    controller = Controller(keeper, hostname="127.0.0.1", port=_free_port())
    controller.start()
    url = f"smtp://127.0.0.1:{controller.port}"
    delivering.use(settings.model_copy(update={"smtp_url": url}))
    yield keeper
    controller.stop()


def told(name: str = "Ada", **more: Any) -> Member:
    """Ada, told of a reward."""
    with writing() as session:
        ada = people.member(session, name, **more)
        tell(session, ada.id, REWARD, clock.now(), link="/me/rewards", role="moderator")
    return ada


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_it_works(server: Keeper) -> None:
    told()
    assert worker.run_once(clock.now())["delivered"] == 1
    (message,) = server.kept
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == "Your role has changed"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = part(message, "plain"), part(message, "html")
    assert "Hello Ada, you are a moderator now." in text
    assert "http://localhost/notifications/" in text
    assert "style=" in html
    assert "<style" not in html
    assert "Hello Ada" in html


def test_the_message_id_is_the_messages_own(server: Keeper) -> None:
    server.refusals = 1
    told()
    now = clock.now()
    assert worker.run_once(now)["failed"] == 1
    assert worker.run_once(now + timedelta(minutes=5))["delivered"] == 1
    with reading() as session:
        message_id = session.scalars(select(Message.id)).one()
    assert server.kept[0]["Message-ID"].startswith(f"<{message_id}@")


def test_what_a_member_is_called_is_only_text(server: Keeper) -> None:
    told(name="<script>alert(1)</script>", handle="eve")
    worker.run_once(clock.now())
    assert "<script>" not in part(server.kept[0], "html")
    assert "<script>alert(1)</script>" in part(server.kept[0], "plain")


def test_consent_taken_back_a_minute_ago_counts(server: Keeper) -> None:
    ada = told()
    with writing() as session:
        consents.give(session, ada.id, {"rewards": False}, clock.now())
    worker.run_once(clock.now())
    assert server.kept == []


def test_one_click_ends_a_kind_of_letters(app: Any, server: Keeper) -> None:
    ada = told()
    worker.run_once(clock.now())
    (message,) = server.kept
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = message["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    client = app.test_client()
    assert "No more of these letters?" in client.get(path).text
    assert consent(ada) is True, "a mail program that opens links must change nothing"
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert consent(ada) is False
    assert client.post("/unsubscribe/made-up").status_code == 404


def consent(member: Member) -> bool:
    with reading() as session:
        return consents.choices(session, member.id)["rewards"]


def test_letters_about_the_account_have_no_such_link(server: Keeper) -> None:
    with writing() as session:
        ada = people.ada(session)
        letters.write(
            session, "member.password_changed", ada.id, clock.now(), email="ada@example.com"
        )
    worker.run_once(clock.now())
    assert server.kept[0]["List-Unsubscribe"] is None


def test_without_a_mail_server_letters_wait_and_go_out_later(
    database: Any, server: Keeper, settings: Settings
) -> None:
    url = delivering.sender().smtp_url
    delivering.use(settings)
    told()
    now = clock.now()
    for hour in range(48):
        worker.run_once(now + timedelta(hours=hour))
    with reading() as session:
        waiting = session.scalars(select(Message)).one()
    assert (waiting.state, waiting.attempts) == ("waiting", 0)
    delivering.use(settings.model_copy(update={"smtp_url": url}))
    worker.run_once(now + timedelta(hours=49))
    assert len(server.kept) == 1


def test_the_secret_of_a_letter_is_forgotten_when_it_is_sent(server: Keeper) -> None:
    with writing() as session:
        sign_up(session, SignUp("Fay", "fay@example.com", "hash"), clock.now())
    worker.run_once(clock.now())
    assert "/verify/" in part(server.kept[0], "plain")
    with reading() as session:
        payload = session.scalars(select(Message.payload)).one()
    assert payload["secret"] is None


def test_a_link_that_grew_old_is_not_sent(server: Keeper) -> None:
    with writing() as session:
        sign_up(session, SignUp("Fay", "fay@example.com", "hash"), clock.now())
    worker.run_once(clock.now() + timedelta(hours=2))
    assert server.kept == []


@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_every_notice_has_words(app: Any, language: str) -> None:
    client = app.test_client()
    for kind, notice in notices.known().items():
        text = client.get(f"/dev/mails/{kind}?language={language}&part=text").text
        subject, _, body = text.partition("\n")
        assert len(subject) > len("Subject: "), kind
        assert len(body.strip()) > 20, kind
        assert notice.category in (*consents.TRANSACTIONAL, *consents.OPTIONAL)


def test_previews_are_for_developers(app: Any) -> None:
    client = app.test_client()
    page = client.get("/dev/mails/member.join")
    assert "unsafe-inline" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert client.get("/dev/mails").status_code == 200
    app.extensions["settings"].developer_pages = False
    for path in ("/dev/mails", "/dev/mails/member.join"):
        assert client.get(path).status_code == 404


def test_waiting_letters_are_for_the_owner(app: Any) -> None:
    with writing() as session:
        olga, ben = people.olga(session), people.ben(session)
        letters.write(session, "member.known", ben.id, clock.now(), email="ben@example.com")
    client = app.test_client()
    assert client.get("/dev/mails/waiting").status_code == 303
    people.sign_in(client, ben)
    assert client.get("/dev/mails/waiting").status_code == 403
    people.sign_in(client, olga)
    page = client.get("/dev/mails/waiting").text
    assert "ben@example.com" in page
    path = page.split('href="/dev/mails/waiting/')[1].split('"')[0]
    assert "You have an account already" in client.get(f"/dev/mails/waiting/{path}").text
