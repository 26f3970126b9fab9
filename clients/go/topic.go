package parley

import (
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

// Thread is a topic: a thread's messages, read marks and typing, from a cursor
// on, as answered by ListMessages or told by an earlier subscription. Without
// one: from now on.
func Thread(threadID, cursor string) *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_ThreadId{ThreadId: threadID}, Cursor: cursor}
}

// Inbox is a topic: the caller's own inbox.
func Inbox() *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Inbox{Inbox: &livev1.InboxTopic{}}}
}

// Chats is a topic: the chats of all channels that the caller may see.
func Chats() *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Chats{Chats: &livev1.ChatsTopic{}}}
}

// Presence is a topic: the presence of the workspace's users.
func Presence() *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Presence{Presence: &livev1.PresenceTopic{}}}
}

// Records is a topic: the records of a type.
func Records(recordType string) *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Records{Records: &livev1.RecordsTopic{Type: recordType}}}
}

// topicName is the same for two topics that are the same but for their cursors.
func topicName(t *livev1.Topic) string {
	switch kind := t.GetKind().(type) {
	case *livev1.Topic_ThreadId:
		return "thread " + kind.ThreadId
	case *livev1.Topic_Inbox:
		return "inbox"
	case *livev1.Topic_Chats:
		return "chats"
	case *livev1.Topic_Presence:
		return "presence"
	case *livev1.Topic_Records:
		return "records " + kind.Records.GetType()
	default:
		return ""
	}
}

// threadOf is the thread that an event belongs to; empty for one of another topic.
func threadOf(e *livev1.Event) string {
	switch change := e.GetChange().(type) {
	case *livev1.Event_Message:
		return change.Message.GetThreadId()
	case *livev1.Event_ReadMark:
		return change.ReadMark.GetThreadId()
	case *livev1.Event_Typing:
		return change.Typing.GetThreadId()
	default:
		return ""
	}
}
