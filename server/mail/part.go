package mail

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// part is a node in the tree of a mail's parts. Its content is still where it was.
type part struct {
	raw       io.ReaderAt
	lines     [][]byte // unfolded header lines, undecoded
	kind      string   // media type, lower case
	params    map[string]string
	disp      string // content disposition, lower case
	dispParam map[string]string
	from, to  int64 // content, as it was sent
	parent    *part
	children  []*part
}

// header returns the first header line of a name, undecoded.
func (p *part) header(name string) string {
	for _, line := range p.lines {
		if v, ok := headerValue(line, name); ok {
			return v
		}
	}
	return ""
}

func headerValue(line []byte, name string) (string, bool) {
	if len(line) <= len(name) || !strings.EqualFold(string(line[:len(name)]), name) {
		return "", false
	}
	rest := bytes.TrimLeft(line[len(name):], " \t")
	if len(rest) == 0 || rest[0] != ':' {
		return "", false
	}
	return strings.TrimSpace(string(rest[1:])), true
}

// open reads the content, decoded.
func (p *part) open() io.Reader {
	return transferReader(p.encoded(), p.header("Content-Transfer-Encoding"))
}

func (p *part) encoded() *io.SectionReader {
	return io.NewSectionReader(p.raw, p.from, max(0, p.to-p.from))
}

// isContainer tells whether its children are its content.
func (p *part) isContainer() bool { return len(p.children) > 0 }

// leaves yields the parts that have content, in order.
func (p *part) leaves(yield func(*part) bool) bool {
	if !p.isContainer() {
		return yield(p)
	}
	for _, c := range p.children {
		if !c.leaves(yield) {
			return false
		}
	}
	return true
}

// treeReader reads the structure of a mail in one pass, line by line. It holds
// the headers only. It stops to open parts at MaxParts and MaxDepth: what comes
// then is content of the part that is open.
type treeReader struct {
	in     *bufio.Reader
	offset int64 // of the next line
	raw    io.ReaderAt

	open   []boundary // the multiparts that we are in, outermost first
	part   *part      // whose header or content is being read; nil between parts
	parts  int
	repair func(string)
}

type boundary struct {
	part *part
	mark string // without the leading --
}

func readTree(raw io.ReaderAt, size int64, repair func(string)) (*part, error) {
	t := &treeReader{in: bufio.NewReaderSize(io.NewSectionReader(raw, 0, size), 64<<10), raw: raw, repair: repair}
	root, err := t.begin(nil)
	if err != nil {
		return nil, err
	}
	for {
		start := t.offset
		line, err := t.line()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read mail: %w", err)
		}
		if level, last := t.matches(line); level >= 0 {
			if err := t.turn(level, last, start); err != nil {
				return nil, err
			}
		}
	}
	t.end(t.offset, 0)
	if len(t.open) > 0 {
		repair("the last part is not closed")
	}
	return root, nil
}

// line returns the start of the next line, without its end. A line longer than the
// buffer is passed over to its end.
func (t *treeReader) line() ([]byte, error) {
	line, err := t.in.ReadSlice('\n')
	t.offset += int64(len(line))
	if err == bufio.ErrBufferFull {
		line = bytes.Clone(line[:1024])
		for err == bufio.ErrBufferFull {
			var more []byte
			more, err = t.in.ReadSlice('\n')
			t.offset += int64(len(more))
		}
		if err == io.EOF {
			err = nil
		}
		return line, err
	}
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	return bytes.TrimRight(line, "\r\n"), err
}

// matches tells which open multipart a line divides, -1 for none, and whether it is its end.
func (t *treeReader) matches(line []byte) (level int, last bool) {
	if len(line) < 3 || line[0] != '-' || line[1] != '-' {
		return -1, false
	}
	text := strings.TrimRight(string(line[2:min(len(line), 1024)]), " \t")
	for level := len(t.open) - 1; level >= 0; level-- {
		rest, ok := strings.CutPrefix(text, t.open[level].mark)
		if ok && (rest == "" || rest == "--") {
			return level, rest == "--"
		}
	}
	return -1, false
}

// turn closes what is open inside the multipart at level, and begins its next part.
func (t *treeReader) turn(level int, last bool, at int64) error {
	if !last && t.parts >= MaxParts {
		return nil
	}
	t.end(at, 1)
	multipart := t.open[level].part
	if last {
		t.open = t.open[:level]
		return nil
	}
	t.open = t.open[:level+1]
	_, err := t.begin(multipart)
	return err
}

// end says where the content of the open part ends. The line end before a boundary belongs to it.
func (t *treeReader) end(at int64, boundary int) {
	p := t.part
	if p == nil {
		return
	}
	t.part, p.to = nil, at
	if boundary == 0 || p.to <= p.from {
		p.to = max(p.to, p.from)
		return
	}
	var before [2]byte
	k := min(2, p.to-p.from)
	if n, _ := t.raw.ReadAt(before[:k], p.to-k); n > 0 {
		switch tail := before[:n]; {
		case bytes.HasSuffix(tail, []byte("\r\n")):
			p.to -= 2
		case bytes.HasSuffix(tail, []byte("\n")):
			p.to--
		}
	}
}

// begin reads the header of the next part, and opens it.
func (t *treeReader) begin(parent *part) (*part, error) {
	p := &part{raw: t.raw, parent: parent}
	t.parts++
	if parent != nil {
		parent.children = append(parent.children, p)
	}
	if err := t.header(p); err != nil {
		return nil, err
	}
	p.from, p.to = t.offset, t.offset
	p.describe()
	t.part = p
	if mark := p.params["boundary"]; strings.HasPrefix(p.kind, "multipart/") && mark != "" {
		if len(t.open) >= MaxDepth {
			t.repair("parts in parts are too deep")
			return p, nil
		}
		t.open = append(t.open, boundary{part: p, mark: strings.TrimRight(mark, " \t")})
	}
	return p, nil
}
