"""The book as people read it: a member's statement; the owner's liability and journal.

The book itself is the room `ledger`; here movements get their words, their tiers and their why.
"""
