// Package parley talks to a Parley server.
//
//	client := parley.New("https://chat.example.com")
//	if _, err := client.SignIn(ctx, "", email, password); err != nil { ... }
//	client.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{ThreadId: id, Body: "Hello"})
//
//	live := client.Subscribe(parley.SubscribeOptions{}, parley.Thread(id, cursor), parley.Inbox())
//	for update, err := range live.Updates(ctx) { ... }
//
// A [Client] has a generated client for each service of the contract, and adds
// what a program on a real network needs:
//
//   - Calls that fail for a passing reason are tried again, with the same request
//     id, so that nothing is done twice: see [Retry].
//   - [Pages] and [All] go through lists.
//   - [Client.Subscribe] tells what changes as it changes. It resumes by itself
//     over lost connections and servers that restart, tells no state of a message
//     twice, and says explicitly when something may have been missed.
//   - [Client.Upload] and [Client.Download] move files in parts and go on where
//     they were cut off.
//   - [Reason] tells failures apart for programs.
package parley
