package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/server/mail"
)

// Addresses of all kinds come down to one form, and what is none is refused.
func TestParseAddress(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]mail.Address{
		"Grace@Navy.TEST":                                     {Addr: "grace@navy.test"},
		" Grace Hopper <grace@navy.test> ":                    {Name: "Grace Hopper", Addr: "grace@navy.test"},
		`"Hopper, Grace \"G\"" <grace@navy.test>`:             {Name: `Hopper, Grace "G"`, Addr: "grace@navy.test"},
		"'Grace' <grace@navy.test>":                           {Name: "Grace", Addr: "grace@navy.test"},
		"grace@navy.test (Grace)":                             {Name: "Grace", Addr: "grace@navy.test"},
		"=?iso-8859-1?Q?=C5sa?= <asa@bücher.example>":         {Name: "Åsa", Addr: "asa@xn--bcher-kva.example"},
		"=?utf-8?B?R3JhY2UgPGdyYWNlQG5hdnkudGVzdD4=?=":        {Name: "Grace", Addr: "grace@navy.test"},
		`"grace.hopper"@navy.test`:                            {Addr: "grace.hopper@navy.test"},
		"grace..hopper.@navy.test":                            {Addr: "grace..hopper.@navy.test"},
		"grace+tag/x=y@sub.navy.test.":                        {Addr: "grace+tag/x=y@sub.navy.test"},
		"grace@[192.0.2.7]":                                   {Addr: "grace@[192.0.2.7]"},
		"MAILTO:grace@navy.test":                              {Addr: "grace@navy.test"},
		"用户@例子.test":                                          {Addr: "用户@xn--fsqu00a.test"},
		"Grace <mailto:grace@navy.test>":                      {Name: "Grace", Addr: "grace@navy.test"},
		"\"grace@navy.test\" <other@navy.test>":               {Name: "grace@navy.test", Addr: "other@navy.test"},
		"Team (at home) <team@navy.test>":                     {Name: "Team (at home)", Addr: "team@navy.test"},
		"very.long." + strings.Repeat("x", 50) + "@navy.test": {Addr: "very.long." + strings.Repeat("x", 50) + "@navy.test"},
	} {
		got, err := mail.ParseAddress(given)
		require.NoError(t, err, given)
		require.Equal(t, want, got, given)
	}
	for _, wrong := range []string{
		"", "grace", "@navy.test", "grace@", "grace@navy..test", "grace@-navy.test", "gr ace@navy.test", "a@b.test, c@d.test",
		"grace@navy.test\r\nBcc: all@world.test", "<grace@navy.test>\nx", strings.Repeat("x", 65) + "@navy.test", "grace@" + strings.Repeat("a.", 200) + "test",
		"grace@nävy\u202e.test", "gra\x00ce@navy.test", "a@b@", "grace@[not.an.ip]", "gr\u200bace@navy.test",
	} {
		_, err := mail.ParseAddress(wrong)
		require.ErrorIs(t, err, mail.ErrAddress, "%q", wrong)
	}
}

// An address written into a header is read again as the same address.
func TestAddressRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := strings.Join(strings.Fields(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r == '?' || r == '=' || r == '\'' || r >= 0x80 && r < 0xa1 || r == '\uFEFF' || r == '\u2028' || r == '\u2029' || r == '\uFFFD' {
				return -1
			}
			return r
		}, rapid.StringN(0, 30, 60).Draw(t, "name"))), " ")
		a := mail.Address{Name: name, Addr: rapid.StringMatching(`[a-z0-9.+_-]{1,20}@[a-z0-9]{1,10}\.test`).Draw(t, "addr")}
		if strings.HasPrefix(name, `"`) || strings.HasSuffix(name, `"`) || strings.HasSuffix(name, `\`) {
			return // quotes round a whole name are taken off, like those of a header
		}
		require.Equal(t, []mail.Address{a}, mail.ParseAddresses(a.String()), a.String())
	})
}

// What is made to be slow is read in linear time.
func TestAddressesAreLinear(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"(", "<", `"`, "(a", `\`, ":", ",", "a@b.test,", "=?utf-8?Q?", "<a@b", "()", `""`, "((a)"} {
		value := strings.Repeat(piece, mail.MaxHeaderBytes/len(piece))
		start := time.Now()
		require.LessOrEqual(t, len(mail.ParseAddresses(value)), mail.MaxAddresses)
		mail.MessageIDs(value)
		mail.DecodeHeader(value)
		require.Less(t, time.Since(start), 5*time.Second, piece)
	}
}

// A reply or bounce address, a message id and a token lead back to what they were made for, also
// when their letters were made large or small on the way, and after the secret was changed.
// Spec: C14
func TestSigner(t *testing.T) {
	t.Parallel()
	old, err := mail.NewSigner([]byte(strings.Repeat("o", 32)))
	require.NoError(t, err)
	s, err := mail.NewSigner([]byte(strings.Repeat("n", 32)), []byte(strings.Repeat("o", 32)))
	require.NoError(t, err)
	stranger, err := mail.NewSigner([]byte(strings.Repeat("x", 32)))
	require.NoError(t, err)
	id := uuid.New()

	for _, maker := range []*mail.Signer{old, s} {
		reply, bounce, msg := maker.ReplyAddress(id, "fernhill.test"), maker.BounceAddress(id, "fernhill.test"), maker.MessageID(id, "fernhill.test")
		a, err := mail.ParseAddress(strings.ToUpper(reply))
		require.NoError(t, err)
		require.Equal(t, reply, a.Addr)
		require.LessOrEqual(t, len(a.Local()), 64)
		for given, read := range map[string]func(string) (uuid.UUID, bool){
			reply: s.Reply, bounce: s.Bounce, strings.ToUpper(reply): s.Reply, msg: s.Message, "<" + msg + ">": s.Message,
			maker.Token("unsubscribe", id): func(t string) (uuid.UUID, bool) { return s.ReadToken("unsubscribe", t) },
		} {
			got, ok := read(given)
			require.True(t, ok, given)
			require.Equal(t, id, got)
		}
		// One purpose never opens another, and nobody else's secret does.
		_, ok := s.Bounce(strings.Replace(reply, "reply+", "bounce+", 1))
		require.False(t, ok)
		_, ok = s.ReadToken("unsubscribe", maker.Token("reply", id))
		require.False(t, ok)
		_, ok = stranger.Reply(reply)
		require.False(t, ok)
		_, ok = stranger.Message(msg)
		require.False(t, ok)
		require.True(t, mail.IsReplyAddress(reply))
		require.True(t, mail.IsBounceAddress(bounce))
	}
	_, ok := old.Reply(s.ReplyAddress(id, "fernhill.test"))
	require.False(t, ok, "an old secret must not read what a new one signed")
	_, err = mail.NewSigner([]byte("short"))
	require.Error(t, err)
}

// A token with one letter changed is none.
// Spec: C14
func TestSignerRefusesChanged(t *testing.T) {
	t.Parallel()
	s, err := mail.NewSigner([]byte(strings.Repeat("n", 32)))
	require.NoError(t, err)
	id := uuid.New()
	token := s.Token("reply", id)
	for i := range token {
		for _, letter := range "abz27" {
			changed := token[:i] + string(letter) + token[i+1:]
			_, ok := s.ReadToken("reply", changed)
			require.Equal(t, changed == token, ok, changed)
		}
	}
	for _, wrong := range []string{"", token[1:], token + "a", "reply+" + token, strings.Repeat("é", 26)} {
		_, ok := s.ReadToken("reply", wrong)
		require.False(t, ok, wrong)
	}
}

// An address is ours by its domain exactly.
func TestDomains(t *testing.T) {
	t.Parallel()
	d, err := mail.NewDomains("Fernhill.test", "bücher.example.")
	require.NoError(t, err)
	for addr, own := range map[string]bool{
		"a@fernhill.test": true, "a@xn--bcher-kva.example": true, "a@sub.fernhill.test": false, "a@evilfernhill.test": false,
		"fernhill.test@evil.test": false, "": false,
	} {
		require.Equal(t, own, d.Own(addr), addr)
	}
	for _, wrong := range []string{"", "a b", "-x.test", "x..test"} {
		_, err := mail.NewDomains(wrong)
		require.ErrorIs(t, err, mail.ErrDomain, wrong)
	}
}
