package record

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// postCreation logs that the record was made. Who made it follows it.
func (w *writer) postCreation(ctx context.Context, t *Type, r *stored) error {
	author := thread.AuthorOf(w.author)
	d := thread.Draft{
		Kind: threadv1.MessageKind_MESSAGE_KIND_SYSTEM,
		Extra: &wirev1.Extra{System: &threadv1.SystemLine{
			Event: threadv1.SystemEvent_SYSTEM_EVENT_RECORD_CREATED, Party: author.Party(),
		}},
	}
	if w.author.Kind == access.User {
		d.Follow = t.defaultSubtypes()
	}
	return w.post(ctx, r, d)
}

// postChange logs the tracked fields that changed, as people read them; the
// names in it are for whoever may read the field.
func (w *writer) postChange(ctx context.Context, t *Type, r *stored, old values, fields []*recordv1.Field, n *names) error {
	tracked := slices.DeleteFunc(slices.Clone(fields), func(f *recordv1.Field) bool { return !t.tracked(f) })
	if len(tracked) == 0 {
		return nil
	}
	x := &wirev1.Extra{}
	for _, f := range tracked {
		x.Changes = append(x.Changes, &wirev1.Change{Roles: f.GetReadRoles(), Change: &threadv1.FieldChange{
			Field: f.GetName(), Label: f.GetLabel(),
			OldValue: abridged(show(f, old[f.GetName()], n, true)), NewValue: abridged(show(f, r.values[f.GetName()], n, true)),
		}})
	}
	subtype := reposted(tracked, r.values)
	d := thread.Draft{Kind: threadv1.MessageKind_MESSAGE_KIND_CHANGE, Extra: x, Subtype: subtype, Notify: subtype != ""}
	if w.mails {
		// Whoever it concerns and wants mail gets this by mail: users, never outsiders.
		d.Mail, d.Added = &thread.Mail{Send: r.updated}, w.newAssignee(t, r, old)
	}
	return w.post(ctx, r, d)
}

// newAssignee is somebody else who got the record to look after, if anybody did.
func (w *writer) newAssignee(t *Type, r *stored, old values) []uuid.UUID {
	name := t.def.GetAssigneeField()
	if name == "" || r.values[name] == nil || r.values[name] == old[name] {
		return nil
	}
	return slices.DeleteFunc(idsOf(r.values[name]), func(id uuid.UUID) bool { return w.caller.Kind == access.User && id == w.caller.ID })
}

// post writes an internal line in the record's thread.
func (w *writer) post(ctx context.Context, r *stored, d thread.Draft) error {
	request, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make request id: %w", err)
	}
	d.Workspace, d.Thread, d.RequestID, d.Internal, d.Author = r.workspace, r.id, request, true, thread.AuthorOf(w.author)
	m, err := w.log.PostTx(ctx, w.tx, d)
	if err != nil {
		return err
	}
	w.messages = append(w.messages, m)
	return nil
}

// assign makes a new assignee a follower, and if asked to tells them, unless they
// did it themselves.
func (w *writer) assign(ctx context.Context, t *Type, r *stored, old values, tell bool) error {
	name := t.def.GetAssigneeField()
	if name == "" || r.values[name] == nil || r.values[name] == old[name] {
		return nil
	}
	for _, user := range idsOf(r.values[name]) {
		if err := w.followers.Follow(ctx, w.tx, r.workspace, r.id, user, t.defaultSubtypes()); err != nil {
			return err
		}
		if !tell || w.caller.Kind == access.User && user == w.caller.ID {
			continue
		}
		item := thread.ItemID(&w.messages[len(w.messages)-1])
		if err := w.followers.Assigned(ctx, w.tx, r.workspace, r.id, user, w.caller.ID, item); err != nil {
			return err
		}
		w.assigned = append(w.assigned, assignment{user, item})
	}
	return nil
}

// abridged keeps a change entry from carrying whole documents.
func abridged(s string) string {
	const longest = 500
	if r := []rune(s); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return s
}

// reposted is the subtype that a change is posted under: the first that one of
// the changed fields, or the option chosen, is mapped to; "" if none is.
func reposted(fields []*recordv1.Field, v values) string {
	for _, f := range fields {
		for _, o := range f.GetOptions() {
			if o.GetValue() == v[f.GetName()] && o.GetChangeSubtype() != "" {
				return o.GetChangeSubtype()
			}
		}
		if f.GetChangeSubtype() != "" {
			return f.GetChangeSubtype()
		}
	}
	return ""
}
