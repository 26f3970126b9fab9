package bench

import (
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/thread"
)

// What is planted in the messages, and in how many of 100,000 of them.
var planted = []struct {
	text string
	of   int
}{
	{"invoice", 10_000}, {"faktura", 4_000}, {"замовлення", 3_000}, {"订单", 3_000}, {"ordine", 3_000},
	{"warranty", 500}, {"garanti", 400}, {"возврат", 300}, {"保修期", 300}, {"rimborso", 300}, {"refund", 500},
	{"delivery has been delayed", 100}, {"leveransen är försenad", 80}, {"доставка затримується", 60}, {"我的订单还没有发货", 60},
	{"quokka", 1}, {"wombat", 1}, {"axolotl", 1}, {"narwhal", 1}, {"okapi", 1},
}

// corpus makes messages in five languages, the same ones every time. Words are
// made up of syllables and chosen as people choose them: few very often, most
// hardly ever.
type corpus struct {
	random    *rand.Rand
	languages []language
	zipf      *rand.Zipf
	authors   []thread.Author
	threads   []uuid.UUID
	seqs      []int64
	workspace uuid.UUID
	at        time.Time
	step      time.Duration
	made      int
}

type language struct {
	words []string
	space string
}

const (
	vocabulary    = 30_000
	corpusThreads = 5000
	corpusAuthors = 50
)

// newCorpus makes messages of the two years before now.
func newCorpus(workspace uuid.UUID, messages int, now time.Time) *corpus {
	random := rand.New(rand.NewPCG(2026, 11))
	c := &corpus{
		random: random, zipf: rand.NewZipf(random, 1.07, 6, vocabulary-1), workspace: workspace,
		at: now.AddDate(-2, 0, 0), step: now.Sub(now.AddDate(-2, 0, 0)) / time.Duration(messages+1),
		seqs: make([]int64, corpusThreads),
	}
	for _, l := range []struct{ syllables, space string }{
		{"an be con de er ful gan hi ing ja ka lo men no or pre qui ran sto ty un ver wa ex yo", " "},
		{"an bå de en för gär hä ing jö kal lö män nö ock på rå stå ti ut väg år sk", " "},
		{"ан бе ви го дя є жи за її ка ли мо не ок при ро сти ту хо чу ша ю", " "},
		{"的 一 是 不 了 人 我 在 有 他 这 中 大 来 上 国 个 到 说 们 为 子 和 你 地 出 道 也 时 年 得 就 那 要 下 以 生 会 自 着 去 之 过 家 学 对 可 她 里 后 小 么 心 多 天 而 能 好 都 然 没 日 于 起 还 发 成 事 只 作 当 想 看 文 无 开 手 十 用 主 行 方 又 如 前 所 本 见 经 头 面 公 同 三 已 老 从 动 两 长", ""},
		{"al be co di er fi gra hi in lo ma no or pre qua ri sta tu un ve za to", " "},
	} {
		c.languages = append(c.languages, language{vocabularyOf(random, strings.Fields(l.syllables), l.space == ""), l.space})
	}
	for range corpusThreads {
		c.threads = append(c.threads, uuid.Must(uuid.NewV7()))
	}
	for range corpusAuthors {
		c.authors = append(c.authors, thread.Author{Kind: threadv1.PartyKind_PARTY_KIND_USER, ID: uuid.New(), Name: "Somebody", PublicName: "S"})
	}
	return c
}

func vocabularyOf(random *rand.Rand, syllables []string, short bool) []string {
	words := make([]string, vocabulary)
	for i := range words {
		n := 1 + random.IntN(4)
		if short {
			n = 1 + random.IntN(2)
		}
		for range n {
			words[i] += syllables[random.IntN(len(syllables))]
		}
	}
	return words
}

// next is one more message, a little later than the one before.
func (c *corpus) next() thread.Message {
	c.at = c.at.Add(c.step)
	c.made++
	i := c.random.IntN(len(c.threads))
	c.seqs[i]++
	m := thread.Message{
		Workspace: c.workspace, Thread: c.threads[i], ID: uuid.New(), RequestID: uuid.New(), Seq: c.seqs[i], Rev: c.seqs[i], PublicSeq: c.seqs[i],
		Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT, Subtype: thread.SubtypeDiscussions, Author: c.authors[c.random.IntN(len(c.authors))],
		Body: c.body(), Create: c.at.Truncate(time.Microsecond),
	}
	return m
}

// body is some 120 bytes of one of the languages.
func (c *corpus) body() string {
	l := c.languages[[]int{0, 0, 0, 0, 1, 1, 2, 2, 3, 4}[c.random.IntN(10)]]
	var b strings.Builder
	for b.Len() < 110 {
		if b.Len() > 0 {
			b.WriteString(l.space)
		}
		b.WriteString(l.words[c.zipf.Uint64()])
	}
	for _, p := range planted {
		if c.random.IntN(100_000) < p.of {
			b.WriteString(" " + p.text)
		}
	}
	if c.random.IntN(20) == 0 {
		b.WriteString(" SO-2026/" + orderNumber(c.made))
	}
	return b.String()
}

// orderNumber has seven digits.
func orderNumber(n int) string {
	digits := []byte("0000000")
	for i := len(digits) - 1; n > 0 && i >= 0; i-- {
		digits[i] += byte(n % 10)
		n /= 10
	}
	return string(digits)
}
