package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// uuids teaches a connection to send uuid.UUID as the sixteen bytes it is. Left
// alone, pgx asks the type for a driver.Value, which is its text, and reads that
// again: for a post with its dozen ids that costs more than the rest of encoding.
func uuids(_ context.Context, conn *pgx.Conn) error {
	m, element := conn.TypeMap(), &pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: uuidCodec{}}
	m.RegisterType(element)
	m.RegisterType(&pgtype.Type{Name: "_uuid", OID: pgtype.UUIDArrayOID, Codec: &pgtype.ArrayCodec{ElementType: element}})
	return nil
}

// uuidCodec is pgx's own, but that it knows uuid.UUID at first sight.
type uuidCodec struct{ pgtype.UUIDCodec }

// PlanEncode implements pgtype.Codec.
func (c uuidCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return encodeBytes{}
	}
	return c.UUIDCodec.PlanEncode(m, oid, format, value)
}

// PlanScan implements pgtype.Codec.
func (c uuidCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return scanBytes{}
	}
	return c.UUIDCodec.PlanScan(m, oid, format, target)
}

type encodeBytes struct{}

// Encode implements pgtype.EncodePlan.
func (encodeBytes) Encode(value any, buf []byte) ([]byte, error) {
	id := value.(uuid.UUID) // PlanEncode saw the type
	return append(buf, id[:]...), nil
}

type scanBytes struct{}

// Scan implements pgtype.ScanPlan.
func (scanBytes) Scan(src []byte, target any) error {
	if len(src) != len(uuid.UUID{}) {
		return fmt.Errorf("cannot scan %d bytes as a UUID", len(src))
	}
	copy(target.(*uuid.UUID)[:], src) // PlanScan saw the type
	return nil
}
