package preview

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

const typePDF = "application/pdf"

// format is a sort of picture that can be decoded.
type format struct {
	decode func(io.Reader) (image.Image, error)
	config func(io.Reader) (image.Config, error)
	// look finds what the standard decoders do not tell.
	look func(io.ReadSeeker) (traits, error)
	// cost is how many bytes decoding takes for one pixel.
	cost func(color.Model, traits) int64
}

// traits are what matters of a header besides the size.
type traits struct {
	// orientation as Exif has it, from 1 to 8; 0 is upright, too.
	orientation int
	// layered is true for a picture that comes in several passes, which are held
	// in memory until the last.
	layered bool
}

var formats = map[string]format{
	"image/jpeg": {decode: jpeg.Decode, config: jpeg.DecodeConfig, look: lookJPEG, cost: costJPEG},
	"image/png":  {decode: png.Decode, config: png.DecodeConfig, look: lookPNG, cost: costPNG},
	"image/gif":  {decode: gif.Decode, config: gif.DecodeConfig, look: lookNowhere, cost: costPaletted},
	"image/webp": {decode: webp.Decode, config: webp.DecodeConfig, look: lookWebP, cost: costWebP},
}

// header is what is known of a picture before it is decoded.
type header struct {
	mediaType     string
	width, height int
	orientation   int
	// memory is what decoding takes, in bytes.
	memory int64
}

// inspect reads a picture's header, and refuses what would take too much.
func inspect(mediaType string, from io.ReadSeeker) (header, error) {
	f, ok := formats[mediaType]
	if !ok {
		return header{}, ErrNone
	}
	c, err := configOf(f, from)
	if err != nil {
		return header{}, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return header{}, fmt.Errorf("read picture: %w", err)
	}
	t, err := f.look(from)
	if err != nil {
		return header{}, err
	}
	pixels := int64(c.Width) * int64(c.Height)
	h := header{
		mediaType: mediaType, width: c.Width, height: c.Height, orientation: t.orientation,
		memory: pixels * f.cost(c.ColorModel, t),
	}
	if pixels <= 0 || pixels > maxPixels || h.memory > maxMemory {
		return header{}, fmt.Errorf("%w: it has %d × %d pixels", ErrNone, c.Width, c.Height)
	}
	return h, nil
}

func configOf(f format, from io.ReadSeeker) (image.Config, error) {
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return image.Config{}, fmt.Errorf("read picture: %w", err)
	}
	source := &noted{from: from}
	c, err := f.config(bufio.NewReader(source))
	switch {
	case source.err != nil:
		return c, fmt.Errorf("read picture: %w", source.err)
	case err != nil:
		return c, errors.Join(ErrNone, err)
	default:
		return c, nil
	}
}

// noted remembers why reading failed.
type noted struct {
	from io.Reader
	err  error
}

// Read implements io.Reader.
func (n *noted) Read(p []byte) (int, error) {
	read, err := n.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return read, err
}

func costJPEG(m color.Model, t traits) int64 {
	samples := int64(3)
	switch m {
	case color.GrayModel:
		samples = 1
	case color.CMYKModel:
		samples = 8 // converted as a whole
	}
	if t.layered {
		samples *= 5 // four bytes of coefficients for each
	}
	return samples
}

func costPNG(m color.Model, t traits) int64 {
	cost := int64(4)
	switch m {
	case color.RGBA64Model, color.NRGBA64Model:
		cost = 8
	case color.Gray16Model:
		cost = 2
	}
	if t.layered {
		cost *= 2
	}
	return cost
}

func costPaletted(color.Model, traits) int64 { return 2 }

func costWebP(color.Model, traits) int64 { return 8 }

func lookNowhere(io.ReadSeeker) (traits, error) { return traits{}, nil }

// sideways is true for a picture that is stored lying down.
func (h header) sideways() bool { return h.orientation >= 5 && h.orientation <= 8 }

// within is how large the picture will be before it is turned.
func (h header) within() Size {
	longest := max(h.width, h.height)
	if longest <= MaxSide {
		return Size{h.width, h.height}
	}
	return Size{max(1, h.width*MaxSide/longest), max(1, h.height*MaxSide/longest)}
}

// fit is how large the preview will be.
func (h header) fit() Size {
	s := h.within()
	if h.sideways() {
		s.Width, s.Height = s.Height, s.Width
	}
	return s
}
