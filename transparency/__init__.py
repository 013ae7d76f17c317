"""The public record: what was published, withdrawn or folded here, in an order nobody can change.

Every review and every act of moderation leaves one line, a *leaf*, in an append-only log shaped as
the Merkle tree of RFC 6962. A leaf does not hold the text; it holds a *commitment*, the hash of a
random salt and the text. Whoever has the text and the salt can show that they belong together; when
a text must be erased, its salt goes too, and the log stays whole.

A log of size n has one *root*, 32 bytes that stand for every leaf in it. An *inclusion proof* shows
with a handful of hashes that a leaf is under a root; a *consistency proof* shows that a later root
only added to an earlier one. *Checkpoints* are roots written down as time passes. Authors can keep
a *receipt* of each version, so that the site cannot quietly forget what they wrote.

A log cannot prove that a page shows everything that is in it. So all leaves are public, and
`bellmouth log verify` walks through them and asks each room (its *witness*) whether what was
published is still served, word for word.
"""
