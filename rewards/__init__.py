"""The incentive programme: what is promised for what, shown to everybody, paid by the book.

A *programme* is one document (`rules.Programme`): tiers, earning rules, a catalogue, the return
period. The owner edits a *draft* of it, *replays* the draft over what really happened, and
publishes it as the next *version*. A version never changes again (the database refuses it); its
publication is a leaf in the public log, and the page "How rewards work" is rendered from it.

What happened is a fact; `earning.hear` asks `engine.Engine` what the version in force at that
moment promises for it, and for every award writes a *grant* and its transfer in the ledger: points,
store credit in the programme's currency, or vouchers, each a credit of its uses
(`vouchers/earned.py`). Where the rule says so it is held until the return period is over;
`releasing.release_due` lets it go. When an order is refunded, `clawing_back.hear` takes back its
share of every grant that rests on it.

`engine.Engine` is pure, and it is the only engine: `replaying.replay` runs a draft through the same
function, so a replay of a published version over its own time gives what the ledger holds, to the
unit (tests/rewards/test_replaying.py, test_told_late.py).

*Standing* decides the tier: 0 to 100, weighed out of duration, loyalty, reliability and influence
(`standing/rules.py`), never the balance, so that spending points costs nobody his tier.
`standing/keeping.hear` counts what members do and lifts them at once; evaluations at midnight begin
grace and let fall, one step at most (`standing/climbing.py`, the same machine live and in replays).
Every change is a row with its reasons.

Whatever a member is given stands in the book, in a commodity of its own (`commodities.py`): what
points buy, perks and papers for single members, vouchers. Rows say what it is and where it stands;
the `booking.py` beside them moves its units in the same transaction, and an audit compares both.

The folders: `replaying/`, `standing/` (weights, tiers), `budgets/`, `cards/` (stamps, welcome),
`topups/`, `credit/` (money to spend in the shop), `catalogue/` (what points buy), `vouchers/`
(codes, the till's API), `perks/`, `papers/`, `seats/` (advisors), `book/` (statement, liability).
Each tells its story in its `__init__.py`; what is here is the programme itself.

    earning.hear, clawing_back.hear            hearers of facts
    releasing.release_due(now)                 job, every minute
    programme.current(session)                 -> rules.Programme in force, None before version 1
    programme.latest(session)                  -> Version (number, rules, published_at …)
    drafting.start / change / discard, publishing.publish, publishing.publish_first
    sections.SECTIONS, section_views           the draft's editor; how a section is added
    wares.missing(session, rules)              products that rules name and the shop does not have
    replaying.replay(session, rules, start, end) -> Outcome; replay_runs keeps and runs them
    explaining.rule / changes / ways_up        the programme in words
    counts.POINTS                              number in the header
    standing/keeping.hear, look(now)           counts facts; job: evaluations that are due
    standing/tiers.standing(session, member_id, rules, at)  -> Standing(points, tier, next, missing)
    standing/tiers.tiers_of(session, rules, member_ids, at) -> tier key by member
    cards/keeping.hear, cards/welcoming.hear   stamps for orders; welcome vouchers
    catalogue/offers.offers(session, rules, member_id, now) what she may have now, or why not
    catalogue/redeeming.redeem(session, member_id, order, now)  -> Redeemed(redemption, voucher)
    catalogue/fulfilling.move / take_next / cancel_own  step by step, or back
    catalogue/stock.receive / reserve / release / hand_over  how many there are, and are promised
    catalogue/booking.promise / hand_over / take_back  what she ordered, in the book
    vouchers/codes.issue / use / give_back / revoke  codes, uses at the till (POST /api/vouchers)
    vouchers/giving.give                       vouchers as gifts: issued as a set, on record, told
    credit/taking.take, giving_back.give_back  store credit for orders (POST /api/credit, /credit)
    credit/purse.purse(session, member_id, currency, now)  what she has of it
    perks/entitlements.has(session, member_id, key, now)  whether a perk is hers: rooms ask here
    perks/granting.grant / revoke / hear       perks for single members, by an owner or by a rule
    papers/writing.write / change / revoke / lift  texts and files for members only
    papers/copies.hand_out / whose             a reader's own copy, and whose a mark is
    seats/agreements, inviting, answering, leaving  an advisor: agreement, invitation, answer, end
    seats/vesting.vest_due(now); settle        units that came with a seat; job, every hour
    book/statement.read                        a member's statement, in words
    book/reckoning.reckon, book/liability.read the book counted once a day, what is outstanding
"""
