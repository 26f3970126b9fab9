// Package jobs runs what has to be done after an answer: mails, previews,
// things at a time of day. A job is written to PostgreSQL in the transaction of
// its cause, so that it exists exactly if its cause does, and it is tried again
// until it succeeds or gives up. It may run twice where a node dies while
// working: what it does must bear that.
//
// It is a thin layer over River (riverqueue.com), tuned: with River's defaults a
// node fetches every 100 ms and works on 20 jobs, which carries 200 jobs a second.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

const (
	// workers is how many jobs a node works on at once: they wait for other
	// servers more than they compute.
	workers = 50
	// fetchCooldown is the least time between two looks for new jobs.
	fetchCooldown = 10 * time.Millisecond
	// jobTime is how long one try may take, unless its worker says otherwise.
	jobTime = 2 * time.Minute
	// stopTime is what running jobs have to finish when the node stops.
	stopTime = 10 * time.Second
)

// Jobs takes jobs and works on them. Register all kinds before Run.
type Jobs struct {
	pool     *pgxpool.Pool
	log      *slog.Logger
	workers  *river.Workers
	periodic []*river.PeriodicJob
	due      map[string]func(context.Context) error

	once   sync.Once
	client *river.Client[pgx.Tx]
	failed error
}

// New makes Jobs over a pool whose database was migrated by store.Migrate.
func New(pool *pgxpool.Pool, log *slog.Logger) *Jobs {
	j := &Jobs{pool: pool, log: log, workers: river.NewWorkers(), due: map[string]func(context.Context) error{}}
	river.AddWorker(j.workers, river.WorkFunc(j.onTime))
	return j
}

// Register says how jobs of one kind are done. Args' Kind must be unique. An
// error means that the job is tried again later, river.JobCancel(err) that it is
// not, and river.JobSnooze(d) that it is too early.
func Register[T river.JobArgs](j *Jobs, work func(context.Context, *river.Job[T]) error) {
	river.AddWorker(j.workers, river.WorkFunc(work))
}

// Every runs work each interval, on one node at a time, and soon after the start.
// A run that fails is logged and not repeated: the next one comes anyway.
func (j *Jobs) Every(name string, interval time.Duration, work func(context.Context) error) {
	j.due[name] = work
	j.periodic = append(j.periodic, river.NewPeriodicJob(river.PeriodicInterval(interval), func() (river.JobArgs, *river.InsertOpts) {
		return tick{Name: name}, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: interval}}
	}, &river.PeriodicJobOpts{RunOnStart: true}))
}

// tick is one run of what Every was told.
type tick struct {
	Name string `json:"name"`
}

// Kind implements river.JobArgs.
func (tick) Kind() string { return "tick" }

func (j *Jobs) onTime(ctx context.Context, job *river.Job[tick]) error {
	work := j.due[job.Args.Name]
	if work == nil {
		return river.JobCancel(errors.New("this server does not know the work: it is of another version"))
	}
	return work(ctx)
}

// InsertTx adds a job in its cause's transaction. opts may be nil.
func (j *Jobs) InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error {
	client, err := j.open()
	if err != nil {
		return err
	}
	if _, err := client.InsertTx(ctx, tx, args, opts); err != nil {
		return fmt.Errorf("add job %s: %w", args.Kind(), err)
	}
	return nil
}

// InsertManyTx adds many jobs in their cause's transaction.
func (j *Jobs) InsertManyTx(ctx context.Context, tx pgx.Tx, many []river.InsertManyParams) error {
	if len(many) == 0 {
		return nil
	}
	client, err := j.open()
	if err != nil {
		return err
	}
	if _, err := client.InsertManyTx(ctx, tx, many); err != nil {
		return fmt.Errorf("add %d jobs: %w", len(many), err)
	}
	return nil
}

// Run works on jobs until ctx ends; then those running have ten seconds.
func (j *Jobs) Run(ctx context.Context) error {
	client, err := j.open()
	if err != nil {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if client.Stop(stopping) == nil {
		return nil
	}
	cutting, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := client.StopAndCancel(cutting); err != nil {
		return fmt.Errorf("stop jobs: %w", err)
	}
	return nil
}

// open makes River's client when it is first needed: by then every kind is
// registered.
func (j *Jobs) open() (*river.Client[pgx.Tx], error) {
	j.once.Do(func() {
		j.client, j.failed = river.NewClient(riverpgxv5.New(j.pool), &river.Config{
			Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
			Workers:       j.workers,
			PeriodicJobs:  j.periodic,
			FetchCooldown: fetchCooldown,
			JobTimeout:    jobTime,
			Logger:        slog.New(quiet{j.log.Handler()}),
		})
		if j.failed != nil {
			j.failed = fmt.Errorf("set up jobs: %w", j.failed)
		}
	})
	return j.client, j.failed
}
