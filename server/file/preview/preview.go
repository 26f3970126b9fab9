// Package preview makes small pictures of files that strangers sent.
//
// A preview is painted anew from what is seen: nothing else that the file held,
// such as where a photo was taken, a script or a second format in its tail, is
// in it. It is JPEG, or PNG where one can see through it, and upright.
//
// A file may be made to do harm. What decoding it would take is found from its
// header before anything is decoded, and too much is refused; all that is
// decoded at once is bounded, too; and what takes too long is given up.
package preview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// MaxSide is how wide or high a preview is at most, in pixels.
	MaxSide = 1024
	// MaxBytes is more than any preview has.
	MaxBytes = 8 << 20

	// makeWithin bounds making one preview, waiting for its turn included.
	makeWithin = 15 * time.Second
	// maxPixels and maxMemory bound one picture, decoded.
	maxPixels = 64 << 20
	maxMemory = 192 << 20
	// allMemory bounds what is decoded at once, and leastMemory, which every
	// picture counts as, how many pictures that are.
	allMemory   = 256 << 20
	leastMemory = 128 << 20
	// quality of a JPEG.
	quality = 82
)

var (
	// ErrNone is the answer for a file of which there is no preview: not a
	// picture, broken, or too large.
	ErrNone = errors.New("there is no preview of this file")
	// ErrBusy is the answer while too many previews are being made.
	ErrBusy = errors.New("too many previews are being made")
)

// Size is a picture's, in pixels.
type Size struct{ Width, Height int }

// Picture is a preview.
type Picture struct {
	Data []byte
	// PNG is true for PNG and false for JPEG.
	PNG bool
	Size
}

// Maker makes previews. It is safe for concurrent use.
type Maker struct {
	pdfTool string
	pdfTime time.Duration
	memory  *semaphore.Weighted
}

// NewMaker makes a Maker. The tool draws pages of PDFs and is called as
// pdftoppm, of Poppler, is; without one ("") there are no previews of PDFs.
func NewMaker(pdfTool string) *Maker {
	return &Maker{pdfTool: pdfTool, pdfTime: pdfWithin, memory: semaphore.NewWeighted(allMemory)}
}

// Measure answers how large the preview of a file of the media type will be, as
// far as its header tells: a size of zero is not known before it is made.
// It fails with ErrNone if there will be none.
func (m *Maker) Measure(mediaType string, from io.ReadSeeker) (Size, error) {
	if mediaType == typePDF && m.pdfTool != "" {
		return Size{}, nil
	}
	h, err := inspect(mediaType, from)
	if err != nil {
		return Size{}, err
	}
	return h.fit(), nil
}

// Make makes the preview of a file. It fails with ErrNone if there is none to be
// had, ever, with ErrBusy if it did not come to its turn, and otherwise with
// what reading the file failed with.
func (m *Maker) Make(ctx context.Context, mediaType string, from io.ReadSeeker) (Picture, error) {
	ctx, cancel := context.WithTimeout(ctx, makeWithin)
	defer cancel()
	if mediaType == typePDF && m.pdfTool != "" {
		return m.pdf(ctx, from)
	}
	h, err := inspect(mediaType, from)
	if err != nil {
		return Picture{}, err
	}
	done, err := m.begin(ctx, h.memory)
	if err != nil {
		return Picture{}, err
	}
	defer done()
	return paint(ctx, h, from)
}

// begin waits until there is room for one more picture.
func (m *Maker) begin(ctx context.Context, memory int64) (done func(), err error) {
	memory = max(memory, leastMemory)
	if err := m.memory.Acquire(ctx, memory); err != nil {
		return nil, errors.Join(ErrBusy, err)
	}
	return func() { m.memory.Release(memory) }, nil
}

// paint decodes a picture whose header was found to be bearable, and encodes it
// anew, small and upright.
func paint(ctx context.Context, h header, from io.ReadSeeker) (Picture, error) {
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return Picture{}, fmt.Errorf("read picture: %w", err)
	}
	source := &guarded{ctx: ctx, from: from}
	full, err := decode(h.mediaType, source)
	if source.err != nil {
		return Picture{}, fmt.Errorf("read picture: %w", source.err)
	}
	if err != nil {
		return Picture{}, errors.Join(ErrNone, err)
	}
	if b := full.Bounds(); b.Dx() != h.width || b.Dy() != h.height {
		return Picture{}, fmt.Errorf("%w: it is not as large as it says", ErrNone)
	}
	small, err := shrink(ctx, full, h.within())
	if err != nil {
		return Picture{}, err
	}
	return encode(turn(small, h.orientation))
}

// decode decodes a picture; a decoder that panics has met a broken one.
func decode(mediaType string, from io.Reader) (full image.Image, err error) {
	defer func() {
		if what := recover(); what != nil {
			full, err = nil, fmt.Errorf("decode picture: %v", what)
		}
	}()
	return formats[mediaType].decode(from)
}

// encode writes a picture as JPEG, or as PNG if something shows through it.
func encode(p *image.RGBA) (Picture, error) {
	out := Picture{Size: Size{Width: p.Bounds().Dx(), Height: p.Bounds().Dy()}, PNG: !p.Opaque()}
	var data bytes.Buffer
	var err error
	if out.PNG {
		err = png.Encode(&data, p)
	} else {
		err = jpeg.Encode(&data, p, &jpeg.Options{Quality: quality})
	}
	if err != nil {
		return Picture{}, fmt.Errorf("encode preview: %w", err)
	}
	out.Data = data.Bytes()
	return out, nil
}

// guarded reads until the time is over, and tells a failure to read from a
// broken picture.
type guarded struct {
	ctx  context.Context
	from io.Reader
	err  error
}

// Read implements io.Reader.
func (g *guarded) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		g.err = err
		return 0, err
	}
	n, err := g.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		g.err = err
	}
	return n, err
}
