"""A believable business for the first look: a tea merchant, its customers and eight months of talk.

Everything is made by the same verbs that a browser uses (`loading`), with the clock moved month by
month; nothing is inserted by hand. `merchant` holds what the business sells and where people talk,
`people` who they are, `voices` what they say, in three languages. Without a mail server `postbox`
shows its letters, to the machine it runs on and to nobody else (foundation/web/postbox.py).
"""
