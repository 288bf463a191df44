-- What a dataset has chosen, as tools.choose.quotas counts it.
select shot, view, address
from selection
where dataset = :dataset and chosen;
