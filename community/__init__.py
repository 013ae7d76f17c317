"""Clubs where a rant is as welcome as a rave, and where nobody can quietly take a word away.

A *club* holds *topics*; a topic is a rant, a rave, a question, an idea or a talk; what is written
in it are numbered *posts*. A post appears at once. What the company owes an answer (rants and
questions) carries a public clock that only a badged reply stops.

A moderator may *fold* a post: it stays one click from readable (what breaks the law or shows
somebody's private data is withheld). Each fold has a reason from a closed list, a statement of
reasons to the author, a line in the public moderation log, a leaf in the transparency log, and for
six months an appeal that somebody else decides. Nobody decides in his own cause. Anybody, signed in
or not, may report what is illegal.
"""
