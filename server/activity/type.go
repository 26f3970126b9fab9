package activity

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
)

// InstallTypes gives a new workspace the types that every one has.
func (h *Handler) InstallTypes(ctx context.Context, tx pgx.Tx, workspace uuid.UUID) error {
	err := h.q.ActivityTypeInstall(ctx, tx, db.ActivityTypeInstallParams{WorkspaceID: workspace, CreateTime: h.Now()})
	if err != nil {
		return fmt.Errorf("install types of activity: %w", err)
	}
	return nil
}

// types are all types of a workspace, by id and in their order.
func (h *Handler) types(ctx context.Context, tx db.DBTX, workspace uuid.UUID) (map[uuid.UUID]*db.ActivityType, []db.ActivityType, error) {
	list, err := h.q.ActivityTypeList(ctx, tx, workspace)
	if err != nil {
		return nil, nil, fmt.Errorf("list types of activity: %w", err)
	}
	byID := make(map[uuid.UUID]*db.ActivityType, len(list))
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	return byID, list, nil
}

// fits is true if an activity of the type can be scheduled on a record of a type.
func fits(t *db.ActivityType, recordType string) bool {
	return !t.Archived && (t.RecordType == "" || t.RecordType == recordType)
}

// dueOf is when an activity of a type is due that says nothing else. previous is
// the due date of the activity before it, or none.
func dueOf(t *db.ActivityType, today, previous day) day {
	from := today
	if activityv1.DueBase(t.DueBase) == activityv1.DueBase_DUE_BASE_PREVIOUS_DEADLINE && !previous.none() {
		from = previous
	}
	return from.plus(int(t.DueCount), activityv1.DueUnit(t.DueUnit))
}

// typeToProto is a type as everybody sees it.
func typeToProto(t *db.ActivityType) *activityv1.ActivityType {
	p := &activityv1.ActivityType{
		Id: t.ID.String(), Name: t.Name, Icon: t.Icon, RecordType: t.RecordType, DefaultSummary: t.DefaultSummary, DefaultNote: t.DefaultNote,
		DueCount: t.DueCount, DueUnit: activityv1.DueUnit(t.DueUnit), DueBase: activityv1.DueBase(t.DueBase),
		NextMode: activityv1.NextMode(t.NextMode), Archived: t.Archived, Position: t.Position, BuiltIn: t.Builtin != "", Etag: etagOf(t.Version),
	}
	if t.DefaultAssigneeID != nil {
		p.DefaultAssigneeId = t.DefaultAssigneeID.String()
	}
	if t.NextTypeID != nil {
		p.NextTypeId = t.NextTypeID.String()
	}
	return p
}

// The fields of a type that can be changed, and whether they are set in a request.
func typeFields(p *activityv1.ActivityType) []maskField {
	return []maskField{
		{"name", p.GetName() != ""}, {"icon", p.GetIcon() != ""}, {"record_type", p.GetRecordType() != ""},
		{"default_summary", p.GetDefaultSummary() != ""}, {"default_note", p.GetDefaultNote() != ""},
		{"default_assignee_id", p.GetDefaultAssigneeId() != ""}, {"due_count", p.GetDueCount() != 0},
		{"due_unit", p.GetDueUnit() != 0}, {"due_base", p.GetDueBase() != 0}, {"next_type_id", p.GetNextTypeId() != ""},
		{"next_mode", p.GetNextMode() != 0}, {"archived", p.GetArchived()}, {"position", p.GetPosition() != 0},
	}
}

// changeType gives a type the values of a request, field by field.
func changeType(t *db.ActivityType, p *activityv1.ActivityType, fields []string) (err error) {
	for _, field := range fields {
		switch field {
		case "name":
			t.Name = strings.TrimSpace(p.GetName())
		case "icon":
			t.Icon = p.GetIcon()
		case "record_type":
			t.RecordType = p.GetRecordType()
		case "default_summary":
			t.DefaultSummary = strings.TrimSpace(p.GetDefaultSummary())
		case "default_note":
			t.DefaultNote = strings.TrimSpace(p.GetDefaultNote())
		case "default_assignee_id":
			t.DefaultAssigneeID, err = orNil(p.GetDefaultAssigneeId(), errUserNotFound)
		case "due_count":
			t.DueCount = p.GetDueCount()
		case "due_unit":
			t.DueUnit = int16(max(p.GetDueUnit(), activityv1.DueUnit_DUE_UNIT_DAY))
		case "due_base":
			t.DueBase = int16(max(p.GetDueBase(), activityv1.DueBase_DUE_BASE_TODAY))
		case "next_type_id":
			t.NextTypeID, err = orNil(p.GetNextTypeId(), errTypeNotFound)
		case "next_mode":
			t.NextMode = int16(max(p.GetNextMode(), activityv1.NextMode_NEXT_MODE_NONE))
		case "archived":
			t.Archived = p.GetArchived()
		case "position":
			t.Position = p.GetPosition()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkType answers what is wrong with a type that needs no look at anything else.
func checkType(t *db.ActivityType) error {
	next := activityv1.NextMode(t.NextMode) != activityv1.NextMode_NEXT_MODE_NONE
	switch {
	case t.Name == "":
		return errName.WithField("type.name")
	case !storable(t.Name, t.DefaultSummary, t.DefaultNote):
		return errText.WithField("type")
	case next != (t.NextTypeID != nil):
		return errNext
	default:
		return nil
	}
}

// storable is true for texts that the database can keep.
func storable(texts ...string) bool {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return false
		}
	}
	return true
}
