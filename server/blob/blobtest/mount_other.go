//go:build unix && !linux

package blobtest

import "testing"

// mount is for Linux.
func mount(*testing.T, string) bool { return false }
