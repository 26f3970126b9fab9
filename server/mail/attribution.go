package mail

import (
	"regexp"
	"strings"
)

// maxAttribution is over how many lines "On ... wrote:" may be broken.
const maxAttribution = 4

// attribution returns how many lines from i on say who wrote what follows; 0 if they do not.
func (q *quoteCutter) attribution(i int) int {
	joined := ""
	for n := 1; n <= maxAttribution && i+n <= len(q.lines); n++ {
		line := clean(q.lines[i+n-1])
		if line == "" || isQuoteLine(line) {
			return 0
		}
		if n == 1 && !attributionStart.MatchString(line) || n == 2 && !datedStart.MatchString(joined) {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + line)
		if isAttribution(joined) {
			return n
		}
	}
	return 0
}

func isAttribution(line string) bool {
	if !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, "：") {
		return false
	}
	return looksDated(line) && (wroteLine.MatchString(line) || mailThenColon.MatchString(line) && datedStart.MatchString(line))
}

// looksDated tells whether a line has a time or a date in it and ends with a colon.
func looksDated(line string) bool {
	return (strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：")) && dateLike.MatchString(line)
}

var (
	// attributionStart is how such a line may begin at all.
	attributionStart = regexp.MustCompile(`^["<(\[\p{L}]|^[0-9]{1,4}[-./年 ]`)

	// datedStart is how it begins where it is broken or has no verb: with a preposition, a day of
	// the week and a number, or a date.
	datedStart = regexp.MustCompile(`(?i)^(on|am|le|den|på|il|el|em|op|w dniu|kl|pe|в|у|о) |^\p{L}{2,12}[.,]{0,2} ?[0-9]|^[0-9]{1,4}[-./年 ]|^(在|于|於)`)

	// wroteLine is the verb, in the languages that mail programs have.
	wroteLine = regexp.MustCompile(`(?i)(` + strings.Join([]string{
		`\bwrote`, `\bschrieb\b.*`, `\ba écrit`, `\bskrev\b.*`, `\bha scritto`, `\bescribió`, `\bescreveu`, `\bschreef\b.*`,
		`пишет`, `писал(а|\(а\))?`, `написал(а|\(а\))?`, `пише`, `написав(\(ла\)|ла)?`, `писав(\(ла\)|ла)?`, `写道`, `寫道`, `撰写`, `のメール`,
		`napisał(\(a\)|a)?`, `napsal(\(a\)|a)?`, `kirjoitti`, `a scris`, `yazdı`, `írta`, `έγραψε`,
	}, "|") + `)\s*[:：]$`)

	// mailThenColon is Gmail's form without a verb, and the Japanese one.
	mailThenColon = regexp.MustCompile(`[<\[(](mailto:)?[^\s<>]+@[^\s<>]+[>\])]\s*[:：]$`)

	dateLike = regexp.MustCompile(`[0-9]{1,2}[:.h][0-9]{2}|[0-9]{4}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}`)

	underscores = regexp.MustCompile(`^_{10,}$`)

	// originalLine is the line that Outlook and others draw.
	originalLine = regexp.MustCompile(`(?i)^>?\s*-{2,}\s*(` + strings.Join([]string{
		`original message`, `original appointment`, `reply message`, `ursprüngliche nachricht`, `originalnachricht`, `message d.origine`, `message original`,
		`ursprungligt meddelande`, `originalmeddelande`, `messaggio originale`, `mensaje original`, `mensagem original`,
		`oorspronkelijk bericht`, `исходное сообщение`, `оригинальное сообщение`, `вихідне повідомлення`, `оригінальне повідомлення`,
		`原始邮件`, `原始郵件`, `回复的原邮件`, `元のメッセージ`, `wiadomość oryginalna`, `oryginalna wiadomość`, `original besked`, `opprinnelig melding`, `alkuperäinen viesti`,
	}, "|") + `)\s*-{2,}$`)

	// forwardLine begins a mail that was passed on: what follows is new to who reads it.
	forwardLine = regexp.MustCompile(`(?i)^(-{2,}\s*(forwarded message|weitergeleitete nachricht|message (transféré|réexpédié)|vidarebefordrat meddelande|messaggio inoltrato|mensaje reenviado|mensagem encaminhada|doorgestuurd bericht|пересылаемое сообщение|переслане повідомлення|转发的?邮件|forwarded by .{1,100})\b.*-{0,}|begin forwarded message\s*:|anfang der weitergeleiteten nachricht\s*:|début du message (transféré|réexpédié)\s*:|vidarebefordrat brev\s*:|inizio messaggio inoltrato\s*:)$`)
)

// Outlook's names of a mail's fields, by what they mean.
var (
	fromField = regexp.MustCompile(`(?i)^(from|von|de|från|da|od|від|от|发件人|寄件者|寄件人|差出人|fra|van|lähettäjä)\s*[:：]\s*\S`)
	dateField = regexp.MustCompile(`(?i)^(sent|date|gesendet|datum|envoyé|skickat|inviato|data|enviado( el| em)?|fecha|verzonden|wysłano|отправлено|дата|надіслано|发送时间|发送日期|日期|寄件日期|送信日時|sendt|dato|lähetetty)\s*[:：]\s*\S`)
	restField = regexp.MustCompile(`(?i)^(to|cc|subject|an|kopie|betreff|à|objet|till|kopia|ämne|a|oggetto|para|asunto|assunto|aan|onderwerp|do|temat|кому|копия|копія|тема|收件人|抄送|主题|主旨|宛先|件名|til|emne|vastaanottaja|aihe|importance|reply-to)\s*[:：]`)
)

// fieldKind is what a line looks like as part of such a header. They are flags.
type fieldKind uint8

const (
	fieldKnown fieldKind = 1 << iota // was looked at
	fieldFrom
	fieldDate
	fieldRest
)

// field looks at a line, once.
func (q *quoteCutter) field(i int) fieldKind {
	if q.fields == nil {
		q.fields = make([]fieldKind, len(q.lines))
	}
	if q.fields[i] != 0 {
		return q.fields[i]
	}
	line, kind := clean(q.lines[i]), fieldKnown
	if strings.ContainsAny(truncate(line, maxFieldName), ":：") {
		if fromField.MatchString(line) {
			kind |= fieldFrom
		}
		if dateField.MatchString(line) {
			kind |= fieldDate
		}
		if restField.MatchString(line) {
			kind |= fieldRest
		}
	}
	q.fields[i] = kind
	return kind
}

// maxFieldName is longer than any name of a field with its colon, in bytes.
const maxFieldName = 60

// isHeaderBlock tells whether the lines from i on are the header of an earlier mail
// as Outlook shows it: who, and then when and at least one more, in any order.
func (q *quoteCutter) isHeaderBlock(i int) bool {
	if i >= len(q.lines) || q.field(i)&fieldFrom == 0 {
		return false
	}
	var seen fieldKind
	const most = 8 // lines, since a long list of recipients is broken
	for k := i + 1; k < len(q.lines) && k < i+most; k++ {
		if seen&(fieldDate|fieldRest) != 0 && strings.TrimSpace(q.lines[k]) == "" {
			break
		}
		seen |= q.field(k)
	}
	return seen&fieldDate != 0 && seen&fieldRest != 0
}
