package server_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/structpb"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// fields are a record's values.
func fields(t testing.TB, values map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(values)
	require.NoError(t, err)
	return s
}

// create makes a record, and answers its id.
func create(t testing.TB, by *servertest.Client, kind string, values map[string]any) string {
	t.Helper()
	res, err := by.Records.CreateRecord(t.Context(), &recordv1.CreateRecordRequest{
		RequestId: uuid.NewString(), Record: &recordv1.Record{Type: kind, Fields: fields(t, values)},
	})
	require.NoError(t, err)
	return res.GetRecord().GetId()
}

// typeNamed is a record type with one field.
func typeNamed(name string) *recordv1.RecordType {
	return &recordv1.RecordType{
		Name: name, Label: "Zebra", PluralLabel: "Zebras", TitleField: "name",
		Fields: []*recordv1.Field{{Name: "name", Label: "Name", Type: recordv1.FieldType_FIELD_TYPE_TEXT, Required: true}},
	}
}

// messagesOf is the newest page of a thread, in words.
func messagesOf(t testing.TB, by *servertest.Client, thread string) string {
	t.Helper()
	res, err := by.Chatter.ListMessages(t.Context(), &chatterv1.ListMessagesRequest{ThreadId: thread, PageSize: 200})
	require.NoError(t, err)
	res.Cursor = "" // sealed anew each time
	return prototext.Format(res)
}
