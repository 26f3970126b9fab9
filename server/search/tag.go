package search

import (
	"encoding/base64"
	"time"

	"github.com/google/uuid"
)

// tagSize is how many bytes of a word in the index say where it belongs.
const tagSize = 6

// workspaceTag is what a workspace's words begin with. Two workspaces may share
// one: it keeps their words apart for speed, and the query does for certain.
func workspaceTag(workspace uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString(workspace[13:16])
}

// weekTag is what the words of a week begin with after that.
func weekTag(week int16) string { return string([]byte{digits[week>>6&63], digits[week&63]}) }

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// firstWeek begins the counting: a Monday. There are 4,096 weeks from then on.
var firstWeek = time.Date(2020, 1, 6, 0, 0, 0, 0, time.UTC)

// lastWeekNumber is the number of the last week that has a tag.
const lastWeekNumber = 4095

// weekOf is the number of the week that a time is in. What is before the first
// week counts to it, and what is after the last one to that.
func weekOf(t time.Time) int16 {
	weeks := t.Sub(firstWeek) / (7 * 24 * time.Hour)
	return int16(max(0, min(weeks, lastWeekNumber)))
}

// shortID is an id's part that tells it from others well enough for an index.
func shortID(id uuid.UUID) string { return base64.RawURLEncoding.EncodeToString(id[8:16]) }

// The words that say where a document belongs begin with a sign, as no other
// does.
func threadWord(id uuid.UUID) string  { return "#" + shortID(id) }
func authorWord(id uuid.UUID) string  { return "@" + shortID(id) }
func sourceWord(source string) string { return "/" + source }

const fileWord = "+file"
