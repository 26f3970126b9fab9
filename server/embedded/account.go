package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom a server runs as.
type account struct {
	uid, gid uint32
	// switched tells that this is not who we are: we are root, and PostgreSQL
	// refuses to run as root.
	switched bool
}

// serverAccount chooses whom to run as: ourselves, or if we are root the owner
// of the data that is there, or else an account without rights.
func serverAccount(data string) (account, error) {
	self := account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	info, err := os.Stat(data)
	switch {
	case err == nil:
		return ownerAccount(self, info, data)
	case !errors.Is(err, fs.ErrNotExist):
		return account{}, fmt.Errorf("look for the cluster: %w", err)
	case self.uid != 0:
		return self, nil
	}
	return unprivileged()
}

// ownerAccount is the account that can use the data that is there.
func ownerAccount(self account, data fs.FileInfo, path string) (account, error) {
	stat, ok := data.Sys().(*syscall.Stat_t)
	switch {
	case !ok || stat.Uid == self.uid && self.uid != 0:
		return self, nil
	case self.uid == 0 && stat.Uid != 0:
		return account{uid: stat.Uid, gid: stat.Gid, switched: true}, nil
	case self.uid == 0:
		return account{}, fmt.Errorf("%s belongs to root, as whom PostgreSQL does not run: "+
			"chown it to another account", path)
	default:
		return account{}, fmt.Errorf("%s belongs to user %d, who started Parley here before (root, probably): "+
			"start it in the same way again, or move the folder away to begin with an empty database", path, stat.Uid)
	}
}

// unprivileged finds an account for the server when we are root.
func unprivileged() (account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return account{uid: uint32(uid), gid: uint32(gid), switched: true}, nil
		}
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is neither an account " +
		`"postgres" nor "nobody" to run it as: start Parley as an ordinary user`)
}

// attributes make a child run as the account.
func (a account) attributes() *syscall.SysProcAttr {
	if !a.switched {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.uid, Gid: a.gid}}
}

// own gives a file or folder to the account.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// reaches reports whether the account may pass through all folders that lead to
// path, and through path itself if it is a folder. What does not exist yet is
// passed by.
func (a account) reaches(path string) bool {
	if !a.switched {
		return true
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	for ; ; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err == nil && !a.passes(info) {
			return false
		}
		if path == filepath.Dir(path) {
			return true
		}
	}
}

// passes reports whether the account may search a folder, or run a file.
func (a account) passes(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	bit := fs.FileMode(0o001)
	switch {
	case stat.Uid == a.uid:
		bit = 0o100
	case stat.Gid == a.gid:
		bit = 0o010
	}
	return info.Mode().Perm()&bit != 0
}
