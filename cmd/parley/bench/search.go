package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/gen/parley/chatter/v1/chatterv1connect"
	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	"github.com/parley-chat/parley/gen/parley/search/v1/searchv1connect"
)

const (
	searchesEach = 100
	searchGoal   = 300 // milliseconds, for 95 of 100
	scansEach    = 3
)

// question is a kind of search.
type question struct {
	name    string
	queries []string
	// thread searches one thread.
	thread bool
	// none and some are what is to come back.
	none, some bool
}

func questions(c *corpus) []question {
	var words []string
	for _, l := range c.languages {
		words = append(words, l.words[40:60]...)
	}
	two := make([]string, 20)
	for i := range two {
		two[i] = c.languages[0].words[20+i] + " " + c.languages[0].words[300+i]
	}
	numbers := make([]string, 20)
	for i := range numbers {
		numbers[i] = "SO-2026/" + orderNumber(c.made/20*i)
	}
	return []question{
		{name: "common word", queries: []string{"invoice", "faktura", "замовлення", "ordine"}, some: true},
		{name: "word of one in 200", queries: []string{"warranty", "garanti", "возврат", "rimborso", "refund"}, some: true},
		{name: "rare word", queries: []string{"quokka", "wombat", "axolotl", "narwhal", "okapi"}, some: true},
		{name: "any word", queries: words},
		{name: "beginning of a word", queries: []string{"inv", "warr", "замов", "garan", "ref", "con", "pre", "sto"}, some: true},
		{name: "phrase", queries: []string{`"delivery has been delayed"`, `"leveransen är försenad"`, `"доставка затримується"`}, some: true},
		{name: "Chinese", queries: []string{"订单", "保修期", "我的订单还没有发货", "发货", "货"}, some: true},
		{name: "two words", queries: append(two, "invoice warranty", "faktura garanti", "invoice refund")},
		{name: "order number", queries: numbers},
		{name: "mistyped word", queries: []string{"quoka", "axoltol", "narhwal", "warrantty", "замовленя"}, some: true},
		{name: "nothing found", queries: []string{"zyxqwv", "qqqqqqqq", "ёёёёё", "鑫鑫鑫", "xyzzy plugh"}, none: true},
		{name: "common word within one thread", queries: []string{"invoice", "faktura", "замовлення", "ordine", "订单"}, thread: true, some: true},
		{name: "rare word within one thread", queries: []string{"quokka", "wombat", "warranty"}, thread: true},
	}
}

// search measures searches of many messages in one workspace.
func (b *bench) search(ctx context.Context) error {
	workspace, err := b.stage.workspace(ctx)
	if err != nil {
		return err
	}
	c := newCorpus(workspace, b.Messages, time.Now())
	began := time.Now()
	if err := b.stage.load(ctx, c, b.Messages); err != nil {
		return err
	}
	var table, index float64
	err = b.stage.pool.QueryRow(ctx, `SELECT pg_table_size('search_document') / 1e6, (pg_indexes_size('search_document') +
		pg_total_relation_size('search_word')) / 1e6`).Scan(&table, &index)
	if err != nil {
		return fmt.Errorf("measure the index: %w", err)
	}
	b.add(Result{Part: "search", Name: fmt.Sprintf("search, %d messages, size of documents", b.Messages), Value: table, Unit: "MB",
		Detail: fmt.Sprintf("and %.0f MB of indexes; loaded in %s", index, time.Since(began).Round(time.Second))})
	for _, q := range questions(c) {
		if err := b.ask(ctx, c, q); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	if err := b.askTogether(ctx, c); err != nil {
		return err
	}
	return b.untilFound(ctx)
}

func (b *bench) searcher() searchv1connect.SearchServiceClient {
	return searchv1connect.NewSearchServiceClient(http.DefaultClient, b.stage.node.url, bearer(b.stage.tokens[0]))
}

// ask measures a kind of search, and the scan that it stands for.
func (b *bench) ask(ctx context.Context, c *corpus, q question) error {
	client := b.searcher()
	var took []time.Duration
	for i := range searchesEach {
		d, err := searchOnce(ctx, client, c, q, i)
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	p50 := percentile(took, .5)
	b.add(Result{Part: "search", Name: "search, " + q.name + ", p95", Value: percentile(took, .95), Unit: "ms", Goal: searchGoal, AtMost: true,
		Detail: fmt.Sprintf("p50 %.1f, longest %.0f ms", p50, percentile(took, 1))})
	if q.thread {
		return nil
	}
	var scans []float64
	for i := range scansEach {
		d, err := b.scan(ctx, c.workspace, q.queries[i%len(q.queries)])
		if err != nil {
			return err
		}
		scans = append(scans, float64(d.Microseconds())/1000)
	}
	b.add(Result{Part: "search", Name: "search, " + q.name + ": sequential scan ÷ search", Value: median(scans) / p50, Unit: "×",
		Detail: fmt.Sprintf("ILIKE takes %.0f ms", median(scans))})
	return nil
}

func searchOnce(ctx context.Context, client searchv1connect.SearchServiceClient, c *corpus, q question, i int) (time.Duration, error) {
	req := &searchv1.SearchMessagesRequest{Query: q.queries[i%len(q.queries)]}
	if q.thread {
		req.ThreadId = c.threads[i%len(c.threads)].String()
	}
	began := time.Now()
	res, err := client.SearchMessages(ctx, req)
	if err != nil {
		return 0, err
	}
	d := time.Since(began)
	if !q.thread && (q.some && len(res.GetResults()) == 0 || q.none && len(res.GetResults()) > 0) {
		return 0, fmt.Errorf("%q finds %d messages", req.GetQuery(), len(res.GetResults()))
	}
	return d, nil
}

// scan is the same by a sequential scan: the newest messages with the text in
// them.
func (b *bench) scan(ctx context.Context, workspace uuid.UUID, text string) (time.Duration, error) {
	if n := len(text); n > 1 && text[0] == '"' {
		text = text[1 : n-1]
	}
	began := time.Now()
	rows, err := b.stage.pool.Query(ctx, `SELECT id FROM message WHERE workspace_id = $1 AND body ILIKE '%' || $2 || '%' ORDER BY create_time DESC LIMIT 20`, workspace, text)
	if err != nil {
		return 0, fmt.Errorf("scan: %w", err)
	}
	rows.Close()
	return time.Since(began), rows.Err()
}

// askTogether has several people search at once, whatever they search for.
func (b *bench) askTogether(ctx context.Context, c *corpus) error {
	all := questions(c)
	client := b.searcher()
	var mu sync.Mutex
	var took []time.Duration
	perSecond, _, err := drive(ctx, 4, time.Duration(b.Seconds*float64(time.Second)), func(ctx context.Context, _ int) error {
		d, err := searchOnce(ctx, client, c, all[rand.IntN(len(all))], rand.IntN(searchesEach))
		mu.Lock()
		defer mu.Unlock()
		took = append(took, d)
		return err
	})
	if err != nil {
		return err
	}
	b.add(Result{Part: "search", Name: "search, all kinds, 4 in flight, p95", Value: percentile(took, .95), Unit: "ms", Goal: searchGoal, AtMost: true,
		Detail: fmt.Sprintf("p50 %.1f ms, %.0f/s", percentile(took, .5), perSecond)})
	return nil
}

// untilFound measures how long it takes from a post until it is found in a search
// of everything.
func (b *bench) untilFound(ctx context.Context) error {
	client := b.searcher()
	chatter := chatterv1connect.NewChatterServiceClient(http.DefaultClient, b.stage.node.url, bearer(b.stage.tokens[0]))
	var took []time.Duration
	for i := range 20 {
		word := fmt.Sprintf("brandnew%d", i)
		if _, err := chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
			RequestId: uuid.NewString(), ThreadId: b.stage.threads[i], Body: "Something " + word,
		}); err != nil {
			return fmt.Errorf("post: %w", err)
		}
		began := time.Now()
		for found := false; !found; {
			res, err := client.SearchMessages(ctx, &searchv1.SearchMessagesRequest{Query: word})
			if err != nil {
				return fmt.Errorf("search: %w", err)
			}
			found = len(res.GetResults()) > 0 && !res.GetApproximate()
			if !found && time.Since(began) > 30*time.Second {
				return fmt.Errorf("%s was not found within 30 s", word)
			}
		}
		took = append(took, time.Since(began))
	}
	b.add(Result{Part: "search", Name: "search, from the post until it is found everywhere, p95", Value: percentile(took, .95), Unit: "ms", Goal: 1000, AtMost: true,
		Detail: fmt.Sprintf("p50 %.0f ms", percentile(took, .5))})
	return nil
}
