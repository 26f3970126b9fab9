package record

import (
	"context"
	"embed"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// builtinFiles are the types that come with Parley, as JSON of the contract's
// RecordType.
//
//go:embed builtin/*.json
var builtinFiles embed.FS

// builtinNames are in an order in which each refers only to those before it.
func builtinNames() []string {
	return []string{
		contactType, "project", "task", "lead", "ticket", "product_category", "product", "delivery_method", "sales_order", "order_line",
		"request", "note", "event", "email",
	}
}

// builtinType is a built-in type as it comes.
func builtinType(name string) (*recordv1.RecordType, error) {
	b, err := builtinFiles.ReadFile("builtin/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("read built-in type: %w", err)
	}
	def := new(recordv1.RecordType)
	if err := protojson.Unmarshal(b, def); err != nil {
		return nil, fmt.Errorf("decode built-in type %s: %w", name, err)
	}
	def.Subtypes = withImplied(def.Subtypes)
	return def, nil
}

// InstallBuiltins gives a workspace the types that come with Parley. What is
// there already stays as it is.
func (h *Handler) InstallBuiltins(ctx context.Context, tx db.DBTX, workspace uuid.UUID) error {
	for _, name := range builtinNames() {
		def, err := builtinType(name)
		if err != nil {
			return err
		}
		if err := h.installType(ctx, tx, workspace, def); err != nil {
			return err
		}
	}
	digest, err := builtinDigest()
	if err != nil {
		return err
	}
	if err := h.q.RecordBuiltinBegin(ctx, tx, db.RecordBuiltinBeginParams{WorkspaceID: workspace, Version: builtinVersion}); err != nil {
		return fmt.Errorf("note built-in types: %w", err)
	}
	return h.noteBuiltins(ctx, tx, workspace, digest)
}

// installType adds a built-in type unless one of its name is there.
func (h *Handler) installType(ctx context.Context, tx db.DBTX, workspace uuid.UUID, def *recordv1.RecordType) error {
	encoded, err := definition(def)
	if err != nil {
		return err
	}
	err = h.q.RecordTypeInstall(ctx, tx, db.RecordTypeInstallParams{
		WorkspaceID: workspace, Name: def.GetName(), Label: def.GetLabel(), Definition: encoded, Now: h.now(),
	})
	if err != nil {
		return fmt.Errorf("install type %s: %w", def.GetName(), err)
	}
	return nil
}
