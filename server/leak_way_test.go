package server_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// outsider is somebody outside who can call the server.
type outsider struct {
	name string
	by   *servertest.Client
	// topics are all that there is to listen to; stream has listened since before
	// the first note.
	topics []*livev1.Topic
	stream *listener
	// own is a thread of theirs, and tick says something in it, so that one knows
	// when everything before was told.
	own  string
	tick func(t *testing.T, body string)
}

// outsiders are all who can call the server and are outside.
func (l *leak) outsiders(t *testing.T) []*outsider {
	t.Helper()
	all := []*outsider{
		{name: "nobody", by: l.node.As("")},
		{name: "the chat's visitor", by: l.owner, own: l.talk.thread, tick: func(t *testing.T, body string) { t.Helper(); l.post(t, l.agent, l.talk.thread, body) }},
		l.visitor(t, "another visitor", l.bystander, l.channel),
		l.visitor(t, "a visitor of another workspace", l.passer, channelOf(t, l.umbra)),
	}
	own := create(t, l.umbra, "lead", map[string]any{"title": "Umbra's"})
	return append(all, &outsider{name: "an administrator of another workspace", by: l.umbra, own: own, tick: func(t *testing.T, body string) {
		t.Helper()
		l.post(t, l.umbra, own, body)
	}})
}

// visitor is one with a chat of their own.
func (l *leak) visitor(t *testing.T, name string, by *servertest.Client, channel string) *outsider {
	t.Helper()
	res, err := by.Visitor.OpenChat(t.Context(), &visitorv1.OpenChatRequest{RequestId: uuid.NewString(), ChannelId: channel, Body: "Hello"})
	require.NoError(t, err)
	o := &outsider{name: name, by: by, own: res.GetChat().GetId()}
	o.tick = func(t *testing.T, body string) {
		t.Helper()
		_, err := by.Visitor.PostMessage(t.Context(), &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: o.own, Body: body})
		require.NoError(t, err)
	}
	return o
}

// listenTo opens a stream of every topic that there is.
func (l *leak) listenTo(t *testing.T, o *outsider) {
	t.Helper()
	if o.own == "" {
		return
	}
	var method protoreflect.MethodDescriptor
	for _, m := range methods(t) {
		if full(m) == "LiveService.Subscribe" {
			method = m
		}
	}
	for _, s := range []*subject{&l.record, &l.talk} {
		f := &filler{w: l.world, s: s}
		for _, topic := range f.request(t, method).(*livev1.SubscribeRequest).GetTopics() {
			if !slices.ContainsFunc(o.topics, func(have *livev1.Topic) bool { return prototext.Format(have) == prototext.Format(topic) }) {
				o.topics = append(o.topics, topic)
			}
		}
	}
	if o.own != l.talk.thread {
		o.topics = append(o.topics, threadTopic(o.own, ""))
	}
	o.stream = listen(t, o.name, o.by, o.topics...)
}

// leaked notes what came out.
func (l *leak) leaked(way, who, what string) {
	l.found = append(l.found, fmt.Sprintf("LEAK by %s to %s: %s", way, who, what))
}

// look searches what came out for what must not.
func (l *leak) look(way, who, words string, named map[string]bool) {
	for _, s := range l.secrets {
		if strings.Contains(words, s.mark) && !slices.Contains(s.may, who) {
			l.leaked(way, who, s.what)
		}
	}
	for id, what := range l.hidden {
		if strings.Contains(words, id) && !named[id] {
			l.leaked(way, who, what)
		}
	}
}

// walk calls every method for every hidden thing.
func (l *leak) walk(t *testing.T, o *outsider) {
	t.Helper()
	for _, method := range inOrder(methods(t)) {
		l.each(t, method, func(f *filler, req protoreflect.ProtoMessage) {
			l.look(full(method), o.name, call(t.Context(), t, l.node.URL, o.by.Token, method, req).words, f.named)
		})
	}
}

// each makes the requests of a method that make a difference.
func (l *leak) each(t *testing.T, method protoreflect.MethodDescriptor, do func(*filler, protoreflect.ProtoMessage)) {
	t.Helper()
	done := map[string]bool{}
	for _, s := range append([]*subject{&l.world.talk, &l.world.record}, l.subjects...) {
		f := &filler{w: l.world, s: s}
		req := f.request(t, method)
		key := strings.Join(slices.Sorted(maps.Keys(f.named)), " ")
		if !done[key] {
			done[key] = true
			do(f, req)
		}
	}
}

// observe is what a visitor sees of the chat with every method that reads, but for
// what is sealed or made anew each time.
func (l *leak) observe(t *testing.T, o *outsider) map[string]string {
	t.Helper()
	seen := map[string]string{}
	for _, method := range methods(t) {
		options, _ := method.Options().(*descriptorpb.MethodOptions)
		mine := slices.Contains(ruleOf(method).GetCallers(), accessv1.Caller_CALLER_VISITOR)
		if !mine || method.IsStreamingServer() || options.GetIdempotencyLevel() != descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
			continue
		}
		f := &filler{w: l.world, s: &l.talk}
		a := call(t.Context(), t, l.node.URL, o.by.Token, method, f.request(t, method))
		require.Zero(t, a.code, "%s: %s", full(method), a.words)
		text, _, _ := strings.Cut(a.words, " Date:")
		seen[full(method)] = sealed.ReplaceAllString(spaces.ReplaceAllString(text[:strings.LastIndexAny(text, "\n}\"")+1], " "), "$1")
	}
	return seen
}

var (
	spaces = regexp.MustCompile(`\s+`)
	sealed = regexp.MustCompile(`\b(cursor|path|url|next_page_token): ?"[^"]*"|\b(expire_time): ?\{[^}]*\}`)
)

// told is what a stream was told, up to now.
func (l *leak) told(t *testing.T, o *outsider) {
	t.Helper()
	if o.stream == nil {
		return
	}
	o.tick(t, "That is all")
	o.stream.message(t, "That is all")
	l.look("stream", o.name, o.stream.words(), nil)
	for _, topics := range [][]*livev1.Topic{o.topics, o.topics[:1]} {
		res, err := o.by.Live.Poll(t.Context(), &livev1.PollRequest{Topics: topics})
		require.NoError(t, err)
		l.look("poll", o.name, prototext.Format(res), nil)
	}
}

// search looks for every hidden word: the answer must be the one for a word that
// nobody ever said.
func (l *leak) search(t *testing.T, o *outsider) {
	t.Helper()
	for _, thread := range []string{"", l.record.thread, l.talk.thread} {
		nothing, failure := o.by.Search.SearchMessages(t.Context(), &searchv1.SearchMessagesRequest{Query: "neversaid", ThreadId: thread})
		for _, s := range l.secrets {
			for _, query := range []string{s.mark, `"` + s.mark + `"`} {
				res, err := o.by.Search.SearchMessages(t.Context(), &searchv1.SearchMessagesRequest{Query: query, ThreadId: thread})
				require.Equal(t, reasonOf(failure), reasonOf(err))
				if prototext.Format(res) != prototext.Format(nothing) {
					l.leaked("search", o.name, s.what)
				}
			}
		}
	}
}

// files asks for the hidden files by every address that they could have.
func (l *leak) files(t *testing.T, o *outsider) {
	t.Helper()
	token := ""
	if link, err := o.by.Files.CreateFileLink(t.Context(), &threadv1.CreateFileLinkRequest{FileId: l.talk.file}); err == nil {
		_, token, _ = strings.Cut(link.GetPath(), "?")
	}
	for id, what := range l.hidden {
		for _, kind := range []threadv1.FileLinkKind{0, threadv1.FileLinkKind_FILE_LINK_KIND_PREVIEW} {
			if _, err := o.by.Files.CreateFileLink(t.Context(), &threadv1.CreateFileLinkRequest{FileId: id, Kind: kind}); err == nil {
				l.leaked("file link", o.name, what)
			}
		}
		for _, address := range []string{"/files/" + id, "/files/" + id + "?" + token} {
			status, words := l.get(t, o, http.MethodGet, address)
			if status != http.StatusNotFound {
				l.leaked("file address", o.name, what)
			}
			l.look("file address", o.name, words, map[string]bool{id: true})
		}
	}
}

// pages loads what is not called but looked at.
func (l *leak) pages(t *testing.T, o *outsider) {
	t.Helper()
	for _, address := range []string{
		"/", "/healthz", "/openapi.yaml", "/metrics", "/console/", "/console/records/ticket/" + l.record.thread, "/console/chats/" + l.talk.thread,
		"/widget/", "/widget/frame?channel=" + l.channel, "/widget/parley.js", "/demo/", "/mail/unsubscribe/", "/mail/unsubscribe/" + l.record.message,
		"/hooks/whatsapp/" + l.connection, "/files/", "/records/ticket/" + l.record.thread, "/nothing/" + l.record.thread,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			_, words := l.get(t, o, method, address)
			l.look("page "+address, o.name, words, nil)
		}
	}
}

// get loads an address with somebody's credential: header and all.
func (l *leak) get(t *testing.T, o *outsider, method, address string) (status int, words string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, l.node.URL+address, http.NoBody)
	require.NoError(t, err)
	if o.by.Token != "" {
		req.Header.Set("Authorization", "Bearer "+o.by.Token)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, headerWords(res.Header) + string(body)
}
