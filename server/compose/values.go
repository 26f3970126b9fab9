package compose

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/placeholder"
	"github.com/parley-chat/parley/server/store"
)

// values are what placeholders stand for in one thread, with the caller's eyes.
type values struct {
	*naming
	reader placeholder.Reader
	title  string
	user   db.ComposeUserGetRow
	record *recordv1.Record // nil where the thread hangs on none
	// far are the records that references point to, by id; nil for one that the
	// caller may not read.
	far map[string]*recordv1.Record
}

// values reads what a thread hangs on.
func (h *Handler) values(ctx context.Context, rights access.Rights) (*values, error) {
	c := access.FromContext(ctx)
	kind := ""
	if rights.Kind == access.KindRecord {
		kind = rights.RecordType
	}
	n, err := h.naming(ctx, kind)
	if err != nil {
		return nil, err
	}
	v := &values{naming: n, far: map[string]*recordv1.Record{}}
	if v.user, err = h.q.ComposeUserGet(ctx, h.DB, db.ComposeUserGetParams{WorkspaceID: c.Workspace, ID: c.ID}); err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	v.reader = placeholder.Reader{Locale: c.Locale, Zone: zoneOf(v.user.TimeZone)}
	if kind == "" {
		v.title, err = h.titleOf(ctx, c.Workspace, rights.Facts)
		return v, err
	}
	if v.record, err = v.read(ctx, rights.ID.String()); err != nil {
		return nil, err
	}
	v.title = v.record.GetTitle()
	return v, nil
}

func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// titleOf is what people call a thread; empty if that is not known.
func (h *Handler) titleOf(ctx context.Context, workspace uuid.UUID, f access.Facts) (string, error) {
	titles := h.Titles[f.Kind]
	if titles == nil {
		return "", nil
	}
	found, err := titles.Titles(ctx, workspace, []uuid.UUID{f.ID})
	return found[f.ID], err
}

// read is a record; nil if the caller may not read it.
func (v *values) read(ctx context.Context, id string) (*recordv1.Record, error) {
	if r, asked := v.far[id]; asked || id == "" {
		return r, nil
	}
	res, err := v.h.Records.GetRecord(ctx, &recordv1.GetRecordRequest{RecordId: id})
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	v.far[id] = res.GetRecord()
	return res.GetRecord(), nil
}

// all are the values of the names in texts. A name that cannot be used has none.
func (v *values) all(ctx context.Context, texts ...*placeholder.Text) (map[string]string, error) {
	found := map[string]string{}
	for _, t := range texts {
		for _, g := range t.Gaps() {
			if _, known := found[g.Name]; known {
				continue
			}
			value, err := v.value(ctx, g.Name)
			if err != nil {
				return nil, err
			}
			found[g.Name] = value
		}
	}
	return found, nil
}

func (v *values) value(ctx context.Context, name string) (string, error) {
	g, err := v.find(ctx, name)
	switch {
	case err != nil || g == nil:
		return "", err
	case g.through != nil && g.beyond == nil:
		return v.record.GetDisplay()[g.through.GetName()], nil
	case g.through != nil:
		r, err := v.read(ctx, v.record.GetFields().GetFields()[g.through.GetName()].GetStringValue())
		if err != nil || g.field == nil {
			return r.GetTitle(), err
		}
		return v.reader.Value(g.field, r), nil
	case g.field != nil:
		return v.reader.Value(g.field, v.record), nil
	}
	switch g.builtin {
	case "record.title":
		return v.title, nil
	case "record.url":
		return address(v.kind, v.record), nil
	case "user.name":
		return v.caller.ChatName, nil
	default:
		return v.user.WorkspaceTitle, nil
	}
}

// inAddress is a field's name in the template of a record's web address.
var inAddress = regexp.MustCompile(`\{([a-z0-9_]+)\}`)

// address is a record's public web address; empty if its type has none, or a
// value for it is missing.
func address(kind *recordv1.RecordType, r *recordv1.Record) string {
	missing := false
	made := inAddress.ReplaceAllStringFunc(kind.GetUrlTemplate(), func(found string) string {
		name := found[1 : len(found)-1]
		value := r.GetFields().GetFields()[name].GetStringValue()
		if value == "" {
			value = r.GetDisplay()[name]
		}
		missing = missing || value == ""
		return url.PathEscape(value)
	})
	if missing {
		return ""
	}
	return made
}

// author is a user as one who makes requests.
func (h *Handler) author(ctx context.Context, workspace, id uuid.UUID) (access.Caller, error) {
	u, err := h.q.ComposeUserGet(ctx, h.DB, db.ComposeUserGetParams{WorkspaceID: workspace, ID: id})
	if store.IsNoRows(err) || err == nil && !u.Active {
		return access.Caller{}, errAuthorGone
	}
	if err != nil {
		return access.Caller{}, fmt.Errorf("find author: %w", err)
	}
	return callerOf(workspace, u), nil
}
