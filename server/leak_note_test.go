package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	translationv1 "github.com/parley-chat/parley/gen/parley/translation/v1"
)

// notes writes everything that a note can be or bring with it into a thread.
func (l *leak) notes(t *testing.T, thread string) {
	t.Helper()
	ctx := t.Context()
	_, err := l.agent.Chatter.SetTyping(ctx, &chatterv1.SetTypingRequest{ThreadId: thread, Internal: true})
	require.NoError(t, err)
	first := l.note(t, l.agent, thread, "Aside: "+l.secret("a note"), headed(l.secret("the subject of a note")), mentioning(l.admin.UserID.String()))
	inside := l.file(t, l.agent, thread, l.secret("the name of a note's file")+".txt", []byte(l.secret("the bytes of a note's file")), true)
	l.note(t, l.agent, thread, "", withFiles(inside))
	plain := l.file(t, l.agent, thread, l.secret("the name of a file that a note made internal")+".txt", []byte(l.secret("its bytes")), false)
	l.note(t, l.agent, thread, "", withFiles(plain))
	shown := l.file(t, l.agent, thread, l.secret("the name of a picture in a note")+".png", picture(t), true)
	l.note(t, l.agent, thread, "", withFiles(shown))
	l.file(t, l.admin, thread, l.secret("the name of a file that waits for its note")+".txt", []byte(l.secret("its bytes")), true)

	edited := l.note(t, l.admin, thread, l.secret("a note before it was edited"))
	_, err = l.admin.Chatter.EditMessage(ctx, &chatterv1.EditMessageRequest{ThreadId: thread, MessageId: edited.GetId(), Body: l.secret("an edited note")})
	require.NoError(t, err)
	removed := l.note(t, l.admin, thread, l.gone("a deleted note"))
	_, err = l.admin.Chatter.DeleteMessage(ctx, &chatterv1.DeleteMessageRequest{ThreadId: thread, MessageId: removed.GetId()})
	require.NoError(t, err)
	answered := l.note(t, l.admin, thread, l.secret("a note that is answered"))
	l.note(t, l.agent, thread, l.secret("an answer to a note"), answering(answered.GetId()))
	_, err = l.agent.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: thread, Body: "In public?", ReplyToId: answered.GetId(),
	})
	requireFault(t, err, 3, "REPLY_INTERNAL")

	_, err = l.agent.Chatter.SetReaction(ctx, &chatterv1.SetReactionRequest{ThreadId: thread, MessageId: first.GetId(), Emoji: "👍"})
	require.NoError(t, err)
	_, err = l.agent.Chatter.SetPinned(ctx, &chatterv1.SetPinnedRequest{ThreadId: thread, MessageId: first.GetId(), Pinned: true})
	require.NoError(t, err)
	_, err = l.admin.Chatter.SetStarred(ctx, &chatterv1.SetStarredRequest{ThreadId: thread, MessageId: first.GetId(), Starred: true})
	require.NoError(t, err)
	_, err = l.agent.Chatter.MarkRead(ctx, &chatterv1.MarkReadRequest{ThreadId: thread, Seq: first.GetSeq() + 3})
	require.NoError(t, err)
	l.prepareNotes(t, thread)
	l.translated(t, thread, first.GetId())
}

// prepareNotes has Ada draft notes, and post one that waited.
func (l *leak) prepareNotes(t *testing.T, thread string) {
	t.Helper()
	ctx := t.Context()
	_, err := l.admin.Compose.SaveDraft(ctx, &composev1.SaveDraftRequest{
		ThreadId: thread, Internal: true, Content: &composev1.Content{Body: l.secret("the draft of a note")}, Revision: time.Now().UnixNano() >> 12,
	})
	require.NoError(t, err)
	for i, what := range []string{"a note that waits for its time", "a note that was sent before its time"} {
		res, err := l.admin.Compose.ScheduleMessage(ctx, &composev1.ScheduleMessageRequest{
			RequestId: uuid.NewString(), ThreadId: thread, Internal: true, SendTime: timestamppb.New(time.Now().Add(time.Hour)),
			Content: &composev1.Content{Body: l.secret(what), Subject: l.secret("its subject")},
		})
		require.NoError(t, err)
		id := res.GetScheduledMessage().GetId()
		if i == 0 {
			l.scheduled = []string{id, id, id}
			continue
		}
		sent, err := l.admin.Compose.SendScheduledMessageNow(ctx, &composev1.SendScheduledMessageNowRequest{ScheduledMessageId: id})
		require.NoError(t, err)
		l.hide(thread, sent.GetMessage())
	}
}

// translated has a note translated, which is kept.
func (l *leak) translated(t *testing.T, thread, message string) {
	t.Helper()
	mark := l.secret("the translation of a note")
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"translatedText": mark, "detectedLanguage": map[string]any{"language": "en"}})
	}))
	defer fake.Close()
	_, err := l.admin.Translation.UpdateTranslationSettings(t.Context(), &translationv1.UpdateTranslationSettingsRequest{
		Settings: &translationv1.TranslationSettings{Provider: translationv1.TranslationProvider_TRANSLATION_PROVIDER_LIBRE_TRANSLATE, BaseUrl: fake.URL},
	})
	require.NoError(t, err)
	res, err := l.admin.Translation.TranslateMessage(t.Context(), &translationv1.TranslateMessageRequest{ThreadId: thread, MessageId: message, Language: "en"})
	require.NoError(t, err)
	require.Equal(t, mark, res.GetText())
}

// changes logs changes of fields: one that everybody inside may know of, and one
// that only administrators may.
func (l *leak) changes(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	_, err := l.admin.Records.UpdateRecord(ctx, &recordv1.UpdateRecordRequest{Record: &recordv1.Record{Id: l.record.thread, Fields: fields(t, map[string]any{
		"team": l.secret("a change"), "rating_comment": l.secret("a change that followers subscribe to"), "stage": "solved",
	})}})
	require.NoError(t, err)
	kind := typeNamed("closed_case")
	kind.Fields = append(kind.Fields, &recordv1.Field{
		Name: "margin", Label: "Margin", Type: recordv1.FieldType_FIELD_TYPE_TEXT, Tracked: true,
		ReadRoles: []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR},
	})
	_, err = l.admin.Records.CreateRecordType(ctx, &recordv1.CreateRecordTypeRequest{RequestId: uuid.NewString(), RecordType: kind})
	require.NoError(t, err)
	id := create(t, l.admin, "closed_case", map[string]any{"name": "A case", "margin": "1"})
	_, err = l.admin.Chatter.AddFollower(ctx, &chatterv1.AddFollowerRequest{ThreadId: id, PartyId: l.people["fritz"]})
	require.NoError(t, err)
	_, err = l.admin.Records.UpdateRecord(ctx, &recordv1.UpdateRecordRequest{Record: &recordv1.Record{Id: id, Fields: fields(t, map[string]any{
		"margin": l.secret("a change of a field that few may read"),
	})}})
	require.NoError(t, err)
	for _, thread := range []string{l.record.thread, id} {
		page, err := l.admin.Chatter.ListMessages(ctx, &chatterv1.ListMessagesRequest{ThreadId: thread, PageSize: 200})
		require.NoError(t, err)
		for _, m := range page.GetMessages() {
			if m.GetKind() == threadv1.MessageKind_MESSAGE_KIND_CHANGE {
				l.hide(thread, m)
			}
		}
	}
}

// plans schedules activities, and has some done.
func (l *leak) plans(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	var ids []string
	for _, what := range []string{"an activity", "a done activity", "an activity with another after it", "a cancelled activity"} {
		summary, note := l.secret("the summary of "+what), l.secret("the note of "+what)
		res, err := l.admin.Activity.ScheduleActivities(ctx, &activityv1.ScheduleActivitiesRequest{
			RequestId: uuid.NewString(), RecordIds: []string{l.record.thread}, TypeId: l.activityType, Summary: &summary, Note: &note,
			FileIds: []string{l.file(t, l.admin, l.record.thread, l.secret("the name of the file of "+what)+".txt", []byte(l.secret("its bytes")), true)},
		})
		require.NoError(t, err)
		ids = append(ids, res.GetActivities()[0].GetId())
	}
	for _, s := range l.secrets[len(l.secrets)-4:] {
		s.gone = true // of the cancelled one nothing stays
	}
	done, err := l.admin.Activity.CompleteActivity(ctx, &activityv1.CompleteActivityRequest{
		ActivityId: ids[1], Feedback: l.secret("what somebody says who did it"),
		FileIds: []string{l.file(t, l.admin, l.record.thread, l.secret("the name of a file with it")+".txt", []byte(l.secret("its bytes")), true)},
	})
	require.NoError(t, err)
	l.hide(l.record.thread, done.GetMessage())
	next, after := l.secret("the summary of the next activity"), l.secret("the note of the next activity")
	both, err := l.admin.Activity.CompleteAndScheduleNext(ctx, &activityv1.CompleteAndScheduleNextRequest{
		ActivityId: ids[2], Feedback: l.secret("what else somebody says"), NextTypeId: l.activityType, NextSummary: &next, NextNote: &after,
	})
	require.NoError(t, err)
	l.hide(l.record.thread, both.GetMessage())
	_, err = l.admin.Activity.CancelActivity(ctx, &activityv1.CancelActivityRequest{ActivityId: ids[3]})
	require.NoError(t, err)
	l.activities = append(ids, both.GetNext().GetId())
	saved, err := l.admin.Compose.SaveMessageAsTemplate(ctx, &composev1.SaveMessageAsTemplateRequest{
		RequestId: uuid.NewString(), ThreadId: l.record.thread, Name: "From a note",
		MessageId: l.note(t, l.admin, l.record.thread, l.secret("a note, and the template made of it")).GetId(),
	})
	require.NoError(t, err)
	l.messageTemplate = saved.GetTemplate().GetId()
}
