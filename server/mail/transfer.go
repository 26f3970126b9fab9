package mail

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// transferReader undoes a Content-Transfer-Encoding. It never fails on what it
// reads: what is no part of the encoding is passed over, and an unknown encoding is none.
func transferReader(r io.Reader, scheme string) io.Reader {
	scheme, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(scheme)), ";")
	switch strings.Trim(scheme, " \t\"") {
	case "base64":
		return &base64Reader{r: bufio.NewReaderSize(r, 32<<10)}
	case "quoted-printable":
		return &quotedReader{r: bufio.NewReaderSize(r, 4<<10)}
	}
	return r
}

func decodeBase64(b []byte) []byte {
	out, _ := io.ReadAll(&base64Reader{r: bufio.NewReader(bytes.NewReader(b))})
	return out
}

func decodeQuoted(b []byte) []byte {
	out, _ := io.ReadAll(&quotedReader{r: bufio.NewReader(bytes.NewReader(b))})
	return out
}

// base64Reader decodes base64 with foreign characters, without padding, or padded in its midst.
type base64Reader struct {
	r     *bufio.Reader
	bits  uint32
	count int // sextets of the group that is being read
}

func (d *base64Reader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c, err := d.r.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		if c == '=' { // its whole bytes were given out as they became whole
			d.bits, d.count = 0, 0
			continue
		}
		v := sextet(c)
		if v > 63 {
			continue
		}
		d.bits = d.bits<<6 | uint32(v)
		d.count++
		if d.count > 1 {
			p[n] = byte(d.bits >> (8 - 2*d.count))
			n++
		}
		d.count %= 4
	}
	return n, nil
}

func sextet(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return 64
}

// quotedReader decodes quoted-printable; a "=" that starts nothing stands for itself.
type quotedReader struct {
	r *bufio.Reader
}

func (d *quotedReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c, err := d.r.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		if c == '=' {
			if c, err = d.escape(); err != nil {
				continue // a soft line break
			}
		}
		p[n] = c
		n++
	}
	return n, nil
}

// escape reads what follows a "=". It returns io.EOF for a soft line break.
func (d *quotedReader) escape() (byte, error) {
	const blanks = 80
	next, _ := d.r.Peek(blanks)
	if len(next) >= 2 && unhex(next[0]) < 16 && unhex(next[1]) < 16 {
		_, _ = d.r.Discard(2)
		return unhex(next[0])<<4 | unhex(next[1]), nil
	}
	for i, c := range next {
		switch c {
		case ' ', '\t', '\r':
			continue
		case '\n':
			_, _ = d.r.Discard(i + 1)
			return 0, io.EOF
		}
		return '=', nil
	}
	if len(next) < blanks { // at the very end
		_, _ = d.r.Discard(len(next))
		return 0, io.EOF
	}
	return '=', nil
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}
