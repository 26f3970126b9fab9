package preview

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxBlocks is how many blocks of a picture are looked through: each may be one
// more request to the store.
const maxBlocks = 100

// ended turns the end of a file, where more was announced, into ErrNone, and
// leaves other failures to read as they are.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early", ErrNone)
	}
	return fmt.Errorf("read picture: %w", err)
}

// lookJPEG walks the segments up to the first scan. What it does not understand
// as the decoder would is refused, so that nothing is hidden from it.
func lookJPEG(from io.ReadSeeker) (t traits, err error) {
	r := bufio.NewReader(from)
	if _, err := r.Discard(2); err != nil {
		return t, ended(err)
	}
	for range maxBlocks {
		marker, size, err := nextSegment(r)
		if err != nil {
			return t, err
		}
		switch marker {
		case 0xc2, 0xc6, 0xca, 0xce:
			t.layered = true
		case 0xda:
			return t, nil
		}
		body := make([]byte, 0)
		if marker == 0xe1 && t.orientation == 0 {
			body = make([]byte, size)
		}
		if _, err := io.ReadFull(r, body); err != nil {
			return t, ended(err)
		}
		if rest, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok {
			t.orientation = orientation(rest)
		}
		if _, err := r.Discard(size - len(body)); err != nil {
			return t, ended(err)
		}
	}
	return t, fmt.Errorf("%w: it has too many segments", ErrNone)
}

// nextSegment reads the beginning of a segment that has a size.
func nextSegment(r *bufio.Reader) (marker byte, size int, err error) {
	var b [2]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, 0, ended(err)
	}
	for b[0] == 0xff && b[1] == 0xff { // filling
		if b[1], err = r.ReadByte(); err != nil {
			return 0, 0, ended(err)
		}
	}
	if b[0] != 0xff || b[1] < 0xc0 || b[1] >= 0xd0 && b[1] <= 0xd9 { // without a size, or none
		return 0, 0, fmt.Errorf("%w: it is no JPEG", ErrNone)
	}
	marker = b[1]
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, 0, ended(err)
	}
	if size = int(b[0])<<8 + int(b[1]) - 2; size < 0 {
		return 0, 0, fmt.Errorf("%w: it is no JPEG", ErrNone)
	}
	return marker, size, nil
}

// maxExif is how large the facts about a picture may be, in bytes.
const maxExif = 1 << 16

// lookPNG walks the chunks up to the first data.
func lookPNG(from io.ReadSeeker) (t traits, err error) {
	err = walk(from, 8, binary.BigEndian, func(c chunk) (bool, error) {
		switch c.name {
		case "IHDR":
			body, err := c.body(13)
			t.layered = len(body) == 13 && body[12] == 1
			return true, err
		case "eXIf":
			body, err := c.body(maxExif)
			t.orientation = orientation(body)
			return false, err
		default:
			return c.name != "IDAT", nil
		}
	})
	return t, err
}

// lookWebP walks the chunks; the facts about the picture come after it.
func lookWebP(from io.ReadSeeker) (t traits, err error) {
	err = walk(from, 12, binary.LittleEndian, func(c chunk) (bool, error) {
		if c.name != "EXIF" {
			return true, nil
		}
		body, err := c.body(maxExif)
		t.orientation = orientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
		return false, err
	})
	return t, err
}

// chunk is a block of a PNG or a WebP.
type chunk struct {
	name string
	size int64
	from io.Reader
}

// body reads a chunk, if it is not larger than that.
func (c chunk) body(most int64) ([]byte, error) {
	if c.size > most {
		return nil, nil
	}
	body := make([]byte, c.size)
	if _, err := io.ReadFull(c.from, body); err != nil {
		return nil, ended(err)
	}
	return body, nil
}

// walk shows the chunks that begin at an offset, until there are no more or one
// says so. A PNG's numbers are big-endian, its sizes first, and a checksum is
// behind each; in a WebP sizes come second, and chunks begin at even places.
func walk(from io.ReadSeeker, at int64, order binary.ByteOrder, show func(chunk) (bool, error)) error {
	for range maxBlocks {
		if _, err := from.Seek(at, io.SeekStart); err != nil {
			return fmt.Errorf("read picture: %w", err)
		}
		var b [8]byte
		if _, err := io.ReadFull(from, b[:]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return ended(err)
		}
		c := chunk{name: string(b[:4]), size: int64(order.Uint32(b[4:])), from: from}
		next := at + 8 + c.size + c.size%2
		if order == binary.BigEndian {
			c.name, c.size = string(b[4:]), int64(order.Uint32(b[:4]))
			next = at + 12 + c.size
		}
		on, err := show(c)
		if err != nil || !on {
			return err
		}
		at = next
	}
	return nil
}

// orientation finds how a picture is to be turned in the facts about it, which
// are laid out like a TIFF file; 0 if they do not say.
func orientation(tiff []byte) int {
	const entry, tag, short = 12, 0x0112, 3
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entry {
			return 0
		}
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if o := int(order.Uint16(entries[8:])); o <= 8 {
				return o
			}
			return 0
		}
		entries = entries[entry:]
	}
	return 0
}
