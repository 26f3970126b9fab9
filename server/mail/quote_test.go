package mail_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

// What was written now is parted from what was there before, as the programs people use write it.
// Spec: C14
func TestSplitQuote(t *testing.T) {
	t.Parallel()
	const fresh = "Yes, please do.\n\nGrace"
	for name, quoted := range map[string]string{
		"gmail":                 "On Mon, Nov 2, 2026 at 3:04 PM Nora Berg <nora@fernhill.test> wrote:\n\n> Shall I send it?\n>\n> Nora",
		"gmail wrapped":         "On Mon, Nov 2, 2026 at 3:04 PM Nora Berg from Fernhill <\nreply+abcdefghijklmnop@fernhill.test> wrote:\n\n> Shall I send it?",
		"apple":                 "On 2 Nov 2026, at 15:04, Nora Berg <nora@fernhill.test> wrote:\n\nShall I send it?",
		"thunderbird":           "On 11/2/26 15:04, Nora Berg wrote:\n> Shall I send it?\n> \n> -- \n> Nora",
		"thunderbird german":    "Am 02.11.26 um 15:04 schrieb Nora Berg:\n> Soll ich es schicken?",
		"gmail german":          "Am Mo., 2. Nov. 2026 um 15:04 Uhr schrieb Nora Berg <\nnora@fernhill.test>:\n\n> Soll ich es schicken?",
		"french":                "Le lun. 2 nov. 2026 à 15:04, Nora Berg <nora@fernhill.test> a écrit :\n\n> Je l'envoie ?",
		"french wrapped":        "Le lundi 2 novembre 2026 à 15:04, Nora Berg <nora@fernhill.test>\na écrit\u00a0:\n> Je l'envoie ?",
		"swedish":               "Den mån 2 nov. 2026 kl 15:04 skrev Nora Berg <nora@fernhill.test>:\n\n> Ska jag skicka det?",
		"swedish apple":         "2 nov. 2026 kl. 15:04 skrev Nora Berg <nora@fernhill.test>:\n\nSka jag skicka det?",
		"danish":                "Den man. 2. nov. 2026 kl. 15.04 skrev Nora Berg <nora@fernhill.test>:\n\n> Skal jeg?",
		"ukrainian":             "пн, 2 лист. 2026 р. о 15:04 Nora Berg <nora@fernhill.test> пише:\n\n> Надіслати?",
		"ukrainian thunderbird": "02.11.26 15:04, Nora Berg пише:\n> Надіслати?",
		"russian gmail":         "пн, 2 нояб. 2026 г. в 15:04, Nora Berg <nora@fernhill.test>:\n\n> Отправить?",
		"russian":               "2 ноября 2026 г. 15:04 пользователь Nora Berg <nora@fernhill.test>\nнаписал:\n\n> Отправить?",
		"russian mail.ru":       "Понедельник, 2 ноября 2026, 15:04 +03:00 от Nora Berg <nora@fernhill.test>:\n\nОтправить?",
		"italian":               "Il giorno lun 2 nov 2026 alle ore 15:04 Nora Berg <nora@fernhill.test>\nha scritto:\n\n> Lo mando?",
		"chinese":               "Nora Berg <nora@fernhill.test> 于2026年11月2日周一 15:04写道：\n\n> 发送吗？",
		"chinese apple":         "在 2026年11月2日，下午3:04，Nora Berg <nora@fernhill.test> 写道：\n\n发送吗？",
		"japanese":              "2026年11月2日(月) 15:04 Nora Berg <nora@fernhill.test>:\n\n> 送りますか",
		"spanish":               "El lun, 2 nov 2026 a las 15:04, Nora Berg (<nora@fernhill.test>) escribió:\n\n> ¿Lo envío?",
		"polish":                "pon., 2 lis 2026 o 15:04 Nora Berg <nora@fernhill.test> napisał(a):\n\n> Wysłać?",
		"dutch":                 "Op ma 2 nov 2026 om 15:04 schreef Nora Berg <nora@fernhill.test>:\n\n> Zal ik?",
		"outlook":               "________________________________\nFrom: Nora Berg <nora@fernhill.test>\nSent: Monday, November 2, 2026 3:04 PM\nTo: Grace Hopper <grace@navy.test>\nSubject: Re: Order\n\nShall I send it?",
		"outlook desktop":       "-----Original Message-----\nFrom: Nora Berg [mailto:nora@fernhill.test]\nSent: Monday, November 2, 2026 3:04 PM\nTo: Grace\nSubject: Order\n\nShall I send it?",
		"outlook bold":          "*From:* Nora Berg <nora@fernhill.test>\n*Sent:* Monday, November 2, 2026 3:04 PM\n*To:* Grace\n*Subject:* Order\n\nShall I send it?",
		"outlook german":        "Von: Nora Berg <nora@fernhill.test>\nGesendet: Montag, 2. November 2026 15:04\nAn: Grace\nBetreff: AW: Auftrag\n\nSoll ich?",
		"outlook swedish":       "Från: Nora Berg <nora@fernhill.test>\nSkickat: den 2 november 2026 15:04\nTill: Grace\nÄmne: Order\n\nSka jag?",
		"outlook italian":       "Da: Nora Berg <nora@fernhill.test>\nInviato: lunedì 2 novembre 2026 15:04\nA: Grace\nOggetto: R: Ordine\n\nLo mando?",
		"outlook russian":       "От: Nora Berg <nora@fernhill.test>\nОтправлено: 2 ноября 2026 г. 15:04\nКому: Grace\nТема: Заказ\n\nОтправить?",
		"outlook ukrainian":     "Від: Nora Berg <nora@fernhill.test>\nНадіслано: 2 листопада 2026 р. 15:04\nКому: Grace\nТема: Замовлення\n\nНадіслати?",
		"outlook chinese":       "发件人: Nora Berg <nora@fernhill.test>\n发送时间: 2026年11月2日 15:04\n收件人: Grace\n主题: 订单\n\n发送吗？",
		"qq":                    "------------------ 原始邮件 ------------------\n发件人: \"Nora\" <nora@fernhill.test>;\n发送时间: 2026年11月2日\n\n发送吗？",
		"our marker":            mail.DefaultMarker + "\n\nNora Berg\n\nShall I send it?",
		"our marker translated": "##- Skriv ditt svar ovanför den här raden -##\n\nSka jag skicka det?",
		"quote alone":           "> Shall I send it?\n> Nora",
		"signature":             "-- \nGrace Hopper\nNavy",
		"signature and quote":   "-- \nGrace Hopper\n\nOn Mon, Nov 2, 2026 at 3:04 PM Nora <nora@fernhill.test> wrote:\n> Shall I send it?",
		"telephone":             "Sent from my iPhone",
		"telephone and quote":   "Von meinem iPhone gesendet\n\nAm 02.11.2026 um 15:04 schrieb Nora Berg <nora@fernhill.test>:\n\nSoll ich?",
		"telephone chinese":     "发自我的iPhone",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gotFresh, gotQuoted := mail.SplitQuote(fresh + "\n\n" + quoted + "\n")
			require.Equal(t, fresh, gotFresh)
			require.Equal(t, words(quoted), words(gotQuoted))
		})
	}
}

// A talk in which answers stand between quoted lines stays whole; an answer below
// a quote is found; and what is no quote is not taken for one.
// Spec: C14
func TestSplitQuoteKeeps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, fresh string }{
		"answer below": {
			"On Mon, Nov 2, 2026 at 3:04 PM Nora <nora@fernhill.test> wrote:\n> Shall I send it?\n\nYes.\n", "Yes.",
		},
		"answers between": {
			"Nora wrote on 2026-11-02 15:04:\n> One?\n\nYes.\n\n> Two?\n\nNo.\n\n> Regards\n", "Nora wrote on 2026-11-02 15:04:\n> One?\n\nYes.\n\n> Two?\n\nNo.",
		},
		"a quote in the middle": {"Look:\n\n> this line\n\nis wrong.", "Look:\n\n> this line\n\nis wrong."},
		"only a quote":          {"> nothing else\n", "> nothing else"},
		"only an attribution":   {"On Mon, Nov 2, 2026 at 3:04 PM Nora <nora@fernhill.test> wrote:\n> Hi", "On Mon, Nov 2, 2026 at 3:04 PM Nora <nora@fernhill.test> wrote:\n> Hi"},
		"forwarded": {
			"Please see below.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@a.test>\nDate: Mon, Nov 2, 2026\nSubject: Broken\nTo: Grace\n\nIt is broken.",
			"Please see below.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@a.test>\nDate: Mon, Nov 2, 2026\nSubject: Broken\nTo: Grace\n\nIt is broken.",
		},
		"a list of times":  {"We open on:\n\n- Monday 10:00\n\nFrom: Stockholm\nto Malmö", "We open on:\n\n- Monday 10:00\n\nFrom: Stockholm\nto Malmö"},
		"somebody wrote":   {"My neighbour wrote:\nHello", "My neighbour wrote:\nHello"},
		"an address given": {"We bought it in 2026.\nPlease write to Ann <ann@a.test>:\nshe knows.", "We bought it in 2026.\nPlease write to Ann <ann@a.test>:\nshe knows."},
		"dashes":           {"a\n--\nb\n" + strings.Repeat("more\n", 30), "a\n--\nb\n" + strings.TrimSuffix(strings.Repeat("more\n", 30), "\n")},
		"empty":            {"\n\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh, quoted := mail.SplitQuote(c.text)
			require.Equal(t, c.fresh, fresh)
			require.Equal(t, words(c.text), words(fresh+"\n"+quoted))
		})
	}
}

// words are all words of a text, sorted, since an answer below a quote comes first.
func words(s string) []string {
	all := strings.Fields(s)
	slices.Sort(all)
	return all
}

// Text made to be slow is not: a megabyte of beginnings takes no longer than it should.
func TestSplitQuoteIsLinear(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"On 2026 x\n", "> a\n", ">\n\n", "From: a\n", "From: a\nSent: b\n\n", "-- \n", "\n", "a", "On 2026 a wrote:\n> b\n\nc\n", "On 2026\n2026\n2026\n2026:\n",
	} {
		text := strings.Repeat(line, (1<<20)/len(line))
		start := time.Now()
		mail.SplitQuote(text)
		require.Less(t, time.Since(start), 10*time.Second, "%q", line)
	}
}
