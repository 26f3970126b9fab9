package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/store"
)

const (
	// builtinVersion counts the changes of built-in types that are more than a new
	// type, field or subtype; see upgraded.
	builtinVersion = 2
	// upgradedAtOnce is how many workspaces are looked up at once.
	upgradedAtOnce = 200
)

// builtinDigest tells one set of built-in types from another.
func builtinDigest() (string, error) {
	sum := sha256.New()
	for _, name := range builtinNames() {
		b, err := builtinFiles.ReadFile("builtin/" + name + ".json")
		if err != nil {
			return "", fmt.Errorf("read built-in type: %w", err)
		}
		sum.Write(b)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// UpgradeBuiltins gives every workspace the built-in types that it has not, and to
// those it has the fields and subtypes that came since. What a workspace made of
// them stays as it is. Nodes that start at once do it once. Call it when the schema
// is up to date; a workspace that it fails for is logged and left for the next time.
func (h *Handler) UpgradeBuiltins(ctx context.Context) error {
	digest, err := builtinDigest()
	if err != nil {
		return err
	}
	for after := uuid.Nil; ; {
		behind, err := h.q.RecordBuiltinBehind(ctx, h.db, db.RecordBuiltinBehindParams{After: after, Digest: digest, MaxRows: upgradedAtOnce})
		if err != nil {
			return fmt.Errorf("find workspaces with older built-in types: %w", err)
		}
		if len(behind) == 0 {
			return nil
		}
		for _, workspace := range behind {
			after = workspace
			if err := h.upgradeWorkspace(ctx, workspace, digest); err != nil {
				h.logger.ErrorContext(ctx, "built-in record types could not be brought up to date", "workspace", workspace, "error", err)
			}
		}
	}
}

func (h *Handler) upgradeWorkspace(ctx context.Context, workspace uuid.UUID, digest string) error {
	var changed []string
	err := store.Retry(ctx, func() error {
		return store.InTx(ctx, h.db, func(tx pgx.Tx) (err error) {
			changed, err = h.upgradeTypes(ctx, tx, workspace, digest)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, name := range changed {
		h.forgetType(workspace, name)
	}
	return nil
}

// upgradeTypes answers the types that it changed.
func (h *Handler) upgradeTypes(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, digest string) ([]string, error) {
	if err := h.q.RecordBuiltinBegin(ctx, tx, db.RecordBuiltinBeginParams{WorkspaceID: workspace, Version: 1}); err != nil {
		return nil, fmt.Errorf("note built-in types: %w", err)
	}
	has, err := h.q.RecordBuiltinLock(ctx, tx, workspace)
	if err != nil {
		return nil, fmt.Errorf("lock built-in types: %w", err)
	}
	if has.Digest == digest || has.Version > builtinVersion {
		return nil, nil // another node was first, or is newer
	}
	var changed []string
	for _, name := range builtinNames() {
		ok, err := h.upgradeType(ctx, tx, workspace, name, has.Version)
		if err != nil {
			return nil, err
		}
		if ok {
			changed = append(changed, name)
		}
	}
	return changed, h.noteBuiltins(ctx, tx, workspace, digest)
}

func (h *Handler) upgradeType(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, name string, from int32) (bool, error) {
	latest, err := builtinType(name)
	if err != nil {
		return false, err
	}
	if err := h.installType(ctx, tx, workspace, latest); err != nil {
		return false, err
	}
	row, err := h.q.RecordTypeLock(ctx, tx, db.RecordTypeLockParams{WorkspaceID: workspace, Name: name})
	if err != nil {
		return false, fmt.Errorf("lock record type: %w", err)
	}
	old, err := fromTypeRow(row)
	if err != nil || !row.BuiltIn { // a type of the workspace's own has the name
		return false, err
	}
	def := upgraded(old.def, latest, from)
	if proto.Equal(def, old.def) {
		return false, nil
	}
	if err := h.checkParent(ctx, tx, workspace, def); has(err, errTypeInvalid) {
		def.ParentField, def.ParentSubtype = old.def.GetParentField(), old.def.GetParentSubtype() // what it refers to is the workspace's own
	}
	if err := h.checkType(ctx, tx, workspace, def); has(err, errTypeInvalid) {
		h.logger.WarnContext(ctx, "a built-in record type stays as it is", "workspace", workspace, "type", name, "error", err)
		return false, nil
	} else if err != nil {
		return false, err
	}
	encoded, err := definition(def)
	if err != nil {
		return false, err
	}
	_, err = h.q.RecordTypeUpdate(ctx, tx, db.RecordTypeUpdateParams{
		Label: def.GetLabel(), Definition: encoded, Now: h.now(), WorkspaceID: workspace, Name: name,
	})
	if err != nil {
		return false, fmt.Errorf("update record type: %w", err)
	}
	return true, nil
}

func (h *Handler) noteBuiltins(ctx context.Context, tx db.DBTX, workspace uuid.UUID, digest string) error {
	err := h.q.RecordBuiltinSet(ctx, tx, db.RecordBuiltinSetParams{Version: builtinVersion, Digest: digest, WorkspaceID: workspace})
	if err != nil {
		return fmt.Errorf("note built-in types: %w", err)
	}
	return nil
}

// upgraded is a workspace's built-in type with the fields and subtypes that it
// lacks: what came with Parley cannot be removed, so they are new. Of what a version
// changed besides, a workspace gets what it says nothing of itself, once.
func upgraded(old, latest *recordv1.RecordType, from int32) *recordv1.RecordType {
	def := proto.CloneOf(old)
	for i, f := range latest.GetFields() {
		if fieldOf(def, f.GetName()) == nil {
			def.Fields = slices.Insert(def.Fields, placeFor(def, latest, i), proto.CloneOf(f))
		}
	}
	for _, s := range latest.GetSubtypes() {
		if !hasSubtype(def, s.GetName()) {
			def.Subtypes = append(def.Subtypes, proto.CloneOf(s))
		}
	}
	if from < 2 {
		number(def, latest)
		part(def, latest)
	}
	return def
}

// placeFor is where the latest type's field at i belongs: after the one before it.
func placeFor(def, latest *recordv1.RecordType, i int) int {
	if i > 0 {
		before := latest.GetFields()[i-1].GetName()
		if at := slices.IndexFunc(def.GetFields(), func(f *recordv1.Field) bool { return f.GetName() == before }); at >= 0 {
			return at + 1
		}
	}
	return len(def.GetFields())
}

// number has records numbered in the field that had no numbers in version 1.
func number(def, latest *recordv1.RecordType) {
	for _, f := range latest.GetFields() {
		own := fieldOf(def, f.GetName())
		if f.GetSequencePrefix() == "" || own.GetSequencePrefix() != "" {
			continue
		}
		own.SequencePrefix = f.GetSequencePrefix()
		if checkSequence(def) != nil {
			own.SequencePrefix = ""
		}
	}
}

// part says what records are part of, which version 1 did not know.
func part(def, latest *recordv1.RecordType) {
	field := fieldOf(latest, latest.GetParentField())
	own := fieldOf(def, latest.GetParentField())
	if def.GetParentField() == "" && own.GetType() == field.GetType() && own.GetTargetType() == field.GetTargetType() {
		def.ParentField, def.ParentSubtype = latest.GetParentField(), latest.GetParentSubtype()
	}
}
