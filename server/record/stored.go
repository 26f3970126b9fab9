package record

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

// values are a record's fields that have a value, by name.
type values map[string]any

// stored is a record as it is in the database, or will be.
type stored struct {
	workspace uuid.UUID
	id        uuid.UUID
	kind      string // the name of its type
	title     string
	values    values
	version   int64
	creator   *uuid.UUID
	created   time.Time
	updated   time.Time
}

// recordRow is what queries for records answer.
type recordRow = db.RecordGetRow

func fromRecordRow(row recordRow) (*stored, error) {
	r := &stored{
		workspace: row.WorkspaceID, id: row.ID, kind: row.Type, title: row.Title, version: row.Version,
		creator: row.Creator, created: row.CreateTime, updated: row.UpdateTime,
	}
	if err := json.Unmarshal(row.Fields, &r.values); err != nil {
		return nil, fmt.Errorf("decode record %s: %w", row.ID, err)
	}
	if r.values == nil {
		r.values = values{}
	}
	return r, nil
}

// encoded is the values as they are stored.
func (v values) encoded() (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return b, nil
}

// environment is the record as conditions see it.
func (r *stored) environment() map[string]any {
	env := make(map[string]any, len(r.values)+5)
	maps.Copy(env, r.values)
	env["id"], env["title"] = r.id.String(), r.title
	env["create_time"], env["update_time"] = r.created, r.updated
	env["creator"] = nil
	if r.creator != nil {
		env["creator"] = r.creator.String()
	}
	return env
}

// etag names the record's version.
func (r *stored) etag() string { return strconv.FormatInt(r.version, 10) }

// proto is the record as the caller may see it; display is filled by whoever has
// the names.
func (r *stored) proto(t *Type, c access.Caller) *recordv1.Record {
	out := &recordv1.Record{
		Id: r.id.String(), Type: r.kind, Title: r.title, Etag: r.etag(),
		Fields:     &structpb.Struct{Fields: make(map[string]*structpb.Value, len(r.values))},
		CreateTime: timestamppb.New(r.created), UpdateTime: timestamppb.New(r.updated),
	}
	if r.creator != nil {
		out.CreatorId = r.creator.String()
	}
	for _, f := range t.def.GetFields() {
		v, ok := r.values[f.GetName()]
		if !ok || v == nil || !mayReadField(c, f) {
			continue
		}
		if s, ok := v.(string); ok && f.GetType() == recordv1.FieldType_FIELD_TYPE_DATETIME {
			v = shownMoment(s)
		}
		if value, err := structpb.NewValue(v); err == nil { // what normalise returns always fits
			out.Fields.Fields[f.GetName()] = value
		}
	}
	return out
}

// titleOf is what names a record with these values.
func titleOf(t *Type, v values) string {
	title, _ := v[t.def.GetTitleField()].(string)
	return title
}

// uniqueOf is the text that no two records of a type share, or nil. Equal values
// have equal texts: numbers without zeros at the end, addresses in lower case. A
// long one is its hash, because an index entry has its limit.
func uniqueOf(t *Type, v values) *string {
	f := t.fields[t.def.GetUniqueField()]
	if f == nil || v[f.GetName()] == nil {
		return nil
	}
	text := uniqueText(f, v[f.GetName()])
	const longest = 200
	if len(text) > longest {
		sum := sha256.Sum256([]byte(text))
		text = "sha256:" + hex.EncodeToString(sum[:])
	}
	return &text
}

func uniqueText(f *recordv1.Field, v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		switch f.GetType() {
		case recordv1.FieldType_FIELD_TYPE_DECIMAL:
			return shortest(v)
		case recordv1.FieldType_FIELD_TYPE_EMAIL:
			return strings.ToLower(v)
		case recordv1.FieldType_FIELD_TYPE_PHONE:
			return dialled(v)
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}

// dialled is a telephone number without what nobody dials.
func dialled(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ()-./", r) {
			return -1
		}
		return r
	}, s)
}

// same says whether two values of a field are the same, however written.
func same(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case string, bool, float64:
		return a == b
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && x["currency"] == y["currency"] && sameNumber(x["amount"], y["amount"])
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if x[i] != y[i] {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// sameValue is same for a field, whose decimals compare as numbers.
func sameValue(f *recordv1.Field, a, b any) bool {
	if f.GetType() == recordv1.FieldType_FIELD_TYPE_DECIMAL && a != nil && b != nil {
		return sameNumber(a, b)
	}
	return same(a, b)
}

func sameNumber(a, b any) bool {
	x, ok := a.(string)
	y, also := b.(string)
	return ok && also && sameDecimal(x, y)
}
