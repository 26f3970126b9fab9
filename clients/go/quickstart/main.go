// Command quickstart posts a message on a new lead and prints what a subscription tells.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"google.golang.org/protobuf/types/known/structpb"

	parley "github.com/parley-chat/parley/clients/go"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

func main() {
	ctx, client := context.Background(), parley.New(os.Getenv("PARLEY_URL"))
	must(client.SignIn(ctx, "", os.Getenv("PARLEY_EMAIL"), os.Getenv("PARLEY_PASSWORD")))
	lead := &recordv1.Record{Type: "lead", Fields: must(structpb.NewStruct(map[string]any{"title": "A garden for Ms Ito"}))}
	thread := must(client.Records.CreateRecord(ctx, &recordv1.CreateRecordRequest{Record: lead})).GetRecord().GetId()
	page := must(client.Chatter.ListMessages(ctx, &chatterv1.ListMessagesRequest{ThreadId: thread}))
	must(client.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{ThreadId: thread, Body: "Hello from Go"}))
	// Every change after the cursor is told once, over lost connections and restarts.
	for update, err := range client.Subscribe(parley.SubscribeOptions{}, parley.Thread(thread, page.GetCursor())).Updates(ctx) {
		if m := must(update, err).Event.GetMessage(); m != nil {
			fmt.Printf("%s: %s\n", m.GetAuthor().GetName(), m.GetBody())
			return
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
