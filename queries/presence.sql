-- UserAvailabilityList answers what users wish to be shown as.
-- name: UserAvailabilityList :many
SELECT id, availability FROM "user"
WHERE workspace_id = @workspace_id AND id = ANY (@ids::uuid[]);

-- UserPresentList pages through the users to show in a list of presence: those
-- who are there, and those who are shown as busy. Deactivated users are neither.
-- name: UserPresentList :many
SELECT id, availability FROM "user"
WHERE workspace_id = @workspace_id AND active AND (id = ANY (@present::uuid[]) OR availability = 2) AND id > @after_id
ORDER BY id
LIMIT @max_rows;

-- UserSetAvailability sets what a user wishes to be shown as.
-- name: UserSetAvailability :execrows
UPDATE "user" SET availability = @availability
WHERE workspace_id = @workspace_id AND id = @id;
