"""The five stages and what puts a member into each: data that the machine runs, pages print. Pure.

A stage is reached when one of its `ways` is complete and every stage before it is reached, except
that a `way` marked `alone` needs nothing before it (whoever is appointed runs part of this with us,
bought or not).

Why these rules:

- *interest*, knows us: joined, or is known from an order.
- *purchase*, bought once: the first paid order. The inverted funnel starts here, so nobody passes
  it: people who only talk are welcome, and are still to be won.
- *engagement*, talks with us: the first word of any kind. A review and a brought friend are words
  too, else somebody could take part without ever having spoken.
- *participation*, does something for others: one review, one answer that helped, or one friend who
  joined. Merely talking becomes taking part with the fifth word: habits form at three to five.
- *embedded*, runs part of it with us: carries the two things a company otherwise pays for, support
  (three accepted answers) and new business (a friend who bought and kept it); or is a moderator.

Whoever reached a stage keeps it, also when the order is given back: it says how far somebody once
came, and demotion would make every refund an insult.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from foundation.words import lazy


class Happened(Protocol):
    """What a rule must know of a fact."""

    @property
    def kind(self) -> str: ...
    @property
    def details(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Needs:
    """`count` facts of any of `kinds`, whose details say what `where` says. `words` tell it."""

    kinds: tuple[str, ...]
    words: Any
    count: int = 1
    where: Mapping[str, Any] = field(default_factory=dict)

    def takes(self, fact: Happened) -> bool:
        """Whether a fact counts towards this."""
        return fact.kind in self.kinds and all(
            fact.details.get(name) == value for name, value in self.where.items()
        )


@dataclass(frozen=True)
class Way:
    """What together puts a member into a stage."""

    needs: tuple[Needs, ...]
    alone: bool = False


@dataclass(frozen=True)
class Stage:
    """A stage: its names, what it means, the ways into it (any of them), what carries people on."""

    key: str
    name: Any
    meaning: Any
    ways: tuple[Way, ...]
    onwards: Any


WORDS = ("topic.started", "post.written", "review.published")

STAGES: tuple[Stage, ...] = (
    Stage(
        "interest",
        lazy("Interest"),
        lazy("Knows us"),
        (
            Way((Needs(("member.joined",), lazy("joined")),)),
            Way((Needs(("order.paid",), lazy("is known from an order")),)),
        ),
        lazy("A welcome, honest reviews and a friend’s word lead to the first order."),
    ),
    Stage(
        "purchase",
        lazy("Purchase"),
        lazy("Bought once"),
        (Way((Needs(("order.paid",), lazy("paid a first order")),)),),
        lazy("A thank-you, order news before anybody asks and an invitation to a club."),
    ),
    Stage(
        "engagement",
        lazy("Engagement"),
        lazy("Talks with us"),
        (
            Way((Needs(WORDS, lazy("wrote a first topic, post or review")),)),
            Way((Needs(("answer.accepted",), lazy("answered somebody’s question")),)),
            Way((Needs(("referral.lead",), lazy("told a friend who joined")),)),
        ),
        lazy("Answers within the promise, and words that nobody edits."),
    ),
    Stage(
        "participation",
        lazy("Participation"),
        lazy("Writes, answers, reviews, brings friends"),
        (
            Way((Needs(("review.published",), lazy("published a review")),)),
            Way((Needs(("answer.accepted",), lazy("gave an answer that was accepted")),)),
            Way((Needs(("referral.lead",), lazy("brought a friend who joined")),)),
            Way((Needs(WORDS, lazy("wrote five topics, posts or reviews"), count=5),)),
        ),
        lazy("Rewards for influence, recognition by name, and a say in what comes next."),
    ),
    Stage(
        "embedded",
        lazy("Embedded"),
        lazy("Runs part of it with us"),
        (
            Way(
                (
                    Needs(("answer.accepted",), lazy("gave three accepted answers"), count=3),
                    Needs(("referral.qualified",), lazy("brought a friend who bought and kept it")),
                )
            ),
            Way(
                (
                    Needs(
                        ("role.granted",), lazy("was made a moderator"), where={"role": "moderator"}
                    ),
                ),
                alone=True,
            ),
        ),
        lazy("Moderating, answering and recruiting: the horn carries without us."),
    ),
)

KEYS: tuple[str, ...] = tuple(stage.key for stage in STAGES)
#: Facts that can put somebody into a stage.
KINDS: frozenset[str] = frozenset(
    kind for stage in STAGES for way in stage.ways for needs in way.needs for kind in needs.kinds
)
#: The highest stage that each kind of fact can help into: below it, the fact is worth a look.
HIGHEST: Mapping[str, int] = {
    kind: max(
        place
        for place, stage in enumerate(STAGES)
        for way in stage.ways
        for needs in way.needs
        if kind in needs.kinds
    )
    for kind in KINDS
}


@dataclass(frozen=True)
class Entered:
    """A stage reached, by which facts; the last of them completed it."""

    stage: str
    facts: tuple[Any, ...]


def place_of(stage: str | None) -> int:
    """0 for the first stage, -1 for nobody's."""
    return KEYS.index(stage) if stage is not None else -1


def entered(before: str | None, facts: Sequence[Any]) -> list[Entered]:
    """The stages newly reached by somebody in stage `before`, given her facts in order of time."""
    found = list(_climbed(place_of(before) + 1, facts))
    reached = place_of(found[-1].stage) if found else place_of(before)
    for place in range(reached + 1, len(STAGES)):  # an appointment needs nothing before it
        if (by := _completed(STAGES[place], facts, alone=True)) is not None:
            found.append(Entered(STAGES[place].key, by))
    return found


def _climbed(place: int, facts: Sequence[Any]) -> Iterator[Entered]:
    for stage in STAGES[place:]:
        by = _completed(stage, facts)
        if by is None:
            return
        yield Entered(stage.key, by)


def _completed(
    stage: Stage, facts: Sequence[Any], *, alone: bool = False
) -> tuple[Any, ...] | None:
    """The facts of the way into `stage` that was complete first, or None."""
    complete = [
        by for way in stage.ways if way.alone or not alone if (by := _taken(way, facts)) is not None
    ]
    return min(complete, key=lambda by: by[-1].at) if complete else None


def _taken(way: Way, facts: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first facts that complete a way, in order of time."""
    taken: list[Any] = []
    for needs in way.needs:
        fitting = [fact for fact in facts if needs.takes(fact)][: needs.count]
        if len(fitting) < needs.count:
            return None
        taken += fitting
    return tuple(sorted(taken, key=lambda fact: (fact.at, fact.id)))
