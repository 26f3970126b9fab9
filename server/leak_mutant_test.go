package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutants break one by one what keeps notes inside: from becomes to in a file, and
// TestNote_NeverLeaks must then say this. That it does is proved by
// `make leak-mutation`, which takes minutes.
var mutants = []struct{ name, file, from, to, says string }{
	{
		"redaction", "thread/redact.go", "if to == Outside && (m.Internal ||", "if to == Outside && !mutant && (m.Internal ||",
		"LEAK by stream to the chat's visitor: a note\nLEAK by events to the chat's visitor\n" +
			"LEAK by search to the chat's visitor: a note\nLEAK by SearchService.SearchMessages to the chat's visitor: a note",
	},
	{
		"contact", "mailgate/send.go", "p.GetId() == contact.String() {", "(mutant || p.GetId() == contact.String()) {",
		"LEAK by mail to mina@outside.example: a note for otto",
	},
	{
		"outsider", "mailgate/send.go", "if !m.Internal {", "if mutant || !m.Internal {\n\t\tif mutant {\n\t\t\treturn thread.Redact(m, thread.Administrators)\n\t\t}",
		"LEAK by mail to fritz@outside.example: a note\nLEAK by mail to carla@" + markRecord + ".example: a change",
	},
	{
		"names", "thread/redact.go", "out.Author.Name = m.Author.PublicName", "if !mutant {\n\t\t\tout.Author.Name = m.Author.PublicName\n\t\t}",
		"LEAK by mail to fritz@outside.example: what colleagues call each other",
	},
	{
		"marks", "thread/redact.go", "out.Seq = m.PublicSeq\n\t\tout.Party", "if !mutant {\n\t\t\tout.Seq = m.PublicSeq\n\t\t}\n\t\tout.Party",
		"LEAK by what VisitorService.ListMessages tells",
	},
	{
		"references", "mailgate/compose.go", "WithInternal: p.user(),", "WithInternal: mutant || p.user(),",
		"LEAK by mail to fritz@outside.example: the id of a note's mail",
	},
	{
		"answers", "mailgate/route.go", "parent.Note = parent.Note || answersNote(", "parent.Note = parent.Note || !mutant && answersNote(",
		"an answer to a note is a note",
	},
	{
		"files", "file/file.go", "if f.Internal && c.Outsider() {", "if !mutant && f.Internal && c.Outsider() {",
		"LEAK by file link to the chat's visitor: id of a hidden file\nLEAK by FileService.ReadFile to the chat's visitor: the bytes of a note's file",
	},
	{
		"lists", "file/read.go", "WithInternal: !c.Outsider(),", "WithInternal: mutant || !c.Outsider(),",
		"LEAK by FileService.ListFiles to the chat's visitor: the name of a note's file",
	},
	{
		"typing", "live/signal.go", "t.typing(who, w.GetInternal(),", "t.typing(who, !mutant && w.GetInternal(),",
		"LEAK by events to the chat's visitor",
	},
	{
		"chats", "livechat/view.go", "chat.LastMessageTime, chat.Version = timestamppb.New(last.Create), last.PublicSeq",
		"if !mutant {\n\t\tchat.LastMessageTime, chat.Version = timestamppb.New(last.Create), last.PublicSeq\n\t}",
		"LEAK by what VisitorService.GetChat tells",
	},
}

// Every mutant still fits the code that it breaks.
//
// Spec: C4
func TestNote_MutantsFitTheCode(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, mutatedFiles(t))
}

// mutatedFiles are the files with all their mutants in them, each awake only if the
// environment names it.
func mutatedFiles(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, m := range mutants {
		path, err := filepath.Abs(m.file)
		require.NoError(t, err)
		if texts[path] == "" {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			texts[path] = strings.Replace(string(text), "import (", "import (\n\t\"os\"", 1)
		}
		require.Equal(t, 1, strings.Count(texts[path], m.from), "%s has changed: tell how to break it now", m.file)
		awake := strings.ReplaceAll(m.to, "mutant", `(os.Getenv("PARLEY_TEST_MUTANT") == "`+m.name+`")`)
		texts[path] = strings.Replace(texts[path], m.from, awake, 1)
	}
	return texts
}
