package chatter_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// mailed is whom a message is to be mailed to, by address.
func (b *bundle) mailed(m *threadv1.Message) []string {
	b.t.Helper()
	rows, err := b.db.Query(b.t.Context(), `SELECT address FROM delivery WHERE workspace_id = $1 AND message_id = $2 ORDER BY address`, b.workspace, m.GetId())
	require.NoError(b.t, err)
	defer rows.Close()
	all := []string{}
	for rows.Next() {
		var address string
		require.NoError(b.t, rows.Scan(&address))
		all = append(all, address)
	}
	require.NoError(b.t, rows.Err())
	return all
}

// preview is whom a message would be mailed to, by address, and the answer.
func (b *bundle) preview(req *chatterv1.PostMessageRequest) ([]string, *chatterv1.PreviewRecipientsResponse) {
	b.t.Helper()
	res, err := b.as(b.anna).PreviewRecipients(b.t.Context(), &chatterv1.PreviewRecipientsRequest{
		ThreadId: req.GetThreadId(), Internal: req.GetInternal(), MentionIds: req.GetMentionIds(), RecipientIds: req.GetRecipientIds(),
		ExceptIds: req.GetExceptIds(),
	})
	require.NoError(b.t, err)
	all := []string{}
	for _, r := range res.GetRecipients() {
		if r.GetWay() == chatterv1.RecipientWay_RECIPIENT_WAY_MAIL && !r.GetExcepted() {
			all = append(all, r.GetAddress())
		}
	}
	return all, res
}

func (b *bundle) addFollower(id uuid.UUID) {
	b.t.Helper()
	_, err := b.as(b.anna).AddFollower(b.t.Context(), &chatterv1.AddFollowerRequest{ThreadId: b.record.String(), PartyId: id.String()})
	require.NoError(b.t, err)
}

// customer makes a contact the record's customer.
func (b *bundle) customer(id uuid.UUID) {
	b.t.Helper()
	_, err := b.db.Exec(b.t.Context(), `UPDATE record SET fields = fields || jsonb_build_object('customer', $3::text) WHERE workspace_id = $1 AND id = $2`,
		b.workspace, b.record, id.String())
	require.NoError(b.t, err)
}

// Spec: C5, C5a
func TestPreviewRecipients_IsWhomThePostReaches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mail.turnOn(0)
	follower, customer, added, silent := b.contact("Fia", "fia@kund.example"), b.contact("Carl", "carl@kund.example"),
		b.contact("Ada", "ada@kund.example"), b.contact("Stum", "")
	b.addFollower(follower)
	b.addFollower(silent)
	b.follow(b.ben, b.record)
	b.customer(customer)
	_, err := b.as(b.ben).UpdateNotificationSettings(t.Context(), &chatterv1.UpdateNotificationSettingsRequest{
		Settings: &chatterv1.NotificationSettings{NotifyBy: chatterv1.NotifyBy_NOTIFY_BY_MAIL},
	})
	require.NoError(t, err)

	plain := say(b.record, "hello")
	full := say(b.record, "hello all")
	full.RecipientIds, full.ExceptIds = []string{added.String()}, []string{follower.String()}
	internal := mention(note(b.record, "psst"), customer)
	for name, c := range map[string]struct {
		req  *chatterv1.PostMessageRequest
		want []string
	}{
		"the followers and the customer":       {plain, []string{"ben.beispiel@firma.example", "carl@kund.example", "fia@kund.example"}},
		"who was added, without who was taken": {full, []string{"ada@kund.example", "ben.beispiel@firma.example", "carl@kund.example"}},
		"of a note only who is mentioned":      {internal, []string{"ben.beispiel@firma.example", "carl@kund.example"}},
	} {
		shown, res := b.preview(c.req)
		require.ElementsMatch(t, c.want, shown, name)
		require.NotEmpty(t, res.GetAudience())
		require.Equal(t, c.want, b.mailed(b.post(b.anna, c.req)), name)
	}
	_, res := b.preview(plain)
	require.EqualValues(t, 2, res.GetOutsideCount())
	require.Contains(t, res.String(), "has no e-mail address")

	items := b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_UNREAD)
	require.Empty(t, items, "who wants mail gets no second notice in the inbox")
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_ALL), 3, "the inbox keeps it as history")
}

// Spec: C5
func TestPostMessage_ManyAtOnceAreMailedAsOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mail.turnOn(time.Minute)
	b.addFollower(b.contact("Fia", "fia@kund.example"))
	b.customer(b.contact("Carl", "carl@kund.example"))
	const posts = 24
	done := make(chan *threadv1.Message, posts)
	for range posts {
		go func() {
			res, err := b.as(b.anna).PostMessage(t.Context(), say(b.record, "again"))
			if err != nil {
				t.Error(err)
			}
			done <- res.GetMessage()
		}()
	}
	for range posts {
		require.Equal(t, []string{"carl@kund.example", "fia@kund.example"}, b.mailed(<-done))
	}
	var early int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM delivery WHERE send_time < create_time + interval '59 seconds'`).Scan(&early))
	require.Zero(t, early, "every one is held")
}

// Spec: C4
func TestPostMessage_ANoteReachesNobodyOutsideUnmentioned(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mail.turnOn(0)
	follower := b.contact("Fia", "fia@kund.example")
	b.addFollower(follower)
	b.customer(b.contact("Carl", "carl@kund.example"))
	_, err := b.db.Exec(t.Context(), `UPDATE follower SET subtypes = '{discussions,notes}' WHERE workspace_id = $1`, b.workspace)
	require.NoError(t, err, "however it is set")
	require.Empty(t, b.mailed(b.post(b.anna, note(b.record, "between us"))))

	added := note(b.record, "for you")
	added.RecipientIds = []string{follower.String()}
	b.refuse("RECIPIENT_OUTSIDE", b.anna, added)
}

// Spec: C4
func TestPostMessage_AnAnswerToANoteIsANote(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.post(b.anna, note(b.record, "secret"))
	answer := say(b.record, "leak?")
	answer.ReplyToId = secret.GetId()
	b.refuse("REPLY_INTERNAL", b.ben, answer)
	answer.Internal = true
	m := b.post(b.ben, answer)
	require.Equal(t, "secret", m.GetReplyTo().GetExcerpt())
	require.Equal(t, secret.GetSeq(), m.GetReplyTo().GetSeq())

	_, err := b.as(b.anna).DeleteMessage(t.Context(), &chatterv1.DeleteMessageRequest{ThreadId: b.record.String(), MessageId: secret.GetId()})
	require.NoError(t, err)
	kept, err := b.log.Get(t.Context(), b.workspace, b.record, uuid.MustParse(m.GetId()))
	require.NoError(t, err)
	require.NotContains(t, kept.Extra.String(), "secret", "what was deleted is quoted nowhere")

	elsewhere := say(b.chat, "hm")
	elsewhere.ReplyToId = secret.GetId()
	b.refuse("REPLY_UNKNOWN", b.ben, elsewhere)
}

// Spec: C7
func TestReactions_AreEachPersonsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(b.anna, say(b.record, "done"))
	set := func(as string, emoji string, removed bool) (*threadv1.Message, error) {
		res, err := b.as(map[string]access.Caller{"anna": b.anna, "ben": b.ben}[as]).SetReaction(t.Context(), &chatterv1.SetReactionRequest{
			ThreadId: b.record.String(), MessageId: m.GetId(), Emoji: emoji, Removed: removed,
		})
		return res.GetMessage(), err
	}
	_, err := set("anna", "👍", false)
	require.NoError(t, err)
	got, err := set("ben", "👍", false)
	require.NoError(t, err)
	require.Len(t, got.GetReactions(), 1)
	require.Len(t, got.GetReactions()[0].GetParties(), 2)
	again, err := set("ben", "👍", false)
	require.NoError(t, err)
	require.Equal(t, got.GetRev(), again.GetRev(), "the same again changes nothing")
	got, err = set("anna", "👍", true)
	require.NoError(t, err)
	require.Equal(t, b.ben.ID.String(), got.GetReactions()[0].GetParties()[0].GetId())
	for _, bad := range []string{"ok", "👍!", " ", "a👍"} {
		_, err = set("anna", bad, false)
		requireReason(t, "EMOJI_INVALID", err)
	}
	for _, good := range []string{"❤️", "🇸🇪", "👩‍💻", "3️⃣", "✅"} {
		_, err = set("anna", good, false)
		require.NoError(t, err, good)
	}
}

// Spec: C7
func TestPins_AreListedUntilTakenOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(b.anna, note(b.record, "the door code is in the safe"))
	pin := func(pinned bool) *threadv1.Message {
		res, err := b.as(b.ben).SetPinned(t.Context(), &chatterv1.SetPinnedRequest{ThreadId: b.record.String(), MessageId: m.GetId(), Pinned: pinned})
		require.NoError(t, err)
		return res.GetMessage()
	}
	list := func() []*threadv1.Message {
		res, err := b.as(b.anna).ListPinnedMessages(t.Context(), &chatterv1.ListPinnedMessagesRequest{ThreadId: b.record.String()})
		require.NoError(t, err)
		return res.GetMessages()
	}
	require.Equal(t, b.ben.Name, pin(true).GetPinnedBy().GetName())
	require.Len(t, list(), 1)
	require.Nil(t, pin(false).GetPinnedBy())
	require.Empty(t, list())
}

// Spec: C7, C13
func TestStars_AreOnesOwnAndAmongTheStarred(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(b.anna, say(b.record, "keep this"))
	star := func(on bool) *chatterv1.InboxItem {
		res, err := b.as(b.ben).SetStarred(t.Context(), &chatterv1.SetStarredRequest{ThreadId: b.record.String(), MessageId: m.GetId(), Starred: on})
		require.NoError(t, err)
		return res.GetItem()
	}
	require.True(t, star(true).GetStarred())
	require.True(t, star(true).GetRead(), "a star is no unread item")
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_STARRED), 1)
	require.Empty(t, b.inbox(b.anna, chatterv1.InboxView_INBOX_VIEW_STARRED))
	star(false)
	require.Empty(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_ALL))
}

// Spec: C7
func TestListMessageVersions_KeepsEveryTextForAdministrators(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(b.anna, say(b.record, "one"))
	for _, body := range []string{"two", "three"} {
		_, err := b.as(b.anna).EditMessage(t.Context(), &chatterv1.EditMessageRequest{ThreadId: b.record.String(), MessageId: m.GetId(), Body: body})
		require.NoError(t, err)
	}
	var texts []string
	req := &chatterv1.ListMessageVersionsRequest{ThreadId: b.record.String(), MessageId: m.GetId(), PageSize: 1}
	for range 3 {
		res, err := b.as(b.cleo).ListMessageVersions(t.Context(), req)
		require.NoError(t, err)
		for _, v := range res.GetVersions() {
			texts = append(texts, v.GetBody()+" by "+v.GetEditor().GetName())
		}
		if req.PageToken = res.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, []string{"two by Anna Muster", "one by Anna Muster"}, texts)
	_, err := b.as(b.anna).ListMessageVersions(t.Context(), req)
	require.Error(t, err)
}

// Spec: C7, C5a
func TestCancelDeliveries_UndoesWhatIsHeldAndRetrySendsAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mail.turnOn(10 * time.Second)
	fia := b.contact("Fia", "fia@kund.example")
	b.addFollower(fia)
	m := b.post(b.anna, say(b.record, "oops"))
	_, err := b.as(b.ben).CancelDeliveries(t.Context(), &chatterv1.CancelDeliveriesRequest{ThreadId: b.record.String(), MessageId: m.GetId()})
	requireReason(t, "NOT_YOUR_MESSAGE", err)
	res, err := b.as(b.anna).CancelDeliveries(t.Context(), &chatterv1.CancelDeliveriesRequest{ThreadId: b.record.String(), MessageId: m.GetId()})
	require.NoError(t, err)
	require.EqualValues(t, 1, res.GetCancelledCount())
	require.Zero(t, res.GetSentCount())
	d := res.GetMessage().GetDeliveries()[0]
	require.Equal(t, threadv1.DeliveryState_DELIVERY_STATE_CANCELLED, d.GetState())

	_, err = b.db.Exec(t.Context(), `UPDATE record SET fields = fields || '{"email": "fia@ny.example"}' WHERE workspace_id = $1 AND id = $2`, b.workspace, fia)
	require.NoError(t, err)
	again, err := b.as(b.ben).RetryDelivery(t.Context(), &chatterv1.RetryDeliveryRequest{ThreadId: b.record.String(), DeliveryId: d.GetId()})
	require.NoError(t, err)
	require.Equal(t, threadv1.DeliveryState_DELIVERY_STATE_READY, again.GetDelivery().GetState())
	require.Equal(t, "fia@ny.example", again.GetDelivery().GetAddress())
	_, err = b.as(b.ben).RetryDelivery(t.Context(), &chatterv1.RetryDeliveryRequest{ThreadId: b.record.String(), DeliveryId: d.GetId()})
	requireReason(t, "DELIVERY_NOT_FAILED", err)
	list, err := b.as(b.ben).ListDeliveries(t.Context(), &chatterv1.ListDeliveriesRequest{ThreadId: b.record.String(), MessageId: m.GetId()})
	require.NoError(t, err)
	require.Len(t, list.GetDeliveries(), 1)
}

// Spec: C2
func TestAddFollower_InvitesWithAnEditedText(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fia := b.contact("Fia", "fia@kund.example")
	req := &chatterv1.AddFollowerRequest{ThreadId: b.record.String(), PartyId: fia.String(), Invitation: &chatterv1.Invitation{Subject: "Come", Body: "Please"}}
	_, err := b.as(b.anna).AddFollower(t.Context(), req)
	requireReason(t, "MAIL_NOT_SET_UP", err)
	require.NotContains(t, b.followers(b.anna, b.record), "Fia", "nobody follows uninvited")
	b.mail.turnOn(0)
	shown, err := b.as(b.anna).PreviewInvitation(t.Context(), &chatterv1.PreviewInvitationRequest{ThreadId: b.record.String(), PartyId: fia.String()})
	require.NoError(t, err)
	require.Equal(t, "fia@kund.example", shown.GetAddress())
	require.Contains(t, shown.GetInvitation().GetBody(), "Printer on fire")
	_, err = b.as(b.anna).AddFollower(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "fia@kund.example", b.mail.invited[0].Address)
	require.Contains(t, b.followers(b.anna, b.record), "Fia")
}

// Spec: C4, C7
func TestRedact_ShowsOutsidersNothingOfWhatHangsOnAMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.mail.turnOn(time.Hour)
	b.addFollower(b.contact("Fia", "fia@kund.example"))
	m := b.post(b.anna, say(b.record, "public"))
	_, err := b.as(b.ben).SetReaction(t.Context(), &chatterv1.SetReactionRequest{ThreadId: b.record.String(), MessageId: m.GetId(), Emoji: "👍"})
	require.NoError(t, err)
	_, err = b.as(b.ben).SetPinned(t.Context(), &chatterv1.SetPinnedRequest{ThreadId: b.record.String(), MessageId: m.GetId(), Pinned: true})
	require.NoError(t, err)
	stored, err := b.log.Get(t.Context(), b.workspace, b.record, uuid.MustParse(m.GetId()))
	require.NoError(t, err)
	out := thread.Redact(&stored, thread.Outside)
	require.Empty(t, out.GetDeliveries())
	require.Zero(t, out.GetDeliveryCount())
	require.Nil(t, out.GetPinnedBy())
	require.NotContains(t, out.String(), b.ben.Name)
	require.NotContains(t, out.String(), b.ben.ID.String())
	require.Len(t, out.GetReactions(), 1)
}
