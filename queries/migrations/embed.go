// Package migrations is the schema of Parley's database: numbered SQL files,
// forward only, each applied once and never changed after it was released.
package migrations

import "embed"

// FS holds the files, for store.Migrate. They are in the binary, so that a
// program and the schema it expects cannot be deployed apart.
//
//go:embed *.sql
var FS embed.FS
