package expr

// FieldType says what a field of a record type holds and how it is stored in the
// record's JSON.
type FieldType uint8

// The field types. Stored JSON, where it is not a plain string: Integer is a
// number; Decimal is a string in plain notation ("12.50"); Money is
// {"amount":"12.50","currency":"EUR"}; Boolean is a boolean; Date is "2006-01-02";
// DateTime is "2006-01-02T15:04:05.000000Z"; References is an array of ids.
const (
	Text FieldType = iota + 1
	LongText
	Integer
	Decimal
	Money
	Boolean
	Date
	DateTime
	Selection
	Reference
	References
	Email
	Phone
	URL
	File
)

// Field is one field that a filter may name.
type Field struct {
	// Name is how filters write it, and its key in the stored JSON.
	Name string
	// Type decides which operators fit.
	Type FieldType
}

// Schema lists the fields of a record type. A field that the author of a filter
// may not read is left out by the caller: a filter would tell its value.
type Schema struct {
	Fields []Field
}

// User is the person a filter is evaluated for. For somebody without an account
// every part is empty.
type User struct {
	ID     string
	Email  string
	Name   string
	Role   string
	Locale string
}

// kind is the type of an expression.
type kind uint8

const (
	kindBool kind = iota + 1
	kindText
	kindNumber
	kindTime
	kindDuration
	kindTexts
)

func (k kind) String() string {
	return [...]string{"nothing", "a yes/no value", "text", "a number", "a point in time", "a duration", "a list"}[k]
}

// sqlType is what a bound value of this kind is cast to. A duration is its
// seconds: an interval with days in it would depend on the session's time zone.
func (k kind) sqlType() string {
	return [...]string{"", "boolean", "text", "numeric", "timestamptz", "numeric", "text[]"}[k]
}

// kind returns the kind of a field's value in an expression.
func (t FieldType) kind() kind {
	switch t {
	case Integer, Decimal, Money:
		return kindNumber
	case Boolean:
		return kindBool
	case Date, DateTime:
		return kindTime
	case References:
		return kindTexts
	default:
		return kindText
	}
}

// column is a property that every record has outside of its fields.
type column struct {
	name string
	kind kind
	// always says that no record is without it.
	always bool
	// uuid says that it is stored as a UUID; filters see its canonical text.
	uuid bool
}

func builtinColumns() []column {
	return []column{
		{name: "id", kind: kindText, always: true, uuid: true},
		{name: "title", kind: kindText, always: true},
		{name: "creator", kind: kindText, uuid: true},
		{name: "create_time", kind: kindTime, always: true},
		{name: "update_time", kind: kindTime, always: true},
	}
}

func userAttributes() []string { return []string{"id", "email", "name", "role", "locale"} }

// attribute returns the part of u that filters call by this name.
func (u *User) attribute(name string) string {
	switch name {
	case "id":
		return u.ID
	case "email":
		return u.Email
	case "name":
		return u.Name
	case "role":
		return u.Role
	default:
		return u.Locale
	}
}
