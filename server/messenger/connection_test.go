package messenger_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/messenger/whatsapptest"
)

// Spec: C11 M1
func TestConnection_IsOffUntilTheMessengerKnowsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made, err := b.h.CreateConnection(b.ctx, b.connection("Shop"))
	require.NoError(t, err)
	c := made.GetConnection()
	require.False(t, c.GetActive())
	require.Equal(t, "/hooks/whatsapp/"+c.GetId(), c.GetWebhookPath())
	require.Len(t, c.GetVerifyToken(), 22)
	require.EqualValues(t, 4096, c.GetCapabilities().GetTextLength())
	require.EqualValues(t, 24*60, c.GetCapabilities().GetWindowMinutes())

	res, err := b.h.ActivateConnection(b.ctx, &messengerv1.ActivateConnectionRequest{ConnectionId: c.GetId()})
	require.NoError(t, err)
	require.True(t, res.GetConnection().GetActive())
	require.Equal(t, whatsapptest.Name, res.GetConnection().GetDisplayName())
	require.Equal(t, whatsapptest.Phone, res.GetConnection().GetPhone())
	require.True(t, b.fake.Subscribed(), "its reports are asked for")

	off, err := b.h.DeactivateConnection(b.ctx, &messengerv1.DeactivateConnectionRequest{ConnectionId: c.GetId()})
	require.NoError(t, err)
	require.False(t, off.GetConnection().GetActive())

	_, err = b.h.DeleteConnection(b.ctx, &messengerv1.DeleteConnectionRequest{ConnectionId: c.GetId()})
	require.NoError(t, err)
	_, err = b.h.DeleteConnection(b.ctx, &messengerv1.DeleteConnectionRequest{ConnectionId: c.GetId()})
	requireFault(t, err, fault.NotFound, "CONNECTION_NOT_FOUND")
}

// Spec: C11
func TestConnection_SaysWhatTheMessengerSaysButNoSecret(t *testing.T) {
	t.Parallel()
	b := setup(t)
	req := b.connection("Shop")
	req.Token = "EAA-a-wrong-token"
	made, err := b.h.CreateConnection(b.ctx, req)
	require.NoError(t, err)
	activate := &messengerv1.ActivateConnectionRequest{ConnectionId: made.GetConnection().GetId()}
	_, err = b.h.ActivateConnection(b.ctx, activate)
	f := requireFault(t, err, fault.Precondition, "MESSENGER_REFUSED")
	require.Contains(t, f.Message, "Malformed access token")
	require.NotContains(t, f.Message, "EAA-a-wrong-token", "the fake repeats it, as the real one does")

	b.fake.SetFail(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	_, err = b.h.ActivateConnection(b.ctx, activate)
	require.NotZero(t, requireFault(t, err, fault.Unavailable, "MESSENGER_UNREACHABLE").RetryAfter)

	none := ""
	_, err = b.h.UpdateConnection(b.ctx, &messengerv1.UpdateConnectionRequest{
		Connection: &messengerv1.Connection{Id: made.GetConnection().GetId()}, Token: &none,
	})
	require.NoError(t, err)
	_, err = b.h.ActivateConnection(b.ctx, activate)
	requireFault(t, err, fault.Precondition, "CONNECTION_INCOMPLETE")
}

// Spec: C11
func TestConnection_KeepsItsSecrets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.connect(t)
	list, err := b.h.ListConnections(b.ctx, &messengerv1.ListConnectionsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetConnections(), 1)
	require.True(t, c.GetTokenSet() && c.GetAppSecretSet())
	for _, secret := range []string{whatsapptest.Token, whatsapptest.AppSecret} {
		require.NotContains(t, prototext.Format(list)+prototext.Format(c), secret)
		var token, appSecret []byte
		require.NoError(t, b.node.Pool.QueryRow(t.Context(), "SELECT token, app_secret FROM messenger_connection").Scan(&token, &appSecret))
		require.NotEmpty(t, token)
		require.NotContains(t, string(token)+string(appSecret), secret)
	}

	update := func(change *messengerv1.Connection, token *string, mask ...string) *messengerv1.Connection {
		t.Helper()
		change.Id = c.GetId()
		res, err := b.h.UpdateConnection(b.ctx, &messengerv1.UpdateConnectionRequest{
			Connection: change, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}, Token: token,
		})
		require.NoError(t, err)
		return res.GetConnection()
	}
	renamed := update(&messengerv1.Connection{Name: "Other"}, nil)
	require.True(t, renamed.GetTokenSet() && renamed.GetActive(), "a new name changes nothing else")
	require.Equal(t, "SE", renamed.GetCountry())
	token := whatsapptest.Token
	moved := update(&messengerv1.Connection{BaseUrl: "https://elsewhere.example"}, nil, "base_url")
	require.False(t, moved.GetTokenSet() || moved.GetAppSecretSet() || moved.GetActive(), "secrets do not go to a new address")
	require.True(t, update(&messengerv1.Connection{BaseUrl: "https://third.example"}, &token, "base_url").GetTokenSet())
}

// Spec: C11 A4
func TestConnection_IsItsWorkspacesAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.connect(t)
	other := b.admin
	other.Workspace = uuid.New()
	ctx := access.WithCaller(t.Context(), other)
	list, err := b.h.ListConnections(ctx, &messengerv1.ListConnectionsRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetConnections())
	_, err = b.h.ActivateConnection(ctx, &messengerv1.ActivateConnectionRequest{ConnectionId: c.GetId()})
	requireFault(t, err, fault.NotFound, "CONNECTION_NOT_FOUND")
	_, err = b.h.SyncTemplates(ctx, &messengerv1.SyncTemplatesRequest{ConnectionId: c.GetId()})
	requireFault(t, err, fault.NotFound, "CONNECTION_NOT_FOUND")
}

// Spec: C11
func TestConnection_ChecksWhatIsEntered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.connection("Shop")
	made, err := b.h.CreateConnection(b.ctx, first)
	require.NoError(t, err)
	again, err := b.h.CreateConnection(b.ctx, first)
	require.NoError(t, err)
	require.Equal(t, made.GetConnection().GetId(), again.GetConnection().GetId())
	for reason, change := range map[string]func(r *messengerv1.CreateConnectionRequest){
		"CONNECTION_NAME_TAKEN":   func(r *messengerv1.CreateConnectionRequest) { r.Connection.Name = "SHOP" },
		"CONNECTION_NAME_INVALID": func(r *messengerv1.CreateConnectionRequest) { r.Connection.Name = "  " },
		"CONNECTION_KIND_UNKNOWN": func(r *messengerv1.CreateConnectionRequest) { r.Connection.Kind = 0 },
		"COUNTRY_UNKNOWN":         func(r *messengerv1.CreateConnectionRequest) { r.Connection.Country = "XX" },
		"ADDRESS_INVALID":         func(r *messengerv1.CreateConnectionRequest) { r.Connection.BaseUrl = "ftp://graph.example" },
		"ADDRESS_REFUSED":         func(r *messengerv1.CreateConnectionRequest) { r.Connection.BaseUrl = "http://169.254.169.254" },
		"REQUEST_ID_REUSED":       func(r *messengerv1.CreateConnectionRequest) { r.RequestId = first.GetRequestId() },
	} {
		req := b.connection("Another")
		change(req)
		_, err := b.h.CreateConnection(b.ctx, req)
		require.Equal(t, reason, fault.ReasonOf(err), "%v", err)
	}
	_, err = b.h.UpdateConnection(b.ctx, &messengerv1.UpdateConnectionRequest{
		Connection: &messengerv1.Connection{Id: made.GetConnection().GetId()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"active"}},
	})
	requireFault(t, err, fault.Invalid, "UPDATE_MASK_INVALID")

	_, err = b.h.CreateConnection(b.ctx, b.connection("Boat"))
	require.NoError(t, err)
	var names []string
	page := &messengerv1.ListConnectionsRequest{PageSize: 1}
	for more := true; more; more = page.PageToken != "" {
		res, err := b.h.ListConnections(b.ctx, page)
		require.NoError(t, err)
		for _, c := range res.GetConnections() {
			names = append(names, c.GetName())
		}
		page.PageToken = res.GetNextPageToken()
	}
	require.Equal(t, []string{"Boat", "Shop"}, names)
}
