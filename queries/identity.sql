-- WorkspaceInsert makes a workspace; its name is unique over the installation.
-- name: WorkspaceInsert :exec
INSERT INTO workspace (workspace_id, name, title, create_time)
VALUES (@workspace_id, @name, @title, @create_time);

-- WorkspaceGet answers one workspace.
-- name: WorkspaceGet :one
SELECT * FROM workspace WHERE workspace_id = @workspace_id;

-- WorkspaceGetByName answers the workspace that somebody signs in to.
-- name: WorkspaceGetByName :one
SELECT * FROM workspace WHERE name = @name;

-- WorkspaceListFirst answers at most two workspaces, which is enough to know
-- whether there is exactly one.
-- name: WorkspaceListFirst :many
SELECT * FROM workspace ORDER BY workspace_id LIMIT 2;

-- WorkspaceUpdate changes what may change about a workspace; what is not given
-- stays.
-- name: WorkspaceUpdate :one
UPDATE workspace SET title = coalesce(sqlc.narg(title), title), time_zone = coalesce(sqlc.narg(time_zone), time_zone)
WHERE workspace_id = @workspace_id RETURNING *;

-- UserInsert adds a user. An address or a request id that is taken violates
-- user_email or user_request.
-- name: UserInsert :one
INSERT INTO "user" (workspace_id, id, email, name, chat_name, role, locale, password_hash, request_id, create_time)
VALUES (@workspace_id, @id, @email, @name, @chat_name, @role, @locale, @password_hash, @request_id, @create_time)
RETURNING *;

-- UserGet answers one user, deactivated or not.
-- name: UserGet :one
SELECT * FROM "user" WHERE workspace_id = @workspace_id AND id = @id;

-- UserGetByEmail answers the user with an address, in any case of letters.
-- name: UserGetByEmail :one
SELECT * FROM "user" WHERE workspace_id = @workspace_id AND lower(email) = lower(@email);

-- UserGetByRequest answers the user that an earlier try of a request added.
-- name: UserGetByRequest :one
SELECT * FROM "user" WHERE workspace_id = @workspace_id AND request_id = @request_id;

-- UserListByID answers those of the users that exist.
-- name: UserListByID :many
SELECT * FROM "user" WHERE workspace_id = @workspace_id AND id = ANY(@ids::uuid[]);

-- UserList pages through users by name and id. What is searched for is a part
-- of the name or address as it stands: no character of it is a pattern.
-- name: UserList :many
SELECT * FROM "user"
WHERE workspace_id = @workspace_id
    AND (@include_inactive::boolean OR active)
    AND (@query::text = '' OR position(lower(@query) IN lower(name)) > 0 OR position(lower(@query) IN lower(email)) > 0)
    AND (sqlc.narg(after_id)::uuid IS NULL OR (lower(name), id) > (lower(@after_name::text), sqlc.narg(after_id)::uuid))
ORDER BY lower(name), id
LIMIT @max_rows;

-- UserLock answers a user whose row nobody else changes until the transaction
-- ends.
-- name: UserLock :one
SELECT * FROM "user" WHERE workspace_id = @workspace_id AND id = @id FOR UPDATE;

-- UserLockAdministrators answers the active administrators. Whoever would take
-- one away waits here for the others who would, so that the last one stays.
-- name: UserLockAdministrators :many
SELECT id FROM "user"
WHERE workspace_id = @workspace_id AND role = 3 AND active
ORDER BY id
FOR UPDATE;

-- UserUpdate writes what may change about a user, all of it.
-- name: UserUpdate :one
UPDATE "user"
SET email = @email, name = @name, chat_name = @chat_name, locale = @locale, time_zone = @time_zone, role = @role, active = @active
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- UserSetPassword replaces the hash of a password.
-- name: UserSetPassword :exec
UPDATE "user" SET password_hash = @password_hash WHERE workspace_id = @workspace_id AND id = @id;

-- CredentialInsert makes a session, an API key or a visitor token.
-- name: CredentialInsert :exec
INSERT INTO credential (workspace_id, id, kind, secret_hash, user_id, visitor_id, name, scopes, user_agent, create_time, expire_time)
VALUES (@workspace_id, @id, @kind, @secret_hash, @user_id, @visitor_id, @name, @scopes, @user_agent, @create_time, @expire_time);

-- CredentialGetBearer answers a credential with whose it is. One that was
-- revoked, or whose user is deactivated, is not there; whether it has expired
-- is for the caller's clock to say.
-- name: CredentialGetBearer :one
SELECT c.kind, c.secret_hash, c.scopes, c.expire_time, c.user_id, c.visitor_id,
    coalesce(u.role, 0)::smallint AS role,
    coalesce(u.name, v.name, '')::text AS name,
    coalesce(u.chat_name, '')::text AS chat_name,
    coalesce(u.email, v.email, '')::text AS email,
    coalesce(u.locale, v.locale, '')::text AS locale
FROM credential c
LEFT JOIN "user" u ON u.workspace_id = c.workspace_id AND u.id = c.user_id
LEFT JOIN visitor v ON v.workspace_id = c.workspace_id AND v.id = c.visitor_id
WHERE c.workspace_id = @workspace_id AND c.id = @id AND c.revoke_time IS NULL AND (c.user_id IS NULL OR u.active);

-- CredentialListEnded answers which of the given credentials are no longer in
-- force, or carry another role than given: for streams, whose callers were
-- known when they were opened. The three lists go together by position.
-- name: CredentialListEnded :many
SELECT given.id::uuid AS id
FROM (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@ids::uuid[]) AS id, unnest(@roles::smallint[]) AS role) AS given
LEFT JOIN credential c ON c.workspace_id = given.workspace_id AND c.id = given.id
LEFT JOIN "user" u ON u.workspace_id = c.workspace_id AND u.id = c.user_id
WHERE c.id IS NULL
    OR c.revoke_time IS NOT NULL
    OR c.expire_time <= @now::timestamptz
    OR (c.user_id IS NOT NULL AND (NOT u.active OR u.role <> given.role));

-- CredentialListOfUser pages through a user's credentials of one kind that are
-- in force, newest first.
-- name: CredentialListOfUser :many
SELECT * FROM credential
WHERE workspace_id = @workspace_id AND user_id = @user_id::uuid AND kind = @kind
    AND revoke_time IS NULL AND (expire_time IS NULL OR expire_time > @now::timestamptz)
    AND (sqlc.narg(before_id)::uuid IS NULL OR id < sqlc.narg(before_id)::uuid)
ORDER BY id DESC
LIMIT @max_rows;

-- CredentialGet answers one credential, in force or not.
-- name: CredentialGet :one
SELECT * FROM credential WHERE workspace_id = @workspace_id AND id = @id;

-- CredentialRevoke ends a credential; the time of its first end stays.
-- name: CredentialRevoke :exec
UPDATE credential SET revoke_time = @now::timestamptz
WHERE workspace_id = @workspace_id AND id = @id AND revoke_time IS NULL;

-- CredentialRevokeOfUser revokes a user's credentials of the given kinds but
-- for one, and answers which.
-- name: CredentialRevokeOfUser :many
UPDATE credential SET revoke_time = @now::timestamptz
WHERE workspace_id = @workspace_id AND user_id = @user_id::uuid AND kind = ANY(@kinds::smallint[])
    AND revoke_time IS NULL AND id <> @keep
RETURNING id;

-- CredentialPrune forgets some credentials that ended before a time, and of the
-- visitors whose last credential that was those who never opened a chat. It
-- answers how many credentials it forgot. What another node is forgetting at the
-- same time is passed over.
-- name: CredentialPrune :one
WITH ended AS (
    SELECT credential.workspace_id, credential.id FROM credential
    WHERE least(credential.revoke_time, credential.expire_time) < @before::timestamptz
    ORDER BY least(credential.revoke_time, credential.expire_time)
    LIMIT @max_rows
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM credential USING ended
    WHERE credential.workspace_id = ended.workspace_id AND credential.id = ended.id
    RETURNING credential.workspace_id, credential.id, credential.visitor_id
), visitors AS (
    DELETE FROM visitor USING gone
    WHERE visitor.workspace_id = gone.workspace_id AND visitor.id = gone.visitor_id
        AND NOT EXISTS (SELECT FROM chat WHERE chat.workspace_id = visitor.workspace_id AND chat.visitor_id = visitor.id)
        AND NOT EXISTS (SELECT FROM credential AS other
            WHERE other.workspace_id = visitor.workspace_id AND other.visitor_id = visitor.id
                AND NOT EXISTS (SELECT FROM gone AS g WHERE g.workspace_id = other.workspace_id AND g.id = other.id))
)
SELECT count(*) FROM gone;
