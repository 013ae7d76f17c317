"""Papers that cannot lie: what they list is what the code has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import app
from foundation.settings import Settings

HERE = Path(__file__).parent.parent
ROOMS = (
    "foundation",
    "members",
    "ledger",
    "notifications",
    "transparency",
    "rewards",
    "shop",
    "referral",
    "reviews",
    "community",
    "acknowledgement",
    "funnel",
)


def read(name: str) -> str:
    return (HERE / name).read_text()


def table(name: str) -> dict[str, list[str]]:
    """First cell (without its backticks) to the other cells, of all table rows of a page."""
    rows = re.findall(r"^\| `([^`]+)` \|(.+)\|$", read(name), re.M)
    assert len(rows) == len({first for first, _ in rows}), "a line stands there twice"
    return {first: [cell.strip() for cell in rest.split("|")] for first, rest in rows}


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name, command


def recorded() -> set[str]:
    """Kinds of facts in the code: first texts like "order.paid" of the calls that record them."""
    found = set()
    for room in ROOMS:
        for path in (HERE / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _called(node) in ("record", "FactDraft", "_tell"):
                    found |= set(list(_kinds(node))[:1])
    return found


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _kinds(call: ast.Call) -> Iterator[str]:
    for argument in [*call.args, *(each.value for each in call.keywords if each.arg == "kind")]:
        value = argument.value if isinstance(argument, ast.Constant) else None
        if isinstance(value, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", value):
            yield value


class TestSettings:
    def test_each_is_in_the_table_of_operating(self) -> None:
        rows = table("docs/operating.md")
        fields = {field.alias: field for field in Settings.model_fields.values()}
        assert set(rows) == set(fields)
        for alias, field in fields.items():
            default = str(field.default)
            said = rows[str(alias)][0].strip("`")
            assert said == (default or "empty"), alias
            assert len(rows[str(alias)]) == 2, alias
            assert len(rows[str(alias)][1]) > 10, alias


class TestCommands:
    OF_THE_REPOSITORY = frozenset({"test", "bench", "lock"})

    def test_each_is_listed(self) -> None:
        known = {name for name, _ in commands(app.commands)} | self.OF_THE_REPOSITORY
        assert set(table("docs/commands.md")) == known

    def test_each_option_is_told(self) -> None:
        rows = table("docs/commands.md")
        for name, command in commands(app.commands):
            options = {each.opts[0] for each in command.params if isinstance(each, click.Option)}
            assert options == set(re.findall(r"--[a-z-]+", rows[name][0])), name

    def test_those_of_the_repository_exist(self) -> None:
        starter = read("bellmouth")
        assert all(f'"{name}"' in starter for name in self.OF_THE_REPOSITORY)


class TestFacts:
    def test_each_kind_is_listed_and_no_other(self) -> None:
        assert set(table("docs/facts.md")) == recorded() | set(app.HEARERS)

    def test_only_what_happens_is_heard(self) -> None:
        assert set(app.HEARERS) - recorded() == set()

    def test_who_hears_it_stands_there(self) -> None:
        for kind, cells in table("docs/facts.md").items():
            subject, member, details, hearers = cells
            assert subject.startswith("`"), kind
            assert member, kind
            assert details, kind
            heard_by = [hear.__module__ for hear in app.HEARERS.get(kind, ())]
            assert re.findall(r"`([a-z_.]+)`", hearers) == heard_by, kind
            assert bool(heard_by) != (hearers == "nobody"), kind


class TestRooms:
    def test_architecture_names_every_room(self) -> None:
        text = read("ARCHITECTURE.md")
        here = {path.parent.name for path in HERE.glob("*/__init__.py")}
        assert here - {"tests", "benchmarks", "demo", "migrations"} == set(ROOMS)
        assert [room for room in ROOMS if not re.search(rf"\b{room}\b", text)] == []

    @pytest.mark.parametrize("room", ROOMS)
    def test_every_room_tells_its_story(self, room: str) -> None:
        story = ast.get_docstring(ast.parse(read(f"{room}/__init__.py"))) or ""
        assert len(story) > 40


class TestReadme:
    def test_the_first_two_blocks_are_the_two_commands(self) -> None:
        blocks = re.findall(r"^```[a-z]*\n(.*?)^```", read("README.md"), re.M | re.S)
        assert [block.strip() for block in blocks[:2]] == ["./bellmouth serve", "./bellmouth test"]

    def test_the_checks_call_the_second(self) -> None:
        assert "./bellmouth test" in read(".ci/run").splitlines()

    def test_no_link_between_papers_is_broken(self) -> None:
        papers = [*HERE.glob("*.md"), *(HERE / "docs").rglob("*.md")]
        broken = [
            (paper.name, target)
            for paper in papers
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", paper.read_text())
            if not (paper.parent / target).exists()
        ]
        assert broken == []
