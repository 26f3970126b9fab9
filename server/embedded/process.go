package embedded

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a server that ends when this process does.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// startProcess starts cmd, which receives the orphaned signal when this process
// ends in any way. It has a process group of its own, so that a Ctrl+C on the
// terminal reaches only us, who end it when its clients are done.
func startProcess(cmd *exec.Cmd, orphaned syscall.Signal) (*process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	signalWhenOrphaned(cmd.SysProcAttr, orphaned)

	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// run starts the command and waits for its end. It keeps its thread all the
// while: to the kernel the parent is the thread that started the child, and Go
// ends idle threads.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // how a server ended is in its log
	close(p.done)
}

// running reports whether the process has not ended yet.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop sends the signals one after the other, each time waiting that long for
// the end, and at last kills. It returns once the process has ended.
func (p *process) stop(patience time.Duration, signals ...syscall.Signal) error {
	for _, signal := range append(signals, syscall.SIGKILL) {
		if !p.running() {
			return nil
		}
		_ = p.cmd.Process.Signal(signal) // fails only if it has just ended
		select {
		case <-p.done:
			return nil
		case <-time.After(patience):
		}
	}
	return fmt.Errorf("stop %s: process %d does not end", p.cmd.Path, p.cmd.Process.Pid)
}
