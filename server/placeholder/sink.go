package placeholder

import (
	"strings"
	"unicode"
)

// Sink makes a value harmless for where the text goes.
type Sink func(value string) string

// Plain is for a text that is shown as it is: control characters but line breaks
// and tabs are left out.
func Plain(value string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ReplaceAll(value, "\r\n", "\n"))
}

// Line is for a text of one line, such as a subject.
func Line(value string) string {
	return strings.Join(strings.FieldsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// meaning are the characters that mean something anywhere in Markdown.
const meaning = "\\`*_~[]()<>&|"

// Markdown is for a text in Markdown: the value is read as the characters that it
// has, never as formatting, a link, an image or HTML.
func Markdown(value string) string {
	var b strings.Builder
	for i, line := range strings.Split(Plain(value), "\n") {
		line = strings.TrimSpace(line) // indented, it would be code
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(escaped(line))
	}
	return b.String()
}

func escaped(line string) string {
	var b strings.Builder
	if at := marker(line); at >= 0 {
		b.WriteString(line[:at] + `\`)
		line = line[at:]
		b.WriteByte(line[0]) // what is marked was escaped just now
		line = line[1:]
	}
	for _, r := range line {
		if strings.ContainsRune(meaning, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// marker is where a line has a character that makes it a heading, an item of a
// list, a quotation or a rule; -1 if it has none.
func marker(line string) int {
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	switch {
	case line == "":
		return -1
	case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "="), strings.HasPrefix(line, ">"):
		return 0
	case (line[0] == '-' || line[0] == '+') && (len(line) == 1 || line[1] == ' ' || line[1] == '\t' || strings.Trim(line, "- ") == ""):
		return 0
	case digits > 0 && digits < 10 && digits < len(line) && (line[digits] == '.' || line[digits] == ')') &&
		(digits+1 == len(line) || line[digits+1] == ' ' || line[digits+1] == '\t'):
		return digits
	default:
		return -1
	}
}
