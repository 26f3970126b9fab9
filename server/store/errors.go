package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes that the store acts on.
const (
	codeUniqueViolation      = "23505"
	codeForeignKeyViolation  = "23503"
	codeSerializationFailure = "40001"
	codeDeadlock             = "40P01"
	codeInvalidPassword      = "28P01"
	codeInvalidAuthorization = "28000"
	codeNoDatabase           = "3D000"
	codeTooManyConnections   = "53300"
	codeCannotConnectNow     = "57P03"
	classConnection          = "08"
	classOperatorIntervened  = "57P"
)

// IsNoRows reports whether a query for one row found none.
func IsNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// IsUnique reports whether err says that a row with the same key exists. An
// empty constraint stands for any.
func IsUnique(err error, constraint string) bool {
	return violates(err, codeUniqueViolation, constraint)
}

// IsForeignKey reports whether err says that a row refers to one that does not
// exist, or is still referred to. An empty constraint stands for any.
func IsForeignKey(err error, constraint string) bool {
	return violates(err, codeForeignKeyViolation, constraint)
}

// IsUnavailable reports whether err says that the database could not be asked,
// as opposed to it having refused. Whether a commit that failed so took place is
// unknown: only a request id tells.
func IsUnavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if code := sqlState(err); code != "" {
		return strings.HasPrefix(code, classConnection) || strings.HasPrefix(code, classOperatorIntervened) ||
			code == codeTooManyConnections
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) { // the caller's, who may just have been in a hurry
		return false
	}
	var network net.Error
	return errors.As(err, &network) || pgconn.SafeToRetry(err) || isClosed(err)
}

// isClosed recognises a connection that ended in the middle of an answer.
func isClosed(err error) bool {
	return errors.Is(err, net.ErrClosed) || strings.HasSuffix(err.Error(), "unexpected EOF") ||
		strings.HasSuffix(err.Error(), "conn closed")
}

// violates reports whether err has the SQLSTATE code and names the constraint.
func violates(err error, code, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code && (constraint == "" || pg.ConstraintName == constraint)
}

// sqlState returns the server's code for err, or "" if it did not come from
// there.
func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

func isStartingUp(err error) bool { return sqlState(err) == codeCannotConnectNow }

// unreachable words a failed connection for the person who starts the program.
// The text of err is left out: it may repeat the URL.
func unreachable(config *pgx.ConnConfig, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	where := fmt.Sprintf("PostgreSQL at %s, database %q, user %q",
		net.JoinHostPort(config.Host, fmt.Sprint(config.Port)), config.Database, config.User)
	const orEmbedded = "set PARLEY_DATABASE_URL to another, or leave it empty to use the embedded server"
	switch sqlState(err) {
	case codeInvalidPassword, codeInvalidAuthorization:
		return fmt.Errorf("%s refuses this user or password: correct PARLEY_DATABASE_URL", where)
	case codeNoDatabase:
		return fmt.Errorf("%s: there is no such database; make it with CREATE DATABASE, or correct PARLEY_DATABASE_URL", where)
	case codeTooManyConnections:
		return fmt.Errorf("%s has no connection left: raise max_connections, or lower pool_max_conns of each node", where)
	case codeCannotConnectNow:
		return fmt.Errorf("%s is still starting up or shutting down: try again in a moment", where)
	case "":
		return fmt.Errorf("%s cannot be reached (%s): start it, %s", where, networkCause(err), orEmbedded)
	default:
		return fmt.Errorf("%s refuses the connection (SQLSTATE %s): see its log, or %s", where, sqlState(err), orEmbedded)
	}
}

// networkCause is the innermost word on why no connection came about.
func networkCause(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return "its name cannot be resolved"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &op):
		return op.Err.Error()
	default:
		return "the connection failed"
	}
}
