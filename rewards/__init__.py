"""The incentive programme: what is promised for what, shown to everybody, paid by the book.

A *programme* is one document (`rules.Programme`): tiers, earning rules, a catalogue, the return
period. The owner edits a *draft* of it, *replays* the draft over what really happened, and
publishes it as the next *version*. A version never changes again (the database refuses it); its
publication is a leaf in the public log, and the page "How rewards work" is rendered from it.

What happened is a fact; `earning.hear` asks `rules.awards` what the version in force at that
moment promises for it, and for every award writes a *grant* and its transfer in the ledger. Where
the rule says so the points are held until the return period is over; `releasing.release_due` lets
them go. When an order is refunded, `clawing_back.hear` takes back its share of every grant that
rests on it.

`rules.awards` is pure, and it is the only engine: `replaying.replay` runs a draft through the same
function, so a replay of a published version over its own time gives what the ledger holds, to the
unit (tests/rewards/test_replaying.py).

*Standing* decides the tier: 0 to 100, weighed out of duration, loyalty, reliability and influence
(`standing_rules`), never the balance, so that spending points costs nobody his tier.
`standing.hear` counts what members do and lifts them at once; evaluations at midnight begin grace
and let fall, one step at most (`climbing`, the same machine live and in replays). Every change is a
row with its reasons.

    earning.hear, clawing_back.hear            hearers of facts
    releasing.release_due(now)                 job, every minute
    redeeming.redeem(session, member_id, order, now)  -> Redeemed(redemption, voucher)
    fulfilling.move / take_next / cancel_own   what was ordered with points, step by step, or back
    stock.receive / reserve / release / hand_over  how many there are, and are promised
    vouchers.issue / use / give_back           codes, and uses at the till (POST /api/vouchers)
    catalogue.offers(session, rules, member_id, now)  what she may have now, or why not
    programme.current(session)                 -> rules.Programme in force, None before version 1
    programme.latest(session)                  -> Version (number, rules, published_at …)
    standing.hear; standing.look(now)          counts facts; job: evaluations that are due
    tiers.standing(session, member_id, rules, at)  -> Standing(points, tier, next, missing)
    tiers.tiers_of(session, rules, member_ids, at) -> tier key by member
    drafting.start / change / discard, publishing.publish, publishing.publish_first
    replaying.replay(session, rules, start, end) -> Outcome; replay_runs keeps and runs them
    statement.read                             a member's statement, in words
    reckoning.reckon, liability.read           the book counted once a day, what is outstanding
    explaining.rule / changes / ways_up        the programme in words
    entitlements.has(session, member_id, key, now)  whether a perk is hers: other rooms ask here
    perk_granting.grant / revoke / hear        perks for single members, by an owner or by a rule
    papers.write / change / revoke / lift      texts and files for members only
    paper_copies.hand_out / whose              a reader's own copy, and whose a mark is
    agreements, inviting, seats, leaving       an advisor's seat: agreement, invitation, answer, end
    vesting.vest_due(now); vesting.settle      units that came with a seat; job, every hour
    counts.POINTS                              number in the header
"""
