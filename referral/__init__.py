"""Referral: who brought whom, and what came of it.

A member has a *code*; her link is `/r/<code>`. A *click* is a row and a count, and leaves a signed
first-party cookie. When the friend has joined and her address is proven (`attributing`), a
*referral* begins as a **lead**; her first paid order (`purchasing`) makes it **pending** until the
return period is over, or **doubted** where a person of the staff has to look first (`deciding`).
The worker lets it go (`releasing`): **released**. It may also end **refused**, with a reason that
the member reads, or **refunded**. Each state is a row with its moment, reason and whoever decided.

One level only: a referral knows a referrer and a friend, and nobody above them. Nothing is paid for
recruiting as such; the reward is a rule about `referral.purchased` in the incentive programme.

    clicking.click(code, channel, landing, now)        the hot path: one durable statement,
    clicking.click_soon(visit, then)                   shared with whoever else clicks just then
    expecting.newcomers, expecting.purchases           lock who may be rewarded, before anybody is
    attributing.hear                                   member.verified → referral.lead, .refused
    purchasing.hear                                    order.paid      → referral.purchased
    refunding.hear                                     order.refunded
    releasing.release_due(now)                         job             → referral.qualified
    deciding.approve, deciding.refuse                  staff, about doubted referrals
    codes.ensure, codes.renew, codes.revoke, codes.show_as
    touches.sign_with(key), touches.write, touches.read   the cookie
"""
