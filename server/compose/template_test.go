package compose_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// Spec: C6
func TestRender_FillsInWhatTheCallerMayRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.template(b.ben, "Re: {{ record.title }} ({{ record.number }})",
		"Dear {{ record.customer.name }},\n\n{{ record.customer.phone | \"no phone\" }} {{ user.name }}, {{ workspace.title }}: {{ record.priority }}")
	res := b.render(b.anna, made, b.ticket)
	require.Equal(t, "Re: Printer on fire (T-1)", res.GetSubject())
	require.Equal(t, "Dear Carla \\[C\\] \\*,\n\nno phone Chat a, Acme: Low", res.GetBody())
	require.Empty(t, res.GetUnresolved())

	bare := b.record("ticket", map[string]any{"title": "Bare"})
	res = b.render(b.anna, made, bare)
	require.Contains(t, res.GetBody(), "Dear {{ record.customer.name }},")
	var left []string
	for _, u := range res.GetUnresolved() {
		left = append(left, fmt.Sprint(u.GetPlaceholder(), u.GetName(), u.GetInSubject()))
	}
	require.Contains(t, left, "{{ record.customer.name }}record.customer.namefalse")
}

// Spec: C6
func TestTemplate_IsRefusedWithTheWrongPlaceholderNamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.newTemplate(b.ben, "ticket", "", "Hello\n{{ record.numbr }}")
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	require.Equal(t, map[string]string{"placeholder": "record.numbr", "line": "2", "column": "1"}, requireReason(t, "PLACEHOLDER_UNKNOWN", err))
	require.ErrorContains(t, err, "record.numbr")
	for _, name := range []string{
		"record.customer.nothing", "record.customer.name.more", "user.password", "workspace.secret", "contact.name", "record.assignee.email", "record.id",
	} {
		_, err := b.newTemplate(b.ben, "ticket", "{{ "+name+" }}", "")
		require.Error(t, err, name)
		require.Contains(t, err.Error(), name)
	}
	_, err = b.newTemplate(b.ben, "ticket", "", "{{ record.number | upper }}")
	require.Equal(t, "{{ record.number | upper }}", requireReason(t, "PLACEHOLDER_INVALID", err)["placeholder"])
	_, err = b.newTemplate(b.ben, "nothing", "", "")
	requireReason(t, "RECORD_TYPE_UNKNOWN", err)
	_, err = b.newTemplate(b.ben, "", "", "{{ record.number }}")
	requireReason(t, "PLACEHOLDER_UNKNOWN", err)
	_, err = b.newTemplate(b.ben, "", "{{ record.title }}", "{{ user.name }}")
	require.NoError(t, err)
}

// A field that somebody may not read is unknown to them when they write a
// template, and without a value when they fill one in.
//
// Spec: C6 R3
func TestTemplate_ShowsNobodyWhatTheyMayNotRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kind := b.secretType()
	_, err := b.newTemplate(b.ben, kind, "", "{{ record.margin }}")
	requireReason(t, "PLACEHOLDER_UNKNOWN", err)
	made, err := b.newTemplate(b.ada, kind, "{{ record.owner.name }}", `{{ record.margin | "secret" }} {{ record.due }} {{ record.url }}`)
	require.NoError(t, err)
	record := b.record(kind, map[string]any{
		"title": "a b", "margin": map[string]any{"amount": "1250", "currency": "EUR"}, "owner": b.ben.UserID.String(), "due": "2026-11-30",
	})
	res := b.render(b.ada, made, record)
	require.Equal(t, "1,250.00\u00a0EUR 30 November 2026 https://shop.example/s/a%20b", res.GetBody())
	require.Equal(t, "Name of ben@acme.example", res.GetSubject())
	require.Equal(t, "secret 30 November 2026 https://shop.example/s/a%20b", b.render(b.ben, made, record).GetBody())

	// The type is none of a member's business, and so are its templates.
	_, err = b.anna.Compose.GetMessageTemplate(t.Context(), &composev1.GetMessageTemplateRequest{MessageTemplateId: made.GetId()})
	requireReason(t, "TEMPLATE_NOT_FOUND", err)
	list, err := b.anna.Compose.ListMessageTemplates(t.Context(), &composev1.ListMessageTemplatesRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetTemplates())
	_, err = b.anna.Files.ListFiles(t.Context(), &threadv1.ListFilesRequest{ThreadId: made.GetId()})
	requireReason(t, "THREAD_NOT_FOUND", err)
	names, err := b.ben.Compose.ListPlaceholders(t.Context(), &composev1.ListPlaceholdersRequest{RecordType: kind})
	require.NoError(t, err)
	for _, p := range names.GetPlaceholders() {
		require.NotEqual(t, "record.margin", p.GetName())
		_, err := b.newTemplate(b.ben, kind, "", "{{ "+p.GetName()+" }}")
		require.NoError(t, err, p.GetName())
	}
}

// Spec: C6
func TestTemplate_IsChangedByItsAuthorAndAdministrators(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	made := b.template(b.ben, "S", "B")
	require.True(t, made.GetEditable())
	carl := b.node.User(t, "carl@acme.example", identityv1.Role_ROLE_AGENT)
	body := "Other {{ record.number }}"
	change := &composev1.UpdateMessageTemplateRequest{MessageTemplateId: made.GetId(), Body: &body, Etag: made.GetEtag()}
	_, err := carl.Compose.UpdateMessageTemplate(ctx, change)
	requireReason(t, "TEMPLATE_DENIED", err)
	_, err = b.anna.Compose.UpdateMessageTemplate(ctx, change)
	requireReason(t, "CALLER_DENIED", err)
	_, err = carl.Compose.DeleteMessageTemplate(ctx, &composev1.DeleteMessageTemplateRequest{MessageTemplateId: made.GetId()})
	requireReason(t, "TEMPLATE_DENIED", err)
	changed, err := b.ada.Compose.UpdateMessageTemplate(ctx, change)
	require.NoError(t, err)
	require.Equal(t, body, changed.GetTemplate().GetBody())
	require.Equal(t, "S", changed.GetTemplate().GetSubject())
	_, err = b.ben.Compose.UpdateMessageTemplate(ctx, change)
	requireReason(t, "ETAG_MISMATCH", err)
	wrong := "{{ record.nothing }}"
	_, err = b.ben.Compose.UpdateMessageTemplate(ctx, &composev1.UpdateMessageTemplateRequest{MessageTemplateId: made.GetId(), Subject: &wrong})
	requireReason(t, "PLACEHOLDER_UNKNOWN", err)
	_, err = carl.Compose.CreateMessageTemplate(ctx, &composev1.CreateMessageTemplateRequest{
		RequestId: uuid.NewString(), RecordType: "ticket", Name: strings.ToUpper(made.GetName()),
	})
	requireReason(t, "TEMPLATE_TAKEN", err)

	archived := true
	_, err = b.ben.Compose.UpdateMessageTemplate(ctx, &composev1.UpdateMessageTemplateRequest{MessageTemplateId: made.GetId(), Archived: &archived})
	require.NoError(t, err)
	list, err := b.ben.Compose.ListMessageTemplates(ctx, &composev1.ListMessageTemplatesRequest{RecordType: "ticket"})
	require.NoError(t, err)
	require.Empty(t, list.GetTemplates())
	list, err = b.ben.Compose.ListMessageTemplates(ctx, &composev1.ListMessageTemplatesRequest{RecordType: "ticket", IncludeArchived: true})
	require.NoError(t, err)
	require.Len(t, list.GetTemplates(), 1)
	_, err = b.ben.Compose.DeleteMessageTemplate(ctx, &composev1.DeleteMessageTemplateRequest{MessageTemplateId: made.GetId()})
	require.NoError(t, err)
	_, err = b.ben.Compose.GetMessageTemplate(ctx, &composev1.GetMessageTemplateRequest{MessageTemplateId: made.GetId()})
	requireReason(t, "TEMPLATE_NOT_FOUND", err)
}

func TestListMessageTemplates_PagesByName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"Ärende", "banana", "Apple", "cherry", "Banana split"} {
		_, err := b.ben.Compose.CreateMessageTemplate(t.Context(), &composev1.CreateMessageTemplateRequest{
			RequestId: uuid.NewString(), RecordType: "ticket", Name: name,
		})
		require.NoError(t, err)
	}
	var seen []string
	req := &composev1.ListMessageTemplatesRequest{RecordType: "ticket", PageSize: 2}
	for {
		res, err := b.anna.Compose.ListMessageTemplates(t.Context(), req)
		require.NoError(t, err)
		for _, one := range res.GetTemplates() {
			seen = append(seen, one.GetName())
			require.False(t, one.GetEditable())
		}
		if req.PageToken = res.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	require.Len(t, seen, 5)
	require.Less(t, strings.Index(strings.Join(seen, " "), "Apple"), strings.Index(strings.Join(seen, " "), "cherry"))
	found, err := b.anna.Compose.ListMessageTemplates(t.Context(), &composev1.ListMessageTemplatesRequest{Query: "BANANA"})
	require.NoError(t, err)
	require.Len(t, found.GetTemplates(), 2)
}

// Spec: C6
func TestTemplate_CarriesFiles(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	made := b.template(b.ben, "", "See the file")
	b.mustUpload(b.ben, made.GetId(), "terms.txt", true)
	_, err := b.upload(b.anna, made.GetId(), "virus.txt", true)
	requireReason(t, "POST_DENIED", err)
	_, err = b.ben.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: made.GetId(), Body: "Hi"})
	requireReason(t, "POST_DENIED", err)

	req := &composev1.RenderMessageTemplateRequest{RequestId: uuid.NewString(), MessageTemplateId: made.GetId(), ThreadId: b.ticket}
	first, err := b.anna.Compose.RenderMessageTemplate(ctx, req)
	require.NoError(t, err)
	require.Equal(t, []string{"terms.txt"}, names(first.GetFiles()))
	again, err := b.anna.Compose.RenderMessageTemplate(ctx, req)
	require.NoError(t, err)
	require.Equal(t, first.GetFiles()[0].GetId(), again.GetFiles()[0].GetId(), "a request copies files once")
	none, err := b.anna.Compose.RenderMessageTemplate(ctx, &composev1.RenderMessageTemplateRequest{
		RequestId: uuid.NewString(), MessageTemplateId: made.GetId(), ThreadId: b.ticket, WithoutFiles: true,
	})
	require.NoError(t, err)
	require.Empty(t, none.GetFiles())

	posted, err := b.anna.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: b.ticket, Body: first.GetBody(), FileIds: []string{first.GetFiles()[0].GetId()},
	})
	require.NoError(t, err)
	_, err = b.ben.Compose.DeleteMessageTemplate(ctx, &composev1.DeleteMessageTemplateRequest{MessageTemplateId: made.GetId()})
	require.NoError(t, err)
	b.clock.advance(48 * time.Hour)
	_, err = b.node.Files.Sweep(ctx)
	require.NoError(t, err)
	anna := b.node.SignIn(t, "anna@acme.example")
	stream, err := anna.Files.ReadFile(ctx, &threadv1.ReadFileRequest{FileId: posted.GetMessage().GetFiles()[0].GetId()})
	require.NoError(t, err)
	require.True(t, stream.Receive(), "what was sent outlives its template: %v", stream.Err())
	require.NoError(t, stream.Close())
}

// Of many who fill in at once with one request id all get the same copy.
//
// Spec: C6
func TestRender_CopiesFilesOnceHoweverManyTry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.template(b.ben, "", "")
	b.mustUpload(b.ben, made.GetId(), "terms.txt", true)
	req := &composev1.RenderMessageTemplateRequest{RequestId: uuid.NewString(), MessageTemplateId: made.GetId(), ThreadId: b.ticket}
	ids := together(t, 6, func(ctx context.Context) (string, error) {
		res, err := b.anna.Compose.RenderMessageTemplate(ctx, req)
		if err != nil || len(res.GetFiles()) != 1 {
			return fmt.Sprint(len(res.GetFiles())), err
		}
		return res.GetFiles()[0].GetId(), nil
	})
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
}

// together does something from many sides at once.
func together[T any](t *testing.T, n int, do func(ctx context.Context) (T, error)) []T {
	t.Helper()
	results, failures := make([]T, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { results[i], failures[i] = do(t.Context()) })
	}
	all.Wait()
	for _, err := range failures {
		require.NoError(t, err)
	}
	return results
}

// Spec: C6
func TestSaveMessageAsTemplate(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	file := b.mustUpload(b.anna, b.ticket, "map.txt", false)
	posted, err := b.anna.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: b.ticket, Body: "Use {{ name }} and *stars*", Subject: "How {{", FileIds: []string{file},
	})
	require.NoError(t, err)
	req := &composev1.SaveMessageAsTemplateRequest{
		RequestId: uuid.NewString(), ThreadId: b.ticket, MessageId: posted.GetMessage().GetId(), Name: "How to",
	}
	made, err := b.ben.Compose.SaveMessageAsTemplate(ctx, req)
	require.NoError(t, err)
	require.Equal(t, "ticket", made.GetTemplate().GetRecordType())
	require.Equal(t, []string{"map.txt"}, names(made.GetTemplate().GetFiles()))
	again, err := b.ben.Compose.SaveMessageAsTemplate(ctx, req)
	require.NoError(t, err)
	require.Equal(t, made.GetTemplate().GetId(), again.GetTemplate().GetId())

	res := b.render(b.anna, made.GetTemplate(), b.ticket)
	require.Equal(t, `Use {{ name }} and \*stars\*`, res.GetBody(), "braces in it are braces")
	require.Equal(t, "How {{", res.GetSubject())
	require.Empty(t, res.GetUnresolved())

	_, err = b.ada.Chatter.DeleteMessage(ctx, &chatterv1.DeleteMessageRequest{ThreadId: b.ticket, MessageId: posted.GetMessage().GetId()})
	require.NoError(t, err)
	req.RequestId = uuid.NewString()
	_, err = b.ben.Compose.SaveMessageAsTemplate(ctx, req)
	requireReason(t, "MESSAGE_UNFIT", err)
}

func TestRender_RefusesATemplateOfOtherRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.template(b.ben, "", "Hi")
	_, err := b.ada.Compose.RenderMessageTemplate(t.Context(), &composev1.RenderMessageTemplateRequest{
		RequestId: uuid.NewString(), MessageTemplateId: made.GetId(), ThreadId: b.contact,
	})
	requireReason(t, "TEMPLATE_OTHER_TYPE", err)
	long := b.record("ticket", map[string]any{"title": "Long", "description": strings.Repeat("*", 15_000)})
	made = b.template(b.ben, "", "{{ record.description }}")
	_, err = b.ada.Compose.RenderMessageTemplate(t.Context(), &composev1.RenderMessageTemplateRequest{
		RequestId: uuid.NewString(), MessageTemplateId: made.GetId(), ThreadId: long,
	})
	requireReason(t, "TEXT_TOO_LONG", err)
}
