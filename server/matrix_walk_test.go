package server_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
)

// inOrder sorts methods so that reading comes first and what takes away comes
// last, what ends a credential after all else.
func inOrder(all []protoreflect.MethodDescriptor) []protoreflect.MethodDescriptor {
	ranks := []string{"Close", "Reopen", "Leave", "Remove", "Unfollow", "Delete", "Revoke", "ChangePassword", "SignOut", "EndVisit"}
	rank := func(m protoreflect.MethodDescriptor) int {
		for i, prefix := range ranks {
			if strings.HasPrefix(string(m.Name()), prefix) {
				return i + 2
			}
		}
		options, _ := m.Options().(*descriptorpb.MethodOptions)
		if options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(all), func(a, b protoreflect.MethodDescriptor) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name(), b.Name()))
	})
}

// attempt is a call that the contract lets through, and what came of it.
type attempt struct {
	method  protoreflect.MethodDescriptor
	subject string
	// foreign is true if the request names what must not exist for the caller.
	foreign bool
	answer
	what string // for messages
}

// try has a caller call a method with what acme has, once for each subject that
// makes a difference. It checks what holds of every answer, and leaves the rest
// to check.
func (w *world) try(t *testing.T, c *caller, method protoreflect.MethodDescriptor, check func(attempt)) {
	t.Helper()
	code, reason := c.gate(ruleOf(method))
	var before map[string]bool
	for _, s := range []*subject{&w.record, &w.note, &w.talk} {
		f := &filler{w: w, s: s}
		req := f.request(t, method)
		if before != nil && maps.Equal(before, f.named) {
			continue
		}
		before = f.named
		a := call(t.Context(), t, w.node.URL, c.token(t, method), method, req)
		what := fmt.Sprintf("%s calls %s on the %s: %v %s", c.name, full(method), s.name, a.code, a.words)
		requireDecent(t, a, what)
		for _, mark := range c.marks {
			require.NotContains(t, a.words, mark, what)
		}
		for _, id := range w.ids() {
			if c.strange(id) && !f.named[id] {
				require.NotContains(t, a.words, id, what)
			}
		}
		if code != 0 {
			require.Equal(t, code, a.code, what)
			require.Equal(t, reason, a.reason, what)
			continue
		}
		require.NotContains(t, gateReasons, a.reason, what)
		check(attempt{method: method, subject: s.name, foreign: f.foreign(req.ProtoReflect(), c), answer: a, what: what})
	}
}

// gateReasons are given to those whom the contract does not let in.
var gateReasons = []string{"CALLER_DENIED", "SCOPE_MISSING", "CREDENTIAL_MISSING", "CREDENTIAL_INVALID", "NO_RULE"}

// requireDecent checks that an answer is no accident.
func requireDecent(t *testing.T, a answer, what string) {
	t.Helper()
	require.NotContains(t, accidents, a.code, what)
	require.NotEqual(t, "REQUEST_INVALID", a.reason, "the made-up request is a bad one: tell filler.wordOf what is needed; %s", what)
}

// ids are those of acme's things that a stranger must not meet.
func (w *world) ids() []string {
	all := []string{w.ownerID, w.spareSession, w.spareKey, w.stream, w.item, w.contact, w.target, w.node.Workspace.String(), w.connection, w.template, w.delivery}
	all = append(append(all, w.activities...), w.plan, w.activityType)
	all = append(append(all, w.scheduled...), w.messageTemplate)
	for _, s := range []*subject{&w.record, &w.note, &w.talk} {
		all = append(all, s.thread, s.message, s.file, s.unfinished, s.written, s.loose)
	}
	return all
}

// foreign reports whether a request names what must not exist for the caller,
// where the method looks.
func (f *filler) foreign(m protoreflect.Message, c *caller) bool {
	request := string(m.Descriptor().Name())
	var look func(m protoreflect.Message) bool
	look = func(m protoreflect.Message) (found bool) {
		m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			place := request + "." + string(field.Name())
			if name := string(m.Descriptor().Name()); name != request {
				place = request + "." + name + "." + string(field.Name())
			}
			for _, one := range values(field, v) {
				switch {
				case field.Message() != nil && !field.IsMap():
					found = found || look(one.Message())
				case field.Kind() == protoreflect.StringKind && overlooked[place] == "":
					found = found || f.named[one.String()] && c.strange(one.String())
				}
			}
			return true
		})
		return found
	}
	return look(m)
}

// values are a field's value, or the elements of its list.
func values(field protoreflect.FieldDescriptor, v protoreflect.Value) []protoreflect.Value {
	switch {
	case field.IsMap():
		return nil
	case field.IsList():
		all := make([]protoreflect.Value, v.List().Len())
		for i := range all {
			all[i] = v.List().Get(i)
		}
		return all
	default:
		return []protoreflect.Value{v}
	}
}

// Whoever has no business with a workspace gets nothing out of it and changes
// nothing in it, whatever they call and whatever they name.
//
// Spec: A4 C4 C10
func TestMatrix_StrangersGetNothingAndChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	strangers := w.strangers(t)
	closed, open := split(inOrder(methods(t)))
	for _, c := range strangers { // makes the keys that are needed
		for _, m := range closed {
			c.token(t, m)
		}
	}
	require.Eventually(t, w.node.Index.Settled, 10*time.Second, 20*time.Millisecond, "what was said is indexed")
	before := w.fingerprint(t)
	for _, c := range strangers {
		for _, method := range closed {
			if c.lacksScope && ruleOf(method).GetScope() == accessv1.Scope_SCOPE_UNSPECIFIED {
				continue // there is nothing to lack
			}
			w.try(t, c, method, func(a attempt) {
				if a.foreign {
					require.Equal(t, connect.CodeNotFound, a.code, a.what)
				}
			})
		}
		require.Equal(t, before, w.fingerprint(t), "%s changed something", c.name)
	}
	for _, c := range strangers {
		for _, method := range open {
			w.try(t, c, method, func(attempt) {})
		}
	}
}

// split takes apart the methods that anybody may call.
func split(all []protoreflect.MethodDescriptor) (closed, open []protoreflect.MethodDescriptor) {
	for _, m := range all {
		if slices.Contains(ruleOf(m).GetCallers(), accessv1.Caller_CALLER_ANYONE) {
			open = append(open, m)
		} else {
			closed = append(closed, m)
		}
	}
	return closed, open
}

// fingerprint is all that the database has of acme.
func (w *world) fingerprint(t *testing.T) map[string]string {
	t.Helper()
	rows, err := w.node.Pool.Query(t.Context(),
		"SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'workspace_id'")
	require.NoError(t, err)
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		tables = append(tables, name)
	}
	require.NoError(t, rows.Err())
	prints := map[string]string{}
	for _, name := range tables {
		var print string
		err := w.node.Pool.QueryRow(t.Context(), `SELECT count(*) || ' ' || md5(coalesce(string_agg(x::text, ' ' ORDER BY x::text), ''))
			FROM "`+name+`" x WHERE workspace_id = $1`, w.node.Workspace).Scan(&print)
		require.NoError(t, err)
		prints[name] = print
	}
	return prints
}
