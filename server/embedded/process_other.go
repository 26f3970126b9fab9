//go:build !linux

package embedded

import "syscall"

// signalWhenOrphaned does nothing: this system cannot tell a child of its
// parent's end, so a server left by a crash is ended by the next start.
func signalWhenOrphaned(*syscall.SysProcAttr, syscall.Signal) {}

// serves reports whether the process lives. The folder's lock is held, so a
// living process named by the server's own file can be no one else's.
func serves(pid int, _ string) bool { return syscall.Kill(pid, 0) == nil }

// children are not known here; those of a killed server end by themselves.
func children(int) []int { return nil }
