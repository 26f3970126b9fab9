package main

import (
	"context"
	"os"
	"slices"

	"github.com/parley-chat/parley/cmd/parley/bench"
)

type benchCommand struct {
	Parts    []string `arg:"" optional:"" help:"Parts to run: posts, delivery, memory, storm, search. All but search if none is named." enum:"posts,delivery,memory,storm,search"`
	Only     []string `help:"The same." hidden:"" enum:"posts,delivery,memory,storm,search," default:""`
	Messages int      `help:"Messages to search." default:"1000000"`
	Seconds  float64  `help:"Seconds for each throughput figure." default:"4.5"`
	Most     int      `help:"Most streams to open." default:"10000"`
	JSON     string   `help:"File for the results." default:"bench.json" type:"path"`
}

// Run measures this machine.
func (c *benchCommand) Run(ctx context.Context) error {
	only := slices.DeleteFunc(slices.Concat(c.Parts, c.Only), func(part string) bool { return part == "" })
	return bench.Run(ctx, bench.Options{Only: only, Messages: c.Messages, Seconds: c.Seconds, Most: c.Most, JSON: c.JSON, Out: os.Stdout})
}
