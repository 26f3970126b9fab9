package activity

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/thread"
)

// isUnreadable is true for a thread that does not exist for the caller.
func isUnreadable(err error) bool { return errors.Is(err, access.ErrThreadNotFound) }

// surroundings are what a number of activities are shown with.
type surroundings struct {
	types  map[uuid.UUID]*db.ActivityType
	people map[uuid.UUID]*person
	titles map[uuid.UUID]string
	files  map[uuid.UUID][]*threadv1.File
	now    time.Time
}

// Views are activities as every user sees them who may read their records, by id.
// Those that do not exist are left out.
func (h *Handler) Views(ctx context.Context, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]*activityv1.Activity, error) {
	rows, err := h.q.ActivityListByID(ctx, h.DB, db.ActivityListByIDParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("find activities: %w", err)
	}
	list, err := h.views(ctx, workspace, rows)
	if err != nil {
		return nil, err
	}
	views := make(map[uuid.UUID]*activityv1.Activity, len(rows))
	for i := range rows {
		views[rows[i].ID] = list[i]
	}
	return views, nil
}

// views are stored activities as users see them, in their order.
func (h *Handler) views(ctx context.Context, workspace uuid.UUID, rows []db.Activity) ([]*activityv1.Activity, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	s, err := h.surroundings(ctx, workspace, rows)
	if err != nil {
		return nil, err
	}
	views := make([]*activityv1.Activity, len(rows))
	for i := range rows {
		views[i] = s.view(&rows[i])
	}
	return views, nil
}

// surroundings looks up what activities are shown with: one question of each kind
// for all.
func (h *Handler) surroundings(ctx context.Context, workspace uuid.UUID, rows []db.Activity) (s *surroundings, err error) {
	s = &surroundings{now: h.Now()}
	if s.types, _, err = h.types(ctx, h.DB, workspace); err != nil {
		return nil, err
	}
	users, records, ids := set{}, set{}, make([]uuid.UUID, len(rows))
	for i := range rows {
		users.add(&rows[i].AssigneeID, &rows[i].CreatorID, rows[i].DoneBy)
		records.add(&rows[i].ThreadID)
		ids[i] = rows[i].ID
	}
	if s.people, err = h.people(ctx, h.DB, workspace, users.all()); err != nil {
		return nil, err
	}
	if s.titles, err = h.Titles.Titles(ctx, workspace, records.all()); err != nil {
		return nil, fmt.Errorf("find titles: %w", err)
	}
	s.files, err = h.filesOf(ctx, h.DB, workspace, ids)
	return s, err
}

// filesOf are the files of activities, as users see them.
func (h *Handler) filesOf(ctx context.Context, tx db.DBTX, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID][]*threadv1.File, error) {
	rows, err := h.q.ActivityFileList(ctx, tx, db.ActivityFileListParams{WorkspaceID: workspace, ActivityIds: ids})
	if err != nil {
		return nil, fmt.Errorf("find files of activities: %w", err)
	}
	files := make(map[uuid.UUID][]*threadv1.File)
	for i := range rows {
		files[rows[i].ActivityID] = append(files[rows[i].ActivityID], file.Describe(&rows[i].File, thread.Members))
	}
	return files, nil
}

// view is one activity as users see it.
func (s *surroundings) view(a *db.Activity) *activityv1.Activity {
	v := &activityv1.Activity{
		Id: a.ID.String(), RecordId: a.ThreadID.String(), RecordType: a.RecordType, RecordTitle: s.titles[a.ThreadID],
		TypeId: a.TypeID.String(), Summary: a.Summary, Note: a.Note, Assignee: s.people[a.AssigneeID].party(),
		DueDate: fromPg(a.DueDate).String(), State: s.state(a), Files: s.files[a.ID], Creator: s.people[a.CreatorID].party(),
		CreateTime: timestamppb.New(a.CreateTime), UpdateTime: timestamppb.New(a.UpdateTime), Etag: etagOf(a.Version), Feedback: a.Feedback,
	}
	if t := s.types[a.TypeID]; t != nil {
		v.TypeName, v.Icon = t.Name, t.Icon
	}
	if a.DoneTime != nil {
		v.DoneTime = timestamppb.New(*a.DoneTime)
	}
	if a.DoneBy != nil {
		v.DoneBy = s.people[*a.DoneBy].party()
	}
	if a.MessageID != nil {
		v.MessageId = a.MessageID.String()
	}
	return v
}

// state is how urgent an activity is now, where its assignee lives.
func (s *surroundings) state(a *db.Activity) activityv1.ActivityState {
	if a.Done {
		return activityv1.ActivityState_ACTIVITY_STATE_DONE
	}
	zone := time.UTC
	if p := s.people[a.AssigneeID]; p != nil {
		zone = p.zone
	}
	return stateOf(fromPg(a.DueDate), dayAt(s.now, zone))
}

func etagOf(version int64) string { return strconv.FormatInt(version, 10) }

// set gathers ids, each once, in the order they came.
type set struct {
	list []uuid.UUID
	has  map[uuid.UUID]struct{}
}

func (s *set) add(ids ...*uuid.UUID) {
	if s.has == nil {
		s.has = make(map[uuid.UUID]struct{})
	}
	for _, id := range ids {
		if id == nil {
			continue
		}
		if _, there := s.has[*id]; !there {
			s.has[*id] = struct{}{}
			s.list = append(s.list, *id)
		}
	}
}

func (s *set) all() []uuid.UUID {
	if s.list == nil {
		return []uuid.UUID{}
	}
	return s.list
}
