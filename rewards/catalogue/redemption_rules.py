"""The way of a redemption: which steps lead from where to where, and who may take them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: States in which somebody of the staff still has something to do.
OPEN = ("taken", "prepared", "sent")
#: States in which a thing of the stock has not left the house.
INSIDE = ("ordered", "taken", "prepared")
OVER = ("done", "cancelled", "refunded")


@dataclass(frozen=True)
class Step:
    """From which states a step leads to which; whether a sentence must or may go with it."""

    sources: tuple[str, ...]
    target: str
    text: str = "none"  # none, optional, needed


STEPS: Mapping[str, Step] = {
    "take": Step(("ordered",), "taken"),
    "put_back": Step(("taken",), "ordered"),
    "prepare": Step(("taken",), "prepared"),
    "send": Step(("taken", "prepared"), "sent", "optional"),
    "finish": Step(("taken", "prepared", "sent"), "done", "optional"),
    "cancel": Step(INSIDE, "cancelled", "needed"),
    "refund": Step(("sent", "done"), "refunded", "needed"),
}


def possible(state: str) -> list[str]:
    """The steps that staff may take from `state`, in the order of their work."""
    return [name for name, step in STEPS.items() if state in step.sources]


def may_cancel(kind: str, state: str) -> bool:
    """Whether the member may still cancel: while nobody prepares it; an unused voucher always."""
    return state == "done" if kind == "voucher" else state == "ordered"


def is_handed_over(kind: str, state: str) -> bool:
    """Whether the member has it: a thing once it is sent, a service or a visit once it is done."""
    return state == "done" or (state == "sent" and kind in ("goods", "preorder"))


def leaves_house(step: str) -> bool:
    """Whether what was promised of the stock is gone with this step."""
    return step in ("send", "finish")
