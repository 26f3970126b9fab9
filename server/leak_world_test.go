package server_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
)

// leak is a world in which everything that can hold a note holds one: each with a
// word of its own, so that whatever comes out says what leaked.
type leak struct {
	*world
	secrets []*secret
	// hidden are the messages and files that those outside must not meet, by id.
	hidden map[string]string
	// subjects are what requests are made of: one for each note.
	subjects []*subject
	people   map[string]string // contacts' ids by name; the address is name@outside.example
	nils     *servertest.Client
	logged   *journal
	// spoken is what a visitor sees of the chat before there are notes.
	spoken map[string]string
	found  []string
	heard  journal // all that WhatsApp was sent, as it came
}

// secret is a word that stands in one thing.
type secret struct {
	mark, what string
	// may are the addresses that are sent it all the same.
	may []string
	// gone is true if not even those inside see it in the end.
	gone bool
}

// secret makes a word for something.
func (l *leak) secret(what string, may ...string) string {
	s := &secret{mark: fmt.Sprintf("quagga%02dx", len(l.secrets)), what: what, may: may}
	l.secrets = append(l.secrets, s)
	return s.mark
}

// gone is a secret that is taken away again.
func (l *leak) gone(what string) string {
	mark := l.secret(what)
	l.secrets[len(l.secrets)-1].gone = true
	return mark
}

// newLeak makes the world up to where the first note is written.
func newLeak(t *testing.T) *leak {
	t.Helper()
	l := &leak{hidden: map[string]string{}, people: map[string]string{}, logged: &journal{}}
	l.world = newWorld(t, func(c *server.Config) {
		c.Metrics, c.FilePresign, c.Log = true, true, slog.New(slog.NewTextHandler(l.logged, nil))
	})
	l.mailNow(t)
	for _, name := range []string{"fritz", "mina", "otto", "cece", "uma", "rita", "ines"} {
		l.people[name] = create(t, l.admin, "contact", map[string]any{"name": name, "email": address(name)})
	}
	l.people["carla"] = l.contact
	l.nils = l.node.User(t, "nils@acme.example", identityv1.Role_ROLE_MEMBER)
	_, err := l.nils.Chatter.UpdateNotificationSettings(t.Context(), &chatterv1.UpdateNotificationSettingsRequest{
		Settings: &chatterv1.NotificationSettings{NotifyBy: chatterv1.NotifyBy_NOTIFY_BY_MAIL},
	})
	require.NoError(t, err)
	l.follow(t)
	return l
}

// address is where a contact gets mail.
func address(name string) string {
	if name == "carla" {
		return "carla@" + markRecord + ".example"
	}
	return name + "@outside.example"
}

// note posts a note and remembers it as one.
func (l *leak) note(t *testing.T, by *servertest.Client, thread, body string, changes ...func(*chatterv1.PostMessageRequest)) *threadv1.Message {
	t.Helper()
	m := l.post(t, by, thread, body, append(changes, func(r *chatterv1.PostMessageRequest) { r.Internal = true })...)
	require.True(t, m.GetInternal())
	l.hide(thread, m)
	return m
}

// post says something in a thread.
func (l *leak) post(t *testing.T, by *servertest.Client, thread, body string, changes ...func(*chatterv1.PostMessageRequest)) *threadv1.Message {
	t.Helper()
	req := &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: thread, Body: body}
	for _, change := range changes {
		change(req)
	}
	res, err := by.Chatter.PostMessage(t.Context(), req)
	require.NoError(t, err)
	return res.GetMessage()
}

// hide remembers a message and its files as hidden, and as what requests name.
func (l *leak) hide(thread string, m *threadv1.Message) {
	s := *l.anyOf(thread)
	s.name, s.thread, s.message = "hidden message", thread, m.GetId()
	l.hidden[m.GetId()] = "id of a hidden message"
	for _, f := range m.GetFiles() {
		l.hidden[f.GetId()], s.file = "id of a hidden file", f.GetId()
	}
	l.subjects = append(l.subjects, &s)
}

// anyOf is the world's own note in a thread.
func (l *leak) anyOf(thread string) *subject {
	if thread == l.talk.thread {
		return &l.world.note
	}
	return &l.world.record
}

// file uploads a file of one part.
func (l *leak) file(t *testing.T, by *servertest.Client, thread, name string, content []byte, internal bool) string {
	t.Helper()
	ctx := t.Context()
	res, err := by.Files.CreateFile(ctx, &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: thread, Name: name, Size: int64(len(content)), Internal: internal,
	})
	require.NoError(t, err)
	id := res.GetFile().GetId()
	_, err = by.Files.WriteFile(ctx, &threadv1.WriteFileRequest{FileId: id, Data: content})
	require.NoError(t, err)
	_, err = by.Files.FinishFile(ctx, &threadv1.FinishFileRequest{FileId: id})
	require.NoError(t, err)
	l.hide(thread, &threadv1.Message{Id: l.anyOf(thread).message, Files: []*threadv1.File{{Id: id}}})
	return id
}

// withFiles adds files to a request.
func withFiles(ids ...string) func(*chatterv1.PostMessageRequest) {
	return func(r *chatterv1.PostMessageRequest) { r.FileIds = append(r.FileIds, ids...) }
}

// mentioning adds people who are mentioned.
func mentioning(ids ...string) func(*chatterv1.PostMessageRequest) {
	return func(r *chatterv1.PostMessageRequest) { r.MentionIds = ids }
}

// answering makes it an answer.
func answering(id string) func(*chatterv1.PostMessageRequest) {
	return func(r *chatterv1.PostMessageRequest) { r.ReplyToId = id }
}

// headed gives it a subject, and has it be read as Markdown.
func headed(subject string) func(*chatterv1.PostMessageRequest) {
	return func(r *chatterv1.PostMessageRequest) {
		r.Subject, r.Format = subject, threadv1.TextFormat_TEXT_FORMAT_MARKDOWN
	}
}

// picture is one that a preview is made of.
func picture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, image.NewRGBA(image.Rect(0, 0, 40, 30))))
	return out.Bytes()
}

// journal keeps what the server logs.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
