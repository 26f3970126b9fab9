package record

import (
	"fmt"

	"github.com/parley-chat/parley/server/fault"
)

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errTypeNotFound = fault.New(fault.NotFound, "TYPE_NOT_FOUND", "there is no such record type, or you may not read it")
	errTypeExists   = fault.New(fault.AlreadyExists, "TYPE_EXISTS", "there is a record type of this name; choose another name")
	errTypeInvalid  = fault.New(fault.Invalid, "TYPE_INVALID", "the parts of the record type do not fit each other")
	errTypeInUse    = fault.New(fault.Precondition, "TYPE_IN_USE", "the record type is in use; delete its records first")
	errTypeBuiltIn  = fault.New(fault.Precondition, "TYPE_BUILT_IN", "this record type comes with Parley and stays; what it has can be added to")
	errTypeLimit    = fault.New(fault.Exhausted, "TYPE_LIMIT", "a workspace has at most 200 record types; delete one that is not used")
	errMask         = fault.New(fault.Invalid, "MASK_INVALID", "update_mask names something that cannot be changed").WithField("update_mask")

	errNotFound    = fault.New(fault.NotFound, "RECORD_NOT_FOUND", "there is no such record, or you may not read it")
	errDenied      = fault.New(fault.Denied, "RECORD_DENIED", "you may not do this with records of this type; ask an administrator")
	errField       = fault.New(fault.Invalid, "FIELD_INVALID", "a field has a value that it cannot have")
	errUniqueTaken = fault.New(fault.AlreadyExists, "UNIQUE_TAKEN", "another record has this value already")
	errEtag        = fault.New(fault.Conflict, "ETAG_MISMATCH", "somebody else changed the record since you read it; read it again, then repeat your change")
	errNoUnique    = fault.New(fault.Precondition, "NO_UNIQUE_FIELD", "this record type has no unique field to find records by; create the record instead")
	errReused      = fault.New(fault.Invalid, "REQUEST_ID_REUSED", "this request_id was used for another record; make up a new one for each record").WithField("request_id")
	errUnfit       = fault.New(fault.Invalid, "FIELD_UNFIT", "records cannot be grouped by this field, or this field added up")
	errImport      = fault.New(fault.Invalid, "IMPORT_INVALID", "the file cannot be read").WithField("data")
)

// wrong is what is the matter with one field, in words for whoever filled it in.
type wrong struct {
	field   string
	message string
}

func (w *wrong) Error() string { return w.field + ": " + w.message }

// fault is w as the answer to a request that has a record in it.
func (w *wrong) fault() error {
	return errField.WithField("record.fields."+w.field).WithMessage("%s", w.Error())
}

// wrongf says what is the matter with a field.
func wrongf(field, format string, args ...any) *wrong {
	return &wrong{field: field, message: fmt.Sprintf(format, args...)}
}
