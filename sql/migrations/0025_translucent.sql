-- Where one sees through somebody who was cut out.

-- translucent_share: of the mask's inside, deeper below its outline than a twentieth of the square root of its area, what
-- is neither sure (alpha 204 and more) nor none (63 and less), 0 to 1; null where nothing lies so deep.
alter table mask add column translucent_share real;
