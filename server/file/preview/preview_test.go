package preview_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	_ "image/png" // as which some previews come
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/file/preview"
)

func makeOf(t testing.TB, mediaType string, data []byte) preview.Picture {
	t.Helper()
	m := preview.NewMaker("")
	size, err := m.Measure(mediaType, bytes.NewReader(data))
	require.NoError(t, err)
	p, err := m.Make(t.Context(), mediaType, bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, size, p.Size, "what is announced is what comes")
	return p
}

// look decodes a preview and answers its size.
func look(t testing.TB, p preview.Picture) image.Image {
	t.Helper()
	shown, format, err := image.Decode(bytes.NewReader(p.Data))
	require.NoError(t, err)
	require.Equal(t, p.PNG, format == "png")
	require.Equal(t, image.Pt(p.Width, p.Height), shown.Bounds().Size())
	return shown
}

// requireColor asserts what is seen at a place, given in parts of the whole.
func requireColor(t testing.TB, p image.Image, x, y float64, want string, what ...any) {
	t.Helper()
	r, g, b, _ := p.At(int(x*float64(p.Bounds().Dx())), int(y*float64(p.Bounds().Dy()))).RGBA()
	got := map[bool]string{r > 0xc000: "red", g > 0xc000: "green", b > 0xc000: "blue"}[true]
	require.Equal(t, want, got, what...)
}

// Spec: C10
func TestMake_IsSmallAndLooksTheSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ w, h, width, height int }{
		{2500, 1250, 1024, 512}, {600, 1200, 512, 1024}, {1025, 1025, 1024, 1024}, {300, 200, 300, 200}, {3000, 2, 1024, 1}, {16, 16, 16, 16},
	} {
		p := makeOf(t, "image/png", asPNG(t, drawn(tt.w, tt.h)))
		require.Equal(t, preview.Size{Width: tt.width, Height: tt.height}, p.Size)
		require.False(t, p.PNG)
		shown := look(t, p)
		if tt.height > 1 {
			requireColor(t, shown, 0.5, 0.05, "green")
			requireColor(t, shown, 0.2, 0.7, "red")
			requireColor(t, shown, 0.8, 0.7, "blue")
		}
	}
}

func TestMake_TakesAllFourSorts(t *testing.T) {
	t.Parallel()
	var g bytes.Buffer
	require.NoError(t, gif.Encode(&g, drawn(64, 64), nil))
	w, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	require.NoError(t, err)
	for mediaType, data := range map[string][]byte{
		"image/png": asPNG(t, drawn(64, 64)), "image/jpeg": asJPEG(t, drawn(64, 64)), "image/gif": g.Bytes(), "image/webp": w,
	} {
		look(t, makeOf(t, mediaType, data))
	}
}

func TestMake_KeepsWhatShowsThrough(t *testing.T) {
	t.Parallel()
	p := drawn(2100, 2100)
	p.SetNRGBA(0, 0, color.NRGBA{})
	for y := range 500 {
		for x := range 500 {
			p.SetNRGBA(x, y, color.NRGBA{})
		}
	}
	made := makeOf(t, "image/png", asPNG(t, p))
	require.True(t, made.PNG)
	shown := look(t, made)
	_, _, _, alpha := shown.At(50, 50).RGBA()
	require.Zero(t, alpha)
	requireColor(t, shown, 0.2, 0.7, "red")
}

// Where the green stripe, which is at the top of the stored picture, and the red
// half, at its left, are to be seen in each of Exif's orientations.
//
// Spec: C10
func TestMake_IsUpright(t *testing.T) {
	t.Parallel()
	const near, mid, far = 0.06, 0.5, 0.94
	for orientation, want := range map[uint16]struct{ greenX, greenY, redX, redY float64 }{
		1: {mid, near, near, far}, 2: {mid, near, far, far}, 3: {mid, far, far, near}, 4: {mid, far, near, near},
		5: {near, mid, far, near}, 6: {far, mid, near, near}, 7: {far, mid, near, far}, 8: {near, mid, far, far}, 9: {mid, near, near, far},
	} {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			facts := exif(order, orientation)
			plain := asPNG(t, drawn(400, 200))
			for mediaType, data := range map[string][]byte{
				"image/jpeg": withExif(asJPEG(t, drawn(400, 200)), facts),
				"image/png":  bytes.Join([][]byte{plain[:33], pngChunk("eXIf", facts), plain[33:]}, nil),
			} {
				p := makeOf(t, mediaType, data)
				require.Equal(t, orientation >= 5 && orientation <= 8, p.Height > p.Width, orientation)
				shown := look(t, p)
				requireColor(t, shown, want.greenX, want.greenY, "green", orientation)
				requireColor(t, shown, want.redX, want.redY, "red", orientation)
				require.NotContains(t, string(p.Data), "my home address")
				require.NotContains(t, string(p.Data), "Exif")
			}
		}
	}
}

func TestMeasure_TurnsAWebP(t *testing.T) {
	t.Parallel()
	x := []byte{0x08, 0, 0, 0, 39, 0, 0, 19, 0, 0} // 40 × 20, with facts
	body := append(riffChunk("VP8X", x), riffChunk("XMP ", []byte("odd"))...)
	body = append(body, riffChunk("EXIF", exif(binary.LittleEndian, 6))...)
	data := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(body)+4))...)
	data = append(append(data, "WEBP"...), body...)
	size, err := preview.NewMaker("").Measure("image/webp", bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, preview.Size{Width: 20, Height: 40}, size)
}

// A few bytes that would become gigabytes are refused for what their header
// says; nothing is decoded, which would take minutes.
//
// Spec: C10
func TestMake_RefusesBombs(t *testing.T) {
	t.Parallel()
	layered := asJPEG(t, drawn(8, 8))
	sof := bytes.Index(layered, []byte{0xff, 0xc0})
	layered[sof+1] = 0xc2 // progressive: much more is held
	binary.BigEndian.PutUint16(layered[sof+5:], 6000)
	binary.BigEndian.PutUint16(layered[sof+7:], 6000)
	plain := bytes.Clone(layered)
	plain[sof+1] = 0xc0
	_, err := preview.NewMaker("").Measure("image/jpeg", bytes.NewReader(plain))
	require.NoError(t, err, "36 million pixels are a good photo")
	hidden := bytes.Join([][]byte{layered[:2], bytes.Repeat([]byte{0xff, 0xfe, 0, 2}, 300), layered[2:]}, nil)
	astray := bytes.Join([][]byte{layered[:2], {0xff, 0xd0}, layered[2:]}, nil)
	for name, bomb := range map[string]struct {
		mediaType string
		data      []byte
	}{
		"wide":        {"image/png", headerOf(60000, 60000, 8, 6, 0)},
		"deep":        {"image/png", headerOf(7000, 7000, 16, 6, 0)},
		"interlaced":  {"image/png", headerOf(7000, 7000, 8, 6, 1)},
		"overflow":    {"image/png", headerOf(0x7fffffff, 0x7fffffff, 8, 2, 0)},
		"progressive": {"image/jpeg", layered},
		"hidden":      {"image/jpeg", hidden},
		"astray":      {"image/jpeg", astray},
		"gif":         {"image/gif", []byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\xff\xff\xff\xff\x00")},
	} {
		_, err := preview.NewMaker("").Measure(bomb.mediaType, bytes.NewReader(bomb.data))
		require.ErrorIs(t, err, preview.ErrNone, name)
		_, err = preview.NewMaker("").Make(t.Context(), bomb.mediaType, bytes.NewReader(bomb.data))
		require.ErrorIs(t, err, preview.ErrNone, name)
	}
}

func TestMake_SaysOfWhatThereIsNone(t *testing.T) {
	t.Parallel()
	whole := asPNG(t, drawn(64, 64))
	lying := bytes.Clone(asJPEG(t, drawn(64, 64)))
	for name, one := range map[string]struct {
		mediaType string
		data      []byte
	}{
		"a text":                 {"text/plain", []byte("hello")},
		"SVG":                    {"image/svg+xml", []byte("<svg/>")},
		"a PDF without the tool": {"application/pdf", []byte("%PDF-1.7")},
		"nothing":                {"image/png", nil},
		"half a picture":         {"image/png", whole[:len(whole)/2]},
		"half a header":          {"image/jpeg", lying[:10]},
		"another sort":           {"image/gif", whole},
		"a script after GIF":     {"image/gif", []byte("GIF89a=1;alert(1)//")},
	} {
		_, err := preview.NewMaker("").Make(t.Context(), one.mediaType, bytes.NewReader(one.data))
		require.ErrorIs(t, err, preview.ErrNone, name)
	}
}

// failing is a store that breaks off.
type failing struct {
	*bytes.Reader
	after int64
}

var errStore = errors.New("the store is away")

func (f *failing) Read(p []byte) (int, error) {
	if at, _ := f.Seek(0, io.SeekCurrent); at >= f.after {
		return 0, errStore
	}
	return f.Reader.Read(p[:min(len(p), 100)])
}

// A store that cannot be read at the moment must not make it look as if there
// were no preview, for ever.
func TestMake_TellsAStoreThatFailsFromABrokenPicture(t *testing.T) {
	t.Parallel()
	data := asJPEG(t, drawn(2000, 1000))
	for _, after := range []int64{0, 50, 700, int64(len(data)) / 2} {
		_, err := preview.NewMaker("").Make(t.Context(), "image/jpeg", &failing{Reader: bytes.NewReader(data), after: after})
		require.ErrorIs(t, err, errStore)
		require.NotErrorIs(t, err, preview.ErrNone)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := preview.NewMaker("").Make(ended, "image/jpeg", bytes.NewReader(data))
	require.Error(t, err)
	require.NotErrorIs(t, err, preview.ErrNone)
}

// gated counts those who read at once, and lets them on when told.
type gated struct {
	*bytes.Reader
	inside, most *atomic.Int32
	entered      chan struct{}
	open         chan struct{}
	once         sync.Once
}

func (g *gated) Read(p []byte) (int, error) {
	if g.Reader.Len() < int(g.Size())/2 { // behind the header: being decoded
		g.once.Do(func() {
			g.most.Store(max(g.most.Load(), g.inside.Add(1)))
			g.entered <- struct{}{}
			<-g.open
			g.inside.Add(-1)
		})
	}
	return g.Reader.Read(p[:min(len(p), 512)])
}

func TestMake_DecodesFewAtOnce(t *testing.T) {
	t.Parallel()
	data := asJPEG(t, drawn(1200, 1200))
	m := preview.NewMaker("")
	var inside, most atomic.Int32
	entered, open := make(chan struct{}, 6), make(chan struct{})
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			_, err := m.Make(t.Context(), "image/jpeg", &gated{Reader: bytes.NewReader(data), inside: &inside, most: &most, entered: entered, open: open})
			if err != nil {
				t.Errorf("make: %v", err)
			}
		})
	}
	<-entered
	<-entered
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := m.Make(short, "image/jpeg", bytes.NewReader(data))
	require.ErrorIs(t, err, preview.ErrBusy)
	close(open)
	wg.Wait()
	require.EqualValues(t, 2, most.Load())
}

// Whatever the bytes are, making a preview ends, in a picture or in words.
func FuzzMake(f *testing.F) {
	f.Add("image/jpeg", withExif(asJPEG(f, drawn(40, 20)), exif(binary.LittleEndian, 6)))
	f.Add("image/png", asPNG(f, drawn(40, 20)))
	f.Add("image/gif", []byte("GIF89a\x01\x00\x01\x00"))
	f.Add("image/webp", []byte("RIFF\x24\x00\x00\x00WEBPVP8 "))
	f.Fuzz(func(t *testing.T, mediaType string, data []byte) {
		p, err := preview.NewMaker("").Make(t.Context(), mediaType, bytes.NewReader(data))
		if err != nil {
			require.ErrorIs(t, err, preview.ErrNone)
			return
		}
		require.LessOrEqual(t, max(p.Width, p.Height), preview.MaxSide)
		require.Less(t, len(p.Data), preview.MaxBytes)
	})
}
