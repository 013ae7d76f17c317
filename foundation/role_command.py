"""`bellmouth database grant-role`: an application role without the right to rewrite the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from foundation import doors, roles
from foundation.refusal import Refused


def commands(kept: Mapping[str, Sequence[str]]) -> click.Group:
    """The group `database`; `kept`: what may be asked of the tables that triggers keep."""
    group = click.Group("database", help="The database itself.")

    @group.command(name="grant-role")
    @click.argument("name")
    def grant_role(name: str) -> None:
        """Let the PostgreSQL role NAME serve the site, without UPDATE or DELETE on history.

        Run as the owner of the tables, again after every migration. Creates the role when it is
        new; give it a password with \\password in psql.
        """
        if doors.dialect() != "postgresql":
            raise Refused(
                "Only PostgreSQL has roles. Set DATABASE_URL to a PostgreSQL database first.",
                code="no_roles",
            )
        with doors.database().writer.begin() as connection:
            append_only = roles.grant(connection, name, kept)
        click.echo(f"{name} may serve the site; {len(append_only)} tables can only be added to.")

    return group
