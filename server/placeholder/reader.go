package placeholder

import (
	"strings"
	"time"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// Reader is whom values are written for.
type Reader struct {
	// Locale is a BCP 47 tag, such as "sv" or "en-GB". Days and numbers are written
	// as one does there; where that is not known, as ISO 8601 and with a point.
	Locale string
	// Zone is where moments are told; nil is UTC.
	Zone *time.Location
}

// habits are how a language writes things.
type habits struct {
	months []string
	// after stands behind the year; layout is the whole of a day where months have
	// numbers.
	after, layout     string
	thousands, commas string
	yes, no           string
}

// unbroken is a space at which no line breaks.
const unbroken = "\u00a0"

// habitsOf knows the languages that the console speaks.
func habitsOf(locale string) habits {
	language, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	switch language {
	case "en":
		return habits{months: strings.Fields("January February March April May June July August September October November December"),
			thousands: ",", commas: ".", yes: "Yes", no: "No"}
	case "sv":
		return habits{months: strings.Fields("januari februari mars april maj juni juli augusti september oktober november december"),
			thousands: unbroken, commas: ",", yes: "Ja", no: "Nej"}
	case "uk":
		return habits{months: strings.Fields("січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня"),
			after: unbroken + "р.", thousands: unbroken, commas: ",", yes: "Так", no: "Ні"}
	case "it":
		return habits{months: strings.Fields("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
			thousands: ".", commas: ",", yes: "Sì", no: "No"}
	case "zh":
		return habits{layout: "2006年1月2日", thousands: ",", commas: ".", yes: "是", no: "否"}
	default:
		return habits{commas: ".", yes: "Yes", no: "No"}
	}
}

// Value is a record's field as a person reads it: the label of an option, names
// of what is referred to, an amount with its currency. It is empty if the field
// has no value, or none that is shown.
func (r Reader) Value(f *recordv1.Field, of *recordv1.Record) string {
	v := of.GetFields().GetFields()[f.GetName()]
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_BOOLEAN:
		return r.truth(v.GetBoolValue(), v != nil)
	case recordv1.FieldType_FIELD_TYPE_INTEGER, recordv1.FieldType_FIELD_TYPE_SELECTION, recordv1.FieldType_FIELD_TYPE_REFERENCE,
		recordv1.FieldType_FIELD_TYPE_REFERENCES, recordv1.FieldType_FIELD_TYPE_FILE:
		shown := of.GetDisplay()[f.GetName()]
		if f.GetType() == recordv1.FieldType_FIELD_TYPE_INTEGER {
			return r.Number(shown)
		}
		return shown
	case recordv1.FieldType_FIELD_TYPE_DECIMAL:
		return r.Number(v.GetStringValue())
	case recordv1.FieldType_FIELD_TYPE_MONEY:
		money := v.GetStructValue().GetFields()
		return strings.TrimSpace(r.Number(money["amount"].GetStringValue()) + unbroken + money["currency"].GetStringValue())
	case recordv1.FieldType_FIELD_TYPE_DATE:
		return r.Day(v.GetStringValue())
	case recordv1.FieldType_FIELD_TYPE_DATETIME:
		return r.Moment(v.GetStringValue())
	default:
		return v.GetStringValue()
	}
}

func (r Reader) truth(yes, known bool) string {
	h := habitsOf(r.Locale)
	switch {
	case !known:
		return ""
	case yes:
		return h.yes
	default:
		return h.no
	}
}

// Number groups the digits of a decimal number in plain notation. The decimals
// stay as they are.
func (r Reader) Number(s string) string {
	h := habitsOf(r.Locale)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, decimals, _ := strings.Cut(s, ".")
	for at := len(whole) - 3; at > 0 && h.thousands != ""; at -= 3 {
		whole = whole[:at] + h.thousands + whole[at:]
	}
	if decimals != "" {
		whole += h.commas + decimals
	}
	return sign + whole
}

// Day writes a day, such as "2026-11-30". What is none stays as it is.
func (r Reader) Day(s string) string {
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return r.day(day)
}

func (r Reader) day(t time.Time) string {
	h := habitsOf(r.Locale)
	switch {
	case h.months != nil:
		return t.Format("2 ") + h.months[t.Month()-1] + t.Format(" 2006") + h.after
	case h.layout != "":
		return t.Format(h.layout)
	default:
		return t.Format(time.DateOnly)
	}
}

// Moment writes a moment in RFC 3339, with the zone that it is told in. What is
// none stays as it is.
func (r Reader) Moment(s string) string {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	at = at.In(zone)
	return r.day(at) + at.Format(" 15:04 MST")
}
