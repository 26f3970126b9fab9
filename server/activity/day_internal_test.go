package activity

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
)

const (
	overdue = activityv1.ActivityState_ACTIVITY_STATE_OVERDUE
	today   = activityv1.ActivityState_ACTIVITY_STATE_TODAY
	planned = activityv1.ActivityState_ACTIVITY_STATE_PLANNED

	days   = activityv1.DueUnit_DUE_UNIT_DAY
	weeks  = activityv1.DueUnit_DUE_UNIT_WEEK
	months = activityv1.DueUnit_DUE_UNIT_MONTH
)

func parsed(t require.TestingT, s string) day {
	d, err := parseDay(s)
	require.NoError(t, err)
	return d
}

// Round the change of clocks a day has 23 or 25 hours; midnight of the assignee,
// and nothing else, turns planned into today and today into overdue.
//
// Spec: C9
func TestStateOf_TurnsAtTheAssigneesMidnightOverDaylightSaving(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, due, at string
		want          activityv1.ActivityState
	}{
		// Stockholm, clocks forward on 2026-03-29 at 2:00 (UTC+1 to UTC+2).
		{"Europe/Stockholm", "2026-03-29", "2026-03-28T22:59:59Z", planned},
		{"Europe/Stockholm", "2026-03-29", "2026-03-28T23:00:00Z", today},
		{"Europe/Stockholm", "2026-03-29", "2026-03-29T21:59:59Z", today},
		{"Europe/Stockholm", "2026-03-29", "2026-03-29T22:00:00Z", overdue}, // 23 hours later
		// and back on 2026-10-25 at 3:00.
		{"Europe/Stockholm", "2026-10-25", "2026-10-24T22:00:00Z", today},
		{"Europe/Stockholm", "2026-10-25", "2026-10-25T22:59:59Z", today},
		{"Europe/Stockholm", "2026-10-25", "2026-10-25T23:00:00Z", overdue}, // 25 hours later
		// Kyiv, UTC+2 to UTC+3 on 2026-03-29 at 3:00, back on 2026-10-25 at 4:00.
		{"Europe/Kyiv", "2026-03-29", "2026-03-28T21:59:59Z", planned},
		{"Europe/Kyiv", "2026-03-29", "2026-03-28T22:00:00Z", today},
		{"Europe/Kyiv", "2026-03-29", "2026-03-29T20:59:59Z", today},
		{"Europe/Kyiv", "2026-03-29", "2026-03-29T21:00:00Z", overdue},
		{"Europe/Kyiv", "2026-10-25", "2026-10-24T21:00:00Z", today},
		{"Europe/Kyiv", "2026-10-25", "2026-10-25T21:59:59Z", today},
		{"Europe/Kyiv", "2026-10-25", "2026-10-25T22:00:00Z", overdue},
		// New York, UTC-5 to UTC-4 on 2026-03-08 at 2:00, back on 2026-11-01 at 2:00.
		{"America/New_York", "2026-03-08", "2026-03-08T04:59:59Z", planned},
		{"America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", today},
		{"America/New_York", "2026-03-08", "2026-03-09T03:59:59Z", today},
		{"America/New_York", "2026-03-08", "2026-03-09T04:00:00Z", overdue},
		{"America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", today},
		{"America/New_York", "2026-11-01", "2026-11-02T04:59:59Z", today},
		{"America/New_York", "2026-11-01", "2026-11-02T05:00:00Z", overdue},
	} {
		now, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		require.Equal(t, c.want, stateOf(parsed(t, c.due), dayAt(now, zoneOf(c.zone))), "due %s in %s at %s", c.due, c.zone, c.at)
	}
}

// In one moment it can be overdue for one and planned for another.
//
// Spec: C9
func TestStateOf_DiffersByZoneInOneMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	due := parsed(t, "2026-11-22")
	require.Equal(t, overdue, stateOf(due, dayAt(now, zoneOf("Europe/Kyiv"))))
	require.Equal(t, today, stateOf(due, dayAt(now, zoneOf("America/New_York"))))
	require.Equal(t, planned, stateOf(due, dayAt(now.AddDate(0, 0, -2), zoneOf("Europe/Kyiv"))))
	require.Equal(t, today, stateOf(due, dayAt(now, zoneOf("No/Such_Zone"))), "counts as UTC")
}

// Spec: C9
func TestPlus_KeepsTheDayOfTheMonthOrTakesItsLast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		n    int
		unit activityv1.DueUnit
		want string
	}{
		{"2026-11-22", 0, days, "2026-11-22"},
		{"2026-11-22", 9, days, "2026-12-01"},
		{"2026-03-28", 2, days, "2026-03-30"}, // over the change of clocks
		{"2026-10-24", 1, weeks, "2026-10-31"},
		{"2026-11-22", -2, weeks, "2026-11-08"},
		{"2026-01-31", 1, months, "2026-02-28"},
		{"2028-01-31", 1, months, "2028-02-29"},
		{"2026-10-31", 13, months, "2027-11-30"},
		{"2026-03-31", -1, months, "2026-02-28"},
		{"2026-01-15", -1, months, "2025-12-15"},
		{"2026-11-22", 3, activityv1.DueUnit_DUE_UNIT_UNSPECIFIED, "2026-11-25"},
	} {
		require.Equal(t, c.want, parsed(t, c.from).plus(c.n, c.unit).String(), "%s %+d %s", c.from, c.n, c.unit)
	}
}

// Spec: C9
func TestPlus_OfMonthsStaysInTheMonthThatIsMeant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := dayOf(2000, 1, 1).plus(rapid.IntRange(0, 36500).Draw(t, "days"), days)
		n := rapid.IntRange(-1000, 1000).Draw(t, "months")
		year, month, of := from.plus(n, months).at.Date()
		fromYear, fromMonth, fromOf := from.at.Date()
		require.Equal(t, fromYear*12+int(fromMonth)+n, year*12+int(month))
		require.LessOrEqual(t, of, fromOf)
	})
}

func TestParseDay_RefusesWhatIsNoDate(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "22.11.2026", "2026-1-1", "1899-12-31", "2201-01-01", "2026-11-22T00:00:00Z"} {
		_, err := parseDay(s)
		require.ErrorIs(t, err, errDate, s)
	}
	require.Equal(t, "2028-02-29", parsed(t, "2028-02-29").String())
}

// Spec: C9
func TestDueOf_CountsFromTodayOrFromThePreviousDeadline(t *testing.T) {
	t.Parallel()
	now, before := parsed(t, "2026-11-22"), parsed(t, "2026-11-10")
	fromToday := &db.ActivityType{DueCount: 2, DueUnit: int16(weeks), DueBase: int16(activityv1.DueBase_DUE_BASE_TODAY)}
	fromDeadline := &db.ActivityType{DueCount: 1, DueUnit: int16(months), DueBase: int16(activityv1.DueBase_DUE_BASE_PREVIOUS_DEADLINE)}

	require.Equal(t, "2026-12-06", dueOf(fromToday, now, before).String())
	require.Equal(t, "2026-12-10", dueOf(fromDeadline, now, before).String())
	require.Equal(t, "2026-12-22", dueOf(fromDeadline, now, day{}).String(), "there was none before")
}

// Spec: C9
func TestDigestTime_IsTheMorningWhereTheUserIs(t *testing.T) {
	t.Parallel()
	zones := []string{"Europe/Stockholm", "Europe/Kyiv", "America/New_York", "UTC"}
	at := func(moment string) []string {
		now, err := time.Parse(time.RFC3339, moment)
		require.NoError(t, err)
		morning, which := digestTime(now, zones)
		require.Len(t, which, len(morning))
		return morning
	}
	require.Equal(t, []string{"Europe/Kyiv"}, at("2026-03-28T06:00:00Z"))
	require.Equal(t, []string{"Europe/Stockholm", "Europe/Kyiv"}, at("2026-03-29T06:00:00Z"), "an hour earlier from today on")
	require.Equal(t, []string{"America/New_York"}, at("2026-11-01T13:00:00Z"))
	require.Empty(t, at("2026-11-01T12:30:00Z"), "half past seven in New York, afternoon in Europe")
}

// Spec: C9
func TestDigestText_SaysWhatIsLateAndWhatIsDue(t *testing.T) {
	t.Parallel()
	subject, text := digestText(parsed(t, "2026-11-22"), []*activityv1.Activity{
		{TypeName: "Call", Summary: "Ask for the order", RecordTitle: "Hedge for Grant", DueDate: "2026-11-20"},
		{TypeName: "To-do", DueDate: "2026-11-22"},
	}, true)
	require.Equal(t, "Activities: 1 due today, 1 overdue", subject)
	require.Equal(t, "Overdue (1)\n- Call: Ask for the order — Hedge for Grant (due 2026-11-20)\n\nDue today (1)\n- To-do\n\n"+
		"There is more: see the list of all your activities.\n", text)
}
