package main

import (
	"context"
	"os"

	"github.com/parley-chat/parley/cmd/parley/bench"
)

type benchCommand struct {
	Only    []string `help:"Parts to run: posts, delivery, memory, storm. All if none is named." enum:"posts,delivery,memory,storm," default:""`
	Seconds float64  `help:"Seconds for each throughput figure." default:"4.5"`
	Most    int      `help:"Most streams to open." default:"10000"`
	JSON    string   `help:"File for the results." default:"bench.json" type:"path"`
}

// Run measures this machine.
func (c *benchCommand) Run(ctx context.Context) error {
	only := c.Only
	if len(only) == 1 && only[0] == "" {
		only = nil
	}
	return bench.Run(ctx, bench.Options{Only: only, Seconds: c.Seconds, Most: c.Most, JSON: c.JSON, Out: os.Stdout})
}
