-- The item in force at an address.
select id as item_id from item where kind = :kind and address = :address and newest;
