package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// helperVariable makes the test binary start servers and wait to be killed.
const helperVariable = "PARLEY_EMBEDDED_TEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperVariable) != "" {
		os.Exit(helper())
	}
	os.Exit(m.Run())
}

// helper starts a server of each kind, says where they are and waits.
func helper() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGUSR1)
	defer stop()
	p, err := Start(ctx, Config{Fast: true})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(p.current().cmd.Process.Pid, p.cluster.place.base)
	<-ctx.Done()
	return 0 // without stopping anything
}

// A test run that is killed, or that just ends, must leave neither servers nor
// files in memory.
func TestScratchServer_EndsWithItsProcess(t *testing.T) {
	t.Parallel()
	for _, how := range []syscall.Signal{syscall.SIGKILL, syscall.SIGUSR1} {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), helperVariable+"=1")
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			number, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
			pid, err := strconv.Atoi(number)
			require.NoError(t, err, line)
			require.DirExists(t, dir)
			require.NoError(t, syscall.Kill(pid, 0))

			require.NoError(t, cmd.Process.Signal(how))
			_ = cmd.Wait()

			require.Eventually(t, func() bool { return !exists(dir) }, 10*time.Second, 20*time.Millisecond)
			require.Eventually(t, func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }, 10*time.Second, 20*time.Millisecond)
		})
	}
}

// A server that ignores the polite signal is ended all the same.
func TestProcess_StopEndsWhatDoesNotListen(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/sh", "-c", `trap '' INT TERM; echo ready; while :; do sleep 1; done`)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout = write
	p, err := startProcess(cmd, syscall.SIGKILL)
	require.NoError(t, err)
	require.NoError(t, write.Close())
	_, err = bufio.NewReader(read).ReadString('\n')
	require.NoError(t, err)

	require.NoError(t, p.stop(50*time.Millisecond, syscall.SIGINT, syscall.SIGTERM))

	require.False(t, p.running())
	require.NoError(t, p.stop(time.Second, syscall.SIGINT), "stopping what has ended does nothing")
}

func TestStartProcess_SaysWhichProgramIsMissing(t *testing.T) {
	t.Parallel()
	_, err := startProcess(exec.Command("/nowhere/postgres"), syscall.SIGKILL)
	require.ErrorContains(t, err, "start /nowhere/postgres")
}

func itoa(n int) string { return strconv.Itoa(n) }
