package mail

import (
	"strings"
	"time"
)

// readInvitation reads the first event of a calendar, or returns nil.
func readInvitation(calendar []byte) *Invitation {
	if len(calendar) == 0 {
		return nil
	}
	v := &Invitation{}
	inside := ""
	for _, line := range calendarLines(string(calendar)) {
		name, params, value := calendarLine(line)
		switch {
		case name == "BEGIN" && inside == "" && strings.EqualFold(value, "VEVENT"):
			inside = "VEVENT"
		case name == "END" && inside == "VEVENT" && strings.EqualFold(value, "VEVENT"):
			return v
		case name == "METHOD" && inside == "":
			v.Method = strings.ToUpper(truncate(value, 20))
		case inside == "VEVENT":
			if name == "BEGIN" { // an alarm, which has a summary too
				inside = "VALARM"
				continue
			}
			v.take(name, params, value)
		case name == "END" && inside == "VALARM":
			inside = "VEVENT"
		}
	}
	return nil
}

func (v *Invitation) take(name string, params map[string]string, value string) {
	switch name {
	case "UID":
		v.UID = truncate(cleanLine(value), maxIDBytes)
	case "SUMMARY":
		v.Summary = calendarText(value)
	case "LOCATION":
		v.Location = calendarText(value)
	case "ORGANIZER":
		if a := ParseAddresses(value); len(a) > 0 {
			v.Organizer = Address{Name: cleanName(params["CN"]), Addr: a[0].Addr}
		}
	case "DTSTART":
		v.Start, v.AllDay = calendarTime(params, value)
	case "DTEND":
		v.End, _ = calendarTime(params, value)
	}
}

// calendarLines unfolds lines (RFC 5545, 3.1).
func calendarLines(s string) []string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.NewReplacer("\n ", "", "\n\t", "").Replace(s)
	return strings.Split(s, "\n")
}

// calendarLine reads NAME;PARAM=value:value.
func calendarLine(line string) (name string, params map[string]string, value string) {
	quoted := false
	end := strings.IndexFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ':' && !quoted
	})
	if end < 0 {
		return "", nil, ""
	}
	value = strings.TrimSpace(line[end+1:])
	pieces := strings.Split(line[:end], ";")
	params = make(map[string]string, len(pieces))
	for _, piece := range pieces[1:] {
		key, v, _ := strings.Cut(piece, "=")
		params[strings.ToUpper(key)] = strings.Trim(v, `"`)
	}
	return strings.ToUpper(strings.TrimSpace(pieces[0])), params, value
}

func calendarText(value string) string {
	value = strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(value)
	return truncate(cleanLine(value), maxReason)
}

// calendarTime reads a moment in UTC, in a zone, or a whole day. A moment in a zone that nobody
// knows is left out, rather than wrong.
func calendarTime(params map[string]string, value string) (t time.Time, allDay bool) {
	if t, err := time.Parse("20060102T150405Z", value); err == nil {
		return t, false
	}
	if t, err := time.Parse("20060102", value); err == nil {
		return t, true
	}
	zone := params["TZID"]
	if iana, ok := windowsZones[zone]; ok {
		zone = iana
	}
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return time.Time{}, false
	}
	t, err = time.ParseInLocation("20060102T150405", value, place)
	if err != nil {
		return time.Time{}, false
	}
	return t, false
}

// windowsZones are the names that Outlook gives to the zones our users write from most.
var windowsZones = map[string]string{
	"W. Europe Standard Time": "Europe/Berlin", "Romance Standard Time": "Europe/Paris",
	"Central Europe Standard Time": "Europe/Budapest", "Central European Standard Time": "Europe/Warsaw",
	"FLE Standard Time": "Europe/Kiev", "GTB Standard Time": "Europe/Bucharest", "GMT Standard Time": "Europe/London",
	"Russian Standard Time": "Europe/Moscow", "Turkey Standard Time": "Europe/Istanbul", "China Standard Time": "Asia/Shanghai",
	"India Standard Time": "Asia/Kolkata", "Tokyo Standard Time": "Asia/Tokyo", "Eastern Standard Time": "America/New_York",
	"Central Standard Time": "America/Chicago", "Mountain Standard Time": "America/Denver", "Pacific Standard Time": "America/Los_Angeles",
	"E. South America Standard Time": "America/Sao_Paulo", "AUS Eastern Standard Time": "Australia/Sydney", "UTC": "UTC",
}
