package identity_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
)

func deactivate(m *member) *identityv1.UpdateUserRequest {
	return update(&identityv1.User{Id: m.user.GetId()}, "active")
}

func update(u *identityv1.User, fields ...string) *identityv1.UpdateUserRequest {
	return &identityv1.UpdateUserRequest{User: u, UpdateMask: &fieldmaskpb.FieldMask{Paths: fields}}
}

func newUser(email string) *identityv1.CreateUserRequest {
	return &identityv1.CreateUserRequest{
		RequestId: uuid.NewString(), Email: email, Name: "Bob", Role: identityv1.Role_ROLE_AGENT, Password: password,
	}
}

func TestCreateUser_AnswersARetryWithTheSameUser(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	req := newUser("bob@acme.example")
	var ids sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			res, err := ann.CreateUser(t.Context(), req)
			if err != nil {
				t.Errorf("create user: %v", err)
				return
			}
			ids.Store(res.GetUser().GetId(), true)
		})
	}
	wg.Wait()
	count := 0
	ids.Range(func(any, any) bool { count++; return true })
	require.Equal(t, 1, count)
	bob := n.signIn("acme", "BOB@acme.example", password)
	require.Equal(t, identityv1.Role_ROLE_AGENT, bob.user.GetRole())
	require.Equal(t, "en", bob.user.GetLocale())
	require.True(t, bob.user.GetActive())
}

func TestCreateUser_RefusesAnAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	_, err := ann.CreateUser(t.Context(), newUser("Ann@Acme.example"))
	requireFault(t, err, connect.CodeAlreadyExists, "EMAIL_TAKEN")
	n.workspace("globex")
	elsewhere := n.signIn("globex", "ann@globex.example", password)
	_, err = elsewhere.CreateUser(t.Context(), newUser("ann@acme.example"))
	require.NoError(t, err, "another workspace has its own people")
}

func TestCreateUser_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	wrong := map[string]func(r *identityv1.CreateUserRequest){
		"REQUEST_INVALID":  func(r *identityv1.CreateUserRequest) { r.Password = "short" },
		"LOCALE_INVALID":   func(r *identityv1.CreateUserRequest) { r.Locale = "en_US!" },
		"TEXT_INVALID":     func(r *identityv1.CreateUserRequest) { r.Name = "Bo\x00b" },
		"REQUEST_INVALID ": func(r *identityv1.CreateUserRequest) { r.Role = 77 },
	}
	for reason, spoil := range wrong {
		req := newUser("bob@acme.example")
		spoil(req)
		_, err := ann.CreateUser(t.Context(), req)
		requireFault(t, err, connect.CodeInvalidArgument, strings.TrimSpace(reason))
	}
}

// Spec: A4
func TestUpdateUser_MembersChangeOnlyWhatIsTheirOwn(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	bob, eve := ann.add("bob", identityv1.Role_ROLE_MEMBER), ann.add("eve", identityv1.Role_ROLE_AGENT)
	res, err := bob.UpdateUser(t.Context(), update(&identityv1.User{
		Id: bob.user.GetId(), Name: "Robert", ChatName: "Bobby", Locale: "pt-BR",
	}, "name", "chat_name", "locale"))
	require.NoError(t, err)
	require.Equal(t, "Robert Bobby pt-BR", fmt.Sprint(res.GetUser().GetName(), " ", res.GetUser().GetChatName(), " ", res.GetUser().GetLocale()))

	unchanged := res.GetUser()
	unchanged.Name = "Rob"
	_, err = bob.UpdateUser(t.Context(), &identityv1.UpdateUserRequest{User: unchanged})
	require.NoError(t, err, "sending back what is there is no change")

	denied := []*identityv1.UpdateUserRequest{
		update(&identityv1.User{Id: bob.user.GetId(), Role: identityv1.Role_ROLE_ADMINISTRATOR}, "role"),
		{User: &identityv1.User{Id: bob.user.GetId(), Role: identityv1.Role_ROLE_AGENT}},
		update(&identityv1.User{Id: bob.user.GetId(), Email: "other@acme.example"}, "email"),
		deactivate(bob),
		update(&identityv1.User{Id: eve.user.GetId(), Name: "Evil"}, "name"),
		deactivate(eve),
	}
	for _, req := range denied {
		for _, m := range []*member{bob} {
			_, err := m.UpdateUser(t.Context(), req)
			requireFault(t, err, connect.CodePermissionDenied, "ADMINISTRATOR_ONLY")
		}
	}
}

func TestUpdateUser_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	id := bob.user.GetId()
	n.workspace("globex")
	foreign := n.signIn("globex", "ann@globex.example", password)
	tests := map[string]struct {
		req    *identityv1.UpdateUserRequest
		code   connect.Code
		reason string
	}{
		"UnknownField": {update(&identityv1.User{Id: id}, "id"), connect.CodeInvalidArgument, "UPDATE_MASK_INVALID"},
		"NoName":       {update(&identityv1.User{Id: id}, "name"), connect.CodeInvalidArgument, "NAME_INVALID"},
		"LongChatName": {update(&identityv1.User{Id: id, ChatName: strings.Repeat("ü", 121)}, "chat_name"), connect.CodeInvalidArgument, "NAME_INVALID"},
		"NoRole":       {update(&identityv1.User{Id: id}, "role"), connect.CodeInvalidArgument, "ROLE_INVALID"},
		"MadeUpRole":   {update(&identityv1.User{Id: id, Role: 9}, "role"), connect.CodeInvalidArgument, "ROLE_INVALID"},
		"NoAddress":    {update(&identityv1.User{Id: id, Email: "Bob <bob@acme.example>"}, "email"), connect.CodeInvalidArgument, "EMAIL_INVALID"},
		"TakenAddress": {update(&identityv1.User{Id: id, Email: "ANN@acme.example"}, "email"), connect.CodeAlreadyExists, "EMAIL_TAKEN"},
		"Foreign":      {update(&identityv1.User{Id: foreign.user.GetId(), Name: "x"}, "name"), connect.CodeNotFound, "USER_NOT_FOUND"},
		"NoID":         {update(&identityv1.User{Name: "x"}, "name"), connect.CodeNotFound, "USER_NOT_FOUND"},
	}
	for name, test := range tests {
		_, err := ann.UpdateUser(t.Context(), test.req)
		requireFault(t, err, test.code, test.reason)
		require.Error(t, err, name)
	}
}

// A change of role must reach what is remembered and what is open.
func TestUpdateUser_ANewRoleHoldsAtOnce(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	rename := &identityv1.UpdateWorkspaceRequest{Workspace: &identityv1.Workspace{Title: "New"}}
	_, err := bob.UpdateWorkspace(t.Context(), rename)
	requireFault(t, err, connect.CodePermissionDenied, "CALLER_DENIED")
	told := n.revocations()
	_, err = ann.UpdateUser(t.Context(), update(&identityv1.User{Id: bob.user.GetId(), Role: identityv1.Role_ROLE_ADMINISTRATOR}, "role"))
	require.NoError(t, err)
	res, err := bob.UpdateWorkspace(t.Context(), rename)
	require.NoError(t, err)
	require.Equal(t, "New", res.GetWorkspace().GetTitle())
	require.Len(t, told.all(), 1)
	require.Empty(t, told.all()[0].GetCredentialId())
	require.Equal(t, bob.user.GetId(), uuid.UUID(told.all()[0].GetUserId()).String())

	_, err = ann.UpdateUser(t.Context(), update(&identityv1.User{Id: bob.user.GetId(), Name: "Robert"}, "name"))
	require.NoError(t, err)
	require.Len(t, told.all(), 1, "a new name ends no streams")
}

// Being let in again must not bring back sessions from before.
func TestUpdateUser_WhoeverIsActivatedAgainSignsInAgain(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	_, err := ann.UpdateUser(t.Context(), deactivate(bob))
	require.NoError(t, err)
	bob.ended()
	_, err = ann.UpdateUser(t.Context(), update(&identityv1.User{Id: bob.user.GetId(), Active: true}, "active"))
	require.NoError(t, err)
	bob.ended()
	n.signIn("acme", bob.user.GetEmail(), password).works()
}

func TestUpdateUser_TheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	for _, req := range []*identityv1.UpdateUserRequest{
		deactivate(ann), update(&identityv1.User{Id: ann.user.GetId(), Role: identityv1.Role_ROLE_MEMBER}, "role"),
	} {
		_, err := ann.UpdateUser(t.Context(), req)
		requireFault(t, err, connect.CodeFailedPrecondition, "LAST_ADMINISTRATOR")
	}
	for range 5 { // two who demote each other at the same moment
		bob := ann.add("bob", identityv1.Role_ROLE_ADMINISTRATOR)
		var done atomic.Int32
		var wg sync.WaitGroup
		for _, pair := range [][2]*member{{ann, bob}, {bob, ann}} {
			wg.Go(func() {
				_, err := pair[0].UpdateUser(t.Context(), update(&identityv1.User{Id: pair[1].user.GetId(), Role: identityv1.Role_ROLE_MEMBER}, "role"))
				if err == nil {
					done.Add(1)
				}
			})
		}
		wg.Wait()
		require.Equal(t, int32(1), done.Load())
		if me, err := ann.GetCaller(t.Context(), &identityv1.GetCallerRequest{}); err != nil || me.GetUser().GetRole() != identityv1.Role_ROLE_ADMINISTRATOR {
			ann = bob
		}
	}
}

func TestListUsers_PagesThroughEverybodyOnce(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	n.workspace("globex")
	want := map[string]bool{ann.user.GetId(): true}
	for i := range 12 {
		req := newUser(fmt.Sprintf("user%d@acme.example", i))
		req.Name = []string{"bob", "Bob", "100% Eve", "Ünal"}[i%4]
		res, err := ann.CreateUser(t.Context(), req)
		require.NoError(t, err)
		want[res.GetUser().GetId()] = true
	}
	seen := map[string]bool{}
	req := &identityv1.ListUsersRequest{PageSize: 5}
	for pages := 1; ; pages++ {
		res, err := ann.ListUsers(t.Context(), req)
		require.NoError(t, err)
		for _, u := range res.GetUsers() {
			require.False(t, seen[u.GetId()], "twice")
			seen[u.GetId()] = true
		}
		if res.GetNextPageToken() == "" {
			require.Equal(t, 3, pages)
			break
		}
		req.PageToken = res.GetNextPageToken()
	}
	require.Equal(t, want, seen)

	for query, count := range map[string]int{"BOB": 6, "0%": 3, "%": 3, "_": 0, "ünal": 3, "user1@": 1, "": 13} {
		res, err := ann.ListUsers(t.Context(), &identityv1.ListUsersRequest{Query: query})
		require.NoError(t, err)
		require.Len(t, res.GetUsers(), count, query)
	}
	_, err := ann.ListUsers(t.Context(), &identityv1.ListUsersRequest{Query: "bob", PageToken: req.GetPageToken()})
	requireFault(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID")
}
