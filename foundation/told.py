"""What an operator can mend is told in a sentence; only a bug of ours ends in a traceback."""

from __future__ import annotations

from typing import Any

import click
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from foundation.settings import Unusable

MENDABLE = (
    Unusable,
    ValidationError,
    ArgumentError,
    CommandError,
    OperationalError,
    ProgrammingError,
)


class Told(click.Group):
    """A group of commands whose mendable errors are sentences (exit code 1)."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MENDABLE as problem:
            sentence = sentence_of(problem)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from problem


def sentence_of(problem: Exception) -> str | None:
    """What to do about it; None when it is not the operator's to mend."""
    match problem:
        case Unusable():
            return str(problem)
        case ValidationError() if problem.title == "Settings":
            wrong = (
                f"{each['loc'][0]}: {each['msg'].removeprefix('Value error, ')}."
                for each in problem.errors()
            )
            return "These settings cannot be used. " + " ".join(wrong)
        case ArgumentError():
            return "DATABASE_URL cannot be read. Write postgresql://user:password@host/name."
        case CommandError() if "locate revision" in str(problem):
            return "The database was made by newer code than this. Bring that code, or a backup."
        case OperationalError() | ProgrammingError():
            return _of_database(str(problem.orig).strip().split("\n")[0])
    return None


def _of_database(said: str) -> str | None:
    if "no such table" in said or ("relation" in said and "does not exist" in said):
        return f"The database lacks its tables ({said}). Run ./bellmouth migrate first."
    if "no such column" in said or "syntax error" in said:
        return None
    return f"The database does not do it: {said}. Look at DATABASE_URL and BELLMOUTH_DATA."
