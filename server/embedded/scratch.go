package embedded

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// memory is where Linux keeps files in memory.
const memory = "/dev/shm"

// scratch is a folder that is removed when this process has ended, however it
// ended: a shell waits for the other end of a pipe to close, which the kernel
// does for us. Tests that are killed would fill the memory otherwise.
type scratch struct {
	dir    string
	keeper *exec.Cmd
	// held is the end of the pipe whose closing lets the keeper go to work. It is
	// a bare number because the garbage collector closes files that nobody
	// refers to any more, and a caller may well forget the server that it started.
	held int
}

// keeperScript ends the server that works in the folder $1, if the kernel has
// not already, and removes the folder.
const keeperScript = `
trap '' INT TERM HUP
read -r _
data="$1/postgres"
pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null)
tries=0
while [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$data" ] && [ "$tries" -lt 100 ]; do
	kill -QUIT "$pid" 2>/dev/null
	sleep 0.1
	tries=$((tries + 1))
done
rm -rf -- "$1"
`

// newScratch makes the folder, in memory if there is room for files.
func newScratch() (*scratch, error) {
	dir, err := os.MkdirTemp(memory, "parley-")
	if err != nil {
		dir, err = os.MkdirTemp("", "parley-")
	}
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the server's account passes through
		return nil, errors.Join(fmt.Errorf("make a temporary folder: %w", err), os.RemoveAll(dir))
	}
	s := &scratch{dir: dir, keeper: exec.Command("/bin/sh", "-c", keeperScript, "parley-keeper", dir)}
	if err := s.watch(); err != nil {
		return nil, errors.Join(fmt.Errorf("watch over a temporary folder: %w", err), os.RemoveAll(dir))
	}
	return s, nil
}

// watch starts the keeper on one end of a pipe, and keeps the other.
func (s *scratch) watch() error {
	var ends [2]int
	syscall.ForkLock.RLock() // no child may be born with our end
	err := syscall.Pipe(ends[:])
	if err == nil {
		syscall.CloseOnExec(ends[0])
		syscall.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return err
	}
	read := os.NewFile(uintptr(ends[0]), "keeper")
	defer func() { _ = read.Close() }()
	s.held = ends[1]
	s.keeper.Stdin = read
	s.keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.keeper.Start(); err != nil {
		return errors.Join(err, syscall.Close(s.held))
	}
	return nil
}

// remove removes the folder now.
func (s *scratch) remove() error {
	if err := errors.Join(syscall.Close(s.held), s.keeper.Wait()); err != nil {
		return errors.Join(fmt.Errorf("remove a temporary folder: %w", err), os.RemoveAll(s.dir))
	}
	return nil
}
