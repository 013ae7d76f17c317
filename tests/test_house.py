"""The house keeps its own rules: directions between rooms, types, style, and who knows Flask."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
ROOMS = (
    "acknowledgement",
    "community",
    "demo",
    "foundation",
    "funnel",
    "ledger",
    "members",
    "notifications",
    "referral",
    "reviews",
    "rewards",
    "shop",
    "transparency",
)
WEB_PACKAGES = {"flask", "flask_login", "flask_wtf", "werkzeug", "wtforms"}
#: Modules outside `views` and `forms` that may know Flask, and why.
KNOW_FLASK = {
    "members/session.py": "who is asking is a question about a request",
}


def run(*command: str) -> None:
    tool = Path(sys.executable).parent / command[0]
    done = subprocess.run([tool, *command[1:]], cwd=HOUSE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_directions_between_rooms_hold() -> None:
    run("lint-imports", "--no-cache")


def test_the_style_holds() -> None:
    run("ruff", "check", ".")


def test_the_format_holds() -> None:
    run("ruff", "format", "--check", ".")


def test_the_types_hold() -> None:
    run("mypy")


def imported(path: Path) -> set[str]:
    """The packages that a module imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def may_know_flask(path: Path) -> bool:
    where = path.relative_to(HOUSE).as_posix()
    is_page = "views" in path.stem or "forms" in path.stem or "views" in path.parts
    return is_page or where.startswith("foundation/web/") or where in KNOW_FLASK


def test_only_views_and_forms_know_flask() -> None:
    wrong = [
        path.relative_to(HOUSE).as_posix()
        for room in ROOMS
        for path in (HOUSE / room).rglob("*.py")
        if not may_know_flask(path) and imported(path) & WEB_PACKAGES
    ]
    assert not wrong


def test_verbs_never_commit() -> None:
    """The door itself commits, once; nothing that goes through it does."""
    wrong = [
        f"{path.relative_to(HOUSE)}:{node.lineno}"
        for room in ROOMS
        for path in (HOUSE / room).rglob("*.py")
        if path.parent != HOUSE / "foundation" or path.name not in ("doors.py", "writing.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "rollback")
    ]
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_tells_its_story(room: str) -> None:
    story = ast.get_docstring(ast.parse((HOUSE / room / "__init__.py").read_text()))
    assert story is not None
    assert len(story.split()) >= 20
