package activity

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// wish is what somebody says of an activity to schedule; the rest comes from its
// type.
type wish struct {
	kind          *db.ActivityType
	summary, note *string
	// lastSummary is used if neither the wish nor the type has one.
	lastSummary string
	assignee    *uuid.UUID
	due         day
	// previous is the due date of the activity before, or none.
	previous day
}

// draft is an activity before it is stored.
type draft struct {
	id            uuid.UUID
	record        uuid.UUID
	recordType    string
	kind          *db.ActivityType
	summary, note string
	assignee      *person
	due           day
	files         []uuid.UUID
}

// activityID is made of what must happen once: a user's request, for a record, and
// the activity's place in it. So a request that is made again finds what it made.
func activityID(by, request, record uuid.UUID, place int) uuid.UUID {
	var name [56]byte
	copy(name[:], by[:])
	copy(name[16:], request[:])
	copy(name[32:], record[:])
	binary.BigEndian.PutUint64(name[48:], uint64(place))
	hash := sha256.Sum256(name[:])
	id := uuid.UUID(hash[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: made in a way of one's own
	return id
}

// drafts are the activities that a wish makes, one on each record.
func (h *Handler) drafts(ctx context.Context, c access.Caller, w wish, records []access.Rights) ([]draft, error) {
	p, err := h.assigneeOf(ctx, c, w, records)
	if err != nil {
		return nil, err
	}
	due := w.due
	if due.none() {
		due = dueOf(w.kind, dayAt(h.Now(), p.zone), w.previous)
	}
	summary := w.kind.DefaultSummary
	if summary == "" {
		summary = w.lastSummary
	}
	summary, note := text(w.summary, summary), text(w.note, w.kind.DefaultNote)
	if !storable(summary, note) {
		return nil, errText
	}
	list := make([]draft, len(records))
	for i, r := range records {
		if !fits(w.kind, r.RecordType) {
			return nil, errTypeUnfit.With("record_id", r.ID.String())
		}
		list[i] = draft{record: r.ID, recordType: r.RecordType, kind: w.kind, summary: summary, note: note, assignee: p, due: due}
	}
	return list, nil
}

// text is what was given, or else what stands for it.
func text(given *string, otherwise string) string {
	if given == nil {
		return otherwise
	}
	return strings.TrimSpace(*given)
}

// assigneeOf is who gets what is wished: whoever is named, who must be able to; or
// else the type's, if they are able to; or else the caller.
func (h *Handler) assigneeOf(ctx context.Context, c access.Caller, w wish, records []access.Rights) (*person, error) {
	ids := []uuid.UUID{c.ID}
	if w.assignee != nil {
		ids = append(ids, *w.assignee)
	}
	if w.kind.DefaultAssigneeID != nil {
		ids = append(ids, *w.kind.DefaultAssigneeID)
	}
	people, err := h.people(ctx, h.DB, c.Workspace, ids)
	if err != nil {
		return nil, err
	}
	if w.assignee != nil {
		p := people[*w.assignee]
		return p, h.mustBeAble(ctx, p, records)
	}
	if w.kind.DefaultAssigneeID != nil {
		p := people[*w.kind.DefaultAssigneeID]
		ok, _, err := h.able(ctx, p, records)
		if err != nil || ok {
			return p, err
		}
	}
	if p := people[c.ID]; p != nil {
		return p, nil
	}
	return nil, errUserNotFound
}

// able is true if a user can get activities on the records: they are active and
// may read them. If not, it says why.
func (h *Handler) able(ctx context.Context, p *person, records []access.Rights) (ok bool, why error, err error) {
	switch {
	case p == nil:
		return false, errUserNotFound.WithField("assignee_id"), nil
	case !p.active:
		return false, errInactive.With("user_id", p.caller.ID.String()).WithMessage("%s was deactivated; give it to somebody else", p.caller.Name), nil
	}
	sight := h.sight(p.caller)
	for _, r := range records {
		reads, err := sight.reads(ctx, r.ID)
		if err != nil {
			return false, nil, err
		}
		if !reads {
			return false, errAssignee.With("record_id", r.ID.String()).
				WithMessage("%s may not read the record; give it to somebody else, or give them access first", p.caller.Name), nil
		}
	}
	return true, nil, nil
}

// mustBeAble is able for somebody who was named.
func (h *Handler) mustBeAble(ctx context.Context, p *person, records []access.Rights) error {
	_, why, err := h.able(ctx, p, records)
	if err != nil {
		return err
	}
	return why
}

// writable answers the rights of the caller on records that they may post on.
func (h *Handler) writable(ctx context.Context, c access.Caller, names []string) ([]access.Rights, error) {
	ids, err := idsOf(names, access.ErrThreadNotFound)
	if err != nil {
		return nil, err
	}
	list := make([]access.Rights, len(ids))
	for i, id := range ids {
		r, err := h.Gate.Post(ctx, c, id)
		if err != nil {
			return nil, err
		}
		if r.Kind != access.KindRecord {
			return nil, access.ErrThreadNotFound
		}
		list[i] = r
	}
	return list, nil
}

// schedule stores drafts and tells those who get them; or finds what an earlier try
// of the same request stored.
func (w *work) schedule(ctx context.Context, drafts []draft) error {
	ids := make([]uuid.UUID, len(drafts))
	for i := range drafts {
		ids[i] = drafts[i].id
	}
	earlier, err := w.q.ActivityListByID(ctx, w.tx, db.ActivityListByIDParams{WorkspaceID: w.caller.Workspace, Ids: ids})
	if err != nil {
		return fmt.Errorf("find activities of the request: %w", err)
	}
	if len(earlier) > 0 {
		return w.again(drafts, earlier)
	}
	if err := w.holdAssignees(ctx, drafts); err != nil {
		return err
	}
	for i := range drafts {
		if err := w.insert(ctx, &drafts[i]); err != nil {
			return err
		}
	}
	return nil
}

// again answers what an earlier try made, in the order of the request.
func (w *work) again(drafts []draft, earlier []db.Activity) error {
	for i := range drafts {
		at := slices.IndexFunc(earlier, func(a db.Activity) bool { return a.ID == drafts[i].id })
		if at < 0 {
			continue // cancelled since
		}
		w.touched = append(w.touched, earlier[at])
	}
	return nil
}

// holdAssignees keeps those who get an activity from being deactivated meanwhile.
func (w *work) holdAssignees(ctx context.Context, drafts []draft) error {
	users := set{}
	for i := range drafts {
		users.add(&drafts[i].assignee.caller.ID)
	}
	people, err := w.hold(ctx, w.tx, w.caller.Workspace, users.all())
	if err != nil {
		return err
	}
	for _, id := range users.all() {
		if p := people[id]; p == nil || !p.active {
			return errInactive
		}
	}
	return nil
}

func (w *work) insert(ctx context.Context, d *draft) error {
	a, err := w.q.ActivityInsert(ctx, w.tx, db.ActivityInsertParams{
		WorkspaceID: w.caller.Workspace, ID: d.id, ThreadID: d.record, RecordType: d.recordType, TypeID: d.kind.ID, Summary: d.summary,
		Note: d.note, AssigneeID: d.assignee.caller.ID, DueDate: d.due.pg(), CreatorID: w.caller.ID, CreateTime: w.Now(),
	})
	if store.IsForeignKey(err, "") {
		return access.ErrThreadNotFound // deleted meanwhile
	}
	if err != nil {
		return fmt.Errorf("insert activity: %w", err)
	}
	if err := w.addFiles(ctx, &a, d.files); err != nil {
		return err
	}
	w.touched = append(w.touched, a)
	return w.notify(ctx, &a)
}

// addFiles makes finished files of the caller's the activity's. From then on
// whoever may read the record sees them.
func (w *work) addFiles(ctx context.Context, a *db.Activity, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	taken, err := w.q.ActivityFileTake(ctx, w.tx, db.ActivityFileTakeParams{
		WorkspaceID: a.WorkspaceID, ThreadID: a.ThreadID, AuthorID: w.caller.ID, Ids: ids,
	})
	if err != nil {
		return fmt.Errorf("take files: %w", err)
	}
	if len(taken) != len(ids) {
		return thread.ErrNoFile
	}
	err = w.q.ActivityFileLink(ctx, w.tx, db.ActivityFileLinkParams{WorkspaceID: a.WorkspaceID, ActivityID: a.ID, Ids: ids})
	if err != nil {
		return fmt.Errorf("link files: %w", err)
	}
	return nil
}

// proposal is a draft that nobody has agreed to yet.
func (d *draft) proposal() *activityv1.ActivityDraft {
	return &activityv1.ActivityDraft{
		TypeId: d.kind.ID.String(), TypeName: d.kind.Name, Summary: d.summary, Note: d.note, Assignee: d.assignee.party(), DueDate: d.due.String(),
	}
}
