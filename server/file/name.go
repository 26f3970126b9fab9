package file

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxName is how long a name may be, in bytes: file systems take 255, and a
	// browser that saves a second file of the name adds to it.
	maxName = 200
	// maxExtension is how much of a long name's end is kept as its extension.
	maxExtension = 20
	// noName is the name of a file of which no part of the name was fit to show.
	noName = "file"
)

// CleanName makes a name that somebody gave a file fit to be shown and saved:
// what a person sees is what the name is.
//
// It is in Unicode's composed compatibility form, without control, direction
// and invisible characters, so that the extension that is shown is the one that
// counts; without what separates or means something in paths on any system;
// without dots or dashes at its beginning, which hide a file or make it an
// option; and no longer than a file system takes, with the extension kept.
// Cleaning a clean name changes nothing.
func CleanName(name string) string {
	name = norm.NFKC.String(strings.ToValidUTF8(name, ""))
	name = norm.NFKC.String(strings.Map(showable, name))
	name = strings.Join(strings.Fields(name), " ")
	name = unhide(name)
	name = shorten(name)
	if name == "" {
		return noName
	}
	if reserved(name) {
		return "_" + name
	}
	return name
}

// showable replaces or drops (-1) one character.
func showable(r rune) rune {
	switch {
	case strings.ContainsRune(`/\:*?"<>|`, r):
		return '_'
	case unicode.IsSpace(r), unicode.In(r, unicode.Zl, unicode.Zp):
		return ' '
	case r == utf8.RuneError, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs),
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector),
		r == '\u2800', // a braille pattern without dots
		r >= 0xE0000:
		return -1
	case !unicode.IsGraphic(r):
		return -1
	default:
		return r
	}
}

// unhide takes away what stands around a name and gives it another meaning:
// leading dots and dashes, and the trailing dots and spaces that Windows drops.
func unhide(name string) string {
	name = strings.TrimRight(name, ". ")
	rest := strings.TrimLeft(name, ".- ")
	if rest != name && rest != "" {
		return "_" + rest
	}
	return rest
}

// shorten cuts a name that is too long before its extension.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	extension := ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= maxExtension {
		extension = name[dot:]
	}
	stem := name[:maxName-len(extension)]
	for len(stem) > 0 && !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return strings.TrimRight(stem, ". ") + extension
}

// reserved is true for the names of devices on Windows, whatever their
// extension.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem = strings.TrimRight(stem, " ")
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	port, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		port, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && len(port) == 1 && port[0] >= '0' && port[0] <= '9'
}
