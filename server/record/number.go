package record

import (
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

// maxDigits is how many digits a decimal has at most, leading zeros not counted.
const maxDigits = 30

const decimalAdvice = `give a decimal number such as "12.50", with at most 30 digits`

// decimalOf takes a text or a number and returns plain notation: an optional
// minus, digits, and if there are decimals a point and they. The decimals stay
// as many as they were.
func decimalOf(v any) (any, string) {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case float64:
		s = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return nil, decimalAdvice
	}
	if s = strings.TrimSpace(s); s == "" {
		return nil, ""
	}
	out, ok := plain(s)
	if !ok {
		return nil, decimalAdvice
	}
	return out, ""
}

// plain brings a decimal into plain notation; ok is false if it is none.
func plain(s string) (out string, ok bool) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	whole, decimals, _ := strings.Cut(s, ".")
	if whole+decimals == "" || !digits(whole) || !digits(decimals) {
		return "", false
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole)+len(decimals) > maxDigits {
		return "", false
	}
	if whole == "" {
		whole = "0"
	}
	out = whole
	if decimals != "" {
		out += "." + decimals
	}
	if negative && strings.Trim(out, "0.") != "" {
		out = "-" + out
	}
	return out, true
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// money takes {"amount": ..., "currency": ...}. The amount gets the decimals
// that the currency has, and keeps what it has beyond them.
func money(v any) (any, string) {
	const advice = `give an amount with its currency, such as {"amount": "12.50", "currency": "EUR"}`
	m, ok := v.(map[string]any)
	if !ok {
		return nil, advice
	}
	for key := range m {
		if key != "amount" && key != "currency" {
			return nil, advice
		}
	}
	if m["amount"] == nil && m["currency"] == nil {
		return nil, ""
	}
	amount, problem := decimalOf(m["amount"])
	if problem != "" || amount == nil {
		return nil, advice
	}
	code, ok := m["currency"].(string)
	if !ok {
		return nil, advice
	}
	unit, err := currency.ParseISO(strings.TrimSpace(code))
	if err != nil {
		return nil, quoted(code) + " is no currency; give its three letters, such as EUR"
	}
	scale, _ := currency.Standard.Rounding(unit)
	return map[string]any{"amount": padded(amount.(string), scale), "currency": unit.String()}, ""
}

// padded gives a decimal at least so many decimals, if there is room for them.
func padded(s string, scale int) string {
	whole, decimals, _ := strings.Cut(s, ".")
	missing := scale - len(decimals)
	if missing <= 0 || len(strings.TrimPrefix(whole, "-"))+scale > maxDigits {
		return s
	}
	return whole + "." + decimals + strings.Repeat("0", missing)
}

// sameDecimal says whether two decimals in plain notation are the same number.
func sameDecimal(a, b string) bool {
	x, ok := new(big.Rat).SetString(a)
	y, also := new(big.Rat).SetString(b)
	return ok && also && x.Cmp(y) == 0
}

// shortest is a decimal without the zeros at its end: one text for one number.
func shortest(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// grouped writes a count for people.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
