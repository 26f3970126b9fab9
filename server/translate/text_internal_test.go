package translate

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzSplit(f *testing.F) {
	f.Add("one two\n\nthree", 5)
	f.Add(strings.Repeat("长", 50), 7)
	f.Add("  \n ", 1)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = 1 + (most&0xff+0x100)%100
		var whole strings.Builder
		for _, p := range split(text, most) {
			require.LessOrEqual(t, utf8.RuneCountInString(p.text), most)
			whole.WriteString(p.text + p.after)
		}
		require.Equal(t, text, whole.String())
	})
}
