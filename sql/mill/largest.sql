-- Pixels of the largest picture of a kind; 0 where there is none.
select coalesce(max(width * height), 0) from item where kind = :kind and newest;
