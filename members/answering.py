"""Answering at once: what must take the same time for known and unknown addresses.

Sign-up, reset and "send it again" only write down what was asked, whoever has the address, and the
worker looks who that is. The answer's time therefore cannot tell.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from foundation import outbox
from foundation.doors import writing
from foundation.outbox import Message
from members import joining, resetting, verifying
from members.joining import SignUp


def sign_up(session: Session, draft: SignUp, now: datetime) -> None:
    """Take a sign-up in. It holds a password's hash, so it is forgotten once it was worked on."""
    outbox.put(session, "sign-up", {"secret": asdict(draft)}, now)


def send_again(session: Session, email: str, browser: str, now: datetime) -> None:
    """Take in that the letter of a sign-up did not arrive."""
    outbox.put(session, "verify-again", {"email": email, "browser": browser}, now)


def reset(session: Session, email: str, now: datetime) -> None:
    """Take in that somebody forgot a password."""
    outbox.put(session, "reset", {"email": email}, now)


def carry_sign_up(message: Message, now: datetime) -> None:
    """The worker's half of `sign_up`."""
    with writing() as session:
        joining.sign_up(session, SignUp(**message.payload["secret"]), now, once=message.id)


def carry_send_again(message: Message, now: datetime) -> None:
    """The worker's half of `send_again`."""
    asked = message.payload
    with writing() as session:
        verifying.send_again(
            session, asked["email"], now, browser=asked["browser"], once=message.id
        )


def carry_reset(message: Message, now: datetime) -> None:
    """The worker's half of `reset`."""
    with writing() as session:
        resetting.ask(session, message.payload["email"], now, once=message.id)
