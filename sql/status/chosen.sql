-- What a dataset has chosen, as tools.choose.quotas counts it.
select shot, view, address, who
from selection
where dataset = :dataset and chosen;
