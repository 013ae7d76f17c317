"""The ground every room stands on.

Two doors to the database (`doors`, `writing`), facts and who hears them (`facts`), promises kept
after the commit (`outbox`, `jobs`, `worker`, `mail`), words and money in three languages (`words`,
`money`), text rendered once (`markdown`), pictures drawn anew (`pictures`), search, paging, page
versions, refusals and settings. `web/` holds what knows Flask. Nothing here knows members, points
or reviews.
"""
