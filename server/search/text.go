package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxTokens  = 16_000 // PostgreSQL counts places up to 16,383
	maxLetters = 48
	maxJoined  = 4
)

// token is a word of a text as it is looked up.
type token struct {
	word string
	// at is its place among the text's words. A joined word stands at the place of
	// its first part.
	at int
	// start and end are where it stands in the text, in bytes.
	start, end int
	// first is where its first letter ends, of a pair.
	first int
	sort  tokenSort
	// glue says what is between this word and the one before it.
	glue glue
}

type tokenSort uint8

const (
	plain  tokenSort = iota
	pair             // two letters of a script without spaces
	last             // the last letter of a row of such
	joined           // several words that a hyphen or an apostrophe connects
)

type glue uint8

const (
	apart   glue = iota // a space, or more than one sign
	sign                // one sign, as in an address
	binding             // a hyphen or an apostrophe
	direct              // nothing: the script changes
)

// tokens are a text's words, up to a bound. The text must be in the normal form C.
func tokens(text string) []token {
	c := cutter{text: text}
	for i := 0; i < len(text) && len(c.out) < maxTokens; {
		r, size := utf8.DecodeRuneInString(text[i:])
		c.take(r, i, i+size)
		i += size
	}
	c.endWord()
	c.endRow()
	c.endJoined()
	return c.out
}

// composed is a text in the form that tokens takes.
func composed(text string) string { return norm.NFC.String(text) }

// cutter cuts a text into words.
type cutter struct {
	text string
	out  []token
	at   int

	word       []byte // the word that is being read
	letters    int
	start, end int

	row []letter // the row of a script without spaces that is being read

	between int  // signs since the last word
	space   bool // one of them is a space
	binds   bool // the last of them is a hyphen or an apostrophe

	parts []token // words in a row that are bound to each other
}

type letter struct {
	text       string
	start, end int
}

// take reads one character.
func (c *cutter) take(r rune, start, end int) {
	switch {
	case r < utf8.RuneSelf:
		c.takeASCII(byte(r), start, end)
	case unspaced(r):
		c.endWord()
		c.row = append(c.row, letter{fold(r), start, end})
	case dropped(r):
		c.extend(end)
	case isApostrophe(r) || isHyphen(r):
		c.separate(r)
	case unicode.Is(unicode.So, r):
		c.picture(r, start, end)
	default:
		c.takeFolded(fold(r), r, start, end)
	}
}

func (c *cutter) takeASCII(b byte, start, end int) {
	switch {
	case 'a' <= b && b <= 'z' || '0' <= b && b <= '9':
		c.add(string(rune(b)), start, end)
	case 'A' <= b && b <= 'Z':
		c.add(string(rune(b|0x20)), start, end)
	default:
		c.separate(rune(b))
	}
}

// takeFolded reads what a character becomes: letters, or signs such as the three
// dots of an ellipsis.
func (c *cutter) takeFolded(folded string, r rune, start, end int) {
	for _, f := range folded {
		if !unicode.IsLetter(f) && !unicode.IsNumber(f) && !unicode.IsMark(f) {
			c.separate(r)
			continue
		}
		c.add(string(f), start, end)
	}
}

// add adds a letter to the word.
func (c *cutter) add(s string, start, end int) {
	c.endRow()
	if len(c.word) == 0 {
		c.start, c.letters = start, 0
	}
	c.end = end
	if c.letters++; c.letters <= maxLetters {
		c.word = append(c.word, s...)
	}
}

// extend makes a mark that is left out part of what it stands on.
func (c *cutter) extend(end int) {
	if len(c.word) > 0 {
		c.end = end
	}
	if n := len(c.row); n > 0 {
		c.row[n-1].end = end
	}
}

func (c *cutter) separate(r rune) {
	c.endWord()
	c.endRow()
	c.between++
	c.space = c.space || unicode.IsSpace(r)
	c.binds = isApostrophe(r) || isHyphen(r)
}

// picture is a character that is a word by itself, such as an emoji.
func (c *cutter) picture(r rune, start, end int) {
	c.endWord()
	c.endRow()
	c.emit(token{word: string(r), start: start, end: end})
}

func (c *cutter) endWord() {
	if len(c.word) == 0 {
		return
	}
	c.emit(token{word: string(c.word), start: c.start, end: c.end})
	c.word = c.word[:0]
}

// endRow makes pairs of a row: of ABC they are AB, BC and C. So every part of two
// letters or more is a phrase of pairs, and a single one is the beginning of a
// pair.
func (c *cutter) endRow() {
	row := c.row
	c.row = nil
	for i, l := range row {
		t := token{word: l.text, start: l.start, end: l.end, sort: last}
		if i+1 < len(row) {
			t = token{word: l.text + row[i+1].text, start: l.start, end: row[i+1].end, first: l.end, sort: pair}
		}
		c.emit(t)
	}
}

func (c *cutter) emit(t token) {
	t.glue = c.glue()
	if t.glue != binding || t.sort != plain {
		c.endJoined()
	}
	c.at++
	t.at = c.at
	c.out = append(c.out, t)
	if t.sort == plain {
		c.parts = append(c.parts, t)
	}
	c.between, c.space, c.binds = 0, false, false
}

func (c *cutter) glue() glue {
	switch {
	case len(c.out) == 0 || c.space || c.between > 1:
		return apart
	case c.between == 0:
		return direct
	case c.binds:
		return binding
	default:
		return sign
	}
}

// endJoined adds a word of those that are bound to each other, so that "dont" and
// "email" are found in "don't" and "e-mail".
func (c *cutter) endJoined() {
	if n := len(c.parts); n > 1 && n <= maxJoined {
		t := token{at: c.parts[0].at, start: c.parts[0].start, end: c.parts[n-1].end, sort: joined}
		for _, p := range c.parts {
			t.word += p.word
		}
		if utf8.RuneCountInString(t.word) <= maxLetters {
			c.out = append(c.out, t)
		}
	}
	c.parts = c.parts[:0]
}

// unspaced reports scripts that are written without spaces between words, or with
// endings that hang on to them.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer,
		unicode.Myanmar, unicode.Bopomofo, unicode.Yi, unicode.Tibetan) && (unicode.IsLetter(r) || unicode.IsMark(r)) || r == 'ー' || r == 'ｰ'
}

func isApostrophe(r rune) bool {
	return r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == 'ʹ' || r == '＇' || r == '`' || r == '´'
}

func isHyphen(r rune) bool {
	return r == '-' || r == '‐' || r == '‑' || r == '–' || r == '－'
}

// dropped reports characters that people leave out when they search: accents and
// points, and what cannot be seen. Marks of other scripts are letters.
func dropped(r rune) bool {
	return r == '\u00ad' || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || unicode.Is(accents, r)
}

// accents are the marks of Latin, Greek, Cyrillic, Hebrew and Arabic, those of
// kana, and the skins of emoji.
var accents = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0300, 0x036f, 1}, {0x0483, 0x0487, 1}, {0x0591, 0x05bd, 1}, {0x05bf, 0x05bf, 1}, {0x05c1, 0x05c2, 1}, {0x05c4, 0x05c5, 1},
		{0x0610, 0x061a, 1}, {0x0640, 0x0640, 1}, {0x064b, 0x065f, 1}, {0x0670, 0x0670, 1}, {0x06d6, 0x06ed, 1},
		{0x1ab0, 0x1aff, 1}, {0x1dc0, 0x1dff, 1}, {0x20d0, 0x20ff, 1}, {0x3099, 0x309a, 1}, {0xfe20, 0xfe2f, 1},
	},
	R32: []unicode.Range32{{0x1f3fb, 0x1f3ff, 1}},
}

// undivided are letters that Unicode does not take apart, but people do.
var undivided = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ħ", "h", "ŧ", "t", "ı", "i", "æ", "ae", "œ", "oe",
	"þ", "th", "ð", "d", "ŋ", "n", "ґ", "г", "ς", "σ")

// fold is a character as it is searched for: in lower case, narrow, without
// accents.
func fold(r rune) string {
	if unicode.Is(unicode.Hangul, r) {
		return string(r) // taken apart it would be three
	}
	s := string(r)
	if d := norm.NFKD.PropertiesString(s).Decomposition(); len(d) > 0 {
		s = string(d)
	}
	s = strings.Map(func(r rune) rune {
		if unicode.Is(accents, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	return undivided.Replace(s)
}
