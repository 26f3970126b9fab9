package record_test

import (
	"fmt"
	"slices"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// Spec: R2, R3
func TestListRecords_FiltersAndSorts(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	garden := ada.create(t, "contact", map[string]any{"name": "Garden Ltd"})
	for i, v := range []map[string]any{
		{"title": "Hedge", "stage": "won", "expected_revenue": map[string]any{"amount": "900", "currency": "EUR"}, "contact": garden.GetId()},
		{"title": "Fence", "stage": "new", "expected_revenue": map[string]any{"amount": "1000.5", "currency": "EUR"}, "close_date": "2026-12-24"},
		{"title": "Änne's pond", "probability": 50, "assignee": ada.ID.String()},
	} {
		v["tags"] = fmt.Sprint("t", i)
		ada.create(t, "lead", v)
	}

	for filter, want := range map[string][]string{
		"":                              {"Änne's pond", "Fence", "Hedge"},
		`record.stage == "won"`:         {"Hedge"},
		`record.expected_revenue > 950`: {"Fence"},
		`record.assignee == user.id`:    {"Änne's pond"},
		`record.creator == user.id && record.tags in ["t0", "t1"]`: {"Fence", "Hedge"},
		`record.title.contains("e") && !has(record.close_date)`:    {"Änne's pond", "Hedge"},
		`record.close_date < now + duration("720h")`:               {"Fence"},
		fmt.Sprintf(`record.contact == %q`, garden.GetId()):        {"Hedge"},
		`record.tags == "'; DROP TABLE record; --"`:                {},
	} {
		require.Equal(t, want, ada.titles(t, "lead", filter, "title"), filter)
		res, err := ada.api.CountRecords(t.Context(), &recordv1.CountRecordsRequest{Type: "lead", Filter: filter})
		require.NoError(t, err)
		require.Equal(t, int64(len(want)), res.GetCount(), filter)
	}
	require.Equal(t, []string{"Änne's pond", "Fence", "Hedge"}, ada.titles(t, "lead", "", "")) // newest first
	require.Equal(t, []string{"Fence", "Hedge", "Änne's pond"}, ada.titles(t, "lead", "", "expected_revenue desc, title"))
}

// Spec: R2
func TestListRecords_PagesMeetEveryRecordOnce(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	const many = 23
	for i := range many {
		v := map[string]any{"title": fmt.Sprintf("Task %02d", i), "priority": fmt.Sprint(i % 4)}
		if i%5 == 0 {
			v["tags"] = "garden"
		}
		ada.create(t, "task", v)
	}
	for _, order := range []string{"", "title", "title desc", "priority desc, title", "tags", "tags desc, priority", "update_time"} {
		all := ada.titles(t, "task", "", order)
		require.Len(t, all, many)
		var paged []string
		for token := ""; ; {
			res, err := ada.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "task", OrderBy: order, PageSize: 4, PageToken: token})
			require.NoError(t, err)
			for _, r := range res.GetRecords() {
				paged = append(paged, r.GetTitle())
			}
			if token = res.GetNextPageToken(); token == "" {
				break
			}
		}
		require.Equal(t, all, paged, order)
	}
}

// Spec: R2
func TestListRecords_RefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	mia := ada.colleague(t, "Mia", identityv1.Role_ROLE_MEMBER)
	for i := range 3 {
		ada.create(t, "task", map[string]any{"title": fmt.Sprint("Task ", i)})
	}
	list := func(p *person, req *recordv1.ListRecordsRequest) (string, error) {
		req.Type, req.PageSize = "task", 2
		res, err := p.api.ListRecords(t.Context(), req)
		return res.GetNextPageToken(), err
	}
	token, err := list(ada, &recordv1.ListRecordsRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, token)

	_, err = list(ada, &recordv1.ListRecordsRequest{PageToken: token, Filter: "record.title != ''"})
	refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID")
	_, err = list(mia, &recordv1.ListRecordsRequest{PageToken: token})
	refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID")
	_, err = list(ada, &recordv1.ListRecordsRequest{Filter: "record.title"})
	require.Equal(t, "filter", refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID"))
	_, err = list(ada, &recordv1.ListRecordsRequest{OrderBy: "nothing"})
	require.Equal(t, "order_by", refused(t, err, connect.CodeInvalidArgument, "ORDER_INVALID"))
	_, err = ada.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "nothing"})
	refused(t, err, connect.CodeNotFound, "TYPE_NOT_FOUND")
}

// A page of records asks for all the names in it at once.
// Spec: R2
func TestListRecords_LooksUpNamesOnceAPage(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada := n.workspace(t, "acme")
	for i := range 10 {
		contact := ada.create(t, "contact", map[string]any{"name": fmt.Sprint("Contact ", i)})
		ada.create(t, "lead", map[string]any{"title": fmt.Sprint("Lead ", i), "contact": contact.GetId(), "assignee": ada.ID.String()})
	}
	before := n.pool.Stat().AcquireCount()

	res, err := ada.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "lead"})

	require.NoError(t, err)
	require.LessOrEqual(t, n.pool.Stat().AcquireCount()-before, int64(4)) // records, titles, users, and a type now and then
	for i, r := range res.GetRecords() {
		require.Equal(t, fmt.Sprint("Contact ", 9-i), r.GetDisplay()["contact"])
		require.Equal(t, "Ada", r.GetDisplay()["assignee"])
	}
}

// Spec: R1
func TestSearchReferences_FindsByTheBeginningsOfWords(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	ada.colleague(t, "Baker", identityv1.Role_ROLE_MEMBER)
	for _, name := range []string{"Müller & Söhne GmbH", "Garden Miller", "Miller", "O'Neil", "株式会社 東京", "a.b@c.example"} {
		ada.create(t, "contact", map[string]any{"name": name})
	}
	search := func(kind, query string) []string {
		res, err := ada.api.SearchReferences(t.Context(), &recordv1.SearchReferencesRequest{Type: kind, Query: query})
		require.NoError(t, err)
		out := []string{}
		for _, r := range res.GetReferences() {
			out = append(out, r.GetTitle())
		}
		return out
	}

	require.Equal(t, []string{"Miller", "Garden Miller"}, search("contact", "mill"))
	require.Equal(t, []string{"Müller & Söhne GmbH"}, search("contact", "gmbh MULL"))
	require.Equal(t, []string{"O'Neil"}, search("contact", "o'n"))
	require.Equal(t, []string{"株式会社 東京"}, search("contact", "東"))
	require.Equal(t, []string{"a.b@c.example"}, search("contact", "b@c.ex"))
	require.Empty(t, search("contact", "iller"))
	require.Empty(t, search("contact", `' | \ :* & !`))
	require.Equal(t, "a.b@c.example", search("contact", " ")[0]) // the newest
	require.Equal(t, []string{"Baker"}, search("user", "bak"))
	require.True(t, slices.Contains(search("user", ""), "Ada"))
}
