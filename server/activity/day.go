package activity

import (
	"time"
	_ "time/tzdata" // the rules of time zones are the same on every machine

	"github.com/jackc/pgx/v5/pgtype"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
)

const (
	dayForm   = "2006-01-02"
	firstYear = 1900
	lastYear  = 2200
)

// day is a date: no time, no zone. The zero day is none.
type day struct {
	at time.Time // midnight UTC
}

func dayOf(year int, month time.Month, d int) day {
	return day{time.Date(year, month, d, 0, 0, 0, 0, time.UTC)}
}

// dayAt is the day that it is at a moment in a zone.
func dayAt(now time.Time, zone *time.Location) day {
	return dayOf(now.In(zone).Date())
}

// parseDay reads a date such as 2026-11-30.
func parseDay(s string) (day, error) {
	t, err := time.Parse(dayForm, s)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return day{}, errDate
	}
	return day{t}, nil
}

func fromPg(d pgtype.Date) day { return day{d.Time} }

func (d day) pg() pgtype.Date { return pgtype.Date{Time: d.at, Valid: !d.at.IsZero()} }

func (d day) none() bool { return d.at.IsZero() }

func (d day) before(other day) bool { return d.at.Before(other.at) }

// String is the date as the contract has it.
func (d day) String() string { return d.at.Format(dayForm) }

// plus is the day so many units later, or earlier if n is below zero. Months keep
// the day of the month, or take the last that the month has.
func (d day) plus(n int, unit activityv1.DueUnit) day {
	switch unit {
	case activityv1.DueUnit_DUE_UNIT_WEEK:
		return day{d.at.AddDate(0, 0, 7*n)}
	case activityv1.DueUnit_DUE_UNIT_MONTH:
		year, month, of := d.at.Date()
		last := time.Date(year, month+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC)
		return dayOf(last.Year(), last.Month(), min(of, last.Day()))
	default:
		return day{d.at.AddDate(0, 0, n)}
	}
}

// stateOf is how urgent what is due on a day is, on the day that it is today.
func stateOf(due, today day) activityv1.ActivityState {
	switch {
	case due.before(today):
		return activityv1.ActivityState_ACTIVITY_STATE_OVERDUE
	case due == today:
		return activityv1.ActivityState_ACTIVITY_STATE_TODAY
	default:
		return activityv1.ActivityState_ACTIVITY_STATE_PLANNED
	}
}

// zoneOf is the time zone of a name. One that is not known any more is UTC: names
// were checked when they were stored.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
