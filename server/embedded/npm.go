package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// linksFile lists the symbolic links of the npm package, which npm cannot carry.
// The package makes them in an install script, and those are often forbidden.
const linksFile = "pg-symlinks.json"

// npmTree returns the root of the npm package's files if bin is of one.
func npmTree(bin string) string {
	tree := filepath.Dir(bin)
	if exists(filepath.Join(tree, linksFile)) {
		return tree
	}
	return ""
}

// restoreLinks makes the links of the npm package that are missing.
func restoreLinks(tree string) error {
	text, err := os.ReadFile(filepath.Join(tree, linksFile))
	if err != nil {
		return fmt.Errorf("read the package's links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read the package's links: %w", err)
	}
	for _, link := range links {
		if !filepath.IsLocal(link.Source) || !filepath.IsLocal(link.Target) {
			return fmt.Errorf("%s leads out of the package", filepath.Join(tree, linksFile))
		}
		target := filepath.Join(filepath.Dir(tree), link.Target)
		source, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return fmt.Errorf("read the package's links: %w", err)
		}
		if err := os.Symlink(source, target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the package's links: %w", err)
		}
	}
	return nil
}

// copyTree copies an installation to a folder that everyone may read, once, and
// returns that folder. Static libraries, which nothing runs, are left out.
func copyTree(from, to string) (string, error) {
	if exists(filepath.Join(to, "bin", "postgres")) {
		return to, nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(to), ".copy-*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	if err := os.Chmod(fresh, 0o755); err != nil {
		return "", err
	}
	err = filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == from || strings.HasSuffix(path, ".a") {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		return copyEntry(path, filepath.Join(fresh, rel), entry)
	})
	if err != nil {
		return "", err
	}
	if err := os.Rename(fresh, to); err != nil && !exists(filepath.Join(to, "bin", "postgres")) {
		return "", err
	}
	return to, nil
}

// copyEntry copies one folder (without what is in it), link or file.
func copyEntry(from, to string, entry fs.DirEntry) error {
	switch {
	case entry.IsDir():
		return os.Mkdir(to, 0o755)
	case entry.Type()&fs.ModeSymlink != 0:
		link, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(link, to)
	default:
		return copyFile(from, to)
	}
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o444)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	_, err = io.Copy(target, source)
	return err
}
