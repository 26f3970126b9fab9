package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"

	parley "github.com/parley-chat/parley/clients/go"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
)

const (
	// exitTryLater and exitRefused are what mail servers understand (sysexits.h):
	// the one keeps the mail and tries again, the other sends it back.
	exitTryLater, exitRefused = 75, 65
	// maxPiped is the largest mail that goes through a pipe, in bytes.
	maxPiped = 5 << 20
	// pipeTime bounds one delivery.
	pipeTime = 2 * time.Minute
)

type mailCommand struct {
	Server     string   `help:"Address of the Parley server." default:"http://127.0.0.1:8080" env:"PARLEY_SERVER"`
	Key        string   `help:"API key of an administrator, with the scope to write mail." required:"" env:"PARLEY_API_KEY"`
	Sender     string   `help:"The envelope's sender, as mail servers give it." env:"SENDER"`
	Recipients []string `arg:"" optional:"" help:"The envelope's recipients; those of the headers if none is given."`

	stdin io.Reader
}

// exitError says with which status the program ends.
type exitError struct {
	error
	status int
}

// Unwrap returns the cause.
func (e *exitError) Unwrap() error { return e.error }

// Run hands one mail from the standard input to a server.
func (c *mailCommand) Run(ctx context.Context) error {
	in := c.stdin
	if in == nil {
		in = os.Stdin
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxPiped+1))
	switch {
	case err != nil:
		return &exitError{fmt.Errorf("read the mail: %w", err), exitTryLater}
	case len(raw) == 0:
		return &exitError{errors.New("there is no mail on the standard input"), exitRefused}
	case len(raw) > maxPiped:
		return &exitError{errors.New("the mail is larger than 5 MiB; let it come by SMTP or LMTP"), exitRefused}
	}
	ctx, cancel := context.WithTimeout(ctx, pipeTime)
	defer cancel()
	client := parley.New(strings.TrimRight(c.Server, "/"), parley.WithToken(c.Key))
	res, err := client.Mail.DeliverMail(ctx, &mailv1.DeliverMailRequest{Mail: raw, Recipients: c.Recipients, Sender: c.Sender})
	if err != nil {
		return &exitError{fmt.Errorf("deliver the mail: %w", err), exitOf(err)}
	}
	for _, r := range res.GetResults() {
		fmt.Println(strings.ToLower(strings.TrimPrefix(r.GetOutcome().String(), "MAIL_OUTCOME_"))+":", r.GetReason())
	}
	return nil
}

// exitOf is refused for what will be refused again. A wrong key can be set right,
// and no mail is to be lost meanwhile.
func exitOf(err error) int {
	if connect.CodeOf(err) == connect.CodeInvalidArgument {
		return exitRefused
	}
	return exitTryLater
}
