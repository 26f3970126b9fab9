package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
)

// planned is something to be done on a record, so many days from today.
type planned struct {
	On, By, For, Type, Summary, Note string
	Days                             int
}

// template is a text to be sent again and again.
type template struct {
	By, Type, Name, Subject, Body string
}

// plans schedules what the company has to do.
func (l *loader) plans(ctx context.Context, d *data) error {
	types, err := l.s.Activities.ListActivityTypes(l.as(ctx, "nora"), &activityv1.ListActivityTypesRequest{})
	if err != nil {
		return fmt.Errorf("list activity types: %w", err)
	}
	ids := make(map[string]string)
	for _, t := range types.GetTypes() {
		ids[t.GetName()] = t.GetId()
	}
	for _, p := range d.Activities {
		_, err := l.s.Activities.ScheduleActivities(l.as(ctx, p.By), &activityv1.ScheduleActivitiesRequest{
			RequestId: uuid.NewString(), RecordIds: []string{l.records[p.On].GetId()}, TypeId: ids[p.Type], Summary: &p.Summary, Note: &p.Note,
			AssigneeId: l.people[p.For].ID.String(), DueDate: l.s.Now().AddDate(0, 0, p.Days).Format(time.DateOnly),
		})
		if err != nil {
			return fmt.Errorf("plan %s: %w", p.Summary, err)
		}
	}
	return nil
}

// templates keeps the company's texts.
func (l *loader) templates(ctx context.Context, d *data) error {
	for _, t := range d.Templates {
		_, err := l.s.Compose.CreateMessageTemplate(l.as(ctx, t.By), &composev1.CreateMessageTemplateRequest{
			RequestId: uuid.NewString(), RecordType: t.Type, Name: t.Name, Subject: t.Subject, Body: t.Body,
		})
		if err != nil {
			return fmt.Errorf("keep template %s: %w", t.Name, err)
		}
	}
	return nil
}
