package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// spoolMemory is how large a mail may be that is held in memory.
const spoolMemory = 512 << 10

// Spool holds the bytes of one mail: a small one in memory, a large one in a
// temporary file that Close removes. It may be read by several goroutines at once.
type Spool struct {
	at   io.ReaderAt
	size int64
	file *os.File // nil if in memory
	once sync.Once
}

// NewSpool reads r to its end. More than limit bytes fail with ErrTooLarge; dir is
// where the temporary file goes, "" the system's place.
func NewSpool(r io.Reader, dir string, limit int64) (*Spool, error) {
	w := spoolWriter{dir: dir, limit: limit}
	if _, err := io.Copy(&w, r); err != nil {
		return nil, errors.Join(fmt.Errorf("spool mail: %w", err), w.discard())
	}
	return w.spool(), nil
}

// SpoolBytes is a spool of bytes that are in memory anyway; they must not change.
func SpoolBytes(b []byte) *Spool {
	return &Spool{at: bytes.NewReader(b), size: int64(len(b))}
}

// Size is the number of bytes.
func (s *Spool) Size() int64 { return s.size }

// ReadAt implements io.ReaderAt.
func (s *Spool) ReadAt(p []byte, off int64) (int, error) { return s.at.ReadAt(p, off) }

// Reader returns a reader of the whole mail, from its start.
func (s *Spool) Reader() *io.SectionReader { return io.NewSectionReader(s.at, 0, s.size) }

// Close removes the temporary file. It may be called more than once.
func (s *Spool) Close() (err error) {
	s.once.Do(func() {
		if s.file != nil {
			err = s.file.Close()
		}
	})
	return err
}

// spoolWriter is a spool that is being filled.
type spoolWriter struct {
	dir   string
	limit int64
	size  int64
	buf   bytes.Buffer
	file  *os.File
}

// Write keeps p in memory as long as the mail is small. The file has no name any more as soon
// as it is open, so that nothing is left behind if the process dies.
func (w *spoolWriter) Write(p []byte) (int, error) {
	if w.size+int64(len(p)) > w.limit {
		return 0, ErrTooLarge
	}
	if w.file == nil && w.size+int64(len(p)) > spoolMemory {
		if err := w.spill(); err != nil {
			return 0, err
		}
	}
	var n int
	var err error
	if w.file != nil {
		n, err = w.file.Write(p)
	} else {
		n, err = w.buf.Write(p)
	}
	w.size += int64(n)
	return n, err
}

func (w *spoolWriter) spill() error {
	file, err := os.CreateTemp(w.dir, "parley-mail-*")
	if err != nil {
		return fmt.Errorf("make a file for a mail: %w", err)
	}
	w.file = file
	if err := os.Remove(file.Name()); err != nil {
		return fmt.Errorf("unlink the file of a mail: %w", err)
	}
	if _, err := w.buf.WriteTo(file); err != nil {
		return fmt.Errorf("write a mail: %w", err)
	}
	return nil
}

func (w *spoolWriter) discard() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

func (w *spoolWriter) spool() *Spool {
	if w.file != nil {
		return &Spool{at: w.file, size: w.size, file: w.file}
	}
	return SpoolBytes(w.buf.Bytes())
}
