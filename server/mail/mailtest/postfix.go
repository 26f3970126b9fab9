// Package mailtest runs real mail programs beside a test: Postfix, which most of
// the world's mail went through, and swaks, which speaks SMTP as it is told to.
package mailtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Postfix is a mail server of its own, with its own folders and port.
type Postfix struct {
	// Addr is where it takes mail from this machine, for any address.
	Addr string
	log  string // its file
}

// Log is what it wrote so far.
func (p *Postfix) Log() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// StartPostfix starts a Postfix that passes every mail on to next, an SMTP server's
// address: what it bounces too. Mail for a domain in lmtp goes to that address by LMTP.
// It asks no name server, and tries again after a second. It is stopped after the test.
// Postfix insists on being started by root.
func StartPostfix(t testing.TB, next string, lmtp map[string]string) *Postfix {
	t.Helper()
	program, err := exec.LookPath("postfix")
	if err != nil {
		program = "/usr/sbin/postfix"
	}
	require.FileExists(t, program, "Postfix is not installed: run tools/setup machine")
	require.Zero(t, os.Geteuid(), "Postfix can be started by root only")
	dir, err := os.MkdirTemp("", "parley-postfix-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) //nolint:gosec // Postfix's own users must get in
	p := &Postfix{Addr: freeAddr(t), log: filepath.Join(dir, "log")}
	p.configure(t, dir, next, lmtp)
	log, err := os.Create(p.log)
	require.NoError(t, err)
	defer log.Close()

	cmd := exec.Command(program, "-c", filepath.Join(dir, "etc"), "start-fg")
	cmd.Stdout, cmd.Stderr = log, log // a file, which unlike a pipe its children may keep open
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		p.stop(t, dir, cmd)
		if t.Failed() {
			t.Logf("Postfix wrote:\n%s", p.Log())
		}
	})
	require.Eventually(t, p.answers, 30*time.Second, 50*time.Millisecond, "Postfix does not answer")
	return p
}

// stop ends the process that leads the others, which then end too.
func (p *Postfix) stop(t testing.TB, dir string, cmd *exec.Cmd) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "queue", "pid", "master.pid"))
	if pid, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil {
		err = syscall.Kill(pid, syscall.SIGTERM)
	}
	if err != nil {
		t.Errorf("stop Postfix: %v", err)
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait()
}

func (p *Postfix) answers() bool {
	conn, err := net.DialTimeout("tcp", p.Addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	greeting := make([]byte, len("220"))
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	_, err = conn.Read(greeting)
	return err == nil && string(greeting) == "220"
}

// configure writes the two files that Postfix reads.
func (p *Postfix) configure(t testing.TB, dir, next string, lmtp map[string]string) {
	t.Helper()
	var maps strings.Builder
	for domain, addr := range lmtp {
		host, port, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		fmt.Fprintf(&maps, " {%s = lmtp:inet:[%s]:%s}", domain, host, port)
	}
	host, port, err := net.SplitHostPort(next)
	require.NoError(t, err)
	for _, sub := range []string{"etc", "queue", "data"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, sub), 0o755)) //nolint:gosec // as above
	}
	out, err := exec.Command("chown", "postfix", filepath.Join(dir, "data")).CombinedOutput()
	require.NoError(t, err, string(out))
	main := fmt.Sprintf(mainConfig, dir, dir, host, port)
	if maps.Len() > 0 {
		main += "transport_maps = inline:{" + maps.String() + " }\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etc", "main.cf"), []byte(main), 0o644)) //nolint:gosec // as above
	master := p.Addr + masterConfig
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etc", "master.cf"), []byte(master), 0o644)) //nolint:gosec // as above
}

const mainConfig = `compatibility_level = 3.6
queue_directory = %s/queue
data_directory = %s/data
relayhost = [%s]:%s
maillog_file = /dev/stdout
myhostname = relay.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_host_lookup = native
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
message_size_limit = 50000000
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
notify_classes =
`

const masterConfig = ` inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// freeAddr finds a port that nobody listens at.
func freeAddr(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}
