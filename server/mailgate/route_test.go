package mailgate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/mailgate"
)

const (
	toAnswer    = mailv1.MailOutcome_MAIL_OUTCOME_ANSWER
	toRecord    = mailv1.MailOutcome_MAIL_OUTCOME_RECORD
	toBounce    = mailv1.MailOutcome_MAIL_OUTCOME_BOUNCE
	toWait      = mailv1.MailOutcome_MAIL_OUTCOME_QUARANTINE
	toDuplicate = mailv1.MailOutcome_MAIL_OUTCOME_DUPLICATE
	domain      = "mail.acme.example"
)

var (
	support = &db.MailAlias{ID: uuid.UUID{1}, Name: "support", RecordType: "ticket", Writers: 1}
	repairs = &db.MailAlias{ID: uuid.UUID{2}, Name: "repairs", RecordType: "ticket", Writers: 1}
	sales   = &db.MailAlias{ID: uuid.UUID{3}, Name: "sales", RecordType: "lead", Writers: 1}
	closed  = &db.MailAlias{ID: uuid.UUID{4}, Name: "partners", RecordType: "lead", Writers: 2}

	ticket = uuid.UUID{10}
	lead   = uuid.UUID{11}
)

// routing is a mail of Grace's with what is known of it, to be changed.
type routing struct {
	in    *mail.Incoming
	facts *mailgate.Facts
}

func letterTo(to string, changes ...func(*routing)) *routing {
	r := &routing{
		in: &mail.Incoming{MessageID: "new@navy.test", From: mail.Address{Addr: "grace@navy.test"}, To: mail.ParseAddresses(to), Subject: "Help"},
		facts: &mailgate.Facts{
			Domain: domain, IDs: []string{"new@navy.test"}, Limit: 20,
			Aliases: map[string]*db.MailAlias{"support": support, "repairs": repairs, "sales": sales, "partners": closed},
			Sender:  mailgate.Sender{Address: mail.Address{Addr: "grace@navy.test"}},
			Known: []mailgate.Reference{
				known("old@acme", ticket, 1), known("newer@acme", ticket, 5), known("lead@acme", lead, 2),
			},
		},
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

// known is a mail of a thread; the later its seq, the later it was.
func known(id string, thread uuid.UUID, seq int64) mailgate.Reference {
	kind := "ticket"
	if thread == lead {
		kind = "lead"
	}
	return mailgate.Reference{
		MailID: id, Thread: thread, Message: uuid.UUID{100, byte(seq)}, Seq: seq, RecordType: kind, Time: time.Unix(1000+seq, 0),
	}
}

func answering(ids ...string) func(*routing) {
	return func(r *routing) { r.in.InReplyTo, r.in.References = ids[:1], ids }
}

func copied(to string) func(*routing) {
	return func(r *routing) { r.in.Cc = mail.ParseAddresses(to) }
}

func envelope(to ...string) func(*routing) { return func(r *routing) { r.facts.Envelope = to } }

func signed(thread uuid.UUID, seq int64) func(*routing) {
	return func(r *routing) {
		ref := known("", thread, seq)
		ref.Party = uuid.UUID{99}
		r.facts.Replies = append(r.facts.Replies, ref)
	}
}

func by(a mail.Automatic) func(*routing) { return func(r *routing) { r.in.Automatic = a } }

func trusted(r *routing) { r.facts.Trusted = true }

func sent(n int) func(*routing) { return func(r *routing) { r.facts.Recent = n } }

func report(b *mail.Bounce, known bool) func(*routing) {
	return func(r *routing) {
		r.in.Bounce, r.in.Automatic = b, mail.AutomaticBounce
		if known {
			r.facts.Bounced = &mailgate.Bounced{Delivery: uuid.UUID{50}}
		}
	}
}

func stored(place string) func(*routing) {
	return func(r *routing) {
		ref := known("new@navy.test", ticket, 9)
		ref.Place, ref.Incoming = place, true
		r.facts.Known = append(r.facts.Known, ref)
	}
}

// Every rule of C14, and which comes first.
// Spec: C14 H2
func TestRoute(t *testing.T) {
	t.Parallel()
	failed := &mail.Bounce{Permanent: true, Action: "failed", Reason: "no such user"}
	bounceTo, replyTo := "bounce+abc@"+domain, "reply+abc@"+domain
	for name, c := range map[string]struct {
		mail *routing
		want []string
	}{
		"alias":                                {letterTo("support@" + domain), []string{"record support"}},
		"alias with a tag":                     {letterTo("support+web@" + domain), []string{"record support"}},
		"alias in Cc":                          {letterTo("x@navy.test", copied("support@"+domain)), []string{"record support"}},
		"alias as a blind copy":                {letterTo("x@navy.test", envelope("support@"+domain)), []string{"record support"}},
		"one record for each alias":            {letterTo("support@"+domain+", sales@"+domain, copied("repairs@"+domain)), []string{"record support", "record sales", "record repairs"}},
		"an alias named twice":                 {letterTo("support@"+domain+", support+x@"+domain, copied("support@"+domain)), []string{"record support"}},
		"our alias's name elsewhere":           {letterTo("support@elsewhere.test"), []string{"UNKNOWN_ADDRESS"}},
		"unknown address":                      {letterTo("nobody@" + domain), []string{"UNKNOWN_ADDRESS"}},
		"no address":                           {letterTo(""), []string{"UNKNOWN_ADDRESS"}},
		"closed alias, stranger":               {letterTo("partners@" + domain), []string{"SENDER_UNKNOWN"}},
		"closed alias, known":                  {letterTo("partners@"+domain, func(r *routing) { r.facts.Sender.Known = true }), []string{"record partners"}},
		"closed and open alias":                {letterTo("partners@" + domain + ", support@" + domain), []string{"SENDER_UNKNOWN", "record support"}},
		"answer":                               {letterTo("x@y.test", answering("old@acme")), []string{"answer 1"}},
		"answer, newest known is the parent":   {letterTo("x@y.test", answering("old@acme", "nobody@knows", "newer@acme")), []string{"answer 5"}},
		"answer to what is unknown":            {letterTo("nobody@"+domain, answering("nobody@knows")), []string{"UNKNOWN_ADDRESS"}},
		"answer to an alias of its type":       {letterTo("repairs@"+domain, answering("old@acme")), []string{"answer 1"}},
		"answer, other type in To":             {letterTo("sales@"+domain, answering("old@acme")), []string{"record sales"}},
		"answer, other type in Cc":             {letterTo("x@y.test", answering("old@acme"), copied("sales@"+domain)), []string{"answer 1"}},
		"answer, own type in To, other in Cc":  {letterTo("support@"+domain, answering("old@acme"), copied("sales@"+domain)), []string{"answer 1"}},
		"answer, both types in To":             {letterTo("support@"+domain+", sales@"+domain, answering("old@acme")), []string{"record sales"}},
		"answer, other type as a blind copy":   {letterTo("x@y.test", answering("old@acme"), envelope("sales@"+domain)), []string{"record sales"}},
		"signed address":                       {letterTo(replyTo, signed(ticket, 3)), []string{"answer 3"}},
		"signed address in the envelope":       {letterTo("x@y.test", signed(ticket, 3), envelope(replyTo)), []string{"answer 3"}},
		"signed address, newer reference":      {letterTo(replyTo, signed(ticket, 3), answering("newer@acme")), []string{"answer 5"}},
		"signed address, older reference":      {letterTo(replyTo, signed(ticket, 3), answering("old@acme")), []string{"answer 3"}},
		"signed address before a foreign id":   {letterTo(replyTo, signed(ticket, 3), answering("lead@acme")), []string{"answer 3"}},
		"signed address, other type in To":     {letterTo(replyTo+", sales@"+domain, signed(ticket, 3)), []string{"record sales"}},
		"forged address":                       {letterTo(replyTo), []string{"BAD_REPLY"}},
		"forged address, known id":             {letterTo(replyTo, answering("old@acme")), []string{"answer 1"}},
		"forged address and an alias":          {letterTo(replyTo + ", support@" + domain), []string{"record support"}},
		"somebody else's signed address":       {letterTo("reply+abc@elsewhere.test"), []string{"UNKNOWN_ADDRESS"}},
		"bounce":                               {letterTo(bounceTo, report(failed, true)), []string{"bounce"}},
		"bounce before an alias":               {letterTo("support@"+domain, report(failed, true)), []string{"bounce"}},
		"bounce before an answer":              {letterTo("support@"+domain, report(failed, true), answering("old@acme")), []string{"bounce"}},
		"bounce of a stranger's mail":          {letterTo("support@"+domain, report(failed, false)), []string{"UNKNOWN_BOUNCE"}},
		"delay":                                {letterTo(bounceTo, report(&mail.Bounce{Action: "delayed"}, true)), []string{"bounce"}},
		"no report at a bounce address":        {letterTo(bounceTo + ", support@" + domain), []string{"UNKNOWN_BOUNCE"}},
		"out of office at a bounce address":    {letterTo(bounceTo, by(mail.AutomaticReply)), []string{"AUTOMATIC"}},
		"same mail again":                      {letterTo("x@y.test", answering("old@acme"), stored("")), []string{"duplicate"}},
		"same mail again, to an alias":         {letterTo("support@"+domain, stored(support.ID.String())), []string{"duplicate"}},
		"same mail, one alias more":            {letterTo("support@"+domain+", sales@"+domain, stored(support.ID.String())), []string{"duplicate", "record sales"}},
		"same mail under its first id":         {letterTo("support@"+domain, func(r *routing) { r.facts.IDs = []string{"ses@x", "new@navy.test"} }, stored(support.ID.String())), []string{"duplicate"}},
		"a mail of ours comes back":            {letterTo("support@"+domain, func(r *routing) { r.facts.IDs = []string{"newer@acme"} }), []string{"duplicate"}},
		"a mail that answers itself":           {letterTo("support@"+domain, answering("new@navy.test")), []string{"record support"}},
		"out of office":                        {letterTo(replyTo, signed(ticket, 3), by(mail.AutomaticReply)), []string{"AUTOMATIC"}},
		"out of office of somebody trusted":    {letterTo(replyTo, signed(ticket, 3), by(mail.AutomaticReply), trusted), []string{"AUTOMATIC"}},
		"mailing list":                         {letterTo("support@"+domain, by(mail.AutomaticList)), []string{"AUTOMATIC"}},
		"trusted list":                         {letterTo("support@"+domain, by(mail.AutomaticList), trusted), []string{"record support"}},
		"another Parley's follower mail":       {letterTo("support@"+domain, by(mail.AutomaticList), func(r *routing) { r.in.Hops, r.in.From.Addr = []string{"b.test"}, "reply+x@b.test" }), []string{"record support"}},
		"a list through another Parley":        {letterTo("support@"+domain, by(mail.AutomaticList), func(r *routing) { r.in.Hops = []string{"b.test"} }), []string{"AUTOMATIC"}},
		"notice":                               {letterTo("support@"+domain, by(mail.AutomaticNotice)), []string{"AUTOMATIC"}},
		"trusted notice":                       {letterTo("support@"+domain, by(mail.AutomaticNotice), trusted), []string{"record support"}},
		"null sender":                          {letterTo("support@"+domain, by(mail.AutomaticBounce), trusted), []string{"AUTOMATIC"}},
		"another Parley's automatic mail":      {letterTo("support@"+domain, by(mail.AutomaticLoop), trusted), []string{"LOOP"}},
		"our own hop":                          {letterTo("support@"+domain, func(r *routing) { r.in.Hops = []string{"b.test", domain} }, trusted), []string{"LOOP"}},
		"another Parley's hop":                 {letterTo("support@"+domain, func(r *routing) { r.in.Hops = []string{"b.test"} }), []string{"record support"}},
		"the twentieth mail":                   {letterTo("support@"+domain, sent(19)), []string{"record support"}},
		"the twenty-first mail":                {letterTo("support@"+domain, sent(20)), []string{"LOOP"}},
		"the twenty-first answer":              {letterTo("x@y.test", answering("old@acme"), sent(20)), []string{"LOOP"}},
		"the twenty-first of somebody trusted": {letterTo("support@"+domain, sent(20), trusted), []string{"record support"}},
		"the twenty-first, which came before":  {letterTo("support@"+domain, sent(20), stored(support.ID.String())), []string{"duplicate"}},
		"from our own alias":                   {letterTo("support@"+domain, func(r *routing) { r.facts.Sender.Own = true }), []string{"OWN_ADDRESS"}},
		"answer from our own alias":            {letterTo("x@y.test", answering("old@acme"), func(r *routing) { r.facts.Sender.Own = true }), []string{"OWN_ADDRESS"}},
		"from nobody":                          {letterTo("support@"+domain, func(r *routing) { r.facts.Sender = mailgate.Sender{} }), []string{"SENDER_UNKNOWN"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := words(mailgate.Route(c.mail.in, c.mail.facts))
			slices.Sort(got)
			slices.Sort(c.want)
			require.Equal(t, c.want, got)
		})
	}
}

// words are destinations in short.
func words(all []mailgate.Destination) []string {
	var out []string
	for _, d := range all {
		switch d.Outcome {
		case toAnswer:
			out = append(out, "answer "+string(rune('0'+d.Parent.Seq)))
		case toRecord:
			out = append(out, "record "+d.Alias.Name)
		case toBounce:
			out = append(out, "bounce")
		case toDuplicate:
			out = append(out, "duplicate")
		default:
			out = append(out, strings.TrimPrefix(d.Reason.String(), "QUARANTINE_REASON_"))
		}
	}
	return out
}

// A mail that opened two records is answered in the one whose alias the answer goes
// to, too.
// Spec: C14
func TestRoute_AnswersTheRecordOfItsAlias(t *testing.T) {
	t.Parallel()
	for _, alias := range []*db.MailAlias{support, repairs} {
		r := letterTo(alias.Name+"@"+domain, answering("both@navy.test"), func(r *routing) {
			for i, a := range []*db.MailAlias{support, repairs} {
				ref := known("both@navy.test", uuid.UUID{20, byte(i)}, 2)
				ref.Place = a.ID.String()
				r.facts.Known = append(r.facts.Known, ref)
			}
		})
		got := mailgate.Route(r.in, r.facts)
		require.Len(t, got, 1)
		require.Equal(t, toAnswer, got[0].Outcome)
		require.Equal(t, alias.ID.String(), got[0].Parent.Place)
	}
}

// FuzzRoute checks what holds of every mail: it goes somewhere, nowhere twice, a
// program's mail never becomes a message, and what is quarantined says why.
// Spec: C14
func FuzzRoute(f *testing.F) {
	f.Add("support@"+domain, "sales@"+domain, "old@acme", "new@navy.test", uint8(0), 3)
	f.Add("reply+abc@"+domain, "", "newer@acme lead@acme", "old@acme", uint8(255), 30)
	f.Add("bounce+x@"+domain+",x@y", "partners@"+domain, "", "", uint8(16), 20)
	f.Fuzz(func(t *testing.T, to, cc, ids, own string, flags uint8, recent int) {
		bit := func(n int) bool { return flags&(1<<n) != 0 }
		r := letterTo(to, copied(cc), sent(recent), func(r *routing) {
			r.in.References = mail.MessageIDs(ids)
			r.facts.IDs = []string{own}
			r.facts.Trusted, r.facts.Sender.Own, r.facts.Sender.Known = bit(0), bit(1), bit(2)
			r.in.Automatic = []mail.Automatic{"", mail.AutomaticReply, mail.AutomaticList, mail.AutomaticLoop}[flags>>3&3]
			if bit(5) {
				signed(ticket, 3)(r)
			}
			if bit(6) {
				report(&mail.Bounce{Permanent: bit(7)}, bit(0))(r)
			}
		})
		got := mailgate.Route(r.in, r.facts)
		require.NotEmpty(t, got)
		require.Equal(t, words(got), words(mailgate.Route(r.in, r.facts)), "the same mail goes the same way")
		seen := map[string]bool{}
		for _, d := range got {
			require.NotEmpty(t, d.Why+words([]mailgate.Destination{d})[0])
			switch d.Outcome {
			case toAnswer:
				require.NotNil(t, d.Parent)
				require.Len(t, got, 1)
			case toRecord, toDuplicate:
			case toBounce:
				require.NotNil(t, r.in.Bounce)
				require.NotNil(t, r.facts.Bounced)
				require.Len(t, got, 1)
			case toWait:
				require.NotZero(t, d.Reason)
				require.NotEmpty(t, d.Why)
			default:
				require.Fail(t, "a mail goes nowhere")
			}
			if d.Outcome == toAnswer || d.Outcome == toRecord {
				require.NotContains(t, []mail.Automatic{mail.AutomaticReply, mail.AutomaticLoop}, r.in.Automatic)
				require.False(t, r.facts.Sender.Own)
				require.True(t, r.facts.Trusted || r.facts.Recent < r.facts.Limit)
			}
			if d.Alias != nil {
				require.False(t, seen[d.Alias.Name], "one record for each alias")
				seen[d.Alias.Name] = true
			}
		}
	})
}
