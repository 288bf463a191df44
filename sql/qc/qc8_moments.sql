-- No moment fills a package.
-- QC8, warning. Of each moment (one person, one shot, select.moment_s) at most two images, or a tenth of all where that
-- is more.
-- Remedy: Take more footage, or raise select.second_difference so that moments give fewer.
with shown as (
    select
        package.step_id, package_item.item_id, package_item.path, choice.moment,
        count(*) over (partition by package.id, choice.moment) as n, count(*) over (partition by package.id) as total,
        row_number() over (partition by package.id, choice.moment order by package_item.path) as place
    from package
    join step on step.id = package.step_id and step.active
    join package_item on package_item.package_id = package.id
    join item on item.id = package_item.item_id
    join outcome as chosen
        on chosen.item_id = item.parent_id and chosen.latest
        and chosen.step_id = (
            select id from step as chooser where chooser.tool = 'select' and chooser.dataset = step.dataset
        )
    join "select" as choice on choice.outcome_id = chosen.id and choice.moment is not null
    where package.state = 'current'
)
select item_id, path, printf('%d of %d images show its moment.', n, total) as detail
from shown
where place = 1 and n > max(2, 0.1 * total)
order by n desc, path;
