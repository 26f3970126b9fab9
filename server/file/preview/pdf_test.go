package preview_test

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/file/preview"
)

// TestMain also serves as the tool that draws pages.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-f" {
		os.Exit(tool())
	}
	os.Exit(m.Run())
}

// tool does what the PDF says. It is called as pdftoppm is, and fails if it is
// called otherwise.
func tool() int {
	name := os.Args[len(os.Args)-1]
	if strings.Join(os.Args[1:len(os.Args)-1], " ") != "-f 1 -l 1 -singlefile -png -scale-to 1024" || os.Getenv("PATH") != "" {
		return 2
	}
	told, err := os.ReadFile(name)
	if err != nil {
		return 3
	}
	switch string(told) {
	case "%PDF page":
		err = png.Encode(os.Stdout, drawn(724, 1024))
	case "%PDF bomb":
		_, err = os.Stdout.Write(headerOf(60000, 60000, 8, 6, 0))
	case "%PDF flood":
		for err == nil {
			_, err = os.Stdout.Write(make([]byte, 1<<20))
		}
	case "%PDF spin":
		for began := time.Now(); time.Since(began) < time.Minute; {
		}
	case "%PDF memory":
		held := [][]byte{}
		for {
			held = append(held, bytes.Repeat([]byte{1}, 64<<20))
			runtime.KeepAlive(held)
		}
	case "%PDF file":
		err = os.WriteFile(filepath.Join(filepath.Dir(name), "out"), make([]byte, 100<<20), 0o600)
	default:
		return 1
	}
	if err != nil {
		return 4
	}
	return 0
}

// Spec: C10
func TestMake_ShowsThePDFsFirstPage(t *testing.T) {
	t.Parallel()
	m := preview.NewMaker(os.Args[0])
	pdf := []byte("%PDF page")
	_, err := m.Measure("application/pdf", bytes.NewReader(pdf))
	require.NoError(t, err)

	p, err := m.Make(t.Context(), "application/pdf", bytes.NewReader(pdf))

	require.NoError(t, err)
	require.Equal(t, preview.Size{Width: 724, Height: 1024}, p.Size)
	requireColor(t, look(t, p), 0.8, 0.7, "blue")
}

// A PDF may be made to harm the tool; it is stopped, and there is no preview.
func TestMake_StopsAToolThatMisbehaves(t *testing.T) {
	t.Parallel()
	m := preview.NewMaker(os.Args[0])
	preview.SetPDFTime(m, time.Second)
	for _, way := range []string{"flood", "memory", "file", "bomb", "crash", "spin"} {
		_, err := m.Make(t.Context(), "application/pdf", strings.NewReader("%PDF "+way))
		require.ErrorIs(t, err, preview.ErrNone, way)
	}
	_, err := preview.NewMaker(filepath.Join(t.TempDir(), "missing")).Make(t.Context(), "application/pdf", strings.NewReader("%PDF page"))
	require.Error(t, err)
	require.NotErrorIs(t, err, preview.ErrNone, "it is there when the tool is")
}

// Where Poppler is on the machine, it is the real tool that draws a real page.
func TestMake_UsesPoppler(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("pdftoppm")
	if err != nil {
		t.Log("there is no pdftoppm here; the test's own tool stands in for it in the others")
		return
	}
	p, err := preview.NewMaker(tool).Make(t.Context(), "application/pdf", bytes.NewReader(realPDF()))
	require.NoError(t, err)
	require.Equal(t, preview.Size{Width: 512, Height: 1024}, p.Size)
	requireColor(t, look(t, p), 0.5, 0.5, "red")
}

// realPDF is one page of 100 × 200 points, all red.
func realPDF() []byte {
	content := "1 0 0 rg 0 0 100 200 re f"
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]/Contents 4 0 R/Resources<<>>>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(content), content),
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	places := make([]int, len(objects))
	for i, o := range objects {
		places[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj%sendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range places {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}
