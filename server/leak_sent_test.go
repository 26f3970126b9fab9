package server_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
)

// sent looks at all that left by mail and by WhatsApp, and at what the server says
// of itself.
func (l *leak) sent(t *testing.T) {
	t.Helper()
	all := l.letters.came()
	for _, m := range all { // the id of a note's mail, which names the note, is for whoever got it
		for i := range l.secrets {
			if s := l.secrets[i]; slices.Contains(s.may, m.to) && strings.Contains(decoded(t, m.raw), s.mark) {
				id := mailID(t, m)
				l.secrets = append(l.secrets, &secret{mark: id, what: "the id of a note's mail", may: []string{m.to}, gone: true})
				break
			}
		}
	}
	for _, m := range all {
		if strings.HasSuffix(m.to, "@acme.example") {
			continue
		}
		own := map[string]bool{}
		for _, s := range l.secrets {
			if slices.Contains(s.may, m.to) && strings.Contains(m.raw, s.mark) {
				id, _, _ := strings.Cut(s.mark, ".")
				own[id] = true
			}
		}
		l.look("mail", m.to, decoded(t, m.raw), own)
	}
	require.Contains(t, l.heard.String(), "ticket_news")
	l.look("WhatsApp", "the customer", l.heard.String(), nil)
	answer := httptest.NewRecorder()
	l.node.Metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	l.look("metrics", "whoever reads them", answer.Body.String(), nil)
	l.look("log", "whoever reads it", l.logged.String(), maps.Collect(func(yield func(string, bool) bool) {
		for id := range l.hidden {
			if !yield(id, true) {
				return
			}
		}
	}))
}

func mailID(t *testing.T, m posted) string {
	t.Helper()
	head, err := netmail.ReadMessage(strings.NewReader(m.raw))
	require.NoError(t, err)
	id := strings.Trim(head.Header.Get("Message-ID"), "<> ")
	require.NotEmpty(t, id)
	return id
}

// inside is all that an administrator and those who work here get to see: every
// secret must be in it, or this world would prove nothing.
func (l *leak) inside(t *testing.T) string {
	t.Helper()
	var words strings.Builder
	for _, method := range methods(t) {
		options, _ := method.Options().(*descriptorpb.MethodOptions)
		reads := options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS && full(method) != "LiveService.Subscribe"
		if !reads && full(method) != "TranslationService.TranslateMessage" {
			continue
		}
		l.each(t, method, func(_ *filler, req protoreflect.ProtoMessage) {
			words.WriteString(call(t.Context(), t, l.node.URL, l.admin.Token, method, req).words)
		})
	}
	for _, id := range l.activities {
		res, err := l.admin.Activity.GetActivity(t.Context(), &activityv1.GetActivityRequest{ActivityId: id})
		words.WriteString(prototext.Format(res) + reasonOf(err))
	}
	for _, thread := range []string{l.record.thread, l.talk.thread} {
		page, err := l.admin.Chatter.ListMessages(t.Context(), &chatterv1.ListMessagesRequest{ThreadId: thread, PageSize: 200})
		require.NoError(t, err)
		words.WriteString(prototext.Format(page))
	}
	return words.String()
}
