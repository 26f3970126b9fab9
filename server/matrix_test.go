package server_test

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
)

// Spec: A4
func TestContract_SaysOfEveryMethodWhoMayCallIt(t *testing.T) {
	t.Parallel()
	all := methods(t)
	require.NotEmpty(t, all)
	for _, method := range all {
		rule := ruleOf(method)
		require.NotEmpty(t, rule.GetCallers(), "%s has no access rule, so nobody may call it", full(method))
		require.NotContains(t, rule.GetCallers(), accessv1.Caller_CALLER_UNSPECIFIED, full(method))
		forUsers := slices.ContainsFunc(rule.GetCallers(), isUserKind)
		if forUsers && full(method) != "IdentityService.SignOut" { // a key without any scope may end itself
			require.NotEqual(t, accessv1.Scope_SCOPE_UNSPECIFIED, rule.GetScope(), "%s: every API key could call it", full(method))
		}
	}
}

func isUserKind(c accessv1.Caller) bool {
	return c == accessv1.Caller_CALLER_MEMBER || c == accessv1.Caller_CALLER_AGENT || c == accessv1.Caller_CALLER_ADMINISTRATOR
}

// caller is somebody who tries every method.
type caller struct {
	name  string
	token func(t *testing.T, method protoreflect.MethodDescriptor) string
	// kinds are what the caller counts as; none for nobody. dead is true for a
	// token that is not valid any more.
	kinds []accessv1.Caller
	dead  bool
	// lacks is the scope that the caller's key was made without.
	lacksScope bool
	// strange reports whether an id must not exist for the caller.
	strange func(id string) bool
	// marks are what the caller must never meet.
	marks []string
}

// gate is what the contract alone says to the caller.
func (c *caller) gate(rule *accessv1.Rule) (connect.Code, string) {
	if slices.Contains(rule.GetCallers(), accessv1.Caller_CALLER_ANYONE) {
		return 0, ""
	}
	if c.dead {
		return connect.CodeUnauthenticated, "CREDENTIAL_INVALID"
	}
	if len(c.kinds) == 0 {
		return connect.CodeUnauthenticated, "CREDENTIAL_MISSING"
	}
	if !slices.ContainsFunc(rule.GetCallers(), func(k accessv1.Caller) bool { return slices.Contains(c.kinds, k) }) {
		return connect.CodePermissionDenied, "CALLER_DENIED"
	}
	if c.lacksScope && rule.GetScope() != accessv1.Scope_SCOPE_UNSPECIFIED {
		return connect.CodePermissionDenied, "SCOPE_MISSING"
	}
	return 0, ""
}

// The kinds that a role counts as.
var (
	asMember        = []accessv1.Caller{accessv1.Caller_CALLER_MEMBER}
	asAgent         = append(slices.Clone(asMember), accessv1.Caller_CALLER_AGENT)
	asAdministrator = append(slices.Clone(asAgent), accessv1.Caller_CALLER_ADMINISTRATOR)
	asVisitor       = []accessv1.Caller{accessv1.Caller_CALLER_VISITOR}
	allMarks        = []string{markRecord, markChat, markNote, markStaff, "admin@acme.example"}
)

// overlooked are the ids that a method does not look at, and why that is right.
var overlooked = map[string]string{
	"CreateRecordRequest.Record.id":                                "the contract: type and fields, the rest is ignored",
	"CreateRecordRequest.Record.creator_id":                        "the same",
	"UpsertRecordRequest.Record.id":                                "the same",
	"CreateMailAliasRequest.MailAlias.id":                          "the contract: it is ignored",
	"CreateMailAliasRequest.MailAlias.follower_ids":                "USER_UNKNOWN, whosever it is",
	"UpdateRecordsRequest.record_ids":                              "answered record by record: RECORD_NOT_FOUND",
	"DeleteRecordsRequest.record_ids":                              "the same",
	"UpsertRecordRequest.Record.creator_id":                        "the same",
	"UpdateWorkspaceRequest.Workspace.id":                          "it is always the caller's own workspace",
	"CreateChannelRequest.Channel.id":                              "a new channel has an id of its own",
	"ListChatsRequest.channel_id":                                  "no chats of the caller's are in it: an empty list",
	"PostMessageRequest.file_ids":                                  "FILE_UNKNOWN, whosever it is",
	"PostMessageRequest.mention_ids":                               "MENTION_UNKNOWN, whosever it is",
	"CreateActivityTypeRequest.ActivityType.id":                    "a new type has an id of its own",
	"CreateActivityPlanRequest.ActivityPlan.id":                    "a new plan has an id of its own",
	"CreateActivityPlanRequest.ActivityPlanItem.type_id":           "ACTIVITY_PLAN_INVALID, whosever it is",
	"CreateActivityPlanRequest.ActivityPlanItem.assignee_id":       "the same",
	"ListActivityDaysRequest.assignee_id":                          "activities of one's own workspace; there are none of others",
	"GetInboxCountsRequest.thread_ids":                             "counts of the caller's own inbox; of other threads there are none",
	"SubscribeRequest.Topic.thread_id":                             "answered in the stream, with TopicClosed",
	"PollRequest.Topic.thread_id":                                  "the same",
	"GetWidgetRequest.channel_id":                                  "public: it stands in the script tag of a website",
	"StartVisitRequest.channel_id":                                 "the same",
	"CreateConnectionRequest.Connection.id":                        "a new connection has an id of its own",
	"UpdateWhatsAppTemplateRequest.WhatsAppTemplate.connection_id": "only answered: the template is found by its own id",
}

// strangers are all who must not get anything of acme's.
func (w *world) strangers(t *testing.T) []*caller {
	t.Helper()
	everything := func(string) bool { return true }
	keys := map[accessv1.Scope]string{}
	return []*caller{
		{name: "nobody", token: always(""), strange: everything, marks: allMarks},
		{name: "made-up token", token: always("prl_s_" + strings.Repeat("A", 86)), dead: true, strange: everything, marks: allMarks},
		{name: "revoked session", token: always(w.revokedSession(t)), dead: true, strange: everything, marks: allMarks},
		{name: "revoked key", token: always(w.revokedKey(t)), dead: true, strange: everything, marks: allMarks},
		{name: "ended visit", token: always(w.endedVisit(t)), dead: true, strange: everything, marks: allMarks},
		{name: "administrator of another workspace", token: w.freshUmbra, kinds: asAdministrator, strange: everything, marks: allMarks},
		{name: "visitor of another workspace", token: always(w.passer.Token), kinds: asVisitor, strange: everything, marks: allMarks},
		{
			name: "key without the scope", kinds: asAdministrator, lacksScope: true, strange: everything, marks: allMarks,
			token: func(t *testing.T, m protoreflect.MethodDescriptor) string {
				scope := ruleOf(m).GetScope()
				if keys[scope] == "" {
					_, keys[scope] = apiKey(t, w.admin, scopesBut(scope)...)
				}
				return keys[scope]
			},
		},
	}
}

// freshUmbra signs umbra's administrator in anew for every call: some calls end
// the session.
func (w *world) freshUmbra(t *testing.T, _ protoreflect.MethodDescriptor) string {
	t.Helper()
	return w.signIn(t, "umbra", "root@umbra.example").Token
}

func always(token string) func(*testing.T, protoreflect.MethodDescriptor) string {
	return func(*testing.T, protoreflect.MethodDescriptor) string { return token }
}

// scopesBut are all scopes but one.
func scopesBut(missing accessv1.Scope) []accessv1.Scope {
	var scopes []accessv1.Scope
	for number := range accessv1.Scope_name {
		if s := accessv1.Scope(number); s != missing && s != accessv1.Scope_SCOPE_UNSPECIFIED {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

func (w *world) revokedSession(t *testing.T) string {
	t.Helper()
	c := w.node.SignIn(t, "admin@acme.example")
	_, err := c.Identity.SignOut(t.Context(), &identityv1.SignOutRequest{})
	require.NoError(t, err)
	return c.Token
}

func (w *world) revokedKey(t *testing.T) string {
	t.Helper()
	key, token := apiKey(t, w.admin, scopesBut(accessv1.Scope_SCOPE_UNSPECIFIED)...)
	_, err := w.admin.Identity.RevokeApiKey(t.Context(), &identityv1.RevokeApiKeyRequest{ApiKeyId: key.GetId()})
	require.NoError(t, err)
	return token
}

func (w *world) endedVisit(t *testing.T) string {
	t.Helper()
	v, _ := visit(t, w.node, w.channel)
	_, err := v.Visitor.EndVisit(t.Context(), &visitorv1.EndVisitRequest{})
	require.NoError(t, err)
	return v.Token
}
