package thread

import (
	"context"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/access"
)

// Readable is the message that a request names, if its caller may read it:
// access.ErrThreadNotFound or ErrNoMessage for every other, which are told apart
// from what does not exist to nobody.
func (l *Log) Readable(ctx context.Context, gate *access.Gate, c access.Caller, threadID, messageID string) (Message, error) {
	thread, err := uuid.Parse(threadID)
	if err != nil {
		return Message{}, access.ErrThreadNotFound
	}
	if _, err := gate.Read(ctx, c, thread); err != nil {
		return Message{}, err
	}
	message, err := uuid.Parse(messageID)
	if err != nil {
		return Message{}, ErrNoMessage
	}
	m, err := l.Get(ctx, c.Workspace, thread, message)
	if err == nil && Redact(&m, AudienceOf(c)) == nil {
		err = ErrNoMessage
	}
	if err != nil {
		return Message{}, err
	}
	return m, nil
}
