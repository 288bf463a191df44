-- Composites of a dataset, each with the caption of its cutout.
-- caption_id, text and ground are null where no caption passed; ground: 1 where a clause about what stands behind is
-- wanted. rank: the cutout's place in the order of choice. caption_lack, caption_lack_detail: why no caption passed; null
-- where one did, or where a person has rejected it.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256, item.width, item.height,
    composite.mode, composite.mask_path, composite.mask_sha256,
    caption_item.id as caption_id, caption_item.version as caption_version, caption.text, caption.ground,
    person.shot, person.view, "select".rank,
    case
        when captioned.passed or captioned.decision_id is not null then null
        else coalesce(captioned.reason, asked.reason, 'waiting')
    end as caption_lack,
    case
        when captioned.passed or captioned.decision_id is not null then null
        else coalesce(captioned.detail, asked.detail)
    end as caption_lack_detail
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join composite on composite.item_id = item.id
join item as cutout on cutout.id = item.parent_id
join person on person.item_id = cutout.parent_id
left join outcome as chosen
    on chosen.item_id = item.parent_id and chosen.latest
    and chosen.step_id = (select id from step where tool = 'select' and dataset = :dataset)
left join "select" on "select".outcome_id = chosen.id
left join outcome as captioned
    on captioned.kind = 'caption' and captioned.latest and captioned.live
    and captioned.step_id = (select id from step where tool = 'caption' and dataset = :dataset)
    and captioned.item_id = (
        select id from item as text_item
        where text_item.parent_id = item.parent_id and text_item.kind = 'caption' and text_item.newest
            and text_item.step_id = (select id from step where tool = 'caption' and dataset = :dataset)
    )
left join item as caption_item on caption_item.id = captioned.item_id and captioned.passed
left join outcome as asked
    on asked.item_id = item.parent_id and asked.latest and asked.live
    and asked.step_id = (select id from step where tool = 'caption' and dataset = :dataset)
left join caption on caption.item_id = caption_item.id
where step.tool = 'composite' and step.dataset = :dataset
    and outcome.kind = 'composite' and outcome.latest and outcome.live and outcome.passed and item.newest;
