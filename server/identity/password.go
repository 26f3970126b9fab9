package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/parley-chat/parley/server/fault"
)

// errBusy is the answer while too many passwords wait to be checked.
var errBusy = fault.New(fault.Exhausted, "SIGN_IN_BUSY", "too many people are signing in at the moment; try again").
	WithRetry(time.Second)

// Cost is what hashing a password with argon2id costs: to us once, to somebody
// who stole the hashes for each guess.
type Cost struct {
	// Memory in KiB.
	Memory uint32
	// Time is the number of passes.
	Time uint32
	// Threads is the degree of parallelism.
	Threads uint8
}

// DefaultCost is what the OWASP Password Storage Cheat Sheet recommends for
// argon2id: 19 MiB, two passes, one thread.
func DefaultCost() Cost { return Cost{Memory: 19 * 1024, Time: 2, Threads: 1} }

const (
	saltSize = 16
	keySize  = 32
	// hashQueue is how many may wait for a slot; at some 30 ms each, whoever is
	// behind them would have given up.
	hashQueue = 64
)

// hasher hashes passwords, few at a time: a burst of sign-ins takes its turn
// instead of all processors and memory.
type hasher struct {
	cost    Cost
	slots   chan struct{}
	waiting atomic.Int32
}

func newHasher(cost Cost) *hasher {
	if cost == (Cost{}) {
		cost = DefaultCost()
	}
	return &hasher{cost: cost, slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// enter waits for a turn, which ends with leave.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	if h.waiting.Add(1) > hashQueue {
		h.waiting.Add(-1)
		return nil, errBusy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash answers the password's hash in the PHC string format.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: it would end the program
	return encodeHash(h.cost, salt, derive(h.cost, password, salt, keySize)), nil
}

// dummy is a hash that no password has. Checking one against it takes as long
// as against a user's, so that time does not tell who exists.
func (h *hasher) dummy() string {
	b := make([]byte, saltSize+keySize)
	_, _ = rand.Read(b) // never fails: it would end the program
	return encodeHash(h.cost, b[:saltSize], b[saltSize:])
}

// matches reports whether the hash is the password's. It is for whoever has
// entered.
func matches(hash, password string) bool {
	cost, salt, key, err := decodeHash(hash)
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare(key, derive(cost, password, salt, uint32(len(key)))) == 1
}

func derive(c Cost, password string, salt []byte, size uint32) []byte {
	return argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, size)
}

const hashFormat = "$argon2id$v=19$m=%d,t=%d,p=%d$%s"

func encodeHash(c Cost, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf(hashFormat, c.Memory, c.Time, c.Threads, b64.EncodeToString(salt)+"$"+b64.EncodeToString(key))
}

// decodeHash reads a hash with the cost it was made at, which may be another
// than today's.
func decodeHash(hash string) (c Cost, salt, key []byte, err error) {
	var rest string
	if _, err := fmt.Sscanf(hash, hashFormat, &c.Memory, &c.Time, &c.Threads, &rest); err != nil {
		return Cost{}, nil, nil, fmt.Errorf("read password hash: %w", err)
	}
	b64 := base64.RawStdEncoding
	size := b64.EncodedLen(saltSize)
	if c.Time == 0 || c.Threads == 0 || len(rest) <= size+1 {
		return Cost{}, nil, nil, fmt.Errorf("read password hash: it is cut off")
	}
	if salt, err = b64.DecodeString(rest[:size]); err != nil {
		return Cost{}, nil, nil, fmt.Errorf("read salt of password hash: %w", err)
	}
	if key, err = b64.DecodeString(rest[size+1:]); err != nil {
		return Cost{}, nil, nil, fmt.Errorf("read key of password hash: %w", err)
	}
	return c, salt, key, nil
}
