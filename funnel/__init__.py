"""Funnel: where every member stands in the inverted funnel, and what put her there.

The ordinary funnel ends at the sale; this one starts there and widens. Five stages, the rules for
them in `stages.STAGES`: data that the machine runs and the page prints. `stages.hear` hears the
facts the rules speak of, in batches, and writes where a member stands (`MemberStage`), which facts
put her there (`StageEntry`, append-only) and how many stand where (`StageCount`, moved by delta).
Nobody falls back a stage.
"""
