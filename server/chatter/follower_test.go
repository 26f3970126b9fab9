package chatter_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/chatter"
)

func (b *bundle) add(c access.Caller, party uuid.UUID, subtypes ...string) ([]string, error) {
	res, err := b.as(c).AddFollower(b.t.Context(), &chatterv1.AddFollowerRequest{
		ThreadId: b.record.String(), PartyId: party.String(), Subtypes: subtypes,
	})
	return res.GetFollower().GetSubtypes(), err
}

func (b *bundle) update(c access.Caller, party uuid.UUID, subtypes ...string) ([]string, error) {
	res, err := b.as(c).UpdateFollower(b.t.Context(), &chatterv1.UpdateFollowerRequest{
		ThreadId: b.record.String(), PartyId: party.String(), Subtypes: subtypes,
	})
	return res.GetFollower().GetSubtypes(), err
}

// Spec: C2, C3
func TestFollow_BeginsWithTheDefaultsAndChangesNothingTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, []string{"discussions", "notes"}, b.follow(b.anna, b.record).GetSubtypes())
	_, err := b.update(b.anna, b.anna.ID, "stage_changed")
	require.NoError(t, err)
	require.Equal(t, []string{"stage_changed"}, b.follow(b.anna, b.record).GetSubtypes())
	require.Equal(t, []string{"stage_changed"}, b.thread(b.anna, b.record).GetFollower().GetSubtypes())
	require.EqualValues(t, 1, b.thread(b.ben, b.record).GetFollowerCount())
	require.Nil(t, b.thread(b.ben, b.record).GetFollower())

	for range 2 {
		_, err = b.as(b.anna).Unfollow(t.Context(), &chatterv1.UnfollowRequest{ThreadId: b.record.String()})
		require.NoError(t, err)
	}
	require.Empty(t, b.followers(b.ben, b.record))
	_, err = b.as(b.dan).Follow(t.Context(), &chatterv1.FollowRequest{ThreadId: b.record.String()})
	requireReason(t, "THREAD_NOT_FOUND", err)
	_, err = b.as(b.dan).Unfollow(t.Context(), &chatterv1.UnfollowRequest{ThreadId: b.record.String()})
	requireReason(t, "THREAD_NOT_FOUND", err)
}

func TestUnfollow_IsPossibleWithoutAccess(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.anna, b.record)
	b.area.lock(b.anna, b.record, true)
	_, err := b.as(b.anna).Unfollow(t.Context(), &chatterv1.UnfollowRequest{ThreadId: b.record.String()})
	require.NoError(t, err)
	require.Empty(t, b.followers(b.ben, b.record))
}

// Spec: C3
func TestAddFollower_ReplacesOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got, err := b.add(b.anna, b.ben.ID, "escalated", "stage_changed")
	require.NoError(t, err)
	require.Equal(t, []string{"stage_changed", "escalated"}, got, "in the order of the type")
	got, err = b.add(b.anna, b.ben.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"stage_changed", "escalated"}, got)
	got, err = b.add(b.anna, b.ben.ID, "notes")
	require.NoError(t, err)
	require.Equal(t, []string{"notes"}, got)
	_, err = b.add(b.anna, b.ben.ID, "no_such")
	requireReason(t, "SUBTYPE_UNKNOWN", err)
}

// Spec: C3, C4
func TestContacts_NeverHaveAnInternalSubtypeHoweverItIsSet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mona := b.contact("Mona Mustermann", "mona@kunde.example")
	got, err := b.add(b.anna, mona)
	require.NoError(t, err)
	require.Equal(t, []string{"discussions"}, got)
	got, err = b.update(b.anna, mona, "notes", "escalated", "stage_changed")
	require.NoError(t, err)
	require.Equal(t, []string{"stage_changed"}, got)
	_, err = b.db.Exec(t.Context(), `UPDATE follower SET subtypes = '{notes,escalated,discussions}' WHERE party_id = $1`, mona)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"Mona Mustermann": {"discussions"}}, b.followers(b.anna, b.record))
	b.post(b.anna, note(b.record, "secret"))
	var items int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM inbox_item`).Scan(&items))
	require.Zero(t, items, "a contact has no inbox")
}

func TestAddFollower_RefusesWhoCannotFollow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mona := b.contact("Mona Mustermann", "mona@kunde.example")
	for _, stranger := range []uuid.UUID{uuid.New(), b.dan.ID, b.record} {
		_, err := b.add(b.anna, stranger)
		requireReason(t, "PARTY_NOT_FOUND", err)
	}
	b.area.lock(b.anna, mona, true)
	_, err := b.add(b.anna, mona)
	requireReason(t, "PARTY_NOT_FOUND", err)
	b.area.lock(b.anna, mona, false)
	_, err = b.db.Exec(t.Context(), `UPDATE record SET fields = fields || '{"archived": true}' WHERE id = $1`, mona)
	require.NoError(t, err)
	_, err = b.add(b.anna, mona)
	requireReason(t, "PARTY_INACTIVE", err)
	b.area.lock(b.ben, b.record, true)
	_, err = b.add(b.anna, b.ben.ID)
	requireReason(t, "PARTY_DENIED", err)
	b.area.lock(b.ben, b.record, false)
	b.deactivate(b.ben)
	_, err = b.add(b.anna, b.ben.ID)
	requireReason(t, "PARTY_INACTIVE", err)
	_, err = b.add(b.dan, b.anna.ID)
	requireReason(t, "THREAD_NOT_FOUND", err)
}

func TestSubscriptions_OfOthersAreForWhoMayChangeTheRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	b.area.protect(b.anna, b.record)
	_, err := b.add(b.anna, b.cleo.ID)
	requireReason(t, "POST_DENIED", err)
	_, err = b.update(b.anna, b.ben.ID, "notes")
	requireReason(t, "FOLLOWER_DENIED", err)
	remove := func(c access.Caller, party uuid.UUID) error {
		_, err := b.as(c).RemoveFollower(t.Context(), &chatterv1.RemoveFollowerRequest{ThreadId: b.record.String(), PartyId: party.String()})
		return err
	}
	requireReason(t, "FOLLOWER_DENIED", remove(b.anna, b.ben.ID))
	requireReason(t, "THREAD_NOT_FOUND", remove(b.dan, b.ben.ID))

	b.follow(b.anna, b.record)
	_, err = b.update(b.anna, b.anna.ID)
	require.NoError(t, err, "one's own, always, and to nothing")
	require.NoError(t, remove(b.anna, b.anna.ID))
	require.NoError(t, remove(b.cleo, b.ben.ID))
	require.Empty(t, b.followers(b.anna, b.record))
	_, err = b.update(b.cleo, b.ben.ID, "notes")
	requireReason(t, "FOLLOWER_NOT_FOUND", err)
}

// Spec: C3
func TestFollowers_AreToldOfWhatTheySubscribedTo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	_, err := b.update(b.ben, b.ben.ID, "notes")
	require.NoError(t, err)
	b.follow(b.cleo, b.record)
	_, err = b.update(b.cleo, b.cleo.ID)
	require.NoError(t, err)
	b.post(b.anna, say(b.record, "public"))
	n := b.post(b.anna, note(b.record, "internal"))

	items := b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_ALL)
	require.Len(t, items, 1)
	require.Equal(t, n.GetId(), items[0].GetMessage().GetId())
	require.Equal(t, chatterv1.InboxReason_INBOX_REASON_MESSAGE, items[0].GetReason())
	require.Empty(t, b.inbox(b.cleo, chatterv1.InboxView_INBOX_VIEW_ALL))
}

func TestListFollowers_PagesOldestFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	want := []string{"Anna Muster", "Ben Beispiel", "Cleo Chef"}
	for _, c := range []access.Caller{b.anna, b.ben, b.cleo} {
		b.follow(c, b.record)
	}
	var got []string
	req := &chatterv1.ListFollowersRequest{ThreadId: b.record.String(), PageSize: 1}
	for {
		res, err := b.as(b.anna).ListFollowers(t.Context(), req)
		require.NoError(t, err)
		require.Len(t, res.GetFollowers(), 1)
		got = append(got, res.GetFollowers()[0].GetParty().GetName())
		if req.PageToken = res.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	require.Equal(t, want, got)
	req.PageToken = "made-up"
	_, err := b.as(b.anna).ListFollowers(t.Context(), req)
	requireReason(t, "PAGE_TOKEN_INVALID", err)
}

// Spec: C2
func TestFollowers_ByWhatTheyDid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := chatter.NewFollowers(b.clock.now)
	b.deactivate(b.cleo)
	b.inTx(func(tx pgx.Tx) error {
		for _, c := range []access.Caller{b.anna, b.anna, b.cleo, b.dan} {
			if err := f.Follow(t.Context(), tx, b.workspace, b.record, c.ID, []string{"discussions"}); err != nil {
				return err
			}
		}
		return nil
	})
	require.Equal(t, map[string][]string{"Anna Muster": {"discussions"}}, b.followers(b.ben, b.record))
}

func TestSuggestParties_FindsByTheBeginningOfWords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.contact("Mona Mustermann", "mona@kunde.example")
	b.contact("Kunde AG", "info@kunde.example")
	b.user("100%_real", identityv1.Role_ROLE_MEMBER)
	suggest := func(req *chatterv1.SuggestPartiesRequest) []string {
		res, err := b.as(b.anna).SuggestParties(t.Context(), req)
		require.NoError(t, err)
		names := []string{}
		for _, p := range res.GetParties() {
			names = append(names, p.GetParty().GetName())
		}
		return names
	}
	require.Equal(t, []string{"Anna Muster", "Mona Mustermann"}, suggest(&chatterv1.SuggestPartiesRequest{Query: "mus", PageSize: 2}))
	require.Equal(t, []string{"Anna Muster"}, suggest(&chatterv1.SuggestPartiesRequest{Query: "MUSTER an", UsersOnly: true}))
	require.Equal(t, []string{"Kunde AG"}, suggest(&chatterv1.SuggestPartiesRequest{Query: "info@kun"}))
	require.Equal(t, []string{"Mona Mustermann"}, suggest(&chatterv1.SuggestPartiesRequest{Query: "mona"}), "once, though name and address match")
	require.Empty(t, suggest(&chatterv1.SuggestPartiesRequest{Query: "nna"}))
	require.Equal(t, []string{"100%_real"}, suggest(&chatterv1.SuggestPartiesRequest{Query: "100%", UsersOnly: true}))
	require.Empty(t, suggest(&chatterv1.SuggestPartiesRequest{Query: "%", UsersOnly: true}))
	require.Len(t, suggest(&chatterv1.SuggestPartiesRequest{UsersOnly: true}), 4)
	require.NotContains(t, suggest(&chatterv1.SuggestPartiesRequest{Query: "dan"}), "Dan Dritter")
	b.deactivate(b.ben)
	require.NotContains(t, suggest(&chatterv1.SuggestPartiesRequest{Query: "ben"}), "Ben Beispiel")
}
