"""The book: who has what, kept so that nobody can cheat it, not even we.

A *commodity* is what is counted (points, a currency in minor units, vouchers), always in whole
units. An *account* holds one commodity for one owner and one purpose; what other systems keep in
status columns is an account here, so a change of state is an ordinary transfer and every number a
member sees is the balance of an account:

    issued        the programme's; goes below zero by all that was ever given
    pending       a member's, promised but held until the return period is over
    available     a member's, can be spent; never below zero
    owed          a member's debt, zero or below: taken back after it was spent
    redeemed      a member's, spent
    expired       a member's, too late
    clawed_back   a member's, taken back

A *transfer* is one row: a positive amount from a source to a target. When it is inserted, the
database itself writes its two *entries* (minus on the source, plus on the target, each with the
balance after it and a number without gaps) and moves the two *balances*. Nothing else can: entries
and balances cannot be written by hand, transfers cannot be changed or removed, limits cannot be
crossed. That is what the triggers of migration 0300 are for, and tests/ledger attacks them.

What becomes available may carry a date on which it expires. A *lot* is what one account has with
one date; what has no date never expires, stands in no lot and costs nothing more to move. The
database itself takes from lots when an entry takes from the account, soonest date first and what
never expires last (what a grant gave, when that grant is taken back); a reversal gives back the
same lots, the last taken first, as if less had been taken. No way through the book changes a date:
points go from member to member with theirs, and spent ones come back by a reversal only. Each
`ledger_lot_use` says what one entry did to one lot, and the uses of an entry add up to what the
entry says it moved in dated units (`expiring_after`), so nobody can add one afterwards.

The verbs; each takes a session of `writing()` and a key, and never commits:

    earning.credit(session, owner=, commodity=, amount=, key=, now=)        issued → available
    holds.hold(session, owner=, commodity=, amount=, key=, until=, now=)    issued → pending
    holds.post(session, hold_id, amount=None, key=, now=)                   pending → available
    holds.void(session, hold_id, amount=None, key=, now=)                   pending → issued
    spending.spend(session, owner=, commodity=, amount=, key=, now=)        available → redeemed
    clawbacks.claw_back(session, owner=, commodity=, amount=, key=, now=)   available → clawed_back
    expiring.expire(now)                                                    available → expired
    transfers.transfer(session, source=, target=, amount=, key=, kind=, now=)  anything else
    transfers.transfer_many(session, drafts, now)                           many, in few statements
    bulk.credit_many, bulk.post_many, bulk.void_many                        the verbs above, as sets
    transfers.reverse(session, transfer_id, amount=None, key=, now=)        back, all or in part
    spending.give_back(session, transfer_id, owner=, commodity=, key=, …)   the same of a spending
    accounts.account(session, owner, kind, commodity, now)                  opens or finds

`credit`, `post` and `give_back` pay off what is owed before anything becomes available. `claw_back`
takes what is available and books the rest as owed. `credit` and `hold` take `expires_at`; a hold
keeps it until it is posted, so `until + period` counts from the release. `claw_back` takes `of`,
the credit or hold it takes back. Each of them also takes `about` (the fact or thing behind it) and
`memo` (a JSON object).

Who touches several owners in one transaction locks them first, in one order for everybody: `bulk`
does, others call `accounts.owned`.

The same key with the same request gives back the same transfer and does nothing; the same key
with another request is `Refused(code="idempotency_conflict", status=409)` and names the field that
differs. Keys grow the cheapest index when they are ordered by time (`new_id`) or natural
("grant:<id>").

Reading: `statements.balances` (five numbers), `statements.balances_by_owner` (everybody's, for
audits), `statements.expiring` (what expires when), `expiring.expiring_soon` (whose, between two
moments), `credits` (what became of single credits), `statements.balances_at`,
`statements.statement` (one account), `movements.page` (all accounts of an owner),
`statements.trial_balance`, `statements.outstanding`, `ages` (how old that is, and what became of
older), `journal` and `beancount` (every transfer, for a bookkeeper). `sealing` gives every transfer
a hash that follows from all before it, and the newest to the transparency log. `audit.audit`
recomputes everything and names the first bad row; `bellmouth ledger audit` does so from the command
line.

The ledger knows no members and no programme: an owner is a text.
"""
