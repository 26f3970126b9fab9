package server_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// settled waits until everything that was said can be found.
func settled(t *testing.T, nodes ...*servertest.Server) {
	t.Helper()
	for _, n := range nodes {
		require.Eventually(t, n.Index.Settled, 10*time.Second, 10*time.Millisecond)
	}
}

func searched(t *testing.T, by *servertest.Client, query string) *searchv1.SearchMessagesResponse {
	t.Helper()
	res, err := by.Search.SearchMessages(t.Context(), &searchv1.SearchMessagesRequest{Query: query, PageSize: 50})
	require.NoError(t, err)
	return res
}

// What everybody finds in a workspace that has one of everything to hide.
//
// Spec: A4 C4 C8
func TestSearch_FindsAcrossThreadsWhatOneMayRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settled(t, w.node)
	for _, c := range []struct {
		name         string
		by           *servertest.Client
		finds, never []string
	}{
		{"administrator", w.admin, []string{markRecord, markChat, markNote, markAside}, nil},
		{"agent", w.agent, []string{markRecord, markChat, markNote, markAside}, nil},
		{"member", w.member, []string{markRecord, markNote}, []string{markChat, markAside, w.talk.thread}},
		{"another workspace", w.umbra, nil, allMarks},
	} {
		words := ""
		res := searched(t, c.by, "zebra")
		for _, r := range res.GetResults() {
			words += prototext.Format(r)
			for _, e := range r.GetExcerpts() { // hits are segments of their own
				for _, s := range e.GetSegments() {
					words += s.GetText()
				}
			}
		}
		for _, mark := range c.finds {
			require.Contains(t, words, mark, c.name)
		}
		for _, mark := range c.never {
			require.NotContains(t, words, mark, c.name)
		}
		require.EqualValues(t, len(res.GetResults()), res.GetTotalCount(), c.name)
	}
	require.Zero(t, searched(t, w.umbra, "zebra").GetTotalCount())
}

// A record type's conditions, and the roles that may read a field, hold in the
// search, also when they change.
//
// Spec: R5 C8
func TestSearch_KeepsToTheConditionsOfRecords(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	admin := node.SignIn(t, servertest.Admin)
	member := node.User(t, "m@acme.example", identityv1.Role_ROLE_MEMBER)
	text := recordv1.FieldType_FIELD_TYPE_TEXT
	made := &recordv1.RecordType{
		Name: "case", Label: "Case", PluralLabel: "Cases", TitleField: "name",
		Fields: []*recordv1.Field{
			{Name: "name", Label: "Name", Type: text, Required: true},
			{Name: "open", Label: "Open", Type: recordv1.FieldType_FIELD_TYPE_BOOLEAN},
			{Name: "margin", Label: "Margin", Type: text, Tracked: true, ReadRoles: []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}},
			{Name: "stage", Label: "Stage", Type: text, Tracked: true},
		},
		Read: &recordv1.Permission{Condition: `record.open || user.role == "administrator"`},
	}
	_, err := admin.Records.CreateRecordType(t.Context(), &recordv1.CreateRecordTypeRequest{RequestId: uuid.NewString(), RecordType: made})
	require.NoError(t, err)
	shown := create(t, admin, "case", map[string]any{"name": "A", "open": true})
	hidden := create(t, admin, "case", map[string]any{"name": "B", "open": false})
	for _, id := range []string{shown, hidden} {
		_, err := admin.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: id, Body: "quokka " + id})
		require.NoError(t, err)
	}
	_, err = admin.Records.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: &recordv1.Record{
		Id: shown, Fields: fields(t, map[string]any{"margin": "wombat margin", "stage": "wombat stage"}),
	}})
	require.NoError(t, err)
	settled(t, node)

	res := searched(t, member, "quokka")
	require.EqualValues(t, 1, res.GetTotalCount())
	require.Equal(t, shown, res.GetResults()[0].GetThreadId())
	require.Equal(t, "A", res.GetResults()[0].GetThreadTitle())
	require.Equal(t, "case", res.GetResults()[0].GetRecordType())
	require.Zero(t, searched(t, member, "margin").GetTotalCount())
	require.EqualValues(t, 1, searched(t, member, "stage wombat").GetTotalCount())
	require.NotContains(t, prototext.Format(searched(t, member, "wombat")), "margin")

	_, err = admin.Records.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: &recordv1.Record{
		Id: hidden, Fields: fields(t, map[string]any{"open": true}),
	}})
	require.NoError(t, err)
	require.EqualValues(t, 2, searched(t, member, "quokka").GetTotalCount(), "at once: rights are not in the index")
	_, err = admin.Records.DeleteRecord(t.Context(), &recordv1.DeleteRecordRequest{RecordId: shown})
	require.NoError(t, err)
	settled(t, node)
	require.EqualValues(t, 1, searched(t, member, "quokka").GetTotalCount())
}

// What is posted on one node is found through another.
//
// Spec: C8
func TestSearch_FindsWhatWasPostedOnAnotherNode(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	other := node.Join(t)
	admin := node.SignIn(t, servertest.Admin)
	id := create(t, admin, "lead", map[string]any{"title": "A lead"})
	_, err := admin.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: id, Body: "narwhal"})
	require.NoError(t, err)
	there := other.As(admin.Token)
	res, err := there.Search.SearchMessages(t.Context(), &searchv1.SearchMessagesRequest{Query: "narwhal", ThreadId: id})
	require.NoError(t, err)
	require.Len(t, res.GetResults(), 1, "in its thread at once")
	settled(t, node, other)
	res = searched(t, there, "narwhal")
	require.Len(t, res.GetResults(), 1)
	page, err := there.Chatter.ListMessages(t.Context(), &chatterv1.ListMessagesRequest{
		ThreadId: id, Place: &chatterv1.ListMessagesRequest_AroundSeq{AroundSeq: res.GetResults()[0].GetSeq()}, PageSize: 3,
	})
	require.NoError(t, err)
	require.Contains(t, prototext.Format(page), "narwhal", "the jump")
}
