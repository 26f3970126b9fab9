package record_test

import (
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

const (
	csvFormat  = recordv1.ImportFormat_IMPORT_FORMAT_CSV
	jsonFormat = recordv1.ImportFormat_IMPORT_FORMAT_JSON_LINES
)

func (p *person) tryImport(t *testing.T, kind string, format recordv1.ImportFormat, dry bool, data string) (*recordv1.ImportRecordsResponse, error) {
	t.Helper()
	return p.api.ImportRecords(t.Context(), &recordv1.ImportRecordsRequest{Type: kind, Format: format, Data: []byte(data), DryRun: dry})
}

func (p *person) imported(t *testing.T, kind string, format recordv1.ImportFormat, data string) *recordv1.ImportRecordsResponse {
	t.Helper()
	res, err := p.tryImport(t, kind, format, false, data)
	require.NoError(t, err)
	return res
}

// errorsOf are the errors of an import, each as "row field".
func errorsOf(res *recordv1.ImportRecordsResponse) []string {
	out := []string{}
	for _, e := range res.GetErrors() {
		out = append(out, strings.TrimSpace(fmt.Sprint(e.GetRow(), " ", e.GetField())))
	}
	return out
}

// Spec: R2
func TestImportRecords_ReadsCSVAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	garden := ada.create(t, "contact", map[string]any{"name": "Garden, Ltd"})
	csv := "\ufefftitle,Stage,Contact,expected_revenue,assignee,probability,description\r\n" +
		"Hedge,Won,\"Garden, Ltd\",12.5 EUR,bob@example.com,40,\"two\nlines\"\r\n" +
		"\r\n" +
		"Fence,new," + garden.GetId() + ",JPY 300,Bob,,\r\n"

	res := ada.imported(t, "lead", csvFormat, csv)

	require.Empty(t, res.GetErrors())
	require.Equal(t, int32(2), res.GetCreated())
	list, err := ada.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "lead", OrderBy: "title desc"})
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"title": "Hedge", "stage": "won", "contact": garden.GetId(), "expected_revenue": map[string]any{"amount": "12.50", "currency": "EUR"},
		"assignee": bob.ID.String(), "probability": 40.0, "description": "two\nlines",
	}, list.GetRecords()[0].GetFields().AsMap())
	require.Equal(t, "300 JPY", list.GetRecords()[1].GetDisplay()["expected_revenue"])
	id := list.GetRecords()[0].GetId()
	require.Equal(t, threadv1.PartyKind_PARTY_KIND_SYSTEM, ada.log(t, id)[0].GetAuthor().GetKind())
	require.NotNil(t, bob.follows(t, id))
	require.Empty(t, bob.inbox(t, id)) // an import tells nobody of what it makes
	require.Nil(t, ada.follows(t, id))
}

// Spec: R2
func TestImportRecords_ReportsWrongRowsAndSavesTheOthers(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	ada.create(t, "contact", map[string]any{"name": "Twin"})
	ada.create(t, "contact", map[string]any{"name": "Twin"})
	csv := "title,stage,contact,close_date,email\n" +
		"Good,,,,\n" +
		",new,,,\n" + // the title is required
		"Bad,nowhere,Nobody,2026-02-30,not an address\n" +
		"Twins,,Twin,,\n" +
		"Short,new\n" +
		"Broken \xff,,,,\n" +
		"Also good,Lost,,2026-12-24,\n"

	dry, err := ada.tryImport(t, "lead", csvFormat, true, csv)
	require.NoError(t, err)
	require.Empty(t, ada.titles(t, "lead", "", ""))
	res := ada.imported(t, "lead", csvFormat, csv)

	require.ElementsMatch(t, []string{"2 title", "3 stage", "3 contact", "3 close_date", "3 email", "4 contact", "5", "6 title"}, errorsOf(res))
	require.Equal(t, int32(5), res.GetErrorCount())
	require.Equal(t, int32(2), res.GetCreated())
	require.Equal(t, res.String(), dry.String())
	require.Equal(t, []string{"Also good", "Good"}, ada.titles(t, "lead", "", "title"))
}

// Spec: R2, C1
func TestImportRecords_UpdatesByUniqueFieldInTheNameOfTheSystem(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	old := ada.create(t, "ticket", map[string]any{"number": "T-1", "title": "Broken", "category": "door"})
	ada.create(t, "ticket", map[string]any{"number": "T-2", "title": "Same"})
	rows := `{"number": "T-1", "title": "Broken door", "category": null, "assignee": "Bob"}
{"number": "T-2", "title": "Same"}
{"number": "T-3", "title": "New", "priority": "Urgent"}
{"number": "T-3", "title": "New again"}
{"number": "T-3", "title": "New again"}
{"title": "Without"}
["no object"]
{"title": "Zero", "nonsense": 1}
{"title": "Null", "description": "a\u0000b"}
`
	dry, err := ada.tryImport(t, "ticket", jsonFormat, true, rows)
	require.NoError(t, err)

	res := ada.imported(t, "ticket", jsonFormat, rows)

	require.Equal(t, []int32{2, 2, 2, 3}, []int32{res.GetCreated(), res.GetUpdated(), res.GetUnchanged(), res.GetErrorCount()}, res)
	require.Equal(t, []string{"7", "8 nonsense", "9 description"}, errorsOf(res))
	require.Equal(t, res.String(), dry.String())
	require.Equal(t, []string{"Broken door", "New again", "Same", "Without"}, ada.titles(t, "ticket", "", "title"))
	entries := ada.log(t, old.GetId())
	require.Len(t, entries, 2)
	require.Equal(t, threadv1.PartyKind_PARTY_KIND_SYSTEM, entries[1].GetAuthor().GetKind())
	require.Equal(t, []string{"Title: Broken -> Broken door", "Assignee:  -> Bob", "Category: door -> "}, ada.changes(t, old.GetId()))
	require.Equal(t, map[int16]int{3: 1}, bob.inbox(t, old.GetId()))
}

// Spec: R2
func TestImportRecords_ARowThatCannotBeSavedTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	mia := ada.colleague(t, "Mia", identityv1.Role_ROLE_MEMBER)
	ada.makeType(t, &recordv1.RecordType{
		Name: "memo", Label: "Memo", TitleField: "name", UniqueField: "name", Fields: []*recordv1.Field{
			{Name: "name", Label: "Name", Type: text}, {Name: "size", Label: "Size", Type: decimal},
		},
		Create: &recordv1.Permission{Condition: "record.size < 10"},
		Update: &recordv1.Permission{Condition: "record.size < 5"},
	})
	ada.imported(t, "memo", csvFormat, "name,size\nfixed,7\nfree,1\n")
	csv := "name,size\na,1\nb,50\nfixed,8\nfree,2\nc,3\n"
	dry, err := mia.tryImport(t, "memo", csvFormat, true, csv)
	require.NoError(t, err)

	res := mia.imported(t, "memo", csvFormat, csv)

	require.Equal(t, []string{"2", "3"}, errorsOf(res))
	require.Equal(t, []int32{2, 1}, []int32{res.GetCreated(), res.GetUpdated()})
	require.Equal(t, res.String(), dry.String())
	require.Equal(t, []string{"a", "c", "fixed", "free"}, ada.titles(t, "memo", "", "name"))
}

// Spec: R2
func TestImportRecords_RefusesWhatIsNoTable(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	for name, data := range map[string]string{
		"unknown column": "title,nonsense\na,b\n",
		"column twice":   "title,Title\na,b\n",
		"semicolons":     "title;stage\na;new\n",
		"no rows":        "title\n",
		"open quote":     "title\n\"open\n",
		"too many rows":  "title\n" + strings.Repeat("a\n", 5001),
	} {
		_, err := ada.tryImport(t, "lead", csvFormat, false, data)
		require.Equal(t, "data", refused(t, err, connect.CodeInvalidArgument, "IMPORT_INVALID"), name)
	}
	_, err := ada.tryImport(t, "nothing", csvFormat, false, "title\na\n")
	refused(t, err, connect.CodeNotFound, "TYPE_NOT_FOUND")
}

// Spec: R2
func TestImportRecords_TakesFiveThousandRows(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	ada.create(t, "contact", map[string]any{"name": "Garden Ltd"})
	var csv strings.Builder
	csv.WriteString("number,title,customer\n")
	for i := range 5000 {
		fmt.Fprintf(&csv, "T-%d,Ticket %d,Garden Ltd\n", i, i)
	}

	res := ada.imported(t, "ticket", csvFormat, csv.String())
	require.Equal(t, int32(5000), res.GetCreated(), res.GetErrors())
	res = ada.imported(t, "ticket", csvFormat, csv.String())
	require.Equal(t, int32(5000), res.GetUnchanged())
	count, err := ada.api.CountRecords(t.Context(), &recordv1.CountRecordsRequest{Type: "ticket"})
	require.NoError(t, err)
	require.Equal(t, int64(5000), count.GetCount())
}

// Companies and the people in them come in one file, in any order.
// Spec: R2
func TestImportRecords_RowsReferToOneAnother(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	csv := "name,Company\nAnn,Garden Ltd\nGarden Ltd,Holding\nHolding,\nLost,Nowhere\nSelf,Self\nBob,Broken\nBroken,Nowhere\n"
	dry, err := ada.tryImport(t, "contact", csvFormat, true, csv)
	require.NoError(t, err)
	require.Equal(t, []string{"4 parent", "7 parent"}, errorsOf(dry)) // what only saving tells is not foreseen

	res := ada.imported(t, "contact", csvFormat, csv)

	require.Equal(t, int32(3), res.GetCreated())
	require.Equal(t, []string{"4 parent", "5 parent", "6 parent", "7 parent"}, errorsOf(res))
	list, err := ada.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "contact", OrderBy: "name"})
	require.NoError(t, err)
	got := map[string]string{}
	for _, r := range list.GetRecords() {
		got[r.GetTitle()] = r.GetDisplay()["parent"]
	}
	require.Equal(t, map[string]string{"Ann": "Garden Ltd", "Garden Ltd": "Holding", "Holding": ""}, got)
}
