package record_test

import (
	"fmt"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

const (
	text      = recordv1.FieldType_FIELD_TYPE_TEXT
	decimal   = recordv1.FieldType_FIELD_TYPE_DECIMAL
	selection = recordv1.FieldType_FIELD_TYPE_SELECTION
	reference = recordv1.FieldType_FIELD_TYPE_REFERENCE
)

// order is a type with a part of every kind.
func order() *recordv1.RecordType {
	return &recordv1.RecordType{
		Name: "order", Label: "Order", PluralLabel: "Orders", TitleField: "number", UniqueField: "number", AssigneeField: "clerk",
		CustomerField: "customer", UrlTemplate: "https://shop.example/orders/{number}",
		Fields: []*recordv1.Field{
			{Name: "number", Label: "Number", Type: text, Required: true, Tracked: true},
			{Name: "customer", Label: "Customer", Type: reference, TargetType: "contact", Tracked: true},
			{Name: "clerk", Label: "Clerk", Type: reference, TargetType: "user"},
			{Name: "total", Label: "Total", Type: recordv1.FieldType_FIELD_TYPE_MONEY, Tracked: true},
			{Name: "state", Label: "State", Type: selection, Tracked: true, ChangeSubtype: "state_changed",
				DefaultValue: structpb.NewStringValue("open"), Options: []*recordv1.Option{
					{Value: "open", Label: "Open"}, {Value: "paid", Label: "Paid", ChangeSubtype: "paid"},
				}},
		},
		Subtypes: []*recordv1.Subtype{{Name: "state_changed", Label: "State changed"}, {Name: "paid", Label: "Paid", Default: true}},
	}
}

// Spec: R1
func TestCreateRecordType_AnswersItWithTheSubtypesThatEveryTypeHas(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	req := &recordv1.CreateRecordTypeRequest{RequestId: uuid.NewString(), RecordType: order()}
	req.RecordType.BuiltIn = true // is ignored

	res, err := ada.api.CreateRecordType(t.Context(), req)
	require.NoError(t, err)
	again, err := ada.api.CreateRecordType(t.Context(), req)
	require.NoError(t, err)

	want := order()
	want.Subtypes = append([]*recordv1.Subtype{
		{Name: "discussions", Label: "Discussions", Default: true}, {Name: "notes", Label: "Notes", Internal: true},
		{Name: "activities", Label: "Activities", Internal: true},
	}, want.Subtypes...)
	want.CreateTime, want.UpdateTime = res.GetRecordType().GetCreateTime(), res.GetRecordType().GetUpdateTime()
	require.NotNil(t, want.GetCreateTime())
	require.True(t, proto.Equal(want, res.GetRecordType()), res)
	require.True(t, proto.Equal(res, again))
	_, err = ada.tryMakeType(t, order())
	refused(t, err, connect.CodeAlreadyExists, "TYPE_EXISTS")
}

// Spec: R1
func TestCreateRecordType_RefusesPartsThatDoNotFitAndNamesThem(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	admins := []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}
	for at, change := range map[string]func(d *recordv1.RecordType){
		"name":                                func(d *recordv1.RecordType) { d.Name = "user" },
		"fields":                              func(d *recordv1.RecordType) { d.Fields = nil },
		"fields[1].name":                      func(d *recordv1.RecordType) { d.Fields[1].Name = "number" },
		"fields[2].name":                      func(d *recordv1.RecordType) { d.Fields[2].Name = "create_time" },
		"fields[3].name":                      func(d *recordv1.RecordType) { d.Fields[3].Name = "title" },
		"fields[1].target_type":               func(d *recordv1.RecordType) { d.Fields[1].TargetType = "nothing" },
		"fields[2].target_type":               func(d *recordv1.RecordType) { d.Fields[2].TargetType = "" },
		"fields[3].target_type":               func(d *recordv1.RecordType) { d.Fields[3].TargetType = "contact" },
		"fields[4].options":                   func(d *recordv1.RecordType) { d.Fields[4].Options = nil },
		"fields[0].options":                   func(d *recordv1.RecordType) { d.Fields[0].Options = d.Fields[4].Options },
		"fields[4].options[1].value":          func(d *recordv1.RecordType) { d.Fields[4].Options[1].Value = "open" },
		"fields[4].options[1].label":          func(d *recordv1.RecordType) { d.Fields[4].Options[1].Label = "OPEN" },
		"fields[4].options[0].change_subtype": func(d *recordv1.RecordType) { d.Fields[4].Options[0].ChangeSubtype = "none" },
		"fields[4].default_value":             func(d *recordv1.RecordType) { d.Fields[4].DefaultValue = structpb.NewStringValue("gone") },
		"fields[3].default_value":             func(d *recordv1.RecordType) { d.Fields[3].DefaultValue = structpb.NewNumberValue(3) },
		"fields[4].change_subtype":            func(d *recordv1.RecordType) { d.Fields[4].ChangeSubtype = "none" },
		"fields[2].change_subtype":            func(d *recordv1.RecordType) { d.Fields[2].ChangeSubtype = "paid" },
		"fields[2].read_roles":                func(d *recordv1.RecordType) { d.Fields[2].ReadRoles = []identityv1.Role{9} },
		"title_field":                         func(d *recordv1.RecordType) { d.TitleField = "total" },
		"unique_field":                        func(d *recordv1.RecordType) { d.UniqueField = "total" },
		"assignee_field":                      func(d *recordv1.RecordType) { d.AssigneeField = "customer" },
		"customer_field":                      func(d *recordv1.RecordType) { d.CustomerField = "clerk" },
		"url_template":                        func(d *recordv1.RecordType) { d.UrlTemplate = "https://shop.example/{nothing}" },
		"subtypes[1].name":                    func(d *recordv1.RecordType) { d.Subtypes[1].Name = "state_changed" },
		"subtypes[0].internal":                func(d *recordv1.RecordType) { d.Subtypes[0] = &recordv1.Subtype{Name: "notes", Label: "Notes"} },
		"read.condition":                      func(d *recordv1.RecordType) { d.Read = &recordv1.Permission{Condition: "record.nothing == 1"} },
		"delete.roles":                        func(d *recordv1.RecordType) { d.Delete = &recordv1.Permission{Roles: append(admins, admins...)} },
	} {
		def := order()
		change(def)
		if at == "subtypes[0].internal" {
			def.Fields[4].ChangeSubtype = ""
		}
		_, err := ada.tryMakeType(t, def)
		// The implied subtypes come first unless they were given.
		path := map[string]string{"subtypes[1].name": "subtypes[4].name", "subtypes[0].internal": "subtypes[2].internal"}[at]
		if path == "" {
			path = at
		}
		require.Equal(t, "record_type."+path, refused(t, err, connect.CodeInvalidArgument, "TYPE_INVALID"), at)
	}
	hidden := order()
	hidden.Fields[0].ReadRoles = admins
	_, err := ada.tryMakeType(t, hidden)
	refused(t, err, connect.CodeInvalidArgument, "TYPE_INVALID")
	ada.makeType(t, order()) // and whole it is fine
}

// Spec: R1
func TestUpdateRecordType_RemovedFieldsTakeTheirValuesAlong(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	def := ada.makeType(t, order())
	r := ada.create(t, "order", map[string]any{"number": "1", "total": map[string]any{"amount": 5, "currency": "EUR"}})

	def.Fields = append(def.Fields[:3:3], def.Fields[4])
	_, err := ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: def})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"number": "1", "state": "open"}, ada.get(t, r.GetId()).GetFields().AsMap())

	// The name is free for another type of field: nothing old comes up in it.
	def.Fields = append(def.Fields, &recordv1.Field{Name: "total", Label: "Total", Type: decimal})
	_, err = ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: def})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"number": "1", "state": "open"}, ada.get(t, r.GetId()).GetFields().AsMap())
	require.Empty(t, ada.titles(t, "order", "record.total > 1", ""))
}

// Spec: R1
func TestUpdateRecordType_KeepsFieldTypesAndDemandsNothingOfOldRecords(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	def := ada.makeType(t, order())
	update := func(change func(*recordv1.RecordType), mask ...string) (*recordv1.RecordType, error) {
		changed := proto.CloneOf(def)
		change(changed)
		req := &recordv1.UpdateRecordTypeRequest{RecordType: changed}
		if len(mask) > 0 {
			req.UpdateMask = &fieldmaskpb.FieldMask{Paths: mask}
		}
		res, err := ada.api.UpdateRecordType(t.Context(), req)
		return res.GetRecordType(), err
	}
	r := ada.create(t, "order", map[string]any{"number": "1"})

	_, err := update(func(d *recordv1.RecordType) { d.Fields[3].Type = decimal })
	require.Equal(t, "record_type.fields", refused(t, err, connect.CodeInvalidArgument, "TYPE_INVALID"))
	_, err = update(func(d *recordv1.RecordType) { d.Fields[1].TargetType = "lead" })
	refused(t, err, connect.CodeInvalidArgument, "TYPE_INVALID")
	_, err = update(func(d *recordv1.RecordType) { d.Fields[1].Required = true })
	refused(t, err, connect.CodeInvalidArgument, "TYPE_INVALID")
	_, err = update(func(d *recordv1.RecordType) {
		d.Fields = append(d.Fields, &recordv1.Field{Name: "carrier", Label: "Carrier", Type: text, Required: true})
	})
	require.Equal(t, "record_type.fields", refused(t, err, connect.CodeInvalidArgument, "TYPE_INVALID"))
	_, err = update(func(*recordv1.RecordType) {}, "built_in")
	refused(t, err, connect.CodeInvalidArgument, "MASK_INVALID")

	now, err := update(func(d *recordv1.RecordType) {
		d.Label = "Ignored"
		d.Fields = append(d.Fields, &recordv1.Field{
			Name: "carrier", Label: "Carrier", Type: text, Required: true, DefaultValue: structpb.NewStringValue("post"),
		})
	}, "fields")
	require.NoError(t, err)
	require.Equal(t, "Order", now.GetLabel())
	require.Equal(t, "post", ada.get(t, r.GetId()).GetFields().AsMap()["carrier"])
	same, err := update(func(d *recordv1.RecordType) { d.Fields = now.GetFields() })
	require.NoError(t, err)
	require.True(t, proto.Equal(now, same))
}

// Spec: R1
func TestUpdateRecordType_DerivesTitlesAndUniqueValuesAnew(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	def := ada.makeType(t, &recordv1.RecordType{Name: "item", Label: "Item", TitleField: "name", Fields: []*recordv1.Field{
		{Name: "name", Label: "Name", Type: text}, {Name: "code", Label: "Code", Type: text},
	}})
	for i := range 3 {
		ada.create(t, "item", map[string]any{"name": "Same", "code": fmt.Sprint("c", i)})
	}
	update := func(title, unique string) error {
		def.TitleField, def.UniqueField = title, unique
		_, err := ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: def})
		return err
	}

	require.Equal(t, "record_type.unique_field", refused(t, update("name", "name"), connect.CodeInvalidArgument, "TYPE_INVALID"))
	require.NoError(t, update("code", "code"))

	require.Equal(t, []string{"c0", "c1", "c2"}, ada.titles(t, "item", "", "code"))
	found, err := ada.api.SearchReferences(t.Context(), &recordv1.SearchReferencesRequest{Type: "item", Query: "c1"})
	require.NoError(t, err)
	require.Len(t, found.GetReferences(), 1)
	_, err = ada.tryCreate(t, "item", map[string]any{"code": "c1"})
	refused(t, err, connect.CodeAlreadyExists, "UNIQUE_TAKEN")
}

// Spec: R1
func TestBuiltInTypes_GrowAndNeverShrink(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	list, err := ada.api.ListRecordTypes(t.Context(), &recordv1.ListRecordTypesRequest{PageSize: 8})
	require.NoError(t, err)
	rest, err := ada.api.ListRecordTypes(t.Context(), &recordv1.ListRecordTypesRequest{PageSize: 8, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	var names []string
	for _, def := range append(list.GetRecordTypes(), rest.GetRecordTypes()...) {
		require.True(t, def.GetBuiltIn())
		names = append(names, def.GetName())
	}
	require.Equal(t, []string{
		"contact", "delivery_method", "email", "event", "lead", "note", "order_line", "product", "product_category", "project", "request",
		"sales_order", "task", "ticket",
	}, names)
	require.Empty(t, rest.GetNextPageToken())

	for _, def := range list.GetRecordTypes() {
		less := proto.CloneOf(def)
		less.Fields = less.Fields[:len(less.Fields)-1]
		_, err := ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: less})
		require.Equal(t, "record_type.fields", refused(t, err, connect.CodeInvalidArgument, "TYPE_INVALID"))

		more := proto.CloneOf(def)
		more.Fields = append(more.Fields, &recordv1.Field{Name: "shoe_size", Label: "Shoe size", Type: decimal})
		_, err = ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: more})
		require.NoError(t, err)
		_, err = ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: def})
		require.NoError(t, err) // the added one can go again
		_, err = ada.api.DeleteRecordType(t.Context(), &recordv1.DeleteRecordTypeRequest{Name: def.GetName()})
		refused(t, err, connect.CodeFailedPrecondition, "TYPE_BUILT_IN")
	}
}

// Spec: R1
func TestDeleteRecordType_OnlyWhenNothingNeedsIt(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	ada.makeType(t, order())
	ada.makeType(t, &recordv1.RecordType{Name: "line", Label: "Order line", TitleField: "name", Fields: []*recordv1.Field{
		{Name: "name", Label: "Name", Type: text}, {Name: "order", Label: "Order", Type: reference, TargetType: "order"},
	}})
	remove := func(name string) error {
		_, err := ada.api.DeleteRecordType(t.Context(), &recordv1.DeleteRecordTypeRequest{Name: name})
		return err
	}

	refused(t, remove("order"), connect.CodeFailedPrecondition, "TYPE_IN_USE")
	require.NoError(t, remove("line"))
	r := ada.create(t, "order", map[string]any{"number": "1"})
	refused(t, remove("order"), connect.CodeFailedPrecondition, "TYPE_IN_USE")
	_, err := ada.api.DeleteRecord(t.Context(), &recordv1.DeleteRecordRequest{RecordId: r.GetId()})
	require.NoError(t, err)
	require.NoError(t, remove("order"))
	refused(t, remove("order"), connect.CodeNotFound, "TYPE_NOT_FOUND")
	_, err = ada.tryCreate(t, "order", map[string]any{"number": "1"})
	refused(t, err, connect.CodeNotFound, "TYPE_NOT_FOUND")
}

// Spec: R1
func TestRecordTypes_AreForAdministratorsToChange(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	_, err := bob.tryMakeType(t, order())
	require.Equal(t, connect.CodePermissionDenied, connect.CodeOf(err))

	secret := order()
	secret.Read = &recordv1.Permission{Roles: []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}}
	secret.Create = secret.Read
	ada.makeType(t, secret)
	_, err = bob.api.GetRecordType(t.Context(), &recordv1.GetRecordTypeRequest{Name: "order"})
	refused(t, err, connect.CodeNotFound, "TYPE_NOT_FOUND")
	_, err = bob.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "order"})
	refused(t, err, connect.CodeNotFound, "TYPE_NOT_FOUND")
}

// A value saved while its field goes would come up again, in another shape, when
// the name is used again.
// Spec: R1
func TestUpdateRecordType_WhileRecordsAreSavedLeavesNoValueBehind(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada := n.workspace(t, "acme")
	def := ada.makeType(t, &recordv1.RecordType{Name: "item", Label: "Item", TitleField: "name", Fields: []*recordv1.Field{
		{Name: "name", Label: "Name", Type: text}, {Name: "size", Label: "Size", Type: text},
	}})
	others := []*person{nodeOn(t, n.pool).person(t, ada.Caller), nodeOn(t, n.pool).person(t, ada.Caller), ada}
	old := ada.create(t, "item", map[string]any{"name": "old"})
	started, errs := make(chan struct{}), make(chan error)
	for _, p := range others {
		go func() {
			for i := 0; ; i++ {
				v := &recordv1.Record{Type: "item", Id: old.GetId(), Fields: fields(t, map[string]any{"name": "new", "size": fmt.Sprint(i)})}
				_, err := p.api.CreateRecord(t.Context(), &recordv1.CreateRecordRequest{RequestId: uuid.NewString(), Record: v})
				if err == nil {
					_, err = p.api.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: v})
				}
				if err != nil {
					errs <- err
					return
				}
				if i == 5 {
					started <- struct{}{}
				}
			}
		}()
	}
	for range others {
		<-started
	}

	def.Fields = def.GetFields()[:1]
	_, err := ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: def})
	require.NoError(t, err)

	for range others {
		require.Equal(t, "record.fields.size", refused(t, <-errs, connect.CodeInvalidArgument, "FIELD_INVALID"))
	}
	var left int
	require.NoError(t, n.pool.QueryRow(t.Context(), `SELECT count(*) FROM record WHERE fields ? 'size'`).Scan(&left))
	require.Zero(t, left)
}
