package mailgate_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// A change that followers of its subtype are told of goes by mail to those who want
// mail, without the fields that they may not read; contacts get none of it.
//
// Spec: R4 C3 C13
func TestChange_GoesByMailToItsFollowersWithoutHiddenFields(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mia := b.node.User(t, "mia@acme.example", identityv1.Role_ROLE_MEMBER)
	_, err := mia.Chatter.UpdateNotificationSettings(t.Context(), &chatterv1.UpdateNotificationSettingsRequest{
		Settings: &chatterv1.NotificationSettings{NotifyBy: chatterv1.NotifyBy_NOTIFY_BY_MAIL},
	})
	require.NoError(t, err)
	product := b.record("product", map[string]any{"name": "Spade"})
	ann := b.contact("Ann", "ann@shop.example")
	for party, subtypes := range map[string][]string{mia.UserID.String(): {"price_changed"}, ann: {"discussions", "price_changed"}} {
		_, err := b.ada.Chatter.AddFollower(t.Context(), &chatterv1.AddFollowerRequest{ThreadId: product, PartyId: party, Subtypes: subtypes})
		require.NoError(t, err)
	}
	set := func(values map[string]any) {
		fields, err := structpb.NewStruct(values)
		require.NoError(t, err)
		_, err = b.ada.Records.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: &recordv1.Record{Id: product, Fields: fields}})
		require.NoError(t, err)
	}
	eur := func(amount string) map[string]any { return map[string]any{"amount": amount, "currency": "EUR"} }

	set(map[string]any{"cost": eur("4.44")})                       // nobody is told of it
	set(map[string]any{"cost": eur("5.55"), "price": eur("9.99")}) // of the price
	set(map[string]any{"manager": mia.UserID.String()})            // who is assigned

	b.box.wait(t, "mia@acme.example", 2)
	var text, raw string
	for _, m := range b.box.to("mia@acme.example") {
		text, raw = text+m.Text, raw+string(m.raw)
	}
	require.Contains(t, text, "Price: – → 9.99 EUR")
	require.Contains(t, text, "Product manager: – → ")
	for _, hidden := range []string{"Cost", "4.44", "5.55"} {
		require.NotContains(t, raw, hidden)
	}
	require.Len(t, b.box.to("mia@acme.example"), 2)
	require.Empty(t, b.box.to("ann@shop.example"))
}
