package record

import (
	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/access"
)

func systemCaller() access.Caller { return access.SystemCaller(uuid.Nil) }
