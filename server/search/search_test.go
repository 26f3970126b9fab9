package search

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/thread"
)

// languages are texts, queries that find them, and queries that do not.
var languages = []struct {
	text  string
	finds map[string]string // query to the excerpt
	not   []string
}{
	{"Vi ses i Göteborg på måndag, Åsa", map[string]string{
		"goteborg": "Vi ses i [Göteborg] på måndag, Åsa", "GÖTEBORG": "Vi ses i [Göteborg] på måndag, Åsa",
		"asa mandag": "Vi ses i Göteborg på [måndag], [Åsa]", "göteb": "Vi ses i [Göteborg] på måndag, Åsa",
		`"göteborg på måndag"`: "Vi ses i [Göteborg] [på] [måndag], Åsa",
	}, []string{`"måndag göteborg"`, `"göte"`, "göteborg tisdag"}},
	{"Leveransen till Malmo kommer i morgon", map[string]string{
		"Malmö": "Leveransen till [Malmo] kommer i morgon", "leverans": "[Leveransen] till Malmo kommer i morgon",
	}, []string{"malmöhus"}},
	{"Доброго дня! Моє замовлення ще не прийшло, п’ять днів чекаю у Києві", map[string]string{
		"ЗАМОВЛЕННЯ":   "Доброго дня! Моє [замовлення] ще не прийшло, п’ять днів чекаю у Києві",
		"п'ять":        "Доброго дня! Моє замовлення ще не прийшло, [п’ять] днів чекаю у Києві",
		"пять":         "Доброго дня! Моє замовлення ще не прийшло, [п’ять] днів чекаю у Києві",
		"києв":         "Доброго дня! Моє замовлення ще не прийшло, п’ять днів чекаю у [Києві]",
		`"не прийшло"`: "Доброго дня! Моє замовлення ще [не] [прийшло], п’ять днів чекаю у Києві",
	}, []string{"київстар"}},
	{"您好，我的订单还没有发货。请问iPhone什么时候到上海？", map[string]string{
		"订单":         "您好，我的[订单]还没有发货。请问iPhone什么时候到上海？",
		"没有发货":       "您好，我的订单还[没有发货]。请问iPhone什么时候到上海？",
		"货":          "您好，我的订单还没有发[货]。请问iPhone什么时候到上海？",
		"到":          "您好，我的订单还没有发货。请问iPhone什么时候[到]上海？",
		"iphone什么":   "您好，我的订单还没有发货。请问[iPhone什么]时候到上海？",
		`"订单还没有" 上海`: "您好，我的[订单还没有]发货。请问iPhone什么时候到[上海]？",
		"ＩＰＨＯＮＥ":     "您好，我的订单还没有发货。请问[iPhone]什么时候到上海？",
	}, []string{"单订", "发上"}},
	{"Perché l'ordine dell’amico è già in città?", map[string]string{
		"perche":     "[Perché] l'ordine dell’amico è già in città?",
		"ordine":     "Perché l'[ordine] dell’amico è già in città?",
		"L’ORDINE":   "Perché [l'ordine] dell’amico è già in città?",
		"citta gia":  "Perché l'ordine dell’amico è [già] in [città]?",
		"dell'amico": "Perché l'ordine [dell’amico] è già in città?",
	}, []string{"cittadino"}},
	{"I don't think the e-mail to anna.berg@example.com about order SO-2024/0017 (#4711) went out", map[string]string{
		"dont":                  "I [don't] think the e-mail to anna.berg@example.com about order SO-2024/0017 (#4711) went out",
		"email":                 "I don't think the [e-mail] to anna.berg@example.com about order SO-2024/0017 (#4711) went out",
		"Anna.Berg@example.com": "I don't think the e-mail to [anna.berg@example.com] about order SO-2024/0017 (#4711) went out",
		"anna.berg@exa":         "I don't think the e-mail to [anna.berg@example].com about order SO-2024/0017 (#4711) went out",
		"berg":                  "I don't think the e-mail to anna.[berg]@example.com about order SO-2024/0017 (#4711) went out",
		"so-2024/0017":          "I don't think the e-mail to anna.berg@example.com about order [SO-2024/0017] (#4711) went out",
		"0017":                  "I don't think the e-mail to anna.berg@example.com about order SO-2024/[0017] (#4711) went out",
		"#4711":                 "I don't think the e-mail to anna.berg@example.com about order SO-2024/0017 (#[4711]) went out",
		"ord went":              "I don't think the e-mail to anna.berg@example.com about [order] SO-2024/0017 (#4711) [went] out",
	}, []string{"anna.berg@example.org", "so-2025/0017", `"went about"`, "ou"}},
	{"ご注文ありがとうございます。ガラスのコップ", map[string]string{
		"注文": "ご[注文]ありがとうございます。ガラスのコップ", "ｶﾞﾗｽ": "ご注文ありがとうございます。[ガラス]のコップ",
	}, []string{"ありがたい"}},
	{"주문한 상품이 아직 안 왔어요", map[string]string{"상품": "주문한 [상품]이 아직 안 왔어요"}, []string{"품상"}},
	{"ยินดีต้อนรับสู่ร้านของเรา", map[string]string{"ร้าน": "ยินดีต้อนรับสู่[ร้าน]ของเรา"}, nil},
	{"أهلاً وسهلاً بكم في المَتجر", map[string]string{"المتجر": "أهلاً وسهلاً بكم في [المَتجر]"}, nil},
	{"Straße nach København 🚚 Øresund", map[string]string{
		"strasse": "[Straße] nach København 🚚 Øresund", "kobenhavn": "Straße nach [København] 🚚 Øresund", "🚚": "Straße nach København [🚚] Øresund",
	}, []string{"🚗"}},
	{"Go\u0308teborgs ra\u0308kor", map[string]string{"räkor": "Göteborgs [räkor]"}, nil}, // taken apart, as some systems name files
}

// Spec: C8
func TestSearch_FindsWordsAndPhrasesInAnyLanguage(t *testing.T) {
	t.Parallel()
	for _, fresh := range []bool{false, true} {
		b := setup(t)
		for _, l := range languages {
			id := b.thread("ticket")
			b.post(thread.Draft{Thread: id, Body: l.text})
			if !fresh { // what is not indexed is matched directly
				b.settle()
			}
			for query, want := range l.finds {
				res := b.search(b.anna, &searchv1.SearchMessagesRequest{Query: query, ThreadId: id.String()})
				require.Equal(t, []string{want}, bodies(res), "%s in %s, fresh: %v", query, l.text, fresh)
				require.False(t, res.GetApproximate())
				require.EqualValues(t, 1, res.GetTotalCount())
			}
			for _, query := range l.not {
				res := b.search(b.anna, &searchv1.SearchMessagesRequest{Query: query, ThreadId: id.String()})
				require.True(t, len(res.GetResults()) == 0 || res.GetApproximate(), "%s in %s", query, l.text)
			}
		}
	}
}

// Spec: C8
func TestSearch_LooksIntoSubjectsFileNamesChangesAndActivities(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(thread.Draft{Body: "see there", Extra: &wirev1.Extra{
		Subject: "Faktura november", Files: []*threadv1.File{{Id: "f1", Name: "fakturaunderlag_2026.pdf"}},
		Mail: &threadv1.MailOrigin{From: "karin@kund.example", FromName: "Karin Kund", Quoted: "hidden below"},
	}})
	b.post(thread.Draft{Kind: threadv1.MessageKind_MESSAGE_KIND_CHANGE, Internal: true, Extra: &wirev1.Extra{
		Changes: []*wirev1.Change{change(nil, "Draft", "Quotation sent")},
	}})
	b.post(thread.Draft{Kind: threadv1.MessageKind_MESSAGE_KIND_ACTIVITY, Internal: true, Extra: &wirev1.Extra{
		Activity: &threadv1.ActivityDone{Type: "Call", Summary: "ring upp", Feedback: "pratade med receptionen"},
	}})
	b.settle()
	res := b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "faktura"})
	require.Equal(t, []string{"[Faktura] november | [fakturaunderlag]_2026.pdf"}, bodies(res))
	r := res.GetResults()[0]
	require.Equal(t, m.ID.String(), r.GetMessageId())
	require.Equal(t, "Title", r.GetThreadTitle())
	require.Equal(t, "ticket", r.GetRecordType())
	require.EqualValues(t, 1, r.GetSeq())
	require.EqualValues(t, 1, r.GetFileCount())
	require.Equal(t, "f1", r.GetExcerpts()[1].GetFileId())
	require.Equal(t, searchv1.SearchPart_SEARCH_PART_FILE_NAME, r.GetExcerpts()[1].GetPart())
	require.Equal(t, []string{"[Quotation] sent"}, b.found("quotation"))
	require.Equal(t, []string{"pratade med [receptionen]"}, b.found("reception"))
	require.Equal(t, []string{"Karin Kund [karin@kund.example]"}, b.found("karin@kund.example"))
	require.Empty(t, b.found("hidden"))
	require.Empty(t, b.found(`"november see"`), "a phrase ends with the part it stands in")
	require.Equal(t, []string{"[Faktura] november | [see] there | [fakturaunderlag]_2026.pdf"}, b.found("see faktura"))
}

// Spec: C4, C8
func TestSearch_ShowsNobodyWhatTheyMayNotRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admins := []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}
	secret, own := b.thread("secret"), b.thread("own")
	b.area.shut[shutKey{b.anna.ID, own}] = true
	b.post(thread.Draft{Thread: secret, Body: "zebra secret"})
	b.post(thread.Draft{Thread: own, Body: "zebra own"})
	b.post(thread.Draft{Thread: b.chat, Body: "zebra aloud"})
	b.post(thread.Draft{Thread: b.chat, Body: "zebra aside", Internal: true, Author: thread.AuthorOf(b.ben)})
	b.post(thread.Draft{Kind: threadv1.MessageKind_MESSAGE_KIND_CHANGE, Internal: true, Extra: &wirev1.Extra{
		Changes: []*wirev1.Change{change(nil, "zebra old", "zebra new"), change(admins, "", "zebra margin")},
	}})
	other := b.user("Olga", identityv1.Role_ROLE_ADMINISTRATOR)
	other.Workspace = uuid.New()
	for _, settled := range []bool{false, true} {
		if settled {
			b.settle()
			require.Equal(t, []string{"[zebra] new | [zebra] old"}, b.found("zebra"))
			for c, want := range map[*access.Caller]int{&b.anna: 1, &b.ben: 4, &b.cleo: 5, &other: 0} {
				res := b.search(*c, &searchv1.SearchMessagesRequest{Query: "zebra"})
				require.EqualValues(t, want, res.GetTotalCount(), c.Name)
				require.Len(t, res.GetResults(), want, c.Name)
			}
			require.Empty(t, b.found("margin"))
			require.Empty(t, b.found("margi"), "nor by what is like it")
			require.Len(t, bodies(b.search(b.cleo, &searchv1.SearchMessagesRequest{Query: "margin zebra"})), 1)
		}
		in := b.search(b.visitor, &searchv1.SearchMessagesRequest{Query: "zebra", ThreadId: b.chat.String()})
		require.Equal(t, []string{"[zebra] aloud"}, bodies(in))
		require.EqualValues(t, 1, in.GetTotalCount())
		require.Equal(t, "A", in.GetResults()[0].GetAuthor().GetName(), "outsiders know the chat name only")
		require.Empty(t, bodies(b.search(b.visitor, &searchv1.SearchMessagesRequest{Query: "aside", ThreadId: b.chat.String()})))
		require.Len(t, bodies(b.search(b.ben, &searchv1.SearchMessagesRequest{Query: "zebra", ThreadId: b.chat.String()})), 2)
	}
	for c, id := range map[*access.Caller]uuid.UUID{&b.anna: own, &b.ben: secret, &b.visitor: b.record, &other: b.record} {
		_, err := b.handler.SearchMessages(access.WithCaller(t.Context(), *c), &searchv1.SearchMessagesRequest{Query: "zebra", ThreadId: id.String()})
		require.ErrorIs(t, err, access.ErrThreadNotFound, c.Name)
	}
	_, err := b.handler.SearchMessages(access.WithCaller(t.Context(), b.visitor), &searchv1.SearchMessagesRequest{Query: "zebra"})
	require.Equal(t, "THREAD_REQUIRED", fault.ReasonOf(err))
}

// Spec: C7, C8
func TestSearch_FindsWhatIsSaidNowAndNotWhatWas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m, gone := b.say("the penguin arrived"), b.say("a penguin left")
	b.settle()
	require.Len(t, b.found("penguin"), 2)
	b.edit(m, "the walrus arrived")
	b.remove(gone)
	require.Empty(t, b.found("penguin"), "before it is indexed")
	in := b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "walrus", ThreadId: b.record.String()})
	require.Equal(t, []string{"the [walrus] arrived"}, bodies(in), "in its thread at once")
	require.EqualValues(t, 0, b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "penguin", ThreadId: b.record.String()}).GetTotalCount())
	b.settle()
	require.Empty(t, b.found("penguin"))
	require.EqualValues(t, 0, b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "penguin"}).GetTotalCount())
	require.Equal(t, []string{"the [walrus] arrived"}, b.found("walrus"))
	var left int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM search_word WHERE word IN ('penguin', 'left')`).Scan(&left))
	require.Zero(t, left, "what was taken back leaves no word behind")
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM search_word WHERE word IN ('walrus', 'arrived')`).Scan(&left))
	require.Equal(t, 2, left)
}

// Spec: C8
func TestSearch_TriesWhatContainsTheWordOrIsSpeltLikeIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.say("Automobilhaus Schmidt, Rechnung INV004711")
	b.say("Beställningen är skickad till Göteborg")
	b.settle()
	for query, want := range map[string]string{
		"mobil":           "[Automobilhaus] Schmidt, Rechnung INV004711",
		"4711":            "Automobilhaus Schmidt, Rechnung [INV004711]",
		"rehcnung":        "Automobilhaus Schmidt, [Rechnung] INV004711",
		"Götborg skickad": "Beställningen är [skickad] till [Göteborg]",
		"bestälningen":    "[Beställningen] är skickad till Göteborg",
	} {
		res := b.search(b.anna, &searchv1.SearchMessagesRequest{Query: query})
		require.Equal(t, []string{want}, bodies(res), query)
		require.True(t, res.GetApproximate())
	}
	require.Empty(t, b.found("xyzzyx"))
	require.False(t, b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "rechnung"}).GetApproximate())
}

// Spec: C8
func TestSearch_PagesAndCountsNewestFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	own := b.thread("own")
	for i := range 60 {
		b.post(thread.Draft{Body: fmt.Sprintf("alpha %d", i)})
		b.post(thread.Draft{Thread: own, Body: fmt.Sprintf("alpha own %d", i)})
		b.clock.forward(30 * time.Hour) // over many weeks
	}
	b.settle()
	for _, c := range []struct {
		reader access.Caller
		thread string
		total  int
	}{{b.ben, "", 120}, {b.ben, own.String(), 60}, {b.anna, "", 60}} {
		b.area.shut[shutKey{b.anna.ID, own}] = true
		req := &searchv1.SearchMessagesRequest{Query: "alpha", PageSize: 7, ThreadId: c.thread}
		var all []*searchv1.SearchResult
		for {
			res := b.search(c.reader, req)
			require.EqualValues(t, c.total, res.GetTotalCount())
			require.False(t, res.GetTotalExceeded())
			all = append(all, res.GetResults()...)
			if req.PageToken = res.GetNextPageToken(); req.PageToken == "" {
				break
			}
		}
		require.Len(t, all, c.total)
		seen := map[string]bool{}
		for i, r := range all {
			require.False(t, seen[r.GetMessageId()])
			seen[r.GetMessageId()] = true
			require.True(t, i == 0 || !r.GetCreateTime().AsTime().After(all[i-1].GetCreateTime().AsTime()))
		}
	}
}

// Spec: C8
func TestSearch_CountsUpToAThousand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 1010 {
		b.post(thread.Draft{Body: "omega", Author: thread.AuthorOf([]access.Caller{b.anna, b.ben}[i%2])})
	}
	b.settle()
	res := b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "omega"})
	require.EqualValues(t, 1000, res.GetTotalCount())
	require.True(t, res.GetTotalExceeded())
	require.Len(t, res.GetResults(), 20)
	require.Equal(t, int64(1010), res.GetResults()[0].GetSeq())
	res = b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "omega", ThreadId: b.record.String(), AuthorId: b.ben.ID.String()})
	require.EqualValues(t, 505, res.GetTotalCount())
	require.False(t, res.GetTotalExceeded())
}

// Spec: C8
func TestSearch_Filters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.thread("lead")
	first := b.say("gamma one")
	b.clock.forward(time.Hour)
	second := b.post(thread.Draft{Thread: lead, Body: "gamma two", Author: thread.AuthorOf(b.ben)})
	b.clock.forward(time.Hour)
	b.post(thread.Draft{Body: "gamma three", Extra: &wirev1.Extra{Files: []*threadv1.File{{Id: "f", Name: "photo.jpg"}}}})
	b.settle()
	for want, req := range map[string]*searchv1.SearchMessagesRequest{
		"one":       {BeforeTime: timestamppb.New(second.Create)},
		"two three": {AfterTime: timestamppb.New(second.Create)},
		"two":       {AuthorId: b.ben.ID.String()},
		"one three": {RecordType: "ticket"},
		"three":     {HasFiles: true},
		"":          {RecordType: "secret"},
		"two ":      {ThreadId: lead.String(), AfterTime: timestamppb.New(first.Create)},
		" ":         {ThreadId: lead.String(), RecordType: "ticket"},
	} {
		req.Query = "gamma"
		var got []string
		for _, body := range bodies(b.search(b.anna, req)) {
			got = append([]string{strings.TrimPrefix(body, "[gamma] ")}, got...)
		}
		require.Equal(t, strings.TrimSpace(want), strings.Join(got, " "))
	}
	_, err := b.handler.SearchMessages(access.WithCaller(t.Context(), b.anna), &searchv1.SearchMessagesRequest{Query: " .,- \" "})
	require.Equal(t, "QUERY_EMPTY", fault.ReasonOf(err))
}

// Spec: C8
func TestExcerpt_IsAPieceAroundTheFirstHit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.say(strings.Repeat("word ", 100) + "needle\nin the hay " + strings.Repeat("straw ", 100))
	b.settle()
	res := b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "needle"})
	e := res.GetResults()[0].GetExcerpts()[0]
	require.True(t, e.GetCutBefore())
	require.True(t, e.GetCutAfter())
	require.Contains(t, bodies(res)[0], "word [needle] in the hay straw")
	require.Less(t, len(bodies(res)[0]), 300)
}
