"""What happened to a customer, in words for the staff: some for every kind of fact."""

from __future__ import annotations

from typing import Any

from foundation.words import _, lazy
from rewards.explaining_rules import written
from rewards.rules import POINTS, VOUCHER

#: Kind of fact → what the file of a customer says; a test compares the kinds with docs/facts.md.
WORDS = {
    "member.joined": lazy("Joined"),
    "member.verified": lazy("Confirmed the e-mail address"),
    "member.same_mailbox": lazy("Has another account with the same mailbox"),
    "role.granted": lazy("Was given a role"),
    "order.placed": lazy("Placed an order"),
    "order.paid": lazy("Paid an order"),
    "order.shipped": lazy("An order was sent"),
    "order.delivered": lazy("An order arrived"),
    "order.cancelled": lazy("An order was cancelled"),
    "order.refunded": lazy("Got money back"),
    "review.published": lazy("Published a review"),
    "review.revised": lazy("Revised a review"),
    "topic.started": lazy("Started a topic"),
    "post.written": lazy("Wrote a post"),
    "answer.accepted": lazy("Gave an answer that was accepted"),
    "post.folded": lazy("A post was folded"),
    "post.restored": lazy("A folded post was restored"),
    "appeal.lodged": lazy("Appealed against a fold"),
    "appeal.decided": lazy("An appeal was decided"),
    "referral.lead": lazy("A friend joined by the link"),
    "referral.purchased": lazy("A friend bought by the link"),
    "referral.qualified": lazy("A friend’s purchase was kept"),
    "referral.refused": lazy("A referral was refused"),
    "reward.granted": lazy("Earned points"),
    "reward.released": lazy("Points came off hold"),
    "reward.clawed_back": lazy("Points went back with a refund"),
    "reward.redeemed": lazy("Redeemed points"),
    "redemption.fulfilled": lazy("Got what was redeemed"),
    "redemption.cancelled": lazy("A redemption was cancelled, the points came back"),
    "card.filled": lazy("Filled a stamp card"),
    "member.welcomed": lazy("Was due a welcome voucher"),
    "voucher.given": lazy("Was given a voucher"),
    "voucher.used": lazy("A voucher was used"),
    "voucher.released": lazy("A voucher came back from an order"),
    "prepaid.bought": lazy("Prepaid something to be used bit by bit"),
    "prepaid.used": lazy("Used something prepaid"),
    "prepaid.given_back": lazy("Something prepaid was given back at the till"),
    "prepaid.taken_back": lazy("Unused prepaid things went back with a refund"),
    "credit.used": lazy("Paid with store credit"),
    "credit.returned": lazy("Store credit came back from an order"),
    "awards.given": lazy("Gave points to many by hand"),
    "awards.taken_back": lazy("Took a set of points back"),
    "perk.granted": lazy("Was given a perk"),
    "perk.revoked": lazy("A perk was taken back"),
    "paper.written": lazy("Wrote a paper"),
    "paper.revoked": lazy("Access to a paper ended"),
    "agreement.published": lazy("Published a version of the agreement"),
    "seat.invited": lazy("Was invited to a seat"),
    "seat.accepted": lazy("Accepted a seat"),
    "seat.ended": lazy("A seat ended"),
    "units.granted": lazy("Was granted units"),
    "units.moved": lazy("Units vested, were settled or were forfeited"),
    "tier.changed": lazy("Moved to another tier"),
    "programme.published": lazy("Published a version of the programme"),
    "stage.entered": lazy("Moved on in the funnel"),
}
#: What is said instead where something else than points was given.
OF_CREDIT = {
    "reward.granted": lazy("Earned store credit"),
    "reward.released": lazy("Store credit came off hold"),
    "reward.clawed_back": lazy("Store credit went back with a refund"),
}
OF_VOUCHERS = {
    "reward.granted": lazy("Earned vouchers"),
    "reward.clawed_back": lazy("Vouchers went back with a refund"),
}


def tell(fact: Any) -> str:
    """One fact in the reader's language; what was given is said where the fact has it."""
    amount = fact.details.get("amount") if fact.kind.startswith("reward.") else None
    commodity = fact.details.get("commodity", POINTS)
    instead = {POINTS: {}, VOUCHER: OF_VOUCHERS}.get(commodity, OF_CREDIT)
    words = str(instead.get(fact.kind, WORDS[fact.kind]))
    if not amount:
        return words
    return _("%(what)s: %(points)s", what=words, points=written(amount, commodity))
