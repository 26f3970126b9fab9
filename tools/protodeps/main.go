// Command protodeps writes the .proto files that the contract imports but does
// not own into a folder, from the descriptors that their Go packages carry. The
// generators then need no schema registry and no network, and the files cannot
// differ from the Go code that is linked. Descriptors hold no comments, so the
// files have none.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/v2/protoprint"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: protodeps FOLDER")
	}
	for _, file := range []protoreflect.FileDescriptor{
		validate.File_buf_validate_validate_proto,
	} {
		if err := write(os.Args[1], file); err != nil {
			log.Fatalf("protodeps: %s: %v", file.Path(), err)
		}
	}
}

// write prints one file under folder at the path that importers name.
func write(folder string, file protoreflect.FileDescriptor) error {
	text, err := (&protoprint.Printer{}).PrintProtoToString(file)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	path := filepath.Join(folder, filepath.FromSlash(file.Path()))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
