package record

import (
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// momentLayout is how moments are stored: always alike, so that they compare
	// as text as they do as moments.
	momentLayout = "2006-01-02T15:04:05.000000Z"
	dayLayout    = time.DateOnly

	maxEmail = 254
	maxURL   = 2_000
	maxPhone = 40
)

func day(s string) (any, string) {
	t, err := time.Parse(dayLayout, s)
	if err != nil || !storable(t) {
		return nil, quoted(s) + ` is no day; give it as "2026-11-30"`
	}
	return s, ""
}

// moment is stored in UTC, to the microsecond.
func moment(s string) (any, string) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !storable(t.UTC()) {
		return nil, quoted(s) + ` is no moment; give it as "2026-11-30T12:00:00Z"`
	}
	return t.UTC().Format(momentLayout), ""
}

// storable says whether PostgreSQL reads the year as Go writes it.
func storable(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// email checks what every deliverable address has, and no more: only the mail
// server at the other end knows the rest. The domain is put in lower case.
func email(s string) (any, string) {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > maxEmail {
		return nil, quoted(s) + ` is no e-mail address; give one such as "ann@example.com"`
	}
	local, domain := s[:at], strings.ToLower(s[at+1:])
	odd := strings.ContainsFunc(local, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`@<>(),;:\"[]`, r)
	})
	if odd || len(local) > 64 || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || !isDomain(domain) {
		return nil, quoted(s) + ` is no e-mail address; give one such as "ann@example.com"`
	}
	return local + "@" + domain, ""
}

// isDomain says whether a name has at least two labels of letters, digits and
// inner hyphens, in any script.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		bad := strings.ContainsFunc(label, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '-'
		})
		if label == "" || bad || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return len(labels) > 1
}

// phone keeps a number as people write it, with single spaces.
func phone(s string) (any, string) {
	s = strings.Join(strings.Fields(s), " ")
	count := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			count++
		case r == '+' && i == 0, strings.ContainsRune(" ()-./x#*", r):
		default:
			count = -len(s)
		}
	}
	if count < 3 || count > 20 || len(s) > maxPhone {
		return nil, quoted(s) + ` is no telephone number; give one such as "+49 30 1234567"`
	}
	return s, ""
}

// webAddress takes http and https addresses; one without a scheme gets https.
func webAddress(s string) (any, string) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	odd := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	if err != nil || odd || u.Hostname() == "" || utf8.RuneCountInString(s) > maxURL ||
		!strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https") {
		return nil, quoted(s) + ` is no web address; give one such as "https://example.com"`
	}
	return s, ""
}

// shownMoment is a stored moment as it goes out: without a fraction that is zero.
func shownMoment(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return t.Format(time.RFC3339Nano)
}
