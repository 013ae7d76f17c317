"""Members: who you are, how you sign in, what you may do.

A member is a person the business knows. A buyer who was only ever seen on an order is a member too,
unclaimed until she proves that the address is hers and chooses a password. Roles are member,
moderator, staff and owner; what each may do stands in one table, `permissions.ACTS`.
"""
