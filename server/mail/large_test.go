package mail_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

const head = "From: Grace <grace@navy.test>\r\nTo: support@fernhill.test\r\nSubject: Large\r\nMessage-ID: <large@navy.test>\r\nMIME-Version: 1.0\r\n"

// largeMail writes a mail with one attachment of size bytes, and returns the sum of those.
func largeMail(t *testing.T, w io.Writer, size int) [sha256.Size]byte {
	t.Helper()
	content := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	_, err := random.Read(content)
	require.NoError(t, err)
	fmt.Fprint(w, head+"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\n"+
		"Content-Type: application/zip\r\nContent-Disposition: attachment; filename=large.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	encoded := base64.StdEncoding.EncodeToString(content)
	for len(encoded) > 0 {
		n := min(76, len(encoded))
		fmt.Fprint(w, encoded[:n]+"\r\n")
		encoded = encoded[n:]
	}
	fmt.Fprint(w, "--b--\r\n")
	return sha256.Sum256(content)
}

// A mail with 20 MB in it is read without its attachment being held in memory.
// Spec: C14
func TestParseLargeAttachment(t *testing.T) { //nolint:paralleltest // it measures memory
	var raw bytes.Buffer
	sum := largeMail(t, &raw, 20<<20)
	spool, err := mail.NewSpool(&raw, t.TempDir(), 40<<20)
	require.NoError(t, err)
	defer spool.Close()

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	in, err := mail.Parse(spool, spool.Size())
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20), "bytes allocated")

	require.Equal(t, "See the file.", in.Text)
	require.Len(t, in.Attachments, 1)
	hash := sha256.New()
	n, err := io.Copy(hash, in.Attachments[0].Open())
	require.NoError(t, err)
	require.EqualValues(t, 20<<20, n)
	require.Equal(t, sum[:], hash.Sum(nil))
	require.Empty(t, in.Repairs)
}

// A mail made to be endless is read within bounds, in time.
// Spec: C14
func TestParseHostile(t *testing.T) {
	t.Parallel()
	repeat := func(s string, size int) string { return strings.Repeat(s, size/len(s)) }
	nested := &strings.Builder{}
	for i := range 20_000 {
		fmt.Fprintf(nested, "--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i, i+1)
	}
	const size = 4 << 20
	for name, raw := range map[string]string{
		"one header line":       head + "X-Long: " + repeat("x", size) + "\r\n\r\nText",
		"many header lines":     head + repeat("X: y\r\n", size) + "\r\nText",
		"many received lines":   repeat("Received: from a\r\n by b\r\n", size) + head + "\r\nText",
		"long references":       head + "References:" + repeat(" <a@b>\r\n", size) + "\r\nText",
		"many recipients":       head + "Cc: " + repeat("<a@b.test>,\r\n ", size) + "x\r\n\r\nText",
		"many parts":            head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + repeat("--b\r\n\r\nx\r\n", size) + "--b--",
		"parts in parts":        head + "Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + nested.String(),
		"same boundary":         head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + repeat("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", size),
		"boundary of a bigness": head + "Content-Type: multipart/mixed; boundary=" + repeat("b", 8192) + "\r\n\r\n--" + repeat("b", 8192) + "\r\n\r\nx",
		"dashes":                head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + repeat("--\r\n", size),
		"tags":                  head + "Content-Type: text/html\r\n\r\n" + repeat("<div><blockquote>", size),
		"links":                 head + "Content-Type: text/html\r\n\r\n" + repeat("<a href='https://x.test'>y", size),
		"half links":            head + "Content-Type: text/html\r\n\r\n" + repeat("</a><a href=x", size),
		"lists":                 head + "Content-Type: text/html\r\n\r\n" + repeat("<ol><li>", size),
		"angles":                head + "Content-Type: text/html\r\n\r\n" + repeat("<", size),
		"quotes":                head + "\r\n" + repeat(">", size),
		"quoted lines":          head + "\r\n" + repeat("> a\r\nb\r\n", size),
		"no line at all":        repeat("x", size),
		"zeros":                 repeat("\x00", size),
		"escapes":               head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + repeat("=", size),
		"blank escapes":         head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n=" + repeat(" ", size),
		"calendar":              head + "Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\n" + repeat("DTSTART:1\r\n", size),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			in := parse(t, []byte(raw))
			require.Less(t, time.Since(start), 10*time.Second)
			require.LessOrEqual(t, len(in.Attachments), mail.MaxParts)
			require.LessOrEqual(t, len(in.Text)+len(in.Quoted), 4*mail.MaxTextBytes)
			require.LessOrEqual(t, len(in.References), mail.MaxReferences)
		})
	}
}

// Text that is too long to be shown stays whole as a file.
func TestParseLongText(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("All work and no play.\r\n", 100_000)
	in := parse(t, []byte(head+"\r\n"+text))
	require.Len(t, in.Attachments, 1)
	require.Equal(t, "message.txt", in.Attachments[0].Name)
	whole, err := io.ReadAll(in.Attachments[0].Open())
	require.NoError(t, err)
	require.Equal(t, text, string(whole))
	require.Contains(t, in.Repairs, "the text is too long")
}

// A mail that cannot be read to its end fails, and is not taken for a short one.
func TestParseFailsWhenTheSpoolDoes(t *testing.T) {
	t.Parallel()
	_, err := mail.Parse(brokenReader{strings.NewReader(head + "\r\nText")}, 10_000_000)
	require.ErrorIs(t, err, errBroken)
}

var errBroken = errors.New("the disk broke")

type brokenReader struct{ r io.ReaderAt }

func (b brokenReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.r.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

// A spool is the same in memory and in a file, knows its limit, and leaves nothing behind.
func TestSpool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, size := range []int{0, 1, 512 << 10, 512<<10 + 1, 3 << 20} {
		content := bytes.Repeat([]byte("x"), size)
		s, err := mail.NewSpool(bytes.NewReader(content), dir, int64(size))
		require.NoError(t, err)
		require.EqualValues(t, size, s.Size())
		got, err := io.ReadAll(s.Reader())
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, got))
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
		if size > 0 {
			_, err = mail.NewSpool(bytes.NewReader(content), dir, int64(size)-1)
			require.ErrorIs(t, err, mail.ErrTooLarge)
		}
	}
	require.NoDirExists(t, dir+"/x")
	left, err := filesIn(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func filesIn(dir string) ([]string, error) { return filepath.Glob(filepath.Join(dir, "*")) }
