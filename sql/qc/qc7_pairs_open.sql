-- Every pair of a package is complete on the disk.
-- QC7, error. Image and mask open; the caption is one line of UTF-8 with words.
-- Remedy: Type make all: what is missing is put back. A caption of several lines is yours: make it one.
-- Opens: pair.
select package_item.item_id, package_item.path
from package
join step on step.id = package.step_id and step.active
join package_item on package_item.package_id = package.id
where package.state = 'current' and step.tool not in (select tool from temp.busy)
order by package_item.path;
