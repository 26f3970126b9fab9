package preview

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// toolMemory is how much a tool may ask for, and toolSeconds how long it may
	// compute.
	toolMemory  = 512 << 20
	toolSeconds = 10
)

// confine makes a tool end with all it started.
func confine(tool *exec.Cmd) {
	tool.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	tool.Cancel = func() error {
		if err := syscall.Kill(-tool.Process.Pid, syscall.SIGKILL); err != nil {
			return tool.Process.Kill()
		}
		return nil
	}
}

// limit bounds a tool that has just been started. It writes to its standard
// output, so it needs no files.
func limit(pid int) error {
	for resource, most := range map[int]uint64{
		unix.RLIMIT_DATA: toolMemory, unix.RLIMIT_CPU: toolSeconds, unix.RLIMIT_FSIZE: maxPDF, unix.RLIMIT_CORE: 0,
	} {
		err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) { // it has ended already
			return fmt.Errorf("limit the tool: %w", err)
		}
	}
	return nil
}
