package identity

import (
	"net/mail"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

const (
	nameMax       = 120
	emailMax      = 254
	localeMax     = 35
	defaultLocale = "en"
)

var (
	errUserNotFound = fault.New(fault.NotFound, "USER_NOT_FOUND", "there is no such user")
	errEmailTaken   = fault.New(fault.AlreadyExists, "EMAIL_TAKEN", "somebody in the workspace has this address").WithField("email")
	errLastAdmin    = fault.New(fault.Precondition, "LAST_ADMINISTRATOR",
		"this is the last administrator; make somebody else one first")
	errNotYours = fault.New(fault.Denied, "ADMINISTRATOR_ONLY",
		"only an administrator changes others, and anybody's role, address and being active")
	errName   = fault.New(fault.Invalid, "NAME_INVALID", "a name has 1 to 120 characters").WithField("name")
	errEmail  = fault.New(fault.Invalid, "EMAIL_INVALID", "this is not an e-mail address").WithField("email")
	errLocale = fault.New(fault.Invalid, "LOCALE_INVALID", "this is not a BCP 47 language tag, such as en or pt-BR").WithField("locale")
	errRole   = fault.New(fault.Invalid, "ROLE_INVALID", "there is no such role").WithField("role")

	errTimeZone = fault.New(fault.Invalid, "TIME_ZONE_INVALID", "this is not the name of a time zone, such as Europe/Stockholm or UTC").
			WithField("time_zone")
)

// The fields of a user that can be changed.
const (
	fieldName     = "name"
	fieldChatName = "chat_name"
	fieldLocale   = "locale"
	fieldTimeZone = "time_zone"
	fieldRole     = "role"
	fieldActive   = "active"
	fieldEmail    = "email"
)

var localeTag = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)

// fieldsOf answers which fields an update changes: those of its mask, or without
// one every field that is set.
func fieldsOf(want *identityv1.User, mask []string) ([]string, error) {
	set := []struct {
		field string
		isSet bool
	}{
		{fieldName, want.GetName() != ""},
		{fieldChatName, want.GetChatName() != ""},
		{fieldLocale, want.GetLocale() != ""},
		{fieldTimeZone, want.GetTimeZone() != ""},
		{fieldRole, want.GetRole() != identityv1.Role_ROLE_UNSPECIFIED},
		{fieldActive, want.GetActive()},
		{fieldEmail, want.GetEmail() != ""},
	}
	var fields []string
	for _, f := range set {
		if slices.Contains(mask, f.field) || (len(mask) == 0 && f.isSet) {
			fields = append(fields, f.field)
		}
	}
	for _, path := range mask {
		if !slices.Contains(fields, path) {
			return nil, errMask.With("path", path)
		}
	}
	return fields, nil
}

// change answers the user as an update leaves it, or what is wrong with it.
func change(user db.User, want *identityv1.User, fields []string) (db.User, error) {
	for _, field := range fields {
		switch field {
		case fieldName:
			user.Name = want.GetName()
		case fieldChatName:
			user.ChatName = want.GetChatName()
		case fieldLocale:
			user.Locale = orDefault(want.GetLocale())
		case fieldTimeZone:
			user.TimeZone = want.GetTimeZone()
		case fieldRole:
			user.Role = int16(want.GetRole())
		case fieldActive:
			user.Active = want.GetActive()
		case fieldEmail:
			user.Email = want.GetEmail()
		}
	}
	if err := checkUser(&user); err != nil {
		return db.User{}, err.WithField("user." + err.Field)
	}
	return user, nil
}

// checkUser answers what is wrong with a user, or nil.
func checkUser(u *db.User) *fault.Error {
	_, known := identityv1.Role_name[int32(u.Role)]
	switch {
	case !sized(u.Name, 1, nameMax):
		return errName
	case !sized(u.ChatName, 0, nameMax):
		return errName.WithField(fieldChatName)
	case len(u.Locale) > localeMax || !localeTag.MatchString(u.Locale):
		return errLocale
	case u.TimeZone != "" && !isTimeZone(u.TimeZone):
		return errTimeZone
	case !known || u.Role == 0:
		return errRole
	case !isEmail(u.Email):
		return errEmail
	default:
		return nil
	}
}

// mayChange answers why the caller may not change a user in this way, or nil.
// Sending back what is there already is no change.
func mayChange(c access.Caller, before, after *db.User) error {
	power := before.Role != after.Role || before.Active != after.Active || before.Email != after.Email
	if c.Administrator() || (before.ID == c.ID && !power) {
		return nil
	}
	return errNotYours
}

// isAdministrator is true for a user who can run the workspace now.
func isAdministrator(u *db.User) bool {
	return u.Active && identityv1.Role(u.Role) == identityv1.Role_ROLE_ADMINISTRATOR
}

// powerChanged is true if streams opened before the change know too much or too
// little.
func powerChanged(before, after *db.User) bool {
	return before.Role != after.Role || before.Active != after.Active
}

func orDefault(locale string) string {
	if locale == "" {
		return defaultLocale
	}
	return locale
}

func sized(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return least <= n && n <= most
}

// isEmail reports whether s is a bare address, such as ann@example.com.
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= emailMax
}
