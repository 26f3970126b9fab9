package embedded

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// signalWhenOrphaned has the kernel signal the child when its parent has ended.
func signalWhenOrphaned(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }

// serves reports whether the process is the server of the data folder: it alone
// works in there.
func serves(pid int, data string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && sameFile(cwd, data)
}

// children are the processes that the process has started and that still run.
func children(pid int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var pids []int
	for _, field := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(field); err == nil && child > 1 {
			pids = append(pids, child)
		}
	}
	return pids
}
