package compose

import (
	"context"
	"slices"
	"strings"

	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/placeholder"
	"github.com/parley-chat/parley/server/rpc"
)

// userType is what a reference to a user points to.
const userType = "user"

// always are the names that stand in every template. A field of the same name
// comes before them.
var always = []*composev1.Placeholder{
	{Name: "record.title", Label: "Title"}, {Name: "record.url", Label: "Web address"}, {Name: "user.name", Label: "Your name"},
	{Name: "workspace.title", Label: "Workspace"},
}

// naming is which names a caller may use in templates for a record type.
type naming struct {
	h      *Handler
	caller access.Caller
	kind   *recordv1.RecordType // nil for templates for every thread
	// targets are the types that references point to, as far as they were asked for;
	// nil for one that the caller has nothing to do with.
	targets map[string]*recordv1.RecordType
}

// naming reads a record type as the caller in the context sees it.
func (h *Handler) naming(ctx context.Context, recordType string) (*naming, error) {
	n := &naming{h: h, caller: access.FromContext(ctx), targets: map[string]*recordv1.RecordType{}}
	if recordType == "" {
		return n, nil
	}
	kind, err := n.target(ctx, recordType)
	if err == nil && kind == nil {
		err = errRecordType
	}
	n.kind = kind
	return n, err
}

// target is a record type by name; nil if the caller has nothing to do with it.
func (n *naming) target(ctx context.Context, name string) (*recordv1.RecordType, error) {
	if kind, asked := n.targets[name]; asked {
		return kind, nil
	}
	res, err := n.h.Records.GetRecordType(ctx, &recordv1.GetRecordTypeRequest{Name: name})
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	n.targets[name] = res.GetRecordType()
	return res.GetRecordType(), nil
}

// field is a field that the caller may read. An administrator sees types whole,
// and still may not read every field.
func (n *naming) field(kind *recordv1.RecordType, name string) *recordv1.Field {
	for _, f := range kind.GetFields() {
		roles := f.GetReadRoles()
		if f.GetName() == name && (len(roles) == 0 || slices.Contains(roles, n.caller.Role)) {
			return f
		}
	}
	return nil
}

// gap is what a name stands for: a field, or one of a record that a field refers
// to.
type gap struct {
	field *recordv1.Field
	// through is the reference on the way to the field; nil for none. beyond is the
	// type there; nil for a user.
	through *recordv1.Field
	beyond  *recordv1.RecordType
	// builtin is the name of what there always is.
	builtin string
}

// find is what a name stands for; nil if the caller cannot use it.
func (n *naming) find(ctx context.Context, name string) (*gap, error) {
	words := strings.Split(name, ".")
	if words[0] == "record" && n.kind != nil {
		f := n.field(n.kind, words[1])
		switch {
		case f != nil && len(words) == 2:
			return &gap{field: f}, nil
		case f != nil && f.GetType() == recordv1.FieldType_FIELD_TYPE_REFERENCE:
			return n.beyond(ctx, f, words[2])
		}
	}
	if slices.ContainsFunc(always, func(p *composev1.Placeholder) bool { return p.GetName() == name }) {
		return &gap{builtin: name}, nil
	}
	return nil, nil
}

// beyond is a field of what a reference points to: of a user the name, of a record
// its title and fields.
func (n *naming) beyond(ctx context.Context, f *recordv1.Field, name string) (*gap, error) {
	if f.GetTargetType() == userType {
		if name == "name" {
			return &gap{through: f, builtin: name}, nil
		}
		return nil, nil
	}
	kind, err := n.target(ctx, f.GetTargetType())
	if err != nil || kind == nil {
		return nil, err
	}
	if field := n.field(kind, name); field != nil {
		return &gap{through: f, beyond: kind, field: field}, nil
	}
	if name == "title" {
		return &gap{through: f, beyond: kind, builtin: name}, nil
	}
	return nil, nil
}

// check fails for a text with a placeholder that cannot be read, or that the
// caller cannot use.
func (n *naming) check(ctx context.Context, text, field string) error {
	parsed, err := placeholder.Parse(text)
	if err != nil {
		return inField(err, field)
	}
	var failure error
	err = parsed.Check(func(name string) bool {
		g, err := n.find(ctx, name)
		if err != nil && failure == nil {
			failure = err
		}
		return g != nil
	})
	if failure != nil {
		return failure
	}
	return inField(err, field)
}

// inField names the request's field in a failure that the caller can cure.
func inField(err error, field string) error {
	if f, ok := err.(*fault.Error); ok {
		return f.WithField(field)
	}
	return err
}

// list are all names that the caller can use.
func (n *naming) list(ctx context.Context) ([]*composev1.Placeholder, error) {
	list := slices.Clone(always)
	for _, f := range n.kind.GetFields() {
		if n.field(n.kind, f.GetName()) == nil {
			continue
		}
		name := "record." + f.GetName()
		list = slices.DeleteFunc(list, func(p *composev1.Placeholder) bool { return p.GetName() == name })
		list = append(list, &composev1.Placeholder{Name: name, Label: f.GetLabel()})
		if f.GetType() != recordv1.FieldType_FIELD_TYPE_REFERENCE || f.GetTargetType() == userType {
			continue
		}
		kind, err := n.target(ctx, f.GetTargetType())
		if err != nil {
			return nil, err
		}
		for _, far := range kind.GetFields() {
			if n.field(kind, far.GetName()) != nil {
				list = append(list, &composev1.Placeholder{Name: name + "." + far.GetName(), Label: f.GetLabel() + ": " + far.GetLabel()})
			}
		}
	}
	return list, nil
}

// ListPlaceholders implements the contract's method.
func (h *Handler) ListPlaceholders(ctx context.Context, req *composev1.ListPlaceholdersRequest) (*composev1.ListPlaceholdersResponse, error) {
	n, err := h.naming(ctx, req.GetRecordType())
	if err != nil {
		return nil, err
	}
	all, err := n.list(ctx)
	if err != nil {
		return nil, err
	}
	skip := 0
	if _, err := h.Pages.Decode(ctx, req, &skip); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), maxPlaceholders, maxPlaceholders)
	all = all[min(max(skip, 0), len(all)):]
	res := &composev1.ListPlaceholdersResponse{Placeholders: all[:min(size, len(all))]}
	if len(all) > size {
		res.NextPageToken, err = h.Pages.Encode(ctx, req, skip+size)
	}
	return res, err
}
