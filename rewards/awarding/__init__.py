"""Awards: points by the owner's hand, to many members at once, out of a CSV file.

A file under a name is an *award set*. It is looked at first (`award_files.look_at`, `checking`):
every row that cannot be given has its row, column and a sentence. Then it is given chunk by chunk
(`giving.give`), each chunk in one transaction: who was broken off goes on, and the same file under
the same name gives nothing twice. Another file under a name that was used is refused.

Each *award* is a credit of the ledger, without any rule or budget of the programme; its member
reads the reason in her statement and on /me/awards. A set can be taken back: of every award as much
as its member still has available, so nobody is brought below zero (`taking_back`).

The command gives at once; what comes from the owner's page in large is given by the worker
(`runs`); what was only looked at goes after a week (`forgetting`). Two that give the same set wait
for each other, chunk by chunk.
"""
