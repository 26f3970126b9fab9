package embedded

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	defaultElsewhere = "/var/lib/parley"
	noteName         = "postgres-is-elsewhere.txt"
)

// place is where a cluster lives and whose it is.
type place struct {
	base      string // the folder that has the files below
	elsewhere string // the folder for what the account cannot reach
	account   account
}

func (p place) data() string         { return filepath.Join(p.base, "postgres") }
func (p place) logFile() string      { return filepath.Join(p.base, "postgres.log") }
func (p place) passwordFile() string { return filepath.Join(p.base, "postgres.password") }

// findPlace decides where the cluster of the data folder is or shall be. A
// cluster that is there stays where it is; a new one comes into the folder,
// unless the account of the server cannot get there.
func findPlace(config Config) (place, error) {
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return place{}, fmt.Errorf("find the data folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return place{}, fmt.Errorf("make the data folder: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return place{}, fmt.Errorf("find the data folder: %w", err)
	}
	elsewhere := config.Elsewhere
	if elsewhere == "" {
		elsewhere = defaultElsewhere
	}
	here, there := place{base: dir, elsewhere: elsewhere}, place{base: awayFrom(dir, elsewhere), elsewhere: elsewhere}
	for _, p := range []place{here, there} {
		if _, err := os.Stat(filepath.Join(p.data(), "PG_VERSION")); err == nil {
			return p.withAccount()
		}
	}
	here, err = here.withAccount()
	if err != nil || here.account.reaches(dir) {
		return here, err
	}
	there.account = here.account
	return there, there.settle(dir)
}

// withAccount fills in whom the server runs as there.
func (p place) withAccount() (place, error) {
	var err error
	if p.account, err = serverAccount(p.data()); err != nil {
		return place{}, err
	}
	if exists(p.data()) && !p.account.reaches(p.data()) {
		return place{}, fmt.Errorf("the account that PostgreSQL runs as (user %d) can no longer reach %s: "+
			"make the folders above it searchable again (chmod o+x)", p.account.uid, p.data())
	}
	return p, nil
}

// settle makes the folder elsewhere, and says so where people will look.
func (p place) settle(dir string) error {
	if err := os.MkdirAll(p.base, 0o711); err != nil {
		return fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	if !p.account.reaches(p.base) {
		return fmt.Errorf("the account that PostgreSQL runs as (user %d) can reach neither %s nor %s: "+
			"choose another data folder, or start Parley as an ordinary user", p.account.uid, dir, p.base)
	}
	note := "PostgreSQL does not run as root, and the account that it runs as cannot reach this folder.\n" +
		"Its data, log and password are therefore kept in\n\n    " + p.base + "\n\n" +
		"To begin with an empty database, remove that folder too.\n"
	if err := os.WriteFile(filepath.Join(dir, noteName), []byte(note), 0o644); err != nil {
		return fmt.Errorf("leave a note on where PostgreSQL is: %w", err)
	}
	return nil
}

// awayFrom names the folder elsewhere that stands in for dir.
func awayFrom(dir, elsewhere string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(elsewhere, hex.EncodeToString(sum[:6]))
}

// version is the major version of the cluster that is there, 0 if there is none.
func (p place) version() (int, error) {
	text, err := os.ReadFile(filepath.Join(p.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		if exists(p.data()) {
			return 0, fmt.Errorf("%s is no PostgreSQL cluster: move it away", p.data())
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %s is damaged", filepath.Join(p.data(), "PG_VERSION"))
	}
	return major, nil
}

// newPassword makes a password and keeps it for later starts, readable by its
// owner alone.
func (p place) newPassword() (string, error) {
	password := rand.Text()
	if err := os.WriteFile(p.passwordFile(), []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the database's password: %w", err)
	}
	return password, nil
}

func (p place) readPassword() (string, error) {
	text, err := os.ReadFile(p.passwordFile())
	if err != nil {
		return "", fmt.Errorf("read the database's password (without it, move %s away to begin anew): %w", p.data(), err)
	}
	return strings.TrimSpace(string(text)), nil
}

// lockFolder takes the folder for this process until unlock, or until the
// process ends.
func lockFolder(base string) (unlock func() error, err error) {
	path := filepath.Join(base, "postgres.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("take the data folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another Parley (process %s) is using %s: stop it, or choose another data folder",
				strings.TrimSpace(string(holder)), base)
		}
		return nil, fmt.Errorf("take the data folder: %w", err)
	}
	if err := file.Truncate(0); err == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // only for the message above
	}
	return file.Close, nil // the lock ends with the file
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// sameFile reports whether two paths lead to the same file.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
