package mail

import (
	"regexp"
	"strings"
)

// DefaultMarker is the line above which answers are to be written, in English. A
// translated one has to stay between "##-" and "-##" to be found again.
const DefaultMarker = "##- Please write your answer above this line -##"

// SplitQuote parts what was written now from the earlier mails and the signature
// below it. Both together are the whole text; neither is ever lost. If all of it seems to be quoted,
// then all of it is new. Answers between quoted lines keep the lines that they answer. A mail that
// was passed on is no quote. It needs linear time.
func SplitQuote(text string) (fresh, quoted string) {
	text = strings.Trim(text, "\n")
	lines := strings.Split(text, "\n")
	q := quoteCutter{lines: lines, quoted: make([]bool, len(lines))}
	q.cut()
	fresh, quoted = q.join(false), q.join(true)
	if strings.TrimSpace(fresh) == "" {
		return strings.TrimRight(text, " \n"), ""
	}
	return fresh, quoted
}

// quoteCutter decides line by line.
type quoteCutter struct {
	lines  []string
	quoted []bool
	fields []fieldKind // see field
}

func (q *quoteCutter) join(quoted bool) string {
	var kept []string
	for i, line := range q.lines {
		if q.quoted[i] == quoted {
			kept = append(kept, line)
		}
	}
	return strings.Trim(strings.TrimRight(strings.Join(kept, "\n"), " \t\n"), "\n")
}

func (q *quoteCutter) cut() {
	end := q.quoteStart()
	end = q.signatureStart(end)
	q.mark(end, len(q.lines))
	q.markBlocks(end)
	q.markPhoneLine(end)
}

func (q *quoteCutter) mark(from, to int) {
	for i := from; i < to; i++ {
		q.quoted[i] = true
	}
}

// quoteStart returns the line at which an earlier mail begins that goes on to the
// end; len(lines) if there is none.
func (q *quoteCutter) quoteStart() int {
	const most = 10_000 // lines; nobody writes more, and each has to be looked at closely
	for i := range min(len(q.lines), most) {
		line := clean(q.lines[i])
		switch {
		case line == "":
		case isMarker(line):
			return i
		case forwardLine.MatchString(line):
			return len(q.lines)
		case originalLine.MatchString(line):
			return i
		case underscores.MatchString(line) && q.isHeaderBlock(q.nextLine(i+1)):
			return i
		case q.isHeaderBlock(i):
			return i
		default:
			if n := q.attribution(i); n > 0 && !q.isAnswered(i+n) {
				return i
			}
		}
	}
	return len(q.lines)
}

// clean takes off what programs put round a line: bold stars, blanks of all kinds. What is
// longer than any line that matters is cut.
func clean(line string) string {
	const longest = 500
	line = strings.ReplaceAll(truncate(line, longest), "\u00a0", " ")
	line = strings.ReplaceAll(line, "\u202f", " ")
	return strings.TrimSpace(strings.ReplaceAll(line, "*", ""))
}

func isMarker(line string) bool {
	line = strings.TrimLeft(line, "> ")
	return strings.HasPrefix(line, "##-") && strings.HasSuffix(line, "-##")
}

// nextLine returns the first line from i on that is not empty.
func (q *quoteCutter) nextLine(i int) int {
	for limit := i + 3; i < len(q.lines) && i < limit && strings.TrimSpace(q.lines[i]) == ""; {
		i++
	}
	return i
}

// isAnswered tells whether what is quoted with ">" from line i on is followed by
// something new, which markBlocks then looks at.
func (q *quoteCutter) isAnswered(i int) bool {
	i = q.nextLine(i)
	if i >= len(q.lines) || !isQuoteLine(q.lines[i]) {
		return false
	}
	end := q.blockEnd(i)
	rest := q.nextLine(end)
	for rest < len(q.lines) && strings.TrimSpace(q.lines[rest]) == "" {
		rest++
	}
	return rest < len(q.lines) && !isSignatureMark(q.lines[rest])
}

func isQuoteLine(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " \t"), ">")
}

// blockEnd returns the line after a block of quoted lines, empty ones in it included.
func (q *quoteCutter) blockEnd(i int) int {
	end := i
	for ; i < len(q.lines); i++ {
		if isQuoteLine(q.lines[i]) {
			end = i + 1
		} else if strings.TrimSpace(q.lines[i]) != "" {
			break
		}
	}
	return end
}

// block is quoted lines.
type block struct{ from, to int }

// markBlocks marks lines quoted with ">": the last block if nothing new follows it, and a single
// block with the answer below it. Several blocks with answers between them are a talk, and stay.
func (q *quoteCutter) markBlocks(end int) {
	blocks := q.blocks(end)
	if len(blocks) == 0 {
		return
	}
	last := blocks[len(blocks)-1]
	if q.nextFresh(last.to, end) == end {
		q.mark(q.attributionAbove(last.from), end)
		blocks = blocks[:len(blocks)-1]
	}
	if len(blocks) == 1 {
		if from := q.attributionAbove(blocks[0].from); q.nextFresh(0, end) >= from {
			q.mark(from, blocks[0].to)
		}
	}
}

func (q *quoteCutter) blocks(end int) []block {
	var blocks []block
	for i := 0; i < end; i++ {
		if !isQuoteLine(q.lines[i]) {
			continue
		}
		to := min(end, q.blockEnd(i))
		blocks = append(blocks, block{from: i, to: to})
		i = to - 1
	}
	return blocks
}

// nextFresh returns the next line with text that is not quoted.
func (q *quoteCutter) nextFresh(i, end int) int {
	for i < end && (q.quoted[i] || strings.TrimSpace(q.lines[i]) == "") {
		i++
	}
	return min(i, end)
}

// attributionAbove returns where the line "... wrote:" above line i begins, or i.
func (q *quoteCutter) attributionAbove(i int) int {
	above := i
	for above > 0 && i-above < 3 && strings.TrimSpace(q.lines[above-1]) == "" {
		above--
	}
	for n := 1; n <= maxAttribution && above-n >= 0; n++ {
		if q.attribution(above-n) == n {
			return above - n
		}
	}
	if above > 0 && looksDated(clean(q.lines[above-1])) {
		return above - 1
	}
	return i
}

// signatureStart returns where a signature above line end begins, or end.
func (q *quoteCutter) signatureStart(end int) int {
	const longest = 15 // lines that a signature has at most if its mark lost its blank
	for i := range end {
		if q.lines[i] == "-- " || isSignatureMark(q.lines[i]) && end-i <= longest {
			return i
		}
	}
	return end
}

func isSignatureMark(line string) bool {
	return line == "-- " || strings.TrimRight(line, " \t\u00a0") == "--"
}

// phoneLine is what telephones put below a mail.
var phoneLine = regexp.MustCompile(`(?i)^(` + strings.Join([]string{
	`sent from (my|mail for|outlook for|yahoo|samsung|proton|aol)\b.{0,60}`, `get outlook for (ios|android)\b.{0,60}`, `sent (via|with|using) .{2,40}`,
	`von meinem .{2,40} gesendet`, `gesendet (von|mit|über) .{2,60}`, `envoyé de(puis)? mon .{2,40}`, `envoyé depuis .{2,40}`,
	`skickat från min .{2,40}`, `skickades från .{2,40}`, `inviato da(l mio)? .{2,40}`, `enviado desde mi .{2,40}`, `enviado do meu .{2,40}`,
	`отправлено (с|из) .{2,40}`, `надіслано (з|із) .{2,40}`, `发自我的.{2,40}`, `从我的.{2,20}发送`, `verzonden vanaf mijn .{2,40}`,
}, "|") + `)\.?( <https?://[^ >]*>)?$`)

// markPhoneLine marks such a line if it is the last new one.
func (q *quoteCutter) markPhoneLine(end int) {
	for i := end - 1; i >= 0; i-- {
		if q.quoted[i] || strings.TrimSpace(q.lines[i]) == "" {
			continue
		}
		if phoneLine.MatchString(clean(q.lines[i])) {
			q.quoted[i] = true
		}
		return
	}
}
