package server_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	"github.com/parley-chat/parley/server"
)

// methods are all methods of all services, as the contract has them.
func methods(t *testing.T) []protoreflect.MethodDescriptor {
	t.Helper()
	var all []protoreflect.MethodDescriptor
	for _, name := range server.Services() {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		require.NoError(t, err)
		of := found.(protoreflect.ServiceDescriptor).Methods()
		for i := range of.Len() {
			all = append(all, of.Get(i))
		}
	}
	return all
}

// ruleOf is the access rule of a method as its contract states it, read here
// without the server's help.
func ruleOf(method protoreflect.MethodDescriptor) *accessv1.Rule {
	rule, _ := proto.GetExtension(method.Options(), accessv1.E_Rule).(*accessv1.Rule)
	return rule
}

// full is a method's name in a sentence: "ChatterService.PostMessage".
func full(method protoreflect.MethodDescriptor) string {
	return string(method.Parent().Name()) + "." + string(method.Name())
}

// answer is what a call came to: the code (0 for success), its reason, and every
// word that the caller got to see.
type answer struct {
	code   connect.Code
	reason string
	words  string
}

// A stream is read until it ends, or so many frames have come.
const enoughFrames = 5

// call makes a call of any method. Of a stream it reads the first frames.
func call(ctx context.Context, t *testing.T, url, token string, method protoreflect.MethodDescriptor, req proto.Message) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	encoded, err := proto.Marshal(req)
	require.NoError(t, err)
	sent := dynamicpb.NewMessage(method.Input())
	require.NoError(t, proto.Unmarshal(encoded, sent))

	service, _ := method.Parent().(protoreflect.ServiceDescriptor)
	procedure := url + "/" + string(service.FullName()) + "/" + string(method.Name())
	client := connect.NewClient[dynamicpb.Message, dynamicpb.Message](http.DefaultClient, procedure, connect.WithSchema(method),
		connect.WithResponseInitializer(func(_ connect.Spec, into any) error {
			*into.(*dynamicpb.Message) = *dynamicpb.NewMessage(method.Output())
			return nil
		}))
	request := connect.NewRequest(sent)
	if token != "" {
		request.Header().Set("Authorization", "Bearer "+token)
	}
	if !method.IsStreamingServer() {
		res, err := client.CallUnary(ctx, request)
		if err != nil {
			return failed(err)
		}
		return answer{words: prototext.Format(res.Msg) + headerWords(res.Header()) + headerWords(res.Trailer())}
	}
	stream, err := client.CallServerStream(ctx, request)
	if err != nil {
		return failed(err)
	}
	defer stream.Close()
	var a answer
	for frames := 0; frames < enoughFrames && stream.Receive(); frames++ {
		a.words += prototext.Format(stream.Msg())
	}
	if err := stream.Err(); err != nil {
		return failed(err)
	}
	return a
}

// failed is an error as its receiver sees it, details and metadata included.
func failed(err error) answer {
	a := answer{code: connect.CodeOf(err), reason: reasonOf(err), words: err.Error()}
	var e *connect.Error
	if errors.As(err, &e) {
		for _, d := range e.Details() {
			if v, err := d.Value(); err == nil {
				a.words += " " + prototext.Format(v)
			}
		}
		a.words += headerWords(e.Meta())
	}
	return a
}

// headerWords are the lines of a header.
func headerWords(h http.Header) (words string) {
	for name, values := range h {
		for _, v := range values {
			words += " " + name + ": " + v
		}
	}
	return words
}

// reasonOf is the stable reason of an error; "" if it has none.
func reasonOf(err error) string {
	var e *connect.Error
	if !errors.As(err, &e) {
		return ""
	}
	for _, d := range e.Details() {
		v, err := d.Value()
		if info, ok := v.(*errdetails.ErrorInfo); err == nil && ok {
			return info.GetReason()
		}
	}
	return ""
}

// requireFault checks that an error is the expected one.
func requireFault(t testing.TB, err error, code connect.Code, reason string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, connect.CodeOf(err), "%v", err)
	require.Equal(t, reason, reasonOf(err), "%v", err)
}
