"""What a review must be, how it is ranked, and the mean that is shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from foundation.refusal import Refused

TITLE_LENGTH = 120
BODY_LENGTH = 10_000
REPLY_LENGTH = 4_000
#: Reviews on one page of a list.
PAGE = 10
#: Reviews of so many stars speak for a product; the others are critical.
FAVOURABLE = (4, 5)
#: One-sided 90 %: what Lobsters uses; 0.378 at one of one, 0.859 at ten of ten.
WILSON_Z = 1.28155


@dataclass(frozen=True)
class ReviewDraft:
    """A review about to be published; `stars` from 1 to 5."""

    stars: int
    title: str
    body: str


def check(draft: ReviewDraft) -> ReviewDraft:
    """The draft with its edges trimmed; Refused with what to do when it cannot be published."""
    title, body = draft.title.strip(), draft.body.strip()
    if isinstance(draft.stars, bool) or draft.stars not in (1, 2, 3, 4, 5):
        raise Refused("Choose from one to five stars.", code="stars", field="stars")
    if not title:
        raise Refused("Give your review a headline.", code="title", field="title")
    if len(title) > TITLE_LENGTH:
        raise Refused(
            "Keep the headline below %(most)s characters.",
            code="title",
            field="title",
            most=TITLE_LENGTH,
        )
    if not body:
        raise Refused("Say in a sentence or two what it was like.", code="body", field="body")
    if len(body) > BODY_LENGTH:
        raise Refused(
            "Keep the review below %(most)s characters.",
            code="body",
            field="body",
            most=BODY_LENGTH,
        )
    return ReviewDraft(draft.stars, title, body)


def check_reply(body: str) -> str:
    """The company's answer with its edges trimmed; Refused when there is nothing or too much."""
    body = body.strip()
    if not body:
        raise Refused("Write your answer first.", code="body", field="body")
    if len(body) > REPLY_LENGTH:
        raise Refused(
            "Keep the answer below %(most)s characters.",
            code="body",
            field="body",
            most=REPLY_LENGTH,
        )
    return body


def wilson(helpful: int, unhelpful: int) -> float:
    """Lower bound of the share of readers a review helps (Wilson score interval, 1927)."""
    n = helpful + unhelpful
    if n == 0:
        return 0.0
    share, z2 = helpful / n, WILSON_Z * WILSON_Z
    spread = WILSON_Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return (share + z2 / (2 * n) - spread) / (1 + z2 / n)


@dataclass(frozen=True)
class Rating:
    """How a product's reviews stand: how many at each star, all of them counted alike."""

    counts: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        """The plain mean; None without reviews."""
        if not self.total:
            return None
        return sum(stars * count for stars, count in self.counts.items()) / self.total

    @property
    def shown(self) -> float | None:
        """The mean as pages and structured data say it: one decimal, halves up."""
        return None if self.mean is None else int(self.mean * 10 + 0.5) / 10
