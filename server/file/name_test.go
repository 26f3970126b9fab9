package file_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/server/file"
)

// Spec: C10
func TestCleanName_ShowsWhatTheNameIs(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"report.pdf":                        "report.pdf",
		"Größe Ελλάδα 日本.txt":               "Größe Ελλάδα 日本.txt",
		".ht\u200baccess":                   "_htaccess",
		".htaccess":                         "_htaccess",
		"...":                               "file",
		"":                                  "file",
		"\u202e\u200b\ufeff":                "file",
		"invoice\u202egpj.exe":              "invoicegpj.exe",
		"invoice.pdf.exe":                   "invoice.pdf.exe",
		"invoice.pdf" + spaces(80) + ".exe": "invoice.pdf .exe",
		"photo.jpg. . .":                    "photo.jpg",
		"../../etc/passwd":                  "__.._etc_passwd",
		`..\..\boot.ini`:                    "__.._boot.ini",
		"a／b⁄c∕d.txt":                       "a_b⁄c∕d.txt",
		"evil.txt:stream.exe":               "evil.txt_stream.exe",
		"a\x00b\r\nc.txt":                   "ab c.txt",
		"one․two․exe":                       "one.two.exe", // one dot leaders
		"CON":                               "_CON",
		"nul.tar.gz":                        "_nul.tar.gz",
		"com1 .txt":                         "_com1 .txt",
		"console.log":                       "console.log",
		"-rf":                               "_rf",
		"e\u0301te\u0301.txt":               "été.txt",
		"ﬁle.ｔｘｔ":                           "file.txt",
		"\U000e0041\U000e0042x.txt":         "x.txt",
		"a\u3164b\u2800c.txt":               "abc.txt",
		"<img src=x onerror=alert(1)>.png":  "_img src=x onerror=alert(1)_.png",
		"\xff\xfebroken.txt":                "broken.txt",
	} {
		require.Equal(t, want, file.CleanName(given), "%q", given)
	}
}

func spaces(n int) string { return strings.Repeat(" ", n) }

func TestCleanName_KeepsTheExtensionOfALongName(t *testing.T) {
	t.Parallel()
	got := file.CleanName(strings.Repeat("ä", 255) + ".xlsx")
	require.True(t, strings.HasSuffix(got, "ä.xlsx"), got)
	require.LessOrEqual(t, len(got), 200)
	require.Equal(t, "é.txt", file.CleanName("é.txt"))
}

// whatever a name was made of, it is safe to show and to save, and stays as it
// is when it is cleaned again.
func requireClean(t require.TestingT, given string) {
	got := file.CleanName(given)
	require.NotEmpty(t, got)
	require.LessOrEqual(t, len(got), 201)
	require.True(t, utf8.ValidString(got))
	require.True(t, norm.NFKC.IsNormalString(got), "%q", got)
	require.NotContains(t, "./\\:-", got[:1], "%q", got)
	require.Equal(t, filepath.Base(got), got, "%q", got)
	for _, r := range got {
		require.True(t, unicode.IsGraphic(r) && !unicode.In(r, unicode.Cf, unicode.Cc, unicode.Co), "%q of %q", r, got)
	}
	require.Equal(t, got, file.CleanName(got), "of %q", given)
}

func TestCleanName_AnyNameBecomesSafe(t *testing.T) {
	t.Parallel()
	nasty := rapid.SampledFrom([]string{
		"\u200b", "\u202e", "\u2066", "\ufeff", ".", "..", "/", "\\", "\x00", "\n", " ", "exe", ".exe", "pdf", "CON", "nul",
		"\u0301", "\u0338", "<", "=", ">", "\ufdfa", "／", "\u115f", "\u034f", "\ufe0f", "\U000e0100", "\u180e", "́", "-", "ｃｏｎ", "\u1160", "\uffa0",
	})
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(nasty, rapid.String()), 0, 40).Draw(rt, "parts")
		requireClean(rt, strings.Join(parts, ""))
	})
}

func FuzzCleanName(f *testing.F) {
	for _, seed := range []string{"a.txt", ".ht\u200baccess", "\u202egpj.exe", "con.txt", strings.Repeat("ﷺ", 60) + ".exe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) { requireClean(t, name) })
}
