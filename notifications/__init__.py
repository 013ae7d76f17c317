"""Notifications: what people are told, and how they choose to hear it.

A room that has something to say lists a `Notice` and calls `telling.tell`. What was told is a row
with its parameters, never a finished sentence: it is put into words when it is read, in the
reader's language, on the page and in the mail alike.
"""
