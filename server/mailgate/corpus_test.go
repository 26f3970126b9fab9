package mailgate_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
)

// ownID is a Message-ID that is written as it should be.
var ownID = regexp.MustCompile(`(?m)^Message-ID: <[^>\r\n]*>`)

// Every awkward mail that we know of is taken in: it becomes a message, or waits
// with its reason. None is lost, none is an error, and all come twice without harm.
// Spec: C14
func TestCorpus_NothingIsLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.alias("support", "ticket")
	b.set(func(s *mailv1.MailSettings) { s.LoopLimit = 10000 })
	files, err := filepath.Glob(filepath.Join("..", "mail", "testdata", "*.eml"))
	require.NoError(t, err)
	require.Greater(t, len(files), 30)
	records := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		if len(raw) == 0 {
			continue // the contract asks for a mail
		}
		raw = ownID.ReplaceAll(raw, []byte("Message-ID: <"+filepath.Base(file)+"@corpus.test>")) // many have the same
		req := &mailv1.DeliverMailRequest{Mail: raw, Recipients: []string{"support@" + domain}}
		res, err := b.ada.Mail.DeliverMail(t.Context(), req)
		require.NoError(t, err, file)
		require.Len(t, res.GetResults(), 1, file)
		first := res.GetResults()[0]
		require.NotEmpty(t, first.GetReason(), file)
		switch first.GetOutcome() {
		case toRecord:
			records++
			said := b.comments(first.GetThreadId())
			require.Len(t, said, 1, file)
			require.NotEmpty(t, said[0].GetBody()+said[0].GetSubject(), file)
		case toWait:
			require.NotEmpty(t, first.GetQuarantineId(), file)
		default:
			require.Fail(t, "neither a record nor in the quarantine", "%s: %v", file, first)
		}
		again, err := b.ada.Mail.DeliverMail(t.Context(), req)
		require.NoError(t, err, file)
		if first.GetOutcome() == toRecord {
			require.Equal(t, toDuplicate, again.GetResults()[0].GetOutcome(), file)
		} else {
			require.Equal(t, first.GetQuarantineId(), again.GetResults()[0].GetQuarantineId(), file)
		}
	}
	require.Greater(t, records, 15)
	t.Logf("%d mails opened %d records", len(files), records)
}
