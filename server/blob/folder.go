package blob

import (
	"errors"
	"os"
	"path/filepath"
)

// place writes a part into the folder: to a name of its own, settled, and then
// linked to the part's name, which fails if that is taken. So one writer wins,
// whatever process and machine the others are on.
func (s *Store) place(p Part, data []byte) error {
	dir := filepath.Join(s.root, filepath.FromSlash(folder(p.Workspace, p.File)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	written, err := writeSettled(dir, data)
	if err != nil {
		return err
	}
	err = os.Link(written, filepath.Join(dir, p.name()))
	if err := errors.Join(err, os.Remove(written)); err != nil {
		return err
	}
	return s.syncFolders(dir, p.Number == 0)
}

// writeSettled writes a new file that a crash of the machine does not take.
// After a failure it is not there.
func writeSettled(dir string, data []byte) (name string, err error) {
	f, err := os.CreateTemp(dir, ".part-")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncFolders makes the part's name as durable as its bytes; the first part
// also made the folders above it.
func (s *Store) syncFolders(dir string, first bool) error {
	if err := syncFolder(dir); err != nil || !first {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(dir)), syncFolder(s.root))
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
