-- Identities: who each person is, as far as that is sure.
-- A keep or a pin lets an image pass whatever the limits say, but does not say who somebody is: beyond match's bounds there
-- is no identity until a person says one. unnamed: 1 where match compared or followed, is not sure, and nobody has said it.
create view identities as
select
    "match".outcome_id,
    case
        when (select judged.reason from outcome as judged where judged.id = "match".outcome_id)
            in ('other_person', 'identity_unsure') then null
        else "match".identity
    end as identity,
    "match".cluster, "match".track,
    (
        select judged.reason in ('other_person', 'identity_unsure') and judged.said_id is null
        from outcome as judged
        where judged.id = "match".outcome_id
    ) is 1 as unnamed
from "match";
