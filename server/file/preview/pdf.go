package preview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

const (
	// pdfWithin bounds the drawing of a page.
	pdfWithin = 10 * time.Second
	// maxPDF is how large a PDF may be, in bytes.
	maxPDF = 64 << 20
	// maxPage is how large its first page may be as PNG, in bytes.
	maxPage = 16 << 20
	// pdfMemory is what a PDF counts as.
	pdfMemory = 192 << 20
)

// pdf draws the first page of a PDF and makes a preview of that.
func (m *Maker) pdf(ctx context.Context, from io.ReadSeeker) (Picture, error) {
	done, err := m.begin(ctx, pdfMemory)
	if err != nil {
		return Picture{}, err
	}
	defer done()
	dir, err := os.MkdirTemp("", "parley-preview-")
	if err != nil {
		return Picture{}, fmt.Errorf("make room for a PDF: %w", err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "in.pdf")
	if err := save(ctx, name, from); err != nil {
		return Picture{}, err
	}
	page, err := m.draw(ctx, dir, name)
	if err != nil {
		return Picture{}, err
	}
	h, err := inspect("image/png", bytes.NewReader(page))
	if err != nil {
		return Picture{}, err
	}
	return paint(ctx, h, bytes.NewReader(page))
}

// save copies a PDF to where the tool can read it.
func save(ctx context.Context, name string, from io.ReadSeeker) error {
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read PDF: %w", err)
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make room for a PDF: %w", err)
	}
	n, err := io.Copy(f, io.LimitReader(&guarded{ctx: ctx, from: from}, maxPDF+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("save PDF: %w", err)
	}
	if n > maxPDF {
		return fmt.Errorf("%w: the PDF is too large", ErrNone)
	}
	return nil
}

// draw runs the tool, without a shell, with nothing of our environment, within
// limits of time, memory and output. Whatever it fails with, there is no page.
func (m *Maker) draw(parent context.Context, dir, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(parent, m.pdfTime)
	defer cancel()
	side := strconv.Itoa(MaxSide)
	tool := exec.CommandContext(ctx, m.pdfTool, "-f", "1", "-l", "1", "-singlefile", "-png", "-scale-to", side, name)
	tool.Dir = dir
	tool.Env = []string{"LC_ALL=C", "HOME=" + dir, "TMPDIR=" + dir}
	tool.WaitDelay = time.Second
	page := &bounded{most: maxPage}
	tool.Stdout = page
	confine(tool)
	if err := tool.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", m.pdfTool, err)
	}
	limitErr := limit(tool.Process.Pid)
	if limitErr != nil {
		cancel()
	}
	err := tool.Wait()
	switch {
	case parent.Err() != nil:
		return nil, fmt.Errorf("draw PDF: %w", parent.Err())
	case err != nil, limitErr != nil:
		return nil, errors.Join(ErrNone, limitErr, err)
	}
	return page.data.Bytes(), nil
}

// bounded keeps what is written up to a size, and then fails.
type bounded struct {
	data bytes.Buffer
	most int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.data.Len()+len(p) > b.most {
		return 0, io.ErrShortWrite
	}
	return b.data.Write(p)
}
