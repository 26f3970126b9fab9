package record

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

// maxRows is how many rows one import has at most.
const maxRows = 5_000

// row is one row of an import, on its way from text to values.
type row struct {
	number int
	// given are the values by field: first as they were written, then as they are
	// stored.
	given map[string]any
	// written are the values as the file has them.
	written map[string]any
	// wrong is what keeps the row out.
	wrong []*wrong
	// waits is true if the row refers to another one of the file, which must be
	// saved first.
	waits bool
}

// fail keeps the row out.
func (r *row) fail(w *wrong) { r.wrong = append(r.wrong, w) }

// read takes an import's bytes apart into rows. It fails only if they are no
// rows at all; what is wrong with one row is noted there.
func read(t *Type, c access.Caller, format recordv1.ImportFormat, data []byte) ([]*row, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var rows []*row
	var err error
	if format == recordv1.ImportFormat_IMPORT_FORMAT_JSON_LINES {
		rows, err = readJSON(data)
	} else {
		rows, err = readCSV(t, c, data)
	}
	if err == nil && len(rows) == 0 {
		err = errImport.WithMessage("the file has no rows; give at least one")
	}
	for _, r := range rows {
		r.written = maps.Clone(r.given)
	}
	return rows, err
}

func tooManyRows() error {
	return errImport.WithMessage("the file has more than %s rows; split it", grouped(maxRows))
}

func readCSV(t *Type, c access.Caller, data []byte) ([]*row, error) {
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, csvFault(err)
	}
	columns, err := columnsOf(t, c, header)
	if err != nil {
		return nil, err
	}
	var rows []*row
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, csvFault(err)
		}
		if len(rows) == maxRows {
			return nil, tooManyRows()
		}
		rows = append(rows, csvRow(len(rows)+1, columns, cells))
	}
}

func csvFault(err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return errImport.Wrap(err)
	}
	return errImport.Wrap(err).
		WithMessage(`line %d is no CSV: %s; a quote inside a quoted cell is written twice`, parse.Line, parse.Err)
}

// columnsOf are the names of the fields that a header's columns are, by name or
// label.
func columnsOf(t *Type, c access.Caller, header []string) ([]string, error) {
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		return nil, errImport.WithMessage("the columns are not separated by commas; save the file as CSV with commas")
	}
	columns, seen := make([]string, len(header)), map[string]bool{}
	for i, title := range header {
		name := columnOf(t, c, strings.TrimSpace(title))
		switch {
		case name == "":
			return nil, errImport.WithMessage("column %d, %s, is no field; the type has %s", i+1, quoted(title), t.fieldNames(c))
		case seen[name]:
			return nil, errImport.WithMessage("there are two columns for %s; remove one", name)
		}
		columns[i], seen[name] = name, true
	}
	return columns, nil
}

func columnOf(t *Type, c access.Caller, title string) string {
	if t.field(c, title) != nil {
		return title
	}
	for _, f := range t.def.GetFields() {
		if strings.EqualFold(f.GetLabel(), title) && mayReadField(c, f) {
			return f.GetName()
		}
	}
	return ""
}

func csvRow(number int, columns, cells []string) *row {
	r := &row{number: number, given: map[string]any{}}
	if len(cells) != len(columns) {
		r.fail(wrongf("", "the row has %d cells, the first row names %d columns", len(cells), len(columns)))
		return r
	}
	for i, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			r.given[columns[i]] = cell
		}
	}
	return r
}

func readJSON(data []byte) ([]*row, error) {
	var rows []*row
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(rows) == maxRows {
			return nil, tooManyRows()
		}
		rows = append(rows, jsonRow(len(rows)+1, line))
	}
	return rows, nil
}

func jsonRow(number int, line []byte) *row {
	r := &row{number: number}
	if !utf8.Valid(line) { // encoding/json would put something else in its place
		r.fail(wrongf("", "the row is not UTF-8; save the file as UTF-8"))
		return r
	}
	if err := json.Unmarshal(line, &r.given); err != nil || r.given == nil {
		r.fail(wrongf("", "the row is no JSON object%s", jsonComplaint(err)))
		r.given = nil
	}
	return r
}

func jsonComplaint(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf(": %s at character %d", syntax.Error(), syntax.Offset)
	}
	return ""
}
