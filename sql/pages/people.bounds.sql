-- People bounds: the distances up to which match is sure, and unsure, of a name. No row before match ran.
select
    json_extract(limits_json, '$.max_distance') as max_distance,
    json_extract(limits_json, '$.unsure_distance') as unsure_distance
from step
where tool = 'match' and dataset = '';
