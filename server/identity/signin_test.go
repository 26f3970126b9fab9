package identity_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/identity"
)

func try(n *node, workspace, email, password string) error {
	_, err := n.client("").SignIn(n.t.Context(), &identityv1.SignInRequest{Workspace: workspace, Email: email, Password: password})
	return err
}

// Spec: A4
func TestSignIn_AnswersASessionThatWorks(t *testing.T) {
	t.Parallel()
	n, _ := setup(t)
	for _, workspace := range []string{"acme", "ACME", ""} {
		res, err := n.client("").SignIn(t.Context(), &identityv1.SignInRequest{
			Workspace: workspace, Email: " ANN@acme.example ", Password: password,
		})
		require.NoError(t, err)
		require.Regexp(t, "^prl_s_[A-Za-z0-9_-]{86}$", res.GetToken())
		require.Equal(t, "ann@acme.example", res.GetUser().GetEmail())
		require.Equal(t, "acme", res.GetWorkspace().GetName())
		require.Equal(t, "test/1", res.GetSession().GetUserAgent())
		require.Equal(t, 30*24*time.Hour, res.GetSession().GetExpireTime().AsTime().Sub(res.GetSession().GetCreateTime().AsTime()))
		me, err := n.client(res.GetToken()).GetCaller(t.Context(), &identityv1.GetCallerRequest{})
		require.NoError(t, err)
		require.Equal(t, res.GetUser().GetId(), me.GetUser().GetId())
		require.Equal(t, "Title of acme", me.GetWorkspace().GetTitle())
	}
}

// Who exists, and who was sent away, is told to nobody.
func TestSignIn_FailsAlikeWhateverIsWrong(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	gone := ann.add("gone", identityv1.Role_ROLE_MEMBER)
	_, err := ann.UpdateUser(t.Context(), deactivate(gone))
	require.NoError(t, err)
	var texts []string
	for _, attempt := range [][3]string{
		{"acme", "ann@acme.example", "wrong"}, {"acme", "nobody@acme.example", password},
		{"nowhere", "ann@acme.example", password}, {"acme", gone.user.GetEmail(), password}, {"acme", "%@%", password},
	} {
		err := try(n, attempt[0], attempt[1], attempt[2])
		requireFault(t, err, connect.CodeUnauthenticated, "SIGN_IN_FAILED")
		texts = append(texts, err.Error())
	}
	for _, text := range texts {
		require.Equal(t, texts[0], text)
	}
}

func TestSignIn_AsksWhichWorkspaceWhereThereAreSeveral(t *testing.T) {
	t.Parallel()
	n, _ := setup(t)
	n.workspace("globex")
	requireFault(t, try(n, "", "ann@acme.example", password), connect.CodeInvalidArgument, "WORKSPACE_REQUIRED")
	require.NoError(t, try(n, "globex", "ann@globex.example", password))
	requireFault(t, try(n, "globex", "ann@acme.example", password), connect.CodeUnauthenticated, "SIGN_IN_FAILED")
}

func TestSignIn_LimitsFailuresPerAddress(t *testing.T) {
	t.Parallel()
	n, _ := setup(t)
	for range 20 { // what goes well does not count
		require.NoError(t, try(n, "acme", "ann@acme.example", password))
	}
	for range 10 {
		requireFault(t, try(n, "acme", "ann@acme.example", "wrong"), connect.CodeUnauthenticated, "SIGN_IN_FAILED")
	}
	err := try(n, "acme", "Ann@ACME.example", password)
	requireFault(t, err, connect.CodeResourceExhausted, "SIGN_IN_LIMITED")
	var answer *connect.Error
	require.ErrorAs(t, err, &answer)
	require.Equal(t, "30", answer.Meta().Get("Retry-After"))
	requireFault(t, try(n, "acme", "other@acme.example", "wrong"), connect.CodeUnauthenticated, "SIGN_IN_FAILED")
	n.clock.pass(30 * time.Second)
	require.NoError(t, try(n, "acme", "ann@acme.example", password))
}

func TestSignIn_LimitsFailuresPerClient(t *testing.T) {
	t.Parallel()
	n, _ := setup(t)
	for i := range 100 {
		requireFault(t, try(n, "acme", fmt.Sprintf("nobody%d@acme.example", i), "wrong"), connect.CodeUnauthenticated, "SIGN_IN_FAILED")
	}
	requireFault(t, try(n, "acme", "ann@acme.example", password), connect.CodeResourceExhausted, "SIGN_IN_LIMITED")
}

// Guessing in parallel must not be a way around the limit.
func TestSignIn_LimitsFailuresThatComeTogether(t *testing.T) {
	t.Parallel()
	n, _ := setup(t)
	var failed, limited, busy atomic.Int32
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			switch err := try(n, "acme", "ann@acme.example", "wrong"); connect.CodeOf(err) {
			case connect.CodeUnauthenticated:
				failed.Add(1)
			case connect.CodeResourceExhausted:
				limited.Add(1)
			default:
				busy.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int32(10), failed.Load())
	require.Equal(t, int32(50), limited.Load())
	require.Zero(t, busy.Load())
}

// Spec: A4
func TestSignOut_EndsItsOwnSessionOnly(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	other := n.signIn("acme", "ann@acme.example", password)
	told := n.revocations()
	ann.works()
	_, err := ann.SignOut(t.Context(), &identityv1.SignOutRequest{})
	require.NoError(t, err)
	ann.ended()
	other.works()
	require.Len(t, told.all(), 1)
	require.Equal(t, ann.session.GetId(), uuid.UUID(told.all()[0].GetCredentialId()).String())
	require.Equal(t, ann.user.GetId(), uuid.UUID(told.all()[0].GetUserId()).String())
}

func TestChangePassword_EndsEveryOtherSession(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	other := n.signIn("acme", "ann@acme.example", password)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	other.works()
	_, err := ann.ChangePassword(t.Context(), &identityv1.ChangePasswordRequest{CurrentPassword: "wrong", NewPassword: "another password"})
	requireFault(t, err, connect.CodeInvalidArgument, "PASSWORD_WRONG")
	other.works()
	_, err = ann.ChangePassword(t.Context(), &identityv1.ChangePasswordRequest{CurrentPassword: password, NewPassword: "another password"})
	require.NoError(t, err)
	ann.works()
	bob.works()
	other.ended()
	requireFault(t, try(n, "acme", "ann@acme.example", password), connect.CodeUnauthenticated, "SIGN_IN_FAILED")
	require.NoError(t, try(n, "acme", "ann@acme.example", "another password"))
	_, err = ann.ChangePassword(t.Context(), &identityv1.ChangePasswordRequest{CurrentPassword: "another password", NewPassword: "short"})
	requireFault(t, err, connect.CodeInvalidArgument, "REQUEST_INVALID")
}

// A stolen database must not give away passwords or tokens.
func TestSecrets_AreNotStored(t *testing.T) {
	t.Parallel()
	n, _ := setup(t)
	var hash string
	require.NoError(t, n.pool.QueryRow(t.Context(), `SELECT password_hash FROM "user"`).Scan(&hash))
	require.Regexp(t, `^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, hash)
	require.Equal(t, identity.Cost{Memory: 19456, Time: 2, Threads: 1}, identity.DefaultCost())
	var stored []byte
	require.NoError(t, n.pool.QueryRow(t.Context(), `SELECT secret_hash FROM credential`).Scan(&stored))
	require.Len(t, stored, 32)
}
