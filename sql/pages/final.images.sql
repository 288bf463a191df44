-- Final images: what a dataset has chosen or holds in its package, one row for each composite, in the order of choice.
-- chosen: it stands in the set today. fate: of the composite at its own step, null where there is none yet. note: of the
-- decision in force. packaged: where it lies in the current package. :dataset is the dataset's name.
with steps as (
    select
        max(id) filter (where tool = 'select') as chooser, max(id) filter (where tool = 'composite') as composer,
        max(id) filter (where tool = 'caption') as captioner, max(id) filter (where tool = 'package') as packer,
        (select id from step where tool = 'match' and dataset = '') as matcher
    from step
    where dataset = :dataset and active
),
members as (
    select outcome.item_id
    from steps
    join outcome indexed by outcome_gallery
        on outcome.step_id = steps.chooser and outcome.kind = 'cutout' and outcome.latest and outcome.live
        and outcome.status = 'ok'
    join "select" on "select".outcome_id = outcome.id and "select".rank is not null
    union
    select packed.parent_id
    from steps
    join package on package.step_id = steps.packer and package.state = 'current'
    join package_item on package_item.package_id = package.id
    join item as packed on packed.id = package_item.item_id
)
select
    cutout.id, cutout.version, cutout.path, cutout.address, cutout.newest,
    coalesce(outcome.live and outcome.passed and cutout.newest, 0) as chosen,
    coalesce(decision.verdict, '') as verdict, decision.note, decision.dataset as decided_for,
    choice.rank, choice.score, choice.score_parts, choice.difference, choice.moment,
    person.shot, person.view, person.posture, person.arms,
    coalesce(identities.identity, 'person ' || identities.cluster) as who, frame.time_s,
    source.id as source_id, source.version as source_version, source.kind as source_kind, source.address as source,
    (select file.shown from file where file.item_id = source.id order by file.id limit 1) as source_name,
    composite.id as composite_id, composite.version as composite_version, composite.width, composite.height,
    composed.mode, fate.passed as fate, coalesce(package_item.text, caption.text) as text, caption.text as said, caption.author,
    caption_item.id as caption_id, package_item.path as packaged
from members
join steps
join item as cutout on cutout.id = members.item_id
join person on person.item_id = cutout.parent_id
join item as person_item on person_item.id = cutout.parent_id
join frame on frame.item_id = person_item.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
join item as source on source.id = frame_item.parent_id
left join outcome on outcome.step_id = steps.chooser and outcome.item_id = cutout.id and outcome.latest
left join decision on decision.id = outcome.decision_id
left join "select" as choice on choice.outcome_id = outcome.id
left join outcome as matched
    on matched.step_id = steps.matcher and matched.item_id = cutout.parent_id and matched.latest
left join identities on identities.outcome_id = matched.id
left join item as composite
    on composite.parent_id = cutout.id and composite.kind = 'composite' and composite.newest
    and composite.step_id = steps.composer
left join composite as composed on composed.item_id = composite.id
left join outcome as fate
    on fate.step_id = steps.composer and fate.item_id = composite.id and fate.latest and fate.live
left join item as caption_item
    on caption_item.parent_id = cutout.id and caption_item.kind = 'caption' and caption_item.newest
    and caption_item.step_id = steps.captioner
left join caption on caption.item_id = caption_item.id
left join package on package.step_id = steps.packer and package.state = 'current'
left join package_item on package_item.package_id = package.id and package_item.item_id = composite.id
order by choice.rank is null, choice.rank, cutout.id, composite.id;
