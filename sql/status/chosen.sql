-- What a dataset has chosen, as tools.choose.quotas counts it.
select shot, view, posture, arms, address, who
from selection
where dataset = :dataset and chosen;
