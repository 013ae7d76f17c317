"""People from the command line."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from foundation.doors import reading
from foundation.settings import Settings
from members.commands import commands
from members.models import Member

ADD = ["add", "--email", "olga@example.com", "--name", "Olga", "--role", "owner"]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """The command opens the test's database, as an operator's shell would name it."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("BELLMOUTH_DATA", str(settings.data))


def test_it_works(database: Any) -> None:
    run = CliRunner().invoke
    made = run(commands, [*ADD, "--password-stdin"], input="hills full of tea\n")
    assert made.exit_code == 0, made.output
    with reading() as session:
        olga = session.scalars(select(Member)).one()
    assert (olga.role, olga.handle) == ("owner", "olga")
    assert olga.email_verified_at


def test_a_weak_password_or_a_taken_address_is_refused(database: Any) -> None:
    run = CliRunner().invoke
    assert "at least 10" in run(commands, [*ADD, "--password-stdin"], input="short\n").output
    run(commands, [*ADD, "--password-stdin"], input="hills full of tea\n")
    again = run(commands, [*ADD, "--password-stdin"], input="hills full of tea\n")
    assert again.exit_code == 1
    assert "has an account already" in again.output


def test_roles_are_granted_to_members_only(database: Any) -> None:
    run = CliRunner().invoke
    run(commands, [*ADD, "--password-stdin"], input="hills full of tea\n")
    assert run(commands, ["grant", "olga@example.com", "owner"]).exit_code == 0
    assert run(commands, ["grant", "nobody@example.com", "owner"]).exit_code == 1
    assert run(commands, ["grant", "olga@example.com", "member"]).exit_code == 1, "the last owner"
